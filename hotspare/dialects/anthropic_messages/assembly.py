"""Put the events of a message stream together to the message that they tell."""

from typing import Any

import msgspec

from hotspare.dialects.sse import SseParser


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    partial_json: str = ""
    stop_reason: str | None = None
    stop_sequence: str | None = None


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: dict[str, Any] | None = None
    content_block: dict[str, Any] | None = None
    delta: _Delta | None = None
    usage: dict[str, Any] | None = None


_EVENT = msgspec.json.Decoder(_Event)
_GROWS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


class MessageAssembly:
    """One stream. Feed it all of its bytes.

    Attributes:
        open: the block that began last has not ended.
    """

    __slots__ = ("_blocks", "_grown", "_message", "_parser", "open")

    def __init__(self) -> None:
        self._parser = SseParser()
        self._message: dict[str, Any] = {"type": "message", "role": "assistant", "stop_reason": None}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._grown: dict[tuple[int, str], list[str]] = {}
        self.open = False

    def feed(self, data: bytes) -> None:
        """Take a part of the stream.

        Raises:
            ValueError: it is not what it should be.
            EventTooLarge: it is out of all bounds.
        """
        for event in self._parser.feed(data):
            if event.data.startswith(b"{"):
                self._take(_EVENT.decode(event.data))

    def _take(self, event: _Event) -> None:
        match event:
            case _Event(type="message_start", message=dict(message)):
                self._message |= message
            case _Event(type="content_block_start", content_block=dict(block)):
                self._blocks[event.index] = block
                self.open = True
            case _Event(type="content_block_stop"):
                self.open = False
            case _Event(type="content_block_delta", delta=_Delta() as delta):
                self._grow(event.index, delta)
            case _Event(type="message_delta", delta=_Delta() as delta):
                self._message["stop_reason"] = delta.stop_reason or self._message["stop_reason"]
                self._message["stop_sequence"] = delta.stop_sequence
                self._message["usage"] = (self._message.get("usage") or {}) | (event.usage or {})
            case _:
                pass

    def _grow(self, at: int, delta: _Delta) -> None:
        name = "input" if delta.type == "input_json_delta" else _GROWS.get(delta.type)
        if name is not None:
            told = delta.partial_json if name == "input" else getattr(delta, name)
            self._grown.setdefault((at, name), []).append(told)

    def answer(self) -> dict[str, Any]:
        """The message as far as it has come, as it would have been without a stream. What a tool is given stays text
        where it is no JSON.
        """
        blocks = {at: dict(block) for at, block in self._blocks.items()}
        for (at, name), pieces in self._grown.items():
            block, whole = blocks.setdefault(at, {"type": "text", "text": ""}), "".join(pieces)
            block[name] = _input(whole, block) if name == "input" else _begun(block, name) + whole
        return self._message | {"content": [block for _, block in sorted(blocks.items())]}


def _begun(block: dict[str, Any], name: str) -> str:
    begun = block.get(name)
    return begun if isinstance(begun, str) else ""


def _input(text: str, block: dict[str, Any]) -> Any:
    if not text.strip():
        return block.get("input") or {}
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
