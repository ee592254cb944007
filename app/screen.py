"""The console over an instance in its own process. The screen comes first: its frame is drawn before the server, the
store and the providers are even loaded; and the screen's end is not the instance's, unless the operator says so.
"""

import asyncio
from typing import TYPE_CHECKING

from hotspare.app.console.console import Console
from hotspare.app.console.leaving import LeavingFacts
from hotspare.app.ending import say
from hotspare.app.identity import operator
from hotspare.app.instance import Claim
from hotspare.app.later import LaterBackend
from hotspare.app.occasion import Occasion
from hotspare.app.stopping import Stopping
from hotspare.app.terminal import hang_up, let_go

if TYPE_CHECKING:
    from hotspare.app.wiring import Running

QUIET_MINUTES = 5 + 1  # the running minute has only begun
LINE_SECONDS = 60.0
"""Between two status lines of an instance that was left to serve without its screen."""


class Screened:
    """One occasion with its screen."""

    def __init__(self, occasion: Occasion, claim: Claim, stopping: Stopping) -> None:
        self._occasion = occasion
        self._claim = claim
        self._stopping = stopping
        self._later = LaterBackend()
        self._over = asyncio.Event()
        self._lost = asyncio.Event()
        self._found: Running | None = None
        self.console = Console(self._later, on_terminal_lost=self._terminal_lost, leaving=self._facts)

    def _facts(self) -> LeavingFacts:
        """Who would be hit by stopping now: by the router's own count, not by what the screen happens to show."""
        if self._found is None:
            return LeavingFacts(0, 0)
        engine = self._found.engine
        live, wall = engine.router.live, engine.clock.wall()
        requests = sum(figures.requests for figures in live.chain_window(wall, QUIET_MINUTES).values())
        return LeavingFacts(requests, live.callers(wall, QUIET_MINUTES), engine.in_flight)

    def _terminal_lost(self) -> None:
        self._lost.set()
        let_go()

    async def run(self) -> None:
        """Show the screen until the operator leaves, and serve until that is over too."""
        instance = asyncio.create_task(self._instance(), name="instance")
        asked = asyncio.create_task(self._end_when_asked(), name="end when asked")
        instance.add_done_callback(lambda _: self._leave())
        try:
            chosen = await self.console.run_async()
            if chosen == "serve_on" and self._found and not self._stopping.asked.is_set() and not instance.done():
                await self._without_screen(self._found)
        finally:
            asked.cancel()
            self._over.set()
            if self._found is None:
                instance.cancel()
            await asyncio.wait((asked, instance))
        if not instance.cancelled():
            instance.result()

    def _leave(self) -> None:
        if self.console.is_running:
            self.console.exit("stop")

    async def _end_when_asked(self) -> None:
        await self._stopping.asked.wait()
        self._leave()

    async def _instance(self) -> None:
        await self._painted()
        from hotspare.app.serving import served  # noqa: PLC0415 - the server, the store, the providers: after the frame

        async with served(self._occasion, self._claim, self._stopping) as found:
            self._found = found
            found.tell = self._tell
            self._later.arrive(found.backend)
            found.backend.presence.enter(operator())
            for text in self._occasion.notices:
                self.console.tell(text)
            for text in found.warnings:
                self.console.tell(text, "warning")
            if waiting := found.keys_not_in_force:
                self.console.tell(f"{len(waiting)} keys are not yet in force: hotspare check lists them", "warning")
            await self._over.wait()

    def _tell(self, text: str, hint: str) -> None:
        refused = "refused" in text
        self.console.tell("\n".join(filter(None, (text, hint))), "warning" if refused else "information")

    async def _painted(self) -> None:
        await self._later.asked.wait()
        painted = asyncio.Event()
        self.console.call_after_refresh(painted.set)
        await painted.wait()

    async def _without_screen(self, found: "Running") -> None:
        from hotspare.app.serving import narrate, serve_on, serve_until_quiet  # noqa: PLC0415 - loaded by now

        found.backend.presence.leave()
        found.tell = narrate
        if self._lost.is_set():
            await serve_until_quiet(found, self._stopping)
            return
        if self.console.crash is not None:
            say(f"the screen has failed ({type(self.console.crash).__name__}); serving goes on")
        comes_back = f"hotspare attach --instance {self._occasion.name} comes back to it"
        say(f"serving {found.gateway.listen} without the screen", f"{comes_back}; Ctrl-C stops it")
        await serve_on(found, self._stopping, line_seconds=LINE_SECONDS, lost=self._lost)


async def show(occasion: Occasion, claim: Claim, *, seconds: float | None) -> None:
    """Run the occasion with its screen.

    Args:
        occasion: what is run.
        claim: the instance's name.
        seconds: how long; None: until the operator ends it.
    """
    async with Stopping() as stopping:
        screened = Screened(occasion, claim, stopping)
        timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, stopping.ask)
        try:
            with hang_up(screened.console.terminal_lost):
                await screened.run()
        finally:
            if timer is not None:
                timer.cancel()
