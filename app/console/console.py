"""The console: one App over one Backend, in the loop that also carries the gateway. It draws its first frame before
anything else is loaded, owns no traffic, and says on leaving what is to become of it.

Nothing here may hold up the loop: drawing is by lines that changed, and the driver never waits for the terminal. What
the first frame needs is imported here, and nothing more: the rest is the desk's (`desk.py`).
"""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen

from hotspare.app.console.driver import PatientDriver
from hotspare.app.console.start_screen import StartScreen
from hotspare.app.console.theme import LIGHT, THEMES, choose_theme, is_chosen
from hotspare.app.identity import operator
from hotspare.router.clock import Clock
from hotspare.widgets.glyphs import choose_glyphs

if TYPE_CHECKING:
    from hotspare.app.console.desk import Desk
    from hotspare.app.console.leaving import Leaving, LeavingFacts
    from hotspare.app.console.operator import Severity
    from hotspare.app.console.page import Page
    from hotspare.engine.backend import Backend

POLL_SECONDS = 0.25
TOAST_SECONDS = 6.0
LONGEST_TOAST = 500

log = logging.getLogger("hotspare.console")


class Console(App["Leaving"]):
    """The screen of one running instance. `run_async` returns what the operator chose on leaving."""

    CSS_PATH = "console.tcss"
    TITLE = "hotspare"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q,ctrl+c", "quit", "Leave", show=False, priority=True)]

    def __init__(
        self,
        backend: "Backend",
        *,
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
        who: str = "",
        theme: str = "",
        attached: bool = False,
        leaving: "Callable[[], LeavingFacts] | None" = None,
        on_terminal_lost: Callable[[], None] | None = None,
        starting: str = "waiting for the instance",
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
            starting: what the first frame says is being done.
            poll_seconds: between two looks at the figures.
        """
        known = os.environ if environ is None else environ
        chosen = choose_theme(theme, known)
        # told from the start, else Textual's own answer to NO_COLOR makes black of what has no colour, on black
        super().__init__(driver_class=PatientDriver, ansi_color=chosen.ansi or None)
        self.animation_level = "none"
        self.backend = backend
        self.clock = clock or Clock()
        self.glyphs = choose_glyphs(known)
        self.who = who or operator(known)
        self.attached = attached
        self.desk: Desk | None = None
        """Everything behind the first frame, once that is drawn."""
        self.crash: Exception | None = None
        """What ended the screen, if it did not end by itself."""
        self._leaving = leaving
        self._on_terminal_lost = on_terminal_lost
        self._poll_seconds = poll_seconds
        self._start = StartScreen(starting, glyphs=self.glyphs)
        for known_theme in THEMES.values():
            self.register_theme(known_theme)
        self.theme = chosen.name
        self.wants_background = not is_chosen(theme, known)
        """Whether the terminal is asked if it is light or dark."""
        self._title_shown = ""

    # ------------------------------------------------------------ life
    def get_default_screen(self) -> Screen[Any]:
        return self._start

    def on_mount(self) -> None:
        if self.glyphs.ascii_only:
            self.add_class("-ascii")
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Behind the first frame: load and make the rest, and begin to look at the figures."""
        from hotspare.app.console.desk import Desk  # noqa: PLC0415 - 100 ms, after the first frame

        desk = self.desk = Desk(self, who=self.who)
        desk.state.starting = self._start.words
        self.add_mode("desk", lambda: desk.overview)
        await self.switch_mode("desk")
        self.run_worker(desk.watch(self._poll_seconds), name="figures", exclusive=True, group="figures")

    def starting(self, words: str) -> None:
        """Say what is being done while there are no figures yet."""
        self._start.say(words)
        if self.desk is not None:
            self.desk.state.starting = words
            self.desk.overview.draw()

    def page(self) -> "Page | None":
        """The screen that is shown below any dialog."""
        return self.desk.page() if self.desk is not None else None

    async def pull(self) -> None:
        """Look at the figures now, and draw what is new."""
        if self.desk is not None:
            await self.desk.pull()

    async def run_async(self, **options: Any) -> "Leaving | None":
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

    def show_title(self, text: str) -> None:
        """The terminal's title carries state and share, for whoever looks at another window."""
        if text != self._title_shown and isinstance(self._driver, PatientDriver):
            self._title_shown = text
            self._driver.show_title(text)

    # ------------------------------------------------------------ words
    def tell(self, text: str, severity: "Severity" = "information") -> None:
        """Show a toast; the text may hold foreign words. Good news takes the place of what was told before it: a pile
        of toasts would hide the very figures that an act has changed.
        """
        if severity == "information":
            self.clear_notifications()
        lines = [self.glyphs.clean(line, LONGEST_TOAST) for line in text.split("\n")]
        self.notify("\n".join(lines), severity=severity, timeout=TOAST_SECONDS, markup=False)

    def action_command_palette(self) -> None:
        """Show it, with words of ours and in signs that every terminal has."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="an action's name, or a part of it", id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every action by name."""
        page = self.page()
        return page.commands() if page is not None and page is screen else ()

    # ------------------------------------------------------------ leaving
    async def action_quit(self) -> None:
        if self.desk is None:
            self.exit("stop")
        else:
            self.desk.quit()

    async def leave(self) -> None:
        """Leave; while applications are being served, ask first what is to become of them."""
        from hotspare.app.console.leave_dialog import LeaveDialog  # noqa: PLC0415 - not for the first frame
        from hotspare.app.console.leaving import facts_of  # noqa: PLC0415 - likewise

        if any(isinstance(screen, LeaveDialog) for screen in self.screen_stack):
            return
        if self.attached:
            self.exit("serve_on")
            return
        facts = self._leaving() if self._leaving else facts_of(self.desk.state.latest if self.desk else None)
        chosen: Leaving | None = "stop"
        if facts.busy:
            chosen = await self.push_screen_wait(LeaveDialog(facts, glyphs=self.glyphs))
        if chosen is not None:
            self.exit(chosen)
