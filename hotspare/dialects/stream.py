"""A model's stream on its way to the caller: events in, the caller's bytes out, and the verdict on how it ended.

Pure: bytes come from whoever reads the socket. Nothing is released before the first content event (text, reasoning,
refusal, tool call), so whatever fails up to there can be served by another model without a trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import msgspec

from hotspare.dialects.alike import Alike, said_bytes_of
from hotspare.dialects.sse import EVENT_BYTES, EventTooLarge, ServerSentEvent, SseParser
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

StopReason = Literal["stop", "length", "tool_calls", "content_filter"]

PieceKind = Literal["text", "reasoning", "call"]

ENDS_WITHOUT_CONTENT: frozenset[str] = frozenset({"length", "content_filter"})
"""Stop reasons that are an answer even without a word of content: the caller's own limit, the provider's own filter."""


LESSONS = 8
"""So many events are learnt in vain before a stream is taken for one in which none is like another."""


class Piece(NamedTuple):
    """A piece of an answer's content, for the writer of another dialect."""

    kind: PieceKind
    text: str = ""
    """Of a call: a fragment of its arguments."""
    call: int = 0
    """Of a call: which of the answer's calls it is, from 0."""
    id: str = ""
    """Of a call: set where the call begins, and only there; so is its name."""
    name: str = ""


@dataclass(slots=True)
class Told:
    """What one event of a model's stream says, whatever its dialect."""

    content: bool = False
    """It carries text, reasoning, a refusal or a tool call; roles, pings and usage do not count."""
    says: bool = False
    """It may carry more of the answer, also where that is none for the caller: its text counts as said."""
    pieces: Sequence[Piece] = ()
    """The content itself; told where another dialect has to be written, and only there."""
    stop: StopReason | None = None
    usage: bool = False
    """It tells the usage and nothing else."""
    end: bool = False
    """Nothing comes after it, whatever the connection does."""


class EventReader(Protocol):
    """One dialect's events, read in order."""

    @property
    def usage(self) -> Usage | None:
        """What the provider has told so far."""

    @property
    def stop(self) -> StopReason | None:
        """Why the model stopped; None while it has not said that its answer is complete."""

    def read(self, event: ServerSentEvent) -> Told:
        """What an event says.

        Raises:
            AttemptFailed: it is an error.
            ValueError: it is not what it should be (not JSON, not UTF-8).
        """


class EventWriter(Protocol):
    """Events in the caller's dialect."""

    @property
    def tail(self) -> bytes:
        """What ends the stream, once all of it is written."""

    def write(self, told: Told, event: ServerSentEvent, usage: Usage | None) -> bytes:
        """The bytes for the caller; empty where it has no part in this event."""


