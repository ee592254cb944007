"""Requests that wait in line, first come first served: woken one by one as what they wait for becomes free."""

from collections import deque
from collections.abc import Callable


class Waiter:
    """One request's place in a line.

    Attributes:
        admitted: its turn has come; a place is kept for it until it takes or leaves it.
        wake: set by whoever performs the Wait. It is called in the middle of another request's step, so it only takes
            note; the walk is told Woken later.
    """

    __slots__ = ("admitted", "wake")

    def __init__(self) -> None:
        self.admitted = False
        self.wake: Callable[[], None] | None = None

    def call(self) -> None:
        if self.wake is not None:
            self.wake()


class Line:
    """Those who wait for a place, and the places that are kept for the ones whose turn has come.

    Attributes:
        kept: places kept: as good as taken for everybody else.
        waiting: those whose turn has not come, the first first.
    """

    __slots__ = ("kept", "waiting")

    def __init__(self) -> None:
        self.kept = 0
        self.waiting: deque[Waiter] = deque()

    def __len__(self) -> int:
        return len(self.waiting)

    def join(self, *, first: bool = False) -> Waiter:
        """A place at the end, or before all others."""
        waiter = Waiter()
        if first:
            self.waiting.appendleft(waiter)
        else:
            self.waiting.append(waiter)
        return waiter

    def admit(self) -> None:
        """It is the turn of the first."""
        waiter = self.waiting.popleft()
        waiter.admitted = True
        self.kept += 1
        waiter.call()

    def leave(self, waiter: Waiter) -> None:
        """Go, whether one's turn has come or not; a place that was kept is free again."""
        if waiter.admitted:
            self.kept -= 1
            waiter.admitted = False
        elif waiter in self.waiting:
            self.waiting.remove(waiter)

    def look_again(self) -> None:
        """Have all who wait see whether there is still something to wait for."""
        for waiter in tuple(self.waiting):
            waiter.call()
