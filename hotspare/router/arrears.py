"""Records that are not in a figure yet, because nobody has looked at it since: many folded at once cost half of what
they cost one by one between other work.
"""

from collections.abc import Callable, Sequence

from hotspare.router.record import Record

MOST = 100
"""So many are folded without anybody looking: half a millisecond's work."""


class Arrears:
    """See the module. `fold` takes Records in, in the order they came."""

    __slots__ = ("_fold", "_records")

    def __init__(self, fold: Callable[[Sequence[Record]], None]) -> None:
        self._fold = fold
        self._records: list[Record] = []

    def add(self, record: Record) -> None:
        """One more."""
        self._records.append(record)
        if len(self._records) >= MOST:
            self.settle()

    def settle(self) -> None:
        """Fold all that are left; to be called before anybody looks."""
        if self._records:
            records, self._records = self._records, []
            self._fold(records)
