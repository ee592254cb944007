"""The first screen: the newest figures at a glance. What is drawn is decided in `widgets`, what a key does in `page`;
here is only which panel shows what.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from hotspare.app import rows
from hotspare.app.console import panels
from hotspare.app.console.help import FIGURES
from hotspare.app.console.page import Acts, Page, bindings_of
from hotspare.app.console.view_state import ViewState
from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.widgets.chart import ChartData
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.lanes import lane_key, split_key
from hotspare.widgets.layout import CHART_HEIGHT, Layout, arrange
from hotspare.widgets.line_view import LineView
from hotspare.widgets.row_list import RowList

RULES = ("rule-situation", "rule-tiles", "rule-lanes", "rule-entries", "rule-act")
LISTS = ("lanes", "entries", "requests")


class Overview(Page):
    """Is traffic safe, what broke, since when, and which key do I press?"""

    NAME = "overview"
    ABOUT = FIGURES
    MOVING = (
        ("tab", "From the models to the lists of requests and back."),
        ("enter", "On a model: force it, or another. On a request: why it went where it went."),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("overview")

    AUTO_FOCUS = "#lanes"

    def __init__(self, state: ViewState, acts: Acts, *, glyphs: Glyphs, blink: bool = False) -> None:
        super().__init__(state, acts, glyphs=glyphs, blink=blink)
        self.chart = ChartData("", 0, 0)
        self._plotted = (self.chart, 0, 0)
        self._layout_now = Layout()
        self._local["switch-list"] = self._switch_entries

    # ------------------------------------------------------------ what there is
    def compose(self) -> ComposeResult:
        yield LineView(id="header")
        yield LineView(id="tabs")
        yield LineView(id="situation")
        yield LineView(id="rule-situation")
        yield LineView(id="tiles")
        yield LineView(id="rule-tiles")
        yield RowList(id="lanes", cursor=self.glyphs.cursor, always_marked=True)
        yield LineView(id="rule-lanes")
        with Container(id="middle"):
            yield LineView(id="chart")
            yield RowList(id="entries", cursor=self.glyphs.cursor)
        yield LineView(id="rule-entries")
        yield RowList(id="requests", cursor=self.glyphs.cursor)
        yield LineView(id="rule-act")
        yield LineView(id="act")
        yield from self.bars()

    @property
    def vital_only(self) -> bool:
        return self._layout_now.vital_only

    @property
    def has_chart(self) -> bool:
        return self._layout_now.chart > 0

    @property
    def range_minutes(self) -> int:
        return self.state.range_minutes

    def chosen_model(self) -> ModelView | None:
        """The model that the lanes' cursor is on."""
        shown = self.state.shown
        chain, name = split_key(self.rows("lanes").chosen)
        models = shown.models if shown else ()
        return next((one for one in models if one.chain == chain and one.name == name), None)

    def chosen_request(self) -> str:
        """The request under the cursor of the list that has the focus; else the newest fallback, else the newest."""
        focused = self.focused
        if isinstance(focused, RowList) and focused.id in {"entries", "requests"} and focused.chosen:
            return focused.chosen
        for name in ("entries", "requests"):
            listed = self.rows(name)
            if listed.display and listed.rows:
                return listed.chosen or listed.rows[0].key
        shown = self.state.shown
        return shown.recent[0].id if shown and shown.recent else ""

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        shown = self.state.shown
        if shown is None:
            return {}
        if self.focused is not self.rows("lanes") and isinstance(self.focused, RowList):
            listed = [*shown.fallbacks, *shown.recent]
            keys = {row.key for row in self.focused.rows}
            return {row.id: rows.request(row) for row in listed if row.id in keys}
        return {lane_key(view.chain, view.name): rows.model(view) for view in shown.models}

    # ------------------------------------------------------------ drawing
    def draw_all(self) -> None:
        shown = self.state.shown
        width, height = self.size
        lanes = len(shown.chains) + len(shown.models) + 1 if shown else 0
        self._lay_out(arrange(width, height, lanes, len(shown.situations) if shown else 0))
        if shown is None or self.state.latest is None:
            self.view("header").show(panels.waiting(self.state, width, self.glyphs))
            return
        self._draw_top(shown, width)
        self._draw_lists(shown)
        self._draw_bottom(shown, width)

    def _draw_top(self, shown: Snapshot, width: int) -> None:
        layout = self._layout_now
        self.view("tabs").show([panels.tabs(self.NAME, width, self.glyphs)])
        self.view("header").show(panels.top(self.state, width, self.glyphs, vital_only=layout.vital_only))
        self.view("situation").show(panels.situation(self.state, width, layout.situation, self.glyphs))
        self.view("tiles").show(panels.tiles(shown, width, layout.tiles, self.glyphs))
        for name in RULES:
            self.view(name).show([((self.glyphs.rule * width, "rule"),)])
        self.rows("lanes").fill((), panels.lanes(shown, width, self.glyphs, with_head=layout.lanes_head))

    def _draw_lists(self, shown: Snapshot) -> None:
        layout = self._layout_now
        if layout.chart:
            self._draw_chart(self.view("chart"), layout.chart)
        both = layout.requests > 0
        kind: Literal["fallbacks", "requests"] = "fallbacks" if both else self.state.entries
        self._fill("entries", kind, shown, titled=layout.entries > 2)
        if both:
            self._fill("requests", "requests", shown, titled=True)

    def _draw_chart(self, view: LineView, height: int) -> None:
        """Plotting takes longer than all the rest, so it is done anew only for other data or another window."""
        wanted = (self.chart, view.size.width, height)
        if wanted != self._plotted:
            self._plotted = wanted
            view.show(panels.chart(*wanted, self.glyphs))

    def _fill(self, name: str, kind: str, shown: Snapshot, *, titled: bool) -> None:
        listed = self.rows(name)
        width = listed.size.width or self.size.width
        head, lines = panels.entries(self.state, shown, kind, width, self.glyphs, self.filter)
        listed.fill(head if titled else (), lines)

    def _draw_bottom(self, shown: Snapshot, width: int) -> None:
        self.view("act").show(panels.act(shown, width, self.glyphs, has_tabs=self._layout_now.tabs > 0))
        self.view("hints").show(panels.hints(self.state, self.chosen_model(), width, self.NAME))

    def _lay_out(self, layout: Layout) -> None:
        if layout == self._layout_now:
            return
        self._layout_now = layout
        heights = {
            "header": 1,
            "tabs": layout.tabs,
            "situation": layout.situation,
            "tiles": layout.tiles,
            "lanes": layout.lanes,
            "chart": layout.chart,
            "entries": layout.entries,
            "requests": layout.requests,
            "act": layout.act,
            "hints": 0 if layout.vital_only else 1,
            **{name: int(seen) for name, seen in zip(RULES, layout.rules, strict=True)},
        }
        for name, height in heights.items():
            self.show_at(name, height)
        middle = self.query_one("#middle")
        middle.display = layout.entries > 0 or layout.chart > 0
        middle.set_class(layout.beside, "-beside")
        middle.set_class(not layout.beside, "-stacked")
        self.call_after_refresh(self.draw)

    def lists(self) -> Sequence[RowList]:
        return [self.rows(name) for name in LISTS if self.rows(name).display]

    def _switch_entries(self) -> None:
        if self._layout_now.requests:
            self.rows("requests").focus()
            return
        self.state.entries = "requests" if self.state.entries == "fallbacks" else "fallbacks"
        self.draw()

    def range_moved(self) -> None:
        if not self.has_chart:
            words = self.state.range_words()
            self.acts.tell(f"Range: {words}. Its chart needs a window of {CHART_HEIGHT} lines or more.")

    def focus_list(self) -> None:
        (self.rows("entries") if self.rows("entries").display else self.rows("lanes")).focus()

    # ------------------------------------------------------------ messages of the panels
    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        if event.rows.id == "lanes":
            self.action_do("force")
        else:
            self.action_do("explain")