class AnswerStream:
    """One stream. Feed it until `ended`, then `close` it."""

    __slots__ = (
        "_alike", "_held", "_lessons", "_parser", "_reader", "_writer", "complete", "content", "ended", "events",
        "failure", "said_bytes", "skipped",
    )  # fmt: skip

    def __init__(self, reader: EventReader, writer: EventWriter) -> None:
        self._parser = SseParser()
        self._reader = reader
        self._writer = writer
        self._held: list[bytes] = []
        self._alike: Alike | None = None
        self._lessons = LESSONS
        self.said_bytes = 0
        """How much text of an answer has come."""
        self.complete = False
        """The model has said that its answer is complete."""
        self.content = False
        """The first content has come: what `feed` returns may go to the caller."""
        self.ended = False
        """Nothing more needs to be read."""
        self.failure: AttemptFailed | None = None
        """How it broke. What was returned before stands."""
        self.events = 0
        self.skipped = 0
        """Events that could not be read and were left out."""

    @property
    def usage(self) -> Usage | None:
        return self._reader.usage

    @property
    def tail(self) -> bytes:
        return self._writer.tail

    def feed(self, chunk: bytes) -> bytes:
        """What may go to the caller now. Never raises: see `failure`."""
        alike = self._alike
        if alike is not None and not self.ended and self._parser.between and (chunk.isascii() or _is_utf8(chunk)):
            said_bytes = alike.said_in(chunk)
            if said_bytes >= 0:
                self.said_bytes += said_bytes
                self.events += 1
                self._lessons = LESSONS
                return chunk
        whole = self._parser.whole(chunk)
        if whole is not None:
            return self._pass_whole(whole)
        try:
            events = self._parser.feed(chunk)
        except EventTooLarge:
            self._break(AttemptFailed(Trigger.malformed, f"one event of the stream exceeds {EVENT_BYTES >> 20} MB"))
            events = []
        return self._pass_on(events)

    def close(self) -> bytes:
        """The body has ended, in whatever way; the rest for the caller, and the verdict in `failure`."""
        if self.ended:
            return self._close_whole()
        rest = self._pass_on(self._parser.flush())
        self.ended = True
        if self.failure is None and not self.complete:
            self._break(AttemptFailed(Trigger.stream_cut, self._words_for_cut()))
        return rest + self._close_whole()

    def _close_whole(self) -> bytes:
        if self.content or self.failure is not None:
            return b""
        if self._reader.stop in ENDS_WITHOUT_CONTENT:
            self.content = True
            return self._release()
        self._break(AttemptFailed(Trigger.empty, "the stream ended without any content"))
        return b""

    def _words_for_cut(self) -> str:
        if self.content:
            return "the stream ended without saying that it was complete"
        return "the stream ended before any content"

    def _break(self, failure: AttemptFailed) -> None:
        failure.usage = failure.usage or self._reader.usage
        failure.said_bytes = self.said_bytes
        self.failure = failure
        self.ended = True

    def _pass_on(self, events: list[ServerSentEvent]) -> bytes:
        for event in events:
            if self.ended:
                break
            self._hold(self._pass_one(event))
        return self._release() if self.content else b""

    def _pass_whole(self, data: bytes) -> bytes:
        """Whole events as they came: those like one that was read go on unread, all at once. What goes on as it came is
        held as one.
        """
        begin, since, utf8 = 0, 0, data.isascii() or _is_utf8(data)
        while begin < len(data) and not self.ended:
            alike = self._alike if utf8 else None
            end, events = alike.run(data, begin) if alike is not None else (begin, 0)
            if alike is not None and events:
                self.said_bytes += alike.said_bytes(end - begin, events)
                self.events += events
                self._lessons = LESSONS
            else:
                end = data.index(b"\n\n", begin) + 2
                event, raw = self._parser.read(data[begin : end - 2]), data[begin:end]
                written = b"" if event is None else self._pass_one(event, raw if utf8 else b"")
                if written != raw:
                    self._hold(data[since:begin])
                    self._hold(written)
                    since = end
            begin = end
        self._hold(data[since:begin])
        return self._release() if self.content else b""

    def _pass_one(self, event: ServerSentEvent, raw: bytes = b"") -> bytes:
        """Read an event: what is written of it. Where it is given as it came, others may be like it."""
        self.events += 1
        try:
            told = self._reader.read(event)
        except AttemptFailed as failure:
            self._break(failure)
            return b""
        except (msgspec.DecodeError, ValueError, RecursionError):
            self.skipped += 1
            return b""
        self.complete = self._reader.stop is not None
        if told.says:
            self.said_bytes += said_bytes_of(event.data)
        self.content = self.content or told.content
        self.ended = told.end
        written = self._writer.write(told, event, self._reader.usage)
        if raw and written == raw and self.content and self._lessons and not (told.stop or told.usage or told.end):
            self._lessons -= 1
            self._alike = Alike(raw) or self._alike
        return written

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._held.append(piece)

    def _release(self) -> bytes:
        held, self._held = self._held, []
        return held[0] if len(held) == 1 else b"".join(held)


def _is_utf8(chunk: bytes) -> bool:
    try:
        return bool(chunk.decode())
    except UnicodeDecodeError:
        return False
