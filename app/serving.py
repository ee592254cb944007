"""Serve one occasion from its start to its end: begun in order, drained, ended in order; and the life without a screen.

What runs when it ends is finished first, within a limit; a second signal ends it at once.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace

import click

from hotspare.app import heap, open_files
from hotspare.app.ending import say
from hotspare.app.instance import Claim
from hotspare.app.occasion import Occasion
from hotspare.app.status_line import status_line
from hotspare.app.stopping import Stopping, happens, one_happens
from hotspare.app.terminal import hang_up, is_on_terminal, let_go
from hotspare.app.wiring import Running, running
from hotspare.router.clock import Clock
from hotspare.router.snapshot import Snapshot
from hotspare.widgets.plain import plain

DRAIN_SECONDS = 20.0
QUIET_SECONDS = 300.0
QUIET_CHECK_SECONDS = 5.0
LAST_BYTES_SECONDS = 0.5
"""For what has been answered to reach its callers."""


@asynccontextmanager
async def served(occasion: Occasion, claim: Claim, stopping: Stopping) -> AsyncIterator[Running]:
    """The occasion's instance: it serves while the block runs, and drains after it.

    Raises:
        HotspareError: it cannot be begun.
    """
    clock = Clock()
    open_files.allow_many()
    async with AsyncExitStack() as stack:
        configuration = await stack.enter_async_context(occasion.configuration(clock))
        found = await stack.enter_async_context(running(configuration, claim, clock, keeps=occasion.keeps))
        async with occasion.traffic(found):
            heap.let_go()
            yield found
        await _drain(found, stopping)


async def _drain(found: Running, stopping: Stopping) -> None:
    """Take no new request, and wait for those that run."""
    found.engine.draining = True
    drained = asyncio.create_task(found.engine.drained(DRAIN_SECONDS), name="drain")
    hurried = asyncio.create_task(stopping.at_once.wait(), name="hurry")
    await asyncio.wait((drained, hurried), return_when=asyncio.FIRST_COMPLETED)
    for task in (drained, hurried):
        task.cancel()
    await asyncio.wait((drained, hurried))
    found.drain_seconds = 0.0 if stopping.at_once.is_set() else LAST_BYTES_SECONDS


def narrate_start(occasion: Occasion, found: Running) -> None:
    """Say on standard error where it serves and what is to be known about it."""
    for notice in occasion.notices:
        say(plain(notice))
    for warning in found.warnings:
        say(f"warning: {plain(warning, 2000)}")
    if waiting := found.keys_not_in_force:
        say(f"{len(waiting)} keys are not yet in force", f"see them: hotspare check {found.configuration.path}")
    look = f"look at it: hotspare attach --instance {occasion.name}"
    say(f"serving {found.gateway.listen} (pid {os.getpid()})", f"{look}; end it: Ctrl-C or SIGTERM")


async def serve(occasion: Occasion, claim: Claim, *, seconds: float | None, line_seconds: float | None) -> None:
    """Serve without a screen until a signal comes or the time is over.

    Args:
        occasion: what is run.
        claim: the instance's name.
        seconds: how long; None: until a signal.
        line_seconds: how often a status line is printed; None: never.
    """
    async with Stopping() as stopping, served(occasion, claim, stopping) as found:
        lost = asyncio.Event()
        with hang_up(lambda: _hung_up(lost)) if is_on_terminal() else nullcontext():
            narrate_start(occasion, found)
            found.tell = narrate
            await serve_on(found, stopping, seconds=seconds, line_seconds=line_seconds, lost=lost)


def narrate(text: str, hint: str) -> None:
    """Say on standard error what happens while it serves."""
    say(plain(text, 2000), plain(hint, 2000))


def _hung_up(lost: asyncio.Event) -> None:
    lost.set()
    let_go()


async def serve_on(
    found: Running,
    stopping: Stopping,
    *,
    seconds: float | None = None,
    line_seconds: float | None = None,
    lost: asyncio.Event,
) -> None:
    """Serve until asked to stop, or the time is over, with a line now and then.

    Args:
        found: what serves.
        stopping: asks to stop.
        seconds: how long; None: without end.
        line_seconds: how often a status line is printed; None: never.
        lost: the terminal has gone; from then on it serves until it is quiet.
    """
    ends_at = None if seconds is None else time.monotonic() + seconds
    while True:
        left = None if ends_at is None else ends_at - time.monotonic()
        waits = [value for value in (left, line_seconds) if value is not None]
        if await one_happens((stopping.asked, lost), min(waits, default=None)):
            break
        if ends_at is not None and time.monotonic() >= ends_at:
            return
        if line_seconds is not None and not await _print_line(found):
            if found.backend.instance.demo:
                return
            line_seconds = None
    if lost.is_set() and not stopping.asked.is_set():
        await serve_until_quiet(found, stopping)


async def serve_until_quiet(found: Running, stopping: Stopping) -> None:
    """Serve until nobody has asked for anything for a while; for an instance whose terminal is gone.

    The callers of a demo come with it and go on for ever, so they do not count.
    """
    since = found.engine.clock.wall()
    found.store.note("terminal_lost", "warning", {"serving": found.gateway.listen})
    found.backend.instance = replace(found.backend.instance, screen_lost_at=since)
    while not await happens(stopping.asked, QUIET_CHECK_SECONDS):
        if is_quiet(await found.backend.snapshot(), since, found.engine.in_flight):
            return


def is_quiet(snapshot: Snapshot, since: float, in_flight: int) -> bool:
    """Whether nobody has been served for a while; the time begins at `since` at the earliest."""
    own = snapshot.instance.demo
    last = since if own else max((row.at for row in snapshot.recent), default=since)
    return (own or not in_flight) and snapshot.at - max(last, since) > QUIET_SECONDS


async def _print_line(found: Running) -> bool:
    """Print how it goes; False where nobody reads it any more."""
    snapshot = await found.backend.snapshot()
    try:
        click.echo(f"{time.strftime('%H:%M:%S', time.gmtime(snapshot.at))}  {plain(status_line(snapshot), 1000)}")
        sys.stdout.flush()
    except OSError:
        return False
    return True
