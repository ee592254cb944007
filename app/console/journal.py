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
        ("undone", "an act that was taken back; the number is its undo's. u takes back the latest that still stands."),
        ("states", "changes of models' states since this screen was opened; a store keeps none of them."),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("journal")
    AUTO_FOCUS = "#rows"
    ASK_SECONDS = 2.0

    def body(self) -> ComposeResult:
        yield LineView(id="views")
        yield RowList(id="rows", cursor=self.glyphs.cursor)
        yield LinePane(id="detail")

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        return {f"act {row.get('number')}": row for row in self.past}

    def wanted(self) -> Wanted:
        return "journal", {"last": MOST}

    def draw_rows(self, shown: Snapshot, width: int) -> None:
        del shown  # acts and states have times of their own
        happened = self._happened()
        head, rows = timeline_rows(happened, width, self.glyphs)
        nothing = self.note or ("none matches the filter" if self.filter else "nobody has changed anything yet")
        empty = [Row(((f"   {self.glyphs.clean(nothing, 300)}", "dim"),))]
        self.rows("rows").fill((head,) if rows else (), rows or empty)
        self.view("views").show([self._title(len(rows))])
        self._draw_detail(happened, width)

    def _title(self, number: int) -> Line:
        since = self.state.watched_since
        told = f", states seen here since {figures.clock(since)} UTC" if since is not None else ""
        line: Line = ((f" acts{told}", "dim"),)
        if self.filter:
            chip = f" / {self.glyphs.clean(self.filter.text.strip(), 40)} "
            line = (*line, ("  ", "text"), (chip, "badge"), (f"  {number} found, esc clears", "dim"))
        return line

    def _happened(self) -> list[Happened]:
        every = [*(act_of(row) for row in self.past), *self.state.seen]
        words = self.filter.text.lower().split()
        kept = [one for one in every if all(_matches(one, word) for word in words)]
        return sorted(kept, key=lambda one: one.at, reverse=True)

    def _draw_detail(self, happened: list[Happened], width: int) -> None:
        chosen = next((one for one in happened if one.key == self.rows("rows").chosen), None)
        room = self.query_one("#body").size.height
        lines: list[Line] = []
        if chosen is not None and room >= 12:
            texts = detail_lines(chosen)
            lines = [((self.glyphs.rule * width, "rule"),)]
            lines += [((f" {row}", "text"),) for text in texts for row in wrap(self.glyphs.clean(text, 400), width - 2)]
        self.show_at("detail", min(len(lines), 7))
        self.query_one("#detail", LinePane).show(lines)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        event.stop()


def _matches(one: Happened, word: str) -> bool:
    wanted = word.removeprefix("!")
    found = wanted in f"{one.who} {one.what} {one.subject} {one.before} {one.after} {one.why}".lower()
    return found != word.startswith("!") or not wanted
