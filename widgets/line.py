"""A line of the screen as a value: pieces of text with roles. Everything is measured in terminal cells.

Formatting functions return lines; a `LineView` shows them. Two equal lines are the same picture, so comparing lines
is how it is known what to repaint.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size

from hotspare.widgets.glyphs import Role

Span: TypeAlias = tuple[str, Role]
Line: TypeAlias = tuple[Span, ...]

EMPTY: Line = ()


def width_of(line: Line) -> int:
    """The cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def cut(text: str, width: int, more: str = "…") -> str:
    """The text, shortened at its end to at most `width` cells."""
    if (len(text) if text.isascii() else cell_len(text)) <= width:
        return text
    if width <= cell_len(more):
        return set_cell_size(text, max(0, width))
    return set_cell_size(text, width - cell_len(more)).rstrip() + more


def cut_middle(text: str, width: int, more: str = "…") -> str:
    """As `cut`, but the end stays readable: dated names of models differ there."""
    if cell_len(text) <= width or width < 2 * cell_len(more) + 4:
        return cut(text, width, more)
    tail = max(2, (width - cell_len(more)) // 3)
    head = width - cell_len(more) - tail
    return set_cell_size(text, head) + more + text[-tail:]


def pad(text: str, width: int, more: str = "…") -> str:
    """The text in exactly `width` cells, from the left."""
    if text.isascii() and len(text) <= width:
        return text.ljust(width)
    return set_cell_size(cut(text, width, more), max(0, width))


def pad_left(text: str, width: int, more: str = "…") -> str:
    """The text in exactly `width` cells, against the right."""
    if text.isascii() and len(text) <= width:
        return text.rjust(width)
    short = cut(text, width, more)
    return " " * (width - cell_len(short)) + short


def fit(line: Line, width: int, more: str = "…") -> Line:
    """The line, shortened to at most `width` cells."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    room = width
    for text, role in line:
        size = cell_len(text)
        if size > room - 1:
            kept.append((cut(text + "  ", room, more), role))
            break
        kept.append((text, role))
        room -= size
    return tuple(kept)


def spread(left: Line, right: Line, width: int, more: str = "…") -> Line:
    """`left` and, against the right edge, `right`; what does not fit is taken from the left."""
    room = width - width_of(right)
    if room < 1:
        return fit(right, width, more)
    short = fit(left, room - 1 if right else room, more)
    return (*short, (" " * (room - width_of(short)), "text"), *right)


def padded(line: Line, width: int, more: str = "…") -> Line:
    """The line in exactly `width` cells."""
    short = fit(line, width, more)
    room = width - width_of(short)
    return (*short, (" " * room, "text")) if room > 0 else short


def joined(lines: Iterable[Line], gap: str = "  ") -> Line:
    """Lines one after the other, with a gap between."""
    pieces: list[Span] = []
    for line in lines:
        if pieces and line:
            pieces.append((gap, "text"))
        pieces.extend(line)
    return tuple(pieces)


_WORD = re.compile(r"[^\s\w]*[\d.,]*\d (?:ms|min|[smhd%])(?!\w)\S*|\S+")
"""A word; a number and its unit are one."""


def wrap(text: str, width: int, last: int = 0) -> list[str]:
    """The words of a text in lines of at most `width` cells; a number is not parted from its unit.

    Args:
        text: one paragraph.
        width: cells of a line; words longer than it are broken.
        last: cells that the last line leaves free at its end.
    """
    lines: list[str] = []
    current = ""
    for word in _words(text, width):
        candidate = f"{current} {word}" if current else word
        if cell_len(candidate) <= width:
            current = candidate
        else:
            lines.append(current)
            current = word
    lines.append(current)
    if last and cell_len(current) > width - last:
        lines.append("")
    return lines


def _words(text: str, width: int) -> Iterable[str]:
    for word in _WORD.findall(text):
        rest = word
        while cell_len(rest) > width > 0:
            head = set_cell_size(rest, width).rstrip()
            yield head
            rest = rest[len(head) :].lstrip()
        yield rest


def text_of(lines: Sequence[Line]) -> str:
    """The plain text of some lines."""
    return "\n".join("".join(text for text, _ in line) for line in lines)
