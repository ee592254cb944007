"""The live figures: Records folded minute by minute for the windows, and whole for the operator's day.

Minutes are those of the wall clock (`int(at // 60)`), so that Records restored at a start fall where they belong. What
the day has cost is known at once, since the next request may be refused for it; all else is folded when somebody looks.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hotspare.router.arrears import Arrears
from hotspare.router.figures import Figures, ModelFigures, fold, fold_attempts
from hotspare.router.record import Record
from hotspare.router.snapshot import LANE_MINUTES, LaneCell

WINDOW_MINUTES = 15
KEPT_MINUTES = LANE_MINUTES + 1
RECENT = 200
RATE_SLOT_SECONDS = 5
RATE_FROM_SECONDS = 15.0
"""A rate is made of no less than this: the first burst is not yet how it goes."""
FEW_REQUESTS = 5
"""Fewer tell no rate: somebody's first request is one a minute, not twelve."""


@dataclass(slots=True)
class Minute:
    """One minute: figures by chain, figures by model, callers seen, and the worst state each model was in."""

    chains: dict[str, Figures] = field(default_factory=dict)
    models: dict[str, ModelFigures] = field(default_factory=dict)
    callers: set[str] = field(default_factory=set)
    states: dict[str, LaneCell] = field(default_factory=dict)


@dataclass(slots=True)
class Day:
    """The operator's day so far."""

    begins: float = 0.0
    chains: dict[str, Figures] = field(default_factory=dict)
    models: dict[str, ModelFigures] = field(default_factory=dict)
    other_pico_usd: int = 0
    """What probes, drills and test prompts cost."""
    cost_pico_usd: int = 0
    """What everything cost."""


@dataclass(slots=True)
class Past:
    """What an earlier run's Records came to, from `at` on for so many seconds; of no seconds: what sessions cost."""

    at: float
    seconds: int
    chains: dict[str, Figures] = field(default_factory=dict)
    models: dict[str, ModelFigures] = field(default_factory=dict)
    callers: set[str] = field(default_factory=set)
    checked: dict[str, float] = field(default_factory=dict)
    other_pico_usd: int = 0
    sessions: dict[str, int] = field(default_factory=dict)
    """Picodollars."""


SEVERITY: tuple[LaneCell, ...] = ("unknown", "idle", "ok", "degraded", "cooling", "disabled", "open")


