"""Requests: found by what they were, newest first, and one of them with all that was decided about it.

All SQL here is put together from constants; what comes from outside is bound, never written into it. Costs leave as USD
floats, null when unknown; times are UTC epoch seconds.
"""

from collections.abc import Mapping
from typing import Any

from hotspare.store.rows import candidates_of
from hotspare.store.source import Rows, Source

LAST = 50
_SHORT_IDS_SHOWN = 3

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
    "until": "at < :until",
    "status": "status = :status",
    "slow": "(duration_ms > 5000) = :slow",
    "text": "(instr(id, :text) OR instr(lower(asked || char(10) || chain || char(10) || caller || char(10) "
    "|| coalesce(model, '') || char(10) || coalesce(session, '')), lower(:text)))",
    "fallback": "fallback = :fallback",
    "ok": "ok = :ok",
    "trigger": "(reason = :trigger OR id IN (SELECT request_id FROM attempts WHERE trigger = :trigger))",
}


def _where(conditions: Mapping[str, str], given: Mapping[str, Any]) -> str:
    chosen = [condition for name, condition in conditions.items() if name in given]
    return "WHERE " + " AND ".join(chosen) if chosen else ""


async def requests(source: Source, given: dict[str, Any], wall: float) -> Rows:
    del wall
    sql = " ".join((_REQUEST, _where(_FILTERS, given), "ORDER BY at DESC LIMIT :last"))
    return [_request_row(row) for row in await source.fetch(sql, {"last": LAST, **given})]


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


async def explain(source: Source, given: dict[str, Any], wall: float) -> Rows:
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
