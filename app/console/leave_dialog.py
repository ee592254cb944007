"""Ask what is to become of the traffic when the operator leaves. Staying is what Enter does."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hotspare.app.console.dialog import Dialog
from hotspare.app.console.leaving import Leaving, LeavingFacts
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, wrap
from hotspare.widgets.line_view import LineView


class LeaveDialog(Dialog[Leaving | None]):
    """None: stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "leave", "Stay", show=False),
        Binding("k", "choose('serve_on')", "Keep serving", show=False),
        Binding("s", "choose('stop')", "Stop", show=False),
    ]

    title_text = "Leave"

    def __init__(self, facts: LeavingFacts, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._facts = facts

    def content(self) -> ComposeResult:
        yield LineView(id="body")

    def draw(self) -> None:
        width = max(20, self.query_one("#body").size.width - 2)
        number = self._facts.in_flight
        flying = f"; {number} {'is' if number == 1 else 'are'} being answered now" if number else ""
        text = (
            f"{_number(self._facts.requests, 'request')} from {_number(self._facts.callers, 'caller')} "
            f"in the last five minutes{flying}."
        )
        choices: list[Line] = [
            ((f" {self.glyphs.cursor} ", "key"), ("Stay ", "badge"), ("  enter", "key"), (" or esc", "dim")),
            ((" k ", "key"), (" Keep serving without the screen", "text")),
            ((" s ", "key"), (" Stop once they are answered", "text")),
        ]
        self.put("body", [*(((f" {row}", "strong"),) for row in wrap(text, width)), (), *choices])

    def action_choose(self, leaving: Leaving) -> None:
        """Leave that way."""
        self.dismiss(leaving)


def _number(number: int, noun: str) -> str:
    return f"{figures.count(number)} {noun}" + ("" if number == 1 else "s")
