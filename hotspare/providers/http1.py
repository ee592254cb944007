"""Our HTTP/1.1 client: one request on one connection, with exact causes and an end at once when it is cancelled.

A parser is fed at most one message: bytes after it, whenever they come, end the connection, so that no answer is ever
made of another's surplus. A kept connection that dies before the first byte of an answer is replaced once, and that is
no attempt. No redirects, cookies, proxies or upgrades.
"""

import asyncio
import collections
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import cast
from urllib.parse import urlsplit

import httptools

from hotspare.providers.causes import cause_of
from hotspare.providers.decompression import inflated
from hotspare.providers.trust import trust
from hotspare.providers.wire import HEADER_BYTES, Outgoing
from hotspare.router.trigger import AttemptFailed, Trigger

IDLE_SECONDS = 30.0
"""A connection unused for longer is not used again: providers close theirs after a minute or so."""

IDLE_CONNECTIONS = 256
"""Kept a host at most."""

BUFFERED_BYTES = 256 * 1024
"""More of a body than this unread, and the socket is not read until half of it is taken."""

NO_BODY = frozenset({204, 304})


class Target:
    """Where a URL points to, worked out once."""

    __slots__ = ("head", "host", "idle", "port", "secure")

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise AttemptFailed(Trigger.unclassified, "its address is not a URL") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise AttemptFailed(Trigger.unclassified, "its address is not an http or https URL")
        self.secure = parts.scheme == "https"
        self.host = parts.hostname
        self.port = port or (443 if self.secure else 80)
        path = parts.path or "/"
        line = (
            f"POST {path}{'?' + parts.query if parts.query else ''} HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}"
        )
        try:
            self.head = line.encode("ascii") + b"\r\n"
        except UnicodeEncodeError:
            raise AttemptFailed(Trigger.unclassified, "its address is not a URL") from None


