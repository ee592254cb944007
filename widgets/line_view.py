"""Show lines, and repaint only those that changed. Every live panel is one of these: no layout, no markup, no Rich
rendering per tick; a line becomes a Strip once and is kept until it changes.
"""

from collections.abc import Mapping, Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hotspare.widgets.glyphs import ASCII, UNICODE, Role
from hotspare.widgets.line import EMPTY, Line, padded
from hotspare.widgets.palette import cursor_background, styles_of

SPARE_STRIPS = 8
"""Kept beyond twice the lines that are seen: each takes some kilobytes, and what has gone seldom comes back."""
BADGES = frozenset({"badge", "alarm"})
"""Roles whose background is their own, also under the cursor."""


class LineView(Widget):
    """Some lines, one below the other, cut to the widget's size."""

    HELP = "Lines of live figures."

    DEFAULT_CSS = "LineView { width: 1fr; height: auto; }"

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
        self._styles_now: Mapping[Role, Style] | None = None
        self._strips: dict[tuple[Line, bool, int], Strip] = {}

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
        key = (line, chosen, self.size.width)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._strip(line, self.size.width, chosen=chosen)
        return strip

    def render_lines(self, crop: Region) -> list[Strip]:
        """The painted lines of a part. Nothing stands around our lines, so they need none of what Textual does for
        borders, padding and opacity: a line that only moved is not made again, and its bytes are kept with it.
        """
        strips = [self.render_line(y) for y in crop.line_range]
        if len(self._strips) > 2 * self.size.height + SPARE_STRIPS:
            seen = {id(strip) for strip in strips}
            self._strips = {key: strip for key, strip in self._strips.items() if id(strip) in seen}
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _strip(self, line: Line, width: int, *, chosen: bool) -> Strip:
        styles = self._role_styles()
        mixed = chosen and not self.app.native_ansi_color  # without colours of our own the cursor's sign is enough
        more = ASCII.more if self.app.has_class("-ascii") else UNICODE.more
        over = cursor_background(self.app.theme_variables) if mixed else None
        segments = [
            Segment(text, styles[role] if over is None or role in BADGES else styles[role] + over)
            for text, role in padded(line, width, more)
        ]
        strip = Strip(segments, width)
        _, background = self.background_colors
        for one in self.get_line_filters():
            strip = strip.apply_filter(one, background)
        return strip

    def _role_styles(self) -> Mapping[Role, Style]:
        if self._styles_now is None:
            _, background = self.background_colors
            self._styles_now = styles_of(self.app.theme_variables, background, ansi=self.app.native_ansi_color)
        return self._styles_now

    def notify_style_update(self) -> None:
        self._strips.clear()
        self._styles_now = None
        super().notify_style_update()

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(self, event.x, event.y))


def _at(lines: Sequence[Line], y: int) -> Line:
    return lines[y] if y < len(lines) else EMPTY
