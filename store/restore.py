"""What a start takes up again: the decisions in force, the router's memory, and full Records for the figures."""

from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from hotspare.router.command import Decision, Slot
from hotspare.router.record import Record
from hotspare.store.journal import decode_decision
from hotspare.store.rows import ATTEMPT_NAMES, RECORD_NAMES, record_of
from hotspare.store.source import Rows, Source

_CHUNK = 500

_REQUESTS = f"SELECT number, {', '.join(RECORD_NAMES)}, candidates, seconds_left FROM requests"
_IN_TIME = "WHERE at >= :since AND (at, id) > (:at, :id) ORDER BY at, id LIMIT :chunk"
_ARRIVED = "WHERE number > :number ORDER BY number LIMIT :chunk"
_NEWEST = "WHERE kind = 'traffic' AND fallback >= :fallback ORDER BY at DESC LIMIT :chunk"
_ATTEMPTS = f"""
SELECT request, {", ".join(f"attempts.{name}" for name in ATTEMPT_NAMES)} FROM attempts
WHERE request IN (SELECT value FROM json_each(:numbers)) ORDER BY request, number
"""

_STANDING = "SELECT kind, subject, decision FROM standing WHERE until IS NULL OR until > :wall"
_MEMORY = "SELECT value FROM memory"


async def read_standing(source: Source, wall: float) -> dict[Slot, Decision]:
    """What is in force, less what has expired.

    Raises:
        sqlite3.Error: the database did not answer.
    """
    rows = await source.fetch(_STANDING, {"wall": wall})
    return {Slot(row["kind"], row["subject"]): decode_decision(row["decision"]) for row in rows}


async def read_memory(source: Source) -> dict[str, Any]:
    """What the router asked to remember; empty where there is nothing.

    Raises:
        sqlite3.Error: the database did not answer.
    """
    rows = await source.fetch(_MEMORY, {})
    return dict(msgspec.json.decode(rows[0]["value"])) if rows else {}


async def read_records(source: Source, since: float) -> AsyncIterator[Record]:
    """All Records from `since` on, oldest first, some hundred at a time.

    Raises:
        sqlite3.Error: the database did not answer.
    """
    place: dict[str, Any] = {"since": since, "at": since, "id": "", "chunk": _CHUNK}
    while rows := await source.fetch(f"{_REQUESTS} {_IN_TIME}", place):
        for record in await _records(source, rows):
            yield record
        place |= {"at": rows[-1]["at"], "id": rows[-1]["id"]}


async def read_arrived(source: Source, after: int) -> AsyncIterator[tuple[int, list[Record]]]:
    """All Records that arrived after that number, in portions, with the number of each portion's last.

    Raises:
        sqlite3.Error: the database did not answer.
    """
    while rows := await source.fetch(f"{_REQUESTS} {_ARRIVED}", {"number": after, "chunk": _CHUNK}):
        after = rows[-1]["number"]
        yield after, await _records(source, rows)


async def _records(source: Source, rows: Rows) -> list[Record]:
    attempts = await _attempts_of(source, [row["number"] for row in rows])
    return [record_of(row, attempts[row["number"]]) for row in rows]


async def _attempts_of(source: Source, numbers: list[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in await source.fetch(_ATTEMPTS, {"numbers": msgspec.json.encode(numbers).decode()}):
        found[row["request"]].append(row)
    return found
