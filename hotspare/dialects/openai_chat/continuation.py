"""Go on with a chat completion stream that broke off: what its caller has of it, and the chunks that follow."""

from typing import Any

from hotspare.dialects.begun import Begun, both, in_whole_characters
from hotspare.dialects.openai_chat.answer import TAIL, write_usage
from hotspare.dialects.openai_chat.assembly import ChunkAssembly
from hotspare.dialects.openai_chat.stream_writer import ChunkWriter
from hotspare.dialects.sse import ServerSentEvent
from hotspare.dialects.stream import Told
from hotspare.router.trigger import Usage

_MAY_HAVE_COME = frozenset({"role", "content", "reasoning_content", "reasoning"})


class ChunkBeginning(ChunkAssembly):
    """All that has gone out. Feed it to this, then ask."""

    __slots__ = ()

    def begun(self) -> Begun | None:
        """What there is to go on with; None where it is nothing, or more than text."""
        answer = self.answer()
        choices: list[dict[str, Any]] = answer["choices"]
        if len(choices) != 1 or choices[0]["index"] != 0 or choices[0]["finish_reason"]:
            return None
        message: dict[str, Any] = choices[0]["message"]
        text = message["content"] or ""
        if message.keys() - _MAY_HAVE_COME or not in_whole_characters(text):
            return None
        created = answer["created"]
        return Begun(
            text,
            id=str(answer["id"] or ""),
            model=str(answer["model"] or ""),
            created=created if isinstance(created, int) else 0,
        )


class ChunkContinuation(ChunkWriter):
    """Writes the chunks that follow. Usage, where the caller asked for it, is that of all attempts, and told once."""

    __slots__ = ("_before", "_usage")

    def __init__(self, begun: Begun, *, wants_usage: bool) -> None:
        super().__init__(created=begun.created, wants_usage=wants_usage)
        self.begin(begun.id, begun.model)
        self._begun = True
        self._before = begun.usage
        self._usage: Usage | None = None

    def write(self, told: Told, event: ServerSentEvent, usage: Usage | None) -> bytes:
        """What the event says, in chunks (`stream.EventWriter`)."""
        self._usage = usage
        return super().write(told, event, None)

    @property
    def tail(self) -> bytes:
        """What ends the stream: the usage comes last, whenever a model tells it."""
        usage = both(self._before, self._usage)
        if not self._wants_usage or usage is None:
            return TAIL
        return self._chunk([], usage=write_usage(usage)) + TAIL
