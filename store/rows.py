"""Records as rows of the tables in `layout`, and back. The order of names here is the order of the columns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hotspare.router.record import Attempt, Candidate, Record

Row = tuple[Any, ...]

ABSENT = -1
"""Stands for NULL in the columns that `insert_into` is told of. To bind None costs six times as much: sqlite3 looks for
an adapter of it each time.
"""

SHARED = (
    "kind", "chain", "asked", "meant", "model", "caller", "dialect", "stream", "verdict", "status", "fallback",
    "forced", "source", "reason", "ended_by", "unpriced", "estimated",
)  # fmt: skip
ROUTE_COLUMNS = (*SHARED, "slow", "triggers", "candidates")
CALL_COLUMNS = ("model", "key", "trigger", "cancelled", "status", "estimated")
REQUEST_COLUMNS = (
    "number", "route", "session", "id", "at", "duration_us", "first_content_us", "input_tokens", "output_tokens",
    "cost_pico_usd",
)  # fmt: skip
APART_COLUMNS = ("seconds_left", "waited_us", "cache_age_us", "cache_similarity")
"""What few requests have to say; the rows of the others leave it out."""
ATTEMPT_COLUMNS = (
    "request", "call", "number", "message", "provider_request_id", "queued_us", "started_us", "first_content_us",
    "ended_us", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
    "cost_pico_usd",
)  # fmt: skip
OF_REQUESTS_ABSENT = ("session", "first_content_us")
OF_ATTEMPTS_ABSENT = ("provider_request_id", "first_content_us", "cost_pico_usd")
"""The columns that may be NULL, of those that are always written."""

RECORD_NAMES = (
    "id", "at", *SHARED, "session", "duration_ms", "first_content_ms", "input_tokens", "output_tokens",
    "cost_pico_usd", "waited_ms", "cache_age_seconds", "cache_similarity",
)  # fmt: skip
ATTEMPT_NAMES = (
    "number", "model", "key", "trigger", "cancelled", "status", "message", "provider_request_id", "started_ms",
    "first_content_ms", "ended_ms", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "cost_pico_usd", "queued_ms", "estimated",
)  # fmt: skip

TOLD_OF_ATTEMPTS = """
model, key, trigger, cancelled, status, message, provider_request_id, queued_ms, started_ms, first_content_ms, ended_ms,
input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd, estimated
"""
"""The columns of the view `attempts` that whoever asks for a request is told."""
_TRUE_OR_FALSE_OF_REQUESTS = ("stream", "ok", "fallback", "forced", "unpriced", "estimated")
_TRUE_OR_FALSE_OF_ATTEMPTS = ("cancelled", "estimated")


def insert_into(table: str, columns: Sequence[str], absent: Collection[str] = (), rows: int = 1) -> str:
    """The statement that adds so many rows; `ABSENT` in one of those columns becomes NULL."""
    marks = ", ".join(f"nullif(?, {ABSENT})" if name in absent else "?" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([f'({marks})'] * rows)}"


def request_values(record: Record) -> Row:
    """The columns `REQUEST_COLUMNS` but for the numbers.

    Raises:
        ValueError, OverflowError: a time is no number of microseconds.
    """
    return (
        record.id,
        record.at,
        round(record.duration_ms * 1000.0),
        _microseconds(record.first_content_ms),
        record.input_tokens,
        record.output_tokens,
        record.cost_pico_usd,
    )


def apart_values(record: Record) -> Row:
    """The columns `APART_COLUMNS`; empty where there is nothing to say.

    Raises:
        ValueError, OverflowError: a time is no number of microseconds.
    """
    seconds_left = _seconds_left(record.candidates)
    if not (seconds_left or record.waited_ms) and record.cache_age_seconds is record.cache_similarity is None:
        return ()
    age = record.cache_age_seconds
    return (
        seconds_left,
        round(record.waited_ms * 1000.0) or None,
        None if age is None else round(age * 1_000_000.0),
        record.cache_similarity,
    )


def attempt_values(attempt: Attempt) -> Row:
    """The columns `ATTEMPT_COLUMNS` but for the numbers of request and call.

    Raises:
        ValueError, OverflowError: a time is no number of microseconds.
    """
    identity, cost = attempt.provider_request_id, attempt.cost_pico_usd
    return (
        attempt.number,
        attempt.message,
        ABSENT if identity is None else identity,
        round(attempt.queued_ms * 1000.0),
        round(attempt.started_ms * 1000.0),
        _microseconds(attempt.first_content_ms),
        round(attempt.ended_ms * 1000.0),
        attempt.input_tokens,
        attempt.output_tokens,
        attempt.cache_read_tokens,
        attempt.cache_write_tokens,
        attempt.reasoning_tokens,
        ABSENT if cost is None else cost,
    )


def _microseconds(milliseconds: float | None) -> int:
    return ABSENT if milliseconds is None else round(milliseconds * 1000.0)


def _seconds_left(candidates: Sequence[Candidate]) -> str | None:
    """What only this request says about its candidates; mostly nothing."""
    for candidate in candidates:
        if candidate.seconds_left is not None:
            return msgspec.json.encode([each.seconds_left for each in candidates]).decode()
    return None


def request_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the view `requests` for whoever asks for it: SQLite has numbers for true and false."""
    return {**row, **{name: bool(row[name]) for name in _TRUE_OR_FALSE_OF_REQUESTS}}


def attempt_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Likewise a row of the view `attempts`."""
    return {**row, **{name: bool(row[name]) for name in _TRUE_OR_FALSE_OF_ATTEMPTS}}


def candidates_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The candidates of a row of `requests`, as values."""
    shared = msgspec.json.decode(row["candidates"])
    left = msgspec.json.decode(row["seconds_left"]) if row["seconds_left"] else [None] * len(shared)
    return [
        {"model": model, "skip": skip, "seconds_left": seconds, "by": by}
        for (model, skip, by), seconds in zip(shared, left, strict=True)
    ]


def record_of(request: Mapping[str, Any], attempts: Iterable[Mapping[str, Any]]) -> Record:
    """A Record from its rows (columns by name, attempts in order)."""
    return msgspec.convert(
        {
            **{name: request[name] for name in RECORD_NAMES},
            "candidates": candidates_of(request),
            "attempts": [{name: attempt[name] for name in ATTEMPT_NAMES} for attempt in attempts],
        },
        Record,
        strict=False,
    )
