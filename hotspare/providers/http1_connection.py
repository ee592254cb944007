"""A connection to a provider and the idle ones of its place.

It carries one exchange at a time. Whatever comes while it carries none, or before its request has left, ends it: no
answer is ever made of bytes that nobody asked for.
"""

import asyncio
import select
from collections.abc import Callable
from typing import cast

from hotspare.providers.http1_exchange import Exchange
from hotspare.providers.outbox import Outbox

IDLE_SECONDS = 30.0
"""A connection unused for longer is not used again: providers close theirs after a minute or so."""

IDLE_CONNECTIONS = 256
"""Kept a place at most."""


LINGER_SECONDS = 1.0
"""How long the end of an answer may follow what was its end for the reader: most servers send it a moment later."""


class Connection(asyncio.Protocol):
    """One connection. `closed`: of no more use."""

    __slots__ = ("_exchange", "_paused", "_poll", "_pool", "_transport", "_unsent", "closed")

    def __init__(self, pool: "Pool") -> None:
        self.closed = False
        self._pool = pool
        self._exchange: Exchange | None = None
        self._paused = False
        self._unsent = b""
        """The request that leaves when the loop has turned."""

    @property
    def quiet(self) -> bool:
        """It lives, and nothing has come on it that the event loop has yet to tell us of."""
        return not (self._transport.is_closing() or self._poll.poll(0))

    def begin(self, data: bytes, *, at_once: bool) -> Exchange:
        """Send a request; unless `at_once`, with all others of this turn of the loop."""
        exchange = Exchange(self)
        if self.closed:
            exchange.lost(None)
            return exchange
        self._exchange, self._unsent = exchange, data
        if at_once:
            self.flush()
        else:
            self._pool.outbox.add(self)
        return exchange

    def flush(self) -> None:
        """Send the request (`Sender`)."""
        if self._unsent and not self.closed:
            self._transport.write(self._unsent)
        self._unsent = b""

    def resume(self, exchange: Exchange) -> None:
        """The exchange can take more (`Held`)."""
        if self._paused and self._exchange is exchange:
            self._paused = False
            self._transport.resume_reading()

    def linger(self, exchange: Exchange) -> None:
        """The end of the exchange is due (`Held`)."""
        self.resume(exchange)
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self.end, exchange)

    def end(self, exchange: Exchange) -> None:
        """The exchange is over for its reader; if it still holds the connection, that ends too (`Held`)."""
        if self._exchange is exchange:
            self.close()

    def close(self) -> None:
        """At once, with whatever is unsent; an exchange it carries is cut short."""
        self._leave(ConnectionAbortedError())
        self._transport.abort()

    def _leave(self, error: Exception | None) -> None:
        self.closed = True
        self._pool.forget(self)
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.lost(error)

    def _release(self, exchange: Exchange) -> None:
        self._exchange = None
        if exchange.reusable and not self._transport.get_write_buffer_size():
            self._pool.keep(self)
        else:
            self.close()

    # ------------------------------------------------------------ asyncio's names
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None or self._unsent:
            self.close()
            return
        exchange.feed(data)
        if exchange.over:
            self._release(exchange)
        elif exchange.full and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """No more of an answer can come: what is unsent of the request has no more use."""
        self._unsent = b""
        asyncio.get_running_loop().call_soon(self._transport.abort)  # not at once: TLS is in the middle of its own end

    def connection_lost(self, error: Exception | None) -> None:
        self._leave(error)


class Pool:
    """The connections to one place. The latest used is used first, so that those of a busy hour grow old and go."""

    __slots__ = ("_idle", "_monotonic", "_open", "outbox")

    def __init__(self, monotonic: Callable[[], float], outbox: Outbox) -> None:
        self.outbox = outbox
        self._monotonic = monotonic
        self._open: set[Connection] = set()
        self._idle: dict[Connection, float] = {}
        """Since when, the earliest first."""

    def idle(self) -> Connection | None:
        """One that may be used, if there is one."""
        idle, earliest = self._idle, self._monotonic() - IDLE_SECONDS
        while idle and idle[oldest := next(iter(idle))] < earliest:
            oldest.close()
        while idle:
            connection, _ = idle.popitem()
            if connection.quiet:
                return connection
            connection.close()
        return None

    def keep(self, connection: Connection) -> None:
        """Take one back."""
        if len(self._idle) >= IDLE_CONNECTIONS:
            next(iter(self._idle)).close()
        self._idle[connection] = self._monotonic()

    def take_in(self, connection: Connection) -> None:
        """One whose making is over: uvloop never tells one that is cancelled in the making that it is lost."""
        if not connection.closed:
            self._open.add(connection)

    def forget(self, connection: Connection) -> None:
        """One is of no more use. Idempotent."""
        self._open.discard(connection)
        self._idle.pop(connection, None)

    def close(self) -> None:
        """End all, also those in use."""
        for connection in tuple(self._open):
            connection.close()
