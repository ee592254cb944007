"""The figures of a range of time, read from the roll-ups: charts, and who or what came to how much.

No raw row is read, so a month takes no longer than an hour. A range begins with the minute that `since` is in (with the
hour, where minutes are no longer kept), and ends with the one that `until` is in.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hotspare.router.settings import PICO_PER_USD
from hotspare.store.routes import CANCELLED, SERVED
from hotspare.store.source import DAY_SECONDS, HOUR_SECONDS, Rows, Source
from hotspare.store.sums import DAY, HOUR, MINUTE, percentiles

DIMENSIONS = ("chain", "model", "caller", "reason", "session", "kind", "hour", "outcome")
MINUTES_KEPT_SECONDS = 8 * DAY
"""How far back there are roll-ups of minutes; those of hours and days are kept as long as anything."""

_NAMED = ("model", "caller", "reason")
_HOURLY_UP_TO_DAYS = 7
_ALWAYS = 2**40
_MOST_NAMES = 1000
_TOLD_AT_ONCE = 100

_SUMS = """
sum(requests) AS requests, sum(answered) AS answered, sum("primary") AS "primary", sum(fallback) AS fallback,
sum(forced_fallback) AS forced_fallback, sum(duration_us) AS duration_us, sum(input_tokens) AS input_tokens,
sum(output_tokens) AS output_tokens, sum(cost_pico_usd) AS cost_pico_usd, sum(unpriced) AS unpriced,
sum(estimated_pico_usd) AS estimated_pico_usd, merge_durations(durations) AS durations
"""
_CALL_SUMS = """
sum(calls) AS calls, sum(requests) AS requests, sum(served) AS served, sum(duration_us) AS duration_us,
sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(cost_pico_usd) AS cost_pico_usd,
sum(unpriced) AS unpriced, sum(estimated_pico_usd) AS estimated_pico_usd, max(last_at) AS last_at,
merge_durations(durations) AS durations
"""


async def history(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """The figures in steps of time; steps without a request are left out."""
    since = given.get("since", wall - given.get("days", 1.0) * DAY_SECONDS)
    fine = wall - since <= _HOURLY_UP_TO_DAYS * DAY_SECONDS
    seconds = int(given.get("step_seconds", HOUR_SECONDS if fine else DAY_SECONDS))
    step = next((step for step in (DAY, HOUR, MINUTE) if not seconds % step), None)
    if step is None:
        raise ValueError(f"history goes in steps of whole minutes, and {seconds} s are none")
    named = [name for name in _NAMED if name in given]
    if len(named) > 1:
        raise ValueError(f"history is kept of {' and of '.join(named)}, but not of both together")
    bound = {
        **given,
        "step": step,
        "dimension": named[0] if named else "chain",
        "name": given[named[0]] if named else "",
        "begin": since // seconds * seconds,
        "end": min(given.get("until", _ALWAYS), _ALWAYS),
        "seconds": seconds,
    }
    sql = (
        "SELECT at / :seconds * :seconds AS step_at,", _SUMS, "FROM request_figures WHERE step = :step",
        "AND dimension = :dimension AND at >= :begin AND at < :end AND name = :name", _of_chain(given),
        "GROUP BY 1 ORDER BY 1 DESC",
    )  # fmt: skip
    rows = await source.fetch(" ".join(sql), bound)
    return await _told(rows, lambda row: {"at": float(row["step_at"]), **figures_row(row)})


async def figures(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """The figures of each chain, model, caller and so on: the dearest first, hours newest first."""
    by = given.get("by", "chain")
    since, until = given.get("since", wall - DAY_SECONDS), given.get("until", math.inf)
    if by == "model":
        rows = await _model_figures(source, given, since, until, wall)
    elif by == "outcome":
        rows = await _outcome_figures(source, given, since, until, wall)
    elif by == "hour":
        hours = await history(source, {**given, "since": since, "until": until, "step_seconds": HOUR}, wall)
        rows = [{"name": row.pop("at"), **row} for row in hours]
    else:
        rows = await _named_figures(source, given, by, list(spans(since, until, wall, sessions=by == "session")))
    if by != "hour":
        rows.sort(key=lambda row: (-(row["cost_usd"] or 0), -row["requests"], row["name"]))
    return rows[: given.get("last", len(rows))]


async def _named_figures(source: Source, given: Mapping[str, Any], by: str, over: list["Span"]) -> Rows:
    sums = _SUMS.replace("merge_durations(durations)", "min(durations)") if by == "session" else _SUMS
    sql = (
        "SELECT", "chain" if by == "chain" else "name", "AS of,", sums, "FROM request_figures",
        _where_of(over, f"dimension = '{by}' AND "), _of_chain(given),
        "GROUP BY 1 ORDER BY sum(cost_pico_usd) DESC, sum(requests) DESC, 1 LIMIT :last",
    )  # fmt: skip
    rows = await source.fetch(" ".join(sql), {"last": _MOST_NAMES, **given})
    return await _told(rows, lambda row: {"name": row["of"], **figures_row(row)})


async def _model_figures(source: Source, given: Mapping[str, Any], since: float, until: float, wall: float) -> Rows:
    """What the calls of each model came to; a caller's own fault counts against no model."""
    sql = (
        "SELECT model, outcome,", _CALL_SUMS, "FROM call_figures", _where_of(spans(since, until, wall)),
        "AND outcome != 'bad_request'", _of_chain(given), "GROUP BY 1, 2",
    )  # fmt: skip
    models: dict[str, Rows] = {}
    for row in await source.fetch(" ".join(sql), dict(given)):
        models.setdefault(row["model"], []).append(row)
    return [{"name": name, **_model_row(rows)} for name, rows in models.items()]


