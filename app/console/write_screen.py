"""Show what writing the file would change, line by line, before it is done: y writes, everything else goes back."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from hotspare.app.console.reading_screen import Reading
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, wrap

ROLES: dict[str, Role] = {"+": "ok", "-": "bad", "@": "accent"}


class WriteScreen(Reading[bool]):
    """True: write it."""

    FIRST_KEYS = (("y", "writes it, the old file is kept"),)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "write", "Write", show=False),
        Binding("n", "leave", "Back", show=False),
    ]

    def __init__(self, path: str, difference: Sequence[str], left: Sequence[str], *, glyphs: Glyphs) -> None:
        """Make the screen.

        Args:
            path: the file.
            difference: the lines of a unified diff.
            left: what would not be written, in words.
            glyphs: the signs.
        """
        super().__init__(f"Write {glyphs.clean(path, 60)}", glyphs=glyphs)
        self._difference = difference
        self._left = left

    def lines(self, width: int) -> list[Line]:
        room = max(20, width - 2)
        lines: list[Line] = [
            ((f" {self.glyphs.clean(line, room)}", ROLES.get(line[:1], "text")),) for line in self._difference
        ]
        for words in self._left:
            told = wrap(f"not written: {self.glyphs.clean(words, 300)}", room)
            lines.extend(((f" {row}", "dim"),) for row in told)
        return lines

    def action_write(self) -> None:
        """Write it."""
        self.dismiss(True)
