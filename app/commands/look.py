"""The commands that look: figures, requests, reasons, decisions. They change nothing."""

import time
from collections.abc import Mapping
from typing import Any

import click

from hotspare.app import printing, rows
from hotspare.app.ending import say
from hotspare.app.options import Chosen, FiniteRange, looking, ranged
from hotspare.app.printing import Column
from hotspare.app.reach import Source, look, running
from hotspare.app.status_line import status_line
from hotspare.router.snapshot import Snapshot
from hotspare.widgets.going_on import decision_words, untold
from hotspare.widgets.plain import plain
from hotspare.widgets.request_filter import RequestFilter
from hotspare.widgets.story import sentences

MODEL_COLUMNS: tuple[Column, ...] = (
    ("name", "model"), ("chain", "chain"), ("state", "state"), ("seconds_left", "left"), ("requests", "today"),
    ("ok", "ok"), ("p95_ms", "p95"), ("cost_usd", "cost"), ("reason", "reason"),
)  # fmt: skip
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
HISTORY_COLUMNS: tuple[Column, ...] = (
    ("at", "from (UTC)"), ("requests", "requests"), ("ok", "ok"), ("fallback", "fallback"), ("failed", "failed"),
    ("mean_ms", "mean"), ("p95_ms", "p95"), ("cost_usd", "cost"), ("unpriced_requests", "unpriced"),
)  # fmt: skip
CALLER_COLUMNS: tuple[Column, ...] = (
    ("name", "caller"), ("requests", "requests"), ("ok", "ok"), ("failed", "failed"), ("fallback", "fallback"),
    ("mean_ms", "mean"), ("p95_ms", "p95"), ("cost_usd", "cost"),
)  # fmt: skip
TOKEN_COLUMNS: tuple[Column, ...] = (("input_tokens", "tokens in"), ("output_tokens", "tokens out"))
JOURNAL_COLUMNS: tuple[Column, ...] = (
    ("when", "when (UTC)"), ("who", "who"), ("act", "act"), ("subject", "subject"), ("before", "before"),
    ("after", "after"), ("until", "until"), ("why", "why"),
)  # fmt: skip

BY = ("model", "chain", "caller", "session", "hour", "reason", "outcome", "kind")
SLOW_MS = 5000.0
LOOKED_THROUGH = 5000
"""Requests that a filter looks through at most."""


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
    _show(found, MODEL_COLUMNS, as_json=as_json, empty="no models")


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
    _show(found, REQUEST_COLUMNS, as_json=as_json, empty="no requests")


