"""One request's answer, read from the bytes of its connection: status, headers, body, and how it ended.

Pure but for the one reader it wakes. Only the first final answer counts: an interim one before it is dropped, and
nothing behind it can change what it said.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol, cast

import httptools

from hotspare.providers.causes import cause_of
from hotspare.providers.wire import HEADER_BYTES
from hotspare.router.trigger import AttemptFailed, Trigger

BUFFERED_BYTES = 256 * 1024
"""More of a body than this unread, and the socket is not read until it is taken."""

_HEADER_COST_BYTES = 32
"""What a header counts beside its own bytes (as in HTTP/2): a head of thousands of empty ones is too large too."""


_ENDS = frozenset({"content-length", "transfer-encoding"})
"""An answer with neither ends with its connection."""


class Held(Protocol):
    """What an exchange asks of its connection, which may be another's by then."""

    def resume(self, exchange: "Exchange") -> None:
        """The reader has caught up."""

    def linger(self, exchange: "Exchange") -> None:
        """The reader is gone, and the end of the answer is due."""

    def end(self, exchange: "Exchange") -> None:
        """The reader is gone."""


class Exchange:
    """Outlives its hold on the connection, which may serve the next request while the rest of this body is unread.

    The `on_…` methods are httptools' names.

    Attributes:
        heard: a byte of an answer has come.
        whole: the answer is complete.
        over: nothing more is expected of the connection.
        full: the reader is behind.
        reusable: it is, and leaves the connection fit for another request.
        status: of the answer, once its head is there; 0 before.
        headers: names in lower case; repeated ones joined by commas.
    """

    __slots__ = (
        "_bodiless_bytes",
        "_buffered_bytes",
        "_connection",
        "_failure",
        "_lines",
        "_parser",
        "_pieces",
        "_sink",
        "_unread",
        "_until_close",
        "_waiter",
        "full",
        "headers",
        "heard",
        "over",
        "reusable",
        "status",
        "whole",
    )

    def __init__(self, connection: Held) -> None:
        self.heard = self.whole = self.reusable = self.over = self.full = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self._connection = connection
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._sink: Callable[[bytes], bool] | None = None
        self._lines: list[tuple[bytes, bytes]] = []
        self._buffered_bytes = self._bodiless_bytes = 0
        self._until_close = self._unread = False
        self._failure: AttemptFailed | None = None
        self._waiter: asyncio.Future[None] | None = None

    # ------------------------------------------------------------ the reader's side
    async def head(self) -> None:
        """Returns once status and headers are there. Whoever stops waiting for them has abandoned the answer.

        Raises:
            AttemptFailed: they will not be.
        """
        try:
            while not self.status:
                await self._more()
        except BaseException:
            self.abandon()
            raise

    async def read(self) -> bytes:
        """What has come of the body; b"" at its end.

        Raises:
            AttemptFailed: it broke off, after all that came before was read.
        """
        while not self._pieces:
            if self.whole:
                return b""
            await self._more()
        return self.taken()

    def taken(self) -> bytes:
        """What has come of the body so far and was not taken yet; never waits."""
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._buffered_bytes = 0
        if self.full:
            self.full = False
            self._connection.resume(self)
        return body

    async def pass_to(self, sink: Callable[[bytes], bool]) -> None:
        """Hand on what comes of the body the moment it comes, with no turn of the event loop between; returns when the
        body has ended, or when the sink says, by False, that it has had enough.

        Raises:
            AttemptFailed: it broke off.
        """
        if self._pieces and not sink(self.taken()):
            return
        self._sink = sink
        try:
            while self._sink is not None and not self.whole:
                await self._more()
        finally:
            self._sink = None

    def let_go(self) -> None:
        """Nobody reads any more, and nothing but the end is to come: what does come else ends the connection."""
        if not (self.over or self._unread):
            self._unread = True
            self._connection.linger(self)

    def abandon(self) -> None:
        """Nobody reads any more: an answer that is not whole ends with its connection. Idempotent."""
        self._connection.end(self)

    def _more(self) -> asyncio.Future[None]:
        """Done when there is news."""
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ------------------------------------------------------------ the connection's side
    def feed(self, data: bytes) -> None:
        """Take in what came."""
        self.heard = True
        self._bodiless_bytes += len(data)
        if self._parser is None:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(Trigger.malformed, f"the answer is not HTTP: {error}"[:200])
        if self._bodiless_bytes > HEADER_BYTES:  # an endless head, trailer or chunk line
            self._too_large()
        if self.over:
            self._parser = None  # it holds methods of ours: a ring, which would keep the body until a collection
        if self._waiter is not None and (self._sink is None or self._passed_on(self._sink)):
            self._wake()

    def _passed_on(self, sink: Callable[[bytes], bool]) -> bool:
        """Give the sink what came; whether that was the last it takes. What it raises is its reader's to hear: the
        event loop would tell the terminal and end the connection.
        """
        try:
            if self._pieces and not sink(self.taken()):
                self._sink = None
        except Exception as error:  # noqa: BLE001  whatever it is
            self._sink = None
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_exception(error)
        return self._sink is None or self.over

    def lost(self, error: Exception | None) -> None:
        """The connection is gone. A body without a length ends so; anything else is cut short."""
        if error is None and self._until_close:
            self.whole = self.over = True
        elif self.status:
            self._fail(Trigger.network, "the answer was cut short")
        else:
            self._fail(Trigger.network, cause_of(error, "the connection was closed before an answer came"))
        self._parser = None
        self._wake()

    def _fail(self, trigger: Trigger, message: str) -> None:
        """The answer ends here, unless it is over: what comes after it is no part of it."""
        if not self.over:
            self.over = True
            self._failure = AttemptFailed(trigger, message)

    def _too_large(self) -> None:
        self._fail(Trigger.malformed, f"the answer's headers exceed {HEADER_BYTES >> 10} KB")

    # ------------------------------------------------------------ the parser's side
    def on_message_begin(self) -> None:
        self.reusable = False  # else this would be a second one, behind the one we asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:  # else it is a trailer
            self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        parser = cast("httptools.HttpResponseParser", self._parser)
        status = parser.get_status_code()
        if self.over or (100 <= status < 200 and status != 101):
            return
        self.headers = _headers_of(self._lines)
        coding = self.headers.get("transfer-encoding", "chunked").lower()
        if self._cost_bytes() > HEADER_BYTES:
            self._too_large()
        elif status < 200:
            self._fail(Trigger.malformed, f"the answer's status is {status}, which is none to a request like ours")
        elif coding != "chunked":
            self._fail(Trigger.malformed, "the answer came in a transfer encoding we did not ask for")
        else:
            self._until_close = _ENDS.isdisjoint(self.headers)
            self.status = status
            self._lines.clear()

    def on_body(self, piece: bytes) -> None:
        self._bodiless_bytes = 0
        if self._unread:
            self._fail(Trigger.malformed, "the answer goes on after its end")
        if not self.over:
            self._pieces.append(piece)
            self._buffered_bytes += len(piece)
            self.full = self._buffered_bytes > BUFFERED_BYTES

    def on_message_complete(self) -> None:
        if self.over:
            return
        if not self.status:
            self._lines.clear()  # an interim answer (100, 103): the real one follows
            return
        self.whole = self.over = True
        self.reusable = bool(cast("httptools.HttpResponseParser", self._parser).should_keep_alive())

    def _cost_bytes(self) -> int:
        """What the headers count; counted one by one only where they could be too many."""
        cost = self._bodiless_bytes + len(self._lines) * _HEADER_COST_BYTES
        if cost > HEADER_BYTES:
            cost = sum(len(name) + len(value) + _HEADER_COST_BYTES for name, value in self._lines)
        return cost


def _headers_of(lines: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers = {_name_of(name): value.decode("latin-1").rstrip(" \t") for name, value in lines}
    if len(headers) < len(lines):
        headers.clear()
        for name, value in lines:
            key, text = _name_of(name), value.decode("latin-1").rstrip(" \t")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


@lru_cache(512)
def _name_of(name: bytes) -> str:
    """A header's name in lower case; providers send the same few with each answer."""
    return name.decode("latin-1").lower()
