"""The commands that run an instance: the demo, a configuration with its console, a configuration without."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from hotspare.app import instance
from hotspare.app.demo import Demo
from hotspare.app.ending import say
from hotspare.app.loop import loop_factory
from hotspare.app.occasion import Occasion
from hotspare.app.options import Chosen, FiniteRange, config_option, port_option
from hotspare.app.terminal import has_terminal

LINE_SECONDS = 1.0


def console(chosen: Chosen) -> int:
    """The console, with the gateway in it; without a terminal, a status line a second."""
    from hotspare.app.configured import Configured  # noqa: PLC0415 - the readers of all formats

    return _run(Configured(chosen.config, chosen.port), screen=has_terminal(), line_seconds=LINE_SECONDS)


@click.command()
@config_option
@port_option
@click.pass_obj
def serve(chosen: Chosen, config: Path | None, port: int | None) -> int:
    """Serve without a screen, until SIGTERM."""
    from hotspare.app.configured import Configured  # noqa: PLC0415 - the readers of all formats

    port = chosen.port if port is None else port
    return _run(Configured(config or chosen.config, port), screen=False, line_seconds=None)


@click.command()
@click.option("--no-screen", is_flag=True, help="A status line a second instead of the console.")
@click.option("--seconds", type=FiniteRange(min=0), metavar="N", help="End after N seconds.")
@port_option
@click.pass_obj
def demo(chosen: Chosen, seconds: float | None, port: int | None, *, no_screen: bool) -> int:
    """Watch simulated models fail and traffic fall back; needs no key, and nothing leaves this machine."""
    screen = has_terminal() and not no_screen
    return _run(Demo(chosen.port if port is None else port), screen=screen, seconds=seconds, line_seconds=LINE_SECONDS)


def _run(occasion: Occasion, *, screen: bool, line_seconds: float | None, seconds: float | None = None) -> int:
    """Run the occasion under its name, and give the name up at the end, however it comes. Where it runs already, its
    screen is shown instead.
    """
    try:
        claim = instance.claim(occasion.name)
    except instance.AlreadyRuns:
        if not screen or seconds is not None:
            raise
        from hotspare.app.commands.attach import attach_again  # noqa: PLC0415 - the remote console, only where needed

        return attach_again(occasion.name, occasion.config)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_life(occasion, claim, screen=screen, line_seconds=line_seconds, seconds=seconds))
    finally:
        claim.release(forget=not occasion.keeps)
    return 0


def _life(
    occasion: Occasion, claim: instance.Claim, *, screen: bool, line_seconds: float | None, seconds: float | None
) -> Coroutine[Any, Any, None]:
    if screen:
        from hotspare.app.screen import show  # noqa: PLC0415 - the screen only where there is one

        return show(occasion, claim, seconds=seconds)
    from hotspare.app.serving import serve as serve_occasion  # noqa: PLC0415 - and the server after the screen

    if line_seconds is not None and not has_terminal():
        say("no terminal here, so no screen", f"look from another one: hotspare status --instance {occasion.name}")
    return serve_occasion(occasion, claim, seconds=seconds, line_seconds=line_seconds)
