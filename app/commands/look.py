"""The commands that look at how it is now: figures, models, what the instance is. They change nothing."""

from collections.abc import Mapping
from typing import Any

import click

from hotspare.app import printing, rows
from hotspare.app.options import Chosen, looking
from hotspare.app.printing import Column
from hotspare.app.reach import look
from hotspare.app.status_line import status_line
from hotspare.router.snapshot import Snapshot
from hotspare.widgets.going_on import decision_words, untold
from hotspare.widgets.plain import plain

MODEL_COLUMNS: tuple[Column, ...] = (
    ("name", "model"), ("chain", "chain"), ("state", "state"), ("seconds_left", "left"), ("requests", "today"),
    ("ok", "ok"), ("p95_ms", "p95"), ("cost_usd", "cost"), ("reason", "reason"),
)  # fmt: skip


@click.command()
@click.option("--oneline", is_flag=True, help="One line, for a prompt or a status bar.")
@looking
@click.pass_obj
def status(chosen: Chosen, instance: str | None, *, oneline: bool, as_json: bool) -> None:
    """Say how it is: today's figures, every model, what is going on."""
    snapshot = look(instance, chosen.config).snapshot()
    value = rows.status(snapshot)
    if as_json:
        printing.print_json(value)
    elif oneline:
        click.echo(plain(status_line(snapshot)))
    else:
        shown = status_fields(value)
        who = ", ".join(console.who for console in snapshot.consoles)
        told = {**value, "consoles": who, "cost_usd": printing.cell_of("cost_usd", value)}
        printing.print_pairs(pair for name in shown for pair in ((name, told[name]), *_more(snapshot, name)))
        click.echo()
        printing.print_table(value["models"], MODEL_COLUMNS, empty="no models")


def _more(snapshot: Snapshot, name: str) -> list[tuple[str, str]]:
    """What stands below the worst situation: the others, and what operators decided."""
    if name != "situation":
        return []
    others = [("also", view.text) for view in snapshot.situations[1:]]
    return others + [("stands", decision_words(view)) for view in untold(snapshot)]


def status_fields(value: Mapping[str, Any]) -> tuple[str, ...]:
    """What `status` shows to people; some only where there is something to say."""
    at_times = [name for name in ("screen_lost_at", "consoles") if value[name]]
    unpriced = ["unpriced_requests"] if value["unpriced_requests"] else []
    return ("name", "pid", "listen", *at_times, "situation", "requests", "ok", "fallback", "cost_usd", *unpriced)


@click.command()
@looking
@click.pass_obj
def models(chosen: Chosen, instance: str | None, *, as_json: bool) -> None:
    """List every model with its state, the reason, and when it ends."""
    found = rows.models(look(instance, chosen.config).snapshot())
    printing.show(found, MODEL_COLUMNS, as_json=as_json, empty="no models")


@click.command()
@looking
@click.pass_obj
def about(chosen: Chosen, instance: str | None, *, as_json: bool) -> None:
    """Say what the instance is: version, process, file, store, loop lag, who else has a console on it."""
    value = rows.about(look(instance, chosen.config).snapshot())
    if as_json:
        printing.print_json(value)
    else:
        printing.print_pairs((name, value[name]) for name in value)
