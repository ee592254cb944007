"""The way through a proxy: how far it has come, so that a failure names who failed, the proxy or the provider.

A proxy's address may hold a user and a password: only its host and port are ever said.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from hotspare.router.trigger import AttemptFailed, Trigger

_REACHED = "connection.connect_tcp.complete"
_OPENED = "proxy.start_tls.started"
_THROUGH = "proxy.start_tls.complete"
"""As the HTTP library names the steps of a connection."""

_REFUSALS: Mapping[int, str] = {
    403: "does not let it through (403)",
    407: "asks for a user and a password, or refuses the ones it was given (407)",
    502: "cannot reach it (502)",
    503: "cannot reach it (503)",
    504: "cannot reach it in time (504)",
}


class Passing:
    """One request on its way through a proxy; an async callable, told of each step of its connection.

    `limit` bounds what lies before the provider: it ends when the provider's own TLS stands, or, for a provider without
    TLS, when the proxy is reached.
    """

    __slots__ = ("_limit", "_opened", "_secure", "_through", "shown")

    def __init__(self, proxy: str, limit: asyncio.Timeout, *, secure: bool) -> None:
        self.shown = f"its proxy {shown(proxy)}"
        self._limit = limit
        self._secure = secure
        self._opened = self._through = False

    async def __call__(self, step: str, _about: Mapping[str, Any]) -> None:
        """A step was taken."""
        if step == (_OPENED if self._secure else _REACHED):
            self._opened = True
        if step == (_THROUGH if self._secure else _REACHED) and not self._through:
            self._through = True
            self._limit.reschedule(None)

    def late(self, seconds: float) -> AttemptFailed:
        """The time for the connection is up."""
        return AttemptFailed(Trigger.timeout, f"no connection through {self.shown} in {seconds:.1f} s", sent=False)

    def refused(self, status: int) -> AttemptFailed:
        """The proxy answered in place of the provider."""
        words = _REFUSALS.get(status, f"does not let it through (status {status})")
        return AttemptFailed(Trigger.network, f"{self.shown} {words}")

    def named(self, failure: AttemptFailed) -> AttemptFailed:
        """The failure, said of the proxy until it has opened the way to the provider."""
        if not self._opened:
            failure.message = f"{self.shown}: {failure.message}"
            failure.args = (failure.message,)
        return failure


def shown(proxy: str) -> str:
    """A proxy's host and port."""
    return urlsplit(proxy).netloc.rpartition("@")[2]
