"""Our HTTP/1.1 client: one request on one connection, with exact causes and an end at once when it is cancelled.

A parser is fed at most one answer: bytes after it, whenever they come, end the connection, so that no answer is ever
made of another's surplus. A kept connection that dies before the first byte of an answer is replaced once, and that is
no attempt. No redirects, cookies, proxies or upgrades.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping

from hotspare.providers.causes import cause_of
from hotspare.providers.decompression import inflated
from hotspare.providers.http1_connection import Connection, Pool
from hotspare.providers.http1_exchange import Exchange
from hotspare.providers.http1_request import Target, header_line
from hotspare.providers.trust import Trust
from hotspare.providers.wire import Outgoing
from hotspare.router.trigger import AttemptFailed, Trigger

_HEADS = 256
"""Of so many models and keys the header lines are remembered; callers' own headers make more of them."""


class Http1Reply:
    """An answer whose head has come (`wire.Reply`)."""

    __slots__ = ("_exchange", "headers", "status")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.status = exchange.status
        self.headers: Mapping[str, str] = exchange.headers

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
        self._targets: dict[str, Target] = {}
        self._trust = Trust()
        self._pools: dict[tuple[str, int, bool, str | None], Pool] = {}
        self._heads: dict[tuple[tuple[str, str], ...], bytes] = {}

    async def send(self, outgoing: Outgoing) -> Http1Reply:
        """Send a request and await the head of its answer (`Transport`)."""
        target = self._target(outgoing.url)
        length = len(outgoing.body)
        data = b"%b%bcontent-length: %d\r\n\r\n%b" % (target.head, self._head(outgoing.headers), length, outgoing.body)
        pool = self._pool(target, outgoing.ca_file)
        connection = pool.idle()
        if connection is not None:
            exchange = connection.begin(data)
            try:
                return await _reply(exchange)
            except AttemptFailed:
                if exchange.heard:
                    raise
        connection = await self._connect(target, outgoing, pool)
        return await _reply(connection.begin(data))

    async def aclose(self) -> None:
        """End all connections, also those in use or in the making (`Transport`)."""
        self._closed = True
        for pool in self._pools.values():
            pool.close()

    def _target(self, url: str) -> Target:
        known = self._targets.get(url)
        if known is None:
            known = self._targets[url] = Target(url)
        return known

    def _head(self, headers: tuple[tuple[str, str], ...]) -> bytes:
        """The header lines; those of one model and key are the same each time."""
        known = self._heads.get(headers)
        if known is None:
            if len(self._heads) >= _HEADS:
                self._heads.clear()
            known = self._heads[headers] = b"".join(header_line(name, value) for name, value in headers)
        return known

    def _pool(self, target: Target, ca_file: str | None) -> Pool:
        place = (target.host, target.port, target.secure, ca_file)
        known = self._pools.get(place)
        if known is None:
            known = self._pools[place] = Pool(self._monotonic)
        return known

    async def _connect(self, target: Target, outgoing: Outgoing, pool: Pool) -> Connection:
        context = await self._trust.context(outgoing.ca_file) if target.secure else None
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


async def _reply(exchange: Exchange) -> Http1Reply:
    try:
        await exchange.head()
    except BaseException:
        exchange.abandon()
        raise
    return Http1Reply(exchange)
