"""Write the stream of a model of another dialect, or a whole answer, as message_start … message_stop.

Text and reasoning blocks end where another block begins. Blocks of tool calls stay open to the end: other dialects may
come back to a call after the next one has begun.
"""

from typing import Any

import msgspec

from hotspare.dialects.anthropic_messages.answer import OUR_SIGNATURE, frame, stop_reason, write_usage
from hotspare.dialects.anthropic_messages.stream import TAIL
from hotspare.dialects.sse import ServerSentEvent
from hotspare.dialects.stream import Piece, PieceKind, StopReason, Told
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

_encode = msgspec.json.Encoder().encode


class MessageWriter:
    """One stream. `thinks`: the caller asked to see reasoning."""

    __slots__ = ("_begun", "_blocks", "_calls", "_id", "_model", "_open", "_stop", "_thinks", "_usage")

    def __init__(self, *, thinks: bool) -> None:
        self._id = ""
        self._model = ""
        self._thinks = thinks
        self._begun = False
        self._blocks = 0
        self._open: PieceKind | None = None
        self._calls: dict[int, int] = {}
        self._stop: StopReason = "stop"
        self._usage: Usage | None = None

    def begin(self, answer_id: str, model: str) -> None:
        """What the provider calls the answer, and itself."""
        self._id = answer_id
        self._model = model

    def write(self, told: Told, _event: ServerSentEvent, usage: Usage | None) -> bytes:
        """What the event says, in events (`stream.EventWriter`). How it ends is in the tail: usage is told last."""
        self._usage = usage
        out = b"".join(map(self._piece, told.pieces))
        if told.stop is not None:
            self._stop = told.stop
        if (told.content or told.stop is not None) and not self._begun:
            out = self._start() + out
        return out

    @property
    def tail(self) -> bytes:
        """Everything that is open is closed, then why and with how many tokens, then the end. Asked for once."""
        out = b"" if self._begun else self._start()
        out += self._close()
        out += b"".join(event({"type": "content_block_stop", "index": at}) for at in self._calls.values())
        delta = {"stop_reason": stop_reason(self._stop, called=bool(self._calls)), "stop_sequence": None}
        out += event({"type": "message_delta", "delta": delta, "usage": write_usage(self._usage or Usage())})
        return out + TAIL

    def _start(self) -> bytes:
        self._begun = True
        return event({"type": "message_start", "message": frame(self._id, self._model)})

    def _piece(self, piece: Piece) -> bytes:
        if piece.kind == "call":
            return self._call(piece)
        if piece.kind == "reasoning" and not self._thinks:
            return b""
        out = b"" if self._open == piece.kind else self._close() + self._block(piece.kind)
        if piece.kind == "text":
            return out + self._delta(self._blocks - 1, {"type": "text_delta", "text": piece.text})
        return out + self._delta(self._blocks - 1, {"type": "thinking_delta", "thinking": piece.text})

    def _block(self, kind: PieceKind) -> bytes:
        self._open = kind
        empty = {"type": "text", "text": ""} if kind == "text" else _EMPTY_THINKING
        return self._begin_block(empty)

    def _begin_block(self, block: dict[str, Any]) -> bytes:
        out = b"" if self._begun else self._start()
        self._blocks += 1
        return out + event({"type": "content_block_start", "index": self._blocks - 1, "content_block": block})

    def _call(self, piece: Piece) -> bytes:
        out = b""
        if piece.call not in self._calls:
            out = self._close()
            block = {"type": "tool_use", "id": piece.id, "name": piece.name, "input": {}}
            out += self._begin_block(block)
            self._calls[piece.call] = self._blocks - 1
        if piece.text:
            out += self._delta(self._calls[piece.call], {"type": "input_json_delta", "partial_json": piece.text})
        return out

    def _close(self) -> bytes:
        """End the block of text or reasoning that is open."""
        kind, self._open = self._open, None
        if kind is None:
            return b""
        at = self._blocks - 1
        signed = (
            self._delta(at, {"type": "signature_delta", "signature": OUR_SIGNATURE}) if kind == "reasoning" else b""
        )
        return signed + event({"type": "content_block_stop", "index": at})

    def _delta(self, at: int, delta: dict[str, Any]) -> bytes:
        return event({"type": "content_block_delta", "index": at, "delta": delta})


_SIGNATURE: dict[str, Any] = {"type": "signature_delta", "signature": OUR_SIGNATURE}
_EMPTY_THINKING: dict[str, Any] = {"type": "thinking", "thinking": "", "signature": ""}


def events_of_answer(body: bytes) -> bytes:
    """A whole message that was checked, as the stream that the caller asked for, without its tail."""
    try:
        message: dict[str, Any] = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):  # a number beyond every integer, a nest without end
        raise AttemptFailed(Trigger.malformed, "the answer holds what cannot be read", status=200) from None
    blocks: list[dict[str, Any]] = message["content"]
    usage = message.get("usage") or write_usage(Usage())
    ending = {"stop_reason": message.get("stop_reason"), "stop_sequence": message.get("stop_sequence")}
    start = message | {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    out = event({"type": "message_start", "message": start})
    out += b"".join(_events_of_block(at, block) for at, block in enumerate(blocks))
    return out + event({"type": "message_delta", "delta": ending, "usage": usage})


def _events_of_block(at: int, block: dict[str, Any]) -> bytes:
    """A block begins empty and is filled by deltas; of a type that has none, it begins whole."""
    kind = block.get("type")
    deltas: list[dict[str, Any]] = []
    begun = block
    if kind == "text":
        begun, deltas = block | {"text": ""}, [{"type": "text_delta", "text": block.get("text", "")}]
    elif kind == "thinking":
        begun = block | {"thinking": "", "signature": ""}
        deltas = [{"type": "thinking_delta", "thinking": block.get("thinking", "")}]
        deltas += [{"type": "signature_delta", "signature": block["signature"]}] if block.get("signature") else []
    elif kind in ("tool_use", "server_tool_use"):
        begun = block | {"input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": _encode(block.get("input", {})).decode()}]
    out = event({"type": "content_block_start", "index": at, "content_block": begun})
    for delta in deltas:
        out += event({"type": "content_block_delta", "index": at, "delta": delta})
    return out + event({"type": "content_block_stop", "index": at})


def event(value: dict[str, Any]) -> bytes:
    """An event of this dialect."""
    return b"event: %s\ndata: %s\n\n" % (value["type"].encode(), _encode(value))
