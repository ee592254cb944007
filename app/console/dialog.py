"""What all dialogs share: a box in the middle of the screen, lines in it, and esc to leave it unchanged."""

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from hotspare.router.snapshot import ChainView, ModelView, Snapshot
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span
from hotspare.widgets.line_view import LineView

Result = TypeVar("Result")

LOW_ROWS = 18
"""In a terminal of fewer rows a box has no blank lines."""
BORDER_ROWS = 2
NARROW_COLUMNS = 60
"""In a terminal of fewer columns nothing is wider than it has to be."""


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
        self._fit_in()

    def on_resize(self) -> None:
        self._fit_in()

    def _fit_in(self) -> None:
        self.set_class(self.low, "low")
        self.call_after_refresh(self.draw)

    @property
    def low(self) -> bool:
        """The terminal has no row to spare."""
        return self.app.size.height < LOW_ROWS

    def rows_for(self, count: int, most: int, below: int) -> int:
        """How tall a list of so many rows may be, where so many lines have to be seen below it."""
        room = self.app.size.height - BORDER_ROWS - below if self.low else most
        return max(1, min(most, count, room))

    def cells_for(self, names: Iterable[str], usual: int) -> int:
        """How wide a column of names is: as usual, and in a narrow terminal no wider than it has to be."""
        longest = max((len(self.glyphs.clean(name, 80)) for name in names), default=usual)
        return min(usual, longest) if self.app.size.width < NARROW_COLUMNS else usual

    def draw(self) -> None:
        """Fill the widgets for the width they have."""

    def see(self, snapshot: Snapshot) -> None:
        """How things are by now, for a dialog that shows it."""

    def put(self, name: str, lines: list[Line]) -> None:
        """Show lines in one of the box's views, as tall as they are; in a low terminal without the blank ones."""
        view = self.query_one(f"#{name}", LineView)
        lines = [line for line in lines if line] if self.low else lines
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


def as_they_are(
    snapshot: Snapshot, chain: ChainView, models: tuple[ModelView, ...]
) -> tuple[ChainView, tuple[ModelView, ...]]:
    """A chain and its models by now, in the order they were; what is no more stays as it was."""
    views = {view.name: view for view in snapshot.models}
    found = next((view for view in snapshot.chains if view.name == chain.name), chain)
    return found, tuple(views.get(model.name, model) for model in models)
