"""The questions about what was, each one function of its parameters: the contract's field names, newest first.

All SQL stands here as constants put together from constants; what comes from outside is bound, never written into it.
Costs leave as USD floats, null when unknown; times are UTC epoch seconds.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hotspare.store.journal import entry_of, journal_row
from hotspare.store.rows import candidates_of

Rows = list[dict[str, Any]]

HOUR_SECONDS = 3600.0
DAY_SECONDS = 86_400.0
_LAST = 50
_SHORT_IDS_SHOWN = 3


class Source(Protocol):
    """Something that runs one SELECT."""

    async def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Rows: ...


async def answer(source: Source, name: str, parameters: Mapping[str, Any], wall: float) -> Rows:
    """One view of the past. A parameter that is None counts as not given.

    Raises:
        ValueError: no such view, a parameter it does not know, or a value that is none of it.
        sqlite3.Error: the database did not answer.
    """
    view = _VIEWS.get(name)
    if view is None:
        raise ValueError(f"no view named {name!r}; there are {', '.join(_VIEWS)}")
    given = {key: value for key, value in parameters.items() if value is not None}
    if unknown := given.keys() - view.parameters.keys():
        raise ValueError(f"{name} has no parameter {min(unknown)!r}; it has {', '.join(view.parameters)}")
    try:
        typed = {key: view.parameters[key](value) for key, value in given.items()}
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: a parameter has a value that is none of it: {given}") from None
    return await view.run(source, typed, wall)


_REQUEST = """
SELECT id, at, kind, asked, meant, chain, model, caller, session, dialect, stream, verdict, status, ok, fallback,
  forced, source, reason, ended_by, duration_ms, first_content_ms, input_tokens, output_tokens, cost_usd, unpriced,
  (SELECT count(*) FROM attempts WHERE request_id = requests.id) AS attempts
FROM requests
"""
_FLAGS = ("stream", "ok", "fallback", "forced", "unpriced")

_FILTERS: Mapping[str, str] = {
    "model": "model = :model",
    "chain": "chain = :chain",
    "caller": "caller = :caller",
    "session": "session = :session",
    "kind": "kind = :kind",
    "since": "at >= :since",
    "fallback": "fallback = :fallback",
    "ok": "ok = :ok",
    "trigger": "(reason = :trigger OR id IN (SELECT request_id FROM attempts WHERE trigger = :trigger))",
}


def _where(conditions: Mapping[str, str], given: Mapping[str, Any]) -> str:
    chosen = [condition for name, condition in conditions.items() if name in given]
    return "WHERE " + " AND ".join(chosen) if chosen else ""


async def _requests(source: Source, given: dict[str, Any], wall: float) -> Rows:
    del wall
    sql = " ".join((_REQUEST, _where(_FILTERS, given), "ORDER BY at DESC LIMIT :last"))
    return [_request_row(row) for row in await source.fetch(sql, {"last": _LAST, **given})]


def _request_row(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: bool(row[name]) for name in _FLAGS}}


_BY_ID = "WHERE id >= :id AND id < :id || char(1114111) ORDER BY id LIMIT 4"
_CANDIDATES = "SELECT candidates FROM requests WHERE id = :id"
_ATTEMPTS = """
SELECT number, model, key, trigger, cancelled, status, message, provider_request_id, queued_ms, started_ms,
  first_content_ms, ended_ms, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  cost_usd
FROM attempts WHERE request_id = :id ORDER BY number
"""


async def _explain(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """One request with all that was decided about it, by its id or the beginning of it."""
    del wall
    if not given.get("id"):
        raise ValueError("explain needs the id of a request, or its beginning")
    found = await source.fetch(_REQUEST + _BY_ID, given)
    if len(found) > 1 and found[0]["id"] != given["id"]:
        ids = ", ".join(row["id"] for row in found[:_SHORT_IDS_SHOWN])
        raise ValueError(f"several requests begin with {given['id']!r}: {ids} …")
    return [await _explained(source, _request_row(row)) for row in found[:1]]


async def _explained(source: Source, row: dict[str, Any]) -> dict[str, Any]:
    [kept] = await source.fetch(_CANDIDATES, row)
    candidates = [
        {"model": candidate.model, "skip": candidate.skip, "seconds_left": candidate.seconds_left, "by": candidate.by}
        for candidate in candidates_of(kept["candidates"])
    ]
    attempts = await source.fetch(_ATTEMPTS, row)
    told = [{**attempt, "cancelled": bool(attempt["cancelled"])} for attempt in attempts]
    return {**row, "candidates": candidates, "attempts": told}


async def _journal(source: Source, given: dict[str, Any], wall: float) -> Rows:
    del wall
    rows = await source.fetch("SELECT * FROM journal ORDER BY number DESC LIMIT :last", {"last": _LAST, **given})
    return [journal_row(entry_of(row)) for row in rows]


_ERRORS = """
SELECT attempts.trigger AS trigger, attempts.model AS model, count(*) AS count,
  count(DISTINCT request_id) AS requests, max(at + ended_ms / 1000.0) AS last_at
