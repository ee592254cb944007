"""The commands that look at requests, and at why one of them went where it went. They change nothing."""

from typing import Any

import click

from hotspare.app import printing, rows
from hotspare.app.options import Chosen, looking, ranged
from hotspare.app.printing import Column
from hotspare.app.reach import Source, asked, look, running
from hotspare.widgets.plain import plain
from hotspare.widgets.request_filter import RequestFilter
from hotspare.widgets.story import sentences

REQUEST_COLUMNS: tuple[Column, ...] = (
    ("at", "at (UTC)"), ("id", "id"), ("asked", "asked"), ("model", "answered by"), ("status", "status"),
    ("fallback", "fallback"), ("reason", "reason"), ("attempts", "calls"), ("cost_usd", "cost"), ("caller", "caller"),
)  # fmt: skip
CANDIDATE_COLUMNS: tuple[Column, ...] = (
    ("model", "candidate"), ("skip", "skipped"), ("seconds_left", "left"), ("by", "by"),
)  # fmt: skip
ATTEMPT_COLUMNS: tuple[Column, ...] = (
    ("model", "called"), ("key", "key"), ("trigger", "trigger"), ("status", "status"), ("started_ms", "after"),
    ("first_content_ms", "first content"), ("ended_ms", "ended"), ("cost_usd", "cost"), ("message", "message"),
)  # fmt: skip

SLOW_MS = 5000.0
LOOKED_THROUGH = 5000
"""Requests that a filter looks through at most."""


@click.command()
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="How many.")
@click.option("--follow", is_flag=True, help="Go on with new ones as they end.")
@click.option("--model", metavar="M", help="Only those that M answered.")
@click.option("--trigger", metavar="T", help="Only those with an attempt that failed by T.")
@click.option("--caller", metavar="C", help="Only those of this application.")
@click.option("--chain", metavar="C", help="Only those of this chain.")
@click.option("--session", metavar="S", help="Only those of this session.")
@click.option("--status", type=click.IntRange(100, 599), metavar="N", help="Only those answered with this status.")
@click.option("--slow", is_flag=True, default=None, help="Only those that took over 5 s.")
@click.option("--text", metavar="T", help="Only those with this in a name, or at the begin of the id.")
@click.option(
    "--filter", "words", default="", metavar="WORDS", help="As `/` on the screen: model:gpt !timeout >5s ~re."
)
@ranged
@looking
@click.pass_obj
def requests(
    chosen: Chosen, /, instance: str | None, *, follow: bool, words: str, as_json: bool, **wanted: Any
) -> None:
    """List requests, newest first; with --follow, go on with new ones below."""
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if follow:
        if "until" in wanted or words:
            raise click.UsageError("--follow knows no --until and no --filter")
        _follow(instance, wanted, as_json=as_json)
        return
    found = _filtered(look(instance, chosen.config), words, wanted)
    printing.show(found, REQUEST_COLUMNS, as_json=as_json, empty="no requests")


def _filtered(source: Source, words: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that match, of the newest that could."""
    meant = RequestFilter(words)
    if meant.fault:
        raise click.UsageError(f"{plain(meant.fault)} is no regular expression")
    if not meant:
        return asked(source, "requests", **wanted)
    known, rest = meant.for_store()
    if any(wanted.get(name, value) != value for name, value in known.items()):
        return []
    found = asked(source, "requests", **{**known, **wanted, "last": LOOKED_THROUGH})
    kept = {row.id for row in rest.keep(tuple(map(rows.row_of, found)))}
    return [row for row in found if row["id"] in kept][: wanted["last"]]


def _follow(instance: str | None, wanted: dict[str, Any], *, as_json: bool) -> None:
    """The last ones in the order of time, then each new one as it ends; JSON has one request a line."""
    source = running(instance)
    for row in reversed(source.query("requests", **wanted)):
        _print_request(row, as_json=as_json)
    for event in source.events():
        if event.get("event") == "request" and _is_wanted(event, wanted):
            _print_request({name: value for name, value in event.items() if name != "event"}, as_json=as_json)


def _is_wanted(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(_fits(row, name, value) for name, value in wanted.items() if name not in {"last", "since"})


def _fits(row: dict[str, Any], name: str, value: Any) -> bool:
    """Whether a new request fits one option, as the store would have found it."""
    if name == "slow":
        return bool(row["duration_ms"] > SLOW_MS)
    if name == "text":
        names = (row["asked"], row["chain"], row["caller"], row["model"] or "")
        return any(value.lower() in each.lower() for each in names) or str(row["id"]).startswith(value)
    return bool(row.get("reason" if name == "trigger" else name) == value)


def _print_request(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        printing.print_json(row, compact=True)
    else:
        click.echo("  ".join(printing.cell_of(field, row) for field, _ in REQUEST_COLUMNS))
    printing.flush()


@click.command()
@click.argument("request_id", metavar="ID")
@looking
@click.pass_obj
def explain(chosen: Chosen, instance: str | None, request_id: str, *, as_json: bool) -> int:
    """Say why a request went where it went: who was considered, who was called, which rule ended it."""
    found = asked(look(instance, chosen.config), "explain", id=request_id)
    if not found:
        click.echo(f"hotspare: there is no request {plain(request_id)}", err=True)
        return 1
    trace = found[0]
    if as_json:
        printing.print_json(trace)
        return 0
    for sentence in sentences(trace):
        click.echo(plain(sentence, 1000))
    click.echo()
    printing.print_pairs((name, trace.get(name)) for name in ("id", "at", "asked", "model", "reason", "ended_by"))
    click.echo()
    printing.print_table(trace["candidates"], CANDIDATE_COLUMNS, empty="no candidates")
    click.echo()
    printing.print_table(trace["attempts"], ATTEMPT_COLUMNS, empty="nothing was called")
    printing.explain_mark(trace["attempts"])
    for said in ("prompt", "answer"):
        if trace.get(said):
            click.echo(f"\n{said}: {plain(trace[said], 4000)}")
    return 0
