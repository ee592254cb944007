"""What a client keeps: figures, in memory, for as long as it lives. Nothing is written anywhere."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hotspare.client.health import HealthTracker
from hotspare.router.command import Change, JournalEntry
from hotspare.router.record import Record
from hotspare.router.snapshot import StoreView


class Memory:
    """The engine's Recorder and Journal.

    Attributes:
        health: by model.
        requests: how many ended, the callers' own faults left out.
        answered: how many were answered.
        fallbacks: how many by another model than the one they were meant for.
        models_used: how many each model answered.
    """

    def __init__(self) -> None:
        self.health = HealthTracker()
        self.requests = 0
        self.answered = 0
        self.fallbacks = 0
        self.models_used: Counter[str] = Counter()

    def append(self, record: Record) -> None:
        """Count one Record."""
        self.health.fold(record)
        if record.verdict in ("caller_fault", "caller_left"):
            return
        self.requests += 1
        self.fallbacks += record.fallback
        if record.model is not None:
            self.answered += 1
            self.models_used[record.model] += 1

    def remember(self, memory: Mapping[str, Any]) -> None:
        """There is no next start."""

    def view(self) -> StoreView:
        """There is no store."""
        return StoreView()

    async def write(self, change: Change) -> JournalEntry:
        """An order holds as long as the client lives."""
        return JournalEntry(0, change, durable=False)

    async def latest(self) -> JournalEntry | None:
        """Nothing is remembered that could be undone."""
        return None
