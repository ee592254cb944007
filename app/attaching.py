"""The console over an instance in another process: the screen without the runtime. It asks nothing when it is left, for
nothing ends with it but itself.
"""

import asyncio
from collections.abc import Sequence

from hotspare.app.console.console import Console
from hotspare.app.ending import OUR_FAULT, say
from hotspare.app.remote import RemoteBackend
from hotspare.app.stopping import Stopping
from hotspare.app.terminal import hang_up, let_go
from hotspare.app.way import Way


async def attach(way: Way, *, who: str, notices: Sequence[str] = (), stay: str, stop: str) -> int:
    """Show the instance until the operator leaves.

    Args:
        way: to its socket.
        who: the operator's name.
        notices: what is told on the screen at the start.
        stay: what is said when the operator has left: that the instance goes on, and where.
        stop: how it is stopped, and attached to again.

    Returns:
        the exit code.
    """
    console = Console(RemoteBackend(way, who=who), attached=True, who=who, on_terminal_lost=let_go)
    for text in notices:
        console.call_later(console.tell, text)
    async with Stopping() as stopping:
        asked = asyncio.create_task(_leave_when_asked(console, stopping), name="leave when asked")
        try:
            with hang_up(console.terminal_lost):
                await console.run_async()
        finally:
            asked.cancel()
            await asyncio.wait((asked,))
    if console.crash is not None:
        say(f"the screen has failed ({type(console.crash).__name__})", stay)
        return OUR_FAULT
    if console.state.lost_since is not None:
        say("left, while the instance did not answer", "see whether it runs: hotspare status")
    else:
        say(stay, stop)
    return 0


async def _leave_when_asked(console: Console, stopping: Stopping) -> None:
    await stopping.asked.wait()
    console.exit("serve_on")
