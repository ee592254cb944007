"""Requests: found by what they were, newest first, and one of them with all that was decided about it.

All SQL here is put together from constants; what comes from outside is bound, never written into it. Costs leave as USD
floats, null when unknown; times are UTC epoch seconds.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from hotspare.store.redaction import REDACTED
from hotspare.store.rows import TOLD_OF_ATTEMPTS, attempt_told, candidates_of, request_told
from hotspare.store.source import Rows, Source

LAST = 50
_SHORT_IDS_SHOWN = 3

_REQUEST = """
SELECT id, at, kind, asked, meant, chain, model, caller, session, dialect, stream, verdict, status, ok, fallback,
  forced, source, reason, ended_by, duration_ms, first_content_ms, input_tokens, output_tokens, cost_usd, unpriced,
  estimated,
  (SELECT count(*) FROM stored_attempts WHERE request = requests.number) AS attempts
FROM requests
"""

_NAMES = "lower(asked || char(10) || chain || char(10) || caller || char(10) || model)"
_OF_ROUTE: Mapping[str, str] = {
    "model": "model = :model",
    "chain": "chain = :chain",
    "caller": "caller = :caller",
    "kind": "kind = :kind",
    "status": "status = :status",
    "fallback": "fallback = :fallback",
    "ok": "(verdict = 'answered') = :ok",
    "slow": "slow = :slow",
    "trigger": "(reason = :trigger OR instr(' ' || triggers || ' ', ' ' || :trigger || ' '))",
}
"""What is told by a request's route."""
_OF_REQUEST: Mapping[str, str] = {"since": "at >= :since", "until": "at < :until"}
_TEXT_IN_NAMES = f"instr({_NAMES}, lower(:text))"
_OF_SESSION = "session = (SELECT number FROM session_names WHERE name = :session)"
_TEXT_IN_SESSION = """
session IN (SELECT number FROM session_names WHERE name >= :text AND name < :text || char(1114111))
"""
_ID_BEGINS = "id >= :text AND id < :text || char(1114111)"

_LOOKED_AT = 2_000
"""So many of the newest requests are looked at one by one; only then is the index by route asked."""
_MANY = 5_000


