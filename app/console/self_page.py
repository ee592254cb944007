"""The seventh screen: what this program is, what it costs itself, and its settings with where each comes from."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hotspare.app.console.asking import AskingPage, Wanted
from hotspare.app.console.page import bindings_of
from hotspare.app.rows import about
from hotspare.app.settings import decided, written
from hotspare.router.snapshot import Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, text_of, wrap
from hotspare.widgets.line_pane import LinePane
from hotspare.widgets.line_view import LineView
from hotspare.widgets.row_list import Row, RowList
from hotspare.widgets.table import Column, Table

LAG_MS = 12.0
"""From here on the loop's lag is marked: requests in flight feel it."""

Fact = tuple[str, str, Role]


COLUMNS = (
    Column("key", 24, grow=True, most=44, middle=True),
    Column("value", 14, grow=True, most=60),
    Column("from", 12, grow=True, most=36),
)


class SelfPage(AskingPage):
    """Is the console itself well, and is the program what I think it is?"""

    NAME = "self"
    ABOUT = (
        ("loop lag", "how late the event loop was at worst lately: every request in flight waits that long."),
        ("figures, drawing", "how long it takes to get the figures, and to make the changed lines of the screen."),
        ("waiting", "bytes of finished requests in the spool that the database does not have yet."),
        ("dropped", "finished requests that could not be kept at all. It should be 0."),
        (
            "settings",
            "every key that holds: a line of the file, a variable, a flag, or the default; operators' above them.",
        ),
        ("frames dropped", "writes that a terminal which does not read has missed; it gets one whole picture later."),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("self")
    AUTO_FOCUS = "#facts"
    VIEWS = ("program", "settings")
    RANGED = False
    WHAT = "the configuration"

    def body(self) -> ComposeResult:
        yield LineView(id="views")
        yield LinePane(id="facts")
        yield RowList(id="rows", cursor=self.glyphs.cursor)

    @property
    def _shows_settings(self) -> bool:
        return self.VIEWS[self.view_place] == "settings"

    def wanted(self) -> Wanted | None:
        return ("config", {}) if self._shows_settings else None

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        if self._shows_settings:
            return {row["key"]: row for row in self._settings()}
        return {"self": about(self.state.latest)} if self.state.latest else {}

    def chosen_key(self) -> str:
        return super().chosen_key() if self._shows_settings else "self"

    def chosen_text(self) -> str:
        """Everything: what one would put into a report; of the settings the chosen one."""
        return super().chosen_text() if self._shows_settings else text_of(self.query_one("#facts", LinePane).lines)

    def show_view(self, place: int) -> None:
        super().show_view(place)
        self.focus_list()

    def focus_list(self) -> None:
        (self.rows("rows") if self._shows_settings else self.query_one("#facts")).focus()

    def open_filter(self) -> None:
        """Only the settings are a list."""
        if self._shows_settings:
            super().open_filter()
        else:
            self.acts.tell("Filter: tab shows the settings, which can be filtered.")

    def draw_rows(self, shown: Snapshot, width: int) -> None:
        self.query_one("#facts").display = not self._shows_settings
        self.rows("rows").display = self._shows_settings
        if self._shows_settings:
            self._draw_settings(shown, width)
        else:
            number = self._draw_facts(shown, width)
            pane = self.query_one("#facts", LinePane)
            hidden = number > pane.size.height > 0
            more: Line = ((f"{self.glyphs.up}{self.glyphs.down}", "key"), (f" {number} lines", "dim")) if hidden else ()
            self.view("views").show([self.views_line(more)])

    # ------------------------------------------------------------ settings
    def _settings(self) -> list[dict[str, Any]]:
        """What operators decided, then what the file, the environment and the defaults say."""
        over = decided(self.state.latest) if self.state.latest else []
        rows = [{**row, "value": written(row["value"])} for row in (*over, *self.past)]
        return [row for row in rows if self.filter.finds(f"{row['key']} {row['value']} {row['origin']}")]

    def _draw_settings(self, shown: Snapshot, width: int) -> None:
        table, settings = Table.choose(COLUMNS, width), self._settings()
        lines = [Row(table.line(_cells(row, self.glyphs), self.glyphs), row["key"]) for row in settings]
        nothing = Row(((f"   {self.glyphs.clean(self._nothing(shown), 300)}", "dim"),))
        told = [*lines, *(() if self.past and lines else (nothing,))]
        self.rows("rows").fill((table.head(self.glyphs),) if lines else (), told)
        chip = self.filter_chip(len(lines)) if self.filter else ()
        refused = (
            (("  a changed file is refused: this is what it says", "bad"),) if shown.instance.config_refused else ()
        )
        self.view("views").show([self.views_line((*chip, *refused))])

    def _nothing(self, shown: Snapshot) -> str:
        if self.note:
            return self.note
        if self.filter:
            return "none matches the filter"
        return "there is no file: the demo makes its own settings" if shown.instance.demo else "nothing is set"

    # ------------------------------------------------------------ facts
    def _draw_facts(self, shown: Snapshot, width: int) -> int:
        latest = self.state.latest or shown
        groups: tuple[tuple[str, list[Fact]], ...] = (
            ("instance", _instance(latest)),
            ("store", _store(latest)),
            ("cost of itself", self._own_cost(latest)),
            ("screen", self._screen_facts(latest)),
        )
        lines: list[Line] = []
        for name, facts in groups:
            lines.append(((f" {name}", "title"),))
            for label, value, role in facts:
                rows = wrap(self.glyphs.clean(value, 400), max(20, width - 20)) or [""]
                lines.extend(
                    ((f"   {label if place == 0 else '':<15}", "dim"), (row, role)) for place, row in enumerate(rows)
                )
            lines.append(())
        self.query_one("#facts", LinePane).show(lines[:-1])
        return len(lines) - 1

    def _own_cost(self, latest: Snapshot) -> list[Fact]:
        pulls, draws = self.state.pulls, self.state.draws
        lag = latest.loop_lag_ms
        late: Role = "warn" if lag is not None and lag > LAG_MS else "text"
        return [
            ("loop lag", "-" if lag is None else f"{lag:.1f} ms at worst lately", late),
            ("figures", pulls.words(), "text"),
            ("drawing", draws.words(), "text"),
            ("frames dropped", str(getattr(self.app._driver, "dropped", 0)), "text"),  # noqa: SLF001 - ours
        ]

    def _screen_facts(self, latest: Snapshot) -> list[Fact]:
        signs = "ASCII" if self.glyphs.ascii_only else "Unicode"
        colours = {"truecolor": "16 million", "eight_bit": "256", "standard": "16"}
        system = self.app.console.color_system or "none"
        from importlib import metadata  # noqa: PLC0415 - 20 ms, and this screen alone asks

        others = ", ".join(f"{one.who} since {figures.clock(one.since)} UTC" for one in latest.consoles)
        return [
            ("terminal", f"{_environment('TERM')}, {self.size.width} by {self.size.height}", "text"),
            ("colours", "none" if self.app.native_ansi_color else colours.get(system, system), "text"),
            ("theme, signs", f"{self.app.theme.removeprefix('hotspare-')}, {signs}", "text"),
            ("programs", f"Python {platform.python_version()}, Textual {metadata.version('textual')}", "text"),
            ("other consoles", others or "none", "text"),
        ]


def _cells(row: Mapping[str, Any], glyphs: Glyphs) -> Line:
    """A default is dim, what an operator decided stands out."""
    origin = str(row["origin"])
    role: Role = "dim" if origin == "default" else "accent" if origin.startswith("override") else "text"
    return (
        (glyphs.clean(row["key"], 120), "dim" if role == "dim" else "strong"),
        (glyphs.clean(row["value"], 200) or "-", role),
        (glyphs.clean(origin, 80), "dim"),
    )


def _environment(name: str) -> str:
    return os.environ.get(name) or "not set"


def _instance(latest: Snapshot) -> list[Fact]:
    one = latest.instance
    up = figures.elapsed(max(0.0, latest.at - one.started_at))
    kind = [word for word, seen in (("simulated", one.demo), ("read-only", one.read_only)) if seen]
    facts: list[Fact] = [
        ("name", ", ".join((one.name, *filter(None, (one.environment, *kind)))), "strong"),
        ("version", one.version, "text"),
        ("process", f"{one.pid}, up {up}", "text"),
        ("serves", one.listen, "text"),
        ("configuration", one.config_path or "none: made by the program", "text"),
    ]
    if one.config_refused:
        facts.append(("refused", one.config_refused, "bad"))
    return facts


def _store(latest: Snapshot) -> list[Fact]:
    store = latest.store
    well: Role = "text" if store.state == "ok" else "bad"
    size = "cannot be seen from here" if latest.instance.host else _size(store.path)
    return [
        ("path", store.path or "-", "text"),
        ("state", f"{store.state}: {store.detail}" if store.detail else store.state, well),
        ("size", size, "text"),
        ("waiting", f"{figures.count(store.waiting_bytes)} bytes in the spool, {store.held} held in memory", "text"),
        ("dropped", figures.count(store.dropped), "bad" if store.dropped else "text"),
    ]


def _size(path: str) -> str:
    try:
        size = sum(file.stat().st_size for file in (Path(path), Path(f"{path}-wal")) if file.exists())
    except OSError:
        return "cannot be seen from here"
    return f"{size / 1e6:,.2f} MB" if size else "cannot be seen from here"
