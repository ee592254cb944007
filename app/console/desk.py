"""What the operator works at: the screens, the acts, and the figures, which are pulled four times a second and drawn
where they are others.

It is loaded and made once the console's first frame is drawn, so that no first frame waits for it.
"""

import asyncio
import time
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen

from hotspare.app import heap
from hotspare.app.actions import by_id
from hotspare.app.admin_client import InstanceGone
from hotspare.app.console.chart_feed import ChartFeed
from hotspare.app.console.confirm_dialog import ConfirmDialog
from hotspare.app.console.dialog import Dialog
from hotspare.app.console.errands import Errands
from hotspare.app.console.operator import Operator, Question, Severity
from hotspare.app.console.overview import Overview
from hotspare.app.console.page import Page
from hotspare.app.console.reasons import why_not
from hotspare.app.console.spoken import NotUnderstood, understand
from hotspare.app.console.view_state import ViewState
from hotspare.router.error import HotspareError
from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.widgets.chart import is_loaded
from hotspare.widgets.vital import title_text

if TYPE_CHECKING:
    from hotspare.app.console.console import Console

PAGES: Mapping[str, str] = {
    "overview": "overview:Overview",
    "chains": "chains:Chains",
    "requests": "requests:Requests",
    "cost": "cost:Cost",
    "journal": "journal:JournalPage",
    "playground": "playground:Playground",
    "self": "self_page:SelfPage",
}
"""The screens by their ids: each is loaded and made when it is first shown, so that the overview waits for none."""


def page_class(name: str) -> type[Page]:
    """The class of a screen."""
    module, _, found = PAGES[name].partition(":")
    return cast("type[Page]", getattr(import_module(f"hotspare.app.console.{module}"), found))


