"""A request of the past, sent once more: its answer as it comes, the route it takes now, what it came to."""

from collections.abc import AsyncIterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hotspare.app.console.answer_column import AnswerColumn
from hotspare.app.console.dialog import Dialog, keys_line
from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line_pane import TextPane
from hotspare.widgets.line_view import LineView


class AgainScreen(Dialog[str | None]):
    """The id of the new request where its trace is wanted next; None: back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "Why", show=False),
        Binding("q", "leave", "Back", show=False),
    ]
    title_text = "Sent again"

    def __init__(self, prompt: Prompt, events: AsyncIterator[PromptEvent], *, glyphs: Glyphs) -> None:
        """Make the screen.

        Args:
            prompt: what is sent; its `chain` is the name that was asked for.
            events: what becomes of it; followed once the screen is there.
            glyphs: the signs.
        """
        super().__init__(glyphs)
        self._column = AnswerColumn(prompt, glyphs=glyphs)
        self._events = events

    def content(self) -> ComposeResult:
        yield self._column
        yield LineView(id="keys")

    def on_mount(self) -> None:
        self.add_class("reading")
        self._column.follow(self._events)
        self._column.query_one(TextPane).focus()
        super().on_mount()

    def draw(self) -> None:
        scroll = (f"{self.glyphs.up}{self.glyphs.down}", "scroll")
        why = (("w", "why this route"),) if self._column.request_id else ()
        back = ("esc", "back, and stop it" if self._column.is_going_on else "back")
        self.put("keys", [keys_line(scroll, *why, back)])

    def on_answer_column_ended(self) -> None:
        self.draw()

    def action_why(self) -> None:
        """Look at the trace, once the answer has ended."""
        if self._column.request_id:
            self._column.stop()
            self.dismiss(self._column.request_id)

    def action_leave(self) -> None:
        self._column.stop()
        self.dismiss(None)
