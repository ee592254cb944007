"""Where Records come in: into the spool where there is room, else into a bounded queue in memory, else counted as lost.

On the request path: nothing here waits or raises.
"""

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hotspare.router.record import Record
from hotspare.store.entry import Memory, encode_memory, encode_record, storable
from hotspare.store.folders import make_private
from hotspare.store.routes import Routes, Taken
from hotspare.store.spool import Spool

HELD_RECORDS = 20_000
"""About 60 MB of Records that have no place on disk."""

MANY_RECORDS = 1500
"""So many are moved before it is time: fewer than the spool remembers, so that they need not be read from it."""


class Intake:
    """What was handed in and is not in the database.

    Attributes:
        routes: of the Records that came in of late.
        spool: None where none can be opened.
        held: Records for which the spool had no room.
        held_memory: likewise, the router's latest memory.
        unlogged: Records whose line is not in the log yet.
        dropped: Records that are lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wake: Callable[[], None] = _tell_nobody
        self._hurry: Callable[[], None] = _tell_nobody
        self._last_memory = b""
        self._memory: Mapping[str, Any] | None = None
        self.routes = Routes()
        self.spool: Spool | None = None
        self.held: deque[Taken] = deque()
        self.held_memory: Mapping[str, Any] | None = None
        self.unlogged: deque[Taken] = deque(maxlen=HELD_RECORDS)
        self.dropped = 0
        self.closed = False

    def listen(self, wake: Callable[[], None], hurry: Callable[[], None]) -> None:
        """Be told that there is something, and that it is much."""
        self._wake, self._hurry = wake, hurry

    def open(self) -> None:
        """Open the spool if it is not.

        Raises:
            OSError: it cannot be.
        """
        if self.spool is None:
            make_private(self._path.parent)
            self.spool = Spool(self._path)

    def sync(self) -> None:
        """Bring what is in the spool to the disk.

        Raises:
            OSError: the disk failed.
        """
        if self.spool is not None:
            self.spool.sync()

    def append(self, record: Record) -> None:
        """Keep one Record."""
        try:
            taken = self.routes.take(record)
            line = encode_record(taken)
        except (ValueError, OverflowError):
            taken = self.routes.take(storable(record))
            line = encode_record(taken)
        spool = self.spool
        if spool is None or not spool.append(line, taken):
            self._hold(taken)
        self.unlogged.append(taken)
        if len(self.unlogged) == MANY_RECORDS:
            self._hurry()
        self._wake()

    def remember(self, memory: Mapping[str, Any]) -> None:
        """Keep the router's memory, if it is another than the last."""
        kept = Memory(dict(memory))
        line = encode_memory(kept)
        if line == self._last_memory or self.closed:
            return
        self._last_memory = line
        self._memory = kept.memory
        spooled = self.spool is not None and self.spool.append(line, kept)
        self.held_memory = None if spooled else kept.memory
        self._wake()

    def remember_again(self) -> None:
        """There is a new database, which knows nothing of the router's memory."""
        self.held_memory = self.held_memory or self._memory

    def _hold(self, taken: Taken) -> None:
        if self.closed or len(self.held) >= HELD_RECORDS:
            self.dropped += 1
        else:
            self.held.append(taken)

    def close(self) -> None:
        """What is still only in memory is lost; what is in the spool goes in at the next start."""
        self.closed = True
        self.dropped += len(self.held)
        self.held.clear()
        if self.spool is not None:
            self.spool.close()
            self.spool = None


def _tell_nobody() -> None:
    pass