class Desk:
    """The works of one console."""

    def __init__(self, console: "Console", *, who: str) -> None:
        """Make the first screen; nothing is asked of the backend yet.

        Args:
            console: shows it.
            who: the operator's name for the journal.
        """
        self._console = console
        self.backend = console.backend
        self.clock = console.clock
        self.glyphs = console.glyphs
        self.state = ViewState()
        self.overview = Overview(self.state, self, glyphs=self.glyphs)
        self._seen: Snapshot | None = None
        """The figures as they came last; the same again while nothing happens."""
        self._pages: dict[str, Page] = {self.overview.NAME: self.overview}
        self._chart = ChartFeed(self.backend, self.state, self.clock)
        self.operator = Operator(self.backend, clock=self.clock, who=who, tell=self.tell, ask=self.ask)
        self._errands = Errands(self)

    # ------------------------------------------------------------ screens
    def page(self) -> Page | None:
        """The screen that is shown below any dialog."""
        return next((screen for screen in reversed(self._console.screen_stack) if isinstance(screen, Page)), None)

    def go(self, name: str) -> None:
        """Show the screen with this id; it is as it was left."""
        console = self._console
        if name not in self._pages:
            self._pages[name] = page_class(name)(self.state, self, glyphs=self.glyphs)
            console.install_screen(self._pages[name], name)  # else leaving it would unmake it
            console.call_after_refresh(heap.freeze_new)
        wanted, here = self._pages[name], console.screen
        if not isinstance(here, Page) or here is wanted:
            return
        if wanted is self.overview:  # it lies below all others
            console.pop_screen()
        elif here is self.overview:
            console.push_screen(wanted)
        else:
            console.switch_screen(wanted)

    # ------------------------------------------------------------ figures
    async def watch(self, seconds: float) -> None:
        """Look at the figures every so many seconds."""
        while True:
            began = time.monotonic()
            await self.pull()
            await asyncio.sleep(max(0.01, seconds - (time.monotonic() - began)))

    async def pull(self) -> None:
        """Look at the figures once, and draw what is new; below a dialog, too: who decides there looks at them."""
        began = time.perf_counter()
        new = await self._look()
        page, above, got = self.page(), self._console.screen, time.perf_counter()
        self.state.pulls.add(got - began)
        if new:
            lost = self.state.lost_since is not None
            self._console.show_title(title_text(self.state.latest, self.glyphs, lost=lost))
        if new and page is not None:
            page.draw()
            self.state.draws.add(time.perf_counter() - got)
        if new and isinstance(above, Dialog) and self.state.latest is not None:
            above.see(self.state.latest)
        if page is self.overview:
            self._ask_chart()

    async def _look(self) -> bool:
        """Take the figures; whether there is anything to draw: they are others, or a second has passed."""
        former, looked_at = self._seen, self.state.looked_at or self.clock.wall()
        was_lost = self.state.lost_since is not None
        try:
            self._seen = await self.backend.snapshot()
            self._take(self._seen)
        except (HotspareError, OSError) as error:
            self.state.lost_since = self.state.lost_since or looked_at
            self.state.lost_reason = error.reason if isinstance(error, InstanceGone) else str(error)
        self.state.looked_at = self.clock.wall()
        changed = self._seen is not former or was_lost or self.state.lost_since is not None
        return changed or int(self.state.looked_at) != int(looked_at)

    def _take(self, snapshot: Snapshot) -> None:
        """Keep the newest figures; what came back after a loss may be another run of the instance."""
        before = self.state.take(snapshot)
        if self.state.lost_since is None:
            return
        self.state.lost_since = None
        if before is not None and before.instance.started_at != snapshot.instance.started_at:
            self.tell(f"{snapshot.instance.name} answers again; it was started anew (pid {snapshot.instance.pid}).")

    def _ask_chart(self) -> None:
        """Ask for the chart's past where it is shown and is due; never twice at once."""
        model = self.overview.chosen_model()
        chain = self._chart.due(model.chain if model else "") if self.overview.has_chart else None
        if chain is not None:
            self._console.run_worker(self._draw_chart(chain), name="chart", exclusive=True, group="chart")

    async def _draw_chart(self, chain: str) -> None:
        first = not is_loaded()
        self.overview.chart = await self._chart.fetch(chain)
        self.overview.draw()
        if first:
            heap.freeze_new()

    # ------------------------------------------------------------ acts
    def perform(self, name: str, model: ModelView | None, request_id: str) -> None:
        """Do an action of the registry; what needs a dialog waits for it in a worker of its own."""
        self._console.run_worker(self._errands.run(name, model, request_id), name=name, group="acts")

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
            self._console.run_worker(
                self._errands.order(spoken.action, spoken.given), name=spoken.action.id, group="acts"
            )
        elif spoken.action.id == "export":
            self.perform("export", None, spoken.words)
        elif spoken.action.id == "prompt" and spoken.given:
            self._console.run_worker(self._errands.prompt(**spoken.given), name="prompt", group="acts")
        elif spoken.given.get("id"):
            self.perform(spoken.action.id, None, spoken.given["id"])
        else:
            page.action_do(spoken.action.id)

    def quit(self) -> None:
        """Leave, as the key does."""
        self.perform(by_id("quit").id, None, "")

    # ------------------------------------------------------------ what the console does for it
    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a toast."""
        self._console.tell(text, severity)

    async def leave(self) -> None:
        """Leave the console, or ask first what is to become of its traffic."""
        await self._console.leave()

    def copy_to_clipboard(self, text: str) -> None:
        """Hand a text to the terminal's clipboard."""
        self._console.copy_to_clipboard(text)

    async def push_screen_wait(self, screen: Screen[Any]) -> Any:
        """Show a dialog, and give what comes of it."""
        return await self._console.push_screen_wait(screen)

    async def ask(self, question: Question) -> bool:
        """Have something confirmed."""
        dialog = ConfirmDialog(question, glyphs=self.glyphs, clock=self.clock)
        return bool(await self.push_screen_wait(dialog))
