"""Who may ask at all, judged by headers alone, before anything else of a request is read.

The Host rule keeps out web pages that point a name of their own at this machine; the Origin rule, those that just call.
"""

from collections.abc import Mapping

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects.call import VIA_HEADER
from hotspare.gateway.head import Head
from hotspare.gateway.holder import ANYONE, Holder, Tokens
from hotspare.gateway.refusal import Refused

_MOST_MARKS = 8
"""Gateways in a row: more of them are a circle that somebody has missed."""

_MOST_KNOWN = 100
"""Of the Hosts that were let in, so many are kept as they were written: there is one for each port that is said."""

_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  # compared with, never bound


class Guard:
    """The rules of one gateway."""

    def __init__(self, settings: GatewaySettings) -> None:
        own = set() if settings.host in _ANY_ADDRESS else {_bracketed(settings.host)}
        self._hosts = frozenset(name.lower() for name in _LOCAL | own | {_bracketed(n) for n in settings.allowed_hosts})
        self._known: set[str] = set()
        self._tokens = Tokens(settings)

    def _knows(self, host: str) -> bool:
        """Whether that is one of ours, and from now on without a look at its parts."""
        served = _name_of(host) in self._hosts
        if served and len(self._known) < _MOST_KNOWN:
            self._known.add(host)
        return served

    def check(self, headers: Mapping[str, str], *, open_to_all: bool = False) -> Holder:
        """Host, Origin and token, in this order; the holder of the token.

        Args:
            headers: of the request.
            open_to_all: no token is asked for.

        Raises:
            Refused: 403 or 401.
        """
        host = headers["host"]
        if host not in self._known and not self._knows(host):
            raise Refused(403, "host_not_allowed", "This Host is not served; name it in allowed_hosts under [gateway].")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            raise Refused(403, "origin_not_allowed", "Web pages of other origins may not call this gateway.")
        if open_to_all or not self._tokens.needed:
            return ANYONE
        holder = self._tokens.holder(headers)
        if holder is None:
            raise Refused(
                401,
                "invalid_token",
                "The gateway's token is missing or wrong; send it as `Authorization: Bearer` or `x-api-key`.",
                headers=((b"www-authenticate", b"Bearer"),),
            )
        return holder


def check_host(head: Head) -> None:
    """There is exactly one Host.

    Raises:
        Refused: there is not.
    """
    headers, lines = head.headers, head.lines
    if "host" not in headers or (len(headers) < len(lines) and sum(name.lower() == b"host" for name, _ in lines) > 1):
        raise Refused(400, "host_missing", "A request must say one Host.")


def check_json(headers: Mapping[str, str]) -> None:
    """A body must be announced as JSON: a web page cannot send that without asking first.

    Raises:
        Refused: 415; also where it is announced as compressed, which we would not read.
    """
    if headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise Refused(415, "unsupported_content_encoding", "The body must come as it is, without `content-encoding`.")
    told = headers.get("content-type", "")
    if told == "application/json":
        return
    kind = told.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Refused(415, "unsupported_media_type", "The body must be JSON, sent as `content-type: application/json`.")


def check_loop(headers: Mapping[str, str], run: str) -> str:
    """The marks of the gateways that a request has come through; `run` is ours.

    Raises:
        Refused: 508: it is our own and has come back to us, so it would go round for ever; or it has gone through many.
    """
    via = headers.get(VIA_HEADER, "")
    if not via:
        return ""
    marks = [mark for mark in via.replace(",", " ").split() if mark.isascii() and mark.isalnum()]
    if run in marks or len(marks) >= _MOST_MARKS:
        raise Refused(
            508,
            "loop_detected",
            "This request goes round in a circle: the base_url of a model leads back to this gateway.",
            headers=((b"x-should-retry", b"false"),),
        )
    return " ".join(marks)


def _name_of(host: str) -> str:
    """A Host without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
