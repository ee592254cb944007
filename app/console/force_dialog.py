"""Choose which model to force and for how long. Ten minutes come first; "until lifted" is a choice of its own, which
the instance then wants confirmed.
"""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hotspare.app.action import command_line
from hotspare.app.actions import by_id
from hotspare.app.console.dialog import Dialog, as_they_are, keys_line
from hotspare.router.snapshot import ChainView, ModelView, Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, state_sign
from hotspare.widgets.line import Line, Span, cut_middle, fit, pad
from hotspare.widgets.line_view import LineView
from hotspare.widgets.preview import preview_lines
from hotspare.widgets.row_list import Row, RowList

TIMES: tuple[tuple[str, float | None], ...] = (("10 min", 600.0), ("1 h", 3600.0), ("until lifted", None))
READY = frozenset({"ok", "trial"})


@dataclass(frozen=True, slots=True)
class ForceChoice:
    """What was chosen; `seconds` None: until lifted."""

    model: str
    seconds: float | None


class ForceDialog(Dialog[ForceChoice | None]):
    """None: nothing was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "time(-1)", "Shorter", show=False),
        Binding("right,l,tab", "time(1)", "Longer", show=False),
    ]

    def __init__(
        self, chain: ChainView, models: tuple[ModelView, ...], chosen: str, *, minutes: int, glyphs: Glyphs
    ) -> None:
        """Make the dialog.

        Args:
            chain: whose traffic it is.
            models: its models in effective order.
            chosen: the model that the cursor was on.
            minutes: the length of the window that the chain's figures are of.
            glyphs: the signs.
        """
        super().__init__(glyphs)
        self._minutes = minutes
        self.title_text = f"Force a model in {glyphs.clean(chain.name, 30)}"
        self._chain = chain
        self._models = models
        self._start = self._first_offer(chosen)
        self._time = 0

    def content(self) -> ComposeResult:
        yield RowList(cursor=self.glyphs.cursor, always_marked=True, id="models")
        yield LineView(id="times")

    def on_mount(self) -> None:
        rows = self.query_one("#models", RowList)
        rows.choose_row(self._start)
        rows.focus()
        super().on_mount()

    def draw(self) -> None:
        rows = self.query_one("#models", RowList)
        rows.styles.height = self.rows_for(len(self._models), 10, below=4)
        rows.fill((), [Row(self._model_line(model, rows.size.width), model.name) for model in self._models])
        self.put("times", self._lines_below(rows.chosen or self._start))

    def see(self, snapshot: Snapshot) -> None:
        self._chain, self._models = as_they_are(snapshot, self._chain, self._models)
        self.draw()

    def action_time(self, steps: int) -> None:
        """Choose another time."""
        self._time = (self._time + steps) % len(TIMES)
        self.draw()

    def on_row_list_moved(self) -> None:
        self.draw()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.dismiss(ForceChoice(event.key, TIMES[self._time][1]))

    def _first_offer(self, chosen: str) -> str:
        """The chosen model, unless that is the primary: then the first other one that can serve."""
        if chosen and chosen != self._chain.primary:
            return chosen
        others = [model for model in self._models if model.name != self._chain.primary]
        ready = [model for model in others if model.state in READY]
        return next((model.name for model in (*ready, *others)), chosen)

    def _model_line(self, model: ModelView, width: int) -> Line:
        sign, role = state_sign(model.state, self.glyphs)
        cells = self.cells_for((one.name for one in self._models), 24)
        name = cut_middle(self.glyphs.clean(model.name, 80), cells, self.glyphs.more)
        spans: list[Span] = [("   ", "text"), (pad(name, cells), "strong"), (f" {sign} ", role)]
        state = "" if model.state == "ok" else f"{model.state.replace('_', ' ')} {figures.left(model.seconds_left)}"
        spans.append((pad(state, 17), role))
        spans.append((f"p95 {figures.seconds(model.p95_ms)}", "dim"))
        return fit(tuple(spans), width, self.glyphs.more)

    def _lines_below(self, model: str) -> list[Line]:
        times: list[Span] = [("   for  ", "dim")]
        for place, (text, _) in enumerate(TIMES):
            times.append((f" {text} ", "badge" if place == self._time else "text"))
            times.append((" ", "text"))
        given = {"chain": self._chain.name, "model": model, "seconds": TIMES[self._time][1]}
        width = self.query_one("#times").size.width
        command = self.glyphs.clean(command_line(by_id("force"), given), 200)
        moving = () if self.low else ((f"{self.glyphs.up}{self.glyphs.down}", "model"),)
        keys = keys_line(*moving, ("tab", "time"), ("enter", "force"), ("esc", "back"))
        told: Line = ((f"   $ {command}", "dim"),)
        about = next((one for one in self._models if one.name == model), None)
        preview = preview_lines(about, self._chain, self._minutes, width, self.glyphs) if about and not self.low else []
        return [(), tuple(times), (), *preview, fit(told, width, self.glyphs.more), (), keys]
