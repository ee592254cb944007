"""What a start takes up in place of Records: the sums of the day so far. Only the latest are read one by one."""

from collections.abc import Iterator, Mapping
from typing import Any

from hotspare.router.figures import Figures, Histogram, ModelFigures
from hotspare.router.live import KEPT_MINUTES, Past
from hotspare.store.charts import Span, spans
from hotspare.store.routes import CANCELLED, SERVED
from hotspare.store.source import Source
from hotspare.store.sums import MINUTE, durations_of

READ_WHOLE = 5_000
"""At most so many of the latest requests are read one by one."""

_LATEST = "SELECT at FROM stored_requests WHERE at >= :since ORDER BY at DESC LIMIT 1 OFFSET :number"
_FIGURES = """
SELECT * FROM request_figures
WHERE step = :step AND dimension IN ('chain', 'caller', 'kind', 'model') AND at >= :begin AND at < :end
"""
_CALLS = "SELECT * FROM call_figures WHERE step = :step AND at >= :begin AND at < :end"
_SESSIONS = """
SELECT session_names.name, sum(cost_pico_usd) AS cost
FROM stored_requests JOIN session_names ON session_names.number = session
WHERE at >= :begin AND at < :end GROUP BY 1 ORDER BY max(at)
"""


async def read_past(source: Source, since: float, wall: float, *, sessions: bool) -> tuple[list[Past], float]:
    """The sums from `since` on, and the time from which Records are to be folded instead.

    Args:
        source: the database.
        since: where the day (or the screen) begins.
        wall: now.
        sessions: whether what each session cost is wanted too.

    Raises:
        sqlite3.Error: the database did not answer.
    """
    until = await _whole_from(source, since)
    found: dict[tuple[int, int], Past] = {}
    for step, begin, end in _steps(since, until, wall):
        bound = {"step": step, "begin": begin, "end": end}
        for row in await source.fetch(_FIGURES, bound):
            _add_requests(found.setdefault((row["at"], step), Past(row["at"], step)), row)
        for row in await source.fetch(_CALLS, bound):
            _add_calls(found.setdefault((row["at"], step), Past(row["at"], step)), row)
    past = [found[key] for key in sorted(found)]
    if sessions and until > since:
        rows = await source.fetch(_SESSIONS, {"begin": since, "end": until})
        past.append(Past(since, 0, sessions={row["name"]: row["cost"] for row in rows}))
    return past, until


def _steps(since: float, until: float, wall: float) -> Iterator[Span]:
    """The minutes that the screen looks back on as such, and what is before them in as few steps as there are."""
    minutes_from = min(until, wall // MINUTE * MINUTE - KEPT_MINUTES * MINUTE)
    if since < minutes_from:
        yield from spans(since, minutes_from, wall)
    yield MINUTE, int(max(since, minutes_from)), int(until)


async def _whole_from(source: Source, since: float) -> float:
    """The beginning of the first minute that is read one by one; `since` where there is little."""
    latest = await source.fetch(_LATEST, {"since": since, "number": READ_WHOLE})
    return max(since, latest[0]["at"] // MINUTE * MINUTE + MINUTE) if latest else since


def _add_requests(past: Past, row: Mapping[str, Any]) -> None:
    if row["dimension"] == "caller":
        past.callers.add(row["name"])
    elif row["dimension"] == "model":
        if row["name"]:  # its answers in place of others are requests; all else of a model is calls
            past.models.setdefault(row["name"], ModelFigures()).instead += row["fallback"]
    elif row["dimension"] == "kind":
        past.other_pico_usd += row["cost_pico_usd"]
    else:
        # There are two rows of a minute where what no roll-up holds yet is summed up beside them.
        past.chains.setdefault(row["chain"], Figures()).merge(
            Figures(
                requests=row["requests"],
                answered=row["answered"],
                primary=row["primary"],
                fallback=row["fallback"],
                forced_fallback=row["forced_fallback"],
                duration_ms=row["duration_us"] / 1000.0,
                durations=Histogram(durations_of(row["durations"])),
                input_tokens=row["input_tokens"],
                output_tokens=row["output_tokens"],
                cost_pico_usd=row["cost_pico_usd"],
                unpriced=row["unpriced"],
                estimated_pico_usd=row["estimated_pico_usd"],
            )
        )


def _add_calls(past: Past, row: Mapping[str, Any]) -> None:
    model, outcome = row["model"], row["outcome"]
    past.checked[model] = max(past.checked.get(model, 0.0), row["last_at"])
    figures = past.models.setdefault(model, ModelFigures())
    if outcome == "bad_request":
        return  # the caller's fault counts against nobody
    figures.merge(
        ModelFigures(
            calls=row["calls"],
            answered=row["calls"] if outcome == SERVED else 0,
            failed=0 if outcome in (SERVED, CANCELLED) else row["calls"],
            served=row["served"],
            durations=Histogram(durations_of(row["durations"])),
            cost_pico_usd=row["cost_pico_usd"],
            unpriced=row["unpriced"],
            estimated_pico_usd=row["estimated_pico_usd"],
        )
    )
