"""From figures and view state to the lines of each panel: which badge, which list, which hints. No widget is touched
here, so every panel can be looked at in a test without a screen.
"""

from collections.abc import Sequence
from dataclasses import replace

from hotspare.app.action import Action, key_sign
from hotspare.app.actions import ACTIONS, by_id
from hotspare.app.console.reasons import why_not
from hotspare.app.console.view_state import ViewState
from hotspare.router.snapshot import ModelView, SituationView, Snapshot
from hotspare.widgets import figures
from hotspare.widgets.chart import ChartData, chart_lines
from hotspare.widgets.footer import Hint, hints_line, last_act_line
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.header import Badge, header_line
from hotspare.widgets.lanes import lane_rows
from hotspare.widgets.line import Line, fit
from hotspare.widgets.request_columns import request_rows
from hotspare.widgets.request_filter import RequestFilter
from hotspare.widgets.request_table import fallback_rows, title_line
from hotspare.widgets.row_list import Row
from hotspare.widgets.situation import situation_lines
from hotspare.widgets.starting import starting_line
from hotspare.widgets.tabs import Tab, tabs_line
from hotspare.widgets.tiles import compact_line, tile_lines, tiles_of
from hotspare.widgets.vital import vital_line

SCREENS = tuple(action.id for action in ACTIONS if len(action.keys) == 1 and action.keys[0].isdigit())
"""The ids of the screens, in the order of their keys."""

TABS = tuple(Tab(by_id(name).keys[0], name, name) for name in SCREENS)


def waiting(state: ViewState, width: int, glyphs: Glyphs) -> list[Line]:
    """Before the first figures have come."""
    if state.lost_since is not None:
        return [_lost_line(state, width, glyphs)]
    return [starting_line(state.starting, width, glyphs)]


def top(state: ViewState, width: int, glyphs: Glyphs, *, vital_only: bool) -> list[Line]:
    """The header: it goes on while the rest is frozen."""
    latest = state.latest
    if vital_only and state.lost_since is not None:
        return [_lost_line(state, width, glyphs)]
    if latest is None:
        return waiting(state, width, glyphs)
    if vital_only:
        return [vital_line(latest, width, glyphs)]
    return [header_line(latest, width, glyphs, _badges(state, latest))]


def _lost_line(state: ViewState, width: int, glyphs: Glyphs) -> Line:
    """The one line of a window that has room for no more."""
    return fit((("q", "key"), (" quits  ", "text"), (glyphs.clean(state.lost_words, 400), "bad")), width, glyphs.more)


def _badges(state: ViewState, latest: Snapshot) -> tuple[Badge, ...]:
    badges = []
    if state.frozen is not None:
        newer = state.newer_than_frozen()
        text = f"FROZEN {figures.elapsed(latest.at - state.frozen.at)}"
        badges.append(Badge(f"{text}, {newer} newer" if newer else text))
    if state.ends_at is not None:
        badges.append(Badge(f"UP TO {figures.minute(state.ends_at)}"))
    if state.lost_since is not None:
        badges.append(Badge("NO ANSWER", alarm=True))
    return tuple(badges)


def situation(state: ViewState, width: int, height: int, glyphs: Glyphs, screen: str = "overview") -> list[Line]:
    """What is going on; first of all whether what is seen is still true. A key is told only where it acts."""
    shown = state.shown
    keys = {key for action in ACTIONS if action.is_on(screen) for key in action.keys}
    known = shown.situations if shown else ()
    told: Sequence[SituationView] = tuple(
        one if screen == "overview" or one.key in keys else replace(one, key="", key_text="") for one in known
    )
    if state.lost_since is not None:
        told = (SituationView("lost", "critical", state.lost_words), *told)
    return situation_lines(told, width, height, glyphs)


def tiles(shown: Snapshot, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The four headline figures, in three lines or in one."""
    if height < 3:
        return [compact_line(shown, width, glyphs)]
    return tile_lines(tiles_of(shown, glyphs), width, glyphs)


def lanes(shown: Snapshot, width: int, glyphs: Glyphs, *, with_head: bool = True) -> list[Row]:
    """Chains and their models."""
    return lane_rows(shown, width, glyphs, with_head=with_head)


def entries(
    state: ViewState, shown: Snapshot, kind: str, width: int, glyphs: Glyphs, wanted: RequestFilter
) -> tuple[tuple[Line, ...], list[Row]]:
    """The head and the rows of a list of fallbacks or of requests."""
    rows, total = state.rows(shown, kind, wanted)
    title = title_line(f"recent {kind}", wanted.text, len(rows), total, glyphs)
    if not rows:
        none = "none matches the filter" if total else f"no {kind} yet"
        return (title,), [Row(((f"   {none}", "dim"),))]
    if kind == "fallbacks":
        return (title,), fallback_rows(rows, shown.models, width, glyphs)
    head, listed = request_rows(rows, width, glyphs)
    return (title, head), listed


def chart(data: ChartData, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The chart, once it is known how wide it is."""
    return chart_lines(data, width, height, glyphs) if width and data.title else []


def act(shown: Snapshot, width: int, glyphs: Glyphs, *, has_tabs: bool = True) -> list[Line]:
    """What was done last; before anything was, that there are other screens, where nothing else says so."""
    screens: Line = () if has_tabs else ((f"1-{len(TABS)}", "key"), (" screens ", "dim"))
    return [last_act_line(shown, width, glyphs, screens)]


def tabs(name: str, width: int, glyphs: Glyphs) -> Line:
    """The names of the screens."""
    return tabs_line(TABS, name, width, glyphs)


def all_hints(state: ViewState, model: ModelView | None, screen: str) -> list[Hint]:
    """The keys of the registry that have a hint on a screen, in its order; dimmed where they cannot act."""
    return [_hint(action, state, model) for action in ACTIONS if action.rank is not None and action.is_on(screen)]


def hints(state: ViewState, model: ModelView | None, width: int, screen: str) -> list[Line]:
    """The last line."""
    return [hints_line(all_hints(state, model, screen), width)]


def _hint(action: Action, state: ViewState, model: ModelView | None) -> Hint:
    out = model is not None and model.state in {"disabled", "draining"}
    word = "enable" if action.id == "disable" and out else action.word
    meant = by_id("enable") if word == "enable" else action
    enabled = not why_not(meant, state.latest, model, lost=state.lost_since is not None)
    return Hint(key_sign(action.keys[0]), word, action.rank or 0, enabled=enabled, action=action.id)


def range_word(state: ViewState) -> str:
    """The chart's range in words."""
    return figures.span(state.range_minutes)
