"""Put Records into the tables: each once, whatever comes twice, in the order of their arrival.

All of it happens in one transaction of the caller's. What was learned of numbers counts only once that is committed.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiosqlite
import msgspec

from hotspare.store.retention import Gone
from hotspare.store.routes import Route, Taken
from hotspare.store.rows import (
    ABSENT,
    APART_COLUMNS,
    ATTEMPT_COLUMNS,
    CALL_COLUMNS,
    OF_ATTEMPTS_ABSENT,
    OF_REQUESTS_ABSENT,
    REQUEST_COLUMNS,
    ROUTE_COLUMNS,
    Row,
    insert_into,
)

_REMEMBERED = 50_000
_SLICE = 100
"""So many Records are made rows of before requests get their turn."""
_ROWS = 10
"""So many rows are added by one statement: the interpreter's lock is let go and fought for that much less often."""

_NAMES = 100
"""So many sessions are looked up at once."""

_KNOWN_IDS = "SELECT id FROM stored_requests WHERE id IN (SELECT value FROM json_each(?))"
_LAST = """
SELECT max(coalesce((SELECT max(number) FROM stored_requests), 0), coalesce((SELECT number FROM rolled_up), 0))
"""


@dataclass(slots=True)
class Numbers:
    """The numbers of the rows of one small table."""

    table: str
    columns: Sequence[str]
    known: dict[Row, int] = field(default_factory=dict)
    given: set[int] = field(default_factory=set)
    fresh: list[Row] = field(default_factory=list)
    """What was learned in the transaction that is under way."""

    async def learn(self, connection: aiosqlite.Connection, row: Row) -> int:
        """The number of a row that is not known; it is added if it has none."""
        same = " AND ".join(f"{column} = ?" for column in self.columns)
        found = list(await connection.execute_fetchall(f"SELECT number FROM {self.table} WHERE {same}", row))
        if not found:
            found = list(
                await connection.execute_fetchall(f"{insert_into(self.table, self.columns)} RETURNING number", row)
            )
        number = self.known[row] = int(found[0][0])
        self.fresh.append(row)
        return number

    async def learn_names(self, connection: aiosqlite.Connection, names: Sequence[str]) -> None:
        """The numbers of many values that are not known, of a table of one column; those that have none are added."""
        [column] = self.columns
        await connection.executemany(f"INSERT OR IGNORE INTO {self.table} ({column}) VALUES (?)", [[n] for n in names])
        marks = ", ".join("?" * _NAMES)
        for begin in range(0, len(names), _NAMES):
            asked = names[begin : begin + _NAMES]
            filled = (*asked, *[asked[0]] * (_NAMES - len(asked)))
            sql = f"SELECT {column}, number FROM {self.table} WHERE {column} IN ({marks})"
            self.known.update({(name,): number for name, number in await connection.execute_fetchall(sql, filled)})
            self.fresh += [(name,) for name in asked]

    def forget(self) -> None:
        """Look everything up again."""
        self.known.clear()
        self.given.clear()
        self.fresh.clear()

    def settle(self, *, committed: bool) -> None:
        """The transaction is over."""
        if committed:
            self.given.update(self.known[row] for row in self.fresh)
        else:
            for row in self.fresh:
                del self.known[row]
        self.fresh.clear()
        if len(self.known) > _REMEMBERED:
            self.forget()


class _Rows:
    """How rows of some columns get into a table: many with one statement, and one by one those that are left over."""

    def __init__(self, table: str, columns: Sequence[str], absent: Sequence[str]) -> None:
        self._width = len(columns)
        self._many = insert_into(table, columns, absent, _ROWS)
        self._one = insert_into(table, columns, absent)

    async def add(self, connection: aiosqlite.Connection, values: Sequence[Any]) -> None:
        """Rows, one after the other: so many values for each as there are columns."""
        many = _ROWS * self._width
        whole = len(values) // many * many
        for statement, begin, end, width in (
            (self._many, 0, whole, many),
            (self._one, whole, len(values), self._width),
        ):
            if begin < end:
                rows = [values[place : place + width] for place in range(begin, end, width)]
                await connection.executemany(statement, rows)


