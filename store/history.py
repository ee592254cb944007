"""The questions about what was, by name, with the parameters each knows: `Backend.query("figures", by="model")`.

- `requests`: one a row, newest first. `trigger` finds those that an attempt failed by, or that it was the reason of;
  `slow` those over 5 s; `text` those in whose names it stands, or whose id or session begins with it; `since` ≤ at <
  `until`; `last` so many.
- `explain`: one request, by its `id` or the beginning of it, with candidates and attempts.
- `kept`: what is kept of one request by its `id`, or the beginning of it: its whole body, for one who sends it again.
- `history`: the figures in steps of `step_seconds` (whole minutes), newest first; steps without a request are left
  out. From `since`, or so many `days` back, to `until`; of one `chain`; of one `model` (that answered), `caller` or
  `reason`.
- `figures`: the figures of each `by` (chain, model, caller, reason, session, kind, hour, outcome) from `since` (a day
  ago) to `until`, of one `chain`; the dearest first, hours newest first, `last` so many. A row's `name` says whose.
  By `model` they are those of its calls, with the cost of all of them; of sessions no percentiles are kept.
- `errors`: failed attempts by trigger and model, the most frequent first; `slow`: how long models took, slowest first;
  both of the last hour unless `since` says otherwise.
- `journal`: what operators did from `since` to `until`, newest first, `last` so many.

Rates and sums are of kind traffic. Costs are USD, null when unknown; times are UTC epoch seconds.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hotspare.store import charts, search
from hotspare.store.journal import entry_of, journal_row
from hotspare.store.source import Rows, Source


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


_JOURNAL = "SELECT * FROM journal WHERE at >= :since AND at < :until ORDER BY number DESC LIMIT :last"


async def _journal(source: Source, given: dict[str, Any], wall: float) -> Rows:
    del wall
    bound = {"last": search.LAST, "since": -math.inf, "until": math.inf, **given}
    rows = await source.fetch(_JOURNAL, bound)
    return [journal_row(entry_of(row)) for row in rows]


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


def _dimension(value: Any) -> str:
    if value not in charts.DIMENSIONS:
        raise ValueError(value)
    return str(value)


def _text(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class _View:
    run: Callable[[Source, dict[str, Any], float], Awaitable[Rows]]
    parameters: Mapping[str, Callable[[Any], Any]]


FROM_ROLL_UPS = frozenset({"history", "figures", "errors", "slow"})
"""Views that read no rows but what these came to."""

_RANGE: Mapping[str, Callable[[Any], Any]] = {"since": _moment, "until": _moment}
_FIGURES: Mapping[str, Callable[[Any], Any]] = {**_RANGE, "chain": _text, "model": _text}

_VIEWS: Mapping[str, _View] = {
    "requests": _View(
        search.requests,
        {
            **_RANGE,
            "last": _count,
            "model": _text,
            "trigger": _text,
            "caller": _text,
            "kind": _text,
            "chain": _text,
            "session": _text,
            "status": _count,
            "fallback": _flag,
            "ok": _flag,
            "slow": _flag,
            "text": _text,
        },
    ),
    "explain": _View(search.explain, {"id": _text}),
    "kept": _View(search.kept, {"id": _text}),
    "journal": _View(_journal, {**_RANGE, "last": _count}),
    "errors": _View(charts.errors, _FIGURES),
    "slow": _View(charts.slow, _FIGURES),
    "history": _View(
        charts.history, {**_FIGURES, "caller": _text, "reason": _text, "days": _positive, "step_seconds": _positive}
    ),
    "figures": _View(charts.figures, {**_RANGE, "by": _dimension, "chain": _text, "last": _count}),
}
