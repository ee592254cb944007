"""One request of an application's: the caller's side of its answer, without a connection."""

from typing import Any

import msgspec

from hotspare.client.result import AllModelsFailed, FallbackResult, causes_of
from hotspare.engine.listening import Listener
from hotspare.router.record import Record
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.step import Event, Step

_ANSWER = msgspec.json.Decoder(dict[str, Any])


class Exchange(Listener):
    """A Listener that is the Watcher too, which sees the Record."""

    __slots__ = ("_record",)

    def __init__(self) -> None:
        super().__init__()
        self._record: Record | None = None

    def result(self) -> FallbackResult:
        """What came of it.

        Raises:
            AllModelsFailed: no answer.
        """
        record = self._record
        if record is None:
            raise RuntimeError("the request has not ended")
        if self.fail is not None:
            raise AllModelsFailed(self.fail, record.id, causes_of(record))
        response = _ANSWER.decode(self.body)
        return FallbackResult(
            response=response,
            text=_text(response),
            model_used=record.model or "",
            fallback_occurred=record.fallback,
            attempts=[attempt.model for attempt in sorted(record.attempts, key=lambda one: one.number)],
            total_latency_ms=record.duration_ms,
            request_id=record.id,
            cost_usd=None if record.unpriced else record.cost_pico_usd / PICO_PER_USD,
            from_cache=record.source == "cache",
            cache_similarity=record.cache_similarity,
            cache_age_seconds=record.cache_age_seconds,
        )

    def moved(self, event: Event, steps: tuple[Step, ...]) -> None:
        """Nothing to do."""

    def kept(self, record: Record) -> None:
        """The request is over."""
        self._record = record


def _text(response: dict[str, Any]) -> str:
    """What the first choice says, also where it comes in parts."""
    choices = response.get("choices") or [{}]
    content = (choices[0].get("message") or {}).get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
