"""Counts over the last N seconds, in slots with running sums: nothing is scanned when a count is read or added to."""

SLOTS = 30


class Window:
    """Calls, failures and slow answers of the last `seconds`; what is exactly as old as the window is out.

    Times are monotonic seconds. The window's edge is as sharp as one slot (`seconds` / 30).
    """

    __slots__ = ("_bad", "_calls", "_ends_at", "_newest", "_slot", "_slot_seconds", "_slow", "bad", "calls", "slow")

    def __init__(self, seconds: float) -> None:
        self._slot_seconds = seconds / SLOTS
        self.clear()

    def clear(self) -> None:
        self._calls = [0] * SLOTS
        self._bad = [0] * SLOTS
        self._slow = [0] * SLOTS
        self._newest = self._slot = 0
        self._ends_at = 0.0
        """When the newest slot ends: until then nothing leaves the window."""
        self.calls = self.bad = self.slow = 0

    def add(self, now: float, *, bad: bool = False, slow: bool = False) -> None:
        if now >= self._ends_at:
            self.advance(now)
        self._calls[self._slot] += 1
        self.calls += 1
        if bad:
            self._bad[self._slot] += 1
            self.bad += 1
        if slow:
            self._slow[self._slot] += 1
            self.slow += 1

    def advance(self, now: float) -> None:
        """Let go of what has left the window."""
        at = int(now / self._slot_seconds)
        if at <= self._newest:
            return
        if at - self._newest >= SLOTS:
            self.clear()
        else:
            for number in range(self._newest + 1, at + 1):
                self._forget(number % SLOTS)
        self._newest, self._slot = at, at % SLOTS
        self._ends_at = (at + 1) * self._slot_seconds

    def _forget(self, slot: int) -> None:
        self.calls -= self._calls[slot]
        self.bad -= self._bad[slot]
        self.slow -= self._slow[slot]
        self._calls[slot] = self._bad[slot] = self._slow[slot] = 0
