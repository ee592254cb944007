"""What an attempt gives the engine: a whole body, or a stream that has begun (`engine.protocols.Answer`)."""

from collections.abc import AsyncIterator, Callable
from dataclasses import field

from hotspare.dialects.stream import AnswerStream
from hotspare.providers.limit import Limit
from hotspare.providers.silence import Silence
from hotspare.providers.wire import Reply
from hotspare.router.trigger import AttemptFailed, Trigger, Usage
from hotspare.router.value import value

LAST_WORDS_SECONDS = 1.0
"""For what follows a model's reason to stop: the usage, and the mark of the end, which some servers never send."""


@value
class WholeAnswer:
    """An answer that is all here, a body or a stream; nothing is open any more."""

    status: int
    usage: Usage | None
    dropped: tuple[str, ...] = ()
    provider_request_id: str | None = None
    spent_seconds: float | None = None
    body: bytes | None = field(default=None, repr=False)
    streamed: bytes | None = field(default=None, repr=False)
    tail: bytes = b""
    said_bytes: int = 0
    skipped_events: int = 0

    @property
    def content_type(self) -> str:
        return "text/event-stream" if self.body is None else "application/json"

    async def pieces(self) -> AsyncIterator[bytes]:
        """The whole of it at once."""
        yield self.body or self.streamed or b""

    async def aclose(self) -> None:
        """Nothing is open."""


class StreamedAnswer:
    """A stream whose first content has come."""

    content_type = "text/event-stream"
    body = streamed = None

    def __init__(
        self,
        reply: Reply,
        chunks: AsyncIterator[bytes],
        stream: AnswerStream,
        first: bytes,
        *,
        limit: Limit,
        silence_seconds: float,
        monotonic: Callable[[], float],
        made_presentable: Callable[[AttemptFailed], AttemptFailed],
        dropped: tuple[str, ...],
        provider_request_id: str | None,
        spent_seconds: float | None,
    ) -> None:
        self.status = reply.status
        self.dropped = dropped
        self.provider_request_id = provider_request_id
        self.spent_seconds = spent_seconds
        self._reply = reply
        self._chunks = chunks
        self._stream = stream
        self._first = first
        self._limit = limit
        self._last_words_seconds = min(silence_seconds, LAST_WORDS_SECONDS)
        self._silence = Silence(silence_seconds, monotonic)
        self._monotonic = monotonic
        self._made_presentable = made_presentable
        self._over_at: float | None = None

    @property
    def usage(self) -> Usage | None:
        """What the provider has told so far; all of it once the answer has ended."""
        return self._stream.usage

    @property
    def said_bytes(self) -> int:
        """How much text has come so far."""
        return self._stream.said_bytes

    @property
    def tail(self) -> bytes:
        """The end of a whole stream."""
        return self._stream.tail

    @property
    def skipped_events(self) -> int:
        """Those that could not be read (`engine.protocols.Answer`)."""
        return self._stream.skipped

    def pieces(self) -> "Pieces":
        """The stream (`engine.protocols.Answer`)."""
        return Pieces(self)

    async def aclose(self) -> None:
        """Be done with the connection (`engine.protocols.Answer`)."""
        if self._stream.ended and self._stream.failure is None:
            await self._reply.let_go()
        else:
            await self._reply.aclose()

    def first(self) -> bytes:
        """What is there to begin with, once."""
        first, self._first = self._first, b""
        return first

    async def next(self) -> bytes:
        """What the next event brings; b"" at the end. The bound is on events: a byte now and then is silence too.

        Raises:
            AttemptFailed: the stream broke off, and all that came before was given.
        """
        while not self._stream.ended:
            piece = await self._of_event()
            self._silence.heard(self._stream.said_bytes)
            if piece:
                return piece
        await self.aclose()
        if self._stream.failure is not None:
            raise self._presentable(self._stream.failure)
        return b""

    async def pass_on(self, take: Callable[[bytes], bool]) -> bytes:
        """Hand on what comes the moment it comes, as long as the model goes on and `take` takes; what is left over."""
        left = b""

        def came(chunk: bytes) -> bool:
            nonlocal left
            events = stream.events
            piece = stream.feed(chunk)
            if stream.events != events:
                limit.due = silence.due_after(stream.said_bytes)
            if piece and not take(piece):
                left = piece
            return not (left or stream.ended or stream.complete)

        stream, limit, silence = self._stream, self._limit, self._silence
        if stream.ended or stream.complete:
            return left
        try:
            with limit.until(self._due(), self._stalled):
                await self._reply.pass_to(came)
        except AttemptFailed as failure:
            left += self._cut(failure)
        return left

    async def _of_event(self) -> bytes:
        due = self._due()
        events = self._stream.events
        try:
            while self._stream.events == events and not self._stream.ended:
                with self._limit.until(due, self._stalled):
                    chunk = await anext(self._chunks, None)
                piece = self._stream.close() if chunk is None else self._stream.feed(chunk)
                if piece:
                    return piece
        except AttemptFailed as failure:
            return self._cut(failure)
        return b""

    def _due(self) -> float:
        """Until when the next event is awaited: once the model has stopped, all of them together."""
        if not self._stream.complete:
            return self._silence.due()
        if self._over_at is None:
            self._over_at = self._monotonic() + self._last_words_seconds
        return self._over_at

    def _cut(self, failure: AttemptFailed) -> bytes:
        """The connection is of no more use: an answer that had said it was complete is whole all the same."""
        rest = self._stream.close()
        if not self._stream.complete:
            if failure.trigger is Trigger.network:
                failure = AttemptFailed(Trigger.stream_cut, f"the stream broke off: {failure.message}")
            failure.usage = self._stream.usage
            failure.said_bytes = self._stream.said_bytes
            self._stream.failure = failure
        return rest

    def _presentable(self, failure: AttemptFailed) -> AttemptFailed:
        failure.status = failure.status or self.status
        failure.provider_request_id = failure.provider_request_id or self.provider_request_id
        return self._made_presentable(failure)

    def _stalled(self) -> AttemptFailed:
        return AttemptFailed(Trigger.stream_stall, f"{self._silence.words} in the middle of the stream")


class Pieces:
    """A stream's pieces: to be taken one by one, or passed on as they come (`engine.protocols.Passing`)."""

    __slots__ = ("_answer", "_left")

    def __init__(self, answer: StreamedAnswer) -> None:
        self._answer = answer
        self._left = answer.first()  # empty where a stream that goes on has nothing to add

    def __aiter__(self) -> "Pieces":
        return self

    async def __anext__(self) -> bytes:
        """The next piece.

        Raises:
            AttemptFailed: the stream broke off.
        """
        left, self._left = self._left, b""
        piece = left or await self._answer.next()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def pass_on(self, take: Callable[[bytes], bool]) -> None:
        """Hand on what comes the moment it comes (`engine.protocols.Passing`)."""
        if not self._left or take(self._left):
            self._left = await self._answer.pass_on(take)

    async def aclose(self) -> None:
        """Be done with the stream."""
        await self._answer.aclose()
