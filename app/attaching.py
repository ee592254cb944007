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


async def attach(way: Way, *, who: str, notices: Sequence[str], name: str, hint: str) -> int:
    """Show the instance until the operator leaves.

    Args:
        way: to its socket.
        who: the operator's name.
        notices: what is told on the screen at the start.
        name: the instance, as it is called when the operator has left it.
        hint: how it is attached to again, and stopped.

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
    tell_the_end(console, name, hint)
    return 0 if console.crash is None else OUR_FAULT


def tell_the_end(console: Console, name: str, hint: str) -> None:
    """Say what has become of an instance whose screen was left."""
    if console.crash is not None:
        say(f"the screen has failed ({type(console.crash).__name__}); {name} is not touched by that", hint)
    elif console.desk is None or console.desk.state.lost_since is not None or console.desk.state.latest is None:
        say(f"left {name}, which did not answer", hint)
    else:
        say(f"{name} goes on serving {console.desk.state.latest.instance.listen}", hint)


async def _leave_when_asked(console: Console, stopping: Stopping) -> None:
    await stopping.asked.wait()
    console.exit("serve_on")
