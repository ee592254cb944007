"""Cut a byte stream into server-sent events, wherever its chunks happen to be cut.

Takes what providers send: CR, LF or CRLF, comments, a byte-order mark, data over several lines, no blank after the
colon. What is held back is bounded: one event may not exceed EVENT_BYTES.
"""

from typing import NamedTuple

EVENT_BYTES = 8 * 1024 * 1024

_BEGUN_BYTES = 4096
"""Of an event that is not complete, so much is held in one piece."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLarge(Exception):
    """One event passed the bound; nothing after it can be trusted to start at an event."""


class ServerSentEvent(NamedTuple):
    """One event: its `event:` field, and its `data:` lines joined by newlines."""

    name: bytes
    data: bytes


class SseParser:
    """Incremental: what `feed` returns over all calls does not depend on how the bytes were cut."""

    __slots__ = ("_after_return", "_begun", "_data", "_data_size", "_first", "_name", "_rest", "_rest_size")

    def __init__(self) -> None:
        self._begun = b""
        self._rest: list[bytes] = []
        self._data: list[bytes] = []
        self._name = b""
        self._rest_size = 0
        self._data_size = 0
        self._first = True
        self._after_return = False

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that this chunk completes.

        Raises:
            EventTooLarge: the event under way exceeds the bound.
        """
        begun, self._begun = self._begun, b""
        chunk = self._with_plain_newlines(begun + chunk)
        if b"\n" not in chunk:
            self._hold(chunk)
            return []
        lines = chunk.split(b"\n")
        if self._rest:
            lines[0] = b"".join((*self._rest, lines[0]))
            self._rest = []
            self._rest_size = 0
        last = lines.pop()
        events: list[ServerSentEvent] = []
        for line in lines:
            self._take(line, events)
        self._hold(last)
        return events

    def whole(self, chunk: bytes) -> bytes | None:
        """The events that are complete with this chunk, as they came; what follows them is held. None where events
        are put in another way than most do: `feed` takes those.
        """
        if self._rest or self._data or self._name:
            return None
        came = self._begun + chunk if self._begun else chunk
        end = came.rfind(b"\n\n")
        if b"\r" in came or (end < 0 and len(came) > _BEGUN_BYTES):
            return None
        if self._first or self._after_return:
            if not came.startswith((b"data:", b"event:")):
                return None
            self._first = self._after_return = False
        if end < 0:
            self._begun = came
            return b""
        self._begun = came[end + 2 :]
        return came[: end + 2]

    @property
    def between(self) -> bool:
        """What comes next begins an event."""
        return not (self._begun or self._rest or self._data or self._name or self._first or self._after_return)

    def read(self, block: bytes) -> ServerSentEvent | None:
        """The event of these lines, given without the blank one behind them; None where they hold no data."""
        if block.startswith(b"data: ") and b"\n" not in block:
            return ServerSentEvent(b"", block[6:])
        events: list[ServerSentEvent] = []
        for line in block.split(b"\n"):
            self._take(line, events)
        self._take(b"", events)
        return events[0] if events else None

    def flush(self) -> list[ServerSentEvent]:
        """The event that the end of the body completes: some servers leave out the last blank line."""
        return self.feed(b"\n\n")

    def _with_plain_newlines(self, chunk: bytes) -> bytes:
        if self._after_return and chunk:
            self._after_return = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_return = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._rest.append(piece)
            self._rest_size += len(piece)
        if self._rest_size + self._data_size > EVENT_BYTES:
            raise EventTooLarge

    def _take(self, line: bytes, events: list[ServerSentEvent]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if line.startswith(b"data:"):
            self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            self._data_size += len(line)
        elif not line:
            if self._data:
                data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                events.append(ServerSentEvent(self._name, data))
                self._data = []
                self._data_size = 0
            self._name = b""
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()
