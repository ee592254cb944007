"""Show lines, and repaint only those that changed. Every live panel is one of these: no layout, no markup, no Rich
rendering per tick; a line becomes a Strip once and is kept until it changes.
"""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hotspare.widgets.line import EMPTY, Line, padded

ROLE_STYLES = """
    LineView > .line--text { color: $foreground; }
    LineView > .line--dim { color: $foreground-muted; }
    LineView > .line--strong { color: $foreground; text-style: bold; }
    LineView > .line--title { color: $foreground; text-style: bold; }
    LineView > .line--key { color: $accent; text-style: bold; }
    LineView > .line--accent { color: $accent; }
    LineView > .line--ok { color: $success; }
    LineView > .line--warn { color: $warning; }
    LineView > .line--bad { color: $error; text-style: bold; }
    LineView > .line--off { color: $foreground-disabled; }
    LineView > .line--rule { color: $foreground-disabled 50%; }
    LineView > .line--badge { color: $accent; text-style: bold reverse; }
    LineView > .line--alarm { color: $error; text-style: bold reverse; }
    LineView > .line--cursor { background: $panel; }
    LineView:ansi > .line--dim { color: $foreground; text-style: dim; }
    LineView:ansi > .line--off { color: $foreground; text-style: dim; }
    LineView:ansi > .line--rule { color: $foreground; text-style: dim; }
    LineView:ansi > .line--warn { text-style: bold; }
"""

KEPT_STRIPS = 512


class LineView(Widget):
    """Some lines, one below the other, cut to the widget's size."""

    HELP = "Lines of live figures."

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--text",
        "line--dim",
        "line--strong",
        "line--title",
        "line--key",
        "line--accent",
        "line--ok",
        "line--warn",
        "line--bad",
        "line--off",
        "line--badge",
        "line--alarm",
        "line--rule",
        "line--cursor",
    }
    """A class for each role of a piece of a line, and one for the line under the cursor."""

    DEFAULT_CSS = "LineView { width: 1fr; height: auto; }" + ROLE_STYLES

    class Clicked(Message):
        """A line was clicked.

        Attributes:
            view: the widget.
            x: the cell in the line.
            y: which line.
        """

        def __init__(self, view: "LineView", x: int, y: int) -> None:
            super().__init__()
            self.view = view
            self.x = x
            self.y = y

        @property
        def control(self) -> "LineView":
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 Textual's own name
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()
        self._strips: LRUCache[tuple[Line, int, bool], Strip] = LRUCache(KEPT_STRIPS)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown now."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> int:
        """Show these lines; repaint where they differ from the former ones.

        Returns:
            how many lines were repainted.
        """
        former, self._lines = self._lines, tuple(lines)
        changed = [y for y in range(max(len(former), len(self._lines))) if _at(former, y) != _at(self._lines, y)]
        self.repaint(changed)
        return len(changed)

    def repaint(self, rows: Sequence[int]) -> None:
        """Paint these rows of the widget again."""
        if rows:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in rows))

    def line_at(self, y: int) -> tuple[Line, bool]:
        """The line in row `y` of the widget, and whether the cursor is on it."""
        return _at(self._lines, y), False

    def render_line(self, y: int) -> Strip:
        line, chosen = self.line_at(y)
        key = (line, self.size.width, chosen)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._strip(line, self.size.width, chosen=chosen)
        return strip

    def _strip(self, line: Line, width: int, *, chosen: bool) -> Strip:
        over = Style(bgcolor=self.get_component_rich_style("line--cursor").bgcolor) if chosen else None
        segments = [
            Segment(text, self._style(role, over if role not in {"badge", "alarm"} else None))
            for text, role in padded(line, width)
        ]
        return Strip(segments, width)

    def _style(self, role: str, over: Style | None) -> Style:
        style = self.get_component_rich_style(f"line--{role}")
        return style + over if over is not None else style

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(self, event.x, event.y))


def _at(lines: Sequence[Line], y: int) -> Line:
    return lines[y] if y < len(lines) else EMPTY