class Live:
    """What has happened lately. `midnight(wall)` gives the operator's midnight at or before a time.

    Attributes:
        newest: the latest time that it knows of, wall time.
        next_midnight: when the operator's day ends, wall time.
    """

    def __init__(self, midnight: Callable[[float], float]) -> None:
        self.newest = 0.0
        self.next_midnight = 0.0
        self._arrears = Arrears(self._take_in)
        self._recent: deque[Record] = deque(maxlen=RECENT)
        self._fallbacks: deque[Record] = deque(maxlen=RECENT)
        self._day = Day()
        self._checked: dict[str, float] = {}
        self._midnight = midnight
        self._minutes: dict[int, Minute] = {}
        self._rate: dict[int, int] = {}
        self._first = math.inf
        self._turns_at = 0.0
        """When the next minute or day begins."""

    def fold(self, record: Record) -> None:
        """Add one finished Record."""
        at = record.at
        self.roll(max(self.newest, at))
        if at >= self._day.begins:
            self._day.cost_pico_usd += record.cost_pico_usd
        self._arrears.add(record)

    # ------------------------------------------------------------ looking
    @property
    def spent_pico_usd(self) -> int:
        """What everything cost since midnight; nothing is folded for it."""
        return self._day.cost_pico_usd

    @property
    def day(self) -> Day:
        """The operator's day so far."""
        self._arrears.settle()
        return self._day

    @property
    def recent(self) -> Sequence[Record]:
        """The latest Records of whatever kind, oldest first."""
        self._arrears.settle()
        return self._recent

    @property
    def fallbacks(self) -> Sequence[Record]:
        """The latest of traffic in which one fired, oldest first."""
        self._arrears.settle()
        return self._fallbacks

    @property
    def checked(self) -> Mapping[str, float]:
        """When each model was last heard of, of whatever kind the request was."""
        self._arrears.settle()
        return self._checked

    @property
    def first(self) -> float:
        """When the first request of traffic that is known of was read, wall time."""
        self._arrears.settle()
        return self._first

    # ------------------------------------------------------------ folding
    def _take_in(self, records: Sequence[Record]) -> None:
        """Each minute's on their own first: what the minute and the day are then both told of is summed up once."""
        minutes: dict[int, Past] = {}
        for record in records:
            self._recent.append(record)
            self._note_checks(record)
            number = int(record.at // 60)
            past = minutes.get(number)
            if past is None:
                past = minutes[number] = Past(number * 60.0, 60)
            if record.kind != "traffic":
                past.other_pico_usd += record.cost_pico_usd
                continue
            if record.fallback:
                self._fallbacks.append(record)
            _fold(past.chains, record)
            fold_attempts(past.models, record)
            past.callers.add(record.caller)
            self._first = min(self._first, record.at)
            slot = int(record.at // RATE_SLOT_SECONDS)
            self._rate[slot] = self._rate.get(slot, 0) + 1
        for past in minutes.values():
            self._add(past)

    def _add(self, past: Past) -> None:
        """To its day and to its minute, as far as these are kept."""
        day = self._day
        if past.at >= day.begins:
            _merge(day.chains, past.chains)
            _merge(day.models, past.models)
            day.other_pico_usd += past.other_pico_usd
        number = int(past.at // 60)
        if past.seconds == 60 and number > int(self.newest // 60) - KEPT_MINUTES:
            minute = self._minutes.setdefault(number, Minute())
            _merge(minute.chains, past.chains)
            _merge(minute.models, past.models)
            minute.callers |= past.callers

    def take_up(self, past: Past) -> None:
        """Add what Records came to that nobody folds here any more."""
        self._arrears.settle()
        self._add(past)
        if past.at >= self._day.begins:
            cost = past.other_pico_usd + sum(each.cost_pico_usd for each in past.chains.values())
            self._day.cost_pico_usd += cost
        for model, at in past.checked.items():
            self._checked[model] = max(at, self._checked.get(model, 0.0))
        if any(each.requests for each in past.chains.values()):
            self._first = min(self._first, past.at)

    def _note_checks(self, record: Record) -> None:
        for attempt in record.attempts:
            if attempt.cancelled and attempt.first_content_ms is None:
                continue  # it was ended before the model had said anything
            ended = record.at + attempt.ended_ms / 1000.0
            if ended > self._checked.get(attempt.model, 0.0):
                self._checked[attempt.model] = ended

    def roll(self, wall: float) -> None:
        """Let old minutes go, and begin a new day when its midnight has come."""
        if wall >= self._turns_at:
            self._arrears.settle()
            self._turn(wall)
        self.newest = max(self.newest, wall)

    def _turn(self, wall: float) -> None:
        """Another minute has begun."""
        if wall >= self.next_midnight:
            begins = self._midnight(wall)
            if begins != self._day.begins:
                self._day = Day(begins)
            self.next_midnight = self._midnight(begins + 36 * 3600)  # the next one, whether the day has 23 h or 25
        oldest = int(wall // 60) - KEPT_MINUTES
        for number in [number for number in self._minutes if number <= oldest]:
            del self._minutes[number]
        oldest_slot = int(wall // RATE_SLOT_SECONDS) - 120 // RATE_SLOT_SECONDS
        for slot in [slot for slot in self._rate if slot < oldest_slot]:
            del self._rate[slot]
        self._turns_at = min(self.next_midnight, (wall // 60 + 1) * 60)

    def mark(self, wall: float, states: Iterable[tuple[str, LaneCell]]) -> None:
        """Note the state each model is in; a lane's column shows the worst of its minute."""
        self.roll(wall)
        minute = self._minutes.setdefault(int(wall // 60), Minute())
        for model, state in states:
            known = minute.states.get(model, "unknown")
            if SEVERITY.index(state) > SEVERITY.index(known):
                minute.states[model] = state

    def keep_days(self, midnight: Callable[[float], float]) -> None:
        """Days begin at another midnight from the next one on."""
        self._midnight = midnight
        self.next_midnight = self._turns_at = 0.0

    # ------------------------------------------------------------ windows
    def _last(self, minutes: int, wall: float) -> list[Minute]:
        self._arrears.settle()
        newest = int(wall // 60)
        return [minute for number in range(newest - minutes + 1, newest + 1) if (minute := self._minutes.get(number))]

    def chain_window(self, wall: float, minutes: int = WINDOW_MINUTES) -> dict[str, Figures]:
        """Figures by chain over the last minutes, the running one included."""
        total: dict[str, Figures] = {}
        for minute in self._last(minutes, wall):
            for chain, figures in minute.chains.items():
                total.setdefault(chain, Figures()).merge(figures)
        return total

    def model_window(self, wall: float, minutes: int = WINDOW_MINUTES) -> dict[str, ModelFigures]:
        total: dict[str, ModelFigures] = {}
        for minute in self._last(minutes, wall):
            for model, figures in minute.models.items():
                total.setdefault(model, ModelFigures()).merge(figures)
        return total

    def callers(self, wall: float, minutes: int = WINDOW_MINUTES) -> int:
        return len(set().union(*(minute.callers for minute in self._last(minutes, wall))))

    def per_minute(self, wall: float) -> int:
        """Requests read in the last minute; where the very first came later than that, as many as a minute would have
        at their rate, once a few have come.
        """
        self._arrears.settle()
        newest = int(wall // RATE_SLOT_SECONDS)
        counted = sum(self._rate.get(newest - back, 0) for back in range(60 // RATE_SLOT_SECONDS))
        seconds = max(wall - self._first, RATE_FROM_SECONDS)
        return counted if seconds >= 60 or counted < FEW_REQUESTS else round(counted * 60 / seconds)

    def lane(self, model: str, wall: float) -> tuple[LaneCell, ...]:
        """One cell a minute, oldest first: the model's worst state, refined by how its calls went."""
        self._arrears.settle()
        newest = int(wall // 60)
        return tuple(_cell(self._minutes.get(number), model) for number in range(newest - LANE_MINUTES + 1, newest + 1))


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, figures in more.items():
        if name not in into:
            into[name] = type(figures)()
        into[name].merge(figures)


def _fold(chains: dict[str, Figures], record: Record) -> None:
    """Add a Record to its chain's figures, which are made where there are none yet, and only there."""
    figures = chains.get(record.chain)
    if figures is None:
        figures = chains[record.chain] = Figures()
    fold(figures, record)


def _cell(minute: Minute | None, model: str) -> LaneCell:
    if minute is None:
        return "unknown"
    state = minute.states.get(model, "unknown")
    if state in ("open", "cooling", "disabled"):
        return state
    figures = minute.models.get(model)
    if figures is None or not figures.calls:
        return "idle" if state != "unknown" else "unknown"
    if not figures.failed:
        return "ok"
    return "degraded" if figures.answered else "open"
