"""Choose which models a request may go to, and in which order. Pure: no clock, no network, no disk.

Steering by rank: disabled > operator's force > caller's wish > strategy. What is disabled or otherwise not eligible
stays in the order: it is looked at when its turn comes, so that the trace can say why it was passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hotspare.router.candidate import CandidateState
from hotspare.router.command import Slot
from hotspare.router.record import Ask
from hotspare.router.settings import Chain
from hotspare.router.standing import Standing


@dataclass(frozen=True, slots=True)
class Plan:
    """A request's way, as far as it is known before the first step.

    Attributes:
        order: the candidates, first to last.
        meant: the model the strategy put first, whatever steering and eligibility say.
        lanes: how many are started at once (a race starts all).
        hedge_seconds: when one more is started because nothing has come yet; None: never.
        excluded: the primary, where it must not be called even if all else fails.
        excluded_by: who excluded it.
        forced: an operator's or a caller's order is in effect.
    """

    order: tuple[CandidateState, ...]
    meant: str
    lanes: int = 1
    hedge_seconds: float | None = None
    excluded: str | None = None
    excluded_by: str = ""
    forced: bool = False


class Planner:
    """Makes the Plan of each request; the usual one of a chain is kept until a decision changes."""

    __slots__ = ("_chains", "_standing", "_states", "_usual", "_version")

    def __init__(self, chains: Mapping[str, Chain], states: Mapping[str, CandidateState], standing: Standing) -> None:
        self._chains = chains
        self._states = states
        self._standing = standing
        self._usual: dict[str, Plan] = {}
        self._version = -1

    def plan(self, ask: Ask) -> Plan:
        if self._version != self._standing.version:
            self._usual = {}
            self._version = self._standing.version
        if ask.start is None and not ask.wish_force and ask.wish_preferred is None:
            plan = self._usual.get(ask.chain)
            if plan is None:
                plan = self._usual[ask.chain] = self._make(ask)
            return plan
        return self._make(ask)

    def _make(self, ask: Ask) -> Plan:
        order = self._standing.order(ask.chain, self._chains[ask.chain].models)
        primary = order[0]
        meant = ask.start or primary
        if ask.only:
            return Plan((self._states[meant],), meant)
        if not self._chains[ask.chain].falls_back:
            excluded = meant if ask.wish_force else None
            return Plan((self._states[meant],), meant, excluded=excluded, excluded_by="caller", forced=ask.wish_force)
        if ask.start is not None:
            order = _first(ask.start, order)
        excluded, excluded_by, forced_model = self._force(ask, primary)
        if ask.wish_preferred is not None and ask.wish_preferred != order[0]:
            order = (order[0], *_first(ask.wish_preferred, order[1:]))
        if forced_model is not None:
            order = _first(forced_model, order)
        return Plan(
            order=tuple(self._states[name] for name in order),
            meant=meant,
            excluded=excluded,
            excluded_by=excluded_by,
            forced=excluded is not None or forced_model is not None or ask.wish_preferred is not None,
        )

    def _force(self, ask: Ask, primary: str) -> tuple[str | None, str, str | None]:
        """The model that must not be called, by whose order, and the model that is forced."""
        decision = self._standing.get(Slot("force", ask.chain))
        if decision is not None and decision.value[0] == "skip_primary":
            return primary, decision.who, None
        if decision is not None:
            model = decision.value[1]
            return (None, "", model) if model == primary else (primary, decision.who, model)
        return (primary, "caller", None) if ask.wish_force else (None, "", None)


def _first(name: str, order: tuple[str, ...]) -> tuple[str, ...]:
    return (name, *(other for other in order if other != name))
