"""One request's way down its chain: a step machine without I/O. Events go in, steps come out, a Record remains.

What runs and waits side by side are its *lanes* (`lanes`): a plain walk has one, a race starts one for each candidate,
a hedge opens a second after a while. Every Try's permit is given back by exactly one of Failed, Ended, Cancelled. Times
are monotonic seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, ClassVar

from hotspare.router import endings
from hotspare.router.account import Account
from hotspare.router.breaker import Verdict
from hotspare.router.candidate import verdict_of
from hotspare.router.lanes import Lanes
from hotspare.router.outcome import (
    CALLER_LEFT,
    FIRST_CHOICE,
    WORTH_RECALLING,
    WORTH_WAITING,
    Ending,
    graceful,
    since_first_content,
)
from hotspare.router.parking import Parking
from hotspare.router.plan import Plan
from hotspare.router.purse import Purse
from hotspare.router.record import Ask, EndedBy, Record, Source
from hotspare.router.retry import Lane, Running, call_again
from hotspare.router.settings import Chain, Model
from hotspare.router.step import (
    Begin,
    CallerLeft,
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
    Recall,
    Recalled,
    Step,
    Woken,
)
from hotspare.router.trigger import TIMEOUTS, Action, AttemptFailed, Incapable, Trigger

NOTHING_RECALLED = Recalled(None)


class Walk:
    """See the module. `changed` is called when a breaker, a cooldown or a key has changed.

    Attributes:
        delivered_model: whose content goes to the caller, from Deliver on.
        from_cache: that is an answer given before.
        slow: its first came later than its breaker's `slow_seconds` after the request was read.
        over: nothing runs any more and the end is known: `record` may be called.
    """

    __slots__ = (
        "_account", "_chain", "_changed", "_delivered", "_ending", "_failing", "_lanes", "_last_step", "_left",
        "_meant", "_parking", "_random",
        "_recalled", "_recalling", "ask", "delivered_model", "from_cache", "plan", "slow",
    )  # fmt: skip

    def __init__(
        self,
        ask: Ask,
        chain: Chain,
        plan: Plan,
        random: Random,
        changed: Callable[[], None],
        parking: Parking,
        purse: Purse | None = None,
    ) -> None:
        self.ask = ask
        self.plan = plan
        self.delivered_model: str | None = None
        self.from_cache = False
        self.slow = False
        self._failing: EndedBy | None = None
        self._recalling = False
        self._recalled = NOTHING_RECALLED
        self._chain = chain
        self._random = random
        self._parking = parking
        self._changed = changed
        self._account = Account(ask, plan, purse)
        self._lanes = Lanes(ask, plan, self._account, parking)
        self._delivered: int | None = None
        self._meant: tuple[str, ...] = (plan.meant,)
        self._ending: Ending | None = None
        self._last_step: Finish | Fail | None = None
        self._left = False

    @property
    def attempts_made(self) -> int:
        """How many calls there were."""
        return self._lanes.made - self._lanes.uncalled

    @property
    def waited(self) -> bool:
        """It has waited for a model to come back."""
        return self._lanes.waited

    @property
    def fallback(self) -> bool:
        """The answer comes from another model than it was meant for (race and hedge: than those started at once), or
        from the cache.
        """
        return self.delivered_model is not None and (self.from_cache or self.delivered_model not in self._meant)

    @property
    def over(self) -> bool:
        return not self._lanes.running and (self._left or (self._ending is not None and self._last_step is None))

    def next(self, event: Event, now: float) -> tuple[Step, ...]:
        """The steps that follow from an event; empty: await the next event."""
        return self._ANSWERS[type(event)](self, event, now)

    def record(self, now: float) -> Record:
        """The finished request; once, when `over`."""
        ending = self._ending or CALLER_LEFT
        source: Source = "cache" if self.from_cache else "model"
        record = self._account.record(ending, source, model=self.delivered_model, fallback=self.fallback, now=now)
        if self._lanes.waited or self.from_cache:
            record = self._told_beside(record)
        return since_first_content(record) if self._lanes.resumes else record

    def _told_beside(self, record: Record) -> Record:
        found = self._recalled
        return replace(
            record,
            waited_ms=self._lanes.waited_seconds * 1000.0,
            cache_age_seconds=found.age_seconds,
            cache_similarity=found.similarity,
        )

    # ------------------------------------------------------------ events
    def _begin(self, _: Begin, now: float) -> tuple[Step, ...]:
        if self.plan.lanes == 1 and self.plan.hedge is None:
            started = self._lanes.start_next(now)
            return self._go_on([], now) if started is None else (started,)
        steps: list[Step] = []
        for _lane in range(self.plan.lanes):
            if (started := self._lanes.start_next(now, in_line=self.plan.lanes == 1)) is None:
                break
            if self.plan.lanes > 1:
                self._meant += (started.model,)
            steps.append(started)
        if steps and self.plan.hedge is not None:
            self._lanes.hedge_at = now + self.plan.hedge.seconds
        return self._go_on(steps, now)

    def _failed(self, event: Failed, now: float) -> tuple[Step, ...]:
        running, failure = self._lanes.running.pop(event.n), event.failure
        self._give_back(running, verdict_of(failure), now, failure)
        if isinstance(failure, Incapable):
            self._lanes.uncalled += 1
            self._account.not_called(event.n, running.lane.state.model.name, failure)
        else:
            self._account.called(event.n, running, now, failure.usage, failure, said_bytes=failure.said_bytes)
            self._account.failed(running.lane.state.model, failure)
        if self._decided():
            return self._settle()
        if self._lanes.resumes:
            return self._broken(running.lane.state.model, failure, now, resumable=True)
        return self._after_failure(running.lane, failure, now)

    def _content_held(self, event: ContentHeld, now: float) -> tuple[Step, ...]:
        """What the caller gets is not settled yet; that the model has begun to answer counts from here."""
        self._lanes.running[event.n].first_content = now
        return ()

    def _first_content(self, event: FirstContent, now: float) -> tuple[Step, ...]:
        n = event.n
        running = self._lanes.running[n]
        if running.first_content is None:
            running.first_content = now
        if self._decided():
            return self._lanes.cancel(self._delivered)
        self._delivered = n
        model = running.lane.state.model
        self.delivered_model = model.name
        self.slow = now - self.ask.read_at > model.breaker.slow_seconds
        self._lanes.stop_waiting(now)
        return (Deliver(n), *self._lanes.cancel(n))

    def _ended(self, event: Ended, now: float) -> tuple[Step, ...]:
        running, failure = self._lanes.running.pop(event.n), event.failure
        delivered = event.n == self._delivered
        self._give_back(running, self._verdict(running, failure, now), now, failure)
        if event.spent_seconds is not None:
            running.lane.state.rest(running.permit.key, event.spent_seconds, now)
            self._changed()
        usage = event.usage if failure is None else failure.usage or event.usage
        self._account.called(
            event.n, running, now, usage, failure or event, cancelled=not delivered, said_bytes=event.said_bytes
        )
        if not delivered:
            return self._settle()
        if failure is None:
            if event.usage is not None:
                running.lane.state.learn(self.ask, event.usage.input)
            self._parking.answered(self.ask.chain)
            return self._end(Finish(event.n), self._answered(), now)
        return self._broken(running.lane.state.model, failure, now, resumable=event.resumable)

    def _broken(self, model: Model, failure: AttemptFailed, now: float, *, resumable: bool) -> tuple[Step, ...]:
        """What the caller has is not whole: the next model goes on with it where the chain says so, and it can."""
        if resumable and self._chain.on_stream_break == "continue" and self._may_go_on(failure.trigger):
            self._account.failed(model, failure)
            self._delivered = None
            if (started := self._lanes.resume(now)) is not None:
                return (started,)
        return self._end(*endings.broken(model.name, failure), now)

    def _may_go_on(self, trigger: Trigger) -> bool:
        """What a filter refused is no other model's to say, where the chain passes nothing refused on."""
        return trigger is not Trigger.content_filter or self._chain.passes_on(trigger)

    def _cancelled(self, event: Cancelled, now: float) -> tuple[Step, ...]:
        running = self._lanes.running.pop(event.n)
        self._give_back(running, Verdict.nothing, now, None)
        self._account.called(event.n, running, now, event.usage, cancelled=True, said_bytes=event.said_bytes)
        return self._settle()

    def _look(self, event: Due | Woken, now: float) -> tuple[Step, ...]:
        """A time has come, or a turn in a line."""
        if self._decided() or self._recalling:
            return ()
        return self._go_on(self._due(now) if isinstance(event, Due) else self._lanes.woken(now), now)

    def _due(self, now: float) -> list[Step]:
        steps = self._lanes.due(now)
        if self._lanes.hedge_at <= now and (hedge := self._lanes.hedge(now)) is not None:
            self._meant += (hedge.model,)
            steps.append(hedge)
        return steps

    def _caller_left(self, _: CallerLeft, now: float) -> tuple[Step, ...]:
        self._left = True
        self._ending = None  # an end that nobody saw is none
        self._lanes.stop_waiting(now)
        self._delivered = None
        return self._lanes.cancel(None)

    # ------------------------------------------------------------ after a failure
    def _after_failure(self, lane: Lane, failure: AttemptFailed, now: float) -> tuple[Step, ...]:
        model = lane.state.model.name
        action = self._chain.action(failure.trigger)
        if action is Action.stop and self._ends_it(lane, failure):
            return self._end(*endings.stopped(model, failure), now)
        if call_again(lane, action, failure, self.ask, now, self._random):
            if lane.due <= now:
                return self._go_on(self._lanes.call_again(lane, now), now)
            self._lanes.wait_for(lane)
            return self._go_on([], now)
        if not self._may_fall_back(failure.trigger):
            return self._end(*endings.not_allowed(model, failure), now)
        started = self._lanes.start_next(now)
        return self._go_on([] if started is None else [started], now)

    def _ends_it(self, lane: Lane, failure: AttemptFailed) -> bool:
        """Whether what a model finds wrong with the request is told to the caller: a fallback may be alone with it."""
        alone = len(self._account.complained) < 2
        if failure.trigger is not Trigger.bad_request or not alone or not self._may_fall_back(failure.trigger):
            return True
        return lane.state is self.plan.order[0] and not self._lanes.running

    def _may_fall_back(self, trigger: Trigger) -> bool:
        if trigger is Trigger.rate_limit:
            return self._chain.fallback_on_rate_limit
        return self._chain.fallback_on_timeout if trigger in TIMEOUTS else self._chain.fallback_on_error

    def _go_on(self, steps: list[Step], now: float) -> tuple[Step, ...]:
        """Add the one Wait that holds for all lanes; where nothing runs, waits or begins, the request has failed."""
        wait = self._lanes.wait()
        if wait is not None:
            steps.append(wait)
        if steps or self._lanes.running:
            return tuple(steps)
        if now >= self.ask.deadline:
            return self._fail("deadline", now)
        return self._fail("exhausted", now) if self.attempts_made else self._nothing_ready(now)

    def _nothing_ready(self, now: float) -> tuple[Step, ...]:
        """No candidate may be called: one last-resort trial, or the graceful error at once."""
        trial = self._lanes.last_resort(now)
        return self._fail("no_candidate", now) if trial is None else (trial,)

    # ------------------------------------------------------------ ending
    def _decided(self) -> bool:
        """It is settled which attempt the caller gets, or that it gets none."""
        return self._left or self._ending is not None or self._delivered is not None

    def _end(self, step: Finish | Fail, ending: Ending, now: float) -> tuple[Step, ...]:
        """End with `step`, as soon as nothing runs any more."""
        self._ending = ending
        self._last_step = step
        self._lanes.stop_waiting(now)
        return self._lanes.cancel(self._delivered) if self._lanes.running else self._settle()

    def _settle(self) -> tuple[Step, ...]:
        if self._lanes.running or self._last_step is None:
            return ()
        step, self._last_step = self._last_step, None
        return () if self._left else (step,)

    def _fail(self, ended_by: EndedBy, now: float) -> tuple[Step, ...]:
        if (complaint := endings.complaint(self._account.failures, self._account.skipped)) is not None:
            return self._end(*complaint, now)
        fail = graceful(self.plan, self._account.skipped, self._account.failures, ended_by, now)
        if fail.code in WORTH_WAITING and (wait := self._lanes.park(now)) is not None:
            return (wait,)
        if self._chain.emergency_cache and fail.code in WORTH_RECALLING and self._failing is None:
            self._failing, self._recalling = ended_by, True
            return (Recall(),)
        fault = fail.status == 400
        ending = Ending("caller_fault" if fault else "failed", fail.status, ended_by, self._account.reason)
        return self._end(fail, ending, now)

    def _recall(self, found: Recalled, now: float) -> tuple[Step, ...]:
        self._recalling = False
        if self._left or self._failing is None:
            return ()
        if found.model is None:
            return self._fail(self._failing, now)
        self.delivered_model = found.model
        self.from_cache, self._recalled = True, found
        return self._end(Finish(0), Ending("answered", 200, "cache", self._account.reason), now)

    def _answered(self) -> Ending:
        return Ending("answered", 200, "fallback", self._account.reason) if self.fallback else FIRST_CHOICE

    # ------------------------------------------------------------ giving back
    def _verdict(self, running: Running, failure: AttemptFailed | None, now: float) -> Verdict:
        if failure is not None:
            return verdict_of(failure)
        slow = now - running.started > running.lane.state.model.breaker.slow_seconds
        return Verdict.slow if slow else Verdict.good

    def _give_back(self, running: Running, verdict: Verdict, now: float, failure: AttemptFailed | None) -> None:
        probe = self.ask.kind == "probe"
        if running.lane.state.give_back(running.permit, verdict, now, failure, probe=probe):
            self._changed()

    # ------------------------------------------------------------ all events
    _ANSWERS: ClassVar[Mapping[type[Event], Callable[["Walk", Any, float], tuple[Step, ...]]]] = {
        Begin: _begin,
        Failed: _failed,
        FirstContent: _first_content,
        Ended: _ended,
        Cancelled: _cancelled,
        ContentHeld: _content_held,
        Due: _look,
        Woken: _look,
        Recalled: _recall,
        CallerLeft: _caller_left,
    }
