"""The figures of a range of time, as sums over Records of traffic: charts, and who or what came to how much.

Every row of figures is `router.figures.fold` over the Records it stands for; nothing is counted in another way.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from hotspare.router.figures import Figures, Histogram, ModelFigures, fold, fold_attempts
from hotspare.router.record import Record
from hotspare.router.settings import PICO_PER_USD
from hotspare.store.restore import read_records
from hotspare.store.source import DAY_SECONDS, HOUR_SECONDS, Rows, Source

_HOURLY_UP_TO_DAYS = 7

_NAMES: Mapping[str, Callable[[Record], Any]] = {
    "chain": lambda record: record.chain,
    "caller": lambda record: record.caller,
    "reason": lambda record: record.reason,
    "session": lambda record: record.session or "",
    "hour": lambda record: record.at // HOUR_SECONDS * HOUR_SECONDS,
}
DIMENSIONS = (*_NAMES, "model")
_FILTERS = ("chain", "model", "caller", "reason")


async def history(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """The figures in steps of time; steps without a request are left out."""
    since = given.get("since", wall - given.get("days", 1.0) * DAY_SECONDS)
    until = given.get("until", math.inf)
    fine = wall - since <= _HOURLY_UP_TO_DAYS * DAY_SECONDS
    step = given.get("step_seconds", HOUR_SECONDS if fine else DAY_SECONDS)
    steps: dict[float, Figures] = {}
    async for record in read_records(source, since):
        if record.kind == "traffic" and record.at < until and _is_meant(record, given):
            fold(steps.setdefault(record.at // step * step, Figures()), record)
    return [{"at": at, **figures_row(steps[at])} for at in sorted(steps, reverse=True)]


async def figures(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """The figures of each chain, model, caller, reason, session or hour: the dearest first, hours newest first."""
    since, until = given.get("since", wall - DAY_SECONDS), given.get("until", math.inf)
    by = given.get("by", "chain")
    found: dict[Any, Figures] = {}
    models: dict[str, ModelFigures] = {}
    async for record in read_records(source, since):
        if record.kind != "traffic" or record.at >= until or not _is_meant(record, given):
            continue
        if by == "model":
            fold_attempts(models, record)
        else:
            fold(found.setdefault(_NAMES[by](record), Figures()), record)
    rows = [{"name": name, **model_row(each)} for name, each in models.items()]
    rows += [{"name": name, **figures_row(each)} for name, each in found.items()]
    rows.sort(key=_newest_first if by == "hour" else _dearest_first)
    return rows[: given.get("last", len(rows))]


def _newest_first(row: Mapping[str, Any]) -> Any:
    return -row["name"]


def _dearest_first(row: Mapping[str, Any]) -> Any:
    return (-(row["cost_usd"] or 0), -row["requests"], row["name"])


def _is_meant(record: Record, given: Mapping[str, Any]) -> bool:
    return all(getattr(record, name) == given[name] for name in _FILTERS if name in given)


_ERRORS = """
SELECT attempts.trigger AS trigger, attempts.model AS model, count(*) AS count,
  count(DISTINCT request_id) AS requests, max(at + ended_ms / 1000.0) AS last_at
FROM requests CROSS JOIN attempts ON attempts.request_id = requests.id
"""
_ERROR_FILTERS: Mapping[str, str] = {
    "until": "at < :until",
    "since": "at >= :since AND kind = 'traffic' AND attempts.trigger IS NOT NULL",
    "chain": "chain = :chain",
    "model": "attempts.model = :model",
}


async def errors(source: Source, given: dict[str, Any], wall: float) -> Rows:
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
    "until": "at < :until",
    "since": "at >= :since AND kind = 'traffic' AND attempts.trigger IS NULL AND NOT cancelled",
    "chain": "chain = :chain",
    "model": "attempts.model = :model",
}


async def slow(source: Source, given: dict[str, Any], wall: float) -> Rows:
    """How long each model took when it answered, the slowest first."""
    bound = {"since": wall - HOUR_SECONDS, **given}
    sql = (_SLOW, _where(_SLOW_FILTERS, bound), ")) GROUP BY model ORDER BY mean_ms DESC")
    return await source.fetch(" ".join(sql), bound)


def _where(conditions: Mapping[str, str], given: Mapping[str, Any]) -> str:
    chosen = [condition for name, condition in conditions.items() if name in given]
    return "WHERE " + " AND ".join(chosen) if chosen else ""


def figures_row(total: Figures) -> dict[str, Any]:
    """Figures in the words of the contract."""
    return {
        "requests": total.requests,
        "ok": total.answered,
        "failed": total.requests - total.answered,
        "primary": total.primary,
        "fallback": total.fallback,
        "forced_fallback": total.forced_fallback,
        **_times(total.duration_ms, total.answered, total.durations),
        "input_tokens": total.input_tokens,
        "output_tokens": total.output_tokens,
        "cost_usd": _usd(total.cost_pico_usd, total.unpriced),
        "unpriced_requests": total.unpriced,
    }


def model_row(total: ModelFigures) -> dict[str, Any]:
    """What a model's calls came to; its cost is that of all of them, also of those that did not serve."""
    return {
        "requests": total.served,
        "calls": total.calls,
        "ok": total.answered,
        "failed": total.failed,
        "p50_ms": total.durations.percentile(0.5),
        "p95_ms": total.durations.percentile(0.95),
        "cost_usd": _usd(total.cost_pico_usd, total.unpriced),
        "unpriced_calls": total.unpriced,
    }


def _times(sum_ms: float, answered: int, durations: Histogram) -> dict[str, float | None]:
    mean = sum_ms / answered if answered else None
    return {"mean_ms": mean, "p50_ms": durations.percentile(0.5), "p95_ms": durations.percentile(0.95)}


def _usd(pico: int, unpriced: int) -> float | None:
    return None if unpriced and not pico else pico / PICO_PER_USD
