"""The commands that run an instance: the demo, a configuration with its console, a configuration without.

Nothing is imported here that a first frame could do without.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hotspare.app import heap
from hotspare.app.ending import say
from hotspare.app.loop import loop_factory
from hotspare.app.options import Chosen, FiniteRange, config_option, port_option
from hotspare.app.terminal import has_terminal

if TYPE_CHECKING:
    from hotspare.app.occasion import Occasion

LINE_SECONDS = 1.0


def console(chosen: Chosen) -> int:
    """The console, with the gateway in it; without a terminal, a status line a second."""
    if not has_terminal():
        return _serve(_configured(chosen.config, chosen.port), line_seconds=LINE_SECONDS)
    from hotspare.configuration.finding import find  # noqa: PLC0415 - only where no file is named

    file = chosen.config or find(os.environ, Path.cwd())
    return _show(lambda: _configured(chosen.config, chosen.port), first=f"reading {file}")


@click.command()
@config_option
@port_option
@click.pass_obj
def serve(chosen: Chosen, config: Path | None, port: int | None) -> int:
    """Serve without a screen, until SIGTERM."""
    return _serve(_configured(config or chosen.config, chosen.port if port is None else port), line_seconds=None)


@click.command()
@click.option("--no-screen", is_flag=True, help="A status line a second instead of the console.")
@click.option("--seconds", type=FiniteRange(min=0), metavar="N", help="End after N seconds.")
@port_option
@click.pass_obj
def demo(chosen: Chosen, seconds: float | None, port: int | None, *, no_screen: bool) -> int:
    """Watch simulated models fail and traffic fall back; needs no key, and nothing leaves this machine."""
    port = chosen.port if port is None else port
    if has_terminal() and not no_screen:
        return _show(lambda: _demonstration(port), first="making a demo of simulated models", seconds=seconds)
    return _serve(_demonstration(port), seconds=seconds, line_seconds=LINE_SECONDS)


def _configured(file: Path | None, port: int | None) -> "Occasion":
    from hotspare.app.configured import Configured  # noqa: PLC0415 - the readers of all formats

    return Configured(file, port)


def _demonstration(port: int | None) -> "Occasion":
    from hotspare.app.demo import Demo  # noqa: PLC0415 - after the first frame

    return Demo(port)


def _show(begin: "Callable[[], Occasion]", *, first: str, seconds: float | None = None) -> int:
    """Run what `begin` makes, with its screen."""
    heap.hold()
    from hotspare.app.screen import show  # noqa: PLC0415 - the screen only where there is one

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(show(begin, first=first, seconds=seconds))
    return 0


def _serve(occasion: "Occasion", *, line_seconds: float | None, seconds: float | None = None) -> int:
    """Run the occasion under its name without a screen, and give the name up at the end, however it comes."""
    heap.hold()
    from hotspare.app.instance import claim  # noqa: PLC0415 - with the server, not with the screen
    from hotspare.app.serving import serve as serve_occasion  # noqa: PLC0415 - likewise

    claimed = claim(occasion.name)
    try:
        if line_seconds is not None and not has_terminal():
            say("no terminal here, so no screen", f"look from another one: hotspare status --instance {occasion.name}")
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve_occasion(occasion, claimed, seconds=seconds, line_seconds=line_seconds))
    finally:
        claimed.release(forget=not occasion.keeps)
    return 0
