"""A screen full of lines to read: help, and the trace of a request."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hotspare.app.console.dialog import Dialog, keys_line
from hotspare.router.error import HotspareError
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, wrap
from hotspare.widgets.line_pane import LinePane
from hotspare.widgets.line_view import LineView
from hotspare.widgets.trace import trace_lines


class ReadingScreen(Dialog[None]):
    """Lines that are made for the width there is."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Its own keys, with a word each."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "leave", "Back", show=False)]

    def __init__(self, title: str, make: Callable[[int], list[Line]], *, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.title_text = title
        self._make = make

    def content(self) -> ComposeResult:
        yield LinePane(id="pane")
        yield LineView(id="keys")

    def on_mount(self) -> None:
        self.add_class("reading")
        self.query_one("#pane", LinePane).focus()
        super().on_mount()

    def draw(self) -> None:
        pane = self.query_one("#pane", LinePane)
        pane.show(self._make(pane.size.width))
        signs = f"{self.glyphs.up}{self.glyphs.down}"
        self.put("keys", [keys_line((signs, "scroll"), *self.KEYS, ("esc", "back"))])


class WhyScreen(ReadingScreen):
    """Why one request went where it went; asks the instance for its trace."""

    KEYS = (("R", "send again"),)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "leave", "Back", show=False),
        Binding("R", "again", "Send again", show=False),
    ]

    def __init__(
        self, request_id: str, explain: Callable[[str], Awaitable[list[dict[str, Any]]]], *, glyphs: Glyphs
    ) -> None:
        super().__init__("Why", self._lines, glyphs=glyphs)
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

    def _lines(self, width: int) -> list[Line]:
        if self._trace is None:
            return [((f" {row}", "dim"),) for row in wrap(self.glyphs.clean(self._note, 400), width - 2)]
        return trace_lines(self._trace, width, self.glyphs)
