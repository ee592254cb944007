"""The store of an instance that does not run, for the looking commands: reads, and changes nothing.

What is still in the spool is read too, as if it were in the database already.
"""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiosqlite

from hotspare.router.clock import Clock
from hotspare.router.command import Decision, Slot
from hotspare.router.live import Past
from hotspare.router.record import Record
from hotspare.store import history
from hotspare.store.database import connect, read_only_uri
from hotspare.store.entry import Entry, Memory, decode
from hotspare.store.fault import refuse_folder, unreadable
from hotspare.store.inserting import Inserter
from hotspare.store.layout import BESIDE, SHOW_BESIDE
from hotspare.store.migrating import check_version, take_steps
from hotspare.store.past import read_past
from hotspare.store.restore import read_arrived, read_memory, read_records, read_standing
from hotspare.store.routes import Routes
from hotspare.store.schema import VERSION
from hotspare.store.spool import lines_in
from hotspare.store.sums import Sums


class Reader:
    """History, and what a start would take up. Made by `open_reader`."""

    def __init__(self, connection: aiosqlite.Connection, clock: Clock, waiting: Sequence[Entry]) -> None:
        self._connection = connection
        self._clock = clock
        self._waiting = waiting

    async def fetch(self, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of the database and the spool together."""
        return [dict(row) for row in await self._connection.execute_fetchall(sql, parameters)]

    async def query(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A view of the past.

        Raises:
            ValueError: no such view, or a parameter it does not know.
        """
        return await history.answer(self, name, parameters, self._clock.wall())

    async def standing(self) -> dict[Slot, Decision]:
        """The decisions that will be in force at the next start."""
        return await read_standing(self, self._clock.wall())

    async def memory(self) -> dict[str, Any]:
        """What the router asked to remember."""
        left = [entry.memory for entry in self._waiting if isinstance(entry, Memory)]
        return left[-1] if left else await read_memory(self)

    async def past(self, since: float, *, sessions: bool = False) -> tuple[list[Past], float]:
        """What the Records from `since` on came to, and the time from which they are to be folded one by one."""
        return await read_past(self, since, self._clock.wall(), sessions=sessions)

    def records(self, since: float) -> AsyncIterator[Record]:
        """The Records from `since` on, oldest first."""
        return read_records(self, since)


@asynccontextmanager
async def open_reader(path: Path, *, clock: Clock | None = None) -> AsyncIterator[Reader]:
    """Read the database at `path` and its spool; where there is none, everything is empty.

    Raises:
        HotspareError: the file is none of ours, damaged, or of a later version.
    """
    # The spool first: what is moved meanwhile is then seen twice, which is put right, and not never.
    waiting = [entry for line in lines_in(path) if (entry := decode(line)) is not None]
    try:
        async with _connection(path) as connection:
            reader = Reader(connection, clock or Clock(), waiting)
            await _add_waiting(reader, connection, [entry for entry in waiting if isinstance(entry, Record)])
            yield reader
    except sqlite3.Error as error:
        raise unreadable(path, error) from error


@asynccontextmanager
async def _connection(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """To the file, to a copy of it that is brought to our schema where need be, or to nothing where it is not there."""
    address = _address_of(path)
    async with AsyncExitStack() as stack:
        if address is not None:
            connection = await stack.enter_async_context(_connected(address))
            if await check_version(connection, path) == VERSION:
                yield connection
                return
            folder = stack.enter_context(TemporaryDirectory(prefix="hotspare-"))
            await connection.execute_fetchall("VACUUM INTO ?", (f"{folder}/copy.db",))
            connection = await stack.enter_async_context(_connected(f"{folder}/copy.db"))
        else:
            connection = await stack.enter_async_context(_connected(":memory:"))
        await take_steps(connection, path)
        yield connection


def _address_of(path: Path) -> str | None:
    refuse_folder(path)
    return read_only_uri(path) if path.exists() else None


@asynccontextmanager
async def _connected(address: str) -> AsyncIterator[aiosqlite.Connection]:
    connection = await connect(address)
    try:
        yield connection
    finally:
        await connection.close()


async def _add_waiting(reader: Reader, connection: aiosqlite.Connection, records: list[Record]) -> None:
    """What is in the spool, and what is stored and in no roll-up yet, as if it were where it belongs."""
    rolled_up = await reader.fetch("SELECT number FROM rolled_up", {})
    sums, routes = Sums(), Routes()
    async for _, arrived in read_arrived(reader, rolled_up[0]["number"]):
        sums.add([routes.take(record) for record in arrived])
    if not records and not sums:
        return
    for statement in BESIDE:
        await connection.execute_fetchall(statement)
    _, fresh = await Inserter("beside").insert_missing(connection, [routes.take(record) for record in records])
    sums.add(fresh)
    await sums.write(connection, "beside")
    for statement in SHOW_BESIDE:
        await connection.execute_fetchall(statement)
