"""The commands for the first minutes, and for when something does not work: init and doctor."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from hotspare.app import printing
from hotspare.app.ending import say
from hotspare.app.options import Chosen, config_option, json_option, port_option
from hotspare.app.printing import Column
from hotspare.router.error import HotspareError
from hotspare.widgets.plain import plain

FINDING_COLUMNS: tuple[Column, ...] = (("state", ""), ("what", "what"), ("found", "found"), ("remedy", "what to do"))


class Exists(HotspareError):
    """The file that was to be written is there already."""

    exit_code = 4


@click.command()
@click.option(
    "--provider",
    "providers",
    multiple=True,
    metavar="NAME[/MODEL][=VARIABLE]",
    help="A provider, with a model of it and the variable that holds its key; again for each, the primary first.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("hotspare.toml"), metavar="FILE")
@click.option("--yes", is_flag=True, help="Ask nothing, and write over a file that is there.")
@port_option
def init(providers: tuple[str, ...], output: Path, port: int | None, *, yes: bool) -> None:
    """Write a first hotspare.toml: for the providers named, else for those whose keys are in the environment."""
    from hotspare.configuration import starting  # noqa: PLC0415 - the readers of all formats
    from hotspare.configuration.load import load  # noqa: PLC0415
    from hotspare.configuration.writing import write_atomically  # noqa: PLC0415

    if output.exists() and not yes:
        raise Exists(f"{output} is there already", "name another file with -o, or say --yes to write over it")
    today = datetime.now(UTC).date()
    named = providers or _asked(starting.ready_providers(os.environ, today), ask=not yes and sys.stdin.isatty())
    text = starting.first_file([starting.choice(name) for name in named], port)
    write_atomically(output, text.encode())
    say(f"written: {output}", f"start it: hotspare --config {output}")
    try:
        warnings = load(output, os.environ, today=today).warnings
    except HotspareError as error:
        say(plain(error.title, 2000), plain(error.hint, 2000))
        return
    for warning in warnings:
        say(plain(warning, 2000))


def _asked(ready: tuple[str, ...], *, ask: bool) -> tuple[str, ...]:
    """The providers that are meant where none was named."""
    if ask:
        told = click.prompt(
            "Which providers, the primary first? As anthropic, openai/gpt-4o, ollama/llama3.2:3b",
            default=", ".join(ready) or "ollama",
            err=True,
        )
        return tuple(name.strip() for name in told.split(",") if name.strip())
    if not ready:
        what = "no provider was named, and no key of one is in the environment"
        raise HotspareError(what, "name one: hotspare init --provider ollama/llama3.2:3b")
    return ready


@click.command()
@config_option
@port_option
@click.option("--call", is_flag=True, help="Call each model once with each of its keys: costs about one token each.")
@json_option
@click.pass_obj
def doctor(chosen: Chosen, config: Path | None, port: int | None, *, call: bool, as_json: bool) -> int:
    """Look at the configuration, keys, port, store, terminal and clock, and say what to do.

    The exit code is 1 where something keeps it from serving.
    """
    from hotspare.app.doctor import examine  # noqa: PLC0415 - the readers of all formats, the providers

    found = examine(config or chosen.config, chosen.port if port is None else port, call=call)
    rows = [finding.as_json() for finding in found]
    if as_json:
        printing.print_json(rows)
    else:
        printing.print_table(rows, FINDING_COLUMNS, empty="")
    return 1 if any(finding.state == "wrong" for finding in found) else 0
