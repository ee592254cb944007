"""What runs and what waits for one request, and which of its candidates is called next.

A lane calls one model, perhaps again, and then takes the next candidate that is left. Where that one is busy, the lane
stands in its line for a while. Times are monotonic seconds.
"""

from hotspare.router.account import Account
from hotspare.router.candidate import CONTEXT, CandidateState, Held, Permit
from hotspare.router.line import Waiter
from hotspare.router.parking import LONGEST_WAIT_SECONDS, Parking
from hotspare.router.plan import Plan
from hotspare.router.record import Ask, Skip
from hotspare.router.retry import NEVER, Lane, Running
from hotspare.router.step import Cancel, Step, Try, Wait

OURS: frozenset[Skip] = frozenset({"open", "suspended", "cooling", "busy"})
"""What holds a model back for a while, and does not weigh as much as a limit of cost."""


COMPLAINED = "it refused this request"
"""What a model lacks that is asked again after a while, and has found the request itself at fault."""


class Lanes:
    """See the module.

    Attributes:
        running: what is being called, by number.
        made: how many Tries there were.
        uncalled: of those, how many came to no call: what was asked cannot be said in the model's dialect.
        hedge_at: when one more is started beside what runs; NEVER where none is.
        waited: for a model to come back, as the caller wished.
        waited_seconds: how long.
        resumes: what is called goes on with what the caller has already.
    """

    __slots__ = (
        "_account", "_ask", "_deadline", "_next", "_parked", "_parked_at", "_parking", "_plan", "_stopping",
        "_waiting", "hedge_at", "made", "resumes", "running", "uncalled", "waited", "waited_seconds",
    )  # fmt: skip

    def __init__(self, ask: Ask, plan: Plan, account: Account, parking: Parking) -> None:
        self.running: dict[int, Running] = {}
        self.made = 0
        self.uncalled = 0
        self.hedge_at = NEVER
        self.waited = False
        self.waited_seconds = 0.0
        self.resumes = False
        self._deadline = ask.deadline
        self._ask = ask
        self._plan = plan
        self._account = account
        self._waiting: list[Lane] = []
        self._parking = parking
        self._parked: Waiter | None = None
        self._parked_at = 0.0
        self._next = 0
        self._stopping: tuple[int, ...] = ()

    # ------------------------------------------------------------ calling
    def hedge(self, now: float) -> Try | None:
        """The time has come for a second call beside the first: made if one may be called and the budget allows it."""
        self.hedge_at = NEVER
        plan = self._plan
        second = next((state for state in plan.order[self._next :] if self._held(state, now) is None), None)
        if second is None or now >= self._deadline:
            return None
        if plan.hedge is None or not plan.hedge.allows(plan.order[0], second):
            return None
        return self.start_next(now, in_line=False)

    def start_next(self, now: float, *, in_line: bool = True) -> Try | None:
        """Call the next candidate that may be called; those passed over are noted. None: there is none, or no time, or
        (with `in_line`) it is busy and a lane stands in its line.
        """
        order = self._plan.order
        while self._next < len(order) and now < self._deadline:
            state = order[self._next]
            self._next += 1
            held = self._held(state, now)
            lane = Lane(state, self._plan.limits[state.model.name])
            if held is None:
                return self._call(lane, now)
            if held.skip == "busy" and in_line and self._join_line(lane, now):
                return None
            self._account.passed_over(state.model.name, held, now)
        return None

    def _held(self, state: CandidateState, now: float) -> Held | None:
        if state.model.name == self._plan.excluded:
            return Held("forced", None, self._plan.excluded_by)
        context = state.model.context_tokens
        if context is not None and context <= self._account.too_long_for:
            return Held("incapable", None, CONTEXT)
        if state.model.name in self._account.complained:
            return Held("incapable", None, COMPLAINED)
        held = state.held(self._ask, now)
        if held is None or held.skip in OURS:
            return self._account.too_dear(state) or held
        return held

    def call_again(self, lane: Lane, now: float) -> list[Step]:
        """A call whose time has come; where the model may no longer be called, the next candidate's."""
        return [self._call(lane, now)] if self._held(lane.state, now) is None else self._next_instead(now)

    def _next_instead(self, now: float) -> list[Step]:
        started = self.start_next(now)
        return [] if started is None else [started]

    def last_resort(self, now: float) -> Try | None:
        """Where no candidate may be called: the one trial ahead of time, if one is to be had."""
        for state in self._plan.order:
            if self._account.skip_of(state.model.name) in ("open", "suspended", "cooling"):
                permit = state.take_last_resort(now)
                if permit is not None:
                    self._account.called_after_all(state.model.name)
                    limits = self._plan.limits[state.model.name]
                    lane = Lane(state, limits, retries=max(1, limits.retries))  # this one call and no other
                    return self._try(lane, permit, now)
        return None

    def _call(self, lane: Lane, now: float) -> Try:
        state, key = lane.state, lane.key
        if key is None:
            state.retry_budget.called(now)
        if key is None or key in state.cooldowns:
            key = state.free_key(now) or key or ""
        return self._try(lane, state.take(key, now), now)

    def _try(self, lane: Lane, permit: Permit, now: float) -> Try:
        self.made += 1
        n = self.made
        lane.key = permit.key
        lane.due = NEVER
        lane.tried_keys |= {permit.key}
        self._account.calling(n, lane.state)
        self.running[n] = Running(lane, permit, now, lane.queued_seconds)
        lane.queued_seconds = 0.0
        return Try(n, lane.state.model.name, permit.key, lane.limits, self._deadline, self.resumes)

    def resume(self, now: float) -> Try | None:
        """Content has gone out and broke off: the next candidate that may be called goes on with it."""
        self.resumes = True
        self._deadline = NEVER
        return self.start_next(now, in_line=False)

    # ------------------------------------------------------------ waiting
    def wait_for(self, lane: Lane) -> None:
        """Call again when the lane's time has come."""
        self._waiting.append(lane)

    def wait(self) -> Wait | None:
        """The one Wait that holds for all that waits; None where nothing does."""
        due = min((lane.due for lane in self._waiting), default=NEVER)
        due = min(due, self.hedge_at)
        if due == NEVER:
            return None
        return Wait(due, tuple(lane.waiter for lane in self._waiting if lane.waiter is not None))

    def park(self, now: float) -> Wait | None:
        """Wait for a model to come back, as the caller wished; None: it did not, or no more, or there is no room."""
        until = min(self._ask.read_at + min(self._ask.wait_seconds, LONGEST_WAIT_SECONDS), self._ask.deadline)
        if now >= until:
            return None
        self._parked = self._parking.join(self._ask.chain, again=self.waited)
        if self._parked is None:
            return None
        self.waited = True
        self._parked_at = now
        return Wait(until, (self._parked,))

    def _drive_on(self, now: float) -> list[Step]:
        """Look at all candidates again, from the first."""
        self._leave_parking(now)
        self._next = 0
        self._account.skipped.clear()
        return self._next_instead(now)

    def _leave_parking(self, now: float) -> None:
        if self._parked is not None:
            self._parking.leave(self._ask.chain, self._parked)
            self._parked = None
            self.waited_seconds += now - self._parked_at

    def due(self, now: float) -> list[Step]:
        """The calls whose time has come."""
        self._leave_parking(now)
        steps: list[Step] = []
        for lane in [lane for lane in self._waiting if lane.due <= now]:
            self._waiting.remove(lane)
            steps += self.call_again(lane, now) if lane.waiter is None else self._waited_in_vain(lane, now)
        return steps

    def woken(self, now: float) -> list[Step]:
        """The calls of those that stood in a line and whose turn has come, or that have nothing left to wait for."""
        if self._parked is not None:
            return self._drive_on(now)
        steps: list[Step] = []
        for lane in tuple(self._waiting):
            if lane.waiter is not None:
                steps += self._look_at_line(lane, lane.waiter, now)
        return steps

    def stop_waiting(self, now: float) -> None:
        """Nothing more is to be called."""
        self.hedge_at = NEVER
        if self._parked is not None:
            self._leave_parking(now)
        if self._waiting:
            for lane in self._waiting:
                self._leave_line(lane, now)
                lane.state.admit()
            self._waiting.clear()

    def cancel(self, but: int | None) -> tuple[Cancel, ...]:
        """Stop all that runs but one; each is asked once."""
        if len(self.running) == 1 and but in self.running:
            return ()
        to_stop = [n for n in self.running if n != but and n not in self._stopping]
        self._stopping += tuple(to_stop)
        return tuple(Cancel(n) for n in to_stop)

    # ------------------------------------------------------------ in line
    def _join_line(self, lane: Lane, now: float) -> bool:
        lane.waiter = lane.state.join_line()
        if lane.waiter is None:
            return False
        lane.queued_at = now
        lane.due = min(now + lane.state.model.queue_seconds, self._ask.deadline)
        self._waiting.append(lane)
        return True

    def _leave_line(self, lane: Lane, now: float) -> None:
        """Its place is somebody else's; how long it stood there is known."""
        if lane.waiter is None:
            return
        lane.state.line.leave(lane.waiter)
        lane.waiter = None
        lane.queued_seconds = now - lane.queued_at

    def _waited_in_vain(self, lane: Lane, now: float) -> list[Step]:
        self._leave_line(lane, now)
        lane.state.admit()
        held = Held("busy", None, f"{lane.queued_seconds:.3g} s in line")
        return self._another(lane, held, now)

    def _look_at_line(self, lane: Lane, waiter: Waiter, now: float) -> list[Step]:
        held = self._held(lane.state, now)
        if not waiter.admitted and (held is None or held.skip == "busy"):
            return []  # it was not called for this lane's sake
        self._waiting.remove(lane)
        self._leave_line(lane, now)  # what was kept for it is free: for this very call, or for the next in line
        held = self._held(lane.state, now)
        if held is None:
            return [self._call(lane, now)]
        lane.state.admit()
        return self._another(lane, held, now)

    def _another(self, lane: Lane, held: Held, now: float) -> list[Step]:
        self._account.passed_over(lane.state.model.name, held, now)
        return self._next_instead(now)