async def _outcome_figures(source: Source, given: Mapping[str, Any], since: float, until: float, wall: float) -> Rows:
    """What calls came to by what became of them: served, cancelled (a race that was lost, a caller that left), or the
    trigger by which the answer was of no use.
    """
    sql = (
        "SELECT outcome,", _CALL_SUMS, "FROM call_figures", _where_of(spans(since, until, wall)), _of_chain(given),
        "GROUP BY 1",
    )  # fmt: skip
    rows = await source.fetch(" ".join(sql), dict(given))
    return [{"name": row["outcome"] or "served", **_model_row([row])} for row in rows]


async def errors(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """Failed attempts of traffic by trigger and model, the most frequent first."""
    over = spans(given.get("since", wall - HOUR_SECONDS), given.get("until", math.inf), wall)
    sql = (
        "SELECT outcome AS trigger, model, sum(calls) AS count, sum(requests) AS requests, max(last_at) AS last_at",
        "FROM call_figures", _where_of(over), f"AND outcome NOT IN ('{SERVED}', '{CANCELLED}')", _of_chain(given),
        _of_model(given), "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
    )  # fmt: skip
    return await source.fetch(" ".join(sql), given)


async def slow(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """How long each model took when it answered, the slowest first."""
    over = spans(given.get("since", wall - HOUR_SECONDS), given.get("until", math.inf), wall)
    sql = (
        "SELECT model,", _CALL_SUMS, "FROM call_figures", _where_of(over), f"AND outcome = '{SERVED}'",
        _of_chain(given), _of_model(given), "GROUP BY 1 ORDER BY sum(duration_us) * 1.0 / sum(calls) DESC, 1",
    )  # fmt: skip
    rows = await source.fetch(" ".join(sql), given)
    return [{"model": row["model"], "count": row["calls"], **_times(row, row["calls"])} for row in rows]


# ------------------------------------------------------------------ ranges
Span = tuple[int, int, int]
"""A step of the roll-ups, and from when to when it is to be read."""


def spans(since: float, until: float, wall: float, *, sessions: bool = False) -> Iterator[Span]:
    """A range as few roll-ups as possible: days in its middle, hours and minutes at its ends."""
    finest = HOUR if sessions or since < wall - MINUTES_KEPT_SECONDS else MINUTE
    begin, end = int(since // finest) * finest, math.ceil(min(until, _ALWAYS) / finest) * finest
    coarser = [HOUR] if sessions else [step for step in (DAY, HOUR) if step > finest]
    yield from _spans(begin, end, [*coarser, finest] if not sessions else coarser)


def _spans(begin: int, end: int, steps: list[int]) -> Iterator[Span]:
    if begin >= end:
        return
    step, finer = steps[0], steps[1:]
    if not finer:
        yield step, begin, end
        return
    first, last = -(-begin // step) * step, end // step * step
    if first >= last:
        yield from _spans(begin, end, finer)
        return
    yield from _spans(begin, first, finer)
    yield step, first, last
    yield from _spans(last, end, finer)


def _where_of(over: Iterator[Span] | list[Span], more: str = "") -> str:
    """The condition for some ranges; all that stands in it are whole numbers of ours."""
    parts = [f"(step = {step} AND {more}at >= {begin} AND at < {end})" for step, begin, end in over]
    return f"WHERE ({' OR '.join(parts) or 'FALSE'})"


def _of_chain(given: Mapping[str, Any]) -> str:
    return "AND chain = :chain" if "chain" in given else ""


def _of_model(given: Mapping[str, Any]) -> str:
    return "AND model = :model" if "model" in given else ""


# ------------------------------------------------------------------ rows
async def _told(rows: Rows, tell: Callable[[dict[str, Any]], dict[str, Any]]) -> Rows:
    """Each row in the words of the contract; requests get their turn in between."""
    told: Rows = []
    for begin in range(0, len(rows), _TOLD_AT_ONCE):
        told += map(tell, rows[begin : begin + _TOLD_AT_ONCE])
        await asyncio.sleep(0)
    return told


def figures_row(total: Mapping[str, Any]) -> dict[str, Any]:
    """Sums in the words of the contract."""
    return {
        "requests": total["requests"],
        "ok": total["answered"],
        "failed": total["requests"] - total["answered"],
        "primary": total["primary"],
        "fallback": total["fallback"],
        "forced_fallback": total["forced_fallback"],
        **_times(total, total["answered"]),
        "input_tokens": total["input_tokens"],
        "output_tokens": total["output_tokens"],
        "cost_usd": _usd(total["cost_pico_usd"], total["unpriced"]),
        "unpriced_requests": total["unpriced"],
        "estimated_usd": total["estimated_pico_usd"] / PICO_PER_USD,
    }


def _model_row(outcomes: Rows) -> dict[str, Any]:
    """The calls of one model, whatever came of them; its times are those of the answers it gave."""
    total = {name: sum(row[name] for row in outcomes) for name in _COUNTED}
    served = next((row for row in outcomes if row["outcome"] == SERVED), None)
    ok = served["calls"] if served else 0
    return {
        "requests": total["served"],
        "calls": total["calls"],
        "ok": ok,
        "failed": sum(row["calls"] for row in outcomes if row["outcome"] not in (SERVED, CANCELLED)),
        **(_times(served, ok) if served else _NO_TIMES),
        "input_tokens": total["input_tokens"],
        "output_tokens": total["output_tokens"],
        "cost_usd": _usd(total["cost_pico_usd"], total["unpriced"]),
        "unpriced_calls": total["unpriced"],
        "estimated_usd": total["estimated_pico_usd"] / PICO_PER_USD,
    }


_COUNTED = (
    "calls", "served", "input_tokens", "output_tokens", "cost_pico_usd", "unpriced", "estimated_pico_usd",
)  # fmt: skip
_NO_TIMES = {"mean_ms": None, "p50_ms": None, "p95_ms": None}


def _times(total: Mapping[str, Any], answered: int) -> dict[str, float | None]:
    p50, p95 = percentiles(total["durations"], 0.5, 0.95)
    mean = total["duration_us"] / answered / 1000.0 if answered else None
    return {"mean_ms": mean, "p50_ms": p50, "p95_ms": p95}


def _usd(pico: int, unpriced: int) -> float | None:
    return None if unpriced and not pico else pico / PICO_PER_USD
