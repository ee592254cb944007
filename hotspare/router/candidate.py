"""Everything live about one model: what holds it back, which key is free, who is calling it.

`held` derives eligibility from breaker, cooldowns, refused keys and decisions; nothing else says whether a model may be
called. A Permit is taken for each call and given back exactly once. Times are monotonic seconds.
"""

import math
from dataclasses import dataclass
from typing import Any

from hotspare.router.breaker import Breaker, Lease, Verdict
from hotspare.router.budget import RetryBudget
from hotspare.router.line import Line, Waiter
from hotspare.router.record import Ask, Skip
from hotspare.router.settings import Model
from hotspare.router.trigger import COUNTED, AttemptFailed, Trigger

KEY_TRIAL_SECONDS = 300.0
"""A refused key is tried again, once, after this long."""

CONTEXT = "context window"
"""What a model lacks that a request is too long for."""

BYTES_PER_TOKEN = 4.0
"""Of a request's body, until the usage that comes back says better."""
FEWEST_BYTES, MOST_BYTES = 1.0, 16.0
NEW_SHARE = 0.1
"""What one answer adds to the running mean."""

UNMEASURED = frozenset({"images", "files", "audio"})
"""What makes a body much longer than its tokens."""

NO_KEYS = ("",)
"""The key of a provider that needs none: one nameless key, so that cooldowns work the same."""

REFUSED = "refused by the provider"
NOT_FOR_THIS_MODEL = "refused for this model"
KEY_WANTED = "its provider asks for a key"
"""Why no key is usable, besides that none is configured where one is needed: the key was refused (401), it may not use
this model (403), or a model without a key was asked for one.
"""


@dataclass(frozen=True, slots=True)
class Held:
    """Why a model may not be called now, until when (None: no known end), and by whom."""

    skip: Skip
    until: float | None = None
    by: str = ""


@dataclass(slots=True)
class Cooldown:
    """A pause. `asked`: the provider named the time itself, so that not even a last resort breaks it."""

    until: float
    since: float
    asked: bool
    reason: str


@dataclass(slots=True)
class Permit:
    """The right to one call of one model with one key."""

    key: str
    lease: Lease


class Keys:
    """The API keys of one provider that were refused, shared by its models: alias → when one trial may be made."""

    __slots__ = ("refused", "since")

    def __init__(self) -> None:
        self.refused: dict[str, float] = {}
        self.since: dict[str, float] = {}


