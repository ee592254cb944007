"""Keep the roll-ups where the rows are: each row in them exactly once, whoever wrote it and whoever died meanwhile.

The table `rolled_up` holds the number of the last row that is in them, and moves in the same transaction as they do.
What this process inserted is summed up in memory as it goes by; where others inserted too, or an earlier process did,
the rows are read.
"""

from collections.abc import Sequence

import aiosqlite

from hotspare.router.clock import Clock
from hotspare.store.database import Database
from hotspare.store.restore import read_arrived
from hotspare.store.routes import Routes, Taken
from hotspare.store.source import FromConnection
from hotspare.store.sums import Sums

EVERY_SECONDS = 5.0
READ_AT_ONCE = 5_000
"""So many rows that are to be read are rolled up in one transaction."""

_PLACE = "SELECT number, coalesce((SELECT max(number) FROM stored_requests), 0) AS last FROM rolled_up"
_MOVE = "UPDATE rolled_up SET number = ?"


class RollUp:
    """What is to be added to the roll-ups of one database."""

    def __init__(self, clock: Clock, routes: Routes) -> None:
        self._clock = clock
        self._routes = routes
        self._written_at = clock.monotonic()
        self._begin_at(1)

    def _begin_at(self, number: int) -> None:
        self._sums = Sums()
        self._first = self._next = number

    @property
    def is_due(self) -> bool:
        """It has gone long enough."""
        return self._clock.monotonic() - self._written_at >= EVERY_SECONDS

    def add(self, first: int, records: Sequence[Taken]) -> None:
        """Take up what was inserted under the numbers from `first` on. Where that does not follow on what was taken up
        before, since others inserted in between, it begins anew.
        """
        if first != self._next:
            self._begin_at(first)
        self._sums.add(records)
        self._next = first + len(records)

    def forget(self) -> None:
        """What was taken up may not be there: its transaction failed, or it is another file."""
        self._begin_at(0)

    async def is_behind(self, database: Database) -> bool:
        """Whether there are rows that are in no roll-up."""
        [row] = await database.fetch(_PLACE)
        return bool(row["number"] < row["last"])

    async def write(self, connection: aiosqlite.Connection) -> None:
        """Bring the roll-ups to the last row, or as far as one transaction should go, in the caller's transaction."""
        [(number, last)] = await connection.execute_fetchall(_PLACE)
        self._written_at = self._clock.monotonic()
        if number >= last:
            return
        if (self._first, self._next) != (number + 1, last + 1):
            last = await self._read(connection, number)
        await self._sums.write(connection)
        await connection.execute_fetchall(_MOVE, (last,))
        self._begin_at(last + 1)

    async def _read(self, connection: aiosqlite.Connection, number: int) -> int:
        """Sum up the rows after that number; the number of the last of them."""
        self._begin_at(number + 1)
        read = 0
        async for last, records in read_arrived(FromConnection(connection), number):
            number = last
            self._sums.add([self._routes.take(record) for record in records])
            read += len(records)
            if read >= READ_AT_ONCE:
                break
        return number
