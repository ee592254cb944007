"""What leaving means: never a surprise for traffic."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from hotspare.router.snapshot import Snapshot

Leaving: TypeAlias = Literal["stop", "serve_on"]
"""What the operator chose: stop after draining, or keep serving without the screen."""

QUIET_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class LeavingFacts:
    """Who would be hit."""

    requests: int
    """That came in the last five minutes."""
    callers: int
    in_flight: int = 0

    @property
    def busy(self) -> bool:
        return self.requests > 0 or self.in_flight > 0


def facts_of(snapshot: Snapshot | None) -> LeavingFacts:
    """What the figures on the screen say; used where the instance itself cannot be asked."""
    if snapshot is None:
        return LeavingFacts(0, 0)
    rows = [row for row in snapshot.recent if row.kind == "traffic" and row.at > snapshot.at - QUIET_SECONDS]
    seen = max(len(rows), snapshot.requests_per_minute)
    flying = {model.name: model.in_flight for model in snapshot.models}
    return LeavingFacts(seen, max(snapshot.callers, len({row.caller for row in rows})), sum(flying.values()))
