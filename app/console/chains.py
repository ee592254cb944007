"""The second screen: each chain in its effective order, and why the chosen model may or may not serve."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hotspare.app.console.page import Page, bindings_of
from hotspare.app.rows import model
from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.widgets.chain_table import chain_rows, model_lines
from hotspare.widgets.lanes import lane_key, split_key
from hotspare.widgets.line import Line
from hotspare.widgets.line_pane import LinePane
from hotspare.widgets.row_list import RowList

LEAST_DETAIL = 4


class Chains(Page):
    """Who may serve, in which order, and how far is each from its limits?"""

    NAME = "chains"
    ABOUT = (
        ("ok, of", "calls of the last 15 minutes that it answered, and how many calls there were."),
        ("share", "of its chain's answered requests in that time, those that it answered."),
        ("p95", "of 20 calls that it answered, 19 took no longer."),
        ("$/M in, out", "USD for a million tokens read and written: the file's own price, else the price library's."),
        ("today, now", "what its calls cost since midnight, and how many are in flight."),
        ("held back at", "the limits of its breaker, and how far it is from each. A 429 is none of them: it cools."),
    )
    MOVING = (
        ("tab", "To what is told of the chosen model, where it does not fit: up and down scroll it."),
        ("enter", "Force the chosen model, or another."),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("chains")
    AUTO_FOCUS = "#models"

    def body(self) -> ComposeResult:
        yield RowList(id="models", cursor=self.glyphs.cursor, always_marked=True)
        yield LinePane(id="detail")

    def chosen_model(self) -> ModelView | None:
        shown = self.state.shown
        chain, name = split_key(self.rows("models").chosen)
        models = shown.models if shown else ()
        return next((one for one in models if one.chain == chain and one.name == name), None)

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        shown = self.state.shown
        return {lane_key(view.chain, view.name): model(view) for view in shown.models} if shown else {}

    def draw_body(self, shown: Snapshot, width: int) -> None:
        rows = chain_rows(shown, width, self.glyphs)
        self.rows("models").fill((), rows)
        chosen = self.chosen_model()
        rule: Line = ((self.glyphs.rule * width, "rule"),)
        lines = [rule, *model_lines(chosen, shown, width, self.glyphs)] if chosen else []
        room = self.query_one("#body").size.height
        detail = min(len(lines), max(room - len(rows), room // 2, LEAST_DETAIL))
        detail = detail if room >= 2 * LEAST_DETAIL else 0
        self.show_at("detail", detail)
        self.show_close("models", len(rows), room - detail)
        self.query_one("#detail", LinePane).show(lines)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_do("force")
