"""What is going on, in words, worst first, each with the key that helps. Read before any figure is looked at."""

from collections.abc import Sequence

from hotspare.router.snapshot import SituationView
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, cut, spread, width_of, wrap

SIGNS: dict[str, tuple[str, Role]] = {
    "ok": ("ok", "ok"),
    "note": ("forced", "accent"),
    "warning": ("limited", "warn"),
    "critical": ("broken", "bad"),
}

SHORT_KEYS = 56
"""Below this width a key stands without its words: the sentence needs the room."""

CALM = SituationView(code="calm", severity="ok", text="All is well.")


def situation_lines(situations: Sequence[SituationView], width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """As many situations as fit into `height` lines; the worst may take all of them.

    The last line says how many more there are.
    """
    lines: list[Line] = []
    told = situations or (CALM,)
    for place, situation in enumerate(told):
        room = height - len(lines)
        if room <= 0:
            break
        more = len(told) - place - 1
        lines.extend(_one(situation, width, room, glyphs, more))
    return lines


def _one(situation: SituationView, width: int, room: int, glyphs: Glyphs, more: int) -> list[Line]:
    name, role = SIGNS[situation.severity]
    right = _right(situation, glyphs, short=width < SHORT_KEYS)
    texts = wrap(glyphs.clean(situation.text, 400), width - 4, width_of(right) + 2 if right else 0)
    dropped = len(texts) > room
    if dropped or (more and len(texts) == room):
        right = (*right, *_more(more))
    texts = texts[:room]
    if dropped:
        texts[-1] = cut(texts[-1] + glyphs.more, width - 4 - width_of(right), glyphs.more)
    body: Role = "strong" if situation.severity == "critical" else "text"
    lines: list[Line] = []
    for place, text in enumerate(texts):
        sign = getattr(glyphs, name) if place == 0 else " "
        line: Line = ((f" {sign} ", role), (text, body))
        lines.append(spread(line, right, width, glyphs.more) if place == len(texts) - 1 else line)
    return lines


def _right(situation: SituationView, glyphs: Glyphs, *, short: bool) -> Line:
    if not situation.key:
        return ()
    if short:
        return ((f"[{glyphs.clean(situation.key, 9)}] ", "key"),)
    return ((f"[{glyphs.clean(situation.key, 9)}]", "key"), (f" {glyphs.clean(situation.key_text, 40)} ", "text"))


def _more(more: int) -> Line:
    return ((" i", "key"), (f" +{more} more ", "dim")) if more else ()
