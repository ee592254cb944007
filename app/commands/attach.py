"""The commands around an instance that runs by itself: start it in the background, attach a screen to it, stop it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

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
from hotspare.app.terminal import has_terminal
from hotspare.app.way import SocketWay, Way
from hotspare.router.error import HotspareError

BEGIN_SECONDS = 30.0


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
        notices = [_runs_already(note, str(meant.path or ""))]
        say(notices[0])
    else:
        say(f"starting {meant.name} in the background")
        note = background.start(meant.name, _serve_arguments(config, chosen.port if port is None else port))
    if not has_terminal():
        say(f"{note.name} serves {note.listen} (pid {note.pid})", _how_to_go_on(note))
        return 0
    return _attach(note, who, notices)


def _serve_arguments(config: Path | None, port: int | None) -> list[str]:
    """As they were given: a file that was found is not one that was named."""
    arguments = [] if config is None else ["--config", str(config)]
    return arguments if port is None else [*arguments, "--port", str(port)]


@click.command()
@instance_option
@as_option
@click.pass_obj
def attach(chosen: Chosen, /, who: str, **which: str | None) -> int:
    """Show the screen of an instance that runs; leaving changes nothing for it."""
    _need_terminal()
    return _attach(instance.find(named(which["instance"], chosen.config)), who, ())


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
    if snapshot.requests_per_minute or flying:
        raise Refused(
            f"{note.name} is being used: {snapshot.requests_per_minute} requests in the last minute, {flying} run now",
            "--yes stops it all the same, once those are answered",
        )


def attach_again(name: str, config: str) -> int:
    """A second start of an instance: its screen, with a word about it."""
    note = instance.awaited(name, BEGIN_SECONDS)
    told = _runs_already(note, config)
    say(told)
    return _attach(note, "", [f"{told}: attached to it. Leaving changes nothing."])


def _runs_already(note: Note, config: str) -> str:
    """That it does, and whether that is from another file."""
    other = note.config and config and Path(note.config).resolve() != Path(config).resolve()
    return f"{note.name} runs already (pid {note.pid}{f', from {note.config}' if other else ''})"


def _need_terminal() -> None:
    if not has_terminal():
        raise NoTerminal("there is no terminal here to draw on", "look without one: hotspare status, hotspare requests")


def _how_to_go_on(note: Note) -> str:
    return f"attach: hotspare attach --instance {note.name}; stop: hotspare down --instance {note.name}"


def _attach(note: Note, who: str, notices: Sequence[str]) -> int:
    """The screen over the socket, once it has answered: what is wrong with it is said before a screen is drawn."""
    AdminClient(Path(note.socket)).snapshot()
    return _show(SocketWay(Path(note.socket)), note, who, notices)


def _show(way: Way, note: Note, who: str, notices: Sequence[str]) -> int:
    from hotspare.app import attaching  # noqa: PLC0415 - the screen only where it is wanted

    stay = f"{note.name} goes on serving {note.listen}"
    showing = attaching.attach(way, who=who or operator(), notices=notices, stay=stay, stop=_how_to_go_on(note))
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(showing)
