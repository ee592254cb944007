"""The fifth screen: what operators did, and on the same time line when models changed their state and the configuration
was reloaded or refused, as far as this screen saw it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hotspare.app.console.asking import AskingPage, Wanted
from hotspare.app.console.page import bindings_of
from hotspare.router.snapshot import Snapshot
from hotspare.widgets import figures
from hotspare.widgets.line import Line, wrap
from hotspare.widgets.line_pane import LinePane
from hotspare.widgets.line_view import LineView
from hotspare.widgets.row_list import Row, RowList
from hotspare.widgets.timeline import Happened, act_of, detail_lines, timeline_rows

MOST = 300


class JournalPage(AskingPage):
    """Who did what, when, why, and what did the models do meanwhile?"""

    NAME = "journal"
    ABOUT = (
        (
            "acts",
            "what was ordered, by whom, from what to what, until when. They are durable before they are in force.",
        ),
        (
            "undone",
            "a hollow sign: an act that was taken back. u takes back the latest that still stands.",
        ),
        ("states", "changes of models' states since this screen was opened; a store keeps none of them."),
    )
    MOVING = (("tab", "To what is told of the chosen one, where it does not fit: up and down scroll it."),)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("journal")
    AUTO_FOCUS = "#rows"
    ASK_SECONDS = 2.0

    def body(self) -> ComposeResult:
        yield LineView(id="views")
        yield RowList(id="rows", cursor=self.glyphs.cursor)
        yield LinePane(id="detail")

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        acts, shown = {f"act {row.get('number')}": row for row in self.past}, self.state.shown
        return {one.key: acts.get(one.key) or _seen(one) for one in self._happened(shown)} if shown else {}

    def wanted(self) -> Wanted:
        return "journal", {"last": MOST}

    def draw_rows(self, shown: Snapshot, width: int) -> None:
        happened = self._happened(shown)
        days = {figures.day(one.at) for one in happened} | {figures.day(shown.at)}
        head, rows = timeline_rows(happened, width, self.glyphs, with_days=len(days) > 1)
        empty = [Row(((f"   {self.glyphs.clean(self._nothing(shown), 300)}", "dim"),))]
        self.rows("rows").fill((head,) if rows else (), rows or empty)
        self.view("views").show([self._title(len(rows))])
        room = self.query_one("#body").size.height
        self.show_close("rows", len(rows) + 1, room - 1 - self._draw_detail(happened, room, width))

    def _nothing(self, shown: Snapshot) -> str:
        if self.note:
            return self.note
        told = "none matches the filter" if self.filter else "nobody changed anything"
        told = f"{told} in the {self.state.range_words()}"
        if shown.last_act_at is None or shown.last_act_at >= self.state.range_of(shown)[0]:
            return told
        latest = f"{figures.day(shown.last_act_at)}, {figures.minute(shown.last_act_at)} UTC"
        return f"{told}. The latest act was on {latest}: ] looks further back"

    def _title(self, number: int) -> Line:
        since = self.state.watched_since
        told = f", states seen here since {figures.clock(since)} UTC" if since is not None else ""
        line: Line = ((f" acts, {self.state.range_words()}{told}", "dim"),)
        if self.filter:
            line = (*line, *self.filter_chip(number))
        return line

    def _happened(self, shown: Snapshot) -> list[Happened]:
        begin, end = self.state.range_of(shown)
        seen = (one for one in self.state.seen if begin <= one.at <= end)
        every = [*(act_of(row) for row in self.past), *seen]
        kept = [one for one in every if self.filter.finds(_everything(one))]
        return sorted(kept, key=lambda one: one.at, reverse=True)

    def _draw_detail(self, happened: list[Happened], room: int, width: int) -> int:
        """Everything about the chosen one, where there is room; how many lines that takes."""
        chosen = next((one for one in happened if one.key == self.rows("rows").chosen), None)
        lines: list[Line] = []
        if chosen is not None and room >= 12:
            texts = detail_lines(chosen)
            lines = [((self.glyphs.rule * width, "rule"),)]
            lines += [((f" {row}", "text"),) for text in texts for row in wrap(self.glyphs.clean(text, 400), width - 2)]
        height = min(len(lines), 7)
        self.show_at("detail", height)
        self.query_one("#detail", LinePane).show(lines)
        return height

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        event.stop()


def _seen(one: Happened) -> Mapping[str, Any]:
    """What this screen saw, with the names of the journal's fields."""
    return {
        "when": one.at, "act": one.what, "subject": one.subject, "before": one.before, "after": one.after,
        "why": one.why,
    }  # fmt: skip


def _everything(one: Happened) -> str:
    return f"{one.who} {one.what} {one.subject} {one.before} {one.after} {one.why}"
