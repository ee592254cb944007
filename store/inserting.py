"""Put Records into the tables: each once, whatever comes twice, in the order of their arrival.

All of it happens in one transaction of the caller's. What was learned of numbers counts only once that is committed.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import aiosqlite
import msgspec

from hotspare.router.record import Record
from hotspare.store.retention import Gone
from hotspare.store.rows import (
    ATTEMPT_COLUMNS,
    CALL_COLUMNS,
    REQUEST_COLUMNS,
    ROUTE_COLUMNS,
    Row,
    attempt_row,
    call_of,
    insert_into,
    request_row,
    route_of,
    route_row,
)

_REMEMBERED = 50_000
_SLICE = 50
"""So many Records are made rows of before requests get their turn."""

_KNOWN_IDS = "SELECT id FROM stored_requests WHERE id IN (SELECT value FROM json_each(?))"
_LAST = """
SELECT max(coalesce((SELECT max(number) FROM stored_requests), 0), coalesce((SELECT number FROM rolled_up), 0))
"""


@dataclass(slots=True)
class Numbers:
    """The numbers of the rows of one small table, each row by the value it was made of."""

    table: str
    columns: Sequence[str]
    row_of: Callable[[Row], Row] = tuple
    known: dict[Row, int] = field(default_factory=dict)
    given: set[int] = field(default_factory=set)
    fresh: list[Row] = field(default_factory=list)
    """What was learned in the transaction that is under way."""

    async def learn(self, connection: aiosqlite.Connection, value: Row) -> int:
        """The number of a value that is not known; it is added if it has none."""
        row = self.row_of(value)
        same = " AND ".join(f"{column} = ?" for column in self.columns)
        found = list(await connection.execute_fetchall(f"SELECT number FROM {self.table} WHERE {same}", row))
        if not found:
            found = list(
                await connection.execute_fetchall(f"{insert_into(self.table, self.columns)} RETURNING number", row)
            )
        number = self.known[value] = int(found[0][0])
        self.fresh.append(value)
        return number

    def forget(self) -> None:
        """Look everything up again."""
        self.known.clear()
        self.given.clear()
        self.fresh.clear()

    def settle(self, *, committed: bool) -> None:
        """The transaction is over."""
        if committed:
            self.given.update(self.known[value] for value in self.fresh)
        else:
            for value in self.fresh:
                del self.known[value]
        self.fresh.clear()
        if len(self.known) > _REMEMBERED:
            self.forget()


class Inserter:
    """What puts Records into one database, or into the one that is attached to it as `schema`."""

    def __init__(self, schema: str = "main") -> None:
        self._requests = insert_into(f"{schema}.stored_requests", REQUEST_COLUMNS)
        self._attempts = insert_into(f"{schema}.stored_attempts", ATTEMPT_COLUMNS)
        self._routes = Numbers(f"{schema}.routes", ROUTE_COLUMNS, route_row)
        self._calls = Numbers(f"{schema}.calls", CALL_COLUMNS)
        self._sessions = Numbers(f"{schema}.session_names", ("name",))
        self._data_version = 0

    def forget(self) -> None:
        """Learn all numbers anew: it may be another file, or rows were taken away."""
        for numbers in (self._routes, self._calls, self._sessions):
            numbers.forget()

    def let_go(self, gone: Gone) -> None:
        """Some of what it knows is no more."""
        for numbers, taken in ((self._routes, gone.routes), (self._sessions, gone.sessions)):
            if not numbers.given.isdisjoint(taken):
                numbers.forget()

    def settle(self, *, committed: bool) -> None:
        """The transaction is over."""
        for numbers in (self._routes, self._calls, self._sessions):
            numbers.settle(committed=committed)

    async def insert_missing(
        self, connection: aiosqlite.Connection, records: Sequence[Record]
    ) -> tuple[int, list[Record]]:
        """Add those that are not there yet; the number of the first of them, and those.

        Raises:
            sqlite3.Error, ValueError, OverflowError: a Record holds a value that no table takes.
        """
        fresh = await _not_there(connection, records)
        return await self.insert(connection, fresh), fresh

    async def insert(self, connection: aiosqlite.Connection, records: Sequence[Record]) -> int:
        """Add all; the number of the first of them.

        Raises:
            sqlite3.IntegrityError: one of them is there already, or comes twice.
            sqlite3.Error, ValueError, OverflowError: a Record holds a value that no table takes.
        """
        await self._look_for_others(connection)
        [row] = await connection.execute_fetchall(_LAST)
        first = int(row[0]) + 1
        requests: list[Row] = []
        attempts: list[Row] = []
        for begin in range(0, len(records), _SLICE):
            await self._make_rows(connection, first + begin, records[begin : begin + _SLICE], requests, attempts)
            await asyncio.sleep(0)
        await connection.executemany(self._requests, requests)
        await connection.executemany(self._attempts, attempts)
        return first

    async def _make_rows(
        self,
        connection: aiosqlite.Connection,
        number: int,
        records: Iterable[Record],
        requests: list[Row],
        attempts: list[Row],
    ) -> None:
        """The rows of some Records, from that number on, are added to those there are."""
        routes, calls, sessions = self._routes.known, self._calls.known, self._sessions.known
        for record in records:
            key = route_of(record)
            route = routes.get(key) or await self._routes.learn(connection, key)
            session = None
            if record.session is not None:
                name = (record.session,)
                session = sessions.get(name) or await self._sessions.learn(connection, name)
            requests.append(request_row(record, number, route, session))
            for attempt in record.attempts:
                key = call_of(attempt)
                call = calls.get(key) or await self._calls.learn(connection, key)
                attempts.append(attempt_row(attempt, number, call))
            number += 1

    async def _look_for_others(self, connection: aiosqlite.Connection) -> None:
        """Another process may have taken rows away."""
        [row] = await connection.execute_fetchall("PRAGMA data_version")
        if row[0] != self._data_version:
            self._data_version = row[0]
            self.forget()


async def _not_there(connection: aiosqlite.Connection, records: Sequence[Record]) -> list[Record]:
    """The Records without those that the database has, and each once."""
    by_id = {record.id: record for record in reversed(records)}
    ids = msgspec.json.encode(list(by_id)).decode()
    rows = await connection.execute_fetchall(_KNOWN_IDS, (ids,))
    for row in rows:
        del by_id[row[0]]
    return list(reversed(by_id.values()))
