"""One connection of a caller: its requests one after the other, each in time, and an end that reaches the work.

When the caller leaves before its answer is complete, the task of its request is cancelled at once: nothing on
the request path has to wait for a disconnect. Refused input gets an answer and a close; it is never logged.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias, cast

from hotspare.gateway.cycle import Cycle
from hotspare.gateway.flow import Flow
from hotspare.gateway.head import Head
from hotspare.gateway.incoming import Incoming, Phase
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.peer import Peer, peer_of
from hotspare.gateway.reader import ReaderWatch
from hotspare.gateway.refusal import (
    BODY_TOO_SLOW,
    HEADERS_TOO_SLOW,
    INTERNAL,
    TOO_MANY_CONNECTIONS,
    Refused,
    dialect_of,
    raw_refusal,
    send_refusal,
)
from hotspare.gateway.state import State

LOG = logging.getLogger("hotspare.gateway")
LOG.addHandler(logging.NullHandler())  # else Python's last resort writes into the terminal that the console draws on

KEEP_ALIVE_SECONDS = 75.0
"""Longer than the pools of the official clients keep a connection: the one who closes first must be the caller."""

Application: TypeAlias = Callable[[Cycle, Peer | None], Awaitable[None]]
"""Answers one request. The peer: who asks, where the system says so."""


class Connection(asyncio.Protocol):
    """See the module."""

    def __init__(
        self, application: Application, state: State, loop: asyncio.AbstractEventLoop, limits: ConnectionLimits
    ) -> None:
        self._application = application
        self._loop = loop
        self._state = state
        self._limits = limits
        self._transport: asyncio.Transport
        self._flow: Flow
        self._peer: Peer | None = None
        self._incoming = Incoming(self, limits)
        self._timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._idle_since: float | None = None
        self._reader: ReaderWatch
        self._deaf = False
        """Nothing more is read as a request here."""
        self._cycle: Cycle | None = None
        """The latest request."""
        self._waiting: deque[Cycle] = deque()
        """Requests that came before the one before them was answered."""
        self._running: Cycle | None = None

    # ------------------------------------------------------------------ the transport speaks
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._flow = Flow(self._transport)
        self._state.connections.add(self)
        self._reader = ReaderWatch(self._loop, self._transport, self._limits.reader_seconds, self._transport.abort)
        connected = transport.get_extra_info("socket")
        if connected.family == socket.AF_UNIX:
            self._peer = peer_of(connected)
        else:
            with suppress(OSError):  # the caller has gone already
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self._state.connections) > self._limits.connections:
            self._refuse(TOO_MANY_CONNECTIONS)
        else:
            self._arm(self._limits.head_seconds, self._head_is_late)

    def connection_lost(self, error: Exception | None) -> None:
        self._disarm()
        self._reader.stop()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._state.connections.discard(self)
        if not self._state.connections:
            self._state.emptied.set()
        if self._cycle is not None:
            self._cycle.disconnected = True
            self._cycle.tell()
        self._flow.resume_writing()
        if error is None:
            self._transport.close()
        if self._running is not None and not self._running.response_complete:
            self._give_up(self._running)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._idle_since = None
        refusal = self._incoming.feed(data)
        if refusal is not None:
            self._refuse(refusal)
        elif self._incoming.moved and (self._timer is not None or not self._is_answering()):
            self._time_phase()

    def eof_received(self) -> None:
        """A caller that says no more may still read its answer, but those that do so have left."""

    def pause_writing(self) -> None:
        self._flow.pause_writing()
        self._reader.begin()

    def resume_writing(self) -> None:
        self._flow.resume_writing()
        self._reader.progressed()

    # ------------------------------------------------------------------ the server speaks
    def shutdown(self) -> None:
        """Close once what runs is answered."""
        if self._cycle is None or self._cycle.response_complete:
            self._state.outbox.flush()
            self._transport.close()
        else:
            self._cycle.keep_alive = False

    def abort(self) -> None:
        """End the connection, and with it the request that runs on it."""
        self._transport.abort()

    # ------------------------------------------------------------------ what comes in (`incoming.Taker`)
    def head_came(self, head: Head) -> None:
        self._state.refresh_date(self._loop.time())
        latest = self._cycle
        self._cycle = cycle = Cycle(
            head, self._transport, self._flow, self._state, answered=self._answered, unsent=self._reader.begin
        )
        if latest is None or latest.response_complete:
            self._start(cycle)
        else:
            self._flow.pause_reading()
            self._waiting.append(cycle)

    def body_came(self, piece: bytes) -> None:
        if self._cycle is not None and not self._cycle.response_complete:
            self._cycle.body(piece)

    def body_ended(self) -> None:
        if self._cycle is not None and not self._cycle.response_complete:
            self._cycle.body_ended()
        if self._flow.read_paused and not self._waiting:
            # A large body has paused the reading, and unread we would not see the caller leave.
            self._flow.resume_reading()

    # ------------------------------------------------------------------ time
    def _is_answering(self) -> bool:
        """The request is all here, and its answer is not: nothing is due from the caller."""
        return self._incoming.phase is Phase.between and self._cycle is not None and not self._cycle.response_complete

    def _time_phase(self) -> None:
        if self._incoming.phase is Phase.body:
            self._arm(self._limits.body_seconds, self._body_is_late)
        elif self._is_answering():
            self._disarm()
        else:
            self._arm(self._limits.head_seconds, self._head_is_late)

    def _arm(self, seconds: float, act: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self._loop.call_later(seconds, act)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        if self._incoming.phase is Phase.between:
            self._transport.close()
        else:
            self._refuse(HEADERS_TOO_SLOW)

    def _body_is_late(self) -> None:
        if self._flow.read_paused:  # it is we who do not read, until the request before it is answered
            self._arm(self._limits.body_seconds, self._body_is_late)
        else:
            self._refuse(BODY_TOO_SLOW)

    # ------------------------------------------------------------------ refusing
    def _refuse(self, refusal: Refused) -> None:
        """Answer what cannot become a request, unless another answer has the connection; then close it."""
        running = self._running if self._running is not None and not self._running.response_complete else None
        in_body = self._incoming.phase is Phase.body
        self._state.refused[refusal.code] += 1
        self._stop_reading_requests()
        self._waiting.clear()
        if running is None:
            self._say_and_close(b"" if in_body else raw_refusal(refusal, "openai"))
        elif in_body and running is self._cycle:
            self._give_up(running)
            answer = b"" if running.response_started else raw_refusal(refusal, dialect_of(running.head.path))
            self._say_and_close(answer)
        else:
            running.keep_alive = False  # the answer under way is finished first, and is the last

    def _stop_reading_requests(self) -> None:
        self._deaf = True
        self._disarm()

    def _say_and_close(self, answer: bytes) -> None:
        self._state.outbox.flush()
        if not answer or self._transport.is_closing():
            self._transport.close()
            return
        self._transport.write(answer)
        self._transport.write_eof()
        self._flow.resume_reading()
        self._arm(self._limits.linger_seconds, self._transport.abort)

    # ------------------------------------------------------------------ the request's task
    def _answered(self) -> None:
        """The answer that was under way is complete: the next one's turn, or a rest."""
        if not self._transport.is_closing():
            if self._flow.read_paused:
                self._flow.resume_reading()
            if self._waiting:
                self._start(self._waiting.popleft())
            else:
                self._rest()

    def _rest(self) -> None:
        """Wait for the next request, not for ever. The timer looks when it is due: none is made for each request."""
        self._idle_since = self._loop.time()
        if self._idle_timer is None:
            self._idle_timer = self._loop.call_later(KEEP_ALIVE_SECONDS, self._rested)

    def _rested(self) -> None:
        self._idle_timer = None
        if self._idle_since is None:
            return  # a request runs; its end begins the next rest
        left = self._idle_since + KEEP_ALIVE_SECONDS - self._loop.time()
        if left > 0.0:
            self._idle_timer = self._loop.call_later(left, self._rested)
        else:
            self._transport.close()

    def _start(self, cycle: Cycle) -> None:
        self._running = cycle
        cycle.task = task = self._loop.create_task(self._carry_out(cycle), name="request")
        self._state.tasks.add(task)

    async def _carry_out(self, cycle: Cycle) -> None:
        try:
            await self._application(cycle, self._peer)
        except asyncio.CancelledError:
            pass  # the caller left, or was refused while its body came
        except Exception:
            LOG.exception("A request met an error of the gateway itself")
            if not cycle.response_started:
                await send_refusal(cycle, INTERNAL, dialect_of(cycle.head.path))
        finally:
            cycle.part()
            self._state.ended(cycle.task)
        if not cycle.response_complete and not cycle.disconnected:
            self._transport.abort()

    def _give_up(self, cycle: Cycle) -> None:
        """Nobody waits for the answer: its task ends, also one that has yet to begin."""
        cycle.disconnected = True
        if cycle.task is not None:
            cycle.task.add_done_callback(self._state.ended)
            cycle.task.cancel()
