"""What requests of one route came to, summed up as they come in: amounts only, for what each counts as its route tells.

Nothing is rounded here but to what the rows hold: whole microseconds and picodollars.
"""

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
        "cost_pico_usd", "duration_us", "durations", "input_tokens", "last_at", "output_tokens", "unpriced",
    )  # fmt: skip

    def __init__(self) -> None:
        self.duration_us = self.input_tokens = self.output_tokens = self.cost_pico_usd = self.unpriced = 0
        self.last_at = 0.0
        self.durations: dict[int, int] | None = None

    def add(self, at: float, attempt: Row) -> None:
        """One more, by its `attempt_values`; `at` is when its request began."""
        _, _, _, _, started_us, _, ended_us, input_tokens, output_tokens, _, _, _, cost_pico_usd = attempt
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        if cost_pico_usd == ABSENT:
            self.unpriced += 1
        else:
            self.cost_pico_usd += cost_pico_usd
        ended_at = at + ended_us / 1_000_000.0
        self.last_at = max(self.last_at, ended_at)
        if (durations := self.durations) is not None:
            self.duration_us += ended_us - started_us
            bucket = bucket_of((ended_us - started_us) / 1000.0)
            durations[bucket] = durations.get(bucket, 0) + 1


class Alike:
    """Sums over the requests of one route, with how long each took, and over their calls."""

    __slots__ = ("_durations", "amounts", "calls", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.amounts = Amounts()
        self.calls = [CallAmounts() for _ in route.calls]
        for calls, outcome in zip(self.calls, route.outcomes, strict=True):
            calls.durations = {} if outcome is SERVED else None
        self._durations: dict[int, int] | None = {} if route.counts.answered else None

    def add(self, request: Row, attempts: tuple[Row, ...], estimated_pico_usd: int) -> None:
        """One more, by the values of its rows, and how much of its cost is a guess."""
        self.amounts.add(request, estimated_pico_usd)
        if (durations := self._durations) is not None:
            bucket = bucket_of(request[2] / 1000.0)
            durations[bucket] = durations.get(bucket, 0) + 1
        for calls, attempt in zip(self.calls, attempts, strict=True):
            calls.add(request[1], attempt)

    def figures(self) -> Figures:
        """What the router's `fold` makes of them."""
        figures = self.amounts.figures(self.route)
        figures.durations = Histogram(self._durations or {})
        return figures
