"""What the chart shows: the past of one chain, asked from the store in steps that suit the range, now and then."""

import asyncio
from collections.abc import Sequence
from typing import Any

from hotspare.app.console.view_state import ViewState
from hotspare.engine.backend import Backend
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.widgets import figures
from hotspare.widgets.chart import ChartData, Point, is_loaded, load

CHART_SECONDS = 5.0
"""How often the chart's past is asked for anew."""
STEPS_SECONDS: dict[int, int] = {15: 60, 60: 60, 360: 300, 1440: 900, 10_080: 7200}
"""How long one point of the chart is, by the minutes of its range."""


class ChartFeed:
    """Knows what was asked last, and when it is to be asked again."""

    def __init__(self, backend: Backend, state: ViewState, clock: Clock) -> None:
        self._backend = backend
        self._state = state
        self._clock = clock
        self._asked: tuple[str, int, float] = ("", 0, 0.0)

    def due(self, chain: str) -> str | None:
        """The chain whose past is to be asked for now: the wanted one ("": the first); None while it is not due.

        While the picture is frozen, only another chain or range is asked for.
        """
        state, now = self._state, self._clock.monotonic()
        if state.shown is None or not state.shown.chains:
            return None
        wanted = chain or state.shown.chains[0].name
        what, minutes, due = self._asked
        if (what, minutes) == (wanted, state.range_minutes) and (now < due or state.frozen is not None):
            return None
        self._asked = (wanted, state.range_minutes, now + CHART_SECONDS)
        return wanted

    async def fetch(self, chain: str) -> ChartData:
        """The chart of that chain for the range that is looked at."""
        if not is_loaded():
            await asyncio.to_thread(load)
        shown = self._state.shown
        if shown is None:
            return ChartData("", 0, 0)
        return await fetch(self._backend, chain, self._state.range_minutes, shown.at)


async def fetch(backend: Backend, chain: str, minutes: int, now: float) -> ChartData:
    """The chart of a chain's last minutes; a note stands in its place where the past cannot be told."""
    title = f"{chain}, last {figures.span(minutes)}"
    step = STEPS_SECONDS[minutes]
    begin = (now // step) * step - minutes * 60
    try:
        rows = await backend.query("history", chain=chain, since=begin, step_seconds=step)
    except (HotspareError, ValueError) as error:
        return ChartData(title, begin, now, note=f"no history: {error}")
    return ChartData(title, begin, now, _points(rows, begin, now, step))


def _points(rows: Sequence[dict[str, Any]], begin: float, now: float, step: int) -> tuple[Point, ...]:
    """A point each step; those that the store left out had no request, and stay gaps."""
    told = {float(row["at"]): row for row in rows}
    times = [begin + place * step for place in range(int((now - begin) // step) + 1)]
    return tuple(_point(at, told.get(at, {})) for at in times)


def _point(at: float, row: dict[str, Any]) -> Point:
    requests = row.get("requests") or 0
    if not requests:
        return Point(at, None, None)
    return Point(at, (row.get("ok") or 0) / requests, (row.get("fallback") or 0) / requests)