FROM requests CROSS JOIN attempts ON attempts.request_id = requests.id
"""
_ERROR_FILTERS: Mapping[str, str] = {
    "since": "at >= :since AND kind = 'traffic' AND attempts.trigger IS NOT NULL",
    "chain": "chain = :chain",
    "model": "attempts.model = :model",
}


async def _errors(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """Failed attempts of traffic by type and model, the most frequent first."""
    bound = {"since": wall - HOUR_SECONDS, **given}
    sql = (_ERRORS, _where(_ERROR_FILTERS, bound), "GROUP BY attempts.trigger, attempts.model ORDER BY 3 DESC, 1, 2")
    return await source.fetch(" ".join(sql), bound)


_SLOW = """
SELECT model, count(*) AS count, avg(ms) AS mean_ms,
  max(CASE WHEN place = (total * 50 + 99) / 100 THEN ms END) AS p50_ms,
  max(CASE WHEN place = (total * 95 + 99) / 100 THEN ms END) AS p95_ms
FROM (
  SELECT model, ms, row_number() OVER (PARTITION BY model ORDER BY ms) AS place,
    count(*) OVER (PARTITION BY model) AS total
  FROM (
    SELECT attempts.model AS model, ended_ms - started_ms AS ms
    FROM requests CROSS JOIN attempts ON attempts.request_id = requests.id
"""
_SLOW_FILTERS: Mapping[str, str] = {
    "since": "at >= :since AND kind = 'traffic' AND attempts.trigger IS NULL AND NOT cancelled",
    "chain": "chain = :chain",
    "model": "attempts.model = :model",
}


async def _slow(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """How long each model took when it answered, the slowest first."""
    bound = {"since": wall - HOUR_SECONDS, **given}
    sql = (_SLOW, _where(_SLOW_FILTERS, bound), ")) GROUP BY model ORDER BY mean_ms DESC")
    return await source.fetch(" ".join(sql), bound)


_HISTORY = """
SELECT CAST(at / :step_seconds AS INTEGER) * :step_seconds AS at,
  count(*) FILTER (WHERE verdict IN ('answered', 'failed')) AS requests,
  count(*) FILTER (WHERE verdict = 'answered') AS ok,
  count(*) FILTER (WHERE verdict = 'answered' AND fallback) AS fallback,
  avg(duration_ms) FILTER (WHERE verdict = 'answered') AS mean_ms,
  sum(cost_pico_usd) / 1e12 AS cost_usd,
  count(*) FILTER (WHERE unpriced) AS unpriced_requests
FROM requests
"""
_HISTORY_FILTERS: Mapping[str, str] = {
    "since": "at >= :since AND kind = 'traffic'",
    "chain": "chain = :chain",
    "model": "model = :model",
    "caller": "caller = :caller",
}
_HOURLY_UP_TO_DAYS = 7


async def _history(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """The figures of traffic in steps; steps without a request are left out."""
    since = given.get("since", wall - given.get("days", 1.0) * DAY_SECONDS)
    fine = wall - since <= _HOURLY_UP_TO_DAYS * DAY_SECONDS
    step = given.get("step_seconds", HOUR_SECONDS if fine else DAY_SECONDS)
    bound = {**given, "since": since, "step_seconds": step}
    sql = (_HISTORY, _where(_HISTORY_FILTERS, bound), "GROUP BY 1 ORDER BY 1 DESC")
    return await source.fetch(" ".join(sql), bound)


def _count(value: Any) -> int:
    number = int(value)
    if not 0 < number < 2**31:
        raise ValueError(number)
    return number


def _positive(value: Any) -> float:
    number = float(value)
    if not 0 < number < math.inf:
        raise ValueError(number)
    return number


def _moment(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(number)
    return number


def _flag(value: Any) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]


def _text(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class _View:
    run: Callable[[Source, dict[str, Any], float], Awaitable[Rows]]
    parameters: Mapping[str, Callable[[Any], Any]]


_FIGURES: Mapping[str, Callable[[Any], Any]] = {"since": _moment, "chain": _text, "model": _text}

_VIEWS: Mapping[str, _View] = {
    "requests": _View(
        _requests,
        {
            "last": _count,
            "model": _text,
            "trigger": _text,
            "caller": _text,
            "since": _moment,
            "kind": _text,
            "chain": _text,
            "session": _text,
            "fallback": _flag,
            "ok": _flag,
        },
    ),
    "explain": _View(_explain, {"id": _text}),
    "journal": _View(_journal, {"last": _count}),
    "errors": _View(_errors, _FIGURES),
    "slow": _View(_slow, _FIGURES),
    "history": _View(_history, {**_FIGURES, "caller": _text, "days": _positive, "step_seconds": _positive}),
}
