"""One connection of a caller: uvicorn's HTTP protocol with bounds on what it takes, and an end that reaches the work.

When the caller leaves before its answer is complete, the task of its request is cancelled at once: nothing on
the request path has to wait for a disconnect. Refused input gets an answer and a close; it is never logged.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from enum import Enum
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from hotspare.gateway.peer import EXTENSION, Peer, peer_of
from hotspare.gateway.refusal import (
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    HEADERS_TOO_LARGE,
    HEADERS_TOO_SLOW,
    INTERNAL,
    MALFORMED,
    REQUEST_LINE_TOO_LONG,
    Refused,
    dialect_of,
    raw_refusal,
    send_refusal,
)

LOG = logging.getLogger("hotspare.gateway")
LOG.addHandler(logging.NullHandler())  # else Python's last resort writes into the terminal that the console draws on
LOG.setLevel(logging.WARNING)  # uvicorn traces each connection where no level is set


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a connection may send, and how long it may take."""

    request_line_bytes: int = 16_384
    header_bytes: int = 65_536
    head_seconds: float = 10.0
    """For request line and headers to arrive; also for the first byte of a new connection."""
    body_seconds: float = 30.0
    wire_bytes: int = 134_217_728
    """Of one body on the wire, framing and what is thrown away after a refusal included."""
    linger_seconds: float = 2.0
    """Time that a refused caller has to read why: closing on unread bytes would take the answer from it."""


_UPGRADE_HEADERS = frozenset({b"connection", b"upgrade", b"http2-settings"})


class Phase(Enum):
    """What of a request is being received."""

    between = "between two requests"
    head = "request line and headers"
    body = "the body"


class _BoundExceeded(Exception):
    """Ends the parsing of a request from within a callback of the parser."""


class State(ServerState):
    """What the connections of one server share. Its date header is made once a second at most."""

    def __init__(self) -> None:
        super().__init__()
        self._date_until = 0.0
        self.emptied = asyncio.Event()
        """Set when the last connection has gone."""

    def refresh_date(self, now: float) -> None:
        """Renew the header that every answer begins with."""
        if now >= self._date_until:
            self._date_until = now + 1.0
            self.default_headers = [(b"date", formatdate(usegmt=True).encode())]


