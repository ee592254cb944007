"""Print what a looking command found: JSON for scripts, or plain columns for people. Foreign text is made harmless.

Data goes to standard output and nothing else does. JSON is ASCII, so no control sequence passes in it.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from hotspare.router.words import span
from hotspare.widgets.figures import ESTIMATED
from hotspare.widgets.plain import plain

Column = tuple[str, str]
"""A field's name in the row, and its heading."""


def print_json(value: Any, *, compact: bool = False) -> None:
    """One JSON value; `compact` for one in a line of many."""
    click.echo(json.dumps(value) if compact else json.dumps(value, indent=2))


def show(found: Sequence[dict[str, Any]], columns: Sequence[Column], *, as_json: bool, empty: str) -> None:
    """Rows as JSON, or as a table with what its marks mean."""
    if as_json:
        print_json(found)
    else:
        print_table(found, columns, empty=empty)
        explain_mark(found)


def explain_mark(found: Iterable[Mapping[str, Any]]) -> None:
    """Say what the mark of a guess means, where one was printed."""
    if any(row.get("estimated") or row.get("estimated_usd") for row in found):
        click.echo(f"\n{ESTIMATED} in part or whole a guess: a provider did not say what was used", err=True)


def print_table(rows: Iterable[dict[str, Any]], columns: Sequence[Column], *, empty: str) -> None:
    """Rows in aligned columns, numbers to the right; `empty` is said on standard error when there are none."""
    rows = list(rows)
    cells = [[cell_of(field, row) for field, _ in columns] for row in rows]
    if not cells:
        click.echo(empty, err=True)
        return
    headings = [heading for _, heading in columns]
    widths = [max(len(line[index]) for line in [headings, *cells]) for index in range(len(columns))]
    pads = [str.rjust if _is_quantity(field, rows) else str.ljust for field, _ in columns]
    for line in [headings, *cells]:
        padded = (pad(text, width) for pad, text, width in zip(pads, line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _is_quantity(field: str, rows: Sequence[dict[str, Any]]) -> bool:
    """Whether the column holds numbers that are compared with each other."""
    values = [row[field] for row in rows if row.get(field) is not None]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return bool(values) and numbers and field not in _TIMES


def print_pairs(pairs: Iterable[tuple[str, Any]]) -> None:
    """Names and values, one pair a line."""
    shown = [(name, cell(name, value)) for name, value in pairs]
    width = max((len(name) for name, _ in shown), default=0)
    for name, text in shown:
        click.echo(f"{name.ljust(width)}  {text}")


def cell_of(field: str, row: Mapping[str, Any]) -> str:
    """A field of a row for people; a cost of which some is our guess is marked."""
    guessed = field == "cost_usd" and (row.get("estimated") or row.get("estimated_usd"))
    return ESTIMATED * bool(guessed) + cell(field, row.get(field))


def cell(field: str, value: Any) -> str:
    """A value for people, by its field's unit."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | list | dict):
        return plain(_words(value))
    for ending, write in _BY_UNIT.items():
        if field.endswith(ending):
            return write(float(value))
    return f"{value:,}" if isinstance(value, int) and field not in _NO_QUANTITIES else f"{value:g}"


def _words(value: str | list[Any] | dict[str, Any]) -> str:
    """A decision is its words, "force gpt-5"; what has more to it is JSON."""
    if isinstance(value, str):
        return value
    is_words = isinstance(value, list) and all(isinstance(word, str) for word in value)
    return " ".join(value) if is_words else json.dumps(value)


def clock_time(at: float) -> str:
    """A wall time, in UTC as everywhere."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _usd(value: float) -> str:
    if 0 < value < 0.0001:
        return "<$0.0001"
    return f"${value:.4f}" if 0 < value < 0.1 else f"${value:,.2f}"


def _milliseconds(value: float) -> str:
    return f"{value / 1000:.2f} s" if value >= 100 else f"{value:.0f} ms"


_NO_QUANTITIES = frozenset({"pid", "status", "number"})
_TIMES = frozenset({"at", "when", "until", "last_at"})
_BY_UNIT: Mapping[str, Callable[[float], str]] = {
    "_usd": _usd,
    "_bytes": lambda value: f"{value / 1e6:,.1f} MB",
    "_ms": _milliseconds,
    "seconds_left": span,
    "at": clock_time,
    "when": clock_time,
    "until": clock_time,
    "_rate": lambda value: f"{100 * value:.1f} %",
}


def flush() -> None:
    """Hand on what was printed, for a reader who follows."""
    sys.stdout.flush()
