"""Records as rows of the tables in `layout`, and back. The order of names here is the order of the columns."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from hotspare.router.record import Attempt, Candidate, Record

Row = tuple[Any, ...]

SLOW_MS = 5000.0
"""A request that took longer is a slow one, wherever requests are looked for by that."""

_SHARED = (
    "kind", "chain", "asked", "meant", "model", "caller", "dialect", "stream", "verdict", "status", "fallback",
    "forced", "source", "reason", "ended_by", "unpriced", "estimated",
)  # fmt: skip
ROUTE_COLUMNS = (*_SHARED, "slow", "triggers", "candidates")
CALL_COLUMNS = ("model", "key", "trigger", "cancelled", "status", "estimated")
REQUEST_COLUMNS = (
    "number", "id", "at", "route", "session", "duration_us", "first_content_us", "input_tokens", "output_tokens",
    "cost_pico_usd", "seconds_left", "waited_us", "cache_age_us", "cache_similarity",
)  # fmt: skip
ATTEMPT_COLUMNS = (
    "request", "number", "call", "message", "provider_request_id", "queued_us", "started_us", "first_content_us",
    "ended_us", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
    "cost_pico_usd",
)  # fmt: skip

RECORD_NAMES = (
    "id", "at", *_SHARED, "session", "duration_ms", "first_content_ms", "input_tokens", "output_tokens",
    "cost_pico_usd", "waited_ms", "cache_age_seconds", "cache_similarity",
)  # fmt: skip
ATTEMPT_NAMES = (
    "number", "model", "key", "trigger", "cancelled", "status", "message", "provider_request_id", "started_ms",
    "first_content_ms", "ended_ms", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "cost_pico_usd", "queued_ms", "estimated",
)  # fmt: skip


def insert_into(table: str, columns: Sequence[str]) -> str:
    """The statement that adds one row."""
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"


_shared = attrgetter(*_SHARED)
_call = attrgetter(*CALL_COLUMNS)
_candidate = attrgetter("model", "skip", "by")


def route_of(record: Record) -> Row:
    """What a Record has in common with others: equal for those of one route. `route_row` makes columns of it."""
    attempts = record.attempts
    failed = tuple([attempt.trigger for attempt in attempts]) if len(attempts) > 1 or record.reason else ()
    candidates = tuple([_candidate(candidate) for candidate in record.candidates])
    return (*_shared(record), record.duration_ms > SLOW_MS, failed, candidates)


def route_row(route: Row) -> Row:
    """The columns `ROUTE_COLUMNS`."""
    *shared, slow, failed, candidates = route
    shared[4] = shared[4] or ""
    triggers = " ".join(dict.fromkeys(str(trigger) for trigger in failed if trigger is not None))
    return (*shared, slow, triggers, msgspec.json.encode(candidates).decode())


def call_of(attempt: Attempt) -> Row:
    """What an attempt has in common with others: the columns `CALL_COLUMNS`."""
    model, key, trigger, cancelled, status, estimated = _call(attempt)
    return (model, key, trigger or "", cancelled, status or 0, estimated)


def request_row(record: Record, number: int, route: int, session: int | None) -> Row:
    """The columns `REQUEST_COLUMNS`."""
    return (
        number,
        record.id,
        record.at,
        route,
        session,
        round(record.duration_ms * 1000.0),
        _microseconds(record.first_content_ms),
        record.input_tokens,
        record.output_tokens,
        record.cost_pico_usd,
        _seconds_left(record.candidates),
        _microseconds(record.waited_ms or None),
        _microseconds(None if record.cache_age_seconds is None else record.cache_age_seconds * 1000.0),
        record.cache_similarity,
    )


def attempt_row(attempt: Attempt, request: int, call: int) -> Row:
    """The columns `ATTEMPT_COLUMNS`."""
    return (
        request,
        attempt.number,
        call,
        attempt.message,
        attempt.provider_request_id,
        round(attempt.queued_ms * 1000.0),
        round(attempt.started_ms * 1000.0),
        _microseconds(attempt.first_content_ms),
        round(attempt.ended_ms * 1000.0),
        attempt.input_tokens,
        attempt.output_tokens,
        attempt.cache_read_tokens,
        attempt.cache_write_tokens,
        attempt.reasoning_tokens,
        attempt.cost_pico_usd,
    )


def _microseconds(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000.0)


def _seconds_left(candidates: Sequence[Candidate]) -> str | None:
    """What only this request says about its candidates; mostly nothing."""
    for candidate in candidates:
        if candidate.seconds_left is not None:
            return msgspec.json.encode([each.seconds_left for each in candidates]).decode()
    return None


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
