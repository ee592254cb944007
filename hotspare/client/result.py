"""What comes of a request: an answer, or one exception that says why every model failed."""

from dataclasses import dataclass, field
from typing import Any

from hotspare.router.record import Record
from hotspare.router.step import Fail


@dataclass(frozen=True, slots=True)
class FallbackResult:
    """An answer.

    Attributes:
        response: as an OpenAI chat completion, whoever answered.
        text: what it says; "" where it calls tools only.
        model_used: who answered, by its configured name.
        fallback_occurred: another than the one the request was meant for.
        attempts: the models that were called, in order, a retry again.
        total_latency_ms: from the call of `generate` to the whole answer.
        request_id: ours.
        cost_usd: of all attempts; None where the price of one is unknown.
        from_cache: no model could answer: it was given before (`emergency_cache`).
        cache_similarity: of the request that it was given to; 1 for the same one, None where it is not from the cache.
        cache_age_seconds: how long ago.
    """

    response: dict[str, Any] = field(repr=False)
    text: str
    model_used: str
    fallback_occurred: bool
    attempts: list[str]
    total_latency_ms: float
    request_id: str
    cost_usd: float | None
    from_cache: bool = False
    cache_similarity: float | None = None
    cache_age_seconds: float | None = None


class AllModelsFailed(Exception):
    """No model could answer.

    Attributes:
        message: why, in one sentence.
        retry_after: seconds after which it is worth trying again; None where nothing passes by itself.
        fallback_suggestion: a model or an act that would work now; "" where nothing is known.
        request_id: ours.
        causes: model → its error, or why it was not called.
    """

    def __init__(self, fail: Fail, request_id: str, causes: dict[str, str]) -> None:
        super().__init__(fail.message)
        if fail.suggestion:
            self.add_note(fail.suggestion)
        self.message = fail.message
        self.retry_after = fail.retry_after_seconds
        self.fallback_suggestion = fail.suggestion
        self.request_id = request_id
        self.causes = causes


def causes_of(record: Record) -> dict[str, str]:
    """Why each model of a request did not answer."""
    causes = {one.model: _skipped(one.skip, one.by) for one in record.candidates if one.skip is not None}
    for attempt in record.attempts:
        if attempt.trigger is not None:
            status = "" if attempt.status is None else f" {attempt.status}"
            causes[attempt.model] = f"{attempt.trigger}{status}: {attempt.message}"
    return causes


def _skipped(skip: str, by: str) -> str:
    return f"not called: {skip}" + (f" ({by})" if by else "")
