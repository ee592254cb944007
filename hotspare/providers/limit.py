"""One timer for one attempt: whoever waits on the provider is cancelled when its time is up, with the reason.

Only waiting counts: while the caller is slow to take a piece, nobody waits here and nothing runs out. Nothing is
scheduled per wait: the one handle looks at the latest due time and arms itself again.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from hotspare.router.trigger import AttemptFailed


class Limit:
    """`with limit.until(due, failure): await …` raises `failure()` when `due` (monotonic seconds) passes first."""

    __slots__ = ("_armed", "_before", "_due", "_expired", "_failure", "_handle", "_loop", "_monotonic", "_task")

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._armed = 0.0
        self._due = 0.0
        self._failure: Callable[[], AttemptFailed] | None = None
        self._task: asyncio.Task[object] | None = None
        self._before = 0
        self._expired = False

    def until(self, due: float, failure: Callable[[], AttemptFailed]) -> Self:
        """The bound of the wait that follows."""
        self._due = due
        self._failure = failure
        return self

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a limit needs a task to cancel")
        self._task = task
        self._before = task.cancelling()
        self._expired = False
        if self._handle is None or self._due < self._armed:
            self._arm()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if not self._expired or task is None or self._failure is None:
            return
        only_ours = task.uncancel() <= self._before
        if only_ours:  # somebody else's cancellation goes on as one
            raise self._failure() from error

    def close(self) -> None:
        """Nobody will wait here any more."""
        self._failure = None  # a method of whoever owns this: a ring, which only the collector would free
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._armed = self._due
        self._handle = self._loop.call_later(max(0.0, self._due - self._monotonic()), self._fire)

    def _fire(self) -> None:
        self._handle = None
        if self._task is None:
            return
        if self._due - self._monotonic() > 0.001:
            self._arm()
            return
        self._expired = True
        self._task.cancel()
