"""Write the stream of a model of another dialect as chat.completion.chunk events."""

from typing import Any

import msgspec

from hotspare.dialects.openai_chat.answer import TAIL, write_usage
from hotspare.dialects.sse import ServerSentEvent
from hotspare.dialects.stream import Piece, Told
from hotspare.router.trigger import Usage

_encode = msgspec.json.Encoder().encode


class ChunkWriter:
    """One stream."""

    __slots__ = ("_begun", "_frame", "_wants_usage")

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
        out = b"".join(self._delta(_delta_of(piece)) for piece in told.pieces)
        if told.stop is not None:
            out += b"" if self._begun else self._delta({})
            out += self._chunk([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": told.stop}])
            if self._wants_usage and usage is not None:
                out += self._chunk([], usage=write_usage(usage))
        return out

    @property
    def tail(self) -> bytes:
        """What ends the stream."""
        return TAIL

    def _delta(self, delta: dict[str, Any]) -> bytes:
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", "content": ""} | delta
        return self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}])

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return b"data: " + _encode(self._frame | {"choices": choices} | more) + b"\n\n"


def _delta_of(piece: Piece) -> dict[str, Any]:
    if piece.kind == "text":
        return {"content": piece.text}
    if piece.kind == "reasoning":
        return {"reasoning_content": piece.text}
    call: dict[str, Any] = {"index": piece.call}
    if piece.id:
        call |= {"id": piece.id, "type": "function", "function": {"name": piece.name, "arguments": piece.text}}
    else:
        call["function"] = {"arguments": piece.text}
    return {"tool_calls": [call]}
