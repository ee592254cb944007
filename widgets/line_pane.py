"""Lines to read at leisure, scrolled by keys and wheel: help, a trace, an answer that grows."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import EMPTY, Line, wrap
from hotspare.widgets.line_view import LineView
from hotspare.widgets.plain import plain

LONGEST_TEXT = 40_000
"""Characters of an answer that are kept for the screen."""


class LinePane(LineView, can_focus=True):
    """More lines than fit."""

    HELP = "Up and down (or k and j) scroll."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_lines(-1)", "Up", show=False),
        Binding("down,j", "scroll_lines(1)", "Down", show=False),
        Binding("pageup", "scroll_lines(-10)", "Page up", show=False),
        Binding("pagedown", "scroll_lines(10)", "Page down", show=False),
        Binding("home", "scroll_lines(-1000000)", "First", show=False),
        Binding("end", "scroll_lines(1000000)", "Last", show=False),
    ]

    offset_lines = 0
    """How many lines are above the first one shown."""

    @property
    def is_cut(self) -> bool:
        """Whether there are lines that are not seen."""
        return self._deepest() > 0

    def line_at(self, y: int) -> tuple[Line, bool]:
        place = y + self.offset_lines
        return (self._lines[place] if place < len(self._lines) else EMPTY), False

    def show(self, lines: Sequence[Line]) -> int:
        former = self._seen()
        self._lines = tuple(lines)
        self.offset_lines = min(self.offset_lines, self._deepest())
        return self._repaint_other_than(former)

    def action_scroll_lines(self, steps: int) -> None:
        """Move what is shown by some lines."""
        former = self._seen()
        self.offset_lines = min(max(0, self.offset_lines + steps), self._deepest())
        self._repaint_other_than(former)

    def _seen(self) -> list[Line]:
        return [self.line_at(y)[0] for y in range(self.size.height)]

    def _repaint_other_than(self, former: Sequence[Line]) -> int:
        changed = [y for y, (line, was) in enumerate(zip(self._seen(), former, strict=True)) if line != was]
        self.repaint(changed)
        return len(changed)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll_lines(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll_lines(-2)

    def _deepest(self) -> int:
        return max(0, len(self._lines) - max(1, self.size.height))


class TextPane(LinePane):
    """Foreign text that arrives in pieces. It is made plain as a whole, so no sequence slips through between two."""

    HELP = "The answer, as it comes. Up and down scroll."

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002 Textual's own name
        super().__init__(id=id)
        self._glyphs = glyphs
        self._text = ""

    def clear(self) -> None:
        """Begin anew."""
        self._text = ""
        self.offset_lines = 0
        self.show(())

    def append(self, text: str) -> None:
        """Add a piece; the end stays in sight unless somebody scrolled up."""
        at_end = self.offset_lines >= self._deepest()
        if len(self._text) <= LONGEST_TEXT:
            self._text += text
        self._flow()
        if at_end:
            self.action_scroll_lines(len(self._lines))

    def on_resize(self) -> None:
        self._flow()

    def _flow(self) -> None:
        shown = plain(self._text, LONGEST_TEXT, many_lines=True, ascii_only=self._glyphs.ascii_only)
        width = max(10, self.size.width - 2)
        self.show([((f" {row}", "text"),) for paragraph in shown.split("\n") for row in wrap(paragraph, width)])
