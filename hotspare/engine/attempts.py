"""Own what runs for one request: calls under way and answers that came. Each is stopped once, and none is left behind.

A call awaited in place (`make`) is nobody's task. One of several at once (`start`) is a task, whose end comes back as
an event through `react`; what `react` raises goes to `give_up`, since a callback has nobody to raise to.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from hotspare.dialects.begun import Begun, both
from hotspare.dialects.call import Call
from hotspare.engine.attempt import attempt, close, unforeseen
from hotspare.engine.protocols import Answer, Carrier
from hotspare.router.record import Ask
from hotspare.router.step import Cancelled, Event, Failed, FirstContent, Try
from hotspare.router.trigger import AttemptFailed

CACHED = 0
"""The number of what no attempt gave."""

Came: TypeAlias = Answer | AttemptFailed


class Attempts:
    """All attempts of one request, by number.

    Attributes:
        answers: what has come; kept to the end, for its tail and its usage.
        running: the tasks; empty while everything is awaited in place.
    """

    __slots__ = (
        "_ask", "_call", "_carrier", "_closed", "_give_up", "_held", "_react", "_stopping", "answers",
        "running",
    )  # fmt: skip

    def __init__(
        self,
        carrier: Carrier,
        ask: Ask,
        call: Call,
        *,
        react: Callable[[Event], None],
        give_up: Callable[[Exception], None],
    ) -> None:
        self.answers: dict[int, Answer] = {}
        self.running: dict[int, asyncio.Task[Any]] = {}
        self._carrier = carrier
        self._ask = ask
        self._call = call
        self._react = react
        self._give_up = give_up
        self._stopping: set[int] = set()
        self._held: dict[int, Answer] = {}
        self._closed: int | None = None

    async def make(self, step: Try) -> Event:
        """One attempt, in place: what came of it."""
        return self._event_of(step.n, await attempt(self._carrier, step, self._ask, self._call))

    def go_on_with(self, begun: Begun) -> None:
        """What is called from now on goes on with what the caller has."""
        before = self._call.begun
        usage = begun.usage if before is None else both(before.usage, begun.usage)
        self._call = replace(self._call, begun=replace(begun, usage=usage))

    def start(self, step: Try) -> None:
        """One attempt beside others."""
        self._run(step.n, attempt(self._carrier, step, self._ask, self._call), self._came_back)

    def holds(self, n: int, answer: Answer) -> None:
        """Attempt n has begun to answer, and is not over before that is whole."""
        self._held[n] = answer

    def recall(self, work: Coroutine[Any, Any, Event]) -> None:
        """Look for an answer that no attempt gives, beside what else may come."""
        self._run(CACHED, work, self._was_recalled)

    def taken(self, n: int) -> Answer:
        """The answer of attempt n, which is from now on the taker's to close."""
        self._closed = n
        return self.answers[n]

    def stop(self, n: int) -> None:
        """End attempt n, its call or the answer that came; `Cancelled` follows, at once or when it has ended."""
        if n in self._stopping:
            return
        answer = self.answers.get(n)
        if (task := self.running.get(n)) is not None:
            self._stopping.add(n)
            task.cancel()
        elif answer is None or n == self._closed:  # awaited in place: over with the await that was cancelled
            self._react(self._cancelled(n))
        else:
            self._stopping.add(n)
            self._run(n, close(answer), self._was_closed)

    async def all_stopped(self) -> None:
        """Stop what runs still, and return when all of it has ended, however often this is cancelled meanwhile."""
        for n in tuple(self.running):
            self.stop(n)
        while self.running:
            try:
                await asyncio.wait(self.running.values())
            except asyncio.CancelledError:  # the caller's leaving is known; sockets come first
                continue

    # ------------------------------------------------------------ tasks
    def _run(self, n: int, work: Coroutine[Any, Any, Any], then: Callable[[int, asyncio.Task[Any]], None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name="hotspare.engine.attempt")
        self.running[n] = task
        task.add_done_callback(partial(self._ended, n, then))

    def _ended(self, n: int, then: Callable[[int, asyncio.Task[Any]], None], task: asyncio.Task[Any]) -> None:
        del self.running[n]
        try:
            then(n, task)
        except Exception as error:  # noqa: BLE001  a callback has nobody to raise to
            self._give_up(error)

    def _came_back(self, n: int, task: asyncio.Task[Came]) -> None:
        if task.cancelled() and n not in self._stopping:
            self._react(Failed(n, unforeseen(asyncio.CancelledError(), self._ask)))
            return
        event = self._cancelled(n) if task.cancelled() else self._event_of(n, task.result())
        if isinstance(event, FirstContent) and n in self._stopping:  # too late: it had answered before it was stopped
            self._run(n, close(self.answers[n]), self._was_closed)
        else:
            self._react(event)

    def _was_recalled(self, n: int, task: asyncio.Task[Event]) -> None:
        del n
        if not task.cancelled():
            self._react(task.result())

    def _was_closed(self, n: int, task: asyncio.Task[None]) -> None:
        del task
        self._react(self._cancelled(n))

    def _event_of(self, n: int, came: Came) -> Event:
        if isinstance(came, AttemptFailed):
            return Failed(n, came)
        self.answers[n] = came
        return FirstContent(n)

    def _cancelled(self, n: int) -> Cancelled:
        answer = self.answers.get(n) or self._held.get(n)
        return Cancelled(n) if answer is None else Cancelled(n, answer.usage, answer.said_bytes)
