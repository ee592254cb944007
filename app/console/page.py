"""What the numbered screens share: keys from the registry, the frame around what each shows, filter and command line,
freeze and range. A screen says what its cursor is on and draws its body; what an act does is in `errands.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Protocol

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.css.query import NoMatches
from textual.screen import Screen

from hotspare.app.action import Action
from hotspare.app.actions import ACTIONS, by_id
from hotspare.app.console import panels
from hotspare.app.console.command_bar import CommandBar
from hotspare.app.console.filter_bar import FilterBar
from hotspare.app.console.operator import Severity
from hotspare.app.console.reasons import why_not
from hotspare.app.console.view_state import ViewState
from hotspare.engine.backend import Backend
from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.widgets.footer import action_at
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.layout import Frame, frame
from hotspare.widgets.line import Line
from hotspare.widgets.line_pane import LinePane
from hotspare.widgets.line_view import LineView
from hotspare.widgets.request_filter import RequestFilter
from hotspare.widgets.row_list import RowList
from hotspare.widgets.tabs import tab_at


class Acts(Protocol):
    """What a screen asks of the console when a key means more than looking."""

    backend: Backend

    def perform(self, name: str, model: ModelView | None, request_id: str) -> None:
        """Do the action with this id, about this model or this request."""

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a toast."""

    def go(self, name: str) -> None:
        """Show the screen with this id."""

    def obey(self, text: str) -> None:
        """Do what was typed in the command line."""


def bindings_of(screen: str) -> list[BindingType]:
    """A binding for every key that acts on a screen; the first action with a key decides what the key is for."""
    seen: dict[str, Action] = {}
    for action in ACTIONS:
        for key in action.keys if action.is_on(screen) else ():
            seen.setdefault(key, action)
    return [Binding(key, f"do('{action.id}')", action.title, show=False) for key, action in seen.items()]


