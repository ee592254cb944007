"""What requests of one route came to, summed up many at a time: amounts only, for what each counts as its route tells.

Nothing is rounded here but to what the rows hold: whole microseconds and picodollars.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from hotspare.router.figures import Figures, Histogram, bucket_of
from hotspare.store.routes import SERVED, Route
from hotspare.store.rows import ABSENT, Row


class Amounts:
    """Sums over some requests of one route."""

    __slots__ = (
        "cost_pico_usd", "duration_us", "estimated_pico_usd", "input_tokens", "output_tokens", "requests",
    )  # fmt: skip

    def __init__(self) -> None:
        self.requests = self.duration_us = self.input_tokens = self.output_tokens = 0
        self.cost_pico_usd = self.estimated_pico_usd = 0

    def add(self, request: Row, estimated_pico_usd: int) -> None:
        """One more, by its `request_values`, and how much of its cost is a guess."""
        _, _, duration_us, _, input_tokens, output_tokens, cost_pico_usd = request
        self.requests += 1
        self.duration_us += duration_us
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.cost_pico_usd += cost_pico_usd
        self.estimated_pico_usd += estimated_pico_usd

    def add_all(self, requests: Sequence[Row], estimated_pico_usd: int) -> Sequence[int]:
        """Many more, and how much of their cost is a guess; how long each took."""
        _, _, durations_us, _, input_tokens, output_tokens, costs_pico_usd = zip(*requests, strict=True)
        self.requests += len(requests)
        self.duration_us += sum(durations_us)
        self.input_tokens += sum(input_tokens)
        self.output_tokens += sum(output_tokens)
        self.cost_pico_usd += sum(costs_pico_usd)
        self.estimated_pico_usd += estimated_pico_usd
        return durations_us

    def figures(self, route: Route) -> Figures:
        """What the router's `fold` makes of them, without how long each took."""
        one, number = route.counts, self.requests
        return Figures(
            requests=one.requests * number,
            answered=one.answered * number,
            primary=one.primary * number,
            fallback=one.fallback * number,
            forced_fallback=one.forced_fallback * number,
            duration_ms=one.answered * self.duration_us / 1000.0,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost_pico_usd=self.cost_pico_usd,
            estimated_pico_usd=self.estimated_pico_usd,
            unpriced=one.unpriced * number,
        )


class CallAmounts:
    """Sums over the calls in one place of those requests' ways."""

    __slots__ = (
        "_serves", "cost_pico_usd", "duration_us", "durations", "input_tokens", "last_at", "output_tokens", "unpriced",
    )  # fmt: skip

    def __init__(self, outcome: str) -> None:
        self._serves = outcome == SERVED
        self.duration_us = self.input_tokens = self.output_tokens = self.cost_pico_usd = self.unpriced = 0
        self.last_at = 0.0
        self.durations: Counter[int] = Counter()

    def add(self, ats: Iterable[float], calls: Sequence[Row]) -> None:
        """More of them, by their `attempt_values`, and when the request of each began."""
        _, _, _, _, started_us, _, ended_us, input_tokens, output_tokens, _, _, _, costs = zip(*calls, strict=True)
        self.input_tokens += sum(input_tokens)
        self.output_tokens += sum(output_tokens)
        unpriced = costs.count(ABSENT)
        self.unpriced += unpriced
        self.cost_pico_usd += sum(costs) - unpriced * ABSENT
        self.last_at = max(self.last_at, *[at + ended / 1_000_000.0 for at, ended in zip(ats, ended_us, strict=True)])
        if self._serves:
            self.duration_us += sum(ended_us) - sum(started_us)
            took_us = [ended - started for ended, started in zip(ended_us, started_us, strict=True)]
            self.durations.update(_buckets(took_us))


class Alike:
    """Sums over the requests of one route, with how long each took, and over their calls."""

    __slots__ = ("_durations", "amounts", "calls", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.amounts = Amounts()
        self.calls = [CallAmounts(outcome) for outcome in route.outcomes]
        self._durations: Counter[int] = Counter()

    def add(self, requests: Sequence[Row], attempts: Iterable[Sequence[Row]], estimated_pico_usd: int) -> None:
        """More of them, by the values of their rows, and how much of their cost is a guess."""
        durations_us = self.amounts.add_all(requests, estimated_pico_usd)
        if self.route.counts.answered:
            self._durations.update(_buckets(durations_us))
        for amounts, calls in zip(self.calls, zip(*attempts, strict=True), strict=True):
            amounts.add([request[1] for request in requests], calls)

    def figures(self) -> Figures:
        """What the router's `fold` makes of them."""
        figures = self.amounts.figures(self.route)
        figures.durations = Histogram(self._durations)
        return figures


def _buckets(durations_us: Iterable[int]) -> list[int]:
    return [bucket_of(microseconds / 1000.0) for microseconds in durations_us]
