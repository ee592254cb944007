"""The one screen of the console: it draws the newest figures and turns keys into acts. What is drawn is decided in
`widgets`, what an act does in `operator.py`; here is only which panel shows what, and which key asks what.
"""

from collections.abc import Callable
from typing import ClassVar, Literal, Protocol

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from hotspare.app.actions import ACTIONS, Action, by_id
from hotspare.app.console import panels
from hotspare.app.console.filter_bar import FilterBar
from hotspare.app.console.operator import Severity
from hotspare.app.console.reasons import why_not
from hotspare.app.console.view_state import ViewState
from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.widgets.chart import ChartData
from hotspare.widgets.footer import action_at
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.lanes import split_key
from hotspare.widgets.layout import Layout, arrange
from hotspare.widgets.line_view import LineView
from hotspare.widgets.request_filter import RequestFilter
from hotspare.widgets.row_list import RowList

RULES = ("rule-situation", "rule-tiles", "rule-lanes", "rule-entries", "rule-act")
LISTS = ("lanes", "entries", "requests")


class Acts(Protocol):
    """What the screen asks of the console when a key means more than looking."""

    def perform(self, name: str, model: ModelView | None, request_id: str) -> None:
        """Do the action with this id, about this model or this request."""

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a toast."""


def _bindings() -> list[BindingType]:
    """A binding for every key of the registry; the first action with a key decides what the key is for."""
    seen: dict[str, Action] = {}
    for action in ACTIONS:
        for key in action.keys:
            seen.setdefault(key, action)
    return [Binding(key, f"do('{action.id}')", action.title, show=False) for key, action in seen.items()]


class Overview(Screen[None]):
    """Is traffic safe, what broke, since when, and which key do I press?"""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_bindings(),
        Binding("escape", "clear_filter", "Clear the filter", show=False),
        Binding("tab", "next_list(1)", "Next list", show=False, priority=True),
        Binding("shift+tab", "next_list(-1)", "Former list", show=False, priority=True),
    ]

    AUTO_FOCUS = "#lanes"

    def __init__(self, state: ViewState, acts: Acts, *, glyphs: Glyphs, blink: bool = False) -> None:
        """Make the screen.

        Args:
            state: what is looked at; shared with the console, which puts the newest figures there.
            acts: the console.
            glyphs: the signs.
            blink: whether the filter's cursor blinks.
        """
        super().__init__()
        self.state = state
        self.glyphs = glyphs
        self.chart = ChartData("", 0, 0)
        self._acts = acts
        self._blink = blink
        self._layout_now = Layout()
        self._local: dict[str, Callable[[], None]] = {
            "filter": self._open_filter,
            "freeze": self._freeze,
            "requests": self._switch_entries,
            "range-shorter": lambda: self._move_range(-1),
            "range-longer": lambda: self._move_range(1),
        }

    # ------------------------------------------------------------ what there is
    def compose(self) -> ComposeResult:
        yield LineView(id="header")
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
        yield FilterBar(blink=self._blink)
        yield LineView(id="hints")

    @property
    def has_chart(self) -> bool:
        return self._layout_now.chart > 0

    @property
    def range_minutes(self) -> int:
        return self.state.range_minutes

    def chosen_model(self) -> ModelView | None:
        """The model that the lanes' cursor is on."""
        shown = self.state.shown
        chain, name = split_key(self._rows("lanes").chosen)
        models = shown.models if shown else ()
        return next((one for one in models if one.chain == chain and one.name == name), None)

    def chosen_request(self) -> str:
        """The request under the cursor of the list that has the focus; else the newest fallback, else the newest."""
        focused = self.focused
        if isinstance(focused, RowList) and focused.id in {"entries", "requests"} and focused.chosen:
            return focused.chosen
        for name in ("entries", "requests"):
            rows = self._rows(name)
            if rows.display and rows.rows:
                return rows.chosen or rows.rows[0].key
        shown = self.state.shown
        return shown.recent[0].id if shown and shown.recent else ""

    # ------------------------------------------------------------ drawing
    def on_mount(self) -> None:
        self.draw()

    def on_resize(self, event: events.Resize) -> None:
        del event
        self.draw()
        self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        self.draw()

    def draw(self) -> None:
        """Show the state; lines that did not change are not painted again."""
        if not self.is_mounted:
            return
        shown = self.state.shown
        width, height = self.size
        lanes = len(shown.chains) + len(shown.models) + 1 if shown else 0
        self._arrange(arrange(width, height, lanes, len(shown.situations) if shown else 0))
        if shown is None or self.state.latest is None:
            self._view("header").show(panels.waiting(self.state, width, self.glyphs))
            return
        self._draw_top(shown, width)
        self._draw_lists(shown)
        self._draw_bottom(shown, width)

    def _draw_top(self, shown: Snapshot, width: int) -> None:
        layout = self._layout_now
        self._view("header").show(panels.top(self.state, width, self.glyphs, vital_only=layout.vital_only))
        self._view("situation").show(panels.situation(self.state, width, layout.situation, self.glyphs))
        self._view("tiles").show(panels.tiles(shown, width, layout.tiles, self.glyphs))
        for name in RULES:
            self._view(name).show([((self.glyphs.rule * width, "rule"),)])
        self._rows("lanes").fill((), panels.lanes(shown, width, self.glyphs, with_head=layout.lanes_head))

    def _draw_lists(self, shown: Snapshot) -> None:
        layout = self._layout_now
        if layout.chart:
            chart = self._view("chart")
            chart.show(panels.chart(self.chart, chart.size.width, layout.chart, self.glyphs))
        both = layout.requests > 0
        kind: Literal["fallbacks", "requests"] = "fallbacks" if both else self.state.entries
        self._fill("entries", kind, shown, titled=layout.entries > 2)
        if both:
            self._fill("requests", "requests", shown, titled=True)

    def _fill(self, name: str, kind: str, shown: Snapshot, *, titled: bool) -> None:
        rows = self._rows(name)
        width = rows.size.width or self.size.width
        head, lines = panels.entries(self.state, shown, kind, width, self.glyphs)
        rows.fill(head if titled else (), lines)

    def _draw_bottom(self, shown: Snapshot, width: int) -> None:
        self._view("act").show(panels.act(shown, width, self.glyphs))
        self._view("hints").show(panels.hints(self.state, self.chosen_model(), width))

    def _arrange(self, layout: Layout) -> None:
        if layout == self._layout_now:
            return
        self._layout_now = layout
        heights = {
            "header": 1,
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
            widget = self.query_one(f"#{name}")
            widget.display = height > 0
            widget.styles.height = max(1, height)
        middle = self.query_one("#middle")
        middle.display = layout.entries > 0 or layout.chart > 0
        middle.set_class(layout.beside, "-beside")
        middle.set_class(not layout.beside, "-stacked")
        self.call_after_refresh(self.draw)

    def _view(self, name: str) -> LineView:
        return self.query_one(f"#{name}", LineView)

    def _rows(self, name: str) -> RowList:
        return self.query_one(f"#{name}", RowList)

    # ------------------------------------------------------------ keys
    def action_do(self, name: str) -> None:
        """Do what a key of the registry stands for, or say why not."""
        model = self.chosen_model()
        action = self._meant(by_id(name), model)
        reason = why_not(action, self.state.latest, model, lost=self.state.lost_since is not None)
        if reason:
            self._acts.tell(reason, "warning")
        elif action.id in self._local:
            self._local[action.id]()
        else:
            self._acts.perform(action.id, model, self.chosen_request())

    def _meant(self, action: Action, model: ModelView | None) -> Action:
        """Two keys turn round what they did: `d` enables what is out, `s` lifts a skip."""
        latest = self.state.latest
        if model is None or latest is None:
            return action
        if action.id == "disable" and model.state in {"disabled", "draining"}:
            return by_id("enable")
        chain = next((one for one in latest.chains if one.name == model.chain), None)
        if action.id == "skip-primary" and chain is not None and chain.forced == "":
            return by_id("release")
        return action

    def action_next_list(self, steps: int) -> None:
        """Give the focus to the next list that is shown."""
        shown = [self._rows(name) for name in LISTS if self._rows(name).display]
        focused = self.focused
        place = shown.index(focused) if focused in shown else -1
        shown[(place + steps) % len(shown)].focus()

    def action_clear_filter(self) -> None:
        """Close and clear the filter."""
        self.state.filter = RequestFilter()
        self._close_filter()

    def _freeze(self) -> None:
        self.state.frozen = None if self.state.frozen else self.state.latest
        self.draw()

    def _switch_entries(self) -> None:
        if self._layout_now.requests:
            self._rows("requests").focus()
            return
        self.state.entries = "requests" if self.state.entries == "fallbacks" else "fallbacks"
        self.draw()

    def _move_range(self, steps: int) -> None:
        moved = self.state.move_range(steps)
        word = panels.range_word(self.state)
        if not self.has_chart:
            self._acts.tell(f"Range {word}. Its chart needs a window of 36 lines or more.")
        elif not moved:
            self._acts.tell(f"{word} is the {'longest' if steps > 0 else 'shortest'} range.")
        self.draw()

    # ------------------------------------------------------------ filter
    def _open_filter(self) -> None:
        self._view("hints").display = False
        self.query_one(FilterBar).open(self.state.filter.text)

    def _close_filter(self) -> None:
        bar = self.query_one(FilterBar)
        if bar.is_open:
            bar.close()
            self._view("hints").display = not self._layout_now.vital_only
            (self._rows("entries") if self._rows("entries").display else self._rows("lanes")).focus()
        self.draw()

    def on_filter_bar_typed(self, event: FilterBar.Typed) -> None:
        self.state.filter = RequestFilter(event.text)
        self.draw()

    def on_filter_bar_kept(self) -> None:
        self._close_filter()

    # ------------------------------------------------------------ messages of the panels
    def on_row_list_moved(self) -> None:
        self.draw()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        if event.rows.id == "lanes":
            self.action_do("force")
        else:
            self.action_do("explain")

    def on_line_view_clicked(self, event: LineView.Clicked) -> None:
        if event.view.id == "hints":
            hints = panels.all_hints(self.state, self.chosen_model())
            name = action_at(hints, self.size.width, event.x)
            if name:
                self.action_do(name)
