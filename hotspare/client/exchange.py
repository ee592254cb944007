"""One request of an application's: the caller's side of its answer, without a connection."""

from typing import Any

import msgspec

from hotspare.client.result import AllModelsFailed, FallbackResult, causes_of
from hotspare.engine.protocols import Answer, Told
from hotspare.router.record import Record
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.step import Event, Fail, Step

_ANSWER = msgspec.json.Decoder(dict[str, Any])


class Exchange:
    """A Delivery that keeps what it is given, and the Watcher that sees the Record."""

    __slots__ = ("_answer", "_fail", "_record")

    def __init__(self) -> None:
        self._answer: bytes = b""
        self._fail: Fail | None = None
        self._record: Record | None = None

    def result(self) -> FallbackResult:
        """What came of it.

        Raises:
            AllModelsFailed: no answer.
        """
        record = self._record
        if record is None:
            raise RuntimeError("the request has not ended")
        if self._fail is not None:
            raise AllModelsFailed(self._fail, record.id, causes_of(record))
        response = _ANSWER.decode(self._answer)
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

    # ------------------------------------------------------------ watching
    def moved(self, event: Event, steps: tuple[Step, ...]) -> None:
        """Nothing to do."""

    def kept(self, record: Record) -> None:
        """The request is over."""
        self._record = record

    # ------------------------------------------------------------ being the caller
    async def whole(self, told: Told, answer: Answer) -> None:
        """The answer."""
        del told
        self._answer = answer.body or b""

    async def error(self, told: Told, fail: Fail) -> None:
        """No answer."""
        del told
        self._fail = fail

    async def begin(self, told: Told, answer: Answer) -> None:
        """No stream is ever asked for."""

    async def begin_early(self, request_id: str) -> None:
        """Likewise."""

    async def keep_alive(self) -> None:
        """Likewise."""

    async def piece(self, data: bytes) -> None:
        """Likewise."""

    def take(self, data: bytes) -> bool:
        """Likewise."""
        del data
        return False

    async def end(self, tail: bytes) -> None:
        """Likewise."""

    async def broken(self, told: Told, fail: Fail) -> None:
        """Likewise."""


def _text(response: dict[str, Any]) -> str:
    """What the first choice says, also where it comes in parts."""
    choices = response.get("choices") or [{}]
    content = (choices[0].get("message") or {}).get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
