"""The fourth screen: today against its limit, and what each model, chain, caller, session and hour came to; what
fallbacks, lost races, rejected answers, probes and tests cost beside it; and whose price is not known.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hotspare.app.console.asking import AskingPage, Wanted
from hotspare.app.console.page import bindings_of
from hotspare.router.snapshot import Snapshot
from hotspare.widgets import figures
from hotspare.widgets.cost import today_lines
from hotspare.widgets.line import Line
from hotspare.widgets.line_view import LineView
from hotspare.widgets.past_table import costs, past_rows
from hotspare.widgets.row_list import Row, RowList

BY: Mapping[str, str] = {
    "model": "model",
    "chain": "chain",
    "caller": "caller",
    "session": "session",
    "hour": "hour",
    "fallbacks": "reason",
    "outcomes": "outcome",
    "kind": "kind",
}
OF_CALLS = frozenset({"model", "outcomes"})
WORDS: Mapping[tuple[str, str], str] = {
    ("fallbacks", ""): "no fallback: the model it was meant for",
    ("outcomes", "served"): "served: the answer that was used",
    ("outcomes", "cancelled"): "cancelled: lost a race, or the caller left",
    ("session", ""): "without a session",
}
MOST = 200


class Cost(AskingPage):
    """What does it cost, who spends it, and how long does the budget last?"""

    NAME = "cost"
    ABOUT = (
        ("today", "all attempts since midnight where the limit's day begins, abandoned ones, probes and tests too."),
        ("gone at", "when the day's limit is reached at the rate of the last minutes; nothing: not today."),
        ("cost", "of the range, by whom or what; a + behind it: a part of it has no known price."),
        ("each", "the cost of one request, or of one call where calls are counted."),
        ("fallbacks", "requests by the reason for which another model answered them."),
        ("outcome", "calls by what became of them: those that did not serve were paid for in vain."),
        ("kind", "traffic, and beside it probes, tests and drills."),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("cost")
    AUTO_FOCUS = "#rows"
    VIEWS = tuple(BY)

    def body(self) -> ComposeResult:
        yield LineView(id="today")
        yield LineView(id="views")
        yield RowList(id="rows", cursor=self.glyphs.cursor)

    @property
    def _view(self) -> str:
        return self.VIEWS[self.view_place]

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        return {str(row["name"]): row for row in self.past}

    def wanted(self) -> Wanted:
        return "figures", {"by": BY[self._view], "last": MOST}

    def draw_rows(self, shown: Snapshot, width: int) -> None:
        lines = today_lines(shown, width, self.glyphs)
        self.show_at("today", len(lines))
        self.view("today").show(lines)
        extra: Line = ((self.state.range_words(), "dim"),)
        self.view("views").show([self.views_line(extra)])
        rows = [{**row, "shown": self._shown(row["name"])} for row in self.ordered(self.past)]
        counted = "calls" if self._view in OF_CALLS else "requests"
        name = {"outcomes": "outcome", "fallbacks": "reason"}.get(self._view, self._view)
        head, drawn = past_rows(rows, costs(name, counted), lambda row: str(row["name"]), width, self.glyphs)
        nothing = self.glyphs.clean(self.note, 300) or f"nothing was called in the {self.state.range_words()}"
        self.rows("rows").fill((head,) if drawn else (), drawn or [Row(((f"   {nothing}", "dim"),))])

    def _shown(self, name: Any) -> str:
        if self._view == "hour":
            return f"{figures.day(float(name))}, {figures.minute(float(name))} UTC"
        return WORDS.get((self._view, str(name)), str(name))

    def sortable(self) -> Sequence[str]:
        return ("cost_usd", "calls" if self._view in OF_CALLS else "requests", "input_tokens", "failed", "name")

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
