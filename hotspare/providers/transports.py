"""Which transport reaches an endpoint: our own HTTP/1.1 client, or httpx's where the configuration asks for it.

So it does where a proxy lies between, which our own does not know.
"""

from collections.abc import Iterable

from hotspare.dialects.endpoint import Endpoint
from hotspare.providers.http1 import Http1Transport
from hotspare.providers.wire import Transport


class Transports:
    """One of each kind, made when there is an endpoint that needs it."""

    def __init__(self) -> None:
        self._own = Http1Transport()
        self._httpx: Transport | None = None

    def prepare(self, endpoints: Iterable[Endpoint]) -> None:
        """Make what reaches these, so that no request has to wait for it."""
        for endpoint in endpoints:
            self.reaching(endpoint)

    def reaching(self, endpoint: Endpoint) -> Transport:
        """The transport that the endpoint's `transport` names; httpx's where a proxy lies between."""
        if endpoint.transport == "auto" and endpoint.proxy is None:
            return self._own
        if self._httpx is None:
            from hotspare.providers.transport import HttpxTransport  # noqa: PLC0415 - 0.15 s that few need

            self._httpx = HttpxTransport()
        return self._httpx

    async def aclose(self) -> None:
        """Close all connections."""
        await self._own.aclose()
        if self._httpx is not None:
            await self._httpx.aclose()
