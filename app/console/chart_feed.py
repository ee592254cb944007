"""What the chart shows: the past of one chain, asked from the store in steps that suit the range."""

from collections.abc import Sequence
from typing import Any

from hotspare.engine.backend import Backend
from hotspare.router.error import HotspareError
from hotspare.widgets import figures
from hotspare.widgets.chart import ChartData, Point

STEPS_SECONDS: dict[int, int] = {15: 60, 60: 60, 360: 300, 1440: 900, 10_080: 7200}
"""How long one point of the chart is, by the minutes of its range."""


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
