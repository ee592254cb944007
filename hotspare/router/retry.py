"""Whether a model that failed is called again for the same request: with another key, after a pause, or not."""

from dataclasses import dataclass
from random import Random

from hotspare.router.candidate import CandidateState, Permit
from hotspare.router.line import Waiter
from hotspare.router.record import Ask
from hotspare.router.settings import Limits
from hotspare.router.trigger import Action, AttemptFailed, Trigger

NEVER = float("inf")


@dataclass(slots=True)
class Lane:
    """What goes on with one candidate of a walk.

    `due` is when its next call may be made, NEVER while one runs. While it stands in its model's line (since
    `queued_at`) it has a `waiter`, and `due` is when it has waited long enough.
    """

    state: CandidateState
    limits: Limits
    retries: int = 0
    tried_keys: frozenset[str] = frozenset()
    due: float = NEVER
    key: str | None = None
    """That of the last call, or of the one to come; None before the first."""
    waiter: Waiter | None = None
    queued_at: float = 0.0
    queued_seconds: float = 0.0
    """How long it stood in line for its next call."""


@dataclass(slots=True)
class Running:
    """A call that has not come back yet."""

    lane: Lane
    permit: Permit
    started: float
    queued_seconds: float
    """How long it stood in line before."""
    first_content: float | None = None


def call_again(lane: Lane, action: Action, failure: AttemptFailed, ask: Ask, now: float, random: Random) -> bool:
    """True: the lane's `key` and `due` say with which key and when; False: the model has had its chances."""
    if action is Action.another_key:
        return _with_another_key(lane, ask, now) or _after_patience(lane, failure, ask, now)
    return action is Action.retry and _after_backoff(lane, failure, ask, now, random)


def _with_another_key(lane: Lane, ask: Ask, now: float) -> bool:
    other = lane.state.free_key(now, lane.tried_keys)
    if other is None or now >= ask.deadline or lane.state.held(ask, now) is not None:
        return False
    lane.key, lane.due = other, now
    return True


def _after_patience(lane: Lane, failure: AttemptFailed, ask: Ask, now: float) -> bool:
    """A short Retry-After is waited out on the same model where the chain has the patience for it."""
    asked = failure.retry_after_seconds
    if failure.trigger is not Trigger.rate_limit or asked is None:
        return False
    if asked > lane.limits.rate_limit_patience_seconds or now + asked >= ask.deadline:
        return False
    if lane.retries >= max(1, lane.limits.retries):
        return False
    lane.retries += 1
    lane.due, lane.tried_keys = now + asked, frozenset()
    return True


def _after_backoff(lane: Lane, failure: AttemptFailed, ask: Ask, now: float, random: Random) -> bool:
    limits = lane.limits
    if lane.retries >= limits.retries:
        return False
    pause = _pause(lane, failure, random)
    if pause is None or now + pause >= ask.deadline:
        return False
    if lane.state.held(ask, now) is not None:
        return False
    if not lane.state.retry_budget.draw(now, limits.retries, alone=lane.state.in_flight == 0):
        return False
    lane.retries += 1
    lane.due = now + pause
    return True


def _pause(lane: Lane, failure: AttemptFailed, random: Random) -> float | None:
    """Seconds before the next retry: full jitter under a growing bound (AWS Builders' Library), never less than the
    provider asked for; None where it asked for longer than the bound's cap.
    """
    limits = lane.limits
    bound = limits.retry_delay_seconds * limits.retry_multiplier**lane.retries
    pause = random.uniform(0.0, min(bound, limits.retry_delay_cap_seconds))
    asked = failure.retry_after_seconds
    if asked is None:
        return pause
    return None if asked > limits.retry_delay_cap_seconds else max(asked, pause)