async def requests(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """Requests, newest first."""
    del wall
    numbers = await _numbers(source, {"last": LAST, **given})
    bound = {"numbers": msgspec.json.encode(numbers).decode()}
    sql = f"{_REQUEST} WHERE number IN (SELECT value FROM json_each(:numbers)) ORDER BY at DESC, number DESC"
    return [request_told(row) for row in await source.fetch(sql, bound)]


async def _numbers(source: Source, given: dict[str, Any]) -> list[int]:
    """Which requests are meant: found among the very newest, mostly; else by their session or by their routes."""
    if "session" in given:
        return await _found(source, _by_session(given), given)
    if "text" not in given and not given.keys() & _OF_ROUTE.keys():
        return await _found(source, _newest(given), given)
    found = await _found(source, _among_newest(given), given)
    return found if len(found) >= given["last"] else await _found(source, _by_route(given), given)


async def _found(source: Source, sql: str, given: dict[str, Any]) -> list[int]:
    return [row["number"] for row in await source.fetch(sql, given)]


def _newest(given: Mapping[str, Any]) -> str:
    return f"SELECT number FROM stored_requests {_all_of(given, _OF_REQUEST)} ORDER BY at DESC, number DESC LIMIT :last"


def _among_newest(given: Mapping[str, Any]) -> str:
    looked_at = (
        f"SELECT number, id, at, route, session FROM stored_requests {_all_of(given, _OF_REQUEST)} "
        f"ORDER BY at DESC, number DESC LIMIT {_LOOKED_AT}"
    )
    text = f"({_TEXT_IN_NAMES} OR {_TEXT_IN_SESSION} OR {_ID_BEGINS})"
    return (
        f"SELECT found.number FROM ({looked_at}) AS found CROSS JOIN routes ON routes.number = route "
        f"{_all_of(given, _OF_ROUTE, {'text': text})} ORDER BY at DESC, found.number DESC LIMIT :last"
    )


def _by_session(given: Mapping[str, Any]) -> str:
    """`+at` keeps the index by time out of it."""
    own, text = {"session": _OF_SESSION, **_OF_REQUEST}, f"({_TEXT_IN_NAMES} OR {_ID_BEGINS})"
    return (
        "SELECT stored_requests.number FROM stored_requests CROSS JOIN routes ON routes.number = route "
        f"{_all_of(given, own, _OF_ROUTE, {'text': text})} ORDER BY +at DESC, 1 DESC LIMIT :last"
    )


def _by_route(given: Mapping[str, Any]) -> str:
    """The newest of each route that is meant, and of those the newest. So many requests are of no more routes, and they
    are of those that were seen last.
    """
    of_one = _all_of(given, {"last": "one.route = routes.number"}, _OF_REQUEST)
    routes = (
        f"SELECT number FROM routes {_all_of(given, _OF_ROUTE, {'text': _TEXT_IN_NAMES})} "
        f"ORDER BY (SELECT max(at) FROM stored_requests AS one {of_one}) DESC LIMIT :last"
    )
    first = (
        f"SELECT stored_requests.number FROM ({routes}) AS routes CROSS JOIN stored_requests "
        f"ON stored_requests.number IN (SELECT number FROM stored_requests AS one {of_one} "
        "ORDER BY at DESC LIMIT :last)"
    )
    meant = [first]
    if "text" in given:
        meant += [
            f"SELECT * FROM (SELECT stored_requests.number FROM stored_requests CROSS JOIN routes "
            f"ON routes.number = route {_all_of(given, {'text': where}, _OF_REQUEST, _OF_ROUTE)} "
            f"ORDER BY stored_requests.number DESC LIMIT {_MANY})"
            for where in (_TEXT_IN_SESSION, _ID_BEGINS)
        ]
    return (
        f"SELECT number FROM stored_requests WHERE number IN ({' UNION '.join(meant)}) "
        "ORDER BY +at DESC, number DESC LIMIT :last"
    )


def _all_of(given: Mapping[str, Any], *tables: Mapping[str, str]) -> str:
    """The conditions of what is given; all of them are constants."""
    chosen = [condition for table in tables for name, condition in table.items() if name in given]
    return "WHERE " + " AND ".join(chosen) if chosen else ""


_BY_ID = "WHERE requests.id >= :id AND requests.id < :id || char(1114111) ORDER BY requests.id LIMIT 4"
_CANDIDATES = """
SELECT candidates, seconds_left, waited_ms, cache_age_seconds, cache_similarity FROM requests WHERE id = :id
"""
_APART = ("waited_ms", "cache_age_seconds", "cache_similarity")
_CONTENT = "SELECT prompt, answer FROM contents WHERE id = :id"
_NO_CONTENT = {"prompt": None, "answer": None}
_KEPT = """
SELECT requests.id, requests.at, chain, asked, caller, dialect, input_tokens, cost_usd, request,
  contents.id IS NOT NULL AS content FROM requests LEFT JOIN contents ON contents.id = requests.id
"""
_ATTEMPTS = f"SELECT number, {TOLD_OF_ATTEMPTS} FROM attempts WHERE request_id = :id ORDER BY number"


async def explain(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """One request with all that was decided about it, by its id or the beginning of it."""
    del wall
    return [await _explained(source, request_told(row)) for row in await _by_id(source, _REQUEST, given)]


async def kept(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """What is kept of one request, so that it can be sent again: its body as JSON, where there is one."""
    del wall
    rows = await _by_id(source, _KEPT, given)
    return [{**row, "content": bool(row["content"]), "redacted": REDACTED in (row["request"] or "")} for row in rows]


async def _by_id(source: Source, sql: str, given: dict[str, Any]) -> Rows:
    """The one request that an id, or the beginning of one, means; none where there is none."""
    if not given.get("id"):
        raise ValueError("it needs the id of a request, or its beginning")
    found = await source.fetch(sql + _BY_ID, given)
    if len(found) > 1 and found[0]["id"] != given["id"]:
        ids = ", ".join(row["id"] for row in found[:_SHORT_IDS_SHOWN])
        raise ValueError(f"several requests begin with {given['id']!r}: {ids} …")
    return found[:1]


async def _explained(source: Source, row: dict[str, Any]) -> dict[str, Any]:
    [kept] = await source.fetch(_CANDIDATES, row)
    attempts = [attempt_told(attempt) for attempt in await source.fetch(_ATTEMPTS, row)]
    said = await source.fetch(_CONTENT, row)
    apart = {name: kept[name] for name in _APART}
    return {
        **row,
        **apart,
        "candidates": candidates_of(kept),
        "attempts": attempts,
        **(said[0] if said else _NO_CONTENT),
    }
