"""The store of an instance that does not run, for the looking commands: reads, and changes nothing.

What is still in the spool is read too, as if it were in the database already.
"""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from hotspare.router.clock import Clock
from hotspare.router.command import Decision, Slot
from hotspare.router.error import HotspareError
from hotspare.router.record import Record
from hotspare.store import history
from hotspare.store.database import check_version, connect, read_only_uri
from hotspare.store.entry import Entry, Memory, decode
from hotspare.store.fault import fault_of
from hotspare.store.restore import read_memory, read_records, read_standing
from hotspare.store.rows import INSERT_WAITING_ATTEMPT, INSERT_WAITING_REQUEST, attempt_rows, request_row
from hotspare.store.schema import MIGRATIONS, SHOW_WAITING, WAITING
from hotspare.store.spool import lines_in


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
    connection: aiosqlite.Connection | None = None
    try:
        connection = await _connection(path)
        await _add_waiting(connection, [entry for entry in waiting if isinstance(entry, Record)])
        yield Reader(connection, clock or Clock(), waiting)
    except sqlite3.Error as error:
        raise HotspareError(
            f"The store {path} cannot be read: {fault_of(error).detail}.",
            "Start hotspare: it sets a damaged store aside and begins a new one.",
        ) from error
    finally:
        if connection is not None:
            await connection.close()


async def _connection(path: Path) -> aiosqlite.Connection:
    """To the file, or to an empty database of our schema where there is none yet."""
    address = _address_of(path)
    if address is not None:
        connection = await connect(address)
        try:
            if await check_version(connection, path):
                return connection
        except BaseException:
            await connection.close()
            raise
        await connection.close()
    connection = await connect(":memory:")
    for statements in MIGRATIONS:
        for statement in statements:
            await connection.execute_fetchall(statement)
    return connection


def _address_of(path: Path) -> str | None:
    return read_only_uri(path) if path.exists() else None


async def _add_waiting(connection: aiosqlite.Connection, records: Sequence[Record]) -> None:
    if not records:
        return
    for statement in WAITING:
        await connection.execute_fetchall(statement)
    await connection.executemany(INSERT_WAITING_REQUEST, map(request_row, records))
    await connection.executemany(INSERT_WAITING_ATTEMPT, attempt_rows(records))
    for statement in SHOW_WAITING:
        await connection.execute_fetchall(statement)
