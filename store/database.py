"""One SQLite file with two connections: one that writes, in short transactions, and one that only reads.

aiosqlite's threads are no daemons: whoever opens this must close it, or the process never ends. Nobody but the tasks of
the store may be cancelled inside a transaction.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiosqlite

from hotspare.store.fault import NotOpen
from hotspare.store.folders import make_private, open_private
from hotspare.store.migrating import migrate
from hotspare.store.offline import add_functions
from hotspare.store.schema import VERSION

BUSY_SECONDS = 1.0
_READER_CACHE_KIB = 16_384
_HEADER = b"SQLite format 3\0"


class Database:
    """The file at `path`; `strict`: every commit waits for the disk.

    Every method raises `sqlite3.Error` (or `OSError`) where the file does not do its part.
    """

    def __init__(self, path: Path, *, strict: bool = False) -> None:
        self._synchronous = "FULL" if strict else "NORMAL"
        self.path = path
        self._writer: aiosqlite.Connection | None = None
        self._reader: aiosqlite.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self.backup: Path | None = None
        """Of the file before it was migrated, where the last opening did that."""
        self.fresh = False
        """The last opening made the file."""
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Open (or make) the file and bring it to our schema. May be called again after a fault.

        Raises:
            NewerSchema: a later version made it.
        """
        async with self._lock:
            await self._close()
            make_private(self.path.parent)
            _make_file(self.path)
            _look_at_header(self.path)
            try:
                self._writer = await connect(str(self.path.absolute()))
                self.fresh = not self.path.stat().st_size
                if self.fresh:
                    await self._writer.execute_fetchall("PRAGMA auto_vacuum=INCREMENTAL")
                await self._writer.execute_fetchall("PRAGMA journal_mode=WAL")
                await self._writer.execute_fetchall(f"PRAGMA synchronous={self._synchronous}")
                self.backup = await migrate(self._writer, self.path)
                self._reader = await connect(read_only_uri(self.path))
                await self._reader.execute_fetchall(f"PRAGMA cache_size = -{_READER_CACHE_KIB}")
            except BaseException:
                await self._close()
                raise
            self._identity = _identity_of(self.path)

    @asynccontextmanager
    async def transaction(self, *, durable: bool = False) -> AsyncIterator[aiosqlite.Connection]:
        """One transaction, committed at the end of the block. `durable`: also against the loss of power."""
        async with self._lock:
            if self._writer is None:
                raise NotOpen(f"{self.path} is not open")
            connection = self._writer
            if durable:
                await connection.execute_fetchall("PRAGMA synchronous=FULL")
            try:
                await connection.execute_fetchall("BEGIN IMMEDIATE")
                yield connection
                await connection.execute_fetchall("COMMIT")
            except BaseException:
                await _roll_back(connection)
                raise
            finally:
                if durable:
                    await connection.execute_fetchall(f"PRAGMA synchronous={self._synchronous}")

    async def prove_writable(self) -> None:
        """Write what stands there already (a transaction alone succeeds on a file that is read-only)."""
        async with self.transaction() as connection:
            await connection.execute_fetchall(f"PRAGMA user_version = {VERSION}")

    async def fetch(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of what is committed."""
        if self._reader is None:
            raise NotOpen(f"{self.path} is not open")
        return [dict(row) for row in await self._reader.execute_fetchall(sql, parameters)]

    def is_sound(self) -> bool:
        """It is open, and still the file of that name (what we wrote to one that was taken away would be lost)."""
        return self._identity is not None and _identity_of(self.path) == self._identity

    async def close(self) -> None:
        """Close both connections; a transaction that runs is finished first."""
        async with self._lock:
            await self._close()

    async def _close(self) -> None:
        reader, writer, replaced = self._reader, self._writer, self._identity is not None and not self.is_sound()
        self._reader = self._writer = self._identity = None
        for connection in (reader, writer):  # the writer last: it folds the -wal into the file
            if connection is not None:
                with suppress(sqlite3.Error):
                    if connection is writer and replaced:  # the -wal would be taken for the other file's
                        await connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                    await connection.close()


def read_only_uri(path: Path) -> str:
    """The address of a file for a connection that cannot write."""
    return f"{path.absolute().as_uri()}?mode=ro"


async def connect(address: str) -> aiosqlite.Connection:
    """A connection to a path or a `file:` address; its rows are known by name. It must be closed."""

    def connector() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, isolation_level=None, timeout=BUSY_SECONDS, uri=address.startswith("file:")
        )
        connection.row_factory = sqlite3.Row
        add_functions(connection)
        return connection

    connection = aiosqlite.Connection(connector, iter_chunk_size=64)
    try:
        return await connection
    except sqlite3.Error:
        connection._thread.join()  # noqa: SLF001 -- it ends by itself, but would tell an event loop that is over then
        raise


async def _roll_back(connection: aiosqlite.Connection) -> None:
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            await connection.execute_fetchall("ROLLBACK")


def _make_file(path: Path) -> None:
    """SQLite gives -wal and -shm the mode of the database, so the file's own comes first."""
    try:
        os.close(open_private(path, os.O_RDWR))
    except PermissionError:
        if not os.access(path, os.R_OK):
            raise


def _look_at_header(path: Path) -> None:
    """SQLite throws away the -wal of what is no database; it may be all that is left of one."""
    with path.open("rb") as file:
        beginning = file.read(len(_HEADER))
    if beginning and beginning != _HEADER:
        error = sqlite3.DatabaseError("file is not a database")
        error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
        raise error


def _identity_of(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
