"""The list of recent fallbacks: who was meant, who answered, why; and what a list's title says of its filter.

Widths follow the window and the configured names, never the rows that happen to be there: columns must not jump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hotspare.router.snapshot import ModelView, RequestRow
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span, cut_middle, pad, pad_left
from hotspare.widgets.row_list import Row

ROOMY = 100
FORMATTED_ROWS = 512
"""A finished request never changes, so its line is made once for each width and not four times a second."""
SMALL = 64
USUAL_EVIDENCE = 20
"""As "429, Retry-After 42"; what is left goes to the caller's name first."""


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

    @classmethod
    def choose(cls, models: Sequence[ModelView], width: int, glyphs: Glyphs) -> "Widths":
        """The columns of a list of fallbacks in `width` cells."""
        longest = max((len(glyphs.clean(model.name, 80)) for model in models), default=6)
        caller = 0 if width < SMALL else 9 if width < ROOMY else 16
        reason = 12 if width < ROOMY else 14
        fixed = 1 + 8 + 2 + 3 + 2 + reason + 1 + 7 + (2 + caller if caller else 0)
        name = max(5, min(longest, 24, (width - fixed - (18 if width >= SMALL else 0)) // 2))
        evidence = width - fixed - 2 * name - 1
        spare = min(4, max(0, evidence - USUAL_EVIDENCE)) if 0 < caller < 13 else 0
        evidence, caller = evidence - spare, caller + spare
        return cls(name, reason, evidence if evidence >= 12 else 0, caller)


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
