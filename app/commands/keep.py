"""The commands about what is kept on disk: where the store and the log are, and what is done to the store by hand.

Those that take their time say on standard error how far they are, and can be stopped at any moment.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hotspare.app import instance as instances
from hotspare.app import printing
from hotspare.app.options import Chosen, FiniteRange, looking
from hotspare.app.printing import Column
from hotspare.app.reach import named

RECOVERED_COLUMNS: tuple[Column, ...] = (
    ("file", "set aside"), ("brought_back", "requests brought back"), ("unreadable", "rows that cannot be read"),
)  # fmt: skip


@click.group()
def store() -> None:
    """Look after the database."""


@click.group()
def logs() -> None:
    """Look after the log."""


@store.command("path")
@looking
@click.pass_obj
def store_path(chosen: Chosen, instance: str | None, *, as_json: bool) -> None:
    """Print where the database is."""
    _print(_note(chosen.config, instance).store, as_json=as_json)


@store.command()
@looking
@click.pass_obj
def stats(chosen: Chosen, instance: str | None, *, as_json: bool) -> None:
    """Say how much is kept, since when, and how large it is."""
    from hotspare.store import upkeep  # noqa: PLC0415 - the database only where it is wanted

    found = upkeep.stats(_path(chosen, instance))
    if as_json:
        printing.print_json(found)
    else:
        printing.print_pairs(found.items())


@store.command()
@click.option(
    "--requests", type=click.IntRange(min=1), default=100_000, show_default=True, metavar="N", help="How many."
)
@click.option(
    "--days", type=click.IntRange(min=1), default=30, show_default=True, metavar="D", help="Over how many days."
)
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FILE", help="Not the instance's own store, but this file."
)
@looking
@click.pass_obj
def generate(chosen: Chosen, instance: str | None, requests: int, days: int, to: Path | None, *, as_json: bool) -> None:
    """Make up a store: N requests over the last D days, to see how large and how quick it gets.

    It replaces nothing: there must be no file of that name yet.
    """
    from hotspare.store.generating import generate as generated  # noqa: PLC0415 - the database only where it is wanted

    path, began = to or _path(chosen, instance), time.monotonic()
    progress = _Progress("requests", requests)
    try:
        for made in generated(path, requests, days, time.time()):
            progress.at(made)
    finally:
        progress.end()
    seconds = time.monotonic() - began
    _tell({"path": str(path), "requests": requests, "days": days, "seconds": round(seconds, 1)}, as_json=as_json)


@store.command()
@click.argument("target", type=click.Path(path_type=Path), required=False)
@looking
@click.pass_obj
def backup(chosen: Chosen, instance: str | None, target: Path | None, *, as_json: bool) -> None:
    """Copy the store as it is now to TARGET, else beside it; an instance that runs is not held up."""
    from hotspare.store import upkeep  # noqa: PLC0415 - the database only where it is wanted

    path = _path(chosen, instance)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    target = target or path.with_name(f"{path.name}.backup-{stamp}")
    size = _with_progress("copying", lambda progress: upkeep.back_up(path, target, progress))
    _tell({"path": str(target), "size_bytes": size}, as_json=as_json)


@store.command()
@looking
@click.pass_obj
def verify(chosen: Chosen, instance: str | None, *, as_json: bool) -> int:
    """Check that the file is whole and that every sum is the sum of its rows; the exit code is 1 where it is not."""
    from hotspare.store import upkeep  # noqa: PLC0415 - the database only where it is wanted

    path = _path(chosen, instance)
    found = _with_progress("checking", lambda progress: upkeep.verify(path, progress))
    if as_json:
        printing.print_json({"path": str(path), "ok": not found, "found": found})
    else:
        for sentence in found or ["all is well"]:
            click.echo(sentence)
    return 1 if found else 0


@store.command()
@looking
@click.pass_obj
def recover(chosen: Chosen, instance: str | None, *, as_json: bool) -> int:
    """Bring back what can be read of damaged files that were set aside; the exit code is 1 where some cannot."""
    from hotspare.store import recovering  # noqa: PLC0415 - the database only where it is wanted

    path = _path(chosen, instance)
    progress = _Progress("requests")
    try:
        found = asyncio.run(recovering.recover(path, progress.at))
    finally:
        progress.end()
    rows = [asdict(each) for each in found]
    if as_json:
        printing.print_json(rows)
    else:
        printing.print_table(rows, RECOVERED_COLUMNS, empty="")
    for each in found:
        if each.unreadable:
            click.echo(f"\nof {each.file}, `sqlite3 {each.file} .recover` may read more", err=True)
    return 1 if any(each.unreadable for each in found) else 0


@store.command()
@looking
@click.pass_obj
def vacuum(chosen: Chosen, instance: str | None, *, as_json: bool) -> None:
    """Give back the room that deleted rows took. An instance that runs keeps its Records in the spool meanwhile."""
    from hotspare.store import upkeep  # noqa: PLC0415 - the database only where it is wanted

    path = _path(chosen, instance)
    before, after = _with_progress("tidying", lambda progress: upkeep.vacuum(path, progress))
    _tell({"path": str(path), "before_bytes": before, "after_bytes": after}, as_json=as_json)


@store.command()
@click.option("--days", type=FiniteRange(min=0, min_open=True), metavar="D", help="Only the last D days.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV, one line a request; else JSON lines, with the attempts.")
@looking
@click.pass_obj
def export(chosen: Chosen, instance: str | None, days: float | None, *, as_csv: bool, as_json: bool) -> None:
    """Print all requests, oldest first. No prompts, no answers, no keys."""
    del as_json  # it is JSON anyway
    from hotspare.store import upkeep  # noqa: PLC0415 - the database only where it is wanted

    since = 0.0 if days is None else time.time() - days * 86_400
    progress = _Progress("requests", silent=sys.stdout.isatty())
    try:
        for done, line in enumerate(upkeep.export(_path(chosen, instance), since, as_csv=as_csv), 1):
            click.echo(line)
            progress.at(done)
    finally:
        progress.end()


@logs.command("path")
@looking
@click.pass_obj
def logs_path(chosen: Chosen, instance: str | None, *, as_json: bool) -> None:
    """Print where the log is: JSON lines, one a decision."""
    _print(_note(chosen.config, instance).log, as_json=as_json)


def _print(path: str, *, as_json: bool) -> None:
    if as_json:
        printing.print_json({"path": path})
    else:
        click.echo(path)


def _note(config: Path | None, name: str | None) -> instances.Note:
    """The instance that is meant: the one that runs, else the one of the configuration."""
    try:
        return instances.find(named(name, config))
    except instances.NothingRuns as nothing:
        from hotspare.app.past import note_of  # noqa: PLC0415 - reads a configuration, only where nothing can be asked

        return note_of(name, config, nothing)


def _path(chosen: Chosen, instance: str | None) -> Path:
    return Path(_note(chosen.config, instance).store)


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        printing.print_json(found)
    else:
        printing.print_pairs(found.items())


class _Progress:
    """A line on standard error that says how far it is, where that is a terminal; at most five times a second. It is
    silent where the same terminal shows the output.
    """

    def __init__(self, what: str, total: int = 0, *, silent: bool = False) -> None:
        self._what = what
        self._total = total
        self._began = time.monotonic()
        self._shown_at = self._began
        self._shows = sys.stderr.isatty() and not silent

    def at(self, done: int = 0) -> None:
        now = time.monotonic()
        if self._shows and now - self._shown_at > 0.2:
            self._shown_at = now
            of = f" of {self._total:,}" if self._total else ""
            place = f"{done:,}{of} {self._what}" if done or of else self._what
            click.echo(f"\r{place}, {now - self._began:.0f} s ", err=True, nl=False)

    def end(self) -> None:
        """The line goes away."""
        if self._shows:
            click.echo("\r\x1b[K", err=True, nl=False)


def _with_progress(what: str, work: Callable[[Callable[[], None]], Any]) -> Any:
    progress = _Progress(what)
    try:
        return work(progress.at)
    finally:
        progress.end()
