"""The first frame: what is being started, and how to leave. It is drawn while nothing else is loaded yet, so it imports
nothing but lines.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line_view import LineView
from hotspare.widgets.starting import starting_line


class StartScreen(Screen[None]):
    """One line, until there is more."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Leave", show=False)]

    def __init__(self, words: str, *, glyphs: Glyphs) -> None:
        """Make the screen; `words` is what is being done."""
        super().__init__()
        self.words = words
        self._glyphs = glyphs
        self._view = LineView()

    def compose(self) -> ComposeResult:
        yield self._view

    def say(self, words: str) -> None:
        """Something else is being done."""
        self.words = words
        self._draw()

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if self.is_attached:
            self._view.show([starting_line(self.words, self.size.width, self._glyphs)])
