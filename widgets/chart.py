"""A chart of shares over time, from values to lines. The only user of plotext, which is imported (`load`) after the
first paint. plotext has one global figure, so this runs on the loop's thread only.

The scale is fixed at 0 to 100 %: a stretched one makes 99.2 → 99.9 % look like a collapse. Gaps are drawn as gaps.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, Span, joined, padded, width_of
from hotspare.widgets.timeline import STATE_CHANGE, Happened, sign_of

TICKS = 5
LONG_SECONDS = 2 * 86_400
"""From here on the axis tells days, not times of day."""
LEAST_WIDTH, LEAST_HEIGHT = 24, 6
_CODES: dict[str, Role] = {"4": "ok", "3": "warn"}
"""plotext colours, used as names of roles only: what is shown follows from the theme."""

_WEIGHT: dict[Role, int] = {"bad": 3, "accent": 2, "warn": 1}
"""What is seen where several happened in one cell of the axis."""

_SGR = re.compile("\x1b\\[([0-9;]*)m")
_BOXES = str.maketrans("┤│└┘┌┐─┬┼", "||++++-++")


@dataclass(frozen=True, slots=True)
class Point:
    """One step of time: its begin (UTC epoch seconds), and the shares of its requests; None where there were none."""

    at: float
    answered: float | None
    fallback: float | None


@dataclass(frozen=True, slots=True)
class ChartData:
    """What the chart shows. `note` stands in its place while there is nothing to draw."""

    title: str
    begin: float
    end: float
    points: tuple[Point, ...] = ()
    note: str = ""
    marks: tuple[Happened, ...] = ()
    """What operators, models and the configuration did meanwhile: on the axis of time."""
    up_to_now: bool = True


def load() -> Any:
    """Import plotext: 160 ms and more. To be called in a thread, once the first frame is on the screen."""
    import plotext  # type: ignore[import-untyped] # noqa: PLC0415 - as said

    return plotext


def is_loaded() -> bool:
    """Whether plotext is there, so that a chart can be drawn at once."""
    return "plotext" in sys.modules


def chart_lines(data: ChartData, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The chart with its title, in exactly `height` lines."""
    lines: list[Line] = [_title(data, width, glyphs)]
    drawn = [point for point in data.points if point.answered is not None]
    if not drawn or width < LEAST_WIDTH or height < LEAST_HEIGHT:
        note = data.note or ("" if drawn else "no requests in this time")
        return [*lines, (), ((f"   {glyphs.clean(note)}", "dim"),), *([()] * (height - 3))][:height]
    text = _plot(data, width - 2, height - 1, glyphs)
    drawn_lines = [((" ", "text"), *_spans(row, glyphs)) for row in text.split("\n")[: height - 1]]
    lines.extend(_marked(line, data, glyphs) for line in drawn_lines)
    return [*lines, *([()] * (height - len(lines)))]


def _marked(line: Line, data: ChartData, glyphs: Glyphs) -> Line:
    """The axis of time with what happened on it; every other line as it is."""
    text = "".join(part for part, _ in line)
    corner = text.find("+" if glyphs.ascii_only else "└")
    if corner < 0 or not data.marks or text[:corner].strip():
        return line
    cells = len(text.rstrip()) - corner - 2
    signs: dict[int, tuple[str, Role]] = {}
    for one in sorted(data.marks, key=lambda one: one.at):
        sign = sign_of(one, glyphs)
        place = corner + 1 + round((one.at - data.begin) / (data.end - data.begin) * cells)
        if corner < place < len(text) and _WEIGHT.get(sign[1], 0) >= _WEIGHT.get(signs.get(place, sign)[1], 0):
            signs[place] = sign
    return tuple(signs.get(place, (character, "dim")) for place, character in enumerate(text))


def _title(data: ChartData, width: int, glyphs: Glyphs) -> Line:
    """As much as there is room for: the marks are counted in words, or as numbers alone."""
    last = next((point for point in reversed(data.points) if point.answered is not None), None)
    for digits, words, gap in ((1, True, "   "), (1, False, "  "), (0, False, "  ")):
        parts: list[Line] = [((f" {glyphs.clean(data.title, 60)}", "dim"),)]
        if last is not None:
            parts.extend(_now(last, digits, glyphs))
        line = joined([*parts, *_told_marks(data, glyphs, words=words)], gap)
        if width_of(line) <= width:
            break
    return padded(line, width, glyphs.more)


def _now(last: Point, digits: int, glyphs: Glyphs) -> list[Line]:
    answered, fallback = ("**", "##") if glyphs.ascii_only else ("⠤⠤", "▞▞")
    return [
        ((answered, "ok"), (f" answered {figures.percent(last.answered, digits)}", "text")),
        ((fallback, "warn"), (f" fallback {figures.percent(last.fallback, digits)}", "text")),
    ]


def _told_marks(data: ChartData, glyphs: Glyphs, *, words: bool) -> list[Line]:
    """How many acts and changes of state are on the axis."""
    acts = sum(one.what != STATE_CHANGE for one in data.marks)
    counted: tuple[tuple[str, Role, int, str], ...] = (
        (glyphs.forced, "accent", acts, "act"),
        (glyphs.limited, "warn", len(data.marks) - acts, "state"),
    )
    told: list[Line] = [
        ((sign, role), (f" {number} {word}{'' if number == 1 else 's'}" if words else str(number), "text"))
        for sign, role, number, word in counted
        if number
    ]
    return told if words or not told else [joined(told, " ")]


def _plot(data: ChartData, width: int, height: int, glyphs: Glyphs) -> str:
    plotext = load()

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.theme("colorless")
    markers = ("#", "*") if glyphs.ascii_only else ("hd", "braille")
    _draw(plotext, data.points, "fallback", plotext.marker(markers[0], 3))
    _draw(plotext, data.points, "answered", plotext.marker(markers[1], 4))
    figure.ruler("y").lim(0, 102)
    figure.ruler("y").ticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    figure.ruler("x").lim(data.begin, data.end)
    times = [data.begin + (data.end - data.begin) * place / (TICKS - 1) for place in range(TICKS)]
    written = figures.day if data.end - data.begin > LONG_SECONDS else figures.minute
    last = "now" if data.up_to_now else written(times[-1])
    figure.ruler("x").ticks(times, [*(written(at) for at in times[:-1]), last])
    figure.axes(active=False, side=1)
    return str(figure.build().string())


def _draw(plotext: Any, points: Sequence[Point], name: str, marker: Any) -> None:
    """One series, each unbroken run of it for itself: what nobody measured is not drawn."""
    run: list[Point] = []
    for point in (*points, None):
        if point is not None and getattr(point, name) is not None:
            run.append(point)
            continue
        if run:
            times = [one.at for one in run]
            shares = [getattr(one, name) * 100 for one in run]
            plotext.figure.draw(plotext.figure.signal(times, shares, marker=marker).lines())
        run = []


def _spans(text: str, glyphs: Glyphs) -> Line:
    spans: list[Span] = []
    role: Role = "dim"
    for place, piece in enumerate(_SGR.split(text)):
        if place % 2:
            role = _CODES.get(piece.rsplit(";", 1)[-1], "dim") if piece.startswith("38;5;") else "dim"
        elif piece:
            spans.append((piece.translate(_BOXES) if glyphs.ascii_only else piece, role))
    return tuple(spans)
