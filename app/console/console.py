"""The console: one App over one Backend, in the loop that also carries the gateway. It pulls the figures four times a
second, owns no traffic, and says on leaving what is to become of it.

Nothing here may hold up the loop: drawing is by lines that changed, and the driver never waits for the terminal.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, ClassVar, cast

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from hotspare.app.actions import ACTIONS, by_id
from hotspare.app.admin_client import InstanceGone
from hotspare.app.console.chart_feed import fetch
from hotspare.app.console.confirm_dialog import ConfirmDialog
from hotspare.app.console.driver import PatientDriver
from hotspare.app.console.errands import Errands
from hotspare.app.console.leave_dialog import LeaveDialog
from hotspare.app.console.leaving import Leaving, LeavingFacts, facts_of
from hotspare.app.console.operator import Operator, Question, Severity
from hotspare.app.console.overview import Overview
from hotspare.app.console.page import Page
from hotspare.app.console.reasons import why_not
from hotspare.app.console.spoken import NotUnderstood, understand
from hotspare.app.console.theme import LIGHT, THEMES, choose_theme, is_chosen
from hotspare.app.console.view_state import ViewState
from hotspare.app.identity import operator
from hotspare.engine.backend import Backend
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.widgets.chart import ChartData, is_loaded, load
from hotspare.widgets.glyphs import choose_glyphs
from hotspare.widgets.vital import title_text

POLL_SECONDS = 0.25
CHART_SECONDS = 5.0
"""How often the chart's past is asked for anew."""
TOAST_SECONDS = 6.0
LONGEST_TOAST = 500

PAGES: Mapping[str, str] = {
    "overview": "overview:Overview",
    "chains": "chains:Chains",
    "requests": "requests:Requests",
    "cost": "cost:Cost",
    "journal": "journal:JournalPage",
    "playground": "playground:Playground",
    "self": "self_page:SelfPage",
}
"""The screens by their ids: each is loaded and made when it is first shown, so that the first frame waits for none."""


def page_class(name: str) -> type[Page]:
    """The class of a screen."""
    module, _, found = PAGES[name].partition(":")
    return cast("type[Page]", getattr(import_module(f"hotspare.app.console.{module}"), found))


log = logging.getLogger("hotspare.console")


