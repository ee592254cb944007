"""Columns that give way as the window narrows: which of them fit, how wide each is, and a row as a line.

Widths follow the window and the columns' own wishes, never the rows that happen to be there: columns must not jump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span, cut_middle, pad, pad_left


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: its name in the head.
        width: the cells it wants; for one that grows, those it needs at least.
        rank: how early it goes when room is short: the highest first; 0 stays.
        right: its text stands against the right edge, as numbers do.
        grow: it takes what the others leave.
        most: how far it grows; 0: without bound.
        middle: what is too long for it is shortened in its middle.
        weight: of two that grow, the one with the double weight takes the double of what is left.
    """

    title: str
    width: int
    rank: int = 0
    right: bool = False
    grow: bool = False
    most: int = 0
    middle: bool = False
    weight: int = 1


GAP = 2
EDGES = 2
"""The cursor's cell to the left of the columns, and a blank one to the right: no text touches the window's edge."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table for one width: the cells of each, 0 for one that is left out."""

    columns: tuple[Column, ...]
    cells: tuple[int, ...]

    @classmethod
    def choose(cls, columns: Sequence[Column], width: int) -> "Table":
        """Drop columns by rank until the rest fits into `width` cells, then let those grow that want to."""
        kept = list(columns)
        while len(kept) > 1 and _needed(kept) > width:
            last = max(kept, key=lambda column: column.rank)
            if last.rank == 0:
                break
            kept.remove(last)
        cells = {id(column): column.width for column in kept}
        spare = width - _needed(kept)
        growing = sorted((column for column in kept if column.grow), key=_greed)
        for place, column in enumerate(growing):
            more = spare * column.weight // sum(other.weight for other in growing[place:])
            if column.most:
                more = min(more, max(0, column.most - column.width))
            cells[id(column)] = max(1, column.width + more)
            spare -= more
        return cls(tuple(columns), tuple(cells.get(id(column), 0) for column in columns))

    def head(self, glyphs: Glyphs) -> Line:
        """The names of the columns."""
        return self.line([(column.title, "dim") for column in self.columns], glyphs)

    def line(self, row: Sequence[Span], glyphs: Glyphs) -> Line:
        """A row; its first cell is left to the cursor. `row` has a cell for each column, also for those left out."""
        spans: list[Span] = [(" ", "text")]
        for column, cells, (text, role) in zip(self.columns, self.cells, row, strict=True):
            if not cells:
                continue
            short = cut_middle(text, cells, glyphs.more) if column.middle else text
            told = pad_left(short, cells, glyphs.more) if column.right else pad(short, cells, glyphs.more)
            if len(spans) > 1:
                spans.append((" " * GAP, "text"))
            spans.append((told, role))
        return tuple(spans)


def _greed(column: Column) -> float:
    """Those that need the least come first, so that what they leave is there for the others."""
    return (column.most - column.width) / column.weight if column.most else inf


def _needed(columns: Sequence[Column]) -> int:
    return EDGES + sum(column.width for column in columns) + GAP * (len(columns) - 1)
