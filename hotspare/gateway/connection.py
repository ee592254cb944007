"""One connection of a caller: HTTP/1.1 with bounds on what it takes, and an end that reaches the work.

When the caller leaves before its answer is complete, the task of its request is cancelled at once: nothing on
the request path has to wait for a disconnect. Refused input gets an answer and a close; it is never logged.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote

import httptools

from hotspare.gateway.asgi import Application, Scope
from hotspare.gateway.cycle import Cycle
from hotspare.gateway.flow import Flow
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

KEEP_ALIVE_SECONDS = 75.0
"""Longer than the pools of the official clients keep a connection: the one who closes first must be the caller."""

_ASGI = {"version": "3.0", "spec_version": "2.3"}
_UPGRADE_HEADERS = frozenset({b"connection", b"upgrade", b"http2-settings"})


class Connection(asyncio.Protocol):
    """See the module. The `on_…` methods are httptools' names."""

    def __init__(
        self, application: Application, state: State, loop: asyncio.AbstractEventLoop, limits: ConnectionLimits
    ) -> None:
        self._application = application
        self._loop = loop
        self._state = state
        self._limits = limits
        self._parser = _parser(self)
        self._transport: asyncio.Transport
        self._flow: Flow
        self._peer: Peer | None = None
        self._client: tuple[str, int] | None = None
        self._received = Received(limits)
        self._timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._idle_since: float | None = None
        self._reader: ReaderWatch
        self._deaf = False
        """Nothing more is read as a request here."""
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_100 = False
        self._cycle: Cycle | None = None
        """The latest request."""
        self._waiting: deque[Cycle] = deque()
        """Requests that came before the one before them was answered."""
        self._running: Cycle | None = None
        self._task: asyncio.Task[None] | None = None

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
            self._client = _client(transport)
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
        running, task = self._running, self._task
        if running is not None and task is not None and not running.response_complete:
            running.disconnected = True
            task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._idle_since = None
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
            self._transport.close()
        else:
            self._cycle.keep_alive = False

    def abort(self) -> None:
        """End the connection, and with it the request that runs on it."""
        self._transport.abort()

    # ------------------------------------------------------------------ the parser speaks
    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = []
        self._expects_100 = False
        self._received.begin()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._received.address(len(self._url))

    def on_header(self, name: bytes, value: bytes) -> None:
        received = self._received
        if received.phase is not Phase.head:
            return  # a trailer: it comes after the checks of the headers, so it must not become one
        received.header(len(name) + len(value) + 4)
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._expects_100 = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._wishes_upgrade():
            return
        version = self._parser.get_http_version()
        self._received.framed(self._headers, version)
        self._state.refresh_date(self._loop.time())
        latest = self._cycle
        self._cycle = cycle = Cycle(
            self._scope(version),
            self._transport,
            self._flow,
            self._state,
            # After an early refusal nobody knows whether the body will still come, so nothing may follow it.
            keep_alive=version != "1.0" and self._parser.should_keep_alive() and not self._expects_100,
            awaits_100_continue=self._expects_100,
            answered=self._answered,
        )
        if latest is None or latest.response_complete:
            self._start(cycle)
        else:
            self._flow.pause_reading()
            self._waiting.append(cycle)
        self._received.head_ended()

    def on_body(self, body: bytes) -> None:
        self._received.body()
        if self._cycle is not None and not self._cycle.response_complete:
            self._cycle.body(body)

    def on_message_complete(self) -> None:
        if self._received.phase is Phase.head:
            return  # a wish for another protocol: the parser takes its headers for the whole request
        self._received.ended()
        if self._cycle is not None and not self._cycle.response_complete:
            self._cycle.body_ended()
        if not self._waiting:
            # A large body has paused the reading, and unread we would not see the caller leave.
            self._flow.resume_reading()

    def _scope(self, version: str) -> Scope:
        path, raw_path, query = _place(self._url)
        scope: Scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": self._parser.get_method().decode("ascii"),
            "scheme": "http",
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            "client": self._client,
            "server": None,
        }
        if self._peer is not None:
            scope["extensions"] = {EXTENSION: self._peer}
        return scope

    def _parse(self, data: bytes) -> None:
        """Feed the parser. A request that wishes for another protocol (Java's client does) is read again without the
        wish, which a server may ignore: the parser would take its body for that protocol.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            offset: int = wish.args[0]
            head = self._head_without_upgrade()
            self._parser = _parser(self)
            self._parser.feed_data(head + data[offset:])

    def _wishes_upgrade(self) -> bool:
        return bool(self._parser.should_upgrade()) and self._parser.get_method() != b"CONNECT"

    def _head_without_upgrade(self) -> bytes:
        lines = [self._parser.get_method() + b" " + self._url + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self._headers if name not in _UPGRADE_HEADERS]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    # ------------------------------------------------------------------ time
    def _time_phase(self) -> None:
        phase = self._received.phase
        if phase is Phase.body:
            self._arm(self._limits.body_seconds, self._body_is_late)
        elif phase is Phase.head or self._cycle is None or self._cycle.response_complete:
            self._arm(self._limits.head_seconds, self._head_is_late)
        else:
            self._disarm()

    def _arm(self, seconds: float, act: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self._loop.call_later(seconds, act)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        if self._received.phase is Phase.between:
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
        in_body = self._received.phase is Phase.body
        self._state.refused[refusal.code] += 1
        self._stop_reading_requests()
        self._waiting.clear()
        if running is None:
            self._say_and_close(b"" if in_body else raw_refusal(refusal, "openai"))
        elif in_body and running is self._cycle:
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
            self._flow.resume_reading()
            if self._waiting:
                self._start(self._waiting.popleft())
            else:
                self._rest()
        if self._transport.get_write_buffer_size():
            self._reader.begin()  # a close waits for the last byte to be taken, for ever if need be

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
        task = self._loop.create_task(self._carry_out(cycle), name="request")
        self._running, self._task = cycle, task
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    async def _carry_out(self, cycle: Cycle) -> None:
        try:
            await self._application(cycle.scope, cycle.receive, cycle.send)
        except asyncio.CancelledError:
            pass  # the caller left, or was refused while its body came
        except Exception:
            LOG.exception("A request met an error of the gateway itself")
            if not cycle.response_started:
                await send_refusal(cycle.send, INTERNAL, dialect_of(cycle.scope["path"]))
        finally:
            cycle.part()
        if not cycle.response_complete and not cycle.disconnected:
            self._transport.abort()


def _parser(protocol: Connection) -> Any:
    """A parser that reads on after a request that was said to be the last: what comes then is for us to refuse."""
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _client(transport: asyncio.BaseTransport) -> tuple[str, int] | None:
    name = transport.get_extra_info("peername")
    return (name[0], name[1]) if name else None


@lru_cache(256)
def _place(url: bytes) -> tuple[str, bytes, bytes]:
    """The path of an address, as it reads and as it came, and its query; callers ask at few."""
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("ascii")
    return (unquote(path) if "%" in path else path), parsed.path, parsed.query or b""
