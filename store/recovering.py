"""Bring back into a store what can still be read of damaged files that were set aside of it.

Each of their Records goes the way that any Record goes, so one that is there already stays as it is, and all figures
follow. A file that was read becomes `….recovered-TIME`; nothing is deleted.
"""

import sqlite3
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from hotspare.router.error import HotspareError
from hotspare.router.record import Record
from hotspare.store.damaged import address_of, rename, set_aside, set_aside_of
from hotspare.store.rows import ATTEMPT_NAMES, RECORD_NAMES, record_of
from hotspare.store.store import Store
from hotspare.store.upkeep import damage_of

Progress = Callable[[int], None]

_AT_ONCE = 256
_SIZES = ">16xH10xI"
"""Where a database says how large its pages are, and how many it has."""

_LARGEST_PAGE = 65_536
_MOST_BYTES = 2**40
_REQUESTS = f"""
SELECT number, {", ".join(RECORD_NAMES)}, candidates, seconds_left FROM requests
WHERE number >= ? AND number < ? ORDER BY number
"""
_ATTEMPTS = f"""
SELECT request, {", ".join(f"attempts.{name}" for name in ATTEMPT_NAMES)} FROM attempts
WHERE request >= ? AND request < ? ORDER BY request, number
"""
_FIRSTS = ("SELECT min(number) FROM stored_requests",)
_LASTS = ("SELECT max(number) FROM stored_requests", "SELECT number FROM rolled_up")
"""Where its rows begin and end: whichever of these can be read."""

_VOID = 64
"""So many portions in a row of which nothing can be read are the end of a file whose end is not known."""


@dataclass(slots=True)
class Recovered:
    """What came of one file. `unreadable`: rows that may have been requests."""

    file: str
    brought_back: int = 0
    unreadable: int = 0


async def recover(path: Path, progress: Progress) -> list[Recovered]:
    """Bring back what there is, beside an instance that runs or in place of one. A file that turns out to be damaged is
    set aside first.

    Args:
        path: the store.
        progress: is told now and then how many Records there were.

    Raises:
        HotspareError: there is nothing to bring back, or the store takes nothing now.
    """
    _set_aside_if_damaged(path)
    files = set_aside_of(path)
    if not files:
        raise HotspareError(f"{path} is whole, and nothing was set aside of it.", "There is nothing to bring back.")
    return [await _bring_back(path, file, progress) for file in files]


def _set_aside_if_damaged(path: Path) -> None:
    if path.exists() and damage_of(path):
        set_aside(path, time.time())


async def _bring_back(path: Path, file: Path, progress: Progress) -> Recovered:
    told = Recovered(file.name)
    with TemporaryDirectory(prefix="hotspare-") as folder:  # their lines are in the log already
        store = await Store.open(path, name="recover", log_path=Path(folder) / "log")
        try:
            for records in _portions(file, told):
                await _add(store, records, file)
                told.brought_back += len(records)
                progress(told.brought_back)
        finally:
            await store.close()
    if told.brought_back or not told.unreadable:
        rename(file, file.with_name(file.name.replace(".corrupt-", ".recovered-")))
    return told


async def _add(store: Store, records: list[Record], file: Path) -> None:
    for record in records:
        store.append(record)
    await store.flush(figures=True)
    if (view := store.view()).state in _TAKES_NOTHING:
        raise HotspareError(f"The store is {view.state}: {view.detail}.", f"{file.name} stays as it is.")


_TAKES_NOTHING = frozenset({"full", "read-only", "locked", "unavailable", "foreign", "newer schema", "failing"})


def _portions(file: Path, told: Recovered) -> Iterator[list[Record]]:
    with closing(_opened(file)) as connection:
        last = _number(connection, _LASTS)
        begin, void = _number(connection, _FIRSTS) or 1, 0
        while begin <= (last or begin) and void < _VOID:
            unreadable = told.unreadable
            records = list(_readable(connection, begin, begin + _AT_ONCE, told))
            void = 0 if records or told.unreadable == unreadable else void + 1
            begin += _AT_ONCE
            yield records
        if void and last is None:  # where it ends is not known: what was looked for there need not have been
            told.unreadable -= void * _AT_ONCE - 1


def _opened(file: Path) -> sqlite3.Connection:
    _fill_up(file)
    connection = sqlite3.connect(address_of(file), uri=True)
    connection.row_factory = sqlite3.Row
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA writable_schema = ON")  # what is gone of the schema does not matter to the rest
    return connection


def _fill_up(file: Path) -> None:
    """Nothing of a file that was cut off is read, unless it is as long as it says."""
    with file.open("r+b") as opened:
        page_bytes, pages = struct.unpack(_SIZES, opened.read(struct.calcsize(_SIZES)).ljust(32, b"\0"))
        whole = (_LARGEST_PAGE if page_bytes == 1 else page_bytes) * pages
        if opened.seek(0, 2) < whole <= _MOST_BYTES:
            opened.truncate(whole)


def _number(connection: sqlite3.Connection, questions: Sequence[str]) -> int | None:
    for sql in questions:
        with suppress(sqlite3.Error, TypeError):
            number: int | None = connection.execute(sql).fetchone()[0]
            return number or 0
    return None


def _readable(connection: sqlite3.Connection, begin: int, end: int, told: Recovered) -> Iterator[Record]:
    """The Records of some numbers; where a page among them cannot be read, of those around it."""
    try:
        records = _read(connection, begin, end)
    except (sqlite3.Error, msgspec.MsgspecError, ValueError, KeyError):
        if end - begin == 1:
            told.unreadable += 1
            return
        middle = (begin + end) // 2
        yield from _readable(connection, begin, middle, told)
        yield from _readable(connection, middle, end, told)
    else:
        yield from records


def _read(connection: sqlite3.Connection, begin: int, end: int) -> list[Record]:
    attempts: dict[int, list[Mapping[str, Any]]] = {}
    for row in connection.execute(_ATTEMPTS, (begin, end)):
        attempts.setdefault(row["request"], []).append(row)
    return [record_of(row, attempts.get(row["number"], ())) for row in connection.execute(_REQUESTS, (begin, end))]
