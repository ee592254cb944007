"""When a simulated model misbehaves, and how: a timetable of spells.

Pure: the spell in force is a function of the timetable and the seconds since its start, of nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Literal

SpellKind = Literal["rate_limit", "overloaded", "errors", "slow", "cut", "stall", "refuse"]
"""429 with Retry-After; 503 (Anthropic: 529); 500; a late first token; an answer cut off in its middle; an answer that
falls silent in its middle; connections reset."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One bad time of a simulated model, in seconds since the timetable's start."""

    kind: SpellKind
    at_seconds: float
    for_seconds: float
    share: float = 1.0
    """The share of requests that it hits, a fraction of 1."""
    extra_seconds: float = 8.0
    """How late a slow answer is, or how long a stalled one is silent."""

    def __post_init__(self) -> None:
        if self.at_seconds < 0 or self.for_seconds <= 0 or not 0 < self.share <= 1 or self.extra_seconds < 0:
            raise ValueError(f"a spell needs a time that is not negative and a share above 0 up to 1: {self}")


@dataclass(frozen=True, slots=True)
class SpellInForce:
    """A spell at one instant of its time."""

    spell: Spell
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Timetable:
    """Spells in the order of their beginnings; where two overlap, the earlier one is in force."""

    spells: tuple[Spell, ...] = ()
    period_seconds: float | None = None
    """After this time it begins again; None: it happens once. A spell may not reach beyond it."""

    def __post_init__(self) -> None:
        if list(self.spells) != sorted(self.spells, key=lambda spell: spell.at_seconds):
            raise ValueError("spells stand in the order of their beginnings")
        end = max((spell.at_seconds + spell.for_seconds for spell in self.spells), default=0.0)
        if self.period_seconds is not None and (self.period_seconds <= 0 or end > self.period_seconds):
            raise ValueError(f"the last spell ends at {end} s, after a period of {self.period_seconds} s")

    def at(self, seconds: float) -> SpellInForce | None:
        """The spell in force, its first instant included and its last one not."""
        position = self._position(seconds)
        for spell in self.spells:
            into = position - spell.at_seconds
            if 0 <= into < spell.for_seconds:
                return SpellInForce(spell, spell.for_seconds - into)
        return None

    def seconds_until(self, kind: SpellKind, seconds: float) -> float:
        """How long until a spell of this kind begins: 0 while one is in force, infinity when none will come."""
        position = self._position(seconds)
        return min(self._waits(kind, position), default=inf)

    def _waits(self, kind: SpellKind, position: float) -> Iterator[float]:
        for spell in self.spells:
            if spell.kind != kind:
                continue
            if position < spell.at_seconds + spell.for_seconds:
                yield max(0.0, spell.at_seconds - position)
            elif self.period_seconds is not None:
                yield spell.at_seconds + self.period_seconds - position

    def _position(self, seconds: float) -> float:
        return seconds if self.period_seconds is None else seconds % self.period_seconds
