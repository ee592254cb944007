"""Sums over Records, made by one function, `fold`: live tiles, roll-ups, metrics and replay totals are that fold."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from hotspare.router.record import Record
from hotspare.router.snapshot import FiguresView
from hotspare.router.trigger import Trigger

GROWTH = 1.02 / 0.98
_LOG_GROWTH = math.log(GROWTH)


def bucket_of(milliseconds: float) -> int:
    """The histogram bucket of a duration: bounds grow by 4 %, so a percentile is within 2 % (the DDSketch rule)."""
    return math.ceil(math.log(milliseconds) / _LOG_GROWTH) if milliseconds > 1.0 else 0


def middle_of(bucket: int) -> float:
    """The duration that stands for a bucket, in milliseconds."""
    return 2.0 * GROWTH**bucket / (GROWTH + 1.0) if bucket > 0 else 1.0


@dataclass(slots=True)
class Histogram:
    """Durations in log-sized buckets; two merge by adding."""

    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, milliseconds: float) -> None:
        bucket = bucket_of(milliseconds)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def merge(self, other: Mapping[int, int], sign: int = 1) -> None:
        for bucket, count in other.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + sign * count

    def percentile(self, share: float) -> float | None:
        """The duration that `share` of all did not exceed, in milliseconds; None where there are none."""
        total = sum(self.buckets.values())
        if total <= 0:
            return None
        wanted, seen = share * total, 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= wanted:
                return middle_of(bucket)
        return middle_of(max(self.buckets))


@dataclass(slots=True)
class Figures:
    """The figures of mission part 0 over some Records of kind traffic; costs in picodollars."""

    requests: int = 0
    answered: int = 0
    primary: int = 0
    fallback: int = 0
    forced_fallback: int = 0
    duration_ms: float = 0.0
    durations: Histogram = field(default_factory=Histogram)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_pico_usd: int = 0
    estimated_pico_usd: int = 0
    """The part of the cost that is our guess, where a provider did not tell what was used."""
    unpriced: int = 0

    def merge(self, other: "Figures", sign: int = 1) -> None:
        """Add (or with `sign` -1 take away) what other Records came to."""
        self.requests += sign * other.requests
        self.answered += sign * other.answered
        self.primary += sign * other.primary
        self.fallback += sign * other.fallback
        self.forced_fallback += sign * other.forced_fallback
        self.duration_ms += sign * other.duration_ms
        self.durations.merge(other.durations.buckets, sign)
        self.input_tokens += sign * other.input_tokens
        self.output_tokens += sign * other.output_tokens
        self.cost_pico_usd += sign * other.cost_pico_usd
        self.estimated_pico_usd += sign * other.estimated_pico_usd
        self.unpriced += sign * other.unpriced

    def view(self) -> FiguresView:
        return FiguresView(
            requests=self.requests,
            answered=self.answered,
            primary=self.primary,
            fallback=self.fallback,
            forced_fallback=self.forced_fallback,
            failed=self.requests - self.answered,
            mean_ms=self.duration_ms / self.answered if self.answered else None,
            p50_ms=self.durations.percentile(0.5),
            p95_ms=self.durations.percentile(0.95),
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost_pico_usd=self.cost_pico_usd,
            estimated_pico_usd=self.estimated_pico_usd,
            unpriced_requests=self.unpriced,
        )


def estimated_cost(record: Record) -> int:
    """The part of a Record's cost that is our guess, in picodollars."""
    return sum(attempt.cost_pico_usd or 0 for attempt in record.attempts if attempt.estimated)


def fold(figures: Figures, record: Record) -> None:
    """Add one Record. Requests that ended by the caller's own fault or departure count only what they cost."""
    figures.cost_pico_usd += record.cost_pico_usd
    figures.input_tokens += record.input_tokens
    figures.output_tokens += record.output_tokens
    figures.unpriced += record.unpriced
    if record.estimated:
        figures.estimated_pico_usd += estimated_cost(record)
    if record.verdict in ("caller_fault", "caller_left"):
        return
    figures.requests += 1
    if record.verdict != "answered":
        return
    figures.answered += 1
    figures.duration_ms += record.duration_ms
    figures.durations.add(record.duration_ms)
    if not record.fallback:
        figures.primary += 1
        return
    figures.fallback += 1
    figures.forced_fallback += record.forced


@dataclass(slots=True)
class ModelFigures:
    """Sums over the attempts at one model."""

    calls: int = 0
    answered: int = 0
    failed: int = 0
    served: int = 0
    """Requests that got their answer from it."""
    instead: int = 0
    """Of those, the ones that were meant for another."""
    durations: Histogram = field(default_factory=Histogram)
    first_contents: Histogram = field(default_factory=Histogram)
    """Of streams: from the call to its first content."""
    cost_pico_usd: int = 0
    estimated_pico_usd: int = 0
    unpriced: int = 0

    def merge(self, other: "ModelFigures") -> None:
        self.calls += other.calls
        self.answered += other.answered
        self.failed += other.failed
        self.served += other.served
        self.instead += other.instead
        self.durations.merge(other.durations.buckets)
        self.first_contents.merge(other.first_contents.buckets)
        self.cost_pico_usd += other.cost_pico_usd
        self.estimated_pico_usd += other.estimated_pico_usd
        self.unpriced += other.unpriced


def fold_attempts(models: dict[str, ModelFigures], record: Record) -> None:
    """Add each attempt of a Record to its model's figures."""
    for attempt in record.attempts:
        figures = models.get(attempt.model)
        if figures is None:
            figures = models[attempt.model] = ModelFigures()
        if attempt.trigger is Trigger.bad_request:
            continue  # the caller's fault counts against nobody
        figures.calls += 1
        figures.cost_pico_usd += attempt.cost_pico_usd or 0
        figures.unpriced += attempt.cost_pico_usd is None
        if attempt.estimated:
            figures.estimated_pico_usd += attempt.cost_pico_usd or 0
        if attempt.trigger is not None:
            figures.failed += 1
        elif not attempt.cancelled:
            figures.answered += 1
            figures.durations.add(attempt.ended_ms - attempt.started_ms)
            figures.served += record.model == attempt.model
            figures.instead += record.fallback and record.model == attempt.model
            if record.stream and attempt.first_content_ms is not None:
                figures.first_contents.add(attempt.first_content_ms - attempt.started_ms)
