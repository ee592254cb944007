"""Go on with a message stream that broke off: what its caller has of it, the events that follow, and how a model is
given the beginning of its answer.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from hotspare.dialects.anthropic_messages.assembly import MessageAssembly
from hotspare.dialects.anthropic_messages.stream_writer import MessageWriter
from hotspare.dialects.begun import Begun, both, in_whole_characters
from hotspare.dialects.sse import ServerSentEvent
from hotspare.dialects.stream import Told
from hotspare.router.trigger import Usage

_MAY_HAVE_COME = frozenset({"text", "thinking", "redacted_thinking"})
_FREE_CHOICES = ("auto", "none")

_encode = msgspec.json.Encoder().encode


class MessageBeginning(MessageAssembly):
    """All that has gone out. Feed it to this, then ask."""

    __slots__ = ()

    def begun(self) -> Begun | None:
        """What there is to go on with; None where it is nothing, or more than text."""
        message = self.answer()
        blocks: list[dict[str, Any]] = message["content"]
        kinds = [block.get("type") for block in blocks]
        if message["stop_reason"] or not _MAY_HAVE_COME.issuperset(kinds) or kinds[-1:] != ["text"]:
            return None
        text = "".join(str(block.get("text") or "") for block in blocks if block["type"] == "text")
        return Begun(text, blocks=len(blocks), open=self.open) if in_whole_characters(text) else None


class MessageContinuation(MessageWriter):
    """Writes the events that follow. Usage is that of all attempts."""

    __slots__ = ("_before",)

    def __init__(self, begun: Begun) -> None:
        super().__init__(thinks=False)
        self._begun = True
        self._blocks = begun.blocks
        self._open = "text" if begun.open else None
        self._before = begun.usage

    def write(self, told: Told, event: ServerSentEvent, usage: Usage | None) -> bytes:
        """What the event says, in events (`stream.EventWriter`)."""
        return super().write(told, event, both(self._before, usage))


def prefilled(body: bytes, text: str) -> bytes | None:
    """A request with the beginning of its answer, which its model goes on with; None where there must be none: beside
    thinking, a tool that has to be called, or a beginning of the caller's own.

    Blanks at its end are refused, so they are left out: the model says them again.
    """
    fields: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    messages: list[msgspec.Raw] = msgspec.json.decode(fields["messages"], type=list[msgspec.Raw])
    last: Any = msgspec.json.decode(messages[-1]) if messages else {}
    thinks = _kind(fields, "thinking", "disabled") != "disabled"
    bound = thinks or _kind(fields, "tool_choice", "auto") not in _FREE_CHOICES
    if bound or last.get("role") != "user" or not text.strip():
        return None
    messages.append(msgspec.Raw(_encode({"role": "assistant", "content": text.rstrip()})))
    return _encode(fields | {"messages": messages})


def _kind(fields: Mapping[str, msgspec.Raw], name: str, otherwise: str) -> str:
    told = msgspec.json.decode(fields[name]) if name in fields else None
    return str(told.get("type", otherwise)) if isinstance(told, dict) else otherwise
