"""Damaged databases: set aside under another name, found again, and what decisions can still be read from one."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import msgspec

from hotspare.router.command import Change, Slot
from hotspare.store.database import connect, read_only_uri
from hotspare.store.journal import STANDING_CHANGES, entry_of

_SIDES = ("-wal", "-shm")


def set_aside(path: Path, wall: float) -> Path:
    """Give a damaged database another name, with its -wal and -shm, so that a new one can begin; that name."""
    stamp = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M")
    names = (path.with_name(f"{path.name}.corrupt-{stamp}{mark}") for mark in _marks())
    aside = next(name for name in names if not name.exists())
    rename(path, aside)
    return aside


def rename(path: Path, other: Path) -> None:
    """A database with what lies beside it."""
    path.rename(other)
    for ending in _SIDES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(other.with_name(other.name + ending))


def set_aside_of(path: Path) -> list[Path]:
    """What was set aside of a database and nobody has taken away since, the oldest first."""
    with suppress(OSError):
        found = (each for each in path.parent.iterdir() if each.name.startswith(f"{path.name}.corrupt-"))
        return sorted(each for each in found if not each.name.endswith(_SIDES))
    return []


def address_of(aside: Path) -> str:
    """For a connection that reads it and leaves nothing beside it."""
    alone = not aside.with_name(f"{aside.name}-wal").exists()
    return read_only_uri(aside) + ("&immutable=1" if alone else "")


def _marks() -> Iterator[str]:
    yield ""
    yield from (f"-{number}" for number in count(2))


async def decisions_in(path: Path) -> dict[Slot, Change]:
    """What stood by the word of a damaged database; nothing where that cannot be read."""
    found: dict[Slot, Change] = {}
    with suppress(sqlite3.Error, msgspec.MsgspecError, OSError, TypeError):
        connection = await connect(address_of(path))
        try:
            for row in await connection.execute_fetchall(STANDING_CHANGES):
                change = entry_of(dict(row)).change
                if change.slot is not None:
                    found[change.slot] = change
        finally:
            await connection.close()
    return found
