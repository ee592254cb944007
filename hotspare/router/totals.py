"""Sums over Records since a process started, by what a metric tells apart, made by one function: `fold_totals`.

Every label is a name from the configuration or one of our own words, so the number of sums is bounded.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from hotspare.router.record import Attempt, Record

DURATION_BOUNDS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)

SERVED = "served"
CANCELLED = "cancelled"


@dataclass(slots=True)
class Durations:
    """How long requests took: how many within each bound and over the one before it, the last over all bounds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(DURATION_BOUNDS_SECONDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(DURATION_BOUNDS_SECONDS, seconds)] += 1
        self.seconds += seconds


@dataclass(slots=True)
class Used:
    """What attempts used."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_pico_usd: int = 0
    estimated_pico_usd: int = 0
    """The part of the cost that is our guess."""
    unpriced: int = 0
    """Attempts whose cost is unknown."""

    def add(self, attempt: Attempt) -> None:
        self.input_tokens += attempt.input_tokens
        self.output_tokens += attempt.output_tokens
        if attempt.cost_pico_usd is None:
            self.unpriced += 1
        else:
            self.cost_pico_usd += attempt.cost_pico_usd
            if attempt.estimated:
                self.estimated_pico_usd += attempt.cost_pico_usd


@dataclass(slots=True)
class Totals:
    """Requests, fallbacks, attempts and durations are those of traffic; what was used is said for every kind."""

    requests: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """By chain, model that answered ("" where none did), verdict."""
    fallbacks: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """By chain, model it was meant for, model that answered, reason."""
    attempts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """By chain, model, outcome: the trigger, `served` or `cancelled`."""
    durations: dict[tuple[str, str], Durations] = field(default_factory=dict)
    """Of answered requests, by chain and model that answered."""
    first_contents: dict[tuple[str, str], Durations] = field(default_factory=dict)
    """How long callers waited for the first content of answered streams, by chain and model that answered."""
    used: dict[tuple[str, str, str], Used] = field(default_factory=dict)
    """By kind, chain, model."""


def fold_totals(totals: Totals, records: Iterable[Record]) -> None:
    """Add Records."""
    for record in records:
        for attempt in record.attempts:
            place = (record.kind, record.chain, attempt.model)
            used = totals.used.get(place)
            if used is None:
                used = totals.used[place] = Used()
            used.add(attempt)
        if record.kind == "traffic":
            _fold_traffic(totals, record)


def _fold_traffic(totals: Totals, record: Record) -> None:
    chain, model = record.chain, record.model or ""
    ended = (chain, model, record.verdict)
    totals.requests[ended] = totals.requests.get(ended, 0) + 1
    for attempt in record.attempts:
        made = (chain, attempt.model, _outcome(attempt))
        totals.attempts[made] = totals.attempts.get(made, 0) + 1
    if record.verdict != "answered":
        return
    _add(totals.durations, (chain, model), record.duration_ms)
    if record.stream and record.first_content_ms is not None:
        _add(totals.first_contents, (chain, model), record.first_content_ms)
    if record.fallback:
        fallen = (chain, record.meant, model, record.reason)
        totals.fallbacks[fallen] = totals.fallbacks.get(fallen, 0) + 1


def _add(to: dict[tuple[str, str], Durations], place: tuple[str, str], ms: float) -> None:
    durations = to.get(place)
    if durations is None:
        durations = to[place] = Durations()
    durations.add(ms / 1000.0)


def _outcome(attempt: Attempt) -> str:
    if attempt.trigger is not None:
        return attempt.trigger.value
    return CANCELLED if attempt.cancelled else SERVED
