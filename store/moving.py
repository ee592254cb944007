"""Move what came in into the tables: Records each once, in the order they came, and the router's latest memory.

What is new is added without looking whether it is there: only where the database says so is it asked which are.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import aiosqlite
import msgspec

from hotspare.router.clock import Clock
from hotspare.router.record import Record
from hotspare.store.database import Database
from hotspare.store.entry import Memory, decode, storable
from hotspare.store.inserting import Inserter
from hotspare.store.intake import Intake
from hotspare.store.retention import Gone
from hotspare.store.rolling import RollUp
from hotspare.store.routes import Taken
from hotspare.store.spool import Portion

_BATCH_RECORDS = 250
_SLICE = 100
"""So many Records are summed up before requests get their turn …"""
_LINES = 50
"""… or lines decoded."""

_UNFIT = (ValueError, OverflowError, sqlite3.InterfaceError)
"""What a value raises that no table takes."""

_NEWEST = "SELECT coalesce(max(at), 0.0) AS at FROM stored_requests"
_REMEMBER = "INSERT OR REPLACE INTO memory (one, at, value) VALUES (1, ?, ?)"


class Mover:
    """See the module. Every method raises `sqlite3.Error` where the database does not do its part.

    Args:
        intake: where it comes from.
        database: where it goes.
        clock: for stamps.
        inherited: is told of Records that an earlier process left, before they are moved.
        damaged: is told how many lines were none.

    Attributes:
        dropped: Records that the database would not take.
        newest_at: when the latest request began that is stored; UTC epoch seconds.
    """

    def __init__(
        self,
        intake: Intake,
        database: Database,
        clock: Clock,
        *,
        inherited: Callable[[list[Taken]], None],
        damaged: Callable[[int], None],
    ) -> None:
        self._intake = intake
        self._database = database
        self._clock = clock
        self._inherited = inherited
        self._damaged = damaged
        self._inserter = Inserter()
        self._roll_up = RollUp(clock, intake.routes)
        self.dropped = 0
        self.newest_at = 0.0

    async def begin(self) -> None:
        """The database was opened: it may be another one."""
        self._inserter.forget()
        self._roll_up.forget()
        [row] = await self._database.fetch(_NEWEST)
        self.newest_at = row["at"]

    async def roll_up(self) -> None:
        """Bring the roll-ups to where the rows are, or nearer to it."""
        async with self._database.transaction() as connection:
            await self._roll_up.write(connection)

    async def is_behind(self) -> bool:
        """Whether there are rows that are in no roll-up yet."""
        return await self._roll_up.is_behind(self._database)

    def let_go(self, gone: Gone) -> None:
        """Some of what was stored is no more."""
        self._inserter.let_go(gone)

    # ------------------------------------------------------------------ from the spool, and from memory
    async def move(self) -> None:
        """All that there is, in the order it came."""
        spool = self._intake.spool
        while spool is not None and (portion := spool.portion()) is not None:
            await self._move_portion(portion)
            spool.committed(portion)
        await self._move_held()

    async def _move_portion(self, portion: Portion) -> None:
        records: list[Taken] = []
        memory: Mapping[str, Any] | None = None
        damaged = 0
        for position, known in enumerate(portion.entries, 1):
            entry = known
            if isinstance(known, bytes):
                entry = self._read(known)
                if not position % _LINES:
                    await asyncio.sleep(0)
            if isinstance(entry, tuple):
                records.append(entry)
            elif isinstance(entry, Memory):
                memory = entry.memory
            else:
                damaged += 1
        if portion.inherited:
            self._inherited(records)
        await self._insert(records, memory)
        if damaged:
            self._damaged(damaged)

    def _read(self, line: bytes) -> Taken | Memory | None:
        entry = decode(line)
        try:
            return self._intake.routes.take(entry) if isinstance(entry, Record) else entry
        except (ValueError, OverflowError):
            return None

    async def _move_held(self) -> None:
        held = self._intake.held
        while held:
            batch = list(islice(held, _BATCH_RECORDS))
            await self._insert(batch, None)
            for _ in batch:
                held.popleft()
        if (memory := self._intake.held_memory) is not None:
            await self._insert([], memory)
            if self._intake.held_memory is memory:
                self._intake.held_memory = None

    # ------------------------------------------------------------------ into the tables
    async def _insert(self, records: list[Taken], memory: Mapping[str, Any] | None) -> None:
        if not records and memory is None:
            return
        try:
            await self._commit(records, memory)
        except sqlite3.IntegrityError:
            await self._insert_missing(records, memory)
        except _UNFIT:
            await self._insert_one_by_one(records, memory)

    async def _insert_missing(self, records: list[Taken], memory: Mapping[str, Any] | None) -> None:
        """Some of them are there already: a process died, or a commit failed, after they were moved."""
        try:
            await self._commit(records, memory, missing=True)
        except (*_UNFIT, sqlite3.IntegrityError):
            await self._insert_one_by_one(records, memory)

    async def _insert_one_by_one(self, records: Iterable[Taken], memory: Mapping[str, Any] | None) -> None:
        """One of them holds a value that no table takes: it must not keep out the others."""
        for taken in records:
            try:
                await self._commit([self._intake.routes.take(storable(taken[0]))], None, missing=True)
            except (*_UNFIT, sqlite3.IntegrityError):
                self.dropped += 1
        await self._commit([], memory)

    async def _commit(
        self, records: Sequence[Taken], memory: Mapping[str, Any] | None, *, missing: bool = False
    ) -> None:
        """All of them, or, with `missing`, those that are not there yet."""
        committed = False
        try:
            async with self._database.transaction() as connection:
                if records:
                    await self._add(connection, records, missing=missing)
                if memory is not None:
                    text = msgspec.json.encode(memory).decode()
                    await connection.execute_fetchall(_REMEMBER, (self._clock.wall(), text))
            committed = True
        finally:
            self._inserter.settle(committed=committed)
            if not committed:
                self._roll_up.forget()

    async def _add(self, connection: aiosqlite.Connection, records: Sequence[Taken], *, missing: bool) -> None:
        self.newest_at = max(self.newest_at, *[taken[0].at for taken in records])
        if missing:
            first, records = await self._inserter.insert_missing(connection, records)
        else:
            first = await self._inserter.insert(connection, records)
        for begin in range(0, len(records), _SLICE):
            self._roll_up.add(first + begin, records[begin : begin + _SLICE])
            await asyncio.sleep(0)
        if self._roll_up.is_due:
            await self._roll_up.write(connection)
