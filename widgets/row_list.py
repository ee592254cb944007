"""A list of rows with a cursor that stays with its row: selection follows the row's key, never its place, so that
rows that arrive or move do not steal it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from hotspare.widgets.line import EMPTY, Line
from hotspare.widgets.line_view import LineView


@dataclass(frozen=True, slots=True)
class Row:
    """A line with the key it is known by; one without a key cannot be chosen. Its first cell is left to the cursor."""

    line: Line
    key: str = ""


class RowList(LineView, can_focus=True):
    """Rows below a fixed head, scrolled to keep the cursor in sight."""

    HELP = "Up and down (or k and j) move, enter shows more of the row."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move(-10)", "Page up", show=False),
        Binding("pagedown", "move(10)", "Page down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    class Moved(Message):
        """The cursor is on another row.

        Attributes:
            rows: the list.
            key: the row's key.
        """

        def __init__(self, rows: "RowList", key: str) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

        @property
        def control(self) -> "RowList":
            return self.rows

    class Chosen(Moved):
        """Enter was pressed, or the row under the cursor was clicked again."""

    def __init__(
        self,
        *,
        cursor: str = "▸",
        always_marked: bool = False,
        id: str | None = None,  # noqa: A002 Textual's own name
        classes: str | None = None,
    ) -> None:
        """Make an empty list.

        Args:
            cursor: the sign in front of the chosen row.
            always_marked: the chosen row is marked even while another widget has the focus, and there always is one.
            id: as in Textual.
            classes: as in Textual.
        """
        super().__init__(id=id, classes=classes)
        self._cursor = cursor
        self._always_marked = always_marked
        self._head: tuple[Line, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._key = ""
        self._offset = 0
        self._painted: tuple[tuple[Line, bool], ...] = ()

    @property
    def chosen(self) -> str:
        """The key of the chosen row, "" while none was chosen."""
        return self._key

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, seen or not."""
        return self._rows

    def fill(self, head: Sequence[Line], rows: Sequence[Row]) -> None:
        """Show these rows below these head lines."""
        self._head = tuple(head)
        self._rows = tuple(rows)
        if (self._always_marked or self.has_focus) and self._index(self._key) is None:
            self._key = next((row.key for row in self._rows if row.key), "")
        self._settle()

    def choose_row(self, key: str) -> None:
        """Put the cursor on the row with this key."""
        self._key = key
        self._settle()

    def line_at(self, y: int) -> tuple[Line, bool]:
        if y < len(self._head):
            return self._head[y], False
        place = y - len(self._head) + self._offset
        if place >= len(self._rows):
            return EMPTY, False
        row = self._rows[place]
        if row.key and row.key == self._key and (self.has_focus or self._always_marked):
            return self._marked(row.line), self.has_focus
        return row.line, False

    def action_move(self, steps: int) -> None:
        """Move the cursor by that many rows that can be chosen."""
        keys = [row.key for row in self._rows if row.key]
        if not keys:
            return
        place = keys.index(self._key) + steps if self._key in keys else 0
        self._key = keys[min(max(place, 0), len(keys) - 1)]
        self._settle()
        self.post_message(self.Moved(self, self._key))

    def action_choose(self) -> None:
        """Tell that the row under the cursor was chosen; with none under it, the first."""
        if self._index(self._key) is None:
            self.action_move(0)
        if self._key:
            self.post_message(self.Chosen(self, self._key))

    def on_focus(self) -> None:
        if self._index(self._key) is None:
            self._key = next((row.key for row in self._rows if row.key), "")
        self._settle()

    def on_blur(self) -> None:
        self._settle()

    def on_resize(self) -> None:
        self._painted = ()
        self._settle()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-1)

    def on_click(self, event: events.Click) -> None:
        place = event.y - len(self._head) + self._offset
        if event.y < len(self._head) or place >= len(self._rows) or not self._rows[place].key:
            return
        again = self._rows[place].key == self._key
        self._key = self._rows[place].key
        self._settle()
        self.post_message((self.Chosen if again else self.Moved)(self, self._key))

    def _marked(self, line: Line) -> Line:
        if not line:
            return line
        first, role = line[0]
        return ((self._cursor, "key"), (first[1:], role), *line[1:])

    def _index(self, key: str) -> int | None:
        if not key:
            return None
        return next((place for place, row in enumerate(self._rows) if row.key == key), None)

    def _settle(self) -> None:
        """Scroll so that the cursor is seen, and repaint what differs from what was painted."""
        room = self.size.height - len(self._head)
        if room < 1:
            return
        place = self._index(self._key) or 0
        highest = max(0, len(self._rows) - room)
        self._offset = min(max(self._offset, place - room + 1), place, highest)
        now = tuple(self.line_at(y) for y in range(self.size.height))
        former, self._painted = self._painted, now
        if len(former) != len(now):
            self.refresh()
            return
        self.repaint([y for y, painted in enumerate(now) if painted != former[y]])
