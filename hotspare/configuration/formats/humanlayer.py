"""The operations guide's JSON (HumanLayer's fallback system), with // comments: its keys, its defaults, what they mean.

The tables below are the whole translation: a key of theirs, the keys of ours that it sets, and how.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from pydantic import Field

from hotspare.configuration.draft import Draft
from hotspare.configuration.formats.foreign import Foreign, validated
from hotspare.configuration.formats.json_text import is_object, parse
from hotspare.configuration.formats.translation import Row, Translation, row
from hotspare.configuration.values import (
    Address,
    AtLeastOne,
    Milliseconds,
    Multiplier,
    Name,
    Number,
    Pause,
    Percent,
    Retries,
    Seconds,
    Usd,
    UsdPerToken,
)

FORMAT = "HumanLayer JSON"
CHAIN = "main"

ERROR_RATE_WINDOW_SECONDS = 300.0
ERROR_RATE_MINIMUM_CALLS = 20


# ------------------------------------------------------------------ the keys, and their defaults
class Fallback(Foreign):
    model: Name
    priority: Number
    enabled: bool = True
    max_retries: Retries = 2
    timeout_seconds: Seconds | None = None
    cost_per_token: UsdPerToken | None = None


class Calls(Foreign):
    retry_attempts: Retries = 3
    retry_delay_ms: Milliseconds = 1000
    retry_backoff_multiplier: Multiplier = 2
    max_retry_delay_ms: Milliseconds = 10_000
    timeout_seconds: Seconds = 30
    fallback_on_rate_limit: bool = True
    fallback_on_error: bool = True
    fallback_on_timeout: bool = True
    cost_aware_fallback: bool = False
    performance_aware_fallback: bool = False


class HealthCheck(Foreign):
    enabled: bool = True
    interval_seconds: Seconds = 60
    failure_threshold: AtLeastOne = 3
    success_threshold: AtLeastOne = 1
    timeout_seconds: Seconds = 10


class Rules(Foreign):
    rate_limit_cooldown_seconds: Pause = 60
    error_threshold_percent: Percent = 20
    latency_threshold_seconds: Seconds = 10
    auto_disable_failing_models: bool = True
    re_enable_after_seconds: Seconds = 300


class Cost(Foreign):
    daily_limit_usd: Usd | None = None
    per_session_limit_usd: Usd | None = None
    alert_threshold_percent: Percent = 80


class Region(Foreign):
    region: Name
    primary_model: Name | None = None
    api_endpoint: Address | None = None


class Guide(Foreign):
    """The whole file."""

    claude_model: Name
    claude_model_enabled: bool = True
    fallback_models: list[Fallback] = Field(default_factory=list)
    calls: Calls = Field(default_factory=Calls, alias="model_config")
    health_check: HealthCheck = Field(default_factory=HealthCheck)
    fallback_rules: Rules = Field(default_factory=Rules)
    cost_config: Cost = Field(default_factory=Cost)
    regions: list[Region] = Field(default_factory=list)


# ------------------------------------------------------------------ what they mean
def _thousandth(value: float) -> float:
    return value / 1000


def _hundredth(value: float) -> float:
    return value / 100


def _millionfold(value: float) -> float:
    return float(Decimal(str(value)) * 1_000_000)


_TIMEOUTS = ("attempt_seconds", "first_content_seconds", "silence_seconds")
_PRICES = ("input_usd_per_million_tokens", "output_usd_per_million_tokens")

TOP: tuple[Row, ...] = (
    row("claude_model", "models[0].name"),
    row("claude_model_enabled", "models[0].enabled"),
    row("model_config.retry_attempts", "models[0].retries"),
    row("model_config.retry_delay_ms", "limits.retry_delay_seconds", by=_thousandth),
    row("model_config.retry_backoff_multiplier", "limits.retry_multiplier"),
    row("model_config.max_retry_delay_ms", "limits.retry_delay_cap_seconds", by=_thousandth),
    row("model_config.timeout_seconds", *(f"limits.{name}" for name in _TIMEOUTS)),
    row("model_config.fallback_on_rate_limit", f"chains.{CHAIN}.fallback_on_rate_limit"),
    row("model_config.fallback_on_error", f"chains.{CHAIN}.fallback_on_error"),
    row("model_config.fallback_on_timeout", f"chains.{CHAIN}.fallback_on_timeout"),
    row("model_config.cost_aware_fallback", f"chains.{CHAIN}.cost_aware_fallback"),
    row("model_config.performance_aware_fallback", f"chains.{CHAIN}.performance_aware_fallback"),
    row("health_check.enabled", "health_check.enabled"),
    row("health_check.interval_seconds", "breaker.open_seconds", "health_check.interval_seconds"),
    row("health_check.failure_threshold", "breaker.consecutive_failures"),
    row("health_check.success_threshold", "breaker.success_threshold"),
    row("health_check.timeout_seconds", "health_check.timeout_seconds"),
    row("fallback_rules.rate_limit_cooldown_seconds", "breaker.cooldown_seconds"),
    row("fallback_rules.error_threshold_percent", "breaker.failed_share", by=_hundredth),
    row("fallback_rules.latency_threshold_seconds", f"chains.{CHAIN}.latency_threshold_seconds"),
    row("fallback_rules.re_enable_after_seconds", "breaker.suspended_seconds"),
    row("cost_config.daily_limit_usd", "budget.daily_usd"),
    row("cost_config.per_session_limit_usd", "budget.session_usd"),
    row("cost_config.alert_threshold_percent", "budget.alert_share", by=_hundredth),
)

FALLBACK: tuple[Row, ...] = (
    row("model", "name"),
    row("enabled", "enabled"),
    row("max_retries", "retries"),
    row("timeout_seconds", *_TIMEOUTS),
    row("cost_per_token", *_PRICES, by=_millionfold),
)

REGION: tuple[Row, ...] = (
    row("region", "name"),
    row("primary_model", "model"),
    row("api_endpoint", "base_url"),
)

_EMPTY_LISTS = {"fallback_models": "models", "regions": "regions"}
"""A list of theirs that holds nothing is a key of its own."""

_ANY_KEY = re.compile(
    "|".join(rf"""["']?\b{field.alias or name}\b["']?\s*+:""" for name, field in Guide.model_fields.items())
)


