"""Move the models of a chain up and down. Each move is in force at once: the next request uses the new order."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hotspare.app.action import command_line
from hotspare.app.actions import by_id
from hotspare.app.console.dialog import Dialog, as_they_are, keys_line
from hotspare.router.snapshot import ChainView, ModelView, Snapshot
from hotspare.widgets.glyphs import Glyphs, state_sign
from hotspare.widgets.line import Line, cut_middle, fit, pad
from hotspare.widgets.line_view import LineView
from hotspare.widgets.preview import preview_lines
from hotspare.widgets.row_list import Row, RowList


class PrioritiesDialog(Dialog[None]):
    """Applies as it goes; there is nothing to hand back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("K,shift+up", "shift(-1)", "Move up", show=False),
        Binding("J,shift+down", "shift(1)", "Move down", show=False),
    ]

    def __init__(
        self,
        chain: ChainView,
        models: tuple[ModelView, ...],
        chosen: str,
        *,
        minutes: int,
        glyphs: Glyphs,
        apply: Callable[[tuple[str, ...]], Awaitable[bool]],
    ) -> None:
        """Make the dialog.

        Args:
            chain: whose order it is.
            models: its models in the order now in force.
            chosen: the row to begin on.
            minutes: the length of the window that the chain's figures are of.
            glyphs: the signs.
            apply: put this order in force; False: it was refused.
        """
        super().__init__(glyphs)
        self.title_text = f"Priorities of {glyphs.clean(chain.name, 30)}"
        self._chain = chain
        self._minutes = minutes
        self._models = {model.name: model for model in models}
        self._order = tuple(model.name for model in models)
        self._start = chosen
        self._apply = apply

    def content(self) -> ComposeResult:
        yield RowList(cursor=self.glyphs.cursor, always_marked=True, id="order")
        yield LineView(id="below")

    def on_mount(self) -> None:
        rows = self.query_one("#order", RowList)
        rows.choose_row(self._start)
        rows.focus()
        super().on_mount()

    def draw(self) -> None:
        rows = self.query_one("#order", RowList)
        rows.styles.height = self.rows_for(len(self._order), 14, below=3)
        rows.fill((), [Row(self._line(place, name, rows.size.width), name) for place, name in enumerate(self._order)])
        command = command_line(by_id("priorities"), {"chain": self._chain.name, "models": self._order})
        width = self.query_one("#below").size.width
        told: Line = ((f"   $ {self.glyphs.clean(command, 300)}", "dim"),)
        keys = keys_line(("K", "up"), ("J", "down" if self.low else "down (shift and arrows too)"), ("esc", "done"))
        first = self._models[self._order[0]]
        preview = [] if self.low else preview_lines(first, self._chain, self._minutes, width, self.glyphs)
        self.put("below", [(), *preview, fit(told, width, self.glyphs.more), (), keys])

    def see(self, snapshot: Snapshot) -> None:
        self._chain, models = as_they_are(snapshot, self._chain, tuple(self._models.values()))
        self._models = {model.name: model for model in models}
        self.draw()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.dismiss(None)

    def action_shift(self, steps: int) -> None:
        """Move the chosen model."""
        name = self.query_one("#order", RowList).chosen
        if name not in self._order:
            return
        former, place = self._order, self._order.index(name)
        wanted = min(max(place + steps, 0), len(former) - 1)
        if wanted == place:
            return
        order = [one for one in former if one != name]
        order.insert(wanted, name)
        self._order = tuple(order)
        self.draw()
        self.run_worker(self._put_in_force(former, self._order), name="priorities")

    async def _put_in_force(self, former: tuple[str, ...], order: tuple[str, ...]) -> None:
        if not await self._apply(order) and self._order == order:
            self._order = former
            self.draw()

    def _line(self, place: int, name: str, width: int) -> Line:
        model = self._models[name]
        sign, role = state_sign(model.state, self.glyphs)
        cells = self.cells_for(self._order, 28)
        shown = pad(cut_middle(self.glyphs.clean(name, 80), cells, self.glyphs.more), cells)
        place_word = "primary" if place == 0 else f"{place + 1}"
        state = "" if model.state == "ok" else model.state.replace("_", " ")
        line: Line = (("   ", "text"), (f"{place_word:<9}", "dim"), (shown, "strong"), (f" {sign} {state}", role))
        return fit(line, width, self.glyphs.more)
