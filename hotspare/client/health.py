"""How each model has done, as an application sees it. Rates are fractions of 1, times milliseconds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hotspare.client.config import FAILURES_IN_ROW
from hotspare.router.record import Attempt, Record
from hotspare.router.trigger import COUNTED


@dataclass(slots=True)
class ModelHealth:
    """One model's counts since the start."""

    success_count: int = 0
    failure_count: int = 0
    total_latency_ms: float = 0.0
    consecutive_failures: int = 0

    @property
    def success_rate(self) -> float:
        """1 where it was not called yet."""
        calls = self.success_count + self.failure_count
        return self.success_count / calls if calls else 1.0

    @property
    def average_latency_ms(self) -> float:
        """Of its answers; 0 where there are none."""
        return self.total_latency_ms / self.success_count if self.success_count else 0.0

    @property
    def is_healthy(self) -> bool:
        """Three failures in a row make a model unhealthy, one success heals it."""
        return self.consecutive_failures < FAILURES_IN_ROW


class HealthTracker:
    """Counts answers and failures by model."""

    def __init__(self) -> None:
        self._models: dict[str, ModelHealth] = {}

    def get(self, model: str) -> ModelHealth:
        """A model's health; one that was never called has done nothing wrong."""
        return self._models.setdefault(model, ModelHealth())

    def record_success(self, model: str, latency_ms: float) -> None:
        """It has answered."""
        health = self.get(model)
        health.success_count += 1
        health.total_latency_ms += latency_ms
        health.consecutive_failures = 0

    def record_failure(self, model: str) -> None:
        """It has failed."""
        health = self.get(model)
        health.failure_count += 1
        health.consecutive_failures += 1

    def is_healthy(self, model: str) -> bool:
        """Whether it may be counted on."""
        return self.get(model).is_healthy

    def metrics(self, models: Iterable[str], is_healthy: Callable[[str], bool]) -> dict[str, dict[str, Any]]:
        """Every model's figures, by name."""
        return {name: _figures(self.get(name), healthy=is_healthy(name)) for name in models}

    def fold(self, record: Record) -> None:
        """Count every attempt of a finished request. What was no failure of a model's own is none here."""
        for attempt in record.attempts:
            self._fold(attempt)

    def _fold(self, attempt: Attempt) -> None:
        if attempt.trigger in COUNTED:
            self.record_failure(attempt.model)
        elif attempt.trigger is None and not attempt.cancelled:
            self.record_success(attempt.model, attempt.ended_ms - attempt.started_ms)


def _figures(health: ModelHealth, *, healthy: bool) -> dict[str, Any]:
    return {
        "success_count": health.success_count,
        "failure_count": health.failure_count,
        "success_rate": health.success_rate,
        "average_latency_ms": health.average_latency_ms,
        "is_healthy": healthy,
    }
