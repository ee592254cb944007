"""Show what writing the file would change, line by line, before it is done: y writes, everything else goes back."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hotspare.app.console.dialog import Dialog, keys_line
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, wrap
from hotspare.widgets.line_pane import LinePane
from hotspare.widgets.line_view import LineView

ROLES: dict[str, Role] = {"+": "ok", "-": "bad", "@": "accent"}


class WriteScreen(Dialog[bool]):
    """True: write it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "write", "Write", show=False),
        Binding("enter,n,q", "leave", "Back", show=False),
    ]

    def __init__(self, path: str, difference: Sequence[str], left: Sequence[str], *, glyphs: Glyphs) -> None:
        """Make the screen.

        Args:
            path: the file.
            difference: the lines of a unified diff.
            left: what would not be written, in words.
            glyphs: the signs.
        """
        super().__init__(glyphs)
        self.title_text = f"Write {glyphs.clean(path, 60)}"
        self._difference = difference
        self._left = left

    def content(self) -> ComposeResult:
        yield LinePane(id="pane")
        yield LineView(id="keys")

    def on_mount(self) -> None:
        self.add_class("reading")
        self.query_one("#pane", LinePane).focus()
        super().on_mount()

    def draw(self) -> None:
        pane = self.query_one("#pane", LinePane)
        width = max(20, pane.size.width - 2)
        lines: list[Line] = [
            ((f" {self.glyphs.clean(line, width)}", ROLES.get(line[:1], "text")),) for line in self._difference
        ]
        for words in self._left:
            told = wrap(f"not written: {self.glyphs.clean(words, 300)}", width)
            lines.extend(((f" {row}", "dim"),) for row in told)
        pane.show(lines)
        signs = f"{self.glyphs.up}{self.glyphs.down}"
        keys = keys_line(("y", "writes it, the old file is kept"), (signs, "scroll"), ("esc", "back"))
        self.put("keys", [keys])

    def action_write(self) -> None:
        """Write it."""
        self.dismiss(True)
