"""One request's way down its chain: a step machine without I/O. Events go in, steps come out, a Record remains.

A walk has *lanes*: what runs or waits side by side. A plain walk has one, a race starts one for each candidate, a hedge
opens a second after a while. Each lane calls one model, perhaps again (`retry`), and then takes the next candidate that
is left. Every Try's permit is given back by exactly one of Failed, Ended, Cancelled. Times are monotonic seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import assert_never

from hotspare.router.breaker import Verdict
from hotspare.router.candidate import CandidateState, Held, Permit, verdict_of
from hotspare.router.outcome import CALLER_LEFT, FIRST_CHOICE, Ending, Times, attempt_of, graceful, record_of
from hotspare.router.plan import Plan
from hotspare.router.record import Ask, Attempt, Candidate, EndedBy, Record
from hotspare.router.retry import NEVER, Lane, call_again
from hotspare.router.settings import Chain
from hotspare.router.step import (
    Begin,
    CallerLeft,
    Cancel,
    Cancelled,
    ContentHeld,
    Deliver,
    Due,
    Ended,
    Event,
    Fail,
    Failed,
    Finish,
    FirstContent,
    Step,
    Try,
    Wait,
    Woken,
)
from hotspare.router.trigger import TIMEOUTS, Action, AttemptFailed, Trigger, Usage


@dataclass(slots=True)
class Running:
    """A Try that has not come back yet."""

    lane: Lane
    permit: Permit
    started: float
    first_content: float | None = None


class Walk:
    """See the module. `changed` is called when a breaker, a cooldown or a key has changed.

    Attributes:
        delivered_model: whose content goes to the caller, from Deliver on.
        attempts_made: how many Tries there were.
        over: nothing runs any more and the end is known: `record` may be called.
    """

    def __init__(self, ask: Ask, chain: Chain, plan: Plan, random: Random, changed: Callable[[], None]) -> None:
        self.ask = ask
        self.plan = plan
        self.delivered_model: str | None = None
        self.attempts_made = 0
        self._chain = chain
        self._random = random
        self._changed = changed
        self._running: dict[int, Running] = {}
        self._waiting: list[Lane] = []
        self._next_candidate = 0
        self._hedge_at = NEVER
        self._delivered: int | None = None
        self._meant = {plan.meant}
        self._skipped: dict[str, Candidate] = {}
        self._failures: list[tuple[str, AttemptFailed]] = []
        self._attempts: list[Attempt] = []
        self._ending: Ending | None = None
        self._last_step: Finish | Fail | None = None
        self._left = False
        self._stopping: set[int] = set()

    @property
    def fallback(self) -> bool:
        """The answer comes from another model than it was meant for (race and hedge: than those started at once)."""
        return self.delivered_model is not None and self.delivered_model not in self._meant

    @property
    def over(self) -> bool:
        return not self._running and (self._left or (self._ending is not None and self._last_step is None))

    def next(self, event: Event, now: float) -> tuple[Step, ...]:
        """The steps that follow from an event; empty: await the next event."""
        match event:
            case Begin():
                steps = self._begin(now)
            case Failed():
                steps = self._failed(event, now)
            case FirstContent():
                steps = self._first_content(event.n, now)
            case Ended():
                steps = self._ended(event, now)
            case Cancelled():
                steps = self._cancelled(event, now)
            case ContentHeld():
                steps = self._content_held(event.n, now)
            case Due() | Woken():
                steps = self._due(now)
            case CallerLeft():
                steps = self._caller_left()
            case _:
                assert_never(event)
        return steps

    def record(self, now: float) -> Record:
        """The finished request; once, when `over`."""
        return record_of(
            self.ask,
            self.plan,
            self._ending or CALLER_LEFT,
            model=self.delivered_model,
            fallback=self.fallback,
            attempts=self._attempts,
            skipped=self._skipped,
            now=now,
        )

    # ------------------------------------------------------------ events
    def _begin(self, now: float) -> tuple[Step, ...]:
        if self.plan.lanes == 1 and self.plan.hedge_seconds is None:
            started = self._start_next(now)
            return self._nothing_ready(now) if started is None else (started,)
        steps: list[Step] = []
        for _ in range(self.plan.lanes):
            if (started := self._start_next(now)) is None:
                break
            if self.plan.lanes > 1:
                self._meant.add(started.model)
            steps.append(started)
        if not steps:
            return self._nothing_ready(now)
        if self.plan.hedge_seconds is not None:
            self._hedge_at = now + self.plan.hedge_seconds
            steps.append(Wait(self._hedge_at))
        return tuple(steps)

    def _failed(self, event: Failed, now: float) -> tuple[Step, ...]:
        running, failure = self._running.pop(event.n), event.failure
        self._give_back(running, verdict_of(failure), now, failure)
        self._note(event.n, running, now, failure=failure, usage=failure.usage)
        self._failures.append((running.lane.state.model.name, failure))
        if self._decided():
            return self._settle()
        return self._after_failure(running.lane, failure, now)

    def _content_held(self, n: int, now: float) -> tuple[Step, ...]:
        """What the caller gets is not settled yet; that the model has begun to answer counts from here."""
        self._running[n].first_content = now
        return ()

    def _first_content(self, n: int, now: float) -> tuple[Step, ...]:
        running = self._running[n]
        if running.first_content is None:
            running.first_content = now
        if self._decided():
            return self._cancel()
        self._delivered = n
        self.delivered_model = running.lane.state.model.name
        self._stop_waiting()
        return (Deliver(n), *self._cancel())

    def _ended(self, event: Ended, now: float) -> tuple[Step, ...]:
        running, failure = self._running.pop(event.n), event.failure
        delivered = event.n == self._delivered
        self._give_back(running, self._verdict(running, failure, now), now, failure)
        if event.spent_seconds is not None:
            running.lane.state.rest(running.permit.key, event.spent_seconds, now)
            self._changed()
        usage = event.usage if failure is None else failure.usage or event.usage
        self._note(event.n, running, now, failure=failure, usage=usage, ended=event, cancelled=not delivered)
        if not delivered or self._left:
            return self._settle()
        if failure is None:
            return self._end(Finish(event.n), self._answered())
        return self._end(self._broken(running, failure), Ending("failed", 200, "stream_broken", failure.trigger))

    def _cancelled(self, event: Cancelled, now: float) -> tuple[Step, ...]:
        running = self._running.pop(event.n)
        self._give_back(running, Verdict.nothing, now, None)
        self._note(event.n, running, now, usage=event.usage, cancelled=True)
        return self._settle()

    def _due(self, now: float) -> tuple[Step, ...]:
        if self._decided():
            return ()
        steps: list[Step] = []
        for lane in [lane for lane in self._waiting if lane.due <= now]:
            self._waiting.remove(lane)
            steps += self._call_again(lane, now)
        if self._hedge_at <= now:
            self._hedge_at = NEVER
            if (hedge := self._start_next(now)) is not None:
                self._meant.add(hedge.model)
                steps.append(hedge)
        return self._go_on(steps, now)

    def _caller_left(self) -> tuple[Step, ...]:
        self._left = True
        self._ending = None  # an end that nobody saw is none
        self._stop_waiting()
        self._delivered = None
        return self._cancel()

    # ------------------------------------------------------------ calling
    def _start_next(self, now: float) -> Try | None:
        """Call the next candidate that may be called; those passed over are noted."""
        order = self.plan.order
        while self._next_candidate < len(order):
            state = order[self._next_candidate]
            self._next_candidate += 1
            held = self._held(state, now)
            if held is None:
                state.retry_budget.called(now)
                key = state.free_key(now) or ""
                return self._try(Lane(state, self._chain.limits[state.model.name]), state.take(key, now), now)
            left = None if held.until is None else max(0.0, held.until - now)
            self._skipped[state.model.name] = Candidate(state.model.name, held.skip, left, held.by)
        return None

    def _held(self, state: CandidateState, now: float) -> Held | None:
        if state.model.name == self.plan.excluded:
            return Held("forced", None, self.plan.excluded_by)
        return state.held(self.ask, now)

    def _call_again(self, lane: Lane, now: float) -> list[Step]:
        """A call whose time has come; where the model may no longer be called, the next candidate's."""
        if lane.state.held(self.ask, now) is None:
            key = lane.state.free_key(now) if lane.key in lane.state.cooldowns else lane.key
            return [self._try(lane, lane.state.take(key or lane.key, now), now)]
        started = self._start_next(now)
        return [] if started is None else [started]

    def _try(self, lane: Lane, permit: Permit, now: float) -> Try:
        self.attempts_made += 1
        n = self.attempts_made
        lane.key = permit.key
        lane.due = NEVER
        lane.tried_keys |= {permit.key}
        self._running[n] = Running(lane, permit, now)
        return Try(n, lane.state.model.name, permit.key, lane.limits, self.ask.deadline)

    def _nothing_ready(self, now: float) -> tuple[Step, ...]:
        """No candidate may be called: one last-resort trial, or the graceful error at once."""
        for state in self.plan.order:
            if self._skipped[state.model.name].skip in ("open", "suspended", "cooling"):
                permit = state.take_last_resort(now)
                if permit is not None:
                    del self._skipped[state.model.name]
                    limits = self._chain.limits[state.model.name]
                    lane = Lane(state, limits, retries=max(1, limits.retries))  # this one call and no other
                    return (self._try(lane, permit, now),)
        return self._fail("no_candidate", now)

    # ------------------------------------------------------------ after a failure
    def _after_failure(self, lane: Lane, failure: AttemptFailed, now: float) -> tuple[Step, ...]:
        action = self._chain.action(failure.trigger)
        if action is Action.stop:
            return self._stop(lane, failure)
        if call_again(lane, action, failure, self.ask, now, self._random):
            if lane.due <= now:
                return self._go_on(self._call_again(lane, now), now)
            self._waiting.append(lane)
            return self._go_on([], now)
        if not self._may_fall_back(failure.trigger):
            return self._not_allowed(lane, failure)
        started = self._start_next(now) if now < self.ask.deadline else None
        return self._go_on([] if started is None else [started], now)

    def _may_fall_back(self, trigger: Trigger) -> bool:
        if trigger is Trigger.rate_limit:
            return self._chain.fallback_on_rate_limit
        return self._chain.fallback_on_timeout if trigger in TIMEOUTS else self._chain.fallback_on_error

    def _go_on(self, steps: list[Step], now: float) -> tuple[Step, ...]:
        """Add the one Wait that holds for all lanes; where nothing runs, waits or begins, the request has failed."""
        due = min((lane.due for lane in self._waiting), default=NEVER)
        due = min(due, self._hedge_at)
        if due < NEVER:
            steps.append(Wait(due))
        if steps or self._running:
            return tuple(steps)
        return self._fail("deadline" if now >= self.ask.deadline else "exhausted", now)

    # ------------------------------------------------------------ ending
    def _decided(self) -> bool:
        """It is settled which attempt the caller gets, or that it gets none."""
        return self._left or self._ending is not None or self._delivered is not None

    def _stop_waiting(self) -> None:
        self._waiting.clear()
        self._hedge_at = NEVER

    def _cancel(self) -> tuple[Cancel, ...]:
        """Stop all that runs but what is being delivered; each is asked once."""
        if len(self._running) == 1 and self._delivered in self._running:
            return ()
        to_stop = [n for n in self._running if n != self._delivered and n not in self._stopping]
        self._stopping.update(to_stop)
        return tuple(Cancel(n) for n in to_stop)

    def _end(self, step: Finish | Fail, ending: Ending) -> tuple[Step, ...]:
        """End with `step`, as soon as nothing runs any more."""
        self._ending = ending
        self._last_step = step
        self._stop_waiting()
        return self._cancel() if self._running else self._settle()

    def _settle(self) -> tuple[Step, ...]:
        if self._running or self._last_step is None:
            return ()
        step, self._last_step = self._last_step, None
        return () if self._left else (step,)

    def _fail(self, ended_by: EndedBy, now: float) -> tuple[Step, ...]:
        fail = graceful(self.plan, self._skipped, self._failures, ended_by, now)
        fault = fail.status == 400
        ending = Ending("caller_fault" if fault else "failed", fail.status, ended_by, self._reason())
        return self._end(fail, ending)

    def _stop(self, lane: Lane, failure: AttemptFailed) -> tuple[Step, ...]:
        """The provider's own error goes to the caller: nobody else would answer differently, or nobody else may."""
        if failure.trigger not in (Trigger.bad_request, Trigger.content_filter):
            return self._not_allowed(lane, failure)
        status = failure.status or 400
        fail = Fail(status, failure.trigger.value, failure.message, None, "", failure.trigger, failure, relay=True)
        if failure.trigger is Trigger.bad_request:
            return self._end(fail, Ending("caller_fault", status, "bad_request", failure.trigger))
        return self._end(fail, Ending("failed", status, "content_filter", failure.trigger))

    def _not_allowed(self, lane: Lane, failure: AttemptFailed) -> tuple[Step, ...]:
        """The chain's settings send this error to the caller instead of falling back."""
        answered_badly = failure.status is not None and failure.status >= 400
        status = failure.status if answered_badly and failure.status is not None else 503
        told = f"{lane.state.model.name}: {failure.message}; this chain does not fall back on {failure.trigger}"
        after = failure.retry_after_seconds
        fail = Fail(status, failure.trigger.value, told, after, "", failure.trigger, failure)
        return self._end(fail, Ending("failed", status, "not_allowed", failure.trigger))

    def _broken(self, running: Running, failure: AttemptFailed) -> Fail:
        told = f"{running.lane.state.model.name} broke off in the middle of its answer: {failure.message}"
        return Fail(502, "stream_broken", told, None, "send the request again", failure.trigger, failure)

    def _answered(self) -> Ending:
        if not self.fallback:
            return FIRST_CHOICE
        return Ending("answered", 200, "fallback", self._reason())

    def _reason(self) -> str:
        """Why the model it was meant for did not answer: its skip, else what its last attempt failed by."""
        skip = self._skipped.get(self.plan.meant)
        if skip is not None and skip.skip is not None:
            return skip.skip
        own = [failure.trigger.value for model, failure in self._failures if model == self.plan.meant]
        if own:
            return own[-1]
        return self._failures[-1][1].trigger.value if self._failures else "forced"

    # ------------------------------------------------------------ accounts
    def _verdict(self, running: Running, failure: AttemptFailed | None, now: float) -> Verdict:
        if failure is not None:
            return verdict_of(failure)
        slow = now - running.started > running.lane.state.model.breaker.slow_seconds
        return Verdict.slow if slow else Verdict.good

    def _give_back(self, running: Running, verdict: Verdict, now: float, failure: AttemptFailed | None) -> None:
        if running.lane.state.give_back(running.permit, verdict, now, failure):
            self._changed()

    def _note(
        self,
        n: int,
        running: Running,
        now: float,
        *,
        usage: Usage | None,
        failure: AttemptFailed | None = None,
        ended: Ended | None = None,
        cancelled: bool = False,
    ) -> None:
        times = Times(self.ask.read_at, running.started, running.first_content, now)
        model, key = running.lane.state.model, running.permit.key
        self._attempts.append(attempt_of(n, model, key, times, usage, failure or ended, cancelled=cancelled))