class Console(App[Leaving]):
    """The screen of one running instance. `run_async` returns what the operator chose on leaving."""

    CSS_PATH = "console.tcss"
    TITLE = "hotspare"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q,ctrl+c", "quit", "Leave", show=False, priority=True)]

    def __init__(
        self,
        backend: Backend,
        *,
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
        who: str = "",
        theme: str = "",
        attached: bool = False,
        leaving: Callable[[], LeavingFacts] | None = None,
        on_terminal_lost: Callable[[], None] | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """Make the console; nothing is asked of the backend before it runs.

        Args:
            backend: the instance.
            clock: both clocks.
            environ: decides signs, theme and operator; the process's own if absent.
            who: the operator's name for the journal; else the user's.
            theme: "dark", "light" or "plain"; else detected.
            attached: leaving this screen changes nothing for the instance, so it does not ask.
            leaving: who would be hit by stopping; else what the screen itself has seen.
            on_terminal_lost: called once when the terminal has hung up, before the console ends with "serve_on".
            poll_seconds: between two looks at the figures.
        """
        known = os.environ if environ is None else environ
        super().__init__(driver_class=PatientDriver)
        self.animation_level = "none"
        self.backend = backend
        self.clock = clock or Clock()
        self.glyphs = choose_glyphs(known)
        self.state = ViewState()
        self.crash: Exception | None = None
        """What ended the screen, if it did not end by itself."""
        self._attached = attached
        self._leaving = leaving
        self._on_terminal_lost = on_terminal_lost
        self._poll_seconds = poll_seconds
        self._overview = Overview(self.state, self, glyphs=self.glyphs)
        self._pages: dict[str, Page] = {self._overview.NAME: self._overview}
        self._chart_asked: tuple[str, int, float] = ("", 0, 0.0)
        self.operator = Operator(
            backend,
            clock=self.clock,
            who=who or operator(known),
            tell=self.tell,
            ask=self.ask,
        )
        self._errands = Errands(self)
        for known_theme in THEMES.values():
            self.register_theme(known_theme)
        self.theme = choose_theme(theme, known).name
        self.wants_background = not is_chosen(theme, known)
        """Whether the terminal is asked if it is light or dark."""
        self._title_shown = ""

    # ------------------------------------------------------------ life
    def get_default_screen(self) -> Screen[Any]:
        return self._overview

    def page(self) -> Page | None:
        """The screen that is shown below any dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)), None)

    def go(self, name: str) -> None:
        """Show the screen with this id; it is as it was left."""
        if name not in self._pages:
            self._pages[name] = page_class(name)(self.state, self, glyphs=self.glyphs)
            self.install_screen(self._pages[name], name)  # else leaving it would unmake it
        wanted, here = self._pages[name], self.screen
        if not isinstance(here, Page) or here is wanted:
            return
        if wanted is self._overview:  # it lies below all others
            self.pop_screen()
        elif here is self._overview:
            self.push_screen(wanted)
        else:
            self.switch_screen(wanted)

    def on_mount(self) -> None:
        if self.glyphs.ascii_only:
            self.add_class("-ascii")
        self.run_worker(self._watch(), name="figures", exclusive=True, group="figures")

    async def run_async(self, **options: Any) -> Leaving | None:
        """Run until the operator leaves. A failure of the screen is logged and never ends the traffic."""
        chosen = await super().run_async(**options)
        return chosen or "serve_on"

    def _handle_exception(self, error: Exception) -> None:
        self.crash = error
        log.error("the console has failed; serving goes on", exc_info=error)
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        """A traceback is for the log; the user reads one sentence."""
        self._exit_renderables.clear()

    def terminal_lost(self) -> None:
        """The terminal is gone (also to be called on SIGHUP): the screen ends, the traffic goes on."""
        hook, self._on_terminal_lost = self._on_terminal_lost, None
        if hook is not None:
            hook()
        self.exit("serve_on")

    def background_told(self, *, light: bool) -> None:
        """The terminal has said what its background is."""
        if light:
            self.theme = LIGHT.name

    # ------------------------------------------------------------ figures
    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            await self.pull()
            await asyncio.sleep(max(0.01, self._poll_seconds - (time.monotonic() - began)))

    async def pull(self) -> None:
        """Look at the figures once, and draw what is new."""
        answered_at = self.state.looked_at or self.clock.wall()
        began = time.perf_counter()
        try:
            self._take(await self.backend.snapshot())
        except (HotspareError, OSError) as error:
            self.state.lost_since = self.state.lost_since or answered_at
            self.state.lost_reason = error.reason if isinstance(error, InstanceGone) else str(error)
        self.state.looked_at = self.clock.wall()
        self._show_title()
        page, got = self.screen, time.perf_counter()
        self.state.pulls.add(got - began)
        if isinstance(page, Page):
            page.draw()
            self.state.draws.add(time.perf_counter() - got)
        if page is self._overview:
            self._ask_chart()

    def _take(self, snapshot: Snapshot) -> None:
        """Keep the newest figures; what came back after a loss may be another run of the instance."""
        before = self.state.take(snapshot)
        if self.state.lost_since is None:
            return
        self.state.lost_since = None
        if before is not None and before.instance.started_at != snapshot.instance.started_at:
            self.tell(f"{snapshot.instance.name} answers again; it was started anew (pid {snapshot.instance.pid}).")

    def _show_title(self) -> None:
        """The terminal's title carries state and share, for whoever looks at another window."""
        text = title_text(self.state.latest, self.glyphs, lost=self.state.lost_since is not None)
        if text != self._title_shown and isinstance(self._driver, PatientDriver):
            self._title_shown = text
            self._driver.show_title(text)

    def _ask_chart(self) -> None:
        """Ask for the chart's past where it is shown and is due; never twice at once."""
        shown = self.state.shown
        if shown is None or not self._overview.has_chart or not shown.chains:
            return
        model = self._overview.chosen_model()
        chain = model.chain if model else shown.chains[0].name
        what, minutes, due = self._chart_asked
        now = self.clock.monotonic()
        same = (what, minutes) == (chain, self.state.range_minutes)
        if same and (now < due or self.state.frozen is not None):
            return
        self._chart_asked = (chain, self.state.range_minutes, now + CHART_SECONDS)
        self.run_worker(self._draw_chart(chain), name="chart", exclusive=True, group="chart")

    async def _draw_chart(self, chain: str) -> None:
        if not is_loaded():
            await asyncio.to_thread(load)
        shown = self.state.shown
        self._overview.chart = (
            await fetch(self.backend, chain, self.state.range_minutes, shown.at) if shown else ChartData("", 0, 0)
        )
        self._overview.draw()

    # ------------------------------------------------------------ acts
    def perform(self, name: str, model: ModelView | None, request_id: str) -> None:
        """Do an action of the registry; what needs a dialog waits for it in a worker of its own."""
        self.run_worker(self._errands.run(name, model, request_id), name=name, group="acts")

    def obey(self, text: str) -> None:
        """Do what was typed in the command line, as far as it can be understood."""
        try:
            spoken = understand(text, self.state.latest)
        except NotUnderstood as error:
            self.tell(f"{error.title}; {error.hint}.", "warning")
            return
        page = self.page()
        if page is None:
            return
        if spoken.action.id in PAGES:
            self.go(spoken.action.id)
            if spoken.filter is not None:
                self._pages[spoken.action.id].set_filter(spoken.filter)
            return
        reason = why_not(spoken.action, self.state.latest, None, lost=self.state.lost_since is not None, typed=True)
        if reason:
            self.tell(reason, "warning")
        elif spoken.action.build is not None and spoken.given:
            self.run_worker(self._errands.order(spoken.action, spoken.given), name=spoken.action.id, group="acts")
        elif spoken.action.id == "export":
            self.perform("export", None, spoken.words)
        elif spoken.given.get("id"):
            self.perform(spoken.action.id, None, spoken.given["id"])
        else:
            page.action_do(spoken.action.id)

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a toast; the text may hold foreign words. Good news takes the place of what was told before it: a pile
        of toasts would hide the very figures that an act has changed.
        """
        if severity == "information":
            self.clear_notifications()
        lines = [self.glyphs.clean(line, LONGEST_TOAST) for line in text.split("\n")]
        self.notify("\n".join(lines), severity=severity, timeout=TOAST_SECONDS, markup=False)

    async def ask(self, question: Question) -> bool:
        """Have something confirmed."""
        dialog = ConfirmDialog(question, glyphs=self.glyphs, clock=self.clock)
        confirmed = await self.push_screen_wait(dialog)
        return bool(confirmed)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every action by name."""
        if isinstance(screen, Page):
            for action in ACTIONS:
                if action.is_on(screen.NAME):
                    yield SystemCommand(action.title, action.help, lambda name=action.id: screen.action_do(name))

    # ------------------------------------------------------------ leaving
    async def action_quit(self) -> None:
        self.perform(by_id("quit").id, None, "")

    async def leave(self) -> None:
        """Leave; while applications are being served, ask first what is to become of them."""
        if any(isinstance(screen, LeaveDialog) for screen in self.screen_stack):
            return
        if self._attached:
            self.exit("serve_on")
            return
        facts = self._leaving() if self._leaving else facts_of(self.state.latest)
        chosen: Leaving | None = "stop"
        if facts.busy:
            chosen = await self.push_screen_wait(LeaveDialog(facts, glyphs=self.glyphs))
        if chosen is not None:
            self.exit(chosen)
