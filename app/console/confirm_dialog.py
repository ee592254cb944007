"""Ask before something wide: the consequence in numbers, Enter cancels, y confirms; where traffic would stop, the
chain's name has to be typed. Keys of the first quarter of a second are not answers: they were meant for what was there.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from hotspare.app.console.dialog import Dialog, keys_line
from hotspare.app.console.operator import Question
from hotspare.router.clock import Clock
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, wrap
from hotspare.widgets.line_view import LineView

DEAF_SECONDS = 0.25


class ConfirmDialog(Dialog[bool]):
    """True: confirmed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,n,q", "leave", "Cancel", show=False),
        Binding("y", "confirm", "Do it", show=False),
    ]

    def __init__(self, question: Question, *, glyphs: Glyphs, clock: Clock) -> None:
        super().__init__(glyphs)
        self.title_text = question.title
        self._question = question
        self._clock = clock
        self._shown_at = clock.monotonic()

    def content(self) -> ComposeResult:
        yield LineView(id="body")
        if self._question.typed:
            yield Input(id="typed", placeholder=self._question.typed, select_on_focus=False)
        yield LineView(id="keys")

    def draw(self) -> None:
        self.put("body", self._words())
        if self._question.typed:
            self.put("keys", [(), keys_line(("enter", "with the name typed: do it"), ("esc", "cancels"))])
            return
        self.put(
            "keys",
            [
                (),
                ((f" {self.glyphs.cursor} ", "key"), (" Cancel ", "badge"), ("   enter", "key"), (" or esc", "dim")),
                (("    Do it ", "text"), ("   y", "key")),
            ],
        )

    def action_leave(self) -> None:
        if self._listening():
            self.dismiss(False)

    def action_confirm(self) -> None:
        """Do it: only where a key is enough."""
        if self._listening() and not self._question.typed:
            self.dismiss(True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._listening():
            self.dismiss(event.value.strip() == self._question.typed)

    def _listening(self) -> bool:
        return self._clock.monotonic() - self._shown_at >= DEAF_SECONDS

    def _words(self) -> list[Line]:
        width = max(20, self.query_one("#body").size.width - 2)
        lines: list[Line] = [
            ((f" {row}", "strong"),) for row in wrap(self.glyphs.clean(self._question.consequence, 600), width)
        ]
        hint = self.glyphs.clean(self._question.hint, 300)
        if hint:
            lines.extend(((f" {row}", "dim"),) for row in wrap(hint[0].upper() + hint[1:] + ".", width))
        if self._question.typed:
            asked = f"This may stop all its traffic. Type {self.glyphs.clean(self._question.typed)} to do it:"
            lines.extend([(), *(((f" {row}", "warn"),) for row in wrap(asked, width))])
        return lines
