"""The commands around an instance that runs by itself: start it in the background, attach a screen to it, stop it."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hotspare.app import background, instance
from hotspare.app.admin_client import AdminClient
from hotspare.app.commands.act import Refused
from hotspare.app.ending import say
from hotspare.app.identity import operator
from hotspare.app.instance import Note
from hotspare.app.loop import loop_factory
from hotspare.app.options import Chosen, as_option, config_option, instance_option, port_option
from hotspare.app.reach import named
from hotspare.app.relay import Relay, greeting, write_all
from hotspare.app.terminal import has_terminal
from hotspare.app.way import SocketWay, Way
from hotspare.router.error import HotspareError
from hotspare.widgets.plain import plain

if TYPE_CHECKING:
    from hotspare.app.ssh import Far


class NoTerminal(HotspareError):
    """A screen was asked for where none can be drawn."""


@click.command()
@config_option
@port_option
@as_option
@click.pass_obj
def up(chosen: Chosen, config: Path | None, port: int | None, who: str) -> int:
    """Serve in the background, and attach a screen; what is left runs on. Where it runs already, only attach."""
    from hotspare.app.configured import meaning_of  # noqa: PLC0415 - the readers of all formats

    config = config or chosen.config
    meant = meaning_of(config)
    notices = []
    note = instance.alive(meant.name)
    if note is not None:
        notices = [note.runs_already(str(meant.path or ""))]
        say(notices[0])
    else:
        say(f"starting {meant.name} in the background")
        note = background.start(meant.name, _serve_arguments(config, chosen.port if port is None else port))
    if not has_terminal():
        say(f"{note.name} serves {note.listen} (pid {note.pid})", note.how_to_go_on)
        return 0
    return _attach(note, who, notices)


def _serve_arguments(config: Path | None, port: int | None) -> list[str]:
    """As they were given: a file that was found is not one that was named."""
    arguments = [] if config is None else ["--config", str(config)]
    return arguments if port is None else [*arguments, "--port", str(port)]


@click.command()
@click.argument("host", required=False)
@instance_option
@as_option
@click.option("--program", default="hotspare", metavar="PATH", help="How Hotspare is called at HOST.")
@click.pass_obj
def attach(chosen: Chosen, /, host: str | None, who: str, program: str, **which: str | None) -> int:
    """Show the screen of an instance that runs, at HOST through ssh; leaving changes nothing for it."""
    _need_terminal()
    name = named(which["instance"], chosen.config)
    if host is not None:
        from hotspare.app.ssh import Far  # noqa: PLC0415 - a loop and a screen, only where wanted

        return _attach_far(Far(host, name or "", program), who)
    return _attach(instance.find(name), who, ())


@click.command(hidden=True)
@instance_option
@click.pass_obj
def relay(chosen: Chosen, /, **which: str | None) -> int:
    """Hand the socket of an instance on over standard input and output: what `attach HOST` runs at HOST."""
    if sys.stdin.isatty():
        raise click.UsageError("relay is run by hotspare attach HOST, on its far side")
    note = instance.find(named(which["instance"], chosen.config))
    handed_on = sys.stdout.fileno()
    write_all(handed_on, greeting(note.name))
    Relay(Path(note.socket), sys.stdin.buffer, handed_on).run()
    return 0


@click.command()
@instance_option
@click.option("--yes", is_flag=True, help="Stop it, though applications are being served.")
@click.pass_obj
def down(chosen: Chosen, /, *, yes: bool, **which: str | None) -> int:
    """Stop an instance: what runs is finished, new requests are refused."""
    note = instance.find(named(which["instance"], chosen.config))
    if not yes:
        _refuse_while_busy(note)
    if background.stop(note):
        say(f"{note.name} has stopped")
        return 0
    say(f"{note.name} (pid {note.pid}) still finishes what runs", "once more ends it at once: hotspare down --yes")
    return 1


def _refuse_while_busy(note: Note) -> None:
    snapshot = AdminClient(Path(note.socket)).snapshot()
    flying = sum({model.name: model.in_flight for model in snapshot.models}.values())
    came = snapshot.requests_per_minute
    if came or flying:
        raise Refused(
            f"{note.name} is being used: {came} request{'' if came == 1 else 's'} a minute, {flying} run now",
            "--yes stops it all the same, once those are answered",
        )


def _need_terminal() -> None:
    if not has_terminal():
        raise NoTerminal("there is no terminal here to draw on", "look without one: hotspare status, hotspare requests")


def _attach(note: Note, who: str, notices: Sequence[str]) -> int:
    """The screen over the socket, once it has answered: what is wrong with it is said before a screen is drawn."""
    AdminClient(Path(note.socket)).snapshot()
    return _show(SocketWay(Path(note.socket)), note, who, notices)


def _show(way: Way, note: Note, who: str, notices: Sequence[str]) -> int:
    from hotspare.app.attaching import attach as show  # noqa: PLC0415 - the screen only where it is wanted

    shown = show(way, who=who or operator(), notices=notices, name=note.name, hint=note.how_to_go_on)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(shown)


def _attach_far(far: "Far", who: str) -> int:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_show_far(far, who or operator()))


async def _show_far(far: "Far", who: str) -> int:
    """The screen over ssh, once the instance has answered."""
    from hotspare.app.attaching import attach as show  # noqa: PLC0415 - the screen only where it is wanted
    from hotspare.app.remote import RemoteBackend  # noqa: PLC0415 - likewise
    from hotspare.app.ssh import reached  # noqa: PLC0415 - likewise

    async with reached(far, heard=lambda words: click.echo(f"{far.host}: {plain(words, 500)}", err=True)) as way:
        await RemoteBackend(way).snapshot()
        hint = f"attach: hotspare attach {far.host} --instance {way.instance}"
        return await show(way, who=who, notices=(), name=f"{way.instance} at {far.host}", hint=hint)
