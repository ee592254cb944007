"""All that is going on, at length: every situation with since when and which key helps, then what else was decided."""

from collections.abc import Sequence

from hotspare.router.snapshot import DecisionView, SituationView, Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, wrap
from hotspare.widgets.situation import CALM, SIGNS


def going_on_lines(snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Line]:
    """The worst first; then the standing decisions with their ends."""
    lines: list[Line] = []
    for situation in snapshot.situations or (CALM,):
        lines.extend((*_situation(situation, width, glyphs), ()))
    others = untold(snapshot)
    if others:
        lines.append(((" also decided", "title"),))
    for decision in others:
        lines.extend(_told(glyphs.forced, "accent", decision_words(decision), width, glyphs))
    return lines


def untold(snapshot: Snapshot) -> list[DecisionView]:
    """The decisions of which no situation tells."""
    told = {(situation.code, situation.subject) for situation in snapshot.situations}
    return [one for one in snapshot.decisions if (f"ordered_{one.kind}", one.subject) not in told]


def decision_words(decision: DecisionView) -> str:
    """What stands, by whom, since when, why, and until when."""
    left = figures.left(decision.seconds_left)
    why = f', "{decision.why}"' if decision.why else ""
    durable = "" if decision.durable else "; not durable, the journal could not be written"
    ends = f"{left} left" if left else "until lifted"
    return f"{decision.text}, by {decision.who} at {figures.minute(decision.at)} UTC{why}, {ends}{durable}"


def _situation(situation: SituationView, width: int, glyphs: Glyphs) -> Sequence[Line]:
    name, role = SIGNS[situation.severity]
    lines = _told(getattr(glyphs, name), role, situation.text, width, glyphs)
    at = situation.since
    facts = [] if at is None else [f"since {figures.day(at)}, {figures.clock(at)} UTC"]
    if situation.key:
        facts.append(f"{situation.key} {situation.key_text}")
    return (*lines, ((f"   {glyphs.clean('; '.join(facts))}", "dim"),)) if facts else lines


def _told(sign: str, role: Role, text: str, width: int, glyphs: Glyphs) -> list[Line]:
    rows = wrap(glyphs.clean(text, 1000), max(20, width - 5))
    return [((f" {' ' if place else sign} ", role), (row, "text")) for place, row in enumerate(rows)]
