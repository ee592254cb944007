"""The only thing that judges a model: closed, open (or suspended), and half-open with exactly one trial.

Every call is made under a Lease, and every Lease is given back exactly once with a Verdict. A Lease of an earlier
period (before the breaker last opened or closed) is a late result and changes nothing. Only a failure, or a slow answer
under the slow-share rule, opens. Times are monotonic seconds.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from hotspare.router.settings import BreakerRules
from hotspare.router.window import Window

BreakerState = Literal["closed", "open", "suspended"]

LAST_RESORT_PAUSE_SECONDS = 5.0

LONGEST_BREAK = 5
"""Breaks: each opening that follows another is one break longer (Envoy's outlier ejection), up to this many."""


class Verdict(Enum):
    """What a call says about the model."""

    good = "it answered"
    slow = "it answered, slower than the rules allow"
    bad = "it failed in a way that counts"
    nothing = "cancelled, or a failure that is not the model's"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to one call.

    `trial`: its number where it is the one call of a half-open breaker, else 0; a trial that has expired has lost its
    number to the next. `last_resort`: a trial ahead of time, whose failure changes nothing.
    """

    period: int
    trial: int = 0
    last_resort: bool = False


ORDINARY = tuple(Lease(period) for period in range(64))
"""Leases of closed breakers are equal when their period is, so that the usual call makes no object."""


@dataclass(frozen=True, slots=True)
class TripCondition:
    """One line of the table of what opens a breaker.

    `words` says what opened it, `distance` how far it is from opening, "" where the rule is off.
    """

    name: str
    becomes: Literal["open", "suspended"]
    met: Callable[["Breaker"], bool]
    seconds: Callable[[BreakerRules], float]
    words: Callable[["Breaker"], str]
    distance: Callable[["Breaker"], str]


class Breaker:
    """One model's breaker.

    Attributes:
        state: "closed", or why calls are held back.
        until: when a trial may be made (meaningless while closed).
        reason: which condition opened it, in words.
        since: when it opened.
        failures_in_row: of traffic and probes, since the last that went well.
        probes_in_row: how many of these were probes.
    """

    __slots__ = (
        "_closed_at",
        "_good_trials",
        "_last_resort_at",
        "_openings",
        "_trial",
        "_trial_until",
        "_trials",
        "failures_in_row",
        "period",
        "probes_in_row",
        "reason",
        "rules",
        "since",
        "state",
        "until",
        "window",
    )

    def __init__(self, rules: BreakerRules) -> None:
        self.rules = rules
        self.window = Window(rules.window_seconds)
        self.state: BreakerState = "closed"
        self.until = 0.0
        self.since = 0.0
        self.reason = ""
        self.period = 0
        self.failures_in_row = 0
        self.probes_in_row = 0
        self._good_trials = 0
        self._openings = 0
        self._closed_at = 0.0
        self._trials = 0
        self._trial = 0
        self._trial_until = 0.0
        self._last_resort_at = float("-inf")

    def obey(self, rules: BreakerRules) -> None:
        """Go by other rules from now on; what was counted so far is kept, unless it was over another window."""
        if rules.window_seconds != self.rules.window_seconds:
            self.window = Window(rules.window_seconds)
        self.rules = rules

    def held_until(self, now: float) -> float | None:
        """When the next call may be made; None: now. While a trial runs, that is when the trial would expire."""
        if self.state == "closed":
            return None
        if now < self.until:
            return self.until
        return self._trial_until if self._trial_runs(now) else None

    def lease(self, now: float) -> Lease:
        """The right to call now; `held_until(now)` must be None. In half-open it is the one trial."""
        if self.state == "closed":
            return ORDINARY[self.period] if self.period < len(ORDINARY) else Lease(self.period)
        return Lease(self.period, self._begin_trial(now))

    def last_resort(self, now: float) -> Lease | None:
        """A trial ahead of time: one at a time, at most one in five seconds; None where there is none now."""
        if self._trial_runs(now) or now - self._last_resort_at < LAST_RESORT_PAUSE_SECONDS:
            return None
        self._last_resort_at = now
        return Lease(self.period, self._begin_trial(now), last_resort=True)

    def _trial_runs(self, now: float) -> bool:
        return bool(self._trial) and now < self._trial_until

    def _begin_trial(self, now: float) -> int:
        self._trials += 1
        self._trial = self._trials
        self._trial_until = now + self.rules.open_seconds
        return self._trial

    def give_back(self, lease: Lease, verdict: Verdict, now: float, trigger: str = "", *, probe: bool = False) -> bool:
        """The call is over. True: the breaker's state has changed. A `probe` counts in a row, but not in the shares."""
        if lease.period != self.period or (lease.trial and lease.trial != self._trial):
            return False
        if lease.trial:
            self._trial = 0
        if verdict is Verdict.nothing or not self.rules.enabled:
            return False
        if self.state == "closed":
            return self._judge(verdict, now, trigger, probe=probe)
        return self._judge_trial(lease, verdict, now, trigger)

    def _judge(self, verdict: Verdict, now: float, trigger: str, *, probe: bool) -> bool:
        bad = verdict is Verdict.bad
        if not probe:
            self.window.add(now, bad=bad, slow=verdict is Verdict.slow)
        self.failures_in_row = self.failures_in_row + 1 if bad else 0
        self.probes_in_row = self.probes_in_row + probe if bad else 0
        if verdict is Verdict.good:
            return False
        for condition in TRIP_CONDITIONS:
            if condition.met(self):
                words = condition.words(self) + (f": {trigger}" if trigger else "")
                self._open(condition.becomes, now, condition.seconds(self.rules), words)
                return True
        return False

    def _judge_trial(self, lease: Lease, verdict: Verdict, now: float, trigger: str) -> bool:
        if verdict is not Verdict.bad:
            self._good_trials += 1
            if self._good_trials >= self.rules.success_threshold:
                self.close(now)
            return True
        if lease.last_resort:
            return False
        seconds = self.rules.suspended_seconds if self.state == "suspended" else self.rules.open_seconds
        self._open(self.state, now, seconds, f"trial failed: {trigger}" if trigger else "trial failed", self.since)
        return True

    def _longer(self, now: float, seconds: float) -> float:
        """The break that is due: it grows with each opening, and falls again by one for each break spent well."""
        if self.state == "closed":
            well = int((now - self._closed_at) / seconds) if seconds > 0 else self._openings
            self._openings = max(0, self._openings - well)
        self._openings = min(self._openings + 1, LONGEST_BREAK)
        return seconds * self._openings

    def _open(self, state: BreakerState, now: float, seconds: float, reason: str, since: float | None = None) -> None:
        self.until = now + self._longer(now, seconds)
        self.period += 1
        self.state = state
        self.since = now if since is None else since
        self.reason = reason
        self._good_trials = 0
        self._trial = 0

    def well_for(self, now: float) -> float:
        """Seconds since it last closed; infinite where it has not been open lately."""
        return now - self._closed_at if self._openings else math.inf

    def distances(self, now: float) -> tuple[str, ...]:
        """How far each trip condition is from opening it, in words; empty where the breaker is switched off."""
        self.window.advance(now)
        if not self.rules.enabled:
            return ()
        return tuple(words for condition in TRIP_CONDITIONS if (words := condition.distance(self)))

    def close(self, now: float) -> None:
        """Back to work with a clean slate; only the number of openings is remembered for a while."""
        self._closed_at = now
        self.period += 1
        self.state = "closed"
        self.reason = ""
        self.failures_in_row = self.probes_in_row = 0
        self.window.clear()
        self._good_trials = 0
        self._trial = 0

    def memory(self, now: float, wall: float) -> dict[str, Any] | None:
        """What the next start must know, with wall times; None while closed."""
        if self.state == "closed":
            return None
        return {
            "state": self.state,
            "until": wall + self.until - now,
            "since": wall + self.since - now,
            "reason": self.reason,
            "openings": self._openings,
        }

    def remember(self, memory: dict[str, Any], now: float, wall: float) -> None:
        """Take up a `memory` of an earlier run; a break that is over by now leaves the trial to be made."""
        if not self.rules.enabled:
            return
        state: BreakerState = "suspended" if memory["state"] == "suspended" else "open"
        self._open(state, now, 0.0, memory["reason"], now + memory["since"] - wall)
        self.until = now + max(0.0, memory["until"] - wall)
        self._openings = memory["openings"]


def _share(breaker: Breaker, count: int, threshold: float) -> bool:
    rules = breaker.rules
    return threshold > 0 and breaker.window.calls >= rules.minimum_calls and count / breaker.window.calls > threshold


def _distance(breaker: Breaker, count: int, threshold: float, what: str) -> str:
    """As "3 of 8 calls in 60 s failed; opens over 50 % of 20 or more"; "" where the rule is off."""
    if threshold <= 0:
        return ""
    rules, calls = breaker.rules, breaker.window.calls
    now = f"{count} of {calls} calls in {rules.window_seconds:g} s {what}"
    return f"{now}; opens over {threshold * 100:.0f} % of {rules.minimum_calls} or more"


TRIP_CONDITIONS: tuple[TripCondition, ...] = (
    TripCondition(
        "failed probes",
        "open",
        lambda b: b.probes_in_row >= b.rules.consecutive_failures,
        lambda rules: rules.open_seconds,
        lambda b: f"{b.probes_in_row} probes failed in a row",
        lambda b: f"{b.probes_in_row} of {b.rules.consecutive_failures} probes in a row" if b.probes_in_row else "",
    ),
    TripCondition(
        "in a row",
        "open",
        lambda b: b.failures_in_row >= b.rules.consecutive_failures,
        lambda rules: rules.open_seconds,
        lambda b: f"{b.failures_in_row} failures in a row" if b.failures_in_row > 1 else "a failure",
        lambda b: f"{b.failures_in_row} of {b.rules.consecutive_failures} failures in a row",
    ),
    TripCondition(
        "failed share",
        "suspended",
        lambda b: _share(b, b.window.bad, b.rules.failed_share),
        lambda rules: rules.suspended_seconds,
        lambda b: f"{b.window.bad} of {b.window.calls} calls failed in {b.rules.window_seconds:g} s",
        lambda b: _distance(b, b.window.bad, b.rules.failed_share, "failed"),
    ),
    TripCondition(
        "slow share",
        "suspended",
        lambda b: _share(b, b.window.slow, b.rules.slow_share),
        lambda rules: rules.suspended_seconds,
        lambda b: f"{b.window.slow} of {b.window.calls} answers slower than {b.rules.slow_seconds:g} s",
        lambda b: _distance(b, b.window.slow, b.rules.slow_share, f"slower than {b.rules.slow_seconds:g} s"),
    ),
)
"""Looked through from the top after a failure or a slow answer; the first that is met opens the breaker."""
