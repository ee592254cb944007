"""What a start takes up again: the decisions in force, the router's memory, and full Records for the figures."""

from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from hotspare.router.command import Decision, Slot
from hotspare.router.record import Record
from hotspare.store.journal import decode_decision
from hotspare.store.rows import ATTEMPT_COLUMNS, REQUEST_COLUMNS, record_of
from hotspare.store.source import Source

_CHUNK = 500

_REQUESTS = (
    f"SELECT {', '.join(REQUEST_COLUMNS)} FROM requests "  # noqa: S608 -- made of constants
    "WHERE at >= :since AND (at, id) > (:at, :id) ORDER BY at, id LIMIT :chunk"
)
_ATTEMPTS = (
    f"SELECT {', '.join(ATTEMPT_COLUMNS)} FROM attempts "  # noqa: S608 -- made of constants
    "WHERE request_id IN (SELECT value FROM json_each(:ids)) ORDER BY request_id, number"
)


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
    place: dict[str, Any] = {"at": since, "id": ""}
    while rows := await source.fetch(_REQUESTS, {"since": since, "chunk": _CHUNK, **place}):
        attempts = await _attempts_of(source, [row["id"] for row in rows])
        for row in rows:
            yield record_of(row, attempts[row["id"]])
        place = {"at": rows[-1]["at"], "id": rows[-1]["id"]}


async def _attempts_of(source: Source, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in await source.fetch(_ATTEMPTS, {"ids": msgspec.json.encode(ids).decode()}):
        found[row["request_id"]].append(row)
    return found
