"""The names of the screens in one line, the shown one marked; where there is no room, the others are keys only."""

from collections.abc import Sequence
from dataclasses import dataclass

from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span, cut


@dataclass(frozen=True, slots=True)
class Tab:
    """A screen: its key, its name, and its id."""

    key: str
    title: str
    name: str


def tabs_line(tabs: Sequence[Tab], shown: str, width: int, glyphs: Glyphs) -> Line:
    """` 1 overview  2 chains  …`."""
    spans: list[Span] = []
    for tab, _, _ in _places(tabs, shown, width):
        here = tab.name == shown
        spans.append(("  " if spans else " ", "text"))
        spans.append((f" {tab.key} {cut(tab.title, 20, glyphs.more)} ", "badge") if here else (tab.key, "key"))
        if not here and _is_long(tabs, width):
            spans.append((f" {tab.title}", "dim"))
    return tuple(spans)


def tab_at(tabs: Sequence[Tab], shown: str, width: int, x: int) -> str:
    """The screen whose name is at cell `x`, "" between two."""
    return next((tab.name for tab, begin, end in _places(tabs, shown, width) if begin <= x < end), "")


def _places(tabs: Sequence[Tab], shown: str, width: int) -> list[tuple[Tab, int, int]]:
    long = _is_long(tabs, width)
    places, begin = [], 1
    for tab in tabs:
        size = len(tab.key) + len(tab.title) + 3 if tab.name == shown else len(tab.key)
        if tab.name != shown and long:
            size += 1 + len(tab.title)
        places.append((tab, begin, begin + size))
        begin += size + 2
    return places


def _is_long(tabs: Sequence[Tab], width: int) -> bool:
    return sum(len(tab.key) + len(tab.title) + 3 for tab in tabs) + 4 <= width
