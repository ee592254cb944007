"""What was ordered above the file: one decision a slot, with an expiry where one was given.

Expiry runs on the monotonic clock from the moment a decision takes force, so a jump of the wall clock moves none.
"""

from collections.abc import Mapping

from hotspare.router.command import Change, Decision, Slot


class Standing:
    """The decisions in force. `version` grows with each change, so that what is derived from them can be cached."""

    __slots__ = ("_expires", "decisions", "next_expiry", "version")

    def __init__(self) -> None:
        self.decisions: dict[Slot, Decision] = {}
        self._expires: dict[Slot, float] = {}
        self.next_expiry = float("inf")
        self.version = 0

    def put(self, slot: Slot, decision: Decision | None, *, now: float, wall: float) -> None:
        self.version += 1
        self._expires.pop(slot, None)
        self.decisions.pop(slot, None)
        if decision is not None:
            self.decisions[slot] = decision
            if decision.until is not None:
                self._expires[slot] = now + max(0.0, decision.until - wall)
        self.next_expiry = min(self._expires.values(), default=float("inf"))

    def take_up(self, decisions: Mapping[Slot, Decision], *, now: float, wall: float) -> None:
        """Those of an earlier run; what has ended meanwhile is left out."""
        for slot, decision in decisions.items():
            if decision.until is None or decision.until > wall:
                self.put(slot, decision, now=now, wall=wall)

    def expire(self, *, now: float, wall: float) -> tuple[Change, ...]:
        """Lift what has come to its end; the changes, for the journal."""
        if now < self.next_expiry:
            return ()
        over = [slot for slot, end in self._expires.items() if end <= now]
        changes = tuple(
            Change(
                act="expired",
                subject=slot.subject,
                who="hotspare",
                at=wall,
                slot=slot,
                before=self.decisions[slot],
                after=None,
            )
            for slot in over
        )
        for slot in over:
            self.put(slot, None, now=now, wall=wall)
        return changes

    def get(self, slot: Slot) -> Decision | None:
        return self.decisions.get(slot)

    def seconds_left(self, slot: Slot, now: float) -> float | None:
        """Until it expires; None: it stands until lifted."""
        end = self._expires.get(slot)
        return None if end is None else max(0.0, end - now)

    def expiry(self, slot: Slot) -> float | None:
        """When it expires, monotonic; None: it stands until lifted."""
        return self._expires.get(slot)

    def order(self, chain: str, declared: tuple[str, ...]) -> tuple[str, ...]:
        """The chain's models in the operator's order; those it does not name follow in the file's."""
        decision = self.decisions.get(Slot("order", chain))
        return declared if decision is None else in_order(decision.value, declared)


def in_order(names: tuple[str, ...], declared: tuple[str, ...]) -> tuple[str, ...]:
    """What is declared, those that are named first, in their order."""
    first = tuple(name for name in names if name in declared)
    return first + tuple(name for name in declared if name not in first)
