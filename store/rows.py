"""Records as rows of `requests` and `attempts`, and back. The order of names here is the order of the fields."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from hotspare.router.record import Candidate, Record

Row = tuple[Any, ...]

_RECORD_NAMES = (
    "id", "at", "kind", "chain", "asked", "meant", "model", "caller", "session", "dialect", "stream", "verdict",
    "status", "fallback", "forced", "source", "reason", "ended_by", "duration_ms", "first_content_ms", "input_tokens",
    "output_tokens", "cost_pico_usd", "unpriced",
)  # fmt: skip
_ATTEMPT_NAMES = (
    "number", "model", "key", "trigger", "cancelled", "status", "message", "provider_request_id", "started_ms",
    "first_content_ms", "ended_ms", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "cost_pico_usd", "queued_ms",
)  # fmt: skip

REQUEST_COLUMNS = (*_RECORD_NAMES, "candidates")
ATTEMPT_COLUMNS = ("request_id", *_ATTEMPT_NAMES)


def _insert_into(table: str, columns: Sequence[str]) -> str:
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 -- made of constants


INSERT_REQUEST = _insert_into("requests", REQUEST_COLUMNS)
INSERT_ATTEMPT = _insert_into("attempts", ATTEMPT_COLUMNS)
INSERT_WAITING_REQUEST = _insert_into("waiting.requests", REQUEST_COLUMNS)
INSERT_WAITING_ATTEMPT = _insert_into("waiting.attempts", ATTEMPT_COLUMNS)

_of_record = attrgetter(*_RECORD_NAMES)
_of_attempt = attrgetter(*_ATTEMPT_NAMES)
_of_candidate = attrgetter("model", "skip", "seconds_left", "by")


def request_row(record: Record) -> Row:
    """The columns `REQUEST_COLUMNS` of a Record."""
    row: Row = _of_record(record)
    candidates = [_of_candidate(candidate) for candidate in record.candidates]
    return (*row, msgspec.json.encode(candidates).decode())


def attempt_rows(records: Iterable[Record]) -> Iterator[Row]:
    """The columns `ATTEMPT_COLUMNS` of all attempts."""
    for record in records:
        for attempt in record.attempts:
            row: Row = _of_attempt(attempt)
            yield (record.id, *row)


def candidates_of(text: str) -> tuple[Candidate, ...]:
    """What the column `candidates` holds."""
    return tuple(Candidate(*parts) for parts in msgspec.json.decode(text))


def record_of(request: Mapping[str, Any], attempts: Iterable[Mapping[str, Any]]) -> Record:
    """A Record from its rows (columns by name, attempts in order)."""
    return msgspec.convert(
        {
            **{name: request[name] for name in _RECORD_NAMES},
            "candidates": [
                dict(zip(("model", "skip", "seconds_left", "by"), parts, strict=True))
                for parts in msgspec.json.decode(request["candidates"])
            ],
            "attempts": [{name: attempt[name] for name in _ATTEMPT_NAMES} for attempt in attempts],
        },
        Record,
        strict=False,
    )
