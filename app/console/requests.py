"""The third screen: requests as they end and of the past, by filter; and what they had in common: errors by type and
model, slow models, callers. Enter on one of those shows its requests.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hotspare.app import rows
from hotspare.app.console.asking import AskingPage, Wanted
from hotspare.app.console.page import Acts, bindings_of
from hotspare.app.console.view_state import ViewState
from hotspare.router.snapshot import RequestRow, Snapshot
from hotspare.router.trigger import MEANING, Trigger
from hotspare.widgets import past_table
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span
from hotspare.widgets.line_view import LineView
from hotspare.widgets.past_table import Field
from hotspare.widgets.request_columns import request_rows
from hotspare.widgets.row_list import Row, RowList

MOST = 300
"""Requests of the past that are asked for at once."""

VIEW_OF: Mapping[str, str] = {"errors": "errors", "slowest models": "slow", "callers": "figures"}
FIELDS: Mapping[str, Sequence[Field]] = {
    "errors": past_table.ERRORS,
    "slowest models": past_table.SLOW,
    "callers": past_table.CALLERS,
}
SORTABLE: Mapping[str, tuple[str, ...]] = {
    "errors": ("count", "last_at", "trigger", "model"),
    "slowest models": ("mean_ms", "p95_ms", "count"),
    "callers": ("requests", "failed", "fallback", "p95_ms", "cost_usd"),
}
EMPTY: Mapping[str, str] = {
    "requests": "no requests",
    "errors": "no call failed",
    "slowest models": "no call was answered",
    "callers": "nobody asked",
}


class Requests(AskingPage):
    """Which requests, why did they fail, who is slow, and who asks?"""

    NAME = "requests"
    ABOUT = (
        ("requests", "the newest of the range, as they end; enter (or w) shows the way of one, attempt by attempt."),
        (
            "filter",
            "text, model:, trigger:, caller:, chain:, session:, status:, kind:, id:, >5s, ~re; ! in front excludes.",
        ),
        ("errors", "failed calls by trigger and model. Calls, not requests: a retry that fails counts again."),
        ("slowest", "how long calls took that were answered, from the call to its last byte; slowest mean first."),
        ("callers", "who asked (its token's name, x-hotspare-caller, or User-Agent), how much, how many failed."),
        ("range", "[ and ] its length, comma and full stop earlier and later, n now; for all screens. Whole minutes."),
    )
    MOVING = (("enter", "Why the request went where it went; of an error, a model or a caller: its requests."),)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("requests")
    AUTO_FOCUS = "#rows"
    VIEWS = ("requests", "errors", "slowest models", "callers")

    def __init__(self, state: ViewState, acts: Acts, *, glyphs: Glyphs, blink: bool = False) -> None:
        super().__init__(state, acts, glyphs=glyphs, blink=blink)
        self._drawn: tuple[object, ...] = ()

    def body(self) -> ComposeResult:
        yield LineView(id="views")
        yield RowList(id="rows", cursor=self.glyphs.cursor)

    def chosen_request(self) -> str:
        if self._view != "requests":
            return ""
        listed = self.rows("rows")
        return listed.chosen or (listed.rows[0].key if listed.rows else "")

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        shown = self.state.shown
        if shown is None:
            return {}
        if self._view != "requests":
            return {_key(row): row for row in self.ordered(self.past)}
        kept = {row["id"]: row for row in self.past}
        return {row.id: kept.get(row.id) or rows.request(row) for row in self._found(shown)}

    @property
    def _view(self) -> str:
        return self.VIEWS[self.view_place]

    def wanted(self) -> Wanted:
        if self._view == "requests":
            return "requests", {"last": MOST, **self.filter.for_store()[0]}
        return VIEW_OF[self._view], {"by": "caller"} if self._view == "callers" else {}

    # ------------------------------------------------------------ drawing
    def draw_rows(self, shown: Snapshot, width: int) -> None:
        key = (shown.recent[:1], id(self.past), self.note, self.filter, width, self._view)
        words = (self.order_words(), self.state.range_words())
        if (key, words) == self._drawn:
            return
        self._drawn = (key, words)
        head, lines, number = self._requests(shown, width) if self._view == "requests" else self._sums(width)
        self.rows("rows").fill((head,) if lines else (), lines or [Row(((f"   {self._nothing()}", "dim"),))])
        self.view("views").show([self.views_line(self._extra(number))])

    def _nothing(self) -> str:
        if self.note:
            return self.glyphs.clean(self.note, 300)
        filtered = self.filter and self._view == "requests"
        told = "none matches the filter" if filtered else EMPTY[self._view]
        return f"{told} in the {self.state.range_words()}"

    def _extra(self, number: int) -> list[Span]:
        when = self.state.range_words()
        if self.filter and self._view == "requests":
            return [*self.filter_chip(number), (f"  {when}", "dim")]
        newest = f", the newest {number}" if self._view == "requests" and number >= MOST else ""
        return [(f"{when}{newest}", "dim")]

    def _requests(self, shown: Snapshot, width: int) -> tuple[Line, list[Row], int]:
        found = self._found(shown)
        return *request_rows(found, width, self.glyphs), len(found)

    def _found(self, shown: Snapshot) -> list[RequestRow]:
        """Those that have just ended, and before them what the store knows; each once, newest first."""
        begin, end = self.state.range_of(shown)
        recent = tuple(row for row in shown.recent if row.at >= begin and (self.state.ends_at is None or row.at < end))
        live = {row.id: row for row in self.filter.keep(recent)}
        rest = self.filter.for_store()[1]
        past = rest.keep(tuple(rows.row_of(row) for row in self.past if row["id"] not in live))
        return sorted((*live.values(), *past), key=lambda row: row.at, reverse=True)

    def _sums(self, width: int) -> tuple[Line, list[Row], int]:
        told = [{**row, "meaning": _meaning(str(row.get("trigger") or ""))} for row in self.ordered(self.past)]
        head, lines = past_table.past_rows(told, FIELDS[self._view], _key, width, self.glyphs)
        return head, lines, len(lines)

    def sortable(self) -> Sequence[str]:
        return SORTABLE.get(self._view, ())

    # ------------------------------------------------------------ keys
    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        if self._view == "requests":
            self.action_do("explain")
            return
        kind = {"errors": "trigger", "slowest models": "model", "callers": "caller"}[self._view]
        name = event.key.partition("\n")[0]
        self.view_place = 0
        self.set_filter(f"{kind}:{name.split()[0]}" if name.split() else "")


def _key(row: Mapping[str, Any]) -> str:
    """What the row is about, first the word that finds its requests."""
    first = row.get("trigger") or row.get("model") or row.get("name") or ""
    return f"{first}\n{row.get('model') or ''}"


def _meaning(trigger: str) -> str:
    return MEANING[Trigger(trigger)] if trigger in Trigger.__members__ else ""
