"""Carry one request out: perform its Walk's steps, tell the Walk what came of them, hand the answer to the caller.

The plain case runs in the caller's own task: attempts are awaited in place, nothing is created. Where steps ask for
several things at once (race, hedge), what happens is told to the Walk in callbacks, which perform the next steps there
and then, until one of them is the serving task's own. No attempt outlives `run`, however that ends.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeAlias, assert_never

from hotspare.dialects.call import Call
from hotspare.engine.attempt import close, unforeseen
from hotspare.engine.attempts import Attempts
from hotspare.engine.protocols import Answer, Carrier, Delivery, Told
from hotspare.router.clock import Clock
from hotspare.router.record import Ask, Record
from hotspare.router.step import (
    Begin,
    CallerLeft,
    Cancel,
    Deliver,
    Due,
    Ended,
    Event,
    Fail,
    Finish,
    Step,
    Try,
    Wait,
)
from hotspare.router.trigger import AttemptFailed
from hotspare.router.walk import Walk

BEGIN, DUE, CALLER_LEFT = Begin(), Due(), CallerLeft()

BACKUP = ("backup", "answered by a fallback model")
UNAVAILABLE = ("unavailable", "no model could answer")
NO_NOTICE = ("", "")

Turn: TypeAlias = Deliver | Finish | Fail
"""A step that is the serving task's own."""


class Watcher(Protocol):
    """Someone who follows one request from inside (a test prompt's narrator). Never raises."""

    def moved(self, event: Event, steps: tuple[Step, ...]) -> None:
        """The walk was told `event` and answered with `steps`."""

    def kept(self, record: Record) -> None:
        """The Record is kept; the last bytes go out after this."""


class Passage:
    """One request on its way. See the module."""

    __slots__ = (
        "_ask", "_attempts", "_begun", "_clock", "_decided", "_delivery", "_not_before", "_timer", "_walk", "_watcher",
    )  # fmt: skip

    def __init__(
        self,
        walk: Walk,
        ask: Ask,
        call: Call,
        delivery: Delivery,
        *,
        carrier: Carrier,
        clock: Clock,
        watcher: Watcher | None = None,
    ) -> None:
        self._walk = walk
        self._ask = ask
        self._delivery = delivery
        self._clock = clock
        self._watcher = watcher
        self._attempts = Attempts(carrier, ask, call, react=self._react, give_up=self._give_up)
        self._begun = False
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._decided: asyncio.Future[Turn] | None = None

    async def run(self, keep: Callable[[Record], None]) -> None:
        """From the first step to the caller's last byte.

        Args:
            keep: takes the Record, once: before the last bytes go out, or when the caller has left.

        Raises:
            CancelledError: the caller left, as cancelling this says.
            Exception: what the delivery raised: the caller cannot be reached, which is the same.
        """
        try:
            turn = await self._turn(self._tell(BEGIN))
            while isinstance(turn, Deliver):
                turn = await self._turn(self._tell(await self._hand_over(turn.n)))
        except BaseException:
            await self._leave()
            self._keep(keep)
            raise
        self._keep(keep)
        await self._last_word(turn)

    def _keep(self, keep: Callable[[Record], None]) -> None:
        record = self._walk.record(self._now())
        keep(record)
        if self._watcher is not None:
            self._watcher.kept(record)

    async def _leave(self) -> None:
        """Nobody waits any more: stop all that runs, and see it stopped."""
        self._drop_timer()
        try:
            self._perform(self._tell(CALLER_LEFT))
        finally:
            await self._attempts.all_stopped()

    # ------------------------------------------------------------ the walk
    def _tell(self, event: Event) -> tuple[Step, ...]:
        steps = self._walk.next(event, self._now())
        if self._watcher is not None:
            self._watcher.moved(event, steps)
        return steps

    def _now(self) -> float:
        """The time, never before one that was said to have come: event loops wake up to half a millisecond early."""
        return max(self._not_before, self._clock.monotonic())

    async def _turn(self, steps: tuple[Step, ...]) -> Turn:
        """Perform steps, and those that follow from them, up to the next one that is the serving task's own."""
        while len(steps) == 1:
            step = steps[0]
            if self._attempts.running and isinstance(step, Try | Wait):
                break
            match step:
                case Try():
                    steps = self._tell(await self._attempts.make(step))
                case Wait(until=until):
                    await asyncio.sleep(until - self._clock.monotonic())
                    self._not_before = until
                    steps = self._tell(DUE)
                case Cancel():
                    break
                case Deliver() | Finish() | Fail():
                    return step
                case _:
                    assert_never(step)
        return await self._side_by_side(steps)

    # ------------------------------------------------------------ several things at once
    async def _side_by_side(self, steps: tuple[Step, ...]) -> Turn:
        self._decided = asyncio.get_running_loop().create_future()
        self._perform(steps)
        return await self._decided

    def _perform(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            match step:
                case Try():
                    self._attempts.start(step)
                case Cancel(n=n):
                    self._attempts.stop(n)
                case Wait(until=until):
                    self._set_timer(until)
                case Deliver() | Finish() | Fail():
                    self._decide(step)
                case _:
                    assert_never(step)

    def _react(self, event: Event) -> None:
        self._perform(self._tell(event))

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
        try:
            self._react(DUE)
        except Exception as error:  # noqa: BLE001  a callback has nobody to raise to
            self._give_up(error)

    # ------------------------------------------------------------ the caller's side
    async def _hand_over(self, n: int) -> Ended:
        """Give the caller what attempt n has, all but the last bytes."""
        answer = self._attempts.taken(n)
        if answer.body is None:
            failure = await self._stream(answer)
        else:
            failure = None
            await close(answer)
        return Ended(n, answer.usage, answer.status, answer.provider_request_id, failure)

    async def _stream(self, answer: Answer) -> AttemptFailed | None:
        """Every piece as it comes, as fast as the caller takes them; why it broke off, if it did."""
        pieces = answer.pieces()
        try:
            if not self._begun:
                self._begun = True
                await self._delivery.begin(self._told(answer), answer)
            while True:
                try:
                    data = await anext(pieces)
                except StopAsyncIteration:
                    return None
                except AttemptFailed as failure:
                    return failure
                except Exception as error:  # noqa: BLE001  the provider boundary
                    return unforeseen(error, self._ask)
                await self._delivery.piece(data)
        finally:
            await close(answer, pieces)

    async def _last_word(self, turn: Finish | Fail) -> None:
        """The end that the caller sees; its Record is kept."""
        delivery = self._delivery
        if isinstance(turn, Fail):
            told = self._told(None, NO_NOTICE if turn.relay else UNAVAILABLE)
            await (delivery.broken(told, turn) if self._begun else delivery.error(told, turn))
            return
        answer = self._attempts.answers[turn.n]
        if self._begun:
            await delivery.end(answer.tail)
        else:
            await delivery.whole(self._told(answer), answer)

    def _told(self, answer: Answer | None, notice: tuple[str, str] = NO_NOTICE) -> Told:
        walk = self._walk
        word, text = BACKUP if walk.fallback else notice
        return Told(
            request_id=self._ask.id,
            model=walk.delivered_model,
            fallback=walk.fallback,
            attempts=walk.attempts_made,
            notice=word,
            notice_text=text,
            dropped=() if answer is None else answer.dropped,
        )
