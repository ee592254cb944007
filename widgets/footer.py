"""The last two lines: what was done last, and which keys do what. Keys that cannot act now are dimmed, never hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotspare.router.snapshot import Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span, spread, width_of


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and its word; `rank` 0 is never dropped, higher ranks go first where room is short."""

    key: str
    word: str
    rank: int = 1
    enabled: bool = True
    action: str = ""


NOTHING_YET = " nobody has changed anything yet"
DEMO_BANNERS = (
    " demo: simulated models and callers; nothing leaves this machine",
    " demo: nothing leaves this machine",
)
"""The widest that fits is shown, while nobody has acted."""


_UNDO: Line = (("u", "key"), (" undoes ", "dim"))
_TAKES_BACK: Mapping[str, Line] = {
    "undo": (("U", "key"), (" redoes ", "dim")),
    "clear": (),
    "expired": (),
    "reload": (),
}
"""The key that takes back what was done last; () where none does."""


def last_act_line(snapshot: Snapshot, width: int, glyphs: Glyphs, before: Line = ()) -> Line:
    """The latest act in a sentence, and that it can be taken back; in a demo, before that, that it is one.

    Args:
        snapshot: what is shown.
        width: cells.
        glyphs: the signs.
        before: told at the right where there is room, while nobody has acted.
    """
    if not snapshot.last_act or snapshot.last_act_at is None:
        line = _before_any_act(snapshot, width)
        return spread(line, before, width, glyphs.more) if width_of(line) + width_of(before) < width else line
    left: Line = ((f" {figures.minute(snapshot.last_act_at)} ", "dim"), (glyphs.clean(snapshot.last_act, 300), "text"))
    return spread(left, _TAKES_BACK.get(snapshot.last_act_kind, _UNDO), width, glyphs.more)


def _before_any_act(snapshot: Snapshot, width: int) -> Line:
    if snapshot.instance.demo:
        return ((next((text for text in DEMO_BANNERS if len(text) <= width), DEMO_BANNERS[-1]), "accent"),)
    return ((NOTHING_YET, "dim"),)


def kept_hints(hints: Sequence[Hint], width: int) -> list[Hint]:
    """The hints that fit, in their order."""
    kept = list(hints)
    while kept and _cells(kept) > width:
        highest = max(hint.rank for hint in kept)
        if highest == 0:
            break
        last = max(place for place, hint in enumerate(kept) if hint.rank == highest)
        del kept[last]
    return kept


def hints_line(hints: Sequence[Hint], width: int) -> Line:
    """` f force  d disable  …  ? help  q quit`."""
    spans: list[Span] = []
    for hint in kept_hints(hints, width):
        spans.append((" " if not spans else "  ", "text"))
        spans.append((hint.key, "key" if hint.enabled else "off"))
        spans.append((f" {hint.word}", "text" if hint.enabled else "off"))
    return tuple(spans)


def action_at(hints: Sequence[Hint], width: int, x: int) -> str:
    """The action of the hint at cell `x`, "" between two."""
    place = 1
    for hint in kept_hints(hints, width):
        size = len(hint.key) + 1 + len(hint.word)
        if place <= x < place + size:
            return hint.action
        place += size + 2
    return ""


def _cells(hints: Sequence[Hint]) -> int:
    return sum(len(hint.key) + 1 + len(hint.word) for hint in hints) + 2 * (len(hints) - 1) + 1
