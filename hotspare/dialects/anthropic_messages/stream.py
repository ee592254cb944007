"""Read the events of a message stream, relay them, or tell their content to the writer of another dialect."""

from collections.abc import Callable, Mapping

import msgspec

from hotspare.dialects.anthropic_messages.answer import STOPS, read_usage
from hotspare.dialects.provider_error import failure_of, read_error
from hotspare.dialects.sse import ServerSentEvent
from hotspare.dialects.stream import Piece, StopReason, Told
from hotspare.router.trigger import Usage

TAIL = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

_SAYS_NOTHING_YET = frozenset({"", "text", "thinking"})
"""Blocks whose beginning is no content: it comes with their deltas."""


class _Message(msgspec.Struct):
    id: str = ""
    model: str = ""
    usage: msgspec.Raw = msgspec.Raw()


class _Part(msgspec.Struct):
    """A block at its beginning, or a delta of one."""

    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw()
    stop_reason: str | None = None

    def something(self) -> bool:
        """Whether it is content."""
        return bool(self.text or self.thinking or self.partial_json)


class _Event(msgspec.Struct):
    type: str = ""
    message: _Message | None = None
    delta: _Part | None = None
    content_block: _Part | None = None
    usage: msgspec.Raw = msgspec.Raw()


_EVENT = msgspec.json.Decoder(_Event)


class MessageReader:
    """Reads message_start … message_stop, as far as it must be judged. Types that are not known say nothing."""

    __slots__ = ("stop", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.stop: StopReason | None = None

    def read(self, event: ServerSentEvent) -> Told:
        """What an event says (`stream.EventReader`)."""
        data = event.data
        if not data.isascii():
            data.decode()
        decoded = _EVENT.decode(data)
        if decoded.type == "error" or event.name == b"error":
            raise failure_of(read_error(data))
        said = _WHAT.get(decoded.type)
        if said is None:
            return Told()
        told = said(self, decoded)
        told.says = told.content
        return told

    def _start(self, event: _Event) -> Told:
        if event.message is not None:
            self.usage = read_usage(event.message.usage, self.usage, begun=True)
        return Told()

    def _block(self, event: _Event) -> Told:
        block = event.content_block
        return Told(content=block is not None and (block.type not in _SAYS_NOTHING_YET or block.something()))

    def _delta(self, event: _Event) -> Told:
        return Told(content=event.delta is not None and event.delta.something())

    def _message_delta(self, event: _Event) -> Told:
        self.usage = read_usage(event.usage, self.usage)
        if event.delta is None or not event.delta.stop_reason:
            return Told()
        self.stop = STOPS.get(event.delta.stop_reason, "stop")
        return Told(stop=self.stop)

    def _end(self, _event: _Event) -> Told:
        return Told(end=True)


_WHAT: Mapping[str, Callable[[MessageReader, _Event], Told]] = {
    "message_start": lambda reader, event: reader._start(event),  # noqa: SLF001 -- the class's own table
    "content_block_start": lambda reader, event: reader._block(event),  # noqa: SLF001 -- as above
    "content_block_delta": lambda reader, event: reader._delta(event),  # noqa: SLF001 -- as above
    "message_delta": lambda reader, event: reader._message_delta(event),  # noqa: SLF001 -- as above
    "message_stop": lambda reader, event: reader._end(event),  # noqa: SLF001 -- as above
}


class MessageTeller(MessageReader):
    """Reads the same, and tells its content. `begun` is called once, with the answer's id and model."""

    __slots__ = ("_begun", "_calls")

    def __init__(self, begun: Callable[[str, str], None]) -> None:
        super().__init__()
        self._begun = begun
        self._calls = 0

    def _start(self, event: _Event) -> Told:
        if event.message is not None:
            self._begun(event.message.id, event.message.model)
        return super()._start(event)

    def _block(self, event: _Event) -> Told:
        block = event.content_block
        if block is None or block.type != "tool_use":
            return _content(block)
        self._calls += 1
        given = bytes(block.input).strip()
        whole = "" if given in (b"", b"{}", b"null") else given.decode()
        piece = Piece("call", whole, self._calls - 1, block.id or f"call_{self._calls}", block.name)
        return Told(content=True, pieces=(piece,))

    def _delta(self, event: _Event) -> Told:
        if event.delta is not None and event.delta.type == "input_json_delta":
            fragment = event.delta.partial_json
            pieces = (Piece("call", fragment, self._calls - 1),) if fragment and self._calls else ()
            return Told(content=bool(pieces), pieces=pieces)
        return _content(event.delta)


def _content(part: _Part | None) -> Told:
    if part is None or not (part.text or part.thinking):
        return Told()
    piece = Piece("text", part.text) if part.text else Piece("reasoning", part.thinking)
    return Told(content=True, pieces=(piece,))


class MessageRelay:
    """Hands the model's own events on, their data byte for byte."""

    __slots__ = ("tail",)

    def __init__(self) -> None:
        self.tail = TAIL

    def write(self, told: Told, event: ServerSentEvent, _usage: Usage | None) -> bytes:
        """The same event, well formed (`stream.EventWriter`). The last one is the tail."""
        data = event.data
        if b"\n" in data:  # between tokens: inside a string the event would have been malformed
            data = data.replace(b"\n", b" ")
        written = b"event: " + (event.name or _name_of(data)) + b"\ndata: " + data + b"\n\n"
        if told.end:
            self.tail = written
            return b""
        return written


def _name_of(data: bytes) -> bytes:
    """The event's name, where a server left its line out: clients of this dialect go by it."""
    name = _EVENT.decode(data).type
    return name.encode() if name.isidentifier() else b"message"
