"""What all dialogs share: a box in the middle of the screen, lines in it, and esc to leave it unchanged."""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span
from hotspare.widgets.line_view import LineView

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """A box over the screen. A subclass composes its content and draws it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False)]

    title_text = ""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self.title_text)  # never markup: it may hold a configured name
            yield from self.content()

    def content(self) -> ComposeResult:
        """What is in the box."""
        yield LineView(id="body")

    def on_mount(self) -> None:
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Fill the widgets for the width they have."""

    def put(self, name: str, lines: list[Line]) -> None:
        """Show lines in one of the box's views, as tall as they are."""
        view = self.query_one(f"#{name}", LineView)
        view.styles.height = max(1, len(lines))
        view.show(lines)

    def action_leave(self) -> None:
        """Go back without doing anything."""
        self.dismiss(None)


def keys_line(*pairs: tuple[str, str]) -> Line:
    """` enter does it   esc goes back`."""
    spans: list[Span] = [(" ", "text")]
    for key, word in pairs:
        if len(spans) > 1:
            spans.append(("   ", "text"))
        spans.extend(((key, "key"), (f" {word}", "dim")))
    return tuple(spans)
