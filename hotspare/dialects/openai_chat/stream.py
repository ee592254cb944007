"""Read the events of a chat completion stream, relay them, or write them for a model of another dialect."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hotspare.dialects.openai_chat.answer import TAIL, Said, read_usage, write_usage
from hotspare.dialects.provider_error import failure_of, read_error
from hotspare.dialects.sse import ServerSentEvent, SseParser
from hotspare.dialects.stream import StopReason, Told
from hotspare.router.trigger import Usage

_STOPS: Mapping[str, StopReason] = {
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}

_NOT_TOLD = frozenset({b"", b"null", b"{}"})
_DONE = b"[DONE]"
_encode = msgspec.json.Encoder().encode


class _Choice(msgspec.Struct):
    index: int = 0
    delta: Said | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


_CHUNK = msgspec.json.Decoder(_Chunk)


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
        if data.strip() == _DONE:
            return Told(end=True)
        if not data.isascii():
            data.decode()
        chunk = _CHUNK.decode(data)
        if bytes(chunk.error) not in _NOT_TOLD or event.name == b"error":
            raise failure_of(read_error(data))
        told = Told()
        for choice in chunk.choices or ():
            self._take(choice, told)
        if bytes(chunk.usage) not in _NOT_TOLD:
            self.usage = read_usage(chunk.usage) or self.usage
            told.usage = not chunk.choices
        return told

    def _take(self, choice: _Choice, told: Told) -> None:
        if not self._content and choice.delta is not None and choice.delta.something():
            self._content = told.content = True
        if choice.finish_reason:
            self._reason = told.stop = _STOPS.get(choice.finish_reason, "stop")
            self._open.discard(choice.index)
            self._finished.add(choice.index)
        elif choice.index not in self._finished:
            self._open.add(choice.index)


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


class ChunkWriter:
    """Writes the stream of a model of another dialect as chat.completion.chunk events."""

    __slots__ = ("_begun", "_frame", "_wants_usage")

    tail = TAIL

    def __init__(self, *, created: int, wants_usage: bool) -> None:
        self._frame: dict[str, Any] = {"id": "", "object": "chat.completion.chunk", "created": created, "model": ""}
        self._wants_usage = wants_usage
        self._begun = False

    def begin(self, answer_id: str, model: str) -> None:
        """What the provider calls the answer, and itself; every chunk repeats it."""
        self._frame["id"] = answer_id
        self._frame["model"] = model

    def write(self, told: Told, _event: ServerSentEvent, usage: Usage | None) -> bytes:
        """What the event says, in chunks (`stream.EventWriter`)."""
        out = b""
        delta = self._delta(told)
        if delta:
            out += self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}])
        if told.stop is not None:
            out += self._chunk([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": told.stop}])
            if self._wants_usage and usage is not None:
                out += self._chunk([], usage=write_usage(usage))
        return out

    def _delta(self, told: Told) -> dict[str, Any]:
        delta: dict[str, Any] = {}
        if not self._begun and (told.content or told.stop is not None):
            self._begun = True
            delta["role"] = "assistant"
            delta["content"] = ""
        if told.text:
            delta["content"] = told.text
        if told.reasoning:
            delta["reasoning_content"] = told.reasoning
        return delta

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return b"data: " + _encode(self._frame | {"choices": choices} | more) + b"\n\n"


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
