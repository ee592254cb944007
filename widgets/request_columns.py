"""A list of requests of every kind: as many columns as there is room for."""

from collections.abc import Sequence
from functools import lru_cache

from hotspare.router.snapshot import RequestRow
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line
from hotspare.widgets.row_list import Row
from hotspare.widgets.table import Column, Table

VERDICTS: dict[str, tuple[str, Role]] = {
    "answered": ("good", "ok"),
    "failed": ("bad", "bad"),
    "caller_fault": ("idle", "dim"),
    "caller_left": ("idle", "dim"),
}
FORMATTED_ROWS = 512
"""A finished request never changes, so its line is made once for each width and not four times a second."""

COLUMNS: tuple[Column, ...] = (
    Column("time", 8),
    Column("", 1),
    Column("model", 10, grow=True, most=28, middle=True, weight=2),
    Column("meant", 8, rank=3, grow=True, most=28, middle=True, weight=2),
    Column("reason", 12, rank=1, grow=True, most=14),
    Column("evidence", 24, rank=4, grow=True, most=80, weight=4),
    Column("status", 6, rank=5, right=True),
    Column("calls", 5, rank=8, right=True),
    Column("in", 7, rank=9, right=True),
    Column("out", 6, rank=9, right=True),
    Column("cost", 9, rank=6, right=True),
    Column("took", 7, right=True),
    Column("caller", 11, rank=2, grow=True, most=24, weight=3),
    Column("chain", 8, rank=10, grow=True, most=20),
)
"""What helps at night goes last: who answered instead of whom, and why."""


def request_rows(rows: Sequence[RequestRow], width: int, glyphs: Glyphs) -> tuple[Line, list[Row]]:
    """The head and the rows of a list."""
    table = Table.choose(COLUMNS, width)
    return table.head(glyphs), [Row(request_line(row, table, glyphs), row.id) for row in rows]


@lru_cache(FORMATTED_ROWS)
def request_line(row: RequestRow, table: Table, glyphs: Glyphs) -> Line:
    """When, whether it was answered, by whom, why not by the first, how much, how long, for whom."""
    name, role = VERDICTS.get(row.verdict, ("idle", "dim"))
    if row.verdict == "answered" and row.fallback:
        name, role = "step", "warn"
    instead = glyphs.clean(row.meant, 80) if row.model != row.meant else ""
    caller = row.caller if row.kind == "traffic" else f"{row.caller} ({row.kind})"
    return table.line(
        (
            (figures.clock(row.at), "dim"),
            (getattr(glyphs, name), role),
            (glyphs.clean(row.model or "nobody", 80), "strong" if row.model else "bad"),
            (instead, "dim"),
            (glyphs.clean(row.reason, 40), role),
            (glyphs.clean(row.evidence, 160), "text"),
            (str(row.status), "text" if row.status < 400 else "bad"),
            (str(row.attempts), "dim"),
            (figures.count(row.input_tokens), "dim"),
            (figures.count(row.output_tokens), "dim"),
            (figures.known_usd(row.cost_pico_usd, unpriced=row.unpriced, estimated=row.estimated), "text"),
            (figures.seconds(row.duration_ms), "text"),
            (glyphs.clean(caller, 80), "dim"),
            (glyphs.clean(row.chain, 40), "dim"),
        ),
        glyphs,
    )
