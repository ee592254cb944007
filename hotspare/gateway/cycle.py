"""One request and its answer on a connection, as ASGI's `receive` and `send`.

A whole answer leaves in one write, head and body together; the head of a stream leaves at once. Nothing that an
application says can end a header before its line does.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from hotspare.gateway.asgi import Message, Scope
from hotspare.gateway.flow import Flow
from hotspare.gateway.state import State

UNREAD_BYTES = 65_536
"""More of a body than this that nobody has asked for, and the connection is not read."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_BODILESS = frozenset({204, 304})
_CLOSE = b"connection: close\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class WrongMessage(RuntimeError):
    """An application that does not keep to ASGI: an error of ours."""


class Cycle:
    """See the module.

    Attributes:
        scope: what is asked.
        keep_alive: the connection stays after the answer.
        disconnected: nobody waits for the answer any more.
        response_started: a byte of the answer was sent.
        response_complete: all of it was.
    """

    __slots__ = (
        "_answered", "_awaits_100_continue", "_body", "_body_bytes", "_chunked", "_flow", "_head", "_left_bytes",
        "_more_body", "_news", "_state", "_transport", "_waiter", "disconnected", "keep_alive", "response_complete",
        "response_started", "scope",
    )  # fmt: skip

    def __init__(
        self,
        scope: Scope,
        transport: asyncio.Transport,
        flow: Flow,
        state: State,
        *,
        keep_alive: bool,
        awaits_100_continue: bool,
        answered: Callable[[], None],
    ) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_started = False
        self.response_complete = False
        self._transport = transport
        self._flow = flow
        self._state = state
        self._awaits_100_continue = awaits_100_continue
        self._answered: Callable[[], None] | None = answered
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._more_body = True
        self._news = False
        self._waiter: asyncio.Future[None] | None = None
        self._head = b""
        self._chunked = False
        self._left_bytes: int | None = 0

    # ------------------------------------------------------------------ the connection speaks
    def body(self, piece: bytes) -> None:
        """A piece of the request's body has come."""
        self._body.append(piece)
        self._body_bytes += len(piece)
        if self._body_bytes > UNREAD_BYTES:
            self._flow.pause_reading()
        self.tell()

    def body_ended(self) -> None:
        """The request is complete."""
        self._more_body = False
        self.tell()

    def tell(self) -> None:
        """Wake `receive`: something has changed."""
        self._news = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def part(self) -> None:
        """Nothing more is sent; the connection is told nothing any more."""
        self._answered = None

    # ------------------------------------------------------------------ the application speaks
    async def receive(self) -> Message:
        """What has come of the body, or that the caller has left."""
        if self._awaits_100_continue and not self._transport.is_closing():
            self._awaits_100_continue = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not (self.disconnected or self.response_complete):
            self._flow.resume_reading()
            if not self._news:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
            self._news = False
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self._body, self._body_bytes = b"".join(self._body), [], 0
        return {"type": "http.request", "body": body, "more_body": self._more_body}

    async def send(self, message: Message) -> None:
        """A part of the answer; returns when more may follow.

        Raises:
            WrongMessage: it has no place here.
        """
        if self._flow.write_paused and not self.disconnected:
            await self._flow.writable()
        if self.disconnected:
            return
        if message["type"] == "http.response.start" and not self.response_started:
            self._start(message["status"], message.get("headers", ()))
        elif message["type"] == "http.response.body" and self.response_started and not self.response_complete:
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise WrongMessage(f"{message['type']} has no place at this point of an answer")

    def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.response_started = True
        self._awaits_100_continue = False
        length: bytes | None = None
        lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status, self._state.date_line]
        for name, value in headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"content-length":
                length = value
            elif name == b"connection" and value.lower() == b"close":
                self.keep_alive = False
        if not self.keep_alive:
            lines.append(_CLOSE)
        is_open = length is None and status not in _BODILESS and self.scope["method"] != "HEAD"
        self._chunked = is_open and self.scope["http_version"] != "1.0"  # HTTP/1.0 knows the end of a connection only
        if self._chunked:
            lines.append(_CHUNKED)
        if is_open and not self._chunked:
            self._left_bytes = None
        else:
            self._left_bytes = int(length or 0) if self.scope["method"] != "HEAD" else 0
        self._head = _checked(lines)
        if is_open:
            self._write(b"")

    def _send_body(self, body: bytes, *, more: bool) -> None:
        if self._chunked:
            self._write_chunk(body, more=more)
        elif self.scope["method"] == "HEAD":
            self._write(b"")
        else:
            self._count(len(body), more=more)
            self._write(body)
        if not more:
            self._complete()

    def _count(self, size_bytes: int, *, more: bool) -> None:
        if self._left_bytes is None:
            return
        self._left_bytes -= size_bytes
        if self._left_bytes < 0 or (self._left_bytes and not more):
            raise WrongMessage("an answer's body is as long as its headers say")

    def _write_chunk(self, body: bytes, *, more: bool) -> None:
        if body:
            self._write(b"%x\r\n%b\r\n%b" % (len(body), body, b"" if more else _LAST_CHUNK))
        elif not more:
            self._write(_LAST_CHUNK)

    def _write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        if data:
            self._transport.write(data)

    def _complete(self) -> None:
        self.response_complete = True
        self.tell()
        if not self.keep_alive:
            self._transport.close()
        if self._answered is not None:
            self._answered()


def _checked(lines: list[bytes]) -> bytes:
    """The head of an answer.

    Raises:
        WrongMessage: a header holds more than its line.
    """
    head = b"".join(lines)
    if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or b"\0" in head:
        raise WrongMessage("a header of an answer holds a line break")
    return head + b"\r\n"
