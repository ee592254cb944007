"""Read the events of a chat completion stream, relay them, or tell their content to the writer of another dialect."""

from collections.abc import Callable

import msgspec

from hotspare.dialects.openai_chat.answer import (
    STOPS,
    TAIL,
    UNTOLD,
    Said,
    ToldContent,
    read_usage,
    reasoning_of,
    text_of,
)
from hotspare.dialects.provider_error import failure_of, read_error
from hotspare.dialects.sse import ServerSentEvent, SseParser
from hotspare.dialects.stream import Piece, StopReason, Told
from hotspare.router.trigger import Usage

_NOT_TOLD = frozenset({b"", b"null", b"{}"})
_DONE = b"[DONE]"


class _Choice(msgspec.Struct):
    index: int = 0
    delta: Said | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = UNTOLD
    error: msgspec.Raw = UNTOLD


class _AnyDelta(msgspec.Struct):
    """An object, whatever is in it."""


class _LateChoice(msgspec.Struct):
    index: int = 0
    delta: _AnyDelta | None = None
    finish_reason: str | None = None


class _LateChunk(msgspec.Struct):
    """A chunk after the first content: whether there is more of it does not matter."""

    choices: list[_LateChoice] | None = None
    usage: msgspec.Raw = UNTOLD
    error: msgspec.Raw = UNTOLD


_CHUNK = msgspec.json.Decoder(_Chunk)
_LATE_CHUNK = msgspec.json.Decoder(_LateChunk)


def _tells(part: msgspec.Raw) -> bool:
    return bytes(part) not in _NOT_TOLD


class ChunkReader:
    """Reads chat.completion.chunk events."""

    __slots__ = ("_content", "_finished", "_open", "_reason", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self._content = False
        self._reason: StopReason | None = None
        self._open: set[int] = set()
        self._finished: set[int] = set()

    @property
    def stop(self) -> StopReason | None:
        """Why it stopped, once every choice that was begun has ended."""
        return None if self._open else self._reason

    def read(self, event: ServerSentEvent) -> Told:
        """What an event says (`stream.EventReader`)."""
        data = event.data
        if not data.startswith(b"{") and data.strip() == _DONE:
            return Told(end=True)
        if not data.isascii():
            data.decode()
        chunk: _Chunk | _LateChunk = _LATE_CHUNK.decode(data) if self._content else _CHUNK.decode(data)
        if (chunk.error is not UNTOLD and _tells(chunk.error)) or event.name == b"error":
            raise failure_of(read_error(data))
        told = Told()
        if chunk.choices:
            for choice in chunk.choices:
                self._take(choice, told)
            if self._content:
                told.says = True
        if chunk.usage is not UNTOLD and _tells(chunk.usage):
            self.usage = read_usage(chunk.usage) or self.usage
            told.usage = not chunk.choices
        return told

    def _take(self, choice: _Choice | _LateChoice, told: Told) -> None:
        if not self._content and isinstance(choice, _Choice) and choice.delta is not None and choice.delta.something():
            self._content = told.content = True
        if choice.finish_reason:
            self._reason = told.stop = STOPS.get(choice.finish_reason, "stop")
            self._open.discard(choice.index)
            self._finished.add(choice.index)
        elif choice.index not in self._finished:
            self._open.add(choice.index)


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _CallDelta(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _ToldDelta(msgspec.Struct):
    content: ToldContent = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _ToldChoice(msgspec.Struct):
    index: int = 0
    delta: _ToldDelta | None = None


class _ToldChunk(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_ToldChoice] | None = None


_TOLD_CHUNK = msgspec.json.Decoder(_ToldChunk)


class ChunkTeller(ChunkReader):
    """Reads the same, and tells the content of the first choice. `begun` is called with the answer's id and model."""

    __slots__ = ("_begun", "_calls", "_named", "_refused")

    def __init__(self, begun: Callable[[str, str], None]) -> None:
        super().__init__()
        self._begun = begun
        self._named = False
        self._refused = False
        self._calls: dict[int | str, int] = {}

    def read(self, event: ServerSentEvent) -> Told:
        """What an event says, with its content (`stream.EventReader`)."""
        told = super().read(event)
        if told.end:
            return told
        chunk = _TOLD_CHUNK.decode(event.data)
        if not self._named and (chunk.id or chunk.model):
            self._named = True
            self._begun(chunk.id or "", chunk.model or "")
        told.pieces = [
            piece
            for choice in chunk.choices or ()
            if choice.index == 0 and choice.delta is not None
            for piece in self._pieces(choice.delta)
        ]
        if told.stop is not None and self._refused and not self._calls:
            told.stop = "content_filter"
        return told

    def _pieces(self, delta: _ToldDelta) -> list[Piece]:
        self._refused = self._refused or bool(delta.refusal)
        reasoning = delta.reasoning_content or delta.reasoning or reasoning_of(delta.content)
        pieces = [Piece("reasoning", reasoning)] if reasoning else []
        pieces += [Piece("text", text) for text in (text_of(delta.content), delta.refusal) if text]
        return pieces + [self._call(call) for call in delta.tool_calls or ()]

    def _call(self, call: _CallDelta) -> Piece:
        """A call begins where its index (or, with servers that leave it out, its id) is new."""
        function = call.function or _Function()
        key = call.index if call.index is not None else call.id or len(self._calls) - 1
        if key in self._calls:
            return Piece("call", function.arguments or "", self._calls[key])
        at = self._calls[key] = len(self._calls)
        return Piece("call", function.arguments or "", at, call.id or f"call_{at}", function.name or "")


class ChunkRelay:
    """Hands the model's own events on, their data byte for byte."""

    __slots__ = ("_wants_usage",)

    tail = TAIL

    def __init__(self, *, wants_usage: bool) -> None:
        self._wants_usage = wants_usage

    def write(self, told: Told, event: ServerSentEvent, _usage: Usage | None) -> bytes:
        """The same event, well formed (`stream.EventWriter`)."""
        if told.end or (told.usage and not self._wants_usage):
            return b""
        data = event.data
        if b"\n" in data:  # between tokens: inside a string the event would have been malformed
            data = data.replace(b"\n", b" ")
        return b"data: " + data + b"\n\n"


class _TextDelta(msgspec.Struct):
    content: str | None = None


class _TextChoice(msgspec.Struct):
    delta: _TextDelta | None = None


class _TextChunk(msgspec.Struct):
    choices: list[_TextChoice] = []


def text_of_piece(piece: bytes) -> str:
    """The assistant's text in bytes that were forwarded: whole events of this dialect."""
    return "".join(map(_text_of_event, SseParser().feed(piece)))


def _text_of_event(event: ServerSentEvent) -> str:
    try:
        chunk = msgspec.json.decode(event.data, type=_TextChunk)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return "".join(choice.delta.content or "" for choice in chunk.choices if choice.delta)
