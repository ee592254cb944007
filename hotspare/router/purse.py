"""What may still be spent: the limits of a day and of a session, and what requests under way are expected to cost.

A call is admitted while what is spent and what is reserved are under the limit; so the overrun is at most what was in
flight. Money is picodollars. `spent` of the day is the live figures': here is only what they do not know yet.
"""

from collections import OrderedDict
from collections.abc import Mapping

from hotspare.router.candidate import CandidateState, Held
from hotspare.router.live import Live
from hotspare.router.record import Ask, Record
from hotspare.router.settings import Budget
from hotspare.router.strategy import price_of
from hotspare.router.words import dollars

MOST_SESSIONS = 10_000


class Purse:
    """See the module. Exists only where there is a limit that refuses something."""

    __slots__ = ("_budget", "_costs", "_live", "_reserved", "_sessions", "_sessions_reserved")

    def __init__(self, budget: Budget, live: Live) -> None:
        self._budget = budget
        self._live = live
        self._reserved = 0
        self._costs: dict[tuple[str, str], tuple[int, int]] = {}
        self._sessions: OrderedDict[str, int] = OrderedDict()
        self._sessions_reserved: dict[str, int] = {}

    def obey(self, budget: Budget) -> None:
        """Keep to another budget; what is spent and reserved stays known."""
        self._budget = budget

    # ------------------------------------------------------------ may it be called?
    def held(self, ask: Ask, state: CandidateState, order: tuple[CandidateState, ...]) -> Held | None:
        """Why this model may not be paid for now; None: it may."""
        if state.model.rates is None and self._budget.unknown_price == "refuse":
            return Held("over_budget", None, "its price is unknown")
        reached = self._reached(ask)
        if not reached:
            return None
        if self._budget.at_limit == "cheapest" and state is cheapest(order):
            return None
        return Held("over_budget", None, reached)

    def _reached(self, ask: Ask) -> str:
        """The limit that is reached, in words; "" where there is room."""
        daily, session = self._budget.daily, self._budget.session
        if daily is not None and self._live.spent_pico_usd + self._reserved >= daily:
            return f"the day's limit of {dollars(daily)} is reached"
        if session is not None and ask.session is not None and self._of_session(ask.session) >= session:
            return f"the session's limit of {dollars(session)} is reached"
        return ""

    def _of_session(self, session: str) -> int:
        return self._sessions.get(session, 0) + self._sessions_reserved.get(session, 0)

    # ------------------------------------------------------------ requests under way
    def expected(self, ask: Ask, state: CandidateState) -> int:
        """What a call will cost: the mean of that model's answers in the chain, else the price of its prompt."""
        total, count = self._costs.get((ask.chain, state.model.name), (0, 0))
        if count:
            return total // count
        rates = state.model.rates
        return 0 if rates is None else state.tokens_of(ask) * rates.input

    def reserve(self, ask: Ask, pico_usd: int) -> None:
        """So much more (or, below zero, less) is about to be spent for a request."""
        self._reserved += pico_usd
        if ask.session is not None and self._budget.session is not None:
            left = self._sessions_reserved.get(ask.session, 0) + pico_usd
            if left:
                self._sessions_reserved[ask.session] = left
            else:
                self._sessions_reserved.pop(ask.session, None)

    # ------------------------------------------------------------ what was spent
    def take_up(self, sessions: Mapping[str, int]) -> None:
        """What sessions cost before Records are folded here."""
        if self._budget.session is not None:
            for session, pico_usd in sessions.items():
                self._sessions[session] = self._sessions.get(session, 0) + pico_usd

    def fold(self, record: Record) -> None:
        """Take one finished Record in."""
        for attempt in record.attempts:
            if attempt.trigger is None and not attempt.cancelled and attempt.cost_pico_usd is not None:
                key = (record.chain, attempt.model)
                total, count = self._costs.get(key, (0, 0))
                self._costs[key] = (total + attempt.cost_pico_usd, count + 1)
        if self._budget.session is not None and record.session is not None and record.cost_pico_usd:
            self._sessions[record.session] = self._sessions.get(record.session, 0) + record.cost_pico_usd
            self._sessions.move_to_end(record.session)
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)


def cheapest(order: tuple[CandidateState, ...]) -> CandidateState | None:
    """The candidate with the lowest price, the first of several; None where no price is known."""
    priced = [state for state in order if state.model.rates is not None]
    return min(priced, key=lambda state: price_of(state.model) or 0, default=None)


def purse(budget: Budget, live: Live) -> Purse | None:
    """What keeps to a budget; None where it refuses nothing."""
    limited = budget.daily is not None or budget.session is not None
    return Purse(budget, live) if limited and budget.at_limit != "warn" else None
