"""Rows of the past as tables: errors by type and model, slow models, callers, and what anything came to in money."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, Span
from hotspare.widgets.row_list import Row
from hotspare.widgets.table import Column, Table

Past: TypeAlias = Sequence[Mapping[str, Any]]
Cell: TypeAlias = Callable[[Mapping[str, Any], "Whole", Glyphs], Span]

BAR_CELLS = 20


@dataclass(frozen=True, slots=True)
class Whole:
    """What all rows together come to, for shares and bars."""

    count: float
    cost_usd: float
    most_usd: float


@dataclass(frozen=True, slots=True)
class Field:
    """A column and how its cell is written."""

    column: Column
    cell: Cell


def text(name: str, role: Role = "text") -> Cell:
    """Foreign words."""

    def cell(row: Mapping[str, Any], _: Whole, glyphs: Glyphs) -> Span:
        value = row.get(name)
        return (glyphs.clean(str(value), 120), role) if value not in {None, ""} else ("(none)", "dim")

    return cell


def number(name: str, *, bad: bool = False) -> Cell:
    """A count; `bad`: one that should be nothing."""

    def cell(row: Mapping[str, Any], _: Whole, __: Glyphs) -> Span:
        value = row.get(name)
        if value is None:
            return figures.UNKNOWN, "dim"
        return figures.count(int(value)), "bad" if bad and value else "text" if value else "dim"

    return cell


def time(name: str) -> Cell:
    """A duration."""
    return lambda row, _, __: (figures.seconds(row.get(name)), "text")


def clock(name: str) -> Cell:
    """A time of day."""
    return lambda row, _, __: (figures.clock(row[name]) if row.get(name) else figures.UNKNOWN, "dim")


def share(part: str, whole: str, role: Role = "text") -> Cell:
    """One field of another."""

    def cell(row: Mapping[str, Any], _: Whole, __: Glyphs) -> Span:
        return figures.percent(row[part] / row[whole] if row.get(whole) else None), role

    return cell


def money(row: Mapping[str, Any], _: Whole, __: Glyphs) -> Span:
    """Its cost; "no price" where nothing of it is known."""
    cost = row.get("cost_usd")
    unpriced = row.get("unpriced_requests") or row.get("unpriced_calls") or 0
    if cost is None:
        return "no price", "warn"
    told = figures.known_usd(figures.pico_of(cost), unpriced=bool(unpriced), estimated=bool(row.get("estimated_usd")))
    return told, "strong" if cost else "dim"


def money_each(row: Mapping[str, Any], _: Whole, __: Glyphs) -> Span:
    """Its cost a request, or a call."""
    each = row.get("calls") or row.get("requests")
    cost = row.get("cost_usd")
    return (figures.usd(figures.pico_of(cost / each)) if cost is not None and each else figures.UNKNOWN), "text"


def money_share(row: Mapping[str, Any], whole: Whole, _: Glyphs) -> Span:
    """Its part of the sum."""
    cost = row.get("cost_usd")
    return figures.share(cost / whole.cost_usd) if cost and whole.cost_usd else figures.UNKNOWN, "text"


def money_bar(row: Mapping[str, Any], whole: Whole, glyphs: Glyphs) -> Span:
    """Its cost beside the dearest."""
    cost = row.get("cost_usd") or 0.0
    cells = round(cost / whole.most_usd * BAR_CELLS) if whole.most_usd else 0
    return (glyphs.talking * max(cells, 1) if cost else ""), "accent"


def count_share(row: Mapping[str, Any], whole: Whole, _: Glyphs) -> Span:
    """Its part of the count."""
    return figures.share(row["count"] / whole.count) if whole.count else figures.UNKNOWN, "text"


def past_rows(
    rows: Past, fields: Sequence[Field], key: Callable[[Mapping[str, Any]], str], width: int, glyphs: Glyphs
) -> tuple[Line, list[Row]]:
    """The head and the rows of a table of the past."""
    table = Table.choose([field.column for field in fields], width)
    costs = [row.get("cost_usd") or 0.0 for row in rows]
    whole = Whole(sum(row.get("count") or 0 for row in rows), sum(costs), max(costs, default=0.0))
    lines = [Row(table.line([field.cell(row, whole, glyphs) for field in fields], glyphs), key(row)) for row in rows]
    return table.head(glyphs), lines


ERRORS: tuple[Field, ...] = (
    Field(Column("type", 14, grow=True, most=20), text("trigger", "bad")),
    Field(Column("model", 10, grow=True, most=28, middle=True), text("model", "strong")),
    Field(Column("calls", 7, right=True), number("count")),
    Field(Column("share", 6, rank=2, right=True), count_share),
    Field(Column("last (UTC)", 10, rank=3, right=True), clock("last_at")),
    Field(Column("meaning", 24, rank=4, grow=True, weight=5), text("meaning", "dim")),
)
SLOW: tuple[Field, ...] = (
    Field(Column("model", 12, grow=True, most=40, middle=True), text("model", "strong")),
    Field(Column("answers", 8, right=True), number("count")),
    Field(Column("mean", 8, right=True), time("mean_ms")),
    Field(Column("median", 8, rank=2, right=True), time("p50_ms")),
    Field(Column("p95", 8, rank=1, right=True), time("p95_ms")),
)
CALLERS: tuple[Field, ...] = (
    Field(Column("caller", 10, grow=True, most=40), text("name", "strong")),
    Field(Column("requests", 8, right=True), number("requests")),
    Field(Column("ok", 7, right=True), share("ok", "requests")),
    Field(Column("failed", 7, rank=1, right=True), number("failed", bad=True)),
    Field(Column("fallback", 8, rank=2, right=True), share("fallback", "requests")),
    Field(Column("mean", 7, rank=5, right=True), time("mean_ms")),
    Field(Column("p95", 7, rank=4, right=True), time("p95_ms")),
    Field(Column("in", 9, rank=7, right=True), number("input_tokens")),
    Field(Column("out", 9, rank=6, right=True), number("output_tokens")),
    Field(Column("cost", 10, rank=3, right=True), money),
)


def costs(name: str, counted: str) -> tuple[Field, ...]:
    """The columns of what something came to; `counted`: requests or calls."""
    return (
        Field(Column(name, 10, grow=True, most=40, middle=True), text("shown", "strong")),
        Field(Column("cost", 10, right=True), money),
        Field(Column("share", 6, rank=2, right=True), money_share),
        Field(Column("", BAR_CELLS, rank=6), money_bar),
        Field(Column(counted, 8, rank=1, right=True), number(counted)),
        Field(Column("each", 9, rank=3, right=True), money_each),
        Field(Column("tokens in", 10, rank=5, right=True), number("input_tokens")),
        Field(Column("out", 9, rank=4, right=True), number("output_tokens")),
        Field(Column("failed", 7, rank=7, right=True), number("failed", bad=True)),
    )
