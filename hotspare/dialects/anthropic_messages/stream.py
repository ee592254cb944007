"""Read the events of a message stream."""

from collections.abc import Callable, Mapping

import msgspec

from hotspare.dialects.anthropic_messages.answer import STOPS, read_usage
from hotspare.dialects.provider_error import failure_of, read_error
from hotspare.dialects.sse import ServerSentEvent
from hotspare.dialects.stream import StopReason, Told
from hotspare.router.trigger import Usage


class _Message(msgspec.Struct):
    id: str = ""
    model: str = ""
    usage: msgspec.Raw = msgspec.Raw()


class _Delta(msgspec.Struct):
    text: str = ""
    thinking: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str = ""
    message: _Message | None = None
    delta: _Delta | None = None
    content_block: _Delta | None = None
    usage: msgspec.Raw = msgspec.Raw()


_EVENT = msgspec.json.Decoder(_Event)


class MessageReader:
    """Reads message_start … message_stop. `begun` is called once, with the answer's id and model."""

    __slots__ = ("_begun", "stop", "usage")

    def __init__(self, begun: Callable[[str, str], None]) -> None:
        self.usage: Usage | None = None
        self.stop: StopReason | None = None
        self._begun = begun

    def read(self, event: ServerSentEvent) -> Told:
        """What an event says (`stream.EventReader`). Types that are not known say nothing."""
        decoded = _EVENT.decode(event.data)
        if decoded.type == "error" or event.name == b"error":
            raise failure_of(read_error(event.data))
        said = _WHAT.get(decoded.type)
        return said(self, decoded) if said is not None else Told()

    def _start(self, event: _Event) -> Told:
        if event.message is not None:
            self._begun(event.message.id, event.message.model)
            self.usage = read_usage(event.message.usage, self.usage)
        return Told()

    def _block(self, event: _Event) -> Told:
        return _content(event.content_block)

    def _delta(self, event: _Event) -> Told:
        return _content(event.delta)

    def _message_delta(self, event: _Event) -> Told:
        self.usage = read_usage(event.usage, self.usage)
        if event.delta is None or not event.delta.stop_reason:
            return Told()
        self.stop = STOPS.get(event.delta.stop_reason, "stop")
        return Told(stop=self.stop)

    def _end(self, _event: _Event) -> Told:
        return Told(end=True)


def _content(delta: _Delta | None) -> Told:
    if delta is None or not (delta.text or delta.thinking):
        return Told()
    return Told(content=True, text=delta.text, reasoning=delta.thinking)


_WHAT: Mapping[str, Callable[[MessageReader, _Event], Told]] = {
    "message_start": MessageReader._start,  # noqa: SLF001 -- the class's own table
    "content_block_start": MessageReader._block,  # noqa: SLF001 -- as above
    "content_block_delta": MessageReader._delta,  # noqa: SLF001 -- as above
    "message_delta": MessageReader._message_delta,  # noqa: SLF001 -- as above
    "message_stop": MessageReader._end,  # noqa: SLF001 -- as above
}