class Inserter:
    """What puts Records into one database, or into the one that is attached to it as `schema`."""

    def __init__(self, schema: str = "main") -> None:
        requests, attempts = f"{schema}.stored_requests", f"{schema}.stored_attempts"
        self._requests = _Rows(requests, REQUEST_COLUMNS, OF_REQUESTS_ABSENT)
        self._requests_apart = _Rows(requests, (*REQUEST_COLUMNS, *APART_COLUMNS), OF_REQUESTS_ABSENT)
        self._attempts = _Rows(attempts, ATTEMPT_COLUMNS, OF_ATTEMPTS_ABSENT)
        self._routes = Numbers(f"{schema}.routes", ROUTE_COLUMNS)
        self._calls = Numbers(f"{schema}.calls", CALL_COLUMNS)
        self._sessions = Numbers(f"{schema}.session_names", ("name",))
        self._places: dict[Route, tuple[int, list[int]]] = {}
        """The numbers of a route and of its calls."""
        self._data_version = 0

    def forget(self) -> None:
        """Learn all numbers anew: it may be another file, or rows were taken away."""
        self._places.clear()
        for numbers in (self._routes, self._calls, self._sessions):
            numbers.forget()

    def let_go(self, gone: Gone) -> None:
        """Some of what it knows is no more."""
        for numbers, taken in ((self._routes, gone.routes), (self._sessions, gone.sessions)):
            if not numbers.given.isdisjoint(taken):
                self._places.clear()
                numbers.forget()

    def settle(self, *, committed: bool) -> None:
        """The transaction is over."""
        for numbers in (self._routes, self._calls, self._sessions):
            numbers.settle(committed=committed)
        if not (committed and self._routes.known and self._calls.known) or len(self._places) > _REMEMBERED:
            self._places.clear()

    async def insert_missing(
        self, connection: aiosqlite.Connection, records: Sequence[Taken]
    ) -> tuple[int, list[Taken]]:
        """Add those that are not there yet; the number of the first of them, and those.

        Raises:
            sqlite3.Error, ValueError, OverflowError: a Record holds a value that no table takes.
        """
        fresh = await _not_there(connection, records)
        return await self.insert(connection, fresh), fresh

    async def insert(self, connection: aiosqlite.Connection, records: Sequence[Taken]) -> int:
        """Add all; the number of the first of them.

        Raises:
            sqlite3.IntegrityError: one of them is there already, or comes twice.
            sqlite3.Error, ValueError, OverflowError: a Record holds a value that no table takes.
        """
        await self._look_for_others(connection)
        [row] = await connection.execute_fetchall(_LAST)
        first = int(row[0]) + 1
        known = self._sessions.known
        named = dict.fromkeys(record.session for record, _, _, _, _ in records if record.session is not None)
        if new := [name for name in named if (name,) not in known]:
            await self._sessions.learn_names(connection, new)
        requests: list[Any] = []
        apart: list[Any] = []
        attempts: list[Any] = []
        for begin in range(0, len(records), _SLICE):
            some = records[begin : begin + _SLICE]
            await self._make_rows(connection, first + begin, some, requests, apart, attempts)
            await asyncio.sleep(0)
        await self._requests.add(connection, requests)
        await self._requests_apart.add(connection, apart)
        await self._attempts.add(connection, attempts)
        return first

    async def _make_rows(
        self,
        connection: aiosqlite.Connection,
        number: int,
        records: Iterable[Taken],
        requests: list[Any],
        apart: list[Any],
        attempts: list[Any],
    ) -> None:
        """The values of the rows of some Records, from that number on, are added to those there are."""
        places, sessions = self._places, self._sessions.known
        for record, route, request, calls, said_apart in records:
            place = places.get(route) or await self._place(connection, route)
            session = ABSENT
            if record.session is not None:
                session = sessions[(record.session,)]
            if said_apart:
                apart += (number, place[0], session, *request, *said_apart)
            else:
                requests += (number, place[0], session, *request)
            for call, attempt in zip(place[1], calls, strict=True):
                attempts += (number, call, *attempt)
            number += 1

    async def _place(self, connection: aiosqlite.Connection, route: Route) -> tuple[int, list[int]]:
        number = self._routes.known.get(route.columns) or await self._routes.learn(connection, route.columns)
        known = self._calls.known
        calls = [known.get(call) or await self._calls.learn(connection, call) for call in route.calls]
        place = self._places[route] = (number, calls)
        return place

    async def _look_for_others(self, connection: aiosqlite.Connection) -> None:
        """Another process may have taken rows away."""
        [row] = await connection.execute_fetchall("PRAGMA data_version")
        if row[0] != self._data_version:
            self._data_version = row[0]
            self.forget()


async def _not_there(connection: aiosqlite.Connection, records: Sequence[Taken]) -> list[Taken]:
    """The Records without those that the database has, and each once."""
    by_id = {taken[0].id: taken for taken in reversed(records)}
    ids = msgspec.json.encode(list(by_id)).decode()
    rows = await connection.execute_fetchall(_KNOWN_IDS, (ids,))
    for row in rows:
        del by_id[row[0]]
    return list(reversed(by_id.values()))
