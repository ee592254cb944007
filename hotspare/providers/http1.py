"""Our HTTP/1.1 client: one request on one connection, with exact causes and an end at once when it is cancelled.

A parser is fed at most one answer: bytes after it, whenever they come, end the connection, so that no answer is ever
made of another's surplus. A kept connection that dies before the first byte of an answer is replaced once, and that is
no attempt. No redirects, cookies, proxies or upgrades.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import NamedTuple

from hotspare.providers.causes import cause_of
from hotspare.providers.decompression import inflated
from hotspare.providers.http1_connection import Connection, Pool
from hotspare.providers.http1_exchange import Exchange
from hotspare.providers.http1_request import Target, header_line
from hotspare.providers.outbox import Outbox
from hotspare.providers.trust import Trust
from hotspare.providers.wire import Outgoing, Place
from hotspare.router.trigger import AttemptFailed, Trigger

_PLACES = 256
"""Of so many models and keys the way is remembered; callers' own headers make more of them."""


class _Way(NamedTuple):
    """How requests go to one place."""

    target: Target
    head: bytes
    """Up to the length of the body."""
    pool: Pool


class Http1Reply:
    """An answer whose head has come (`wire.Reply`)."""

    __slots__ = ("_exchange", "headers", "status")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.status = exchange.status
        self.headers: Mapping[str, str] = exchange.headers

    @property
    def whole(self) -> bool:
        """All of it has come (`Reply`)."""
        return self._exchange.whole

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, any content encoding undone (`Reply`)."""
        return inflated(self, self.headers.get("content-encoding", ""))

    def __aiter__(self) -> "Http1Reply":
        return self

    async def __anext__(self) -> bytes:
        """What has come of the body, as it came."""
        piece = await self._exchange.read()
        if not piece:
            raise StopAsyncIteration
        return piece

    def at_hand(self) -> bytes | None:
        """The whole body, if it has come in clear (`Reply`)."""
        exchange = self._exchange
        return exchange.taken() if exchange.whole and "content-encoding" not in exchange.headers else None

    async def pass_to(self, sink: Callable[[bytes], bool]) -> None:
        """The body, if it comes in clear (`Reply`)."""
        if "content-encoding" not in self.headers:
            await self._exchange.pass_to(sink)

    async def let_go(self) -> None:
        """Read the end of the answer, if it comes at once (`Reply`)."""
        self._exchange.let_go()

    async def aclose(self) -> None:
        """End the connection unless the answer was whole (`Reply`)."""
        self._exchange.abandon()


class Http1Transport:
    """Connections to providers, kept by host and trust (`wire.Transport`).

    `monotonic` in seconds; it dates idle connections.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._closed = False
        self._outbox = Outbox()
        self._trust = Trust()
        self._pools: dict[tuple[str, int, bool, str | None], Pool] = {}
        self._ways: dict[Place, _Way] = {}

    async def send(self, outgoing: Outgoing) -> Http1Reply:
        """Send a request and await the head of its answer (`Transport`)."""
        way = self._ways.get(outgoing.place) or self._way(outgoing.place)
        data = b"%b%d\r\n\r\n%b" % (way.head, len(outgoing.body), outgoing.body)
        connection = way.pool.idle()
        if connection is not None:
            exchange = connection.begin(data, at_once=False)
            try:
                await exchange.head()
                return Http1Reply(exchange)
            except AttemptFailed:
                if exchange.heard:
                    raise
        connection = await self._connect(way, outgoing)
        exchange = connection.begin(data, at_once=True)  # some say no, too, before they have read anything
        await exchange.head()
        return Http1Reply(exchange)

    async def aclose(self) -> None:
        """End all connections, also those in use or in the making (`Transport`)."""
        self._closed = True
        for pool in self._pools.values():
            pool.close()

    def _way(self, place: Place) -> _Way:
        target = Target(place.url)
        lines = b"".join(header_line(name, value) for name, value in place.headers)
        if len(self._ways) >= _PLACES:
            self._ways.clear()
        way = _Way(target, target.head + lines + b"content-length: ", self._pool(target, place.ca_file))
        self._ways[place] = way
        return way

    def _pool(self, target: Target, ca_file: str | None) -> Pool:
        host = (target.host, target.port, target.secure, ca_file)
        known = self._pools.get(host)
        if known is None:
            known = self._pools[host] = Pool(self._monotonic, self._outbox)
        return known

    async def _connect(self, way: _Way, outgoing: Outgoing) -> Connection:
        target, pool = way.target, way.pool
        context = await self._trust.context(outgoing.place.ca_file) if target.secure else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(outgoing.connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(pool), target.host, target.port, ssl=context
                )
        except TimeoutError:
            raise AttemptFailed(
                Trigger.timeout, f"no connection in {outgoing.connect_seconds:.1f} s", sent=False
            ) from None
        except (OSError, ValueError) as error:
            raise AttemptFailed(Trigger.network, cause_of(error)) from None
        pool.take_in(connection)
        if self._closed:
            connection.close()
        return connection
