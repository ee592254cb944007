"""One request and its answer on a connection.

A whole answer leaves in one write, head and body together, and so does what a stream says in the turn of the event loop
in which it begins or ends (`providers.outbox`). What is said after the caller has left is said to nobody.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from hotspare.gateway.flow import Flow
from hotspare.gateway.head import Head
from hotspare.gateway.lines import WrongMessage
from hotspare.gateway.state import State

UNREAD_BYTES = 65_536
"""More of a body than this that nobody has asked for, and the connection is not read."""

HELD_BYTES = 32_768
"""More than this is not held back for what else may leave in the same turn."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_BODILESS = frozenset({204, 304})
_CLOSE = b"connection: close\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n"
_HEAD_END = b"\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class Cycle:
    """See the module. An answer is either `whole`, or `begin`, any number of pieces, and `end`.

    Attributes:
        head: what is asked.
        more_body: the end of what is asked has not come.
        keep_alive: the connection stays after the answer.
        disconnected: nobody waits for the answer any more.
        response_started: a byte of the answer was sent.
        response_complete: all of it was.
        task: carries the request out.
    """

    __slots__ = (
        "_answered", "_awaits_100_continue", "_body", "_body_bytes", "_chunked", "_flow", "_held", "_news",
        "_state", "_transport", "_unsent", "_waiter", "disconnected", "head", "keep_alive", "more_body",
        "response_complete", "response_started", "task",
    )  # fmt: skip

    def __init__(
        self,
        head: Head,
        transport: asyncio.Transport,
        flow: Flow,
        state: State,
        *,
        answered: Callable[[], None],
        unsent: Callable[[], None],
    ) -> None:
        """`answered` is told that the answer is complete; `unsent`, that some of what was sent is not taken yet."""
        self.head = head
        self.more_body = True
        self.keep_alive = head.stays
        self.disconnected = False
        self.response_started = False
        self.response_complete = False
        self.task: asyncio.Task[None] | None = None
        self._transport = transport
        self._flow = flow
        self._state = state
        self._awaits_100_continue = head.expects_100
        self._answered: Callable[[], None] | None = answered
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._news = False
        self._waiter: asyncio.Future[None] | None = None
        self._chunked = False
        self._unsent = unsent
        self._held: list[bytes] = []
        """What leaves when the loop has turned."""

    # ------------------------------------------------------------------ the connection speaks
    def body(self, piece: bytes) -> None:
        """A piece of the request's body has come."""
        self._body.append(piece)
        self._body_bytes += len(piece)
        if self._body_bytes > UNREAD_BYTES:
            self._flow.pause_reading()
        self._news = True
        if self._waiter is not None:
            self.tell()

    def body_ended(self) -> None:
        """The request is complete."""
        self.more_body = False
        self._news = True
        if self._waiter is not None:
            self.tell()

    def tell(self) -> None:
        """Wake who waits for the body: something has changed."""
        self._news = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def part(self) -> None:
        """Nothing more is sent; the connection is told nothing any more."""
        self._answered = None

    # ------------------------------------------------------------------ what is asked
    def at_hand(self) -> bytes | None:
        """The whole body, where all of it has come and its caller waits for nothing but the answer; else None, and it
        is to be `read`.
        """
        if self.more_body or self.disconnected or self.response_complete or self._awaits_100_continue:
            return None
        body, self._body, self._body_bytes = b"".join(self._body), [], 0
        return body

    async def read(self) -> bytes | None:
        """What has come of the body since the last time; waits until something has. None: the caller has left, or has
        its answer already.
        """
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
            return None
        body, self._body, self._body_bytes = b"".join(self._body), [], 0
        return body

    # ------------------------------------------------------------------ the answer
    async def whole(self, status: int, lines: bytes, body: bytes) -> None:
        """The whole answer: its header lines, to which the length is added, and its body."""
        if self._flow.write_paused and not self.disconnected:
            await self._flow.writable()
        if self.disconnected:
            return
        bodiless = status in _BODILESS
        length = b"" if bodiless else b"content-length: %d\r\n" % len(body)
        shown = b"" if bodiless or self.head.method == "HEAD" else body
        self._hold(self._head(status, lines, length, shown))
        self._complete()

    async def stream(self, status: int, lines: bytes, data: bytes, tail: bytes) -> None:
        """A whole stream at once, its tail with it."""
        if self._flow.write_paused and not self.disconnected:
            await self._flow.writable()
        if self.disconnected:
            return
        chunked = self.head.version != "1.0"
        shown: tuple[bytes, ...] = (data, tail)
        if self.head.method == "HEAD":
            shown = ()
        elif chunked:
            shown = (b"%x\r\n" % (len(data) + len(tail)), data, tail, b"\r\n", _LAST_CHUNK)
        self._hold(self._head(status, lines, _CHUNKED if chunked else b"", *shown))
        self._complete()

    async def begin(self, status: int, lines: bytes) -> None:
        """A stream begins with status and header lines."""
        if self._flow.write_paused and not self.disconnected:
            await self._flow.writable()
        if self.disconnected:
            return
        self._chunked = self.head.version != "1.0"  # HTTP/1.0 knows the end of a connection only
        self._hold(self._head(status, lines, _CHUNKED if self._chunked else b""))

    def flush(self) -> None:
        """Send what is held."""
        held, self._held = self._held, []
        if held and not self.disconnected and not self._transport.is_closing():
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))
            if self._transport.get_write_buffer_size():
                self._unsent()

    def take(self, data: bytes) -> bool:
        """Send a piece of the stream, if the caller can take more now."""
        if self._flow.write_paused and not self.disconnected:
            return False
        if data and not self.disconnected and self.head.method != "HEAD":
            self._write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        return True

    async def piece(self, data: bytes) -> None:
        """Send a piece of the stream; returns when the caller can take more."""
        while not self.take(data):
            await self._flow.writable()

    async def end(self, data: bytes) -> None:
        """Send the last piece of the stream."""
        if self._flow.write_paused and not self.disconnected:
            await self._flow.writable()
        if self.disconnected:
            return
        if not self._chunked or self.head.method == "HEAD":
            self.take(data)
        elif data:
            self._hold(b"%x\r\n%b\r\n%b" % (len(data), data, _LAST_CHUNK))
        else:
            self._hold(_LAST_CHUNK)
        self._complete()

    def _write(self, data: bytes) -> None:
        """A piece goes out at once, behind what is held."""
        if self._held:
            self._hold(data)
        else:
            self._transport.write(data)

    def _hold(self, data: bytes) -> None:
        if not self._held:
            self._state.outbox.add(self)
        self._held.append(data)
        if sum(map(len, self._held)) > HELD_BYTES:
            self.flush()

    def _head(self, status: int, lines: bytes, framing: bytes, *body: bytes) -> bytes:
        if self.response_started:
            raise WrongMessage("an answer begins once")
        self.response_started = True
        self._awaits_100_continue = False
        first = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
        close = b"" if self.keep_alive else _CLOSE
        return b"".join((first, self._state.date_line, lines, close, framing, _HEAD_END, *body))

    def _complete(self) -> None:
        self.response_complete = True
        if self._waiter is not None:
            self.tell()
        if not self.keep_alive:
            self.flush()
            self._transport.close()
        if self._answered is not None:
            self._answered()
