"""Read a provider's own error, in any of the shapes that providers use, and say which trigger it is.

What it says is untrusted text: it is cut to a length and to one line here, and freed of secrets by whoever knows them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hotspare.router.trigger import AttemptFailed, classify

MESSAGE_LENGTH = 500

_SECONDS = re.compile(r"\d{1,6}(?:\.\d{1,9})?s", re.ASCII)

STATUS_OF_TYPE: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "requests": 429,
    "tokens": 429,
    "api_error": 500,
    "server_error": 500,
    "internal_server_error": 500,
    "service_unavailable": 503,
    "timeout": 504,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that an error stands for which came inside a 200."""


@dataclass(frozen=True, slots=True)
class ProviderError:
    """What a provider said; each part may be empty."""

    message: str = ""
    type: str = ""
    code: str = ""
    parameter: str = ""
    retry_seconds: float | None = None
    """How long it asks to be left alone, where the body says so."""

    @property
    def told(self) -> str:
        """All of it, as `classify` wants it."""
        return f"{self.type} {self.code} {self.message}"

    @property
    def status(self) -> int:
        """The status that it stands for, where it came without one."""
        if self.code.isascii() and self.code.isdigit() and 400 <= int(self.code[:4]) <= 599:
            return int(self.code)
        return STATUS_OF_TYPE.get(self.code) or STATUS_OF_TYPE.get(self.type) or 500


def one_line(text: str, length: int = MESSAGE_LENGTH) -> str:
    """Foreign text as one line of printable characters, cut to a length."""
    if len(text) <= length and text.isprintable() and " " not in text:
        return text  # a word: an id, a code
    kept = text[: length * 4]
    if not kept.isprintable():
        kept = "".join(character if character.isprintable() else " " for character in kept)
    line = " ".join(kept.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def error_in(value: Any) -> ProviderError:
    """The error that a decoded JSON value holds, or is."""
    if isinstance(value, str):
        return ProviderError(one_line(value))
    if isinstance(value, list) and len(value) == 1:
        return error_in(value[0])
    if not isinstance(value, dict):
        return ProviderError()
    inner = value.get("error") or value.get("detail")
    if isinstance(inner, (dict, str)):
        return error_in(inner)
    return ProviderError(
        one_line(_text(value.get("message")) or _faults(value.get("detail") or value.get("message"))),
        one_line(_text(value.get("type")) or _text(value.get("status")), 100),
        one_line(_text(value.get("code")), 100),
        one_line(_text(value.get("param")), 100),
        _retry_seconds(value.get("details")),
    )


def _faults(told: Any) -> str:
    """A list of fields and what is wrong with each, as servers give it that check a request by a schema."""
    faults = told.get("detail") if isinstance(told, dict) else told
    if not isinstance(faults, list):
        return ""
    return "; ".join(_fault(fault) for fault in faults[:4] if isinstance(fault, dict))


def _fault(fault: dict[str, Any]) -> str:
    place = fault.get("loc")
    named = ".".join(map(_text, place)) if isinstance(place, list) else ""
    return f"{named}: {_text(fault.get('msg'))}" if named else _text(fault.get("msg"))


def _retry_seconds(details: Any) -> float | None:
    """As Google says it: among the details, "34s" or "34.07s"."""
    for detail in details if isinstance(details, list) else ():
        told = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(told, str) and _SECONDS.fullmatch(told):
            return float(told[:-1])
    return None


def read_error(body: bytes) -> ProviderError:
    """The error that a body holds; its first words where it is no JSON."""
    try:
        return error_in(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ProviderError(one_line(body[: MESSAGE_LENGTH * 4].decode("utf-8", "replace")))


def failure_of(error: ProviderError) -> AttemptFailed:
    """The failure for an error that came inside a 200: in a body, or as an event of a stream."""
    status = error.status
    return AttemptFailed(classify(status, error.told), error.message or "the provider reported an error", status=status)


def what_instead(body: bytes) -> str:
    """What came where an answer was due, in words."""
    if body.startswith(b"<"):
        return "a page of HTML, not JSON"
    return f"not an answer of its dialect: {one_line(body[:200].decode('utf-8', 'replace'), 80)}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, (dict, list)) else str(value)
