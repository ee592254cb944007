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
    fresh: dict[Row, int] = field(default_factory=dict)

    async def learn(self, connection: aiosqlite.Connection, values: Iterable[Row]) -> None:
        """Look the numbers of all values up, and add those that have none."""
        for value in values:
            if value not in self.known and value not in self.fresh:
                self.fresh[value] = await self._number(connection, self.row_of(value))

    async def _number(self, connection: aiosqlite.Connection, row: Row) -> int:
        same = " AND ".join(f"{column} = ?" for column in self.columns)
        found = list(await connection.execute_fetchall(f"SELECT number FROM {self.table} WHERE {same}", row))
        if not found:
            found = list(
                await connection.execute_fetchall(f"{insert_into(self.table, self.columns)} RETURNING number", row)
            )
        return int(found[0][0])

    def __getitem__(self, value: Row) -> int:
        number = self.known.get(value)
        return self.fresh[value] if number is None else number

    def forget(self) -> None:
        """Look everything up again."""
        self.known.clear()
        self.given.clear()

    def settle(self, *, committed: bool) -> None:
        """The transaction is over."""
        if committed:
            if len(self.known) > _REMEMBERED:
                self.forget()
            self.known.update(self.fresh)
            self.given.update(self.fresh.values())
        self.fresh.clear()


class Inserter:
    """What puts Records into one database, or into the one that is attached to it as `schema`."""

    def __init__(self, schema: str = "main") -> None:
        self._schema = schema
        self._data_version = 0
        self.forget()

    def forget(self) -> None:
        """Learn all numbers anew: it may be another file, or rows were taken away."""
        self._routes = Numbers(f"{self._schema}.routes", ROUTE_COLUMNS, route_row)
        self._calls = Numbers(f"{self._schema}.calls", CALL_COLUMNS)
        self._sessions = Numbers(f"{self._schema}.session_names", ("name",))

    def let_go(self, gone: Gone) -> None:
        """Some of what it knows is no more."""
        for numbers, taken in ((self._routes, gone.routes), (self._sessions, gone.sessions)):
            if not numbers.given.isdisjoint(taken):
                numbers.forget()

    def settle(self, *, committed: bool) -> None:
        """The transaction is over."""
        for numbers in (self._routes, self._calls, self._sessions):
            numbers.settle(committed=committed)

    async def insert(self, connection: aiosqlite.Connection, records: Sequence[Record]) -> tuple[int, list[Record]]:
        """Add those that are not there yet; the number of the first of them, and those.

        Raises:
            sqlite3.Error, ValueError, OverflowError: a Record holds a value that no table takes.
        """
        await self._look_for_others(connection)
        fresh = await _not_there(connection, records)
        [row] = await connection.execute_fetchall(_LAST)
        first = int(row[0]) + 1
        requests: list[Row] = []
        attempts: list[Row] = []
        for begin in range(0, len(fresh), _SLICE):
            some = fresh[begin : begin + _SLICE]
            routes = [route_of(record) for record in some]
            calls = [[call_of(attempt) for attempt in record.attempts] for record in some]
            await self._learn(connection, some, routes, calls)
            for number, (record, route, own) in enumerate(zip(some, routes, calls, strict=True), first + begin):
                session = None if record.session is None else self._sessions[(record.session,)]
                requests.append(request_row(record, number, self._routes[route], session))
                for attempt, call in zip(record.attempts, own, strict=True):
                    attempts.append(attempt_row(attempt, number, self._calls[call]))
            await asyncio.sleep(0)
        await connection.executemany(insert_into(f"{self._schema}.stored_requests", REQUEST_COLUMNS), requests)
        await connection.executemany(insert_into(f"{self._schema}.stored_attempts", ATTEMPT_COLUMNS), attempts)
        return first, fresh

    async def _look_for_others(self, connection: aiosqlite.Connection) -> None:
        """Another process may have taken rows away."""
        [row] = await connection.execute_fetchall("PRAGMA data_version")
        if row[0] != self._data_version:
            self._data_version = row[0]
            self.forget()

    async def _learn(
        self,
        connection: aiosqlite.Connection,
        records: Sequence[Record],
        routes: Iterable[Row],
        calls: Iterable[Iterable[Row]],
    ) -> None:
        await self._routes.learn(connection, routes)
        await self._calls.learn(connection, (call for own in calls for call in own))
        named = (record.session for record in records)
        await self._sessions.learn(connection, ((session,) for session in named if session is not None))


async def _not_there(connection: aiosqlite.Connection, records: Sequence[Record]) -> list[Record]:
    """The Records without those that the database has, and each once."""
    by_id = {record.id: record for record in reversed(records)}
    ids = msgspec.json.encode(list(by_id)).decode()
    rows = await connection.execute_fetchall(_KNOWN_IDS, (ids,))
    for row in rows:
        del by_id[row[0]]
    return list(reversed(by_id.values()))
