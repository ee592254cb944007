"""What an attempt gives the engine: a whole body, or a stream that has begun (`engine.protocols.Answer`)."""

from collections.abc import AsyncIterator, Callable
from dataclasses import field

from hotspare.dialects.stream import AnswerStream
from hotspare.providers.limit import Limit
from hotspare.providers.wire import Reply
from hotspare.router.trigger import AttemptFailed, Trigger, Usage
from hotspare.router.value import value

LAST_WORDS_SECONDS = 1.0
"""For what follows a model's reason to stop: the usage, and the mark of the end, which some servers never send."""


@value
class WholeAnswer:
    """An answer that is all here; nothing is open any more. Streamed to a caller who asked for that."""

    status: int
    usage: Usage | None
    dropped: tuple[str, ...] = ()
    provider_request_id: str | None = None
    spent_seconds: float | None = None
    body: bytes | None = field(default=None, repr=False)
    streamed: bytes = field(default=b"", repr=False)
    tail: bytes = b""
    said_bytes: int = 0

    @property
    def content_type(self) -> str:
        return "text/event-stream" if self.body is None else "application/json"

    async def pieces(self) -> AsyncIterator[bytes]:
        """The whole of it at once."""
        yield self.streamed if self.body is None else self.body

    async def aclose(self) -> None:
        """Nothing is open."""


class StreamedAnswer:
    """A stream whose first content has come."""

    content_type = "text/event-stream"
    body = None

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
        self._silence_seconds = silence_seconds
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
        """Events of the provider that could not be read and were left out."""
        return self._stream.skipped

    async def pieces(self) -> AsyncIterator[bytes]:
        """The stream (`engine.protocols.Answer`)."""
        try:
            if self._first:  # a stream that goes on may have nothing to add
                yield self._first
            while not self._stream.ended:
                piece = await self._next()
                if piece:
                    yield piece
        finally:
            await self.aclose()
        failure = self._stream.failure
        if failure is not None:
            failure.status = failure.status or self.status
            failure.provider_request_id = failure.provider_request_id or self.provider_request_id
            raise self._made_presentable(failure)

    async def aclose(self) -> None:
        """Be done with the connection (`engine.protocols.Answer`)."""
        if self._stream.ended and self._stream.failure is None:
            await self._reply.let_go()
        else:
            await self._reply.aclose()

    async def _next(self) -> bytes:
        """What the next event brings. The bound is on events: a byte now and then is silence too."""
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
        now = self._monotonic()
        if not self._stream.complete:
            return now + self._silence_seconds
        if self._over_at is None:
            self._over_at = now + min(self._silence_seconds, LAST_WORDS_SECONDS)
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

    def _stalled(self) -> AttemptFailed:
        return AttemptFailed(
            Trigger.stream_stall, f"nothing for {self._silence_seconds:.1f} s in the middle of the stream"
        )