class Exchange:
    """One request and its answer. Outlives its hold on the connection, which may serve the next one while the rest of
    this body is still being read. The `on_…` methods are httptools' names.

    Attributes:
        heard: a byte of an answer has come.
        whole: the answer is complete.
        status: of the answer, once its head is there; 0 before.
        headers: names in lower case; repeated ones joined by commas.
    """

    __slots__ = (
        "_buffered",
        "_chunks",
        "_connection",
        "_failure",
        "_head_bytes",
        "_header_bytes",
        "_parser",
        "_until_close",
        "_waiter",
        "headers",
        "heard",
        "reusable",
        "status",
        "whole",
    )

    def __init__(self, connection: "Connection") -> None:
        self.heard = self.whole = self.reusable = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self._connection = connection
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: collections.deque[bytes] = collections.deque()
        self._buffered = self._head_bytes = self._header_bytes = 0
        self._until_close = False
        self._failure: AttemptFailed | None = None
        self._waiter: asyncio.Future[None] | None = None

    # ------------------------------------------------------------ the reader's side
    async def head(self) -> None:
        """Returns once status and headers are there."""
        while not self.status:
            await self._more()

    async def read(self) -> bytes:
        """The next piece of the body; b"" at its end."""
        while not self._chunks:
            if self.whole:
                return b""
            await self._more()
        piece = self._chunks.popleft()
        self._buffered -= len(piece)
        if self._buffered < BUFFERED_BYTES // 2:
            self._connection.resume(self)
        return piece

    def abandon(self) -> None:
        """Nobody reads any more: an answer that is not whole ends with its connection. Idempotent."""
        self._connection.end(self)

    async def _more(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ------------------------------------------------------------ the connection's side
    def feed(self, data: bytes) -> bool:
        """Take in what came; True: the socket has brought more than is being read."""
        self.heard = True
        self._head_bytes += 0 if self.status else len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.fail(Trigger.malformed, "the answer wants to change the protocol")
        except httptools.HttpParserError as error:
            self.fail(Trigger.malformed, f"the answer is not HTTP: {error}"[:200])
        if not self.status and self._head_bytes > HEADER_BYTES:
            self._too_large()
        self._wake()
        return self._buffered > BUFFERED_BYTES

    def lost(self, error: Exception | None) -> None:
        """The connection is gone. A body without a length ends so; anything else is cut short."""
        if error is None and self.status and self._until_close:
            self.whole = True
        elif self.status:
            self.fail(Trigger.network, "the answer was cut short")
        elif error is not None:
            self.fail(Trigger.network, cause_of(error))
        else:
            self.fail(Trigger.network, "the connection was closed before an answer came")
        self._wake()

    def fail(self, trigger: Trigger, message: str) -> None:
        """The answer ends here, unless it is whole: what comes after it is no part of it."""
        self.reusable = False
        if not self.whole and self._failure is None:
            self._failure = AttemptFailed(trigger, message)

    def _too_large(self) -> None:
        self.fail(Trigger.malformed, f"the answer's headers exceed {HEADER_BYTES >> 10} KB")

    @property
    def over(self) -> bool:
        """Nothing more is expected of the connection."""
        return self.whole or self._failure is not None

    # ------------------------------------------------------------ the parser's side
    def on_message_begin(self) -> None:
        if self.whole:  # a second message behind the one we asked for
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.whole:
            return
        self._header_bytes += len(name) + len(value)
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        known = self.headers.get(key)
        self.headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self.whole or status < 200:
            return
        if self._header_bytes > HEADER_BYTES:
            self._too_large()
            return
        chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        self._until_close = not chunked and "content-length" not in self.headers and status not in NO_BODY
        self.status = status

    def on_body(self, piece: bytes) -> None:
        if not self.whole:
            self._chunks.append(piece)
            self._buffered += len(piece)

    def on_message_complete(self) -> None:
        if self.whole:
            return
        if not self.status:
            self.headers.clear()  # an interim answer (100, 103): the real one follows
            return
        self.whole = True
        self.reusable = bool(self._parser.should_keep_alive())


class Connection(asyncio.Protocol):
    """One connection to a provider: carries one exchange at a time."""

    __slots__ = ("_exchange", "_paused", "_pool", "_transport", "closed", "idle_since")

    def __init__(self, pool: "Pool") -> None:
        self.closed = False
        self.idle_since = 0.0
        self._pool = pool
        self._exchange: Exchange | None = None
        self._paused = False

    def begin(self, data: bytes) -> Exchange:
        """Send a request."""
        self._exchange = exchange = Exchange(self)
        self._transport.write(data)
        return exchange

    def resume(self, exchange: Exchange) -> None:
        """The reader has caught up."""
        if self._paused and self._exchange is exchange:
            self._paused = False
            self._transport.resume_reading()

    def end(self, exchange: Exchange) -> None:
        """The exchange is over for its reader; if it still holds the connection, that ends too."""
        if self._exchange is exchange:
            self.close()

    def close(self) -> None:
        self.closed = True
        self._transport.abort()

    # ------------------------------------------------------------ asyncio's names
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            self.close()  # nobody asked: these bytes are no answer to anything
            return
        too_much = exchange.feed(data)
        if exchange.over:
            self._release(exchange)
        elif too_much and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _release(self, exchange: Exchange) -> None:
        self.resume(exchange)
        self._exchange = None
        if exchange.reusable and not self.closed:
            self._pool.keep(self)
        else:
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.lost(error)


class Http1Reply:
    """An answer whose head has come (`wire.Reply`)."""

    __slots__ = ("_exchange", "headers", "status")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.status = exchange.status
        self.headers: Mapping[str, str] = exchange.headers

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, any content encoding undone (`Reply`)."""
        return inflated(self._raw(), self.headers.get("content-encoding", ""))

    async def _raw(self) -> AsyncIterator[bytes]:
        while piece := await self._exchange.read():
            yield piece

    async def aclose(self) -> None:
        """End the connection unless the answer was whole (`Reply`)."""
        self._exchange.abandon()


class Http1Transport:
    """Connections to providers, kept by host and trust (`wire.Transport`).

    `monotonic` in seconds; it dates idle connections.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._targets: dict[str, Target] = {}
        self._contexts: dict[str | None, ssl.SSLContext] = {}
        self._pools: dict[tuple[str, int, bool, str | None], Pool] = {}
        self._heads: dict[tuple[tuple[str, str], ...], bytes] = {}

    async def send(self, outgoing: Outgoing) -> Http1Reply:
        """Send a request and await the head of its answer (`Transport`)."""
        target = self._targets.get(outgoing.url)
        if target is None:
            target = self._targets[outgoing.url] = Target(outgoing.url)
        data = b"%b%bcontent-length: %d\r\n\r\n%b" % (
            target.head,
            self._head_of(outgoing),
            len(outgoing.body),
            outgoing.body,
        )
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
        """Close all that is idle (`Transport`)."""
        for pool in self._pools.values():
            pool.close()

    def _head_of(self, outgoing: Outgoing) -> bytes:
        """The header lines; those of one model and key are the same each time."""
        headers = outgoing.headers
        known = self._heads.get(headers)
        if known is None:
            known = b"".join(_line(name, value) for name, value in headers)
            if len(self._heads) < 4096:
                self._heads[headers] = known
        return known

    def _pool(self, target: Target, ca_file: str | None) -> "Pool":
        place = (target.host, target.port, target.secure, ca_file)
        pool = self._pools.get(place)
        if pool is None:
            pool = self._pools[place] = Pool(self._monotonic)
        return pool

    async def _connect(self, target: Target, outgoing: Outgoing, pool: "Pool") -> Connection:
        context = None
        if target.secure:
            context = self._contexts.get(outgoing.ca_file)
            if context is None:
                context = self._contexts[outgoing.ca_file] = trust(outgoing.ca_file)
        loop = asyncio.get_running_loop()
        server_name = target.host if context is not None else None
        try:
            async with asyncio.timeout(outgoing.connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(pool), target.host, target.port, ssl=context, server_hostname=server_name
                )
        except TimeoutError:
            raise AttemptFailed(Trigger.timeout, f"no connection in {outgoing.connect_seconds:.1f} s") from None
        except (OSError, UnicodeError, ssl.SSLError, ValueError) as error:
            raise AttemptFailed(Trigger.network, cause_of(error)) from None
        return connection


class Pool:
    """Idle connections to one place, the latest used first."""

    __slots__ = ("_connections", "_monotonic")

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._connections: collections.deque[Connection] = collections.deque()
        self._monotonic = monotonic

    def idle(self) -> Connection | None:
        """One that may be used, if there is one."""
        oldest = self._monotonic() - IDLE_SECONDS
        while self._connections and self._connections[0].idle_since < oldest:
            self._connections.popleft().close()
        while self._connections:
            connection = self._connections.pop()
            if not connection.closed:
                return connection
        return None

    def keep(self, connection: Connection) -> None:
        """Take one back."""
        connection.idle_since = self._monotonic()
        self._connections.append(connection)
        if len(self._connections) > IDLE_CONNECTIONS:
            self._connections.popleft().close()

    def close(self) -> None:
        while self._connections:
            self._connections.pop().close()


async def _reply(exchange: Exchange) -> Http1Reply:
    try:
        await exchange.head()
    except BaseException:
        exchange.abandon()
        raise
    return Http1Reply(exchange)


def _line(name: str, value: str) -> bytes:
    """One header line.

    Raises:
        AttemptFailed: it cannot be sent; its value is not told, it may be a key.
    """
    try:
        line = f"{name}: {value}\r\n".encode("latin-1")
    except UnicodeEncodeError:
        raise AttemptFailed(Trigger.unclassified, f"its header {name} cannot be sent over HTTP") from None
    if b"\n" in line[:-2] or b"\r" in line[:-2] or b"\0" in line:
        raise AttemptFailed(Trigger.unclassified, f"its header {name} cannot be sent over HTTP")
    return line
