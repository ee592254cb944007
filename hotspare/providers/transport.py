"""Send one HTTP request and read its answer, over httpx: the only file that knows that library.

No redirects, cookies or retries; a proxy only where the endpoint names one. Every failure leaves here as AttemptFailed,
with its cause in words. Connections are not used again: httpx would answer the next request with bytes that a provider
sent too many of the last one.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping

import httpx

from hotspare.providers.causes import cause_of
from hotspare.providers.decompression import inflated
from hotspare.providers.passing import Passing
from hotspare.providers.trust import Trust
from hotspare.providers.wire import HEADER_BYTES, Outgoing, Place
from hotspare.router.trigger import AttemptFailed, Trigger

_NO_DELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
_NOT_KEPT = httpx.Limits(max_connections=None, max_keepalive_connections=0)


class HttpxReply:
    """A reply of httpx's transport."""

    __slots__ = ("_response", "headers", "status")

    whole = False

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def chunks(self) -> AsyncIterator[bytes]:
        """The body (`Reply`)."""
        return inflated(self._raw(), self.headers.get("content-encoding", ""))

    def at_hand(self) -> None:
        """Never (`Reply`)."""

    async def pass_to(self, sink: Callable[[bytes], bool]) -> None:
        """Nothing of it (`Reply`)."""

    async def let_go(self) -> None:
        """Close the connection, which would not be kept (`Reply`)."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection (`Reply`)."""
        await self._response.stream.aclose()  # type: ignore[union-attr]  # an async transport's stream is async

    async def _raw(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.stream:  # type: ignore[union-attr]  # as above
                yield chunk
        except Exception as error:  # noqa: BLE001 -- the boundary, as in send
            raise _failure(error, begun=True) from None


class HttpxTransport:
    """httpx's own transport, called without its client; one for each set of trusted certificates and each proxy."""

    def __init__(self) -> None:
        self._transports: dict[tuple[bool, str | None, str | None], httpx.AsyncHTTPTransport] = {}
        self._urls: dict[str, httpx.URL] = {}
        self._trust = Trust()

    async def send(self, outgoing: Outgoing) -> HttpxReply:
        """Send a request (`Transport`)."""
        try:
            request = self._request(outgoing)
            transport = await self._transport(request.url, outgoing.place)
            response = await _passed(transport, request, outgoing)
        except httpx.ConnectTimeout:
            raise AttemptFailed(
                Trigger.timeout, f"no connection in {outgoing.connect_seconds:.1f} s", sent=False
            ) from None
        except AttemptFailed:
            raise
        except Exception as error:  # noqa: BLE001 -- the boundary: ssl, idna and socket errors pass through httpx bare
            raise _failure(error, begun=False) from None
        reply = HttpxReply(response)
        if sum(len(name) + len(value) for name, value in response.headers.raw) > HEADER_BYTES:
            await reply.aclose()
            raise AttemptFailed(Trigger.malformed, f"the answer's headers exceed {HEADER_BYTES >> 10} KB")
        return reply

    async def aclose(self) -> None:
        """Close all connections (`Transport`)."""
        for transport in self._transports.values():
            await transport.aclose()

    def _request(self, outgoing: Outgoing) -> httpx.Request:
        return httpx.Request(
            "POST",
            self._url(outgoing.place.url),
            headers=[(name.encode(), value.encode()) for name, value in outgoing.place.headers],
            content=outgoing.body,
            extensions={"timeout": {"connect": outgoing.connect_seconds}},
        )

    def _url(self, url: str) -> httpx.URL:
        known = self._urls.get(url)
        if known is None:
            try:
                known = self._urls[url] = httpx.URL(url)
            except httpx.InvalidURL:
                raise AttemptFailed(Trigger.unclassified, "its address is not a URL") from None
        return known

    async def _transport(self, url: httpx.URL, place: Place) -> httpx.AsyncHTTPTransport:
        secure = url.scheme == "https"
        kind = (secure, place.ca_file, place.proxy)
        known = self._transports.get(kind)
        if known is not None:
            return known
        made = httpx.AsyncHTTPTransport(
            verify=await self._trust.context(place.ca_file) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=False,
            limits=_NOT_KEPT,
            socket_options=_NO_DELAY,
            proxy=await self._proxy(place),
        )
        return self._transports.setdefault(kind, made)

    async def _proxy(self, place: Place) -> httpx.Proxy | None:
        """A proxy that is reached by TLS itself is trusted as the provider behind it is."""
        if place.proxy is None:
            return None
        secure = place.proxy.startswith("https:")
        return httpx.Proxy(place.proxy, ssl_context=await self._trust.context(place.ca_file) if secure else None)


async def _passed(transport: httpx.AsyncHTTPTransport, request: httpx.Request, outgoing: Outgoing) -> httpx.Response:
    """The head of the answer, through the proxy if there is one: CONNECT is bounded as connecting is."""
    if outgoing.place.proxy is None:
        return await transport.handle_async_request(request)
    limit = asyncio.timeout(outgoing.connect_seconds)
    passing = Passing(outgoing.place.proxy, limit, secure=request.url.scheme == "https")
    request.extensions["trace"] = passing
    try:
        async with limit:
            response = await transport.handle_async_request(request)
    except (TimeoutError, httpx.ConnectTimeout):
        raise passing.late(outgoing.connect_seconds) from None
    except httpx.ProxyError as error:
        raise passing.refused(int(str(error)[:3])) from None
    except Exception as error:  # noqa: BLE001 -- the boundary, as in send
        raise passing.named(_failure(error, begun=False)) from None
    if response.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        await response.aclose()
        raise passing.refused(response.status_code)
    return response


_CLOSED = "the connection was closed before an answer came"

_LOST = ("disconnected", "closed connection", "closed the connection")
"""Of a protocol error: the peer went away, rather than spoke wrongly."""


def _failure(error: Exception, *, begun: bool) -> AttemptFailed:
    """The error in our words. Its own are not used where they may quote a header, and so a key."""
    if isinstance(error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol)):
        return AttemptFailed(Trigger.unclassified, "its address, key or a configured header cannot be sent over HTTP")
    if isinstance(error, httpx.RemoteProtocolError) and not any(word in str(error) for word in _LOST):
        return AttemptFailed(Trigger.malformed, f"the answer is not HTTP: {str(error)[:120]}")
    if begun:
        return AttemptFailed(Trigger.network, "the answer was cut short")
    unsaid = "no connection could be made" if isinstance(error, httpx.ConnectError) else _CLOSED
    return AttemptFailed(Trigger.network, cause_of(error, unsaid))
