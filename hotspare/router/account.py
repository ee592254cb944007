"""One walk's account: who was passed over, what was called, how each call came out. The Record is made of it."""

from hotspare.router.candidate import CandidateState, Held
from hotspare.router.outcome import Ending, attempt_of, record_of
from hotspare.router.plan import Plan
from hotspare.router.purse import Purse
from hotspare.router.record import Ask, Attempt, Candidate, Record, Skip, Source
from hotspare.router.retry import Running
from hotspare.router.settings import Model
from hotspare.router.step import Ended
from hotspare.router.trigger import AttemptFailed, Incapable, Trigger, Usage


class Account:
    """See the module.

    Attributes:
        skipped: candidates that were passed over, by model.
        failures: what failed, in order, with its model.
        complained: models that found the request itself at fault.
        too_long_for: the largest context window, in tokens, that the request turned out not to fit into.
    """

    __slots__ = (
        "_ask", "_attempts", "_owed", "_plan", "_purse", "_reserved", "complained", "failures", "skipped",
        "too_long_for",
    )  # fmt: skip

    def __init__(self, ask: Ask, plan: Plan, purse: Purse | None) -> None:
        self._ask = ask
        self._plan = plan
        self._purse = purse
        self._reserved: dict[int, int] = {}
        self._owed = 0
        self._attempts: list[Attempt] = []
        self.skipped: dict[str, Candidate] = {}
        self.failures: list[tuple[str, AttemptFailed]] = []
        self.complained: set[str] = set()
        self.too_long_for = 0

    def passed_over(self, model: str, held: Held, now: float) -> None:
        """A candidate was not called."""
        left = None if held.until is None else max(0.0, held.until - now)
        self.skipped[model] = Candidate(model, held.skip, left, held.by)

    def too_dear(self, state: CandidateState) -> Held | None:
        """Why a candidate may not be paid for; None: it may."""
        return None if self._purse is None else self._purse.held(self._ask, state, self._plan.order)

    def calling(self, n: int, state: CandidateState) -> None:
        """A call begins: what it will cost is set aside, and stays so until the Record is made."""
        if self._purse is not None:
            self._reserved[n] = self._purse.expected(self._ask, state)
            self._set_aside(self._reserved[n])

    def _set_aside(self, pico_usd: int) -> None:
        if self._purse is not None:
            self._owed += pico_usd
            self._purse.reserve(self._ask, pico_usd)

    def skip_of(self, model: str) -> Skip | None:
        """Why it was passed over; None where it was not."""
        candidate = self.skipped.get(model)
        return None if candidate is None else candidate.skip

    def called_after_all(self, model: str) -> None:
        """One that had been passed over gets a call."""
        del self.skipped[model]

    def called(
        self,
        n: int,
        running: Running,
        now: float,
        usage: Usage | None,
        told: AttemptFailed | Ended | None = None,
        *,
        cancelled: bool = False,
        said_bytes: int = 0,
    ) -> None:
        """A call is over. `told` is what the provider said at its end; None where it was cancelled before."""
        attempt = attempt_of(self._ask, n, running, now, usage, told, cancelled=cancelled, said_bytes=said_bytes)
        self._attempts.append(attempt)
        if self._purse is not None and attempt.cost_pico_usd is not None:
            self._set_aside(attempt.cost_pico_usd - self._reserved.pop(n))

    def not_called(self, n: int, model: str, failure: Incapable) -> None:
        """A Try that came to no call: the candidate is passed over, and nothing is owed for it."""
        self.skipped[model] = Candidate(model, "incapable", None, failure.part)
        if self._purse is not None:
            self._set_aside(-self._reserved.pop(n))

    def failed(self, model: Model, failure: AttemptFailed) -> None:
        """A call gave nothing that could go to the caller."""
        self.failures.append((model.name, failure))
        if failure.trigger is Trigger.bad_request:
            self.complained.add(model.name)
        if failure.trigger is Trigger.context_length:
            self.too_long_for = max(self.too_long_for, model.context_tokens or 0)

    @property
    def reason(self) -> str:
        """Why the model it was meant for did not answer: its skip, else what its last attempt failed by."""
        skip = self.skipped.get(self._plan.meant)
        if skip is not None and skip.skip is not None:
            return skip.skip
        own = [failure.trigger.value for model, failure in self.failures if model == self._plan.meant]
        if own:
            return own[-1]
        return self.failures[-1][1].trigger.value if self.failures else "forced"

    def record(self, ending: Ending, source: Source, *, model: str | None, fallback: bool, now: float) -> Record:
        """The finished request. From here its cost is the figures' to know."""
        self._set_aside(-self._owed)
        return record_of(
            self._ask,
            self._plan,
            ending,
            source,
            model=model,
            fallback=fallback,
            attempts=self._attempts,
            skipped=self.skipped,
            now=now,
        )