class CandidateState:
    """One model's live state; owned by the router, changed only through its methods."""

    __slots__ = (
        "breaker",
        "bytes_per_token",
        "cooldowns",
        "decided",
        "decided_by",
        "decided_until",
        "in_flight",
        "keys",
        "line",
        "model",
        "names",
        "own_refused",
        "retry_budget",
    )

    def __init__(self, model: Model, keys: Keys) -> None:
        self.model = model
        self.keys = keys
        self.names = model.keys or (() if model.needs_key else NO_KEYS)
        self.breaker = Breaker(model.breaker)
        self.cooldowns: dict[str, Cooldown] = {}
        self.own_refused: dict[str, float] = {}
        self.bytes_per_token = BYTES_PER_TOKEN
        self.in_flight = 0
        self.line = Line()
        self.retry_budget = RetryBudget()
        self.decided: Skip | None = None if model.enabled else "disabled"
        self.decided_by = "" if model.enabled else "file"
        self.decided_until: float | None = None

    # ------------------------------------------------------------ may it be called?
    def held(self, ask: Ask, now: float) -> Held | None:
        """Why this request may not go here now; None: it may."""
        if self.decided is not None:
            return Held(self.decided, self.decided_until, self.decided_by)
        if ask.needs and (lacking := ask.needs & self.model.lacks):
            return Held("incapable", None, min(lacking))
        context = self.model.context_tokens
        if context is not None and not ask.needs & UNMEASURED and self.tokens_of(ask) > context:
            return Held("incapable", None, CONTEXT)
        return self.unready(now)

    def tokens_of(self, ask: Ask) -> int:
        """About how many tokens a request's prompt has here."""
        return int(ask.size_bytes / self.bytes_per_token)

    def learn(self, ask: Ask, input_tokens: int) -> None:
        """How many tokens a request's prompt really had."""
        if input_tokens and ask.size_bytes and not ask.needs & UNMEASURED:
            ratio = min(MOST_BYTES, max(FEWEST_BYTES, ask.size_bytes / input_tokens))
            self.bytes_per_token += NEW_SHARE * (ratio - self.bytes_per_token)

    def unready(self, now: float) -> Held | None:
        """As `held`, without what is a matter of the request or of a decision."""
        if not self._keys_are_free and (held := self._key_held(now)) is not None:
            return held
        breaker = self.breaker
        if breaker.state != "closed" and (end := breaker.held_until(now)) is not None:
            return Held("suspended" if breaker.state == "suspended" else "open", end, "breaker")
        if self.model.max_concurrent and self.in_flight + self.line.kept >= self.model.max_concurrent:
            return Held("busy", None, f"{self.in_flight} in flight, {len(self.line)} in line")
        return None

    @property
    def _keys_are_free(self) -> bool:
        """Nothing is held against any key, and there is one."""
        return bool(self.names) and not (self.cooldowns or self.own_refused or self.keys.refused)

    def _key_held(self, now: float) -> Held | None:
        if not self.names:
            return Held("no_key", None, "no key configured")
        if self.free_key(now) is not None:
            return None
        usable = [name for name in self.names if self._refused_until(name) <= now]
        if usable:
            end = min(self.cooldowns[name].until for name in usable)
            return Held("cooling", end, "provider" if self.asked_to_wait() else "429")
        return Held("no_key", min(map(self._refused_until, self.names), default=None), self._refusal())

    def _refusal(self) -> str:
        if self.names == NO_KEYS:
            return KEY_WANTED
        return REFUSED if any(name in self.keys.refused for name in self.names) else NOT_FOR_THIS_MODEL

    def _refused_until(self, key: str) -> float:
        return max(self.keys.refused.get(key, 0.0), self.own_refused.get(key, 0.0))

    def free_key(self, now: float, tried: frozenset[str] = frozenset()) -> str | None:
        """The first key that is neither refused nor cooling nor in `tried`."""
        if not tried and self._keys_are_free:
            return self.names[0]
        for name in self.names:
            cooldown = self.cooldowns.get(name)
            if (
                name not in tried
                and (cooldown is None or cooldown.until <= now)
                and (not (self.keys.refused or self.own_refused) or self._refused_until(name) <= now)
            ):
                return name
        return None

    def asked_to_wait(self) -> bool:
        """True where the provider itself named the end of every cooldown in force."""
        return bool(self.cooldowns) and all(cooldown.asked for cooldown in self.cooldowns.values())

    # ------------------------------------------------------------ calls
    def take(self, key: str, now: float) -> Permit:
        """Begin a call; `held` must be None, `key` free."""
        self.in_flight += 1
        if self.keys.refused or self.own_refused:
            self._mark_key_trial(key, now)
        return Permit(key, self.breaker.lease(now))

    def take_last_resort(self, now: float) -> Permit | None:
        """Begin the one call that is made although only our own judgement says no; None: not now."""
        held = self.unready(now)
        if held is None or held.skip not in ("open", "suspended", "cooling"):
            return None
        usable = [name for name in self.names if self._refused_until(name) <= now and self._ours_to_break(name, now)]
        if not usable:
            return None
        lease = self.breaker.last_resort(now)
        if lease is None:
            return None
        self.in_flight += 1
        return Permit(usable[0], lease)

    def _ours_to_break(self, key: str, now: float) -> bool:
        cooldown = self.cooldowns.get(key)
        return cooldown is None or cooldown.until <= now or not cooldown.asked

    def _mark_key_trial(self, key: str, now: float) -> None:
        """A refused key whose time has come is being tried: nobody else tries it meanwhile."""
        for refused in (self.keys.refused, self.own_refused):
            if key in refused:
                refused[key] = now + KEY_TRIAL_SECONDS

    def give_back(
        self,
        permit: Permit,
        verdict: Verdict,
        now: float,
        failure: AttemptFailed | None = None,
        *,
        probe: bool = False,
    ) -> bool:
        """End a call. True: something that others can see has changed (breaker, cooldown, key)."""
        self.in_flight -= 1
        if self.line.waiting:
            self.admit()
        trigger = "" if failure is None else failure.trigger
        changed = self.breaker.give_back(permit.lease, verdict, now, trigger, probe=probe)
        if failure is not None:
            if permit.lease.last_resort and failure.retry_after_seconds is None:
                return changed  # it was called against our own judgement: its failure lengthens nothing
            return self._set_aside(permit.key, failure, now) or changed
        if verdict is Verdict.good or verdict is Verdict.slow:
            return self._welcome(permit.key) or changed
        return changed

    # ------------------------------------------------------------ its line
    def join_line(self) -> Waiter | None:
        """A place in the line of a model that is busy; None: the line is full."""
        return self.line.join() if len(self.line) < self.model.max_queued else None

    def admit(self) -> None:
        """Keep what places are free for the first in line."""
        limit = self.model.max_concurrent or math.inf
        while self.line and self.in_flight + self.line.kept < limit:
            self.line.admit()

    def leave_line(self, waiter: Waiter) -> None:
        """Go without a call; whose turn it is then is told."""
        self.line.leave(waiter)
        self.admit()

    def _welcome(self, key: str) -> bool:
        """An answer proves that its key is good and that nobody asks us to wait."""
        keys = self.keys
        if not (self.cooldowns or keys.refused or keys.since or self.own_refused):
            return False
        known = self.cooldowns.pop(key, None), self.keys.refused.pop(key, None), self.own_refused.pop(key, None)
        self.keys.since.pop(key, None)
        return any(entry is not None for entry in known)

    def _set_aside(self, key: str, failure: AttemptFailed, now: float) -> bool:
        match failure.trigger:
            case Trigger.rate_limit | Trigger.quota:
                return self._cool(key, failure, now)
            case Trigger.auth if failure.status == 403 or not key:  # forbidden, or no key to refuse: this model only
                self.own_refused[key] = now + KEY_TRIAL_SECONDS
            case Trigger.auth:
                self.keys.refused[key] = now + KEY_TRIAL_SECONDS
                self.keys.since.setdefault(key, now)
            case _:
                return False
        return True

    def rest(self, key: str, seconds: float, now: float) -> None:
        """Pass a key over that has nothing left until its provider's reset. A shorter pause never replaces a longer."""
        before = self.cooldowns.get(key)
        if before is None or before.until < now + seconds:
            self.cooldowns[key] = Cooldown(now + seconds, now, asked=True, reason="nothing left of its allowance")

    def _cool(self, key: str, failure: AttemptFailed, now: float) -> bool:
        """Pause this key. A shorter pause never replaces a longer one."""
        asked = failure.retry_after_seconds is not None
        seconds = failure.retry_after_seconds if asked else self.model.breaker.cooldown_seconds
        if not seconds or seconds <= 0:
            return False
        reason = f"{failure.status or failure.trigger.value}" + (", Retry-After" if asked else "")
        before = self.cooldowns.get(key)
        if before is not None and before.until > now:
            before.asked |= asked
            before.until = max(before.until, now + seconds)
        else:
            self.cooldowns[key] = Cooldown(now + seconds, now, asked, reason)
        return True

    # ------------------------------------------------------------ by hand, and over restarts
    def decide(self, decided: Skip | None, by: str = "") -> None:
        """What an operator or the file has ordered; None: it may serve."""
        self.decided = decided
        self.decided_by = by if decided is not None else ""
        if decided is not None:
            self.line.look_again()

    def clear(self, now: float) -> None:
        """Forget all that our own judgement or a provider's word holds against the model."""
        self.cooldowns.clear()
        self.own_refused.clear()
        for name in self.names:
            self.keys.refused.pop(name, None)
            self.keys.since.pop(name, None)
        self.breaker.close(now)

    def obey(self, model: Model) -> None:
        """Go by what the file says now of the same model. Cooldowns and breaker stay; refused keys get a chance."""
        self.model = model
        self.names = model.keys or (() if model.needs_key else NO_KEYS)
        self.cooldowns = {key: cooldown for key, cooldown in self.cooldowns.items() if key in self.names}
        self.own_refused.clear()
        self.breaker.obey(model.breaker)
        self.admit()

    def memory(self, now: float, wall: float) -> dict[str, Any]:
        """What the next start must know; empty where there is nothing."""
        found: dict[str, Any] = {}
        if (breaker := self.breaker.memory(now, wall)) is not None:
            found["breaker"] = breaker
        cooling = {
            key: {
                "until": wall + entry.until - now,
                "since": wall + entry.since - now,
                "asked": entry.asked,
                "reason": entry.reason,
            }
            for key, entry in self.cooldowns.items()
            if entry.until > now
        }
        if cooling:
            found["cooldowns"] = cooling
        for name, refused in (("refused", self.keys.refused), ("own_refused", self.own_refused)):
            kept = {key: wall + until - now for key, until in refused.items() if key in self.names}
            if kept:
                found[name] = kept
        return found

    def remember(self, memory: dict[str, Any], now: float, wall: float) -> None:
        """Take up what an earlier run knew; what has passed is left out."""
        if "breaker" in memory:
            self.breaker.remember(memory["breaker"], now, wall)
        for key, entry in memory.get("cooldowns", {}).items():
            if key in self.names and entry["until"] > wall:
                self.cooldowns[key] = Cooldown(
                    now + entry["until"] - wall, now + entry["since"] - wall, entry["asked"], entry["reason"]
                )
        for name, refused in (("refused", self.keys.refused), ("own_refused", self.own_refused)):
            for key, until in memory.get(name, {}).items():
                if key in self.names:
                    refused[key] = now + until - wall


def verdict_of(failure: AttemptFailed) -> Verdict:
    """What a failure says about the model it came from."""
    return Verdict.bad if failure.trigger in COUNTED else Verdict.nothing