def _filtered(source: Source, words: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that match, of the newest that could."""
    meant = RequestFilter(words)
    if meant.fault:
        raise click.UsageError(f"{plain(meant.fault)} is no regular expression")
    if not meant:
        return _asked(source, "requests", **wanted)
    asked, rest = meant.for_store()
    if any(wanted.get(name, value) != value for name, value in asked.items()):
        return []
    found = source.query("requests", **{**asked, **wanted, "last": LOOKED_THROUGH})
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
    found = _asked(look(instance, chosen.config), "explain", id=request_id)
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
    _explain_mark(trace["attempts"])
    for said in ("prompt", "answer"):
        if trace.get(said):
            click.echo(f"\n{said}: {plain(trace[said], 4000)}")
    return 0


@click.command()
@ranged
@looking
@click.pass_obj
def errors(chosen: Chosen, /, instance: str | None, *, as_json: bool, **wanted: float | None) -> None:
    """Count the failed calls of the last hour, by model and trigger."""
    _query(chosen, instance, "errors", as_json=as_json, empty="no call failed in that time", **wanted)


@click.command()
@ranged
@looking
@click.pass_obj
def slow(chosen: Chosen, /, instance: str | None, *, as_json: bool, **wanted: float | None) -> None:
    """Show time by model in the last hour, the slowest first."""
    _query(chosen, instance, "slow", as_json=as_json, empty="no answers in that time", **wanted)


@click.command()
@click.option("--chain", metavar="C", help="Only this chain.")
@click.option("--days", type=click.IntRange(min=1), default=7, show_default=True, metavar="N", help="How far back.")
@ranged
@looking
@click.pass_obj
def history(chosen: Chosen, /, instance: str | None, *, as_json: bool, **wanted: Any) -> None:
    """Show the figures of past days."""
    wanted = {name: value for name, value in wanted.items() if value is not None}
    found = _asked(look(instance, chosen.config), "history", **wanted)
    _show(found, HISTORY_COLUMNS, as_json=as_json, empty="nothing is kept of those days")


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


@click.command()
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="How many.")
@ranged
@looking
@click.pass_obj
def journal(chosen: Chosen, /, instance: str | None, *, as_json: bool, **wanted: Any) -> None:
    """List what operators did, newest first: who, when, why, before and after."""
    found = _asked(look(instance, chosen.config), "journal", **wanted)
    _show(found, JOURNAL_COLUMNS, as_json=as_json, empty="nobody did anything then")


@click.command()
@click.option("--hours", type=FiniteRange(min=0.1), default=24, show_default=True, metavar="N", help="How far back.")
@ranged
@looking
@click.pass_obj
def callers(chosen: Chosen, /, instance: str | None, *, hours: float, as_json: bool, **wanted: float | None) -> None:
    """Show who asks: how much, how much failed or fell back, and what it cost."""
    found = _asked(look(instance, chosen.config), "figures", by="caller", **_range(hours, wanted))
    _show(found, CALLER_COLUMNS, as_json=as_json, empty="nobody asked in that time")


@click.command()
@click.option("--by", type=click.Choice(BY), default="model", show_default=True, help="By whom or what.")
@click.option("--chain", metavar="C", help="Only this chain: the arms of a test side by side.")
@click.option("--hours", type=FiniteRange(min=0.1), default=24, show_default=True, metavar="N", help="How far back.")
@ranged
@looking
@click.pass_obj
def cost(
    chosen: Chosen,
    /,
    instance: str | None,
    *,
    by: str,
    chain: str | None,
    hours: float,
    as_json: bool,
    **wanted: float | None,
) -> None:
    """Show what each model, chain, caller, session or hour cost, or each kind of fallback or outcome."""
    found = _asked(look(instance, chosen.config), "figures", by=by, chain=chain, **_range(hours, wanted))
    if by == "hour" and not as_json:
        found = [{**row, "name": printing.clock_time(row["name"])} for row in found]
    counted = "calls" if by in {"model", "outcome"} else "requests"
    fares: tuple[Column, ...] = (("ok", "ok"), ("failed", "failed"), ("p95_ms", "p95"))
    columns = (("name", by), ("cost_usd", "cost"), (counted, counted), *fares, *TOKEN_COLUMNS)
    _show(found, columns, as_json=as_json, empty="nothing was called in that time")


def _range(hours: float, wanted: Mapping[str, float | None]) -> dict[str, float | None]:
    """From `--since` on; else so many hours back."""
    since = wanted["since"]
    return {"since": time.time() - hours * 3600 if since is None else since, "until": wanted["until"]}


def _asked(source: Source, view: str, **wanted: Any) -> list[dict[str, Any]]:
    """A view of the past; nothing is found in a store that cannot be read, and then that is said."""
    found = source.query(view, **wanted)
    if not found:
        for situation in source.snapshot().situations:
            if situation.code == "store":
                say(plain(situation.text, 1000))
    return found


def _query(chosen: Chosen, instance: str | None, view: str, *, as_json: bool, empty: str, **wanted: Any) -> None:
    found = _asked(look(instance, chosen.config), view, **wanted)
    columns = [(name, name.removesuffix("_ms").removesuffix("_usd").replace("_", " ")) for name in (found or [{}])[0]]
    _show(found, columns, as_json=as_json, empty=empty)


def _show(found: list[dict[str, Any]], columns: Any, *, as_json: bool, empty: str) -> None:
    if as_json:
        printing.print_json(found)
    else:
        printing.print_table(found, columns, empty=empty)
        _explain_mark(found)


def _explain_mark(found: list[dict[str, Any]]) -> None:
    if any(row.get("estimated") or row.get("estimated_usd") for row in found):
        click.echo(f"\n{printing.ESTIMATED} in part or whole a guess: a provider did not say what was used", err=True)
