"""A database for work that takes its time, outside of any running store: plain connections, one thing after another."""

import os
import sqlite3
from pathlib import Path

from hotspare.router.error import HotspareError
from hotspare.store.fault import NewerSchema, refuse_folder, unreadable
from hotspare.store.folders import open_private
from hotspare.store.schema import MIGRATIONS, VERSION
from hotspare.store.sums import MergeDurations, add_durations

BUSY_SECONDS = 10.0


def begin(path: Path) -> sqlite3.Connection:
    """A new, empty database of our schema. It must be closed."""
    path.unlink(missing_ok=True)
    os.close(open_private(path, os.O_RDWR))
    connection = _connect(str(path))
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    for statements in MIGRATIONS:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    return connection


def connect(path: Path, *, writes: bool = False) -> sqlite3.Connection:
    """A database that is there. It must be closed.

    Raises:
        HotspareError: it is not there, is none of ours, or of another schema.
    """
    if not path.exists():
        raise HotspareError(f"There is no store {path} yet.", "It begins with the first start of the instance.")
    refuse_folder(path)
    mode = "rw" if writes else "ro"
    try:
        connection = _connect(f"{path.absolute().as_uri()}?mode={mode}")
        version = _version_of(connection)
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    if version == VERSION:
        return connection
    connection.close()
    if version > VERSION:
        raise NewerSchema(f"{path} was made by a newer version of hotspare (its schema is {version}).", "Update it.")
    raise HotspareError(f"{path} has the schema of an earlier version.", "Start hotspare once: it brings it up.")


def _version_of(connection: sqlite3.Connection) -> int:
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        connection.close()
        raise


def _connect(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, isolation_level=None, timeout=BUSY_SECONDS, uri=address.startswith("file:"))
    connection.row_factory = sqlite3.Row
    add_functions(connection)
    return connection


def add_functions(connection: sqlite3.Connection) -> None:
    """What our statements call besides SQLite's own."""
    connection.create_function("add_durations", 2, add_durations, deterministic=True)
    connection.create_aggregate("merge_durations", 1, MergeDurations)  # type: ignore[arg-type]  # typeshed: int
