"""Carry one request out: perform its Walk's steps, tell the Walk what came of them, hand the answer to the caller.

The plain case runs in the caller's own task: attempts are awaited in place, nothing is created. Where steps ask for
several things at once (race, hedge), what happens is told to the Walk in callbacks, which perform the next steps there
and then, until one of them is the serving task's own. No attempt outlives `run`, however that ends.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, TypeAlias, assert_never

from hotspare.dialects.call import Call
from hotspare.dialects.content.judgement import Rules
from hotspare.engine.attempts import CACHED, Attempts
from hotspare.engine.continuing import begun_of
from hotspare.engine.handover import Handover
from hotspare.engine.holding import Holding
from hotspare.engine.judging import judging, remarks_on
from hotspare.engine.protocols import Answer, Carrier, Delivery
from hotspare.engine.recollection import CachedAnswer, Recollection, kept_answer
from hotspare.router.clock import Clock
from hotspare.router.outcome import answered_by_estimate
from hotspare.router.record import Ask, Record
from hotspare.router.step import (
    Begin,
    CallerLeft,
    Cancel,
    ContentHeld,
    Deliver,
    Due,
    Ended,
    Event,
    Fail,
    Finish,
    Recall,
    Recalled,
    Step,
    Try,
    Wait,
    Woken,
)
from hotspare.router.trigger import AttemptFailed
from hotspare.router.walk import Walk

BEGIN, DUE, WOKEN, CALLER_LEFT = Begin(), Due(), Woken(), CallerLeft()

Turn: TypeAlias = Deliver | Finish | Fail
"""A step that is the serving task's own."""


class Watcher(Protocol):
    """Someone who follows one request from inside (a test prompt's narrator). Never raises."""

    def moved(self, event: Event, steps: tuple[Step, ...]) -> None:
        """The walk was told `event` and answered with `steps`."""

    def kept(self, record: Record) -> None:
        """The Record is kept; the last bytes go out after this."""


