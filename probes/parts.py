"""The four models of the demo as values: who plays which part, at what price, and when each is unwell.

Nothing here comes from a file or the environment, and the keys are made up.
"""

from dataclasses import dataclass, field

from hotspare.dialects.endpoint import ApiKey, DialectName, Endpoint
from hotspare.probes.anthropic_shape import AnthropicShape
from hotspare.probes.behaviour import Speed
from hotspare.probes.openai_shape import OpenAIShape
from hotspare.probes.shapes import Shape
from hotspare.probes.simulated import SimulatedSpec
from hotspare.probes.spells import Spell, Timetable
from hotspare.router.settings import PICO_PER_USD, BreakerRules, Limits, Model, Rates

_BREAKER = BreakerRules(
    consecutive_failures=3, open_seconds=10, suspended_seconds=20, minimum_calls=20, cooldown_seconds=10
)
"""Shorter than anybody's in earnest: a watcher sees a model go and come back within a minute."""

_LIMITS = Limits(
    connect_seconds=1,
    first_content_seconds=3,
    silence_seconds=3,
    attempt_seconds=6,
    deadline_seconds=20,
    retries=1,
    retry_delay_seconds=0.3,
    retry_delay_cap_seconds=1,
)
_SMALL_LIMITS = Limits(
    connect_seconds=1,
    first_content_seconds=2,
    silence_seconds=2,
    attempt_seconds=4,
    deadline_seconds=20,
    retries=1,
    retry_delay_seconds=0.2,
    retry_delay_cap_seconds=1,
)


@dataclass(frozen=True, slots=True)
class Wire:
    """A dialect, as a simulated model speaks it and as an endpoint names it."""

    dialect: DialectName
    shape: Shape
    version_path: str
    """What an endpoint's base URL ends with."""


_OPENAI = Wire("openai", OpenAIShape(), "/v1")
_ANTHROPIC = Wire("anthropic", AnthropicShape(), "")


@dataclass(frozen=True, slots=True)
class Part:
    """One model's part in the demo."""

    name: str
    provider: str
    wire: Wire
    model_id: str
    input_usd_per_million_tokens: float
    output_usd_per_million_tokens: float
    context_tokens: int
    speed: Speed
    timetable: Timetable = field(default_factory=Timetable)
    limits: Limits = _LIMITS
    key: str | None = field(default=None, repr=False)
    enabled: bool = True

    @property
    def spec(self) -> SimulatedSpec:
        """What its simulated server is told."""
        return SimulatedSpec(self.model_id, self.wire.shape, self.key, self.speed, self.timetable)

    @property
    def key_aliases(self) -> tuple[str, ...]:
        return () if self.key is None else (f"demo key of {self.provider}",)

    @property
    def model(self) -> Model:
        """What the router is told."""
        return Model(
            name=self.name,
            provider=self.provider,
            keys=self.key_aliases,
            needs_key=self.key is not None,
            context_tokens=self.context_tokens,
            rates=Rates(_pico(self.input_usd_per_million_tokens), _pico(self.output_usd_per_million_tokens)),
            enabled=self.enabled,
            breaker=_BREAKER,
        )

    def endpoint(self, origin: str) -> Endpoint:
        """What the providers are told."""
        return Endpoint(
            model=self.name,
            provider=self.provider,
            dialect=self.wire.dialect,
            base_url=origin + self.wire.version_path,
            model_id=self.model_id,
            keys=tuple(ApiKey(alias, self.key or "") for alias in self.key_aliases),
        )


def _pico(usd_per_million_tokens: float) -> int:
    return round(usd_per_million_tokens * PICO_PER_USD / 1_000_000)


_PRIMARY_SPELLS = Timetable(
    (
        Spell("rate_limit", at_seconds=4, for_seconds=4),
        Spell("overloaded", at_seconds=8, for_seconds=16),
        Spell("slow", at_seconds=75, for_seconds=20, extra_seconds=9),
        Spell("cut", at_seconds=135, for_seconds=20, share=0.7),
        Spell("rate_limit", at_seconds=195, for_seconds=18),
    ),
    period_seconds=255,
)
"""The first two follow each other closely, so that fallback, cooldown and breaker are all seen within 20 seconds."""

_SECOND_SPELLS = Timetable(
    (
        Spell("slow", at_seconds=84, for_seconds=6, share=0.6, extra_seconds=9),
        Spell("stall", at_seconds=142, for_seconds=5, share=0.5),
        Spell("errors", at_seconds=203, for_seconds=6, share=0.7),
    ),
    period_seconds=255,
)
"""Inside the primary's, so that the last of the chain is needed now and then."""

PARTS: tuple[Part, ...] = (
    Part(
        name="claude",
        provider="anthropic",
        wire=_ANTHROPIC,
        model_id="claude-opus-4-1-20250805",
        input_usd_per_million_tokens=15,
        output_usd_per_million_tokens=75,
        context_tokens=200_000,
        speed=Speed(first_token_seconds=0.7, tokens_per_second=75),
        timetable=_PRIMARY_SPELLS,
        key="demo-not-a-key-1",
    ),
    Part(
        name="gpt-5",
        provider="openai",
        wire=_OPENAI,
        model_id="gpt-5-2025-08-07",
        input_usd_per_million_tokens=1.25,
        output_usd_per_million_tokens=10,
        context_tokens=400_000,
        speed=Speed(first_token_seconds=0.85, tokens_per_second=70, spread=0.4),
        timetable=_SECOND_SPELLS,
        key="demo-not-a-key-2",
    ),
    Part(
        name="haiku",
        provider="openrouter",
        wire=_OPENAI,
        model_id="anthropic/claude-haiku-4.5",
        input_usd_per_million_tokens=1,
        output_usd_per_million_tokens=5,
        context_tokens=200_000,
        speed=Speed(first_token_seconds=0.35, tokens_per_second=140),
        limits=_SMALL_LIMITS,
        key="demo-not-a-key-3",
    ),
    Part(
        name="local",
        provider="ollama",
        wire=_OPENAI,
        model_id="qwen2.5:7b",
        input_usd_per_million_tokens=0,
        output_usd_per_million_tokens=0,
        context_tokens=32_768,
        speed=Speed(first_token_seconds=0.5, tokens_per_second=45),
        enabled=False,
    ),
)
"""In the order of the chain; the first is the primary."""
