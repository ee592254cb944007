"""Lists of requests: recent fallbacks (who was meant, who answered, why) and recent requests of every kind.

Widths follow the window and the configured names, never the rows that happen to be there: columns must not jump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hotspare.router.snapshot import ModelView, RequestRow
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, Span, cut_middle, pad, pad_left
from hotspare.widgets.row_list import Row

ROOMY = 100
FORMATTED_ROWS = 512
"""A finished request never changes, so its line is made once for each width and not four times a second."""
SMALL = 64
REQUEST_CELLS = 97
"""What the columns of a list of requests take besides the names and the evidence."""
VERDICTS: dict[str, tuple[str, Role]] = {
    "answered": ("good", "ok"),
    "failed": ("bad", "bad"),
    "caller_fault": ("idle", "dim"),
    "caller_left": ("idle", "dim"),
}


def title_line(title: str, filter_text: str, shown: int, total: int, glyphs: Glyphs) -> Line:
    """The list's name, and the filter in force as a chip."""
    line: Line = ((f" {title}", "dim"),)
    if filter_text.split():
        chip: Line = (("  ", "text"), (f" / {glyphs.clean(filter_text.strip(), 40)} ", "badge"))
        line = (*line, *chip, (f"  {shown} of {total}, esc clears", "dim"))
    return line


@dataclass(frozen=True, slots=True)
class Widths:
    """The cells of each column; 0 leaves one out."""

    name: int
    reason: int
    evidence: int
    caller: int
    rest: int
    """For the evidence in a list of requests; 0: that list has its narrow form."""

    @classmethod
    def choose(cls, models: Sequence[ModelView], width: int, glyphs: Glyphs) -> "Widths":
        """The columns of a list of fallbacks in `width` cells."""
        longest = max((len(glyphs.clean(model.name, 80)) for model in models), default=6)
        caller = 0 if width < SMALL else 9 if width < ROOMY else 16
        reason = 12 if width < ROOMY else 14
        fixed = 1 + 8 + 2 + 3 + 2 + reason + 1 + 7 + (2 + caller if caller else 0)
        name = max(5, min(longest, 24, (width - fixed - (18 if width >= SMALL else 0)) // 2))
        evidence = width - fixed - 2 * name - 1
        rest = width - REQUEST_CELLS - 2 * name
        return cls(name, reason, evidence if evidence >= 12 else 0, caller, rest if rest >= 12 else 0)


def fallback_rows(rows: Sequence[RequestRow], models: Sequence[ModelView], width: int, glyphs: Glyphs) -> list[Row]:
    """`02:41:05  claude ▸ gpt-5   cooling      skipped, 40 s left    1.6 s  shop-api`."""
    widths = Widths.choose(models, width, glyphs)
    return [Row(_fallback(row, widths, glyphs), row.id) for row in rows]


@lru_cache(FORMATTED_ROWS)
def _fallback(row: RequestRow, widths: Widths, glyphs: Glyphs) -> Line:
    spans: list[Span] = [(" ", "text"), (f"{figures.clock(row.at)}  ", "dim")]
    spans.extend(_route(row, widths.name, glyphs))
    spans.append(("  ", "text"))
    spans.append((f"{pad(glyphs.clean(row.reason, 40), widths.reason, glyphs.more)} ", "warn"))
    if widths.evidence:
        spans.append((pad(glyphs.clean(row.evidence, 120), widths.evidence, glyphs.more), "text"))
    spans.append((pad_left(figures.seconds(row.duration_ms), 7), "text"))
    if widths.caller:
        spans.append((f"  {pad(glyphs.clean(row.caller, 80), widths.caller, glyphs.more)}", "dim"))
    return tuple(spans)


def _route(row: RequestRow, name: int, glyphs: Glyphs) -> Line:
    served = glyphs.clean(row.model or "nobody", 80)
    return (
        (pad(cut_middle(glyphs.clean(row.meant, 80), name, glyphs.more), name), "text"),
        (f" {glyphs.step} ", "dim"),
        (pad(cut_middle(served, name, glyphs.more), name), "strong" if row.model else "bad"),
    )


def request_head(models: Sequence[ModelView], width: int, glyphs: Glyphs) -> Line:
    """The names of the columns of a list of requests."""
    widths = Widths.choose(models, width, glyphs)
    text = f" {pad('time', 10)}  {pad('model', widths.name)}  {pad('meant', widths.name, glyphs.more)}  "
    if not widths.rest:
        text += f"{pad('reason', widths.reason)}{pad_left('took', 7)}"
        return ((f"{text}  {'caller' if widths.caller else ''}".rstrip(), "dim"),)
    text += (
        f"{pad('reason', widths.reason)} {pad('evidence', widths.rest)} {pad_left('status', 6)}{pad_left('tries', 6)}"
    )
    text += f"{pad_left('tokens', 14)}{pad_left('cost', 10)}{pad_left('took', 9)}  caller"
    return ((text, "dim"),)


def request_rows(rows: Sequence[RequestRow], models: Sequence[ModelView], width: int, glyphs: Glyphs) -> list[Row]:
    """Every request: when, whether it was answered, by whom, why not by the first, how much, how long, for whom."""
    widths = Widths.choose(models, width, glyphs)
    return [Row(_request(row, widths, glyphs), row.id) for row in rows]


@lru_cache(FORMATTED_ROWS)
def _request(row: RequestRow, widths: Widths, glyphs: Glyphs) -> Line:
    name, role = VERDICTS.get(row.verdict, ("idle", "dim"))
    if row.verdict == "answered" and row.fallback:
        name, role = "step", "warn"
    spans: list[Span] = [(" ", "text"), (f"{figures.clock(row.at)} ", "dim"), (getattr(glyphs, name), role)]
    served = cut_middle(glyphs.clean(row.model or "nobody", 80), widths.name, glyphs.more)
    spans.append((f"  {pad(served, widths.name)}", "strong" if row.model else "bad"))
    instead = cut_middle(glyphs.clean(row.meant, 80), widths.name, glyphs.more) if row.model != row.meant else ""
    spans.append((f"  {pad(instead, widths.name)}", "dim"))
    spans.append((f"  {pad(glyphs.clean(row.reason, 40), widths.reason, glyphs.more)}", role))
    spans.extend(_roomy(row, widths, glyphs) if widths.rest else _tight(row))
    if widths.caller:
        spans.append((f"  {pad(_caller(row, glyphs), widths.caller, glyphs.more)}", "dim"))
    return tuple(spans)


def _roomy(row: RequestRow, widths: Widths, glyphs: Glyphs) -> list[Span]:
    tokens = f"{figures.count(row.input_tokens)} {glyphs.step} {figures.count(row.output_tokens)}"
    cost = figures.known_usd(row.cost_pico_usd, unpriced=row.unpriced, estimated=row.estimated)
    return [
        (f" {pad(glyphs.clean(row.evidence, 160), widths.rest, glyphs.more)} ", "text"),
        (pad_left(str(row.status), 6), "text" if row.status < 400 else "bad"),
        (pad_left(str(row.attempts), 6), "dim"),
        (pad_left(tokens, 14), "dim"),
        (pad_left(cost, 10), "text"),
        (pad_left(figures.seconds(row.duration_ms), 9), "text"),
    ]


def _tight(row: RequestRow) -> list[Span]:
    return [(pad_left(figures.seconds(row.duration_ms), 7), "text")]


def _caller(row: RequestRow, glyphs: Glyphs) -> str:
    return glyphs.clean(row.caller if row.kind == "traffic" else f"{row.caller} ({row.kind})", 80)