class Passage:
    """One request on its way. See the module.

    Args:
        cache: where answers are kept for when all models fail; None: nowhere.
        similar: finds one to a request that means the same; None: only the same request's is looked for.
        rules: what answers are judged by.
        keep_alive_seconds: where the answer is a stream that is held until it is whole: how often its caller gets a
            sign of life meanwhile.
        continues: where the answer is a stream that breaks off, another model may go on with it.
    """

    __slots__ = (
        "_ask", "_attempts", "_cache", "_call", "_clock", "_continues", "_decided", "_handover", "_keep_alive_seconds",
        "_not_before", "_similar", "_timer", "_walk", "_watcher",
    )  # fmt: skip

    def __init__(
        self,
        walk: Walk,
        ask: Ask,
        call: Call,
        delivery: Delivery,
        carrier: Carrier,
        rules: Rules,
        clock: Clock,
        watcher: Watcher | None = None,
        keep_alive_seconds: float | None = None,
        cache: Recollection | None = None,
        similar: Callable[[Ask, Call], Awaitable[CachedAnswer | None]] | None = None,
        *,
        continues: bool = False,
    ) -> None:
        self._walk = walk
        self._ask = ask
        self._call = call
        self._cache = cache
        self._similar = similar
        self._clock = clock
        self._watcher = watcher
        self._continues = continues
        self._handover = Handover(walk, ask, call, delivery, remembers=cache is not None or continues)
        self._keep_alive_seconds = keep_alive_seconds
        if keep_alive_seconds is not None:
            carrier = Holding(carrier, content_came=self._content_came)
        self._attempts = Attempts(judging(carrier, rules, call), ask, call, react=self._react, give_up=self._give_up)
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._decided: asyncio.Future[Turn] | None = None

    async def run(self, keep: Callable[[Record], Awaitable[None] | None]) -> None:
        """From the first step to the caller's last byte.

        Args:
            keep: takes the Record, once: before the last bytes go out (which wait for what it gives back), or when the
                caller has left.

        Raises:
            CancelledError: the caller left, as cancelling this says.
            Exception: what the delivery raised: the caller cannot be reached, which is the same.
        """
        try:
            turn = await self._turn(self._tell(BEGIN))
            while isinstance(turn, Deliver):
                turn = await self._turn(self._tell(await self._hand_over(turn.n)))
            if isinstance(turn, Finish) and (self._keep_alive_seconds is not None or not turn.n):
                await self._handover.give(self._attempts.answers[turn.n])
        except BaseException:
            await self._leave()
            self._keep(keep)
            raise
        else:
            kept = self._keep(keep, turn)
            if kept is not None:
                await kept
            await self._handover.last_word(turn, self._attempts.answers)
            self._keep_for_bad_times(turn)
        finally:
            del self._attempts  # it holds methods of ours: a ring, which would keep the bodies until a collection

    def _keep(
        self, keep: Callable[[Record], Awaitable[None] | None], turn: Turn | None = None
    ) -> Awaitable[None] | None:
        record = self._walk.record(self._now())
        if isinstance(turn, Fail) and self._handover.is_estimate(turn):
            record = answered_by_estimate(record)
        kept = keep(record)
        if self._watcher is not None:
            self._watcher.kept(record)
        return kept

    async def _leave(self) -> None:
        """Nobody waits any more: stop all that runs, and see it stopped."""
        self._drop_timer()
        try:
            self._perform(self._tell(CALLER_LEFT))
        finally:
            await self._attempts.all_stopped()

    # ------------------------------------------------------------ the walk
    async def _recall(self) -> Recalled:
        """An answer given before to the same request, or to one that means the same."""
        found = None if self._cache is None else self._cache.find(self._ask, self._call, self._clock.wall())
        if found is None and self._similar is not None:
            found = await self._similar(self._ask, self._call)
        if found is None:
            return Recalled(None)
        self._attempts.answers[CACHED] = found
        return Recalled(found.model, found.age_seconds, found.similarity)

    def _keep_for_bad_times(self, turn: Turn) -> None:
        """A whole answer that a model gave may be given again when none does."""
        if self._cache is not None and isinstance(turn, Finish) and turn.n != CACHED:
            model = self._walk.delivered_model or ""
            answer, similar = self._attempts.answers[turn.n], self._similar is not None
            wall, sent = self._clock.wall(), self._handover.sent
            kept = kept_answer(self._ask, self._call, model, answer, sent, wall, similar=similar)
            if kept is not None:
                self._cache.keep(kept)

    def _tell(self, event: Event) -> tuple[Step, ...]:
        steps = self._walk.next(event, self._now())
        if self._watcher is not None:
            self._watcher.moved(event, steps)
        return steps

    def _now(self) -> float:
        """The time, never before one that was said to have come: event loops wake up to half a millisecond early."""
        now = self._clock.monotonic()
        return max(self._not_before, now)

    async def _turn(self, steps: tuple[Step, ...]) -> Turn:
        """Perform steps, and those that follow from them, up to the next one that is the serving task's own."""
        while len(steps) == 1 and self._keep_alive_seconds is None:
            step = steps[0]
            if self._attempts.running and isinstance(step, Try | Wait):
                break
            match step:
                case Try():
                    steps = self._tell(await self._attempts.make(step))
                case Deliver() | Finish() | Fail():
                    return step
                case Wait(until=until, waiters=()):
                    await asyncio.sleep(until - self._clock.monotonic())
                    self._not_before = until
                    steps = self._tell(DUE)
                case Recall():
                    steps = self._tell(await self._recall())
                case Cancel() | Wait():
                    break
                case _:
                    assert_never(step)
        return await self._side_by_side(steps)

    # ------------------------------------------------------------ several things at once
    async def _side_by_side(self, steps: tuple[Step, ...]) -> Turn:
        self._decided = asyncio.get_running_loop().create_future()
        self._perform(steps)
        if self._keep_alive_seconds is None:
            return await self._decided
        return await self._handover.when(self._decided, self._clock.monotonic(), self._keep_alive_seconds)

    def _perform(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            match step:
                case Try():
                    self._attempts.start(step)
                case Cancel(n=n):
                    self._attempts.stop(n)
                case Wait():
                    self._set_timer(step.until)
                    for waiter in step.waiters:
                        waiter.wake = self._called
                case Recall():
                    self._attempts.recall(self._recall())
                case Deliver(n=n) if self._keep_alive_seconds is not None:
                    self._react(self._ended(n))  # all of it is here; a slow caller keeps no model busy
                case Deliver() | Finish() | Fail():
                    self._decide(step)
                case _:
                    assert_never(step)

    def _react(self, event: Event) -> None:
        self._perform(self._tell(event))

    def _content_came(self, n: int, answer: Answer) -> None:
        self._attempts.holds(n, answer)
        self._react(ContentHeld(n))

    def _decide(self, turn: Turn) -> None:
        self._drop_timer()
        if self._decided is not None and not self._decided.done():
            self._decided.set_result(turn)

    def _give_up(self, error: Exception) -> None:
        """What went wrong in a callback is the serving task's to raise."""
        if self._decided is not None and not self._decided.done():
            self._decided.set_exception(error)

    def _set_timer(self, until: float) -> None:
        self._drop_timer()
        delay = max(0.0, until - self._clock.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self._time_has_come, until)

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_has_come(self, until: float) -> None:
        self._timer = None
        self._not_before = until
        self._look(DUE)

    def _called(self) -> None:
        """A waiter was called, from inside another request's step: ours is the loop's next turn."""
        asyncio.get_running_loop().call_soon(self._look, WOKEN)

    def _look(self, event: Event) -> None:
        try:
            self._react(event)
        except Exception as error:  # noqa: BLE001  a callback has nobody to raise to
            self._give_up(error)

    # ------------------------------------------------------------ the answer
    async def _hand_over(self, n: int) -> Ended:
        """Give the caller what attempt n has, all but the last bytes."""
        failure = await self._handover.give(self._attempts.taken(n))
        if failure is None or not self._continues:
            return self._ended(n, failure)
        return self._ended(n, failure, resumable=await self._may_be_gone_on_with(n))

    async def _may_be_gone_on_with(self, n: int) -> bool:
        """Whether a model can go on where attempt n broke off; those that are called from now on do."""
        begun = await begun_of(self._call, self._handover.sent)
        if begun is not None:
            self._attempts.go_on_with(replace(begun, usage=self._attempts.answers[n].usage))
        return begun is not None

    def _ended(self, n: int, failure: AttemptFailed | None = None, *, resumable: bool = False) -> Ended:
        answer = self._attempts.answers[n]
        return Ended(
            n,
            answer.usage,
            answer.status,
            answer.provider_request_id,
            failure,
            answer.spent_seconds,
            resumable,
            remarks_on(answer),
            answer.said_bytes,
        )
