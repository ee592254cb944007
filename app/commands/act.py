"""The commands that change what happens. Each is an action of the registry, applied by the running instance.

Refused: exit code 4, with the reason; where it would be done if confirmed, the hint says `--yes`.
"""

import time
from collections.abc import Callable
from typing import Any

import click

from hotspare.app import printing, rows
from hotspare.app.action import done_sentence
from hotspare.app.actions import by_id
from hotspare.app.duration import DurationNotUnderstood, parse_duration
from hotspare.app.identity import operator
from hotspare.app.options import acting
from hotspare.app.reach import running
from hotspare.app.redo import LOOKED_AT, redo_of
from hotspare.router.command import Refusal
from hotspare.router.error import HotspareError
from hotspare.widgets.plain import plain


class Refused(HotspareError):
    """The instance does not carry the command out."""

    exit_code = 4


def carry_out(
    act: str, given: dict[str, Any], instance: str | None, *, who: str, why: str, yes: bool, as_json: bool
) -> None:
    """Let the instance apply what the registry's action builds, and say what is in force now."""
    action = by_id(act)
    assert action.build is not None  # noqa: S101 - the acts of the registry have one
    seconds = given.get("seconds")
    command = action.build({**given, "until": None if seconds is None else time.time() + seconds})
    outcome = running(instance).apply(command, who=who or operator(), why=why, confirmed=yes)
    if isinstance(outcome, Refusal):
        confirm = "--yes does it all the same" if outcome.needs_confirmation else ""
        raise Refused(outcome.reason, "; ".join(filter(None, (outcome.hint, confirm))))
    if as_json:
        printing.print_json(rows.journal_entry(outcome))
        return
    click.echo(plain(done_sentence(action, given, outcome.change), 2000))
    for note in outcome.change.notes:
        click.echo(f"  {plain(note, 2000)}", err=True)
    if not outcome.durable:
        click.echo("  in force, but not durable: the journal cannot be written now", err=True)


class Duration(click.ParamType[float | None]):
    """`90`, `10m`, `2h`, or `ever` for no end."""

    name = "duration"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float | None:
        """The seconds; None for no end."""
        try:
            return value if isinstance(value, int | float) else parse_duration(str(value))
        except DurationNotUnderstood as error:
            self.fail(f"{error.title}; {error.hint}", parameter, context)


def _for(default: str | None, says: str) -> Callable[[Any], Any]:
    return click.option(
        "--for", "seconds", type=Duration(), default=default, show_default=default is not None, metavar="10m", help=says
    )


_FOR_EVER_AT_WILL = _for(None, "How long (90s, 10m, 2h); else until lifted.")
_FOR_TEN_MINUTES = _for("10m", "How long (90s, 10m, 2h), or 'ever': until lifted.")
_CHAIN = click.argument("chain")
_MODEL = click.argument("model")


@click.command()
@_CHAIN
@_MODEL
@_FOR_TEN_MINUTES
@acting
def force(chain: str, model: str, seconds: float | None, **how: Any) -> None:
    """Let MODEL answer first in CHAIN; where it cannot, the others follow, never the primary."""
    carry_out("force", {"chain": chain, "model": model, "seconds": seconds}, **how)


@click.command("skip-primary")
@_CHAIN
@_FOR_TEN_MINUTES
@acting
def skip_primary(chain: str, seconds: float | None, **how: Any) -> None:
    """Do not call the primary of CHAIN, even when all else fails."""
    carry_out("skip-primary", {"chain": chain, "seconds": seconds}, **how)


@click.command()
@_CHAIN
@acting
def release(chain: str, **how: Any) -> None:
    """Lift what is forced in CHAIN."""
    carry_out("release", {"chain": chain}, **how)


@click.command()
@_MODEL
@_FOR_EVER_AT_WILL
@acting
def disable(model: str, seconds: float | None, **how: Any) -> None:
    """Send no new request to MODEL; what runs there, finishes."""
    carry_out("disable", {"model": model, "seconds": seconds}, **how)


@click.command()
@_MODEL
@acting
def enable(model: str, **how: Any) -> None:
    """Let MODEL serve again, also one that the file disables."""
    carry_out("enable", {"model": model}, **how)


@click.command()
@_MODEL
@_FOR_EVER_AT_WILL
@acting
def drain(model: str, seconds: float | None, **how: Any) -> None:
    """Take MODEL out for a planned stop: what runs there, finishes."""
    carry_out("drain", {"model": model, "seconds": seconds}, **how)


@click.command()
@_MODEL
@acting
def clear(model: str, **how: Any) -> None:
    """Forget what is held against MODEL: cooldowns, refused keys, the breaker."""
    carry_out("clear", {"model": model}, **how)


@click.command()
@_CHAIN
@click.argument("order", metavar="A,B,C")
@acting
def priorities(chain: str, order: str, **how: Any) -> None:
    """Put CHAIN's models in this order; those not named follow in their old one."""
    models = tuple(name.strip() for name in order.split(",") if name.strip())
    if not models:
        raise click.UsageError("name at least one model: hotspare priorities CHAIN A,B,C")
    carry_out("priorities", {"chain": chain, "models": models}, **how)


@click.command()
@acting
def undo(**how: Any) -> None:
    """Take back the latest act that was not taken back yet."""
    carry_out("undo", {}, **how)


@click.command()
@acting
def redo(*, instance: str | None, **how: Any) -> None:
    """Do again what the latest undo took back, with what is left of its time."""
    act, given = redo_of(running(instance).query("journal", last=LOOKED_AT), time.time())
    carry_out(act, given, instance=instance, **how)
