"""What the chart shows, asked now and then: the past of one chain, from the store in steps that suit the range, and
what operators and models did meanwhile.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from hotspare.app.console.view_state import ViewState
from hotspare.engine.backend import Backend
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.router.snapshot import ChainView
from hotspare.widgets.chart import ChartData, Point, is_loaded, load
from hotspare.widgets.timeline import RELOADS, Happened, act_of

CHART_SECONDS = 5.0
"""How often the chart's past is asked for anew."""
STEPS_SECONDS: dict[int, int] = {15: 60, 60: 60, 360: 300, 1440: 900, 10_080: 7200}
"""How long one point of the chart is, by the minutes of its range."""
MOST_ACTS = 200


class ChartFeed:
    """Knows what was asked last, and when it is to be asked again."""

    def __init__(self, backend: Backend, state: ViewState, clock: Clock) -> None:
        self._backend = backend
        self._state = state
        self._clock = clock
        self._asked: tuple[tuple[str, int, float | None], float] = (("", 0, None), 0.0)

    def due(self, chain: str) -> str | None:
        """The chain whose past is to be asked for now: the wanted one ("": the first); None while it is not due.

        While the picture is frozen, only another chain or range is asked for.
        """
        state, now = self._state, self._clock.monotonic()
        if state.shown is None or not state.shown.chains:
            return None
        name = chain or state.shown.chains[0].name
        wanted = (name, state.range_minutes, state.ends_at)
        asked, due = self._asked
        if asked == wanted and (now < due or state.frozen is not None):
            return None
        self._asked = (wanted, now + CHART_SECONDS)
        return name

    async def fetch(self, name: str) -> ChartData:
        """The chart of that chain for the range that is looked at, or a note why there is none."""
        if not is_loaded():
            await asyncio.to_thread(load)
        state, shown = self._state, self._state.shown
        chain = next((one for one in shown.chains if one.name == name), None) if shown else None
        if shown is None or chain is None:
            return ChartData("", 0, 0)
        title, up_to_now = f"{chain.name}, {state.range_words()}", state.ends_at is None
        since, until = state.range_of(shown)
        step = STEPS_SECONDS[state.range_minutes]
        begin = since // step * step
        try:
            rows = await self._backend.query("history", chain=name, since=begin, until=until, step_seconds=step)
        except (HotspareError, ValueError) as error:
            return ChartData(title, begin, until, note=f"no history: {error}")
        points, marks = _points(rows, begin, until, step), await self._marks(chain, begin, until)
        return ChartData(title, begin, until, points, marks=marks, up_to_now=up_to_now)

    async def _marks(self, chain: ChainView, begin: float, until: float) -> tuple[Happened, ...]:
        """What operators did about a chain between two wall times, and its models and the file as the screen saw it."""
        try:
            acts = await self._backend.query("journal", since=begin, until=until, last=MOST_ACTS)
        except (HotspareError, ValueError):
            acts = []  # an instance of an earlier version knows no range of its journal
        about = {chain.name, *chain.models}
        known = [*map(act_of, acts), *self._state.seen]
        return tuple(one for one in known if begin <= one.at <= until and (one.subject in about or one.what in RELOADS))


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
