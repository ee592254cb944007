"""The `:` line: an action's name with its arguments. What may follow is offered while it is typed."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from hotspare.app.console.dialog import NARROW_COLUMNS, keys_line
from hotspare.app.console.spoken import offers
from hotspare.router.snapshot import Snapshot
from hotspare.widgets.line_view import LineView


class CommandBar(Horizontal):
    """Shown only while somebody types."""

    HELP = "An action's name and its arguments: force main gpt-5 1h. Right completes, enter does it, esc leaves."

    class Given(Message):
        """A command was given.

        Attributes:
            text: as it was typed.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, blink: bool) -> None:
        """Make the bar; `blink` is whether its cursor blinks."""
        super().__init__(id="command-bar")
        self._blink = blink
        self._given: list[str] = []
        self._place = 0

    def compose(self) -> ComposeResult:
        yield LineView(id="colon")
        box = Input(id="command", placeholder="force main gpt-5 10m, requests /timeout, cost, q")
        box.cursor_blink = self._blink
        yield box
        yield LineView(id="command-keys")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, snapshot: Snapshot | None) -> None:
        """Begin to type; chains and models of the snapshot are offered."""
        self.query_one("#colon", LineView).show([((" :", "key"),)])
        keys = self.query_one("#command-keys", LineView)
        keys.show([keys_line(("enter", "does it"), ("esc", "back"))])
        keys.display = self.app.size.width >= NARROW_COLUMNS  # else they leave no room to type in
        box = self.query_one("#command", Input)
        box.value = ""
        box.suggester = SuggestFromList(offers(snapshot), case_sensitive=False)
        self._place = len(self._given)
        self.add_class("-open")
        box.focus()

    def close(self) -> None:
        """Show the bar no longer."""
        self.remove_class("-open")

    def on_key(self, event: object) -> None:
        """Up and down: what was given before."""
        key = getattr(event, "key", "")
        if self.is_open and key in {"up", "down"} and self._given:
            self._place = min(max(self._place + (-1 if key == "up" else 1), 0), len(self._given))
            box = self.query_one("#command", Input)
            box.value = self._given[self._place] if self._place < len(self._given) else ""
            box.cursor_position = len(box.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text:
            self._given.append(text)
        self.post_message(self.Given(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