class Page(Screen[None]):
    """One numbered screen. A subclass names itself, composes its body, and draws it."""

    BLANK = True
    """Nothing of its own is seen between its panels, so Textual need not compose that."""

    NAME: ClassVar[str] = ""
    """The id of its action."""

    ABOUT: ClassVar[tuple[tuple[str, str], ...]] = ()
    """What is seen there, and how each number is computed: pairs of a word and a sentence, for `?`."""

    MOVING: ClassVar[tuple[tuple[str, str], ...]] = ()
    """What tab and enter mean there, where that is no action: pairs of a key and a sentence, for `?`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear_filter", "Clear the filter", show=False),
        Binding("tab", "next_list(1)", "Next list", show=False, priority=True),
        Binding("shift+tab", "next_list(-1)", "Former list", show=False, priority=True),
    ]

    def __init__(self, state: ViewState, acts: Acts, *, glyphs: Glyphs, blink: bool = False) -> None:
        """Make the screen.

        Args:
            state: what is looked at; shared with the console, which puts the newest figures there.
            acts: the console.
            glyphs: the signs.
            blink: whether the cursors of its inputs blink.
        """
        super().__init__()
        self.state = state
        self.glyphs = glyphs
        self.filter = RequestFilter()
        self.acts = acts
        self._blink = blink
        self._frame = Frame()
        self._has_widgets = False
        self._local: dict[str, Callable[[], None]] = {
            "filter": self.open_filter,
            "command-line": self._open_command_line,
            "freeze": self._freeze,
            "range-shorter": lambda: self._move_range(-1),
            "range-longer": lambda: self._move_range(1),
            "range-earlier": lambda: self._shift_range(-1),
            "range-later": lambda: self._shift_range(1),
            "range-now": self._range_to_now,
        }

    # ------------------------------------------------------------ what a screen is about
    def chosen_model(self) -> ModelView | None:
        """The model that the cursor is on."""
        return None

    def chosen_request(self) -> str:
        """The id of the request that the cursor is on, "" where there is none."""
        return ""

    def lists(self) -> Sequence[RowList]:
        """What `tab` goes through."""
        return [rows for rows in self.query(RowList) if rows.display]

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        """What the shown rows stand for, with the field names of `--json`, by the rows' keys."""
        return {}

    def chosen_key(self) -> str:
        """The key of the row under the cursor."""
        focused = self.focused
        rows = focused if isinstance(focused, RowList) else next(iter(self.lists()), None)
        return rows.chosen if rows is not None else ""

    def chosen_text(self) -> str:
        """The row under the cursor as text."""
        key = self.chosen_key()
        every = (row for rows in self.lists() for row in rows.rows)
        row = next((row for row in every if row.key == key and key), None)
        return " ".join("".join(text for text, _ in row.line).split()) if row else ""

    # ------------------------------------------------------------ frame
    def compose(self) -> ComposeResult:
        yield LineView(id="header")
        yield LineView(id="tabs")
        yield LineView(id="situation")
        yield LineView(id="rule-top")
        with Container(id="body"):
            yield from self.body()
        yield LineView(id="rule-act")
        yield LineView(id="act")
        yield from self.bars()

    def bars(self) -> ComposeResult:
        """The last line: hints, or what is being typed."""
        yield FilterBar(blink=self._blink)
        yield CommandBar(blink=self._blink)
        yield LineView(id="hints")

    def body(self) -> ComposeResult:
        """What this screen shows."""
        yield from ()

    def on_mount(self) -> None:
        self._has_widgets = True
        self.draw()

    def on_resize(self, event: events.Resize) -> None:
        del event
        self.draw()
        self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        self.draw()

    def draw(self) -> None:
        """Show the state; lines that did not change are not painted again."""
        if self._has_widgets:
            with suppress(NoMatches):  # figures come also while the screen is being taken down
                self.draw_all()

    def draw_all(self) -> None:
        """Draw frame and body."""
        shown = self.state.shown
        width, height = self.size
        self._arrange(frame(width, height))
        if shown is None or self.state.latest is None:
            self.view("header").show(panels.waiting(self.state, width, self.glyphs))
            return
        self.view("header").show(panels.top(self.state, width, self.glyphs, vital_only=self._frame.vital_only))
        self.view("tabs").show([panels.tabs(self.NAME, width, self.glyphs)])
        self.view("situation").show(panels.situation(self.state, width, self._frame.situation, self.glyphs, self.NAME))
        for name in ("rule-top", "rule-act"):
            self.view(name).show([((self.glyphs.rule * width, "rule"),)])
        if not self._frame.vital_only:
            self.draw_body(shown, width)
        self.view("act").show(panels.act(shown, width, self.glyphs))
        self.view("hints").show(panels.hints(self.state, self.chosen_model(), width, self.NAME))

    @property
    def vital_only(self) -> bool:
        """Whether the window has room for one line only."""
        return self._frame.vital_only

    def draw_body(self, shown: Snapshot, width: int) -> None:
        """Show these figures in the body."""

    def _arrange(self, wanted: Frame) -> None:
        if wanted == self._frame:
            return
        self._frame = wanted
        seen = {
            "header": 1,
            "tabs": wanted.tabs,
            "situation": wanted.situation,
            "rule-top": wanted.rules,
            "rule-act": wanted.rules,
            "act": wanted.act,
            "hints": int(not wanted.vital_only),
        }
        for name, height in seen.items():
            self.show_at(name, height)
        self.query_one("#body").display = not wanted.vital_only
        self.call_after_refresh(self.draw)

    def show_at(self, name: str, height: int) -> None:
        """Give a widget so many lines; 0 hides it."""
        widget = self.query_one(f"#{name}")
        widget.display = height > 0
        widget.styles.height = max(1, height)

    def show_close(self, name: str, lines: int, room: int) -> None:
        """Give a list no more lines than it has, so that what stands below it stands close."""
        self.rows(name).styles.height = max(1, min(lines, room))

    def view(self, name: str) -> LineView:
        return self.query_one(f"#{name}", LineView)

    def rows(self, name: str) -> RowList:
        return self.query_one(f"#{name}", RowList)

    # ------------------------------------------------------------ keys
    def action_do(self, name: str) -> None:
        """Do what a key of the registry stands for, or say why not."""
        model = self.chosen_model()
        action = self._meant(by_id(name), model)
        reason = why_not(action, self.state.latest, model, lost=self.state.lost_since is not None)
        if reason:
            self.acts.tell(reason, "warning")
        elif action.id in self._local:
            self._local[action.id]()
        elif action.id in panels.SCREENS:
            self.acts.go(action.id)
        else:
            self.acts.perform(action.id, model, self.chosen_request())

    def commands(self) -> Iterable[SystemCommand]:
        """The palette: every action of this screen by name."""
        for action in ACTIONS:
            if action.is_on(self.NAME):
                yield SystemCommand(action.title, action.help, lambda name=action.id: self.action_do(name))

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
        """Give the focus to the next list that is shown, or to lines that do not fit."""
        shown: list[LineView] = [
            *self.lists(),
            *(pane for pane in self.query(LinePane) if pane.display and pane.is_cut),
        ]
        if shown:
            place = next((place for place, view in enumerate(shown) if view is self.focused), -1)
            shown[(place + steps) % len(shown)].focus()

    def _freeze(self) -> None:
        self.state.frozen = None if self.state.frozen else self.state.latest
        self.draw()

    def _move_range(self, steps: int) -> None:
        if not self.state.move_range(steps):
            word = panels.range_word(self.state)
            self.acts.tell(f"{word} is the {'longest' if steps > 0 else 'shortest'} range.")
        self.range_moved()
        self.draw()

    def _shift_range(self, steps: int) -> None:
        if not self.state.shift_range(steps):
            self.acts.tell(f"This is the {self.state.range_words()}: there is nothing later.")
        self.range_moved()
        self.draw()

    def _range_to_now(self) -> None:
        self.state.ends_at = None
        self.range_moved()
        self.draw()

    def range_moved(self) -> None:
        """Another range is wanted."""

    # ------------------------------------------------------------ filter and command line
    def open_filter(self) -> None:
        """Begin to type a filter."""
        self.view("hints").display = False
        self.query_one(FilterBar).open(self.filter.text)

    def _open_command_line(self) -> None:
        self.view("hints").display = False
        self.query_one(CommandBar).open(self.state.latest)

    def action_clear_filter(self) -> None:
        """Close and clear what is typed; with nothing typed, clear the filter."""
        if self.query_one(CommandBar).is_open:
            self._close_bars()
            return
        self.set_filter("")
        self._close_bars()

    def set_filter(self, text: str) -> None:
        """Filter the lists."""
        self.filter = RequestFilter(text)
        self.draw()

    def filter_chip(self, number: int) -> Line:
        """What is filtered by, how many are left, and what is wrong with it."""
        clean = self.glyphs.clean
        fault = f"  {clean(self.filter.fault, 40)} is no regular expression" if self.filter.fault else ""
        return (
            ("  ", "text"),
            (f" / {clean(self.filter.text.strip(), 40)} ", "badge"),
            (f"  {number} found, esc clears", "dim"),
            (fault, "warn"),
        )

    @property
    def is_typing(self) -> bool:
        """Whether a filter or a command is being typed."""
        return self.query_one(FilterBar).is_open or self.query_one(CommandBar).is_open

    def _close_bars(self) -> None:
        bars: tuple[FilterBar | CommandBar, ...] = (self.query_one(FilterBar), self.query_one(CommandBar))
        if any(bar.is_open for bar in bars):
            for bar in bars:
                bar.close()
            self.view("hints").display = not self.vital_only
            self.focus_list()
        self.draw()

    def focus_list(self) -> None:
        """Give the focus back to the list that it belongs to."""
        shown = self.lists()
        if shown:
            shown[0].focus()

    def on_filter_bar_typed(self, event: FilterBar.Typed) -> None:
        self.set_filter(event.text)

    def on_filter_bar_kept(self) -> None:
        self._close_bars()

    def on_command_bar_given(self, event: CommandBar.Given) -> None:
        self._close_bars()
        self.acts.obey(event.text)

    # ------------------------------------------------------------ messages of the panels
    def on_row_list_moved(self) -> None:
        for pane in self.query("#detail").results(LinePane):  # it tells of another one now
            pane.offset_lines = 0
        self.draw()

    def on_line_view_clicked(self, event: LineView.Clicked) -> None:
        if event.view.id == "tabs":
            name = tab_at(panels.TABS, self.NAME, self.size.width, event.x)
            if name:
                self.action_do(name)
        elif event.view.id == "hints":
            hints = panels.all_hints(self.state, self.chosen_model(), self.NAME)
            name = action_at(hints, self.size.width, event.x)
            if name:
                self.action_do(name)
