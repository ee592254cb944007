"""How long a stream may say nothing: a while between two events, and a longer one in events without a word.

Pings are signs of life while a model makes a long call, and no more: whoever sends them for ever says nothing for ever.
"""

from collections.abc import Callable

WORDLESS_SILENCES = 10
"""So many times the bound between two events may pass without an event that says something."""


class Silence:
    """The bounds in one stream. Only waiting counts.

    Args:
        seconds: between two events.
        monotonic: seconds.
    """

    __slots__ = ("_left_seconds", "_monotonic", "_said_bytes", "_seconds", "_since")

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._said_bytes = 0
        self._since = 0.0
        self._left_seconds = seconds * WORDLESS_SILENCES

    def due(self) -> float:
        """A wait begins now: until when the next event is awaited (monotonic seconds)."""
        self._since = now = self._monotonic()
        return now + min(self._seconds, self._left_seconds)

    def heard(self, said_bytes: int) -> None:
        """The wait is over. `said_bytes`: the text that has come in this stream so far."""
        if said_bytes != self._said_bytes:
            self._said_bytes = said_bytes
            self._left_seconds = self._seconds * WORDLESS_SILENCES
        else:
            self._left_seconds -= self._monotonic() - self._since

    def due_after(self, said_bytes: int) -> float:
        """As `heard` and then `due`, at a stroke."""
        now, since = self._monotonic(), self._since
        self._since = now
        if said_bytes != self._said_bytes:
            self._said_bytes = said_bytes
            self._left_seconds = self._seconds * WORDLESS_SILENCES
        else:
            self._left_seconds -= now - since
        return now + min(self._seconds, self._left_seconds)

    @property
    def words(self) -> str:
        """What there was none of, and for how long, where the bound has passed."""
        if self._left_seconds < self._seconds:
            return f"not a word for {self._seconds * WORDLESS_SILENCES:.1f} s"
        return f"nothing for {self._seconds:.1f} s"
