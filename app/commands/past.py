"""The commands that look back: sums over requests and calls of a time, and what operators did. They change nothing."""

import time
from collections.abc import Mapping
from typing import Any

import click

from hotspare.app import printing
from hotspare.app.options import Chosen, FiniteRange, looking, ranged
from hotspare.app.printing import Column
from hotspare.app.reach import asked, look

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
@click.option("--hours", type=FiniteRange(min=0.1), default=24, show_default=True, metavar="N", help="How far back.")
@ranged
@looking
@click.pass_obj
def callers(chosen: Chosen, /, instance: str | None, *, hours: float, as_json: bool, **wanted: float | None) -> None:
    """Show who asks: how much, how much failed or fell back, and what it cost."""
    found = asked(look(instance, chosen.config), "figures", by="caller", **_range(hours, wanted))
    printing.show(found, CALLER_COLUMNS, as_json=as_json, empty="nobody asked in that time")


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
    found = asked(look(instance, chosen.config), "figures", by=by, chain=chain, **_range(hours, wanted))
    if by == "hour" and not as_json:
        found = [{**row, "name": printing.clock_time(row["name"])} for row in found]
    counted = "calls" if by in {"model", "outcome"} else "requests"
    fares: tuple[Column, ...] = (("ok", "ok"), ("failed", "failed"), ("p95_ms", "p95"))
    columns = (("name", by), ("cost_usd", "cost"), (counted, counted), *fares, *TOKEN_COLUMNS)
    printing.show(found, columns, as_json=as_json, empty="nothing was called in that time")


@click.command()
@click.option("--chain", metavar="C", help="Only this chain.")
@click.option("--days", type=click.IntRange(min=1), default=7, show_default=True, metavar="N", help="How far back.")
@ranged
@looking
@click.pass_obj
def history(chosen: Chosen, /, instance: str | None, *, as_json: bool, **wanted: Any) -> None:
    """Show the figures of past days."""
    wanted = {name: value for name, value in wanted.items() if value is not None}
    found = asked(look(instance, chosen.config), "history", **wanted)
    printing.show(found, HISTORY_COLUMNS, as_json=as_json, empty="nothing is kept of those days")


@click.command()
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="How many.")
@ranged
@looking
@click.pass_obj
def journal(chosen: Chosen, /, instance: str | None, *, as_json: bool, **wanted: Any) -> None:
    """List what operators did, newest first: who, when, why, before and after."""
    found = asked(look(instance, chosen.config), "journal", **wanted)
    printing.show(found, JOURNAL_COLUMNS, as_json=as_json, empty="nobody did anything then")


def _range(hours: float, wanted: Mapping[str, float | None]) -> dict[str, float | None]:
    """From `--since` on; else so many hours back."""
    since = wanted["since"]
    return {"since": time.time() - hours * 3600 if since is None else since, "until": wanted["until"]}


def _query(chosen: Chosen, instance: str | None, view: str, *, as_json: bool, empty: str, **wanted: Any) -> None:
    found = asked(look(instance, chosen.config), view, **wanted)
    columns = [(name, name.removesuffix("_ms").removesuffix("_usd").replace("_", " ")) for name in (found or [{}])[0]]
    printing.show(found, columns, as_json=as_json, empty=empty)
