"""Bound every wait on a provider: whoever waits is cancelled when its time is up, with the reason.

Only waiting counts: while the caller is slow to take a piece, nobody waits here and nothing runs out. Waits of one
carrier share one timer, set for the earliest end there was: nearly all are over long before it looks.
"""

import asyncio
from collections.abc import Callable
from math import inf
from types import TracebackType
from typing import Self

from hotspare.router.trigger import AttemptFailed

_EARLY_SECONDS = 0.001
"""Event loops wake up early by less than this."""


class Watch:
    """The timer over all waits of one carrier. `monotonic` in seconds."""

    __slots__ = ("_armed", "_handle", "_loop", "_waiting", "monotonic")

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self._waiting: set[Limit] = set()
        self._armed = inf
        self._handle: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self, limit: "Limit", loop: asyncio.AbstractEventLoop) -> None:
        """A wait begins."""
        self._waiting.add(limit)
        if limit.due < self._armed or loop is not self._loop:
            self._loop = loop
            self._arm(limit.due)

    def end(self, limit: "Limit") -> None:
        """A wait is over. Idempotent."""
        self._waiting.discard(limit)

    def close(self) -> None:
        """Nothing more is waited for."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._armed = None, inf

    def _arm(self, due: float) -> None:
        self.close()
        if self._loop is not None:
            self._armed = due
            self._handle = self._loop.call_later(max(0.0, due - self.monotonic()), self._look)

    def _look(self) -> None:
        self._handle, self._armed = None, inf
        now = self.monotonic()
        for limit in [limit for limit in self._waiting if limit.due - now <= _EARLY_SECONDS]:
            self._waiting.discard(limit)
            limit.expire()
        if self._waiting:
            self._arm(min(limit.due for limit in self._waiting))


class Limit:
    """`with limit.until(due, failure): await …` raises `failure()` when `due` (monotonic seconds) passes first."""

    __slots__ = ("_before", "_expired", "_failure", "_task", "_watch", "due")

    def __init__(self, watch: Watch) -> None:
        self.due = 0.0
        self._watch = watch
        self._failure: Callable[[], AttemptFailed] | None = None
        self._task: asyncio.Task[object] | None = None
        self._before = 0
        self._expired = False

    def until(self, due: float, failure: Callable[[], AttemptFailed]) -> Self:
        """The bound of the wait that follows."""
        self.due = due
        self._failure = failure
        return self

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a limit needs a task to cancel")
        self._task = task
        self._before = task.cancelling()
        self._expired = False
        self._watch.begin(self, loop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._watch.end(self)
        task, self._task = self._task, None
        failure, self._failure = self._failure, None  # a method of whoever owns this: a ring
        if not self._expired or task is None or failure is None:
            return
        only_ours = task.uncancel() <= self._before
        if only_ours:  # somebody else's cancellation goes on as one
            raise failure() from error

    def expire(self) -> None:
        """The time is up."""
        if self._task is not None:
            self._expired = True
            self._task.cancel()
