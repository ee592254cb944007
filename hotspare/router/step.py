"""The words a Walk and the engine exchange: events go in, steps come out. Times are monotonic seconds."""

from dataclasses import dataclass
from typing import TypeAlias

from hotspare.router.line import Waiter
from hotspare.router.settings import Limits
from hotspare.router.trigger import AttemptFailed, Trigger, Usage
from hotspare.router.value import value


# ------------------------------------------------------------------ events
@dataclass(frozen=True, slots=True)
class Begin:
    """The request is there."""


@value
class Failed:
    """Attempt `n` is over and gave nothing that could go to the caller."""

    n: int
    failure: AttemptFailed


@dataclass(frozen=True, slots=True)
class ContentHeld:
    """Attempt `n` has content, which is held back until its answer is whole: then FirstContent, or Failed."""

    n: int


@value
class FirstContent:
    """Attempt `n` has content (or its whole answer)."""

    n: int


@value
class Ended:
    """Attempt `n`, whose content came, is over: whole, or broken off (`failure`)."""

    n: int
    usage: Usage | None = None
    status: int = 200
    provider_request_id: str | None = None
    failure: AttemptFailed | None = None
    spent_seconds: float | None = None
    """How long the key has nothing left, where the provider said so."""
    resumable: bool = False
    """It broke off in the middle of text, which another model could go on with."""
    message: str = ""
    """What was done to the answer before it went out, for its Record."""
    said_bytes: int = 0
    """The text that came, for whoever must guess what was used."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Attempt `n` was stopped by us, as a Cancel step asked."""

    n: int
    usage: Usage | None = None
    said_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """The time that the last Wait named has come."""


@dataclass(frozen=True, slots=True)
class Woken:
    """One of the waiters that the last Wait named was called."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What the emergency cache has: the model whose answer it is, or None."""

    model: str | None
    age_seconds: float | None = None
    similarity: float | None = None
    """Of the request that it answered; 1: it was the same."""


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """Nobody waits for the answer any more."""


Event: TypeAlias = Begin | Failed | ContentHeld | FirstContent | Ended | Cancelled | Due | Woken | Recalled | CallerLeft


# ------------------------------------------------------------------ steps
@value
class Try:
    """Call a model. The permit, the trial and the reservation it holds are given back by exactly one of
    Failed, Ended and Cancelled with the same `n`.
    """

    n: int
    model: str
    key: str
    limits: Limits
    deadline: float
    """Monotonic: the first content, or the whole of an answer that is not streamed, must be there by then."""
    resume: bool = False
    """It goes on where an attempt before it broke off, whose text the caller has."""


@value
class Deliver:
    """Attempt `n` is the one whose content goes to the caller."""

    n: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop attempt `n`; answer with Cancelled."""

    n: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Send Due at `until`, and Woken when one of the waiters is called. Replaces an earlier Wait."""

    until: float
    waiters: tuple[Waiter, ...] = ()


@dataclass(frozen=True, slots=True)
class Recall:
    """Ask the emergency cache; answer with Recalled."""


@value
class Finish:
    """The request is answered, by attempt `n`; 0: by the emergency cache."""

    n: int


@dataclass(frozen=True, slots=True)
class Fail:
    """The request is over without a whole answer. After a Deliver it means: the stream ends with an error event.

    `failure` is set where one attempt's own error is what the caller should see (`relay` True: its body, unchanged).
    """

    status: int
    code: str
    """Machine-readable: "all_models_failed", "rate_limited", "no_model_available", "deadline_exceeded",
    "stream_broken", "bad_request", "content_filter"."""
    message: str
    retry_after_seconds: float | None
    suggestion: str
    trigger: Trigger | None = None
    failure: AttemptFailed | None = None
    relay: bool = False


Step: TypeAlias = Try | Deliver | Cancel | Wait | Recall | Finish | Fail
