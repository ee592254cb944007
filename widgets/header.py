"""The first line: where am I, is anything flowing, what time is it. What matters least goes first."""

from dataclasses import dataclass

from hotspare.router.snapshot import Snapshot
from hotspare.widgets import figures
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span, spread, width_of


@dataclass(frozen=True, slots=True)
class Badge:
    """A word that must not be overlooked; `alarm` in the colour of danger."""

    text: str
    alarm: bool = False


KEPT = Badge("PROMPTS KEPT")
"""The first to go where there is no room for all."""


def badges_of(snapshot: Snapshot) -> tuple[Badge, ...]:
    """What the instance itself wants to be known by."""
    instance = snapshot.instance
    found = [Badge("DEMO")] if instance.demo else []
    if instance.environment:
        found.append(Badge(instance.environment.upper(), alarm=instance.environment.lower() == "production"))
    if instance.read_only:
        found.append(Badge("READ-ONLY"))
    if snapshot.store.content:
        found.append(KEPT)
    if snapshot.store.state != "ok":
        found.append(Badge(f"STORE {snapshot.store.state.upper()}", alarm=True))
    return tuple(found)


def header_line(snapshot: Snapshot, width: int, glyphs: Glyphs, extra: tuple[Badge, ...] = ()) -> Line:
    """Name, badges, address, traffic, callers and the clock.

    Args:
        snapshot: of now, also while the rest of the screen is frozen.
        width: cells.
        glyphs: the signs.
        extra: badges of the screen: FROZEN, STALE.
    """
    clock: Line = ((f"{figures.clock(snapshot.at)} UTC ", "dim"),)
    for parts in _variants(snapshot, glyphs):
        left = (*_badges((*badges_of(snapshot), *extra), glyphs, lead=parts[0]), *parts[1:])
        if width_of(left) + 1 + width_of(clock) <= width:
            return spread(left, clock, width, glyphs.more)
    short: Line = ((f"{figures.clock(snapshot.at)} ", "dim"),)
    badges = (*extra, *(badge for badge in badges_of(snapshot) if badge != KEPT))
    rate: Line = ((f"{snapshot.requests_per_minute} req/min", "strong"),)
    left = _badges(badges, glyphs, lead=("", "text"))
    return spread((*left, *rate) if width_of((*left, *rate, *short)) < width else left, short, width, glyphs.more)


def _variants(snapshot: Snapshot, glyphs: Glyphs) -> list[tuple[Span, ...]]:
    listen = glyphs.clean(snapshot.instance.listen, 60)
    callers = f"{snapshot.callers} caller" + ("" if snapshot.callers == 1 else "s")
    name: Span = (" hotspare  ", "title")
    whose = "" if snapshot.instance.demo else f"{glyphs.clean(snapshot.instance.name, 30)}  "
    rate: Span = (f"{snapshot.requests_per_minute} req/min", "strong")
    many: Span = (f"  {callers}", "dim")
    who, others = _others(snapshot, glyphs)
    long: Span = (f"{whose}serving ", "dim")
    where: Span = (whose, "strong")
    gap: Span = ("   ", "text")
    listens: Span = (listen, "text")
    return [
        (name, long, listens, gap, rate, many, (who, "text")),
        (name, long, listens, gap, rate, many, (others, "text")),
        (name, where, listens, gap, rate, many, (others, "text")),
        (name, where, listens, ("  ", "text"), rate, (others, "text")),
        (name, where, listens, ("  ", "text"), rate),
        (name, where, rate),
        ((" ", "text"), where, rate),
        ((" ", "text"), rate),
    ]


def _others(snapshot: Snapshot, glyphs: Glyphs) -> tuple[str, str]:
    """Who else has a screen on this instance, by name and as a number."""
    if not snapshot.consoles:
        return "", ""
    names = ", ".join(dict.fromkeys(glyphs.clean(console.who, 40) for console in snapshot.consoles))
    number = len(snapshot.consoles)
    return f"  with {names}", f"  +{number} screen" + ("" if number == 1 else "s")


def _badges(badges: tuple[Badge, ...], glyphs: Glyphs, lead: Span) -> Line:
    shown: list[Span] = [lead]
    for badge in badges:
        shown.append((f" {glyphs.clean(badge.text, 30)} ", "alarm" if badge.alarm else "badge"))
        shown.append((" ", "text"))
    if badges:
        shown.append((" ", "text"))
    return tuple(shown)
