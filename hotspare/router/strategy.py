"""In which order a chain's models are looked at: one function a strategy. The first of the order is the model meant.

Each gets the operator's order and gives one with the same models. What may be called is not its matter.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from hotspare.router.candidate import CandidateState
from hotspare.router.pulse import UNKNOWN, Health
from hotspare.router.score import Formula, Scored
from hotspare.router.settings import Chain, Model

Order = tuple[str, ...]

SLOW_START_SECONDS = 30.0
"""How long a model that was open gets less than its share, growing evenly (Envoy's slow start)."""
LEAST_SHARE = 0.1
USUAL_MS = 1000.0
"""Stands for the time of models while none of a chain has one."""
PICO_PER_MICRO_USD = 1_000_000


def first(name: str, order: Order) -> Order:
    """The order with one of its names in front."""
    return (name, *(other for other in order if other != name))


def price_of(model: Model) -> int | None:
    """Picodollars for three prompt tokens and one of the answer, as requests usually are; None: unknown."""
    return None if model.rates is None else 3 * model.rates.input + model.rates.output


# ------------------------------------------------------------------ rules that hold under any strategy
def sorted_fallbacks(chain: Chain, order: Order, models: Mapping[str, Model], health: Mapping[str, Health]) -> Order:
    """The primary, then the fallbacks by cost (unknown last), latency, or both; priority breaks ties."""
    fallbacks = list(order[1:])
    if "latency" in chain.fallbacks_by:
        fallbacks = _by_latency(fallbacks, health)
    if "cost" in chain.fallbacks_by:
        prices = {name: price_of(models[name]) for name in fallbacks}
        fallbacks.sort(key=lambda name: (prices[name] is None, prices[name] or 0))
    return (order[0], *fallbacks)


def _by_latency(names: list[str], health: Mapping[str, Health]) -> list[str]:
    """Those whose time is known, sorted by it, in the places that they hold; the others keep theirs."""
    known = {name: median for name in names if (median := health.get(name, UNKNOWN).median_ms) is not None}
    fastest = iter(sorted(known, key=known.__getitem__))
    return [next(fastest) if name in known else name for name in names]


def slow_last(chain: Chain, order: Order, health: Mapping[str, Health]) -> Order:
    """Models whose recent median is over the chain's threshold go behind the others, in the order they had."""
    if chain.latency_threshold_seconds is None:
        return order
    limit = chain.latency_threshold_seconds * 1000.0
    slow = {name for name in order if (health.get(name, UNKNOWN).recent_ms or 0.0) > limit}
    return (*(name for name in order if name not in slow), *(name for name in order if name in slow))


def regions_first(order: Order, models: Mapping[str, Model]) -> Order:
    """The same model elsewhere comes before any other model."""
    like = models[order[0]].same_as
    alike = [name for name in order[1:] if like and models[name].same_as == like]
    return (order[0], *alike, *(name for name in order[1:] if name not in alike))


# ------------------------------------------------------------------ by chance
def weighted(chain: Chain, order: Order, random: Random) -> Order:
    """One by the weights, then the others in their order."""
    names = [name for name in order if chain.weights.get(name, 0.0) > 0]
    if not names:
        return order
    return first(random.choices(names, [chain.weights[name] for name in names])[0], order)


def balanced(order: Order, scores: Mapping[str, float], in_flight: Callable[[str], int], random: Random) -> Order:
    """Two by chance, each as likely as its score is high; of these the one with less to do for its score, at equal load
    the one drawn first (Mitzenmacher's power of two choices). Then the others in their order.
    """
    names = [name for name in order if scores[name] > 0]
    if not names:
        return order
    one = random.choices(names, [scores[name] for name in names])[0]
    others = [name for name in names if name != one]
    if not others:
        return first(one, order)
    other = random.choices(others, [scores[name] for name in others])[0]
    less = in_flight(other) / scores[other] < in_flight(one) / scores[one]
    return first(other if less else one, order)


def scored(
    states: Sequence[CandidateState], health: Mapping[str, Health], formula: Formula | None, now: float
) -> dict[str, float]:
    """Each model's score, by the chain's formula, else by how often and how fast it answers."""
    times = [median for state in states if (median := health.get(state.model.name, UNKNOWN).median_ms) is not None]
    slowest = max(times, default=USUAL_MS)
    found = {}
    for state in states:
        figures = figures_of(state, health.get(state.model.name, UNKNOWN), slowest)
        found[state.model.name] = (formula or _usual)(figures) * _share(state, now)
    return found


def figures_of(state: CandidateState, health: Health, slowest_ms: float) -> Scored:
    """What a `score` may speak of (`score.FIGURES`)."""
    median = health.median_ms or slowest_ms
    return {
        "success_rate": health.success_rate,
        "latency_ms": median,
        "p95_ms": health.p95_ms or median,
        "in_flight": float(state.in_flight),
        "failures_in_row": float(state.breaker.failures_in_row),
        "usd_per_million_tokens": (price_of(state.model) or 0) / 4 / PICO_PER_MICRO_USD,
    }


def _usual(figures: Scored) -> float:
    return figures["success_rate"] / figures["latency_ms"]


def _share(state: CandidateState, now: float) -> float:
    """Of what a model is worth: nothing while it is held back, and slowly all of it when it comes back."""
    if state.decided is not None or state.unready(now) is not None:
        return 0.0
    return min(1.0, max(LEAST_SHARE, state.breaker.well_for(now) / SLOW_START_SECONDS))
