"""The console over an instance in its own process. The screen comes first: its frame is drawn before configuration,
server, store and providers are even loaded; and the screen's end is not the instance's, unless the operator says so.
"""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from hotspare.app.console.console import Console
from hotspare.app.ending import say
from hotspare.app.later import LaterBackend
from hotspare.app.stopping import Stopping
from hotspare.app.terminal import hang_up, let_go

if TYPE_CHECKING:
    from hotspare.app.console.leaving import LeavingFacts
    from hotspare.app.instance import Claim
    from hotspare.app.occasion import Occasion
    from hotspare.app.wiring import Running

QUIET_MINUTES = 5 + 1  # the running minute has only begun
BEGIN_SECONDS = 30.0
"""How long an instance that is just beginning is waited for."""
LINE_SECONDS = 60.0
"""Between two status lines of an instance that was left to serve without its screen."""


class Screened:
    """One occasion with its screen."""

    def __init__(
        self, begin: "Callable[[], Occasion]", stopping: Stopping, *, first: str, attaches: bool = True
    ) -> None:
        """Make the screen; nothing is begun before it is drawn.

        Args:
            begin: makes the occasion: it reads the configuration, which takes a while.
            stopping: asks to stop.
            first: what `begin` does, for the first frame.
            attaches: where the instance runs already, its screen is shown.
        """
        self._begin = begin
        self._stopping = stopping
        self._attaches = attaches
        self._later = LaterBackend()
        self._over = asyncio.Event()
        self._lost = asyncio.Event()
        self._found: Running | None = None
        self._elsewhere: Callable[[], None] | None = None
        """Says how it goes on with an instance that ran already."""
        self.console = Console(
            self._later, on_terminal_lost=self._terminal_lost, leaving=self._facts, starting=f"starting: {first}"
        )

    def _facts(self) -> "LeavingFacts":
        """Who would be hit by stopping now: by the router's own count, not by what the screen happens to show."""
        from hotspare.app.console.leaving import LeavingFacts  # noqa: PLC0415 - not for the first frame

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
        if self._elsewhere is not None:
            self._elsewhere()
        elif self._found is None and self.console.crash is not None:  # nothing was begun that could go on
            raise self.console.crash

    def _leave(self) -> None:
        if self.console.is_running:
            self.console.exit("stop")

    async def _end_when_asked(self) -> None:
        await self._stopping.asked.wait()
        self._leave()

    async def _instance(self) -> None:
        await self._painted()
        from hotspare.app.instance import AlreadyRuns, claim  # noqa: PLC0415 - after the first frame, as all of this

        occasion = await asyncio.to_thread(self._begin)
        try:
            claimed = claim(occasion.name)
        except AlreadyRuns:
            if not self._attaches:
                raise
            await self._attach(occasion)
            return
        try:
            await self._serve(occasion, claimed)
        finally:
            claimed.release(forget=not occasion.keeps)

    async def _serve(self, occasion: "Occasion", claimed: "Claim") -> None:
        """Be the instance until the end."""
        self.console.starting("starting: loading the gateway")
        await asyncio.to_thread(import_module, "hotspare.app.serving")
        from hotspare.app.serving import served  # noqa: PLC0415 - loaded by now

        self.console.starting("starting: opening the store and the gateway")
        async with served(occasion, claimed, self._stopping) as found:
            self._found = found
            found.tell = self._tell
            self._later.arrive(found.backend)
            found.backend.presence.enter(self.console.who)
            for text in occasion.notices:
                self.console.tell(text)
            for text in found.warnings:
                self.console.tell(text, "warning")
            if waiting := found.keys_not_in_force:
                self.console.tell(f"{len(waiting)} keys are not yet in force: hotspare check lists them", "warning")
            await self._over.wait()

    async def _attach(self, occasion: "Occasion") -> None:
        """Show the instance that runs already, until the operator leaves."""
        from hotspare.app import attaching, heap, instance  # noqa: PLC0415 - only where it is needed
        from hotspare.app.remote import RemoteBackend  # noqa: PLC0415 - likewise
        from hotspare.app.way import SocketWay  # noqa: PLC0415 - likewise

        self.console.starting(f"starting: {occasion.name} runs already, attaching to it")
        note = await asyncio.to_thread(instance.awaited, occasion.name, BEGIN_SECONDS)
        backend = RemoteBackend(SocketWay(Path(note.socket)), who=self.console.who)
        await backend.snapshot()
        self.console.attached = True
        self._elsewhere = lambda: attaching.tell_the_end(self.console, note.name, note.how_to_go_on)
        self._later.arrive(backend)
        heap.let_go()
        self.console.tell(f"{note.runs_already(occasion.config)}: attached to it. Leaving changes nothing.")
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
        comes_back = f"hotspare attach --instance {found.configuration.name} comes back to it"
        say(f"serving {found.gateway.listen} without the screen", f"{comes_back}; Ctrl-C stops it")
        await serve_on(found, self._stopping, line_seconds=LINE_SECONDS, lost=self._lost)


async def show(begin: "Callable[[], Occasion]", *, first: str, seconds: float | None) -> None:
    """Run an occasion with its screen; where it runs already, show that one's.

    Args:
        begin: makes the occasion, once the first frame is drawn.
        first: what that does, for the first frame.
        seconds: how long; None: until the operator ends it.
    """
    async with Stopping() as stopping:
        screened = Screened(begin, stopping, first=first, attaches=seconds is None)
        timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, stopping.ask)
        try:
            with hang_up(screened.console.terminal_lost):
                await screened.run()
        finally:
            if timer is not None:
                timer.cancel()
