"""Bring a file of an earlier schema to ours: all steps that are missing in one transaction, after a backup.

A process that dies on the way leaves the file as it was, and the next start does it again.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import aiosqlite

from hotspare.store.fault import Foreign, NewerSchema
from hotspare.store.folders import open_private
from hotspare.store.schema import MIGRATIONS, VERSION

_HOLDS_TABLES = "SELECT 1 FROM sqlite_schema, pragma_user_version WHERE user_version = 0 LIMIT 1"
"""Both at one instant: another process may be making the tables right now."""


async def check_version(connection: aiosqlite.Connection, path: Path) -> int:
    """The schema that a file has; 0 for an empty one.

    Raises:
        NewerSchema: it is one that we do not know.
    """
    [row] = await connection.execute_fetchall("PRAGMA user_version")
    version = int(row[0])
    if version > VERSION:
        raise NewerSchema(
            f"{path} was made by a newer version of hotspare (its schema is {version}, ours is {VERSION}).",
            "Update hotspare, or give another file under [store] path.",
        )
    return version


async def migrate(connection: aiosqlite.Connection, path: Path) -> Path | None:
    """Take the steps that are missing; where the backup is, if one was made."""
    version = await check_version(connection, path)
    if not version:
        await _check_ours(connection, path)
    if version == VERSION:
        return None
    backup = await _back_up(connection, path, version) if version else None
    await take_steps(connection, path)
    return backup


async def _check_ours(connection: aiosqlite.Connection, path: Path) -> None:
    """A file without a version holds nothing yet, or is another program's: to that we add no tables.

    Raises:
        Foreign: it is another program's.
    """
    if await connection.execute_fetchall(_HOLDS_TABLES):
        raise Foreign(f"{path} is another program's database.", "Give another file under [store] path.")


async def take_steps(connection: aiosqlite.Connection, path: Path) -> None:
    """All of them are done, or none."""
    await connection.execute_fetchall("BEGIN IMMEDIATE")
    try:
        version = await check_version(connection, path)  # another process may have been faster
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            for statement in statements:
                await connection.execute_fetchall(statement)
            await connection.execute_fetchall(f"PRAGMA user_version = {number}")
        await connection.execute_fetchall("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                await connection.execute_fetchall("ROLLBACK")
        raise


async def _back_up(connection: aiosqlite.Connection, path: Path, version: int) -> Path:
    """A copy of the file as it is. One that a dying process had begun is made anew."""
    backup = path.with_name(f"{path.name}.schema-{version}")
    begun = backup.with_name(f"{backup.name}.part")
    begun.unlink(missing_ok=True)
    os.close(open_private(begun, os.O_RDWR))
    await connection.execute_fetchall("VACUUM INTO ?", (str(begun),))
    begun.replace(backup)
    return backup