# ------------------------------------------------------------------ reading
def recognises(text: str) -> bool:
    """A JSON object in which a key of the guide stands."""
    return is_object(text) and bool(_ANY_KEY.search(text))


def read(path: Path, text: str) -> Draft:
    """See `Format`."""
    guide = validated(path, Guide, *parse(path, text))
    translation = Translation()
    warnings = _translate(guide, translation)
    return translation.draft(path, FORMAT, guide, warnings)


def _translate(guide: Guide, to: Translation) -> tuple[str, ...]:
    to.take(guide, TOP)
    fallbacks = list(enumerate(guide.fallback_models))
    for i, fallback in fallbacks:
        to.take(fallback, FALLBACK, f"fallback_models[{i}].", f"models[{i + 1}].")
    to.put(f"chains.{CHAIN}.regions", [])
    for i, region in enumerate(guide.regions):
        to.take(region, REGION, f"regions[{i}].", f"chains.{CHAIN}.regions[{i}].")
    in_order = sorted(fallbacks, key=lambda entry: entry[1].priority)
    to.put(f"chains.{CHAIN}.models", [guide.claude_model, *(fallback.model for _, fallback in in_order)])
    to.origins |= {f"fallback_models[{i}].priority": (f"chains.{CHAIN}.models",) for i, _ in fallbacks}
    to.origins |= {name: (f"chains.{CHAIN}.{ours}",) for name, ours in _EMPTY_LISTS.items()}
    _fixed(guide, to)
    return tuple(_equal_priorities(guide))


def _fixed(guide: Guide, to: Translation) -> None:
    """What the guide says without a key, or with two keys for one of ours."""
    to.put("gateway.unknown_model", "default")
    to.put("breaker.window_seconds", ERROR_RATE_WINDOW_SECONDS)
    to.put("breaker.minimum_calls", ERROR_RATE_MINIMUM_CALLS)
    if not guide.fallback_rules.auto_disable_failing_models:
        to.put("breaker.failed_share", 0.0)
    to.origins["fallback_rules.auto_disable_failing_models"] = ("breaker.failed_share",)


def _equal_priorities(guide: Guide) -> Iterator[str]:
    by_priority: dict[float, list[str]] = {}
    for fallback in guide.fallback_models:
        by_priority.setdefault(fallback.priority, []).append(fallback.model)
    for priority, names in by_priority.items():
        if len(names) > 1:
            yield f"{', '.join(names)} have the same priority ({priority:g}): they keep the file's order"
