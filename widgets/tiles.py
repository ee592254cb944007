"""The four headline figures, each with its window and its target: primary ok, fallback, response, cost today.

Targets are the operations guide's: fallback rate under 10 %, availability 99.9 %. Over means strictly greater.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hotspare.router.snapshot import FiguresView, Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, joined, padded

PRIMARY_TARGET = 0.999
FALLBACK_TARGET = 0.10
SLOW_FACTOR = 1.5
"""How many times its usual value the mean response time may be before the tile is marked."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Three lines: what it is, how much, against what."""

    title: str
    value: Line
    against: Line


def tiles_of(snapshot: Snapshot, glyphs: Glyphs) -> tuple[Tile, Tile, Tile, Tile]:
    """The four tiles."""
    return (
        _primary(snapshot, glyphs),
        _fallback(snapshot, glyphs),
        _response(snapshot, glyphs),
        _cost(snapshot, glyphs),
    )


def tile_lines(tiles: Sequence[Tile], width: int, glyphs: Glyphs) -> list[Line]:
    """The tiles beside each other."""
    widths = _widths(width - 1, len(tiles))
    rows: list[list[Line]] = [[((" ", "text"),)] for _ in range(3)]
    for tile, cells in zip(tiles, widths, strict=True):
        content: tuple[Line, ...] = (((tile.title, "dim"),), tile.value, tile.against)
        for row, line in zip(rows, content, strict=True):
            row.append((*padded(line, cells - 1, glyphs.more), (" ", "text")))
    return [joined(row, "") for row in rows]


def compact_line(snapshot: Snapshot, width: int, glyphs: Glyphs) -> Line:
    """The same figures in one line, for a small window; the last ones go where it is too small."""
    window = snapshot.window
    ok = _verdict(_reaches(window.primary_rate, PRIMARY_TARGET), glyphs)
    rare = _verdict(_stays_under(window.fallback_rate, FALLBACK_TARGET), glyphs)
    parts: list[Line] = [
        (("ok ", "dim"), (figures.percent(window.primary_rate), ok[1]), *_mark(ok)),
        (("fallback ", "dim"), (figures.percent(window.fallback_rate), rare[1]), *_mark(rare)),
        ((figures.seconds(window.mean_ms), "text"),),
        ((figures.usd(day_cost(snapshot)), "text"), (" today", "dim")),
    ]
    line = joined(parts, "  ")
    while parts and sum(len(text) for text, _ in line) > width - 1:
        parts.pop()
        line = joined(parts, "  ")
    return ((" ", "text"), *line)


def day_cost(snapshot: Snapshot) -> int:
    """What today cost: traffic, and what probes, drills and test prompts add to it."""
    return snapshot.today.cost_pico_usd + snapshot.today_other_pico_usd


def _widths(width: int, number: int) -> list[int]:
    if width < 100:  # the picture's own columns: the last tile says the most
        last = width - 3 * (width * 18 // 79) - 2
        first = width * 18 // 79
        return [first, first + 1, first + 1, last]
    return [width // number] * (number - 1) + [width - width // number * (number - 1)]


def _reaches(rate: float | None, target: float) -> bool | None:
    return None if rate is None else rate >= target


def _stays_under(rate: float | None, target: float) -> bool | None:
    return None if rate is None else rate <= target


def _verdict(good: bool | None, glyphs: Glyphs) -> tuple[str, Role]:
    if good is None:
        return "", "text"
    return (glyphs.good, "ok") if good else (glyphs.bad, "bad")


def _mark(verdict: tuple[str, Role]) -> Line:
    return ((f" {verdict[0]}", verdict[1]),) if verdict[0] else ()


def _primary(snapshot: Snapshot, glyphs: Glyphs) -> Tile:
    window = snapshot.window
    verdict = _verdict(_reaches(window.primary_rate, PRIMARY_TARGET), glyphs)
    value = (figures.percent(window.primary_rate), verdict[1] if verdict[0] == glyphs.bad else "strong")
    of: Line = ((f" of {figures.count(window.requests)}", "dim"),) if window.requests else ((" no requests", "dim"),)
    target: Line = ((f"{figures.span(snapshot.window_minutes)} ", "dim"), *_mark(verdict), (" 99.9", "dim"))
    return Tile("primary ok", (_strong(value), *of), target)


def _fallback(snapshot: Snapshot, glyphs: Glyphs) -> Tile:
    window = snapshot.window
    verdict = _verdict(_stays_under(window.fallback_rate, FALLBACK_TARGET), glyphs)
    value = (figures.percent(window.fallback_rate), verdict[1] if verdict[0] == glyphs.bad else "strong")
    against: Line = ((f"{figures.span(snapshot.window_minutes)} ", "dim"), *_mark(verdict))
    if window.forced_fallback:
        against = (*_mark(verdict)[-1:], (f" {figures.count(window.forced_fallback)} forced", "dim"))
    return Tile("fallback", (_strong(value), ("  max 10 %", "dim")), against)


def _strong(value: tuple[str, str]) -> tuple[str, Role]:
    text, role = value
    return text, "bad" if role == "bad" else "strong"


def _response(snapshot: Snapshot, glyphs: Glyphs) -> Tile:
    window, usual = snapshot.window, snapshot.usual_mean_ms
    slow = usual is not None and window.mean_ms is not None and window.mean_ms > usual * SLOW_FACTOR
    mark: Line = ((f"{glyphs.forced} ", "warn"),) if slow else ()
    value: Line = (*mark, (figures.seconds(window.mean_ms), "warn" if slow else "strong"), *_p95(window))
    if usual is None:
        return Tile("response", value, ((f"{figures.span(snapshot.window_minutes)} ", "dim"),))
    known = f"{figures.seconds(usual)}  {figures.seconds(snapshot.usual_p95_ms)} usual"
    return Tile("response", value, ((known, "dim"),))


def _p95(window: FiguresView) -> Line:
    return ((f"  p95 {figures.seconds(window.p95_ms)}", "text"),) if window.p95_ms is not None else ()


def _cost(snapshot: Snapshot, glyphs: Glyphs) -> Tile:
    spent, limit = day_cost(snapshot), snapshot.daily_limit_pico_usd
    told = figures.usd(spent, estimated=snapshot.today.estimated_pico_usd)
    if limit is None:
        return Tile("cost today", ((told, "strong"),), _unpriced(snapshot) or (("no limit set", "dim"),))
    over = spent > limit
    value: Line = (
        (told, "bad" if over else "strong"),
        (f" of {figures.usd(limit).removesuffix('.00')}", "dim"),
    )
    if over:
        return Tile("cost today", value, ((f"{glyphs.bad} over the limit", "bad"),))
    if snapshot.budget_gone_at is not None:
        return Tile("cost today", value, ((f"gone at {figures.minute(snapshot.budget_gone_at)}", "warn"),))
    return Tile("cost today", value, _unpriced(snapshot) or ((f"{_used(spent, limit)} used", "dim"),))


def _used(spent: int, limit: int) -> str:
    share = spent / limit if limit else None
    return figures.percent(share, 1 if share is not None and share < 0.01 else 0)


def _unpriced(snapshot: Snapshot) -> Line:
    number = snapshot.today.unpriced_requests
    return ((f"{figures.count(number)} without a price", "warn"),) if number else ()
