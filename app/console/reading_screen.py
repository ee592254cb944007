"""A screen full of lines to read: help, the trace of a request, what is about to be written."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hotspare.app.console.dialog import Dialog, Result, keys_line
from hotspare.router.error import HotspareError
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, wrap
from hotspare.widgets.line_pane import LinePane
from hotspare.widgets.line_view import LineView
from hotspare.widgets.trace import trace_lines


class Reading(Dialog[Result]):
    """Lines, however many; a subclass makes them for the width there is."""

    FIRST_KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """The keys that it is there for, with a word each."""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Its other keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter,question_mark", "leave", "Back", show=False)]

    def __init__(self, title: str, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.title_text = title

    def content(self) -> ComposeResult:
        yield LinePane(id="pane")
        yield LineView(id="keys")

    def on_mount(self) -> None:
        self.add_class("reading")
        self.query_one("#pane", LinePane).focus()
        super().on_mount()

    @abstractmethod
    def lines(self, width: int) -> list[Line]:
        """All of them."""

    def draw(self) -> None:
        pane = self.query_one("#pane", LinePane)
        pane.show(self.lines(pane.size.width))
        signs = f"{self.glyphs.up}{self.glyphs.down}"
        self.put("keys", [keys_line(*self.FIRST_KEYS, (signs, "scroll"), *self.KEYS, ("esc", "back"))])


class ReadingScreen(Reading[None]):
    """Lines that whoever opens it makes."""

    def __init__(self, title: str, make: Callable[[int], list[Line]], *, glyphs: Glyphs) -> None:
        super().__init__(title, glyphs=glyphs)
        self._make = make

    def lines(self, width: int) -> list[Line]:
        return self._make(width)


class WhyScreen(Reading[None]):
    """Why one request went where it went; asks the instance for its trace."""

    KEYS = (("R", "send again"),)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "leave", "Back", show=False),
        Binding("R", "again", "Send again", show=False),
    ]

    def __init__(
        self, request_id: str, explain: Callable[[str], Awaitable[list[dict[str, Any]]]], *, glyphs: Glyphs
    ) -> None:
        super().__init__("Why", glyphs=glyphs)
        self._request_id = request_id
        self._explain = explain
        self._trace: dict[str, Any] | None = None
        self.wants_again = False
        """Whether the request is to be sent again, once this is left."""
        self._note = "asking for its trace"

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._fetch(), name="explain")

    def action_again(self) -> None:
        """Leave, and have it sent again."""
        self.wants_again = True
        self.dismiss(None)

    async def _fetch(self) -> None:
        try:
            found = await self._explain(self._request_id)
        except (HotspareError, ValueError) as error:
            self._note = f"{error}"
        else:
            self._trace = found[0] if found else None
            self._note = "" if found else f"nothing is kept of request {self._request_id}"
        self.draw()

    def lines(self, width: int) -> list[Line]:
        if self._trace is None:
            return [((f" {row}", "dim"),) for row in wrap(self.glyphs.clean(self._note, 400), width - 2)]
        return trace_lines(self._trace, width, self.glyphs)
