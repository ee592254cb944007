"""What every configuration format compiles to for the router: frozen, resolved, no names left to look up.

Money is counted in picodollars (1e-12 USD), so that prices per token stay integers and sums stay exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from hotspare.router.trigger import ACTIONS, Action, Trigger

PICO_PER_USD = 1_000_000_000_000

HEDGE_EXTRA_SHARE = 0.05
"""What hedging may cost beside what a chain costs anyway."""

Kind = Literal["chat", "embeddings"]
StreamDelivery = Literal["live", "whole"]
OnStreamBreak = Literal["error", "continue"]
Sorting = Literal["cost", "latency"]
Strategy = Literal["priority", "latency", "cost", "fastest", "hedged", "load_balanced", "weighted", "task", "regions"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one attempt and of its request. Seconds; counts are further calls after the first."""

    connect_seconds: float = 5.0
    first_content_seconds: float = 60.0
    silence_seconds: float = 30.0
    attempt_seconds: float = 120.0
    """The whole of an attempt that is not streamed."""
    deadline_seconds: float = 180.0
    """From the request's reading to the first byte of its answer."""
    retries: int = 2
    retry_delay_seconds: float = 1.0
    retry_multiplier: float = 2.0
    retry_delay_cap_seconds: float = 10.0
    rate_limit_patience_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a model is taken out by our own judgement, and how it comes back. Shares are fractions of 1."""

    enabled: bool = True
    consecutive_failures: int = 5
    open_seconds: float = 60.0
    success_threshold: int = 1
    failed_share: float = 0.5
    """Over this (strictly) of `window_seconds`, with at least `minimum_calls`: suspended. 0 switches the rule off."""
    minimum_calls: int = 20
    window_seconds: float = 60.0
    suspended_seconds: float = 300.0
    slow_share: float = 0.0
    slow_seconds: float = 10.0
    cooldown_seconds: float = 60.0
    """After a 429 that names no time."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Picodollars per token. `None` for a cache rate means that the input rate holds; for what is kept for an
    hour, that the other rate of writing does.
    """

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_hour: int | None = None
    long: tuple[tuple[int, "Rates"], ...] = ()
    """For the whole of a call whose prompt has more tokens than these, other rates; the longest that fits."""


@dataclass(frozen=True, slots=True)
class Task:
    """A rule of strategy "task": where it fits (first rule first), a request starts at `start`, under `limits`.

    Exactly one of `header`, `metadata` and `prompt_tokens_below` is set; `equals` is what the first two must hold.
    """

    start: str
    limits: Mapping[str, Limits]
    header: str | None = None
    """In lower case."""
    metadata: str | None = None
    equals: str = ""
    prompt_tokens_below: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One thing that can answer, as the router sees it. Where and how it is reached is its Endpoint (dialects)."""

    name: str
    provider: str
    keys: tuple[str, ...] = ()
    """Aliases of the usable API keys, in order; never the keys themselves."""
    needs_key: bool = True
    lacks: frozenset[str] = frozenset()
    """What requests may need and this model cannot do: "tools", "images", "json_schema", …"""
    context_tokens: int | None = None
    rates: Rates | None = None
    enabled: bool = True
    max_concurrent: int = 0
    """0: no limit."""
    max_queued: int = 32
    """How many requests may wait in line for it while it is at that limit."""
    queue_seconds: float = 10.0
    """How long one waits at most, before the next model's turn."""
    same_as: str = ""
    """The provider-independent id: models that share one are the same model elsewhere. Empty: like no other."""
    breaker: BreakerRules = field(default_factory=BreakerRules)


@dataclass(frozen=True, slots=True)
class Chain:
    """Models in priority order; the first is the primary. `limits` holds one entry for each of them."""

    name: str
    models: tuple[str, ...]
    limits: Mapping[str, Limits]
    answers: tuple[str, ...] = ()
    """Patterns (`claude-*`) of names that callers may ask for, besides the chain's own."""
    guests: tuple[str, ...] = ()
    """Models that a request which names one starts at, before all others; nobody else comes to them."""
    kind: Kind = "chat"
    equivalent: bool = False
    """Its models share one vector space: embeddings may come from any of them."""
    strategy: Strategy = "priority"
    fallbacks_by: tuple[Sorting, ...] = ()
    """How the fallbacks are sorted, before their priority is looked at; the primary stays first."""
    latency_threshold_seconds: float | None = None
    """A model whose recent median is over it goes behind the others until it falls below."""
    hedge_extra_share: float = HEDGE_EXTRA_SHARE
    score: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Of strategy "weighted"; a model without one is a fallback only."""
    tasks: tuple[Task, ...] = ()
    affinity: Literal["none", "session"] = "none"
    deadline_seconds: float = 180.0
    fallback_on_rate_limit: bool = True
    fallback_on_timeout: bool = True
    fallback_on_error: bool = True
    """False: after its retries on that model the error goes to the caller."""
    actions: Mapping[Trigger, Action] = field(default_factory=dict)
    """Where this chain does otherwise than the table of triggers says."""
    on_stream_break: OnStreamBreak = "error"
    """What comes after a stream has broken off: an error event, or the rest, from the next model that can."""
    emergency_cache: bool = False
    """When every model has failed, an answer given before to the same request is better than none."""
    emergency_cache_embeddings: str = ""
    """The chain by whose vectors an answer to a similar request is found too; "": none is looked for."""
    stream_delivery: StreamDelivery = "live"
    """Whole: a stream is held back until it is complete, so that it can fall back to its very end."""
    check_output: bool = True
    """An answer that is not the JSON, the schema or the tool call that was asked for is none."""
    repair_output: bool = True
    """Before that is said, what a model puts around its JSON is taken off."""
    check_loop: bool = True
    """An answer that repeats itself up to its limit is none."""
    check_refusal: bool = True
    """A refusal is known by its words too, where refusals are passed on at all."""

    @property
    def reachable(self) -> tuple[str, ...]:
        """Every model that may serve a request of this chain."""
        return self.models + self.guests

    @property
    def falls_back(self) -> bool:
        """Whether another model may answer: vectors of two models that are not equivalent cannot be compared."""
        return self.kind == "chat" or self.equivalent

    def action(self, trigger: Trigger) -> Action:
        """What is done here after this trigger."""
        return self.actions.get(trigger) or ACTIONS[trigger]

    def passes_on(self, trigger: Trigger) -> bool:
        """Whether another model may answer what was refused. A refusal in words is as one of the provider's filter,
        unless the chain says otherwise.
        """
        own = self.actions.get(trigger) if trigger is Trigger.refusal else None
        return (own or self.action(Trigger.content_filter)) is not Action.stop


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits in picodollars; `None` is no limit."""

    daily: int | None = None
    session: int | None = None
    alert_share: float = 0.8
    at_limit: Literal["block", "cheapest", "warn"] = "block"
    unknown_price: Literal["refuse", "allow"] = "refuse"
    """Whether a model may be called whose cost nobody could count."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the router is told."""

    models: Mapping[str, Model]
    chains: Mapping[str, Chain]
    budget: Budget = field(default_factory=Budget)
    default_chain: str | None = None
    """Where a request for an unknown name goes; None refuses it."""

    def chain_of_model(self, model: str) -> Chain | None:
        """The first chain that holds the model."""
        return next((chain for chain in self.chains.values() if model in chain.reachable), None)


NO_LIMITS: Mapping[str, Limits] = MappingProxyType({})
