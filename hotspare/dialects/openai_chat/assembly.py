"""Put the events of a chat completion stream together to the answer that they tell."""

from typing import Any

import msgspec

from hotspare.dialects.openai_chat.answer import ToldContent, reasoning_of, text_of
from hotspare.dialects.sse import SseParser


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _CallDelta(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: _Function | None = None
    custom: msgspec.Raw | None = None


class _Delta(msgspec.Struct):
    content: ToldContent = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallDelta] | None = None
    function_call: Any = None
    audio: Any = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    id: Any = None
    created: Any = None
    model: Any = None
    choices: list[_Choice] | None = None
    usage: Any = None


_CHUNK = msgspec.json.Decoder(_Chunk)
_TEXTS = ("reasoning_content", "reasoning", "refusal")


class _Grown:
    """One choice as far as it has come."""

    __slots__ = ("calls", "kept", "reason", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.calls: dict[int | str, dict[str, Any]] = {}
        self.kept: dict[str, Any] = {}
        self.reason: str | None = None

    def take(self, delta: _Delta) -> None:
        told = {name: getattr(delta, name) for name in _TEXTS}
        told |= {"content": text_of(delta.content)}
        told["reasoning_content"] = told["reasoning_content"] or reasoning_of(delta.content)
        for name, text in told.items():
            if text:
                self.texts.setdefault(name, []).append(text)
        for call in delta.tool_calls or ():
            self._take_call(call)
        for name in ("function_call", "audio"):
            if told := getattr(delta, name):
                self.kept[name] = told

    def _take_call(self, delta: _CallDelta) -> None:
        """A call begins where its index (or, with servers that leave it out, its id) is new, as in ChunkTeller."""
        key = delta.index if delta.index is not None else delta.id or len(self.calls) - 1
        if key not in self.calls:
            begun: dict[str, Any] = {"id": delta.id, "type": delta.type or "function"}
            self.calls[key] = begun | ({"custom": {}} if delta.custom else {"function": {"name": "", "arguments": ""}})
        function = self.calls[key].get("function")
        if delta.function is not None and function is not None:
            function["name"] = function["name"] or delta.function.name or ""
            function["arguments"] += delta.function.arguments or ""

    def message(self) -> dict[str, Any]:
        told = {name: "".join(pieces) for name, pieces in self.texts.items()}
        message = {"role": "assistant", "content": None} | told | self.kept
        return message | {"tool_calls": list(self.calls.values())} if self.calls else message


class ChunkAssembly:
    """One stream. Feed it all of its bytes."""

    __slots__ = ("_choices", "_frame", "_parser")

    def __init__(self) -> None:
        self._parser = SseParser()
        self._frame: dict[str, Any] = {"id": None, "object": "chat.completion", "created": None, "model": None}
        self._choices: dict[int, _Grown] = {}

    def feed(self, data: bytes) -> None:
        """Take a part of the stream.

        Raises:
            ValueError: it is not what it should be.
            EventTooLarge: it is out of all bounds.
        """
        for event in self._parser.feed(data):
            if event.data.startswith(b"{"):
                self._take(_CHUNK.decode(event.data))

    def _take(self, chunk: _Chunk) -> None:
        for name in ("id", "created", "model", "usage"):
            told = getattr(chunk, name)
            if told is not None:
                self._frame[name] = told
        for choice in chunk.choices or ():
            grown = self._choices.setdefault(choice.index, _Grown())
            if choice.delta is not None:
                grown.take(choice.delta)
            grown.reason = choice.finish_reason or grown.reason

    def answer(self) -> dict[str, Any]:
        """The answer as far as it has come, as it would have been without a stream."""
        choices = [
            {"index": at, "message": grown.message(), "logprobs": None, "finish_reason": grown.reason}
            for at, grown in sorted(self._choices.items())
        ]
        return self._frame | {"choices": choices}