class Connection(HttpToolsProtocol):
    """See the module."""

    def __init__(self, config: Config, state: State, loop: asyncio.AbstractEventLoop, limits: ConnectionLimits) -> None:
        super().__init__(config=config, server_state=state, app_state={}, _loop=loop)
        self.logger = LOG
        self.access_log = False
        self._state = state
        self._limits = limits
        self._peer: Peer | None = None
        self._phase = Phase.between
        self._timed: Phase | None = None
        """The phase that the timer bounds."""
        self._timer: asyncio.TimerHandle | None = None
        self._refusal = MALFORMED
        self._deaf = False
        """Nothing more is read as a request here."""
        self._running: RequestResponseCycle | None = None
        self._task: asyncio.Task[None] | None = None
        self._head_size = 0
        self._wire_size = 0
        self._framing_size = 0
        self._body_came = False

    # ------------------------------------------------------------------ the transport speaks
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        connected = transport.get_extra_info("socket")
        if connected.family == socket.AF_UNIX:
            self._peer = peer_of(connected)
        else:
            with suppress(OSError):  # the caller has gone already
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._arm(self._limits.head_seconds, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)
        if not self.connections:
            self._state.emptied.set()
        self._unset_keepalive_if_required()
        running, task = self._running, self._task
        if running is not None and task is not None and not running.response_complete:
            running.disconnected = True
            task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        self._body_came = False
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self._refuse(self._refusal)
        else:
            self._bound(len(data))

    def abort(self) -> None:
        """End the connection, and with it the request that runs on it."""
        self.transport.abort()

    # ------------------------------------------------------------------ the parser speaks
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = Phase.head
        self._timed = None
        self._head_size = self._wire_size = self._framing_size = 0
        if self._peer is not None:
            self.scope["extensions"] = {EXTENSION: self._peer}  # type: ignore[dict-item]  # ASGI leaves names to servers

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._limits.request_line_bytes:
            self._exceed(REQUEST_LINE_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase is not Phase.head:
            return  # a trailer: it comes after the checks of the headers, so it must not become one
        self._head_size += len(name) + len(value) + 4
        if self._head_size > self._limits.header_bytes:
            self._exceed(HEADERS_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._wishes_upgrade():
            return
        self._state.refresh_date(self.loop.time())
        super().on_headers_complete()
        self._phase = Phase.body
        if self.expect_100_continue:
            # After an early refusal nobody knows whether the body will still come, so nothing may follow it.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._body_came = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._phase is Phase.head:
            return  # a wish for another protocol: the parser takes its headers for the whole request
        self._phase = Phase.between
        super().on_message_complete()
        if not self.pipeline:
            # uvicorn leaves a connection unread after a large body, and then does not see the caller leave.
            self.flow.resume_reading()

    def _parse(self, data: bytes) -> None:
        """Feed the parser. A request that wishes for another protocol (Java's client does) is read again without the
        wish, which a server may ignore: the parser would take its body for that protocol.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            offset: int = wish.args[0]
            head = self._head_without_upgrade()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.feed_data(head + data[offset:])

    def _wishes_upgrade(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _head_without_upgrade(self) -> bytes:
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self.headers if name not in _UPGRADE_HEADERS]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _exceed(self, refusal: Refused) -> None:
        self._refusal = refusal
        raise _BoundExceeded

    # ------------------------------------------------------------------ bounds
    def _bound(self, size: int) -> None:
        """After `size` bytes that made sense: hold the sizes that no callback sees, and the time."""
        limits = self._limits
        if self._phase is Phase.head and self._timed is Phase.head:
            # One long header reaches on_header when it is whole: until then only what came in counts.
            self._wire_size += size
            if self._wire_size > limits.request_line_bytes + limits.header_bytes:
                self._refuse(HEADERS_TOO_LARGE)
                return
        elif self._phase is Phase.body:
            self._wire_size += size
            self._framing_size += 0 if self._body_came else size
            if self._wire_size > limits.wire_bytes or self._framing_size > limits.header_bytes:
                self._refuse(BODY_TOO_LARGE)
                return
        if self._phase is not self._timed or self._phase is Phase.between:
            self._time_phase()

    def _time_phase(self) -> None:
        self._timed = self._phase
        if self._phase is Phase.body:
            self._arm(self._limits.body_seconds, self._body_is_late)
        elif self._phase is Phase.head or self.cycle is None or self.cycle.response_complete:
            self._arm(self._limits.head_seconds, self._head_is_late)
        else:
            self._disarm()

    def _arm(self, seconds: float, act: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, act)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        if self._phase is Phase.between:
            self.transport.close()
        else:
            self._refuse(HEADERS_TOO_SLOW)

    def _body_is_late(self) -> None:
        if self.flow.read_paused:  # it is we who do not read, until the request before it is answered
            self._arm(self._limits.body_seconds, self._body_is_late)
        else:
            self._refuse(BODY_TOO_SLOW)

    def _refuse(self, refusal: Refused) -> None:
        """Answer what cannot become a request, unless another answer has the connection; then close it."""
        running = self._running if self._running is not None and not self._running.response_complete else None
        in_body = self._phase is Phase.body
        self._stop_reading_requests()
        self.pipeline.clear()
        if running is None:
            self._say_and_close(b"" if in_body else raw_refusal(refusal, "openai"))
        elif in_body and running is self.cycle:
            running.disconnected = True
            if self._task is not None:
                self._task.cancel()
            answer = b"" if running.response_started else raw_refusal(refusal, dialect_of(running.scope["path"]))
            self._say_and_close(answer)
        else:
            running.keep_alive = False  # the answer under way is finished first, and is the last

    def _stop_reading_requests(self) -> None:
        self._deaf = True
        self._disarm()

    def _say_and_close(self, answer: bytes) -> None:
        if not answer or self.transport.is_closing():
            self.transport.close()
            return
        self.transport.write(answer)
        self.transport.write_eof()
        self.flow.resume_reading()
        self._arm(self._limits.linger_seconds, self.transport.abort)

    # ------------------------------------------------------------------ the request's task
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """As uvicorn's, but the task is known, so that it can be told when the caller leaves."""
        task = self.loop.create_task(self._carry_out(cycle, app), name="request")
        self._running, self._task = cycle, task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _carry_out(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        send: Any = cycle.send
        receive: Any = cycle.receive
        try:
            await app(cycle.scope, receive, send)
        except asyncio.CancelledError:
            pass  # the caller left, or was refused while its body came
        except Exception:
            LOG.exception("A request met an error of the gateway itself")
            if not cycle.response_started:
                await send_refusal(send, INTERNAL, dialect_of(cycle.scope["path"]))
        finally:
            cycle.on_response = _nothing
        if not cycle.response_complete and not cycle.disconnected:
            self.transport.abort()


def _nothing() -> None:
    """In place of a callback that would keep the connection alive."""
