"""The errors by which a walk ends early: where one attempt's own failure is what the caller should see."""

from collections.abc import Mapping, Sequence

from hotspare.router.outcome import LASTING, Ending
from hotspare.router.record import Candidate
from hotspare.router.step import Fail
from hotspare.router.trigger import AttemptFailed, Trigger

Ended = tuple[Fail, Ending]


def stopped(model: str, failure: AttemptFailed) -> Ended:
    """The provider's own error goes to the caller: nobody else would answer differently, or nobody else may."""
    if failure.trigger not in (Trigger.bad_request, Trigger.content_filter):
        return not_allowed(model, failure)
    status = failure.status or 400
    fail = Fail(status, failure.trigger.value, failure.message, None, "", failure.trigger, failure, relay=True)
    if failure.trigger is Trigger.bad_request:
        return fail, Ending("caller_fault", status, "bad_request", failure.trigger)
    return fail, Ending("failed", status, "content_filter", failure.trigger)


ABOUT_THE_REQUEST = frozenset({Trigger.bad_request, Trigger.context_length})


def complaint(failures: Sequence[tuple[str, AttemptFailed]], skipped: Mapping[str, Candidate]) -> Ended | None:
    """What a model found wrong with the request, where every other that could be asked found something too; None where
    one that may come back was not heard, or where nobody complained.
    """
    found = next(((model, told) for model, told in failures if told.trigger is Trigger.bad_request), None)
    if found is None or any(told.trigger not in ABOUT_THE_REQUEST for _, told in failures):
        return None
    return stopped(*found) if all(candidate.skip in LASTING for candidate in skipped.values()) else None


def not_allowed(model: str, failure: AttemptFailed) -> Ended:
    """The chain's settings send this error to the caller instead of falling back."""
    status = failure.status if failure.status is not None and failure.status >= 400 else 503
    told = f"{model}: {failure.message}; this chain does not fall back on {failure.trigger}"
    fail = Fail(status, failure.trigger.value, told, failure.retry_after_seconds, "", failure.trigger, failure)
    return fail, Ending("failed", status, "not_allowed", failure.trigger)


def broken(model: str, failure: AttemptFailed) -> Ended:
    """Content has gone out, and no more of it comes."""
    told = f"{model} broke off in the middle of its answer: {failure.message}"
    fail = Fail(502, "stream_broken", told, None, "send the request again", failure.trigger, failure)
    return fail, Ending("failed", 200, "stream_broken", failure.trigger)
