"""Choose which models a request may go to, and in which order. No clock, no network, no disk.

Steering by rank: disabled > operator's force > caller's wish > strategy. What is disabled or otherwise not eligible
stays in the order: it is looked at when its turn comes, so that the trace can say why it was passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from hotspare.router import score
from hotspare.router.affinity import Affinity
from hotspare.router.candidate import CandidateState
from hotspare.router.command import Slot
from hotspare.router.hedging import HedgeBudget
from hotspare.router.pulse import UNKNOWN, Pulse
from hotspare.router.record import Ask, Candidate, Record
from hotspare.router.settings import Chain, Limits, Settings
from hotspare.router.standing import Standing
from hotspare.router.strategy import (
    Order,
    balanced,
    first,
    price_of,
    regions_first,
    scored,
    slow_last,
    sorted_fallbacks,
    weighted,
)


@dataclass(frozen=True, slots=True)
class Hedge:
    """One more call is started beside the first when that has given nothing for `seconds`, if `budget` allows it."""

    seconds: float
    budget: HedgeBudget

    def allows(self, first_model: CandidateState, second: CandidateState) -> bool:
        """Whether `second` may be called beside `first_model`; what it costs is then taken from the budget."""
        cost, extra = price_of(first_model.model), price_of(second.model)
        return self.budget.draw(1.0 if not cost or extra is None else extra / cost)


@dataclass(frozen=True, slots=True)
class Plan:
    """A request's way, as far as it is known before the first step.

    Attributes:
        order: the candidates, first to last.
        meant: the model the strategy put first, whatever steering and eligibility say.
        limits: those of each candidate.
        lanes: how many are started at once (a race starts all).
        hedge: when one more is started because nothing has come yet; None: never.
        excluded: the primary, where it must not be called even if all else fails.
        excluded_by: who excluded it.
        forced: an operator's or a caller's order is in effect.
        candidates: what its Records say where nothing was passed over, by the models that were called: made once.
    """

    order: tuple[CandidateState, ...]
    meant: str
    limits: Mapping[str, Limits]
    lanes: int = 1
    hedge: Hedge | None = None
    excluded: str | None = None
    excluded_by: str = ""
    forced: bool = False
    candidates: dict[tuple[str, ...], tuple[Candidate, ...]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(slots=True)
class Force:
    """What is ordered for a chain: `excluded` must not be called, by whose order, and `model` comes first."""

    excluded: str | None = None
    by: str = ""
    model: str | None = None


class Planner:
    """Makes the Plan of each request. A chain's usual one is kept while nothing that it was made of changes."""

    __slots__ = (
        "_affinity",
        "_formulas",
        "_hedges",
        "_pulse",
        "_random",
        "_settings",
        "_standing",
        "_states",
        "_usual",
    )

    def __init__(
        self,
        settings: Settings,
        states: Mapping[str, CandidateState],
        standing: Standing,
        pulse: Pulse,
        random: Random,
    ) -> None:
        chains = settings.chains.values()
        self._settings = settings
        self._states = states
        self._standing = standing
        self._pulse = pulse
        self._random = random
        self._affinity = Affinity()
        self._formulas = {chain.name: score.read(chain.score) for chain in chains if chain.score}
        self._hedges = {chain.name: HedgeBudget(chain.hedge_extra_share) for chain in chains}
        self._usual: dict[str, tuple[int, int, Plan]] = {}

    def take_over(self, before: "Planner") -> None:
        """Know what an earlier one knew: where sessions were answered, and what hedges have saved up."""
        self._affinity = before._affinity  # noqa: SLF001 - its own class
        kept = before._hedges  # noqa: SLF001
        self._hedges |= {name: kept[name] for name, own in self._hedges.items()
                         if name in kept and kept[name].share == own.share}  # fmt: skip

    def plan(self, ask: Ask, now: float) -> Plan:
        """The way of one request."""
        chain = self._settings.chains[ask.chain]
        if chain.strategy == "hedged":
            self._hedges[ask.chain].asked()
        if not _usual(chain, ask):
            return self._make(chain, ask, now)
        if _by_figures(chain):
            self._pulse.health(now)
        version, pulse = self._standing.version, self._pulse.version if _by_figures(chain) else 0
        kept = self._usual.get(ask.chain)
        if kept is None or kept[0] != version or kept[1] != pulse:
            kept = self._usual[ask.chain] = (version, pulse, self._make(chain, ask, now))
        return kept[2]

    def fold(self, record: Record) -> None:
        """Take one finished Record in."""
        if record.session is not None and record.model is not None and record.verdict == "answered":
            chain = self._settings.chains.get(record.chain)
            if chain is not None and chain.affinity == "session":
                self._affinity.note(record.chain, record.session, record.model)

    # ------------------------------------------------------------ one request's
    def _make(self, chain: Chain, ask: Ask, now: float) -> Plan:
        own = self._standing.order(ask.chain, chain.models)
        order = first(ask.start, own) if ask.start is not None else self._by_strategy(chain, own, ask, now)
        limits = chain.limits if ask.task is None else chain.tasks[ask.task].limits
        if ask.only or not chain.falls_back:
            excluded = order[0] if ask.wish_force and not ask.only else None
            return Plan(
                (self._states[order[0]],), order[0], limits,
                excluded=excluded, excluded_by="caller", forced=excluded is not None,
            )  # fmt: skip
        force = self._force(ask, own[0])
        meant = order[0]
        if ask.wish_preferred is not None and ask.wish_preferred != meant:
            order = (meant, *first(ask.wish_preferred, order[1:]))
        if force.model is not None:
            order = first(force.model, order)
        return Plan(
            order=tuple(self._states[name] for name in order),
            meant=meant,
            limits=limits,
            lanes=len(order) if chain.strategy == "fastest" and force.model is None and ask.start is None else 1,
            hedge=self._hedge(chain, order[0], ask, now),
            excluded=force.excluded,
            excluded_by=force.by,
            forced=force.excluded is not None or force.model is not None or ask.wish_preferred is not None,
        )

    def _force(self, ask: Ask, primary: str) -> Force:
        decision = self._standing.get(Slot("force", ask.chain))
        if decision is not None and decision.value[0] == "skip_primary":
            return Force(primary, decision.who)
        if decision is not None:
            model = decision.value[1]
            return Force(None, "", model) if model == primary else Force(primary, decision.who, model)
        return Force(primary, "caller") if ask.wish_force else Force()

    # ------------------------------------------------------------ by strategy
    def _by_strategy(self, chain: Chain, order: Order, ask: Ask, now: float) -> Order:
        models = self._settings.models
        if chain.strategy == "task" and ask.task is not None:
            order = first(chain.tasks[ask.task].start, order)
        elif chain.strategy == "weighted":
            order = weighted(chain, order, self._random)
        elif chain.strategy == "load_balanced":
            order = self._balanced(chain, order, now)
        elif chain.strategy == "regions":
            order = regions_first(order, models)
        if chain.fallbacks_by:
            order = sorted_fallbacks(chain, order, models, self._pulse.health(now))
        if chain.latency_threshold_seconds is not None:
            order = slow_last(chain, order, self._pulse.health(now))
        return self._where_it_was(chain, order, ask, now)

    def _balanced(self, chain: Chain, order: Order, now: float) -> Order:
        states = [self._states[name] for name in order]
        scores = scored(states, self._pulse.health(now), self._formulas.get(chain.name), now)
        return balanced(order, scores, lambda name: self._states[name].in_flight, self._random)

    def _where_it_was(self, chain: Chain, order: Order, ask: Ask, now: float) -> Order:
        """A session goes on where it was answered, as long as that model may be called."""
        if chain.affinity == "none" or ask.session is None:
            return order
        model = self._affinity.get(chain.name, ask.session)
        if model is None or model not in order or self._states[model].held(ask, now) is not None:
            return order
        return first(model, order)

    def _hedge(self, chain: Chain, model: str, ask: Ask, now: float) -> Hedge | None:
        if chain.strategy != "hedged":
            return None
        health = self._pulse.health(now).get(model, UNKNOWN)
        usual = health.p95_first_ms if ask.stream else health.p95_ms
        return None if usual is None else Hedge(usual / 1000.0, self._hedges[chain.name])


def _by_figures(chain: Chain) -> bool:
    """Whether its order depends on how its models do."""
    return bool(chain.fallbacks_by) or chain.latency_threshold_seconds is not None


def _usual(chain: Chain, ask: Ask) -> bool:
    """Whether every request like this one goes the same way."""
    return (
        ask.start is None
        and ask.task is None
        and not ask.wish_force
        and ask.wish_preferred is None
        and chain.strategy not in ("weighted", "load_balanced", "hedged")
        and (chain.affinity == "none" or ask.session is None)
    )
