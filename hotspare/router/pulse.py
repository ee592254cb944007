"""How well each model has done lately, as strategies see it: taken from the live figures, at most once a second."""

from collections.abc import Mapping
from dataclasses import dataclass

from hotspare.router.figures import ModelFigures
from hotspare.router.live import Live

REFRESH_SECONDS = 1.0
MINUTES = 15
FEWEST_ANSWERS = 5
"""Under this many answers in the window, nothing is said about a model's time."""
RECENT_MINUTES = 5
FEWEST_RECENT_ANSWERS = 10
FEWEST_FOR_P95 = 20


@dataclass(frozen=True, slots=True)
class Health:
    """One model's figures; times in milliseconds, None where there are too few answers to say.

    Attributes:
        success_rate: answered of all calls, from 0 to 1.
        median_ms: of whole answers, over 15 minutes.
        p95_ms: likewise.
        p95_first_ms: of the time to the first content, over 15 minutes.
        recent_ms: the median over 5 minutes.
    """

    success_rate: float = 1.0
    median_ms: float | None = None
    p95_ms: float | None = None
    p95_first_ms: float | None = None
    recent_ms: float | None = None


UNKNOWN = Health()


class Pulse:
    """See the module. `version` grows with each refresh."""

    __slots__ = ("_at", "_health", "_live", "version")

    def __init__(self, live: Live) -> None:
        self._live = live
        self._health: Mapping[str, Health] = {}
        self._at = float("-inf")
        self.version = 0

    def health(self, now: float) -> Mapping[str, Health]:
        """By model; one that was not called lately is missing."""
        if now - self._at >= REFRESH_SECONDS:
            self._at = now
            self.version += 1
            wall = self._live.newest
            recent = self._live.model_window(wall, RECENT_MINUTES)
            window = self._live.model_window(wall, MINUTES)
            self._health = {model: _health(figures, recent.get(model)) for model, figures in window.items()}
        return self._health


def _health(window: ModelFigures, recent: ModelFigures | None) -> Health:
    enough = window.answered >= FEWEST_ANSWERS
    many = window.answered >= FEWEST_FOR_P95
    lately = recent is not None and recent.answered >= FEWEST_RECENT_ANSWERS
    judged = window.answered + window.failed
    return Health(
        success_rate=window.answered / judged if judged else 1.0,
        median_ms=window.durations.percentile(0.5) if enough else None,
        p95_ms=window.durations.percentile(0.95) if many else None,
        p95_first_ms=window.first_contents.percentile(0.95) if many else None,
        recent_ms=recent.durations.percentile(0.5) if lately and recent is not None else None,
    )
