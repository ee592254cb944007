"""The line in which a filter is typed. It filters while it is typed; enter keeps the filter, esc clears it."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from hotspare.app.console.dialog import NARROW_COLUMNS, keys_line
from hotspare.widgets.line_view import LineView


class FilterBar(Horizontal):
    """Shown only while somebody types."""

    HELP = "Words that all must match: text, model:, trigger:, caller:, status:, >5s, ~re; ! in front excludes."

    class Typed(Message):
        """The filter is another one.

        Attributes:
            text: as it stands now.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Kept(Message):
        """The typing is over; the filter stays."""

    def __init__(self, *, blink: bool) -> None:
        """Make the bar; `blink` is whether its cursor blinks."""
        super().__init__(id="filter-bar")
        self._blink = blink

    def compose(self) -> ComposeResult:
        yield LineView(id="slash")
        box = Input(id="filter", placeholder="text, model:, trigger:, caller:, >5s, !, ~re")
        box.cursor_blink = self._blink
        yield box
        yield LineView(id="filter-keys")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, text: str) -> None:
        """Begin to type, with the filter that is in force."""
        self.query_one("#slash", LineView).show([((" /", "key"),)])
        keys = self.query_one("#filter-keys", LineView)
        keys.show([keys_line(("enter", "keeps"), ("esc", "clears"))])
        keys.display = self.app.size.width >= NARROW_COLUMNS  # else they leave no room to type in
        box = self.query_one("#filter", Input)
        box.value = text
        self.add_class("-open")
        box.focus()

    def close(self) -> None:
        """Show the bar no longer."""
        self.remove_class("-open")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Kept())
