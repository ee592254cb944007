"""One connection of a caller: uvicorn's HTTP protocol with bounds on what it takes, and an end that reaches the work.

When the caller leaves before its answer is complete, the task of its request is cancelled at once: nothing on
the request path has to wait for a disconnect. Refused input gets an answer and a close; it is never logged.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.peer import EXTENSION, Peer, peer_of
from hotspare.gateway.reader import ReaderWatch
from hotspare.gateway.received import Phase, Received
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
LOG.setLevel(logging.WARNING)  # uvicorn traces each connection where no level is set

_UPGRADE_HEADERS = frozenset({b"connection", b"upgrade", b"http2-settings"})


class Connection(HttpToolsProtocol):
    """See the module."""

    def __init__(self, config: Config, state: State, loop: asyncio.AbstractEventLoop, limits: ConnectionLimits) -> None:
        super().__init__(config=config, server_state=state, app_state={}, _loop=loop)
        self.logger = LOG
        self.access_log = False
        self._state = state
        self._limits = limits
        self._peer: Peer | None = None
        self._received = Received(limits)
        self._timer: asyncio.TimerHandle | None = None
        self._reader: ReaderWatch
        self._deaf = False
        """Nothing more is read as a request here."""
        self._running: RequestResponseCycle | None = None
        self._task: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ the transport speaks
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._reader = ReaderWatch(self.loop, transport, self._limits.reader_seconds, transport.abort)
        connected = transport.get_extra_info("socket")
        if connected.family == socket.AF_UNIX:
            self._peer = peer_of(connected)
        else:
            with suppress(OSError):  # the caller has gone already
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > self._limits.connections:
            self._refuse(TOO_MANY_CONNECTIONS)
        else:
            self._arm(self._limits.head_seconds, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._reader.stop()
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
        self._received.starts()
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self._refuse(self._received.refusal)
            return
        refusal = self._received.took(len(data))
        if refusal is not None:
            self._refuse(refusal)
        elif self._received.moved:
            self._time_phase()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader.begin()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._reader.progressed()

    def abort(self) -> None:
        """End the connection, and with it the request that runs on it."""
        self.transport.abort()

    # ------------------------------------------------------------------ the parser speaks
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._received.begin()
        if self._peer is not None:
            self.scope["extensions"] = {EXTENSION: self._peer}  # type: ignore[dict-item]  # ASGI leaves names to servers

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._received.address(len(self.url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._received.phase is not Phase.head:
            return  # a trailer: it comes after the checks of the headers, so it must not become one
        self._received.header(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._wishes_upgrade():
            return
        self._received.framed(self.headers, self.parser.get_http_version())
        self._state.refresh_date(self.loop.time())
        super().on_headers_complete()
        self._received.head_ended()
        if self.expect_100_continue:
            # After an early refusal nobody knows whether the body will still come, so nothing may follow it.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._received.body()
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._received.phase is Phase.head:
            return  # a wish for another protocol: the parser takes its headers for the whole request
        self._received.ended()
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

    # ------------------------------------------------------------------ time
    def _time_phase(self) -> None:
        phase = self._received.phase
        if phase is Phase.body:
            self._arm(self._limits.body_seconds, self._body_is_late)
        elif phase is Phase.head or self.cycle is None or self.cycle.response_complete:
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
        if self._received.phase is Phase.between:
            self.transport.close()
        else:
            self._refuse(HEADERS_TOO_SLOW)

    def _body_is_late(self) -> None:
        if self.flow.read_paused:  # it is we who do not read, until the request before it is answered
            self._arm(self._limits.body_seconds, self._body_is_late)
        else:
            self._refuse(BODY_TOO_SLOW)

    # ------------------------------------------------------------------ refusing
    def _refuse(self, refusal: Refused) -> None:
        """Answer what cannot become a request, unless another answer has the connection; then close it."""
        running = self._running if self._running is not None and not self._running.response_complete else None
        in_body = self._received.phase is Phase.body
        self._state.refused[refusal.code] += 1
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
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._reader.begin()  # a close waits for the last byte to be taken, for ever if need be

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
