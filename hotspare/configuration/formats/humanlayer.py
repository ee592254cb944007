"""The operations guide's JSON (HumanLayer's fallback system), with // comments: its keys, its defaults, what they mean.

The tables below are the whole translation: a key of theirs, the keys of ours that it sets, and how.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from hotspare.configuration.draft import Draft
from hotspare.configuration.formats.json_text import is_object, parse
from hotspare.configuration.model import File
from hotspare.configuration.section import Section
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
from hotspare.configuration.wording import said

FORMAT = "HumanLayer JSON"
CHAIN = "main"

ERROR_RATE_WINDOW_SECONDS = 300.0
ERROR_RATE_MINIMUM_CALLS = 20


# ------------------------------------------------------------------ the keys, and their defaults
class Foreign(Section):
    """Theirs: keys that we do not know are listed, not refused."""

    model_config = ConfigDict(extra="allow")


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
@dataclass(frozen=True, slots=True)
class Row:
    """A key of theirs, the keys of ours that it sets, and how the value changes."""

    theirs: str
    ours: tuple[str, ...]
    convert: Callable[[Any], Any] = lambda value: value


def _row(theirs: str, *ours: str, by: Callable[[Any], Any] = lambda value: value) -> Row:
    return Row(theirs, ours, by)


def _thousandth(value: float) -> float:
    return value / 1000


def _hundredth(value: float) -> float:
    return value / 100


def _millionfold(value: float) -> float:
    return float(Decimal(str(value)) * 1_000_000)


_TIMEOUTS = ("attempt_seconds", "first_content_seconds", "silence_seconds")
_PRICES = ("input_usd_per_million_tokens", "output_usd_per_million_tokens")

TOP: tuple[Row, ...] = (
    _row("claude_model", "models[0].name"),
    _row("claude_model_enabled", "models[0].enabled"),
    _row("model_config.retry_attempts", "models[0].retries"),
    _row("model_config.retry_delay_ms", "limits.retry_delay_seconds", by=_thousandth),
    _row("model_config.retry_backoff_multiplier", "limits.retry_multiplier"),
    _row("model_config.max_retry_delay_ms", "limits.retry_delay_cap_seconds", by=_thousandth),
    _row("model_config.timeout_seconds", *(f"limits.{name}" for name in _TIMEOUTS)),
    _row("model_config.fallback_on_rate_limit", f"chains.{CHAIN}.fallback_on_rate_limit"),
    _row("model_config.fallback_on_error", f"chains.{CHAIN}.fallback_on_error"),
    _row("model_config.fallback_on_timeout", f"chains.{CHAIN}.fallback_on_timeout"),
    _row("model_config.cost_aware_fallback", f"chains.{CHAIN}.cost_aware_fallback"),
    _row("model_config.performance_aware_fallback", f"chains.{CHAIN}.performance_aware_fallback"),
    _row("health_check.enabled", "health_check.enabled"),
    _row("health_check.interval_seconds", "breaker.open_seconds", "health_check.interval_seconds"),
    _row("health_check.failure_threshold", "breaker.consecutive_failures"),
    _row("health_check.success_threshold", "breaker.success_threshold"),
    _row("health_check.timeout_seconds", "health_check.timeout_seconds"),
    _row("fallback_rules.rate_limit_cooldown_seconds", "breaker.cooldown_seconds"),
    _row("fallback_rules.error_threshold_percent", "breaker.failed_share", by=_hundredth),
    _row("fallback_rules.latency_threshold_seconds", f"chains.{CHAIN}.latency_threshold_seconds"),
    _row("fallback_rules.re_enable_after_seconds", "breaker.suspended_seconds"),
    _row("cost_config.daily_limit_usd", "budget.daily_usd"),
    _row("cost_config.per_session_limit_usd", "budget.session_usd"),
    _row("cost_config.alert_threshold_percent", "budget.alert_share", by=_hundredth),
)

FALLBACK: tuple[Row, ...] = (
    _row("model", "name"),
    _row("enabled", "enabled"),
    _row("max_retries", "retries"),
    _row("timeout_seconds", *_TIMEOUTS),
    _row("cost_per_token", *_PRICES, by=_millionfold),
)

REGION: tuple[Row, ...] = (
    _row("region", "name"),
    _row("primary_model", "model"),
    _row("api_endpoint", "base_url"),
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
    content = parse(path, text)
    try:
        guide = Guide.model_validate(content)
    except ValidationError as error:
        raise said(path, Guide, error) from None
    translation = _Translation()
    warnings = _translate(guide, translation)
    file = File.model_validate(translation.content)
    return Draft(FORMAT, file, guide, translation.origins, warnings)


class _Translation:
    """Our content as it grows, and where each value of it came from."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {}
        self.origins: dict[str, tuple[str, ...]] = {}

    def put(self, ours: str, value: Any) -> None:
        """Set one of our keys."""
        *tables, last = _steps(ours)
        place: Any = self.content
        for step, following in zip(tables, (*tables[1:], last), strict=True):
            place = _inside(place, step, [] if isinstance(following, int) else {})
        place[last] = value

    def take(self, section: Section, rows: tuple[Row, ...], theirs: str = "", ours: str = "") -> None:
        """Translate a table of theirs. What is absent there without a default stays absent here."""
        for row in rows:
            value = _value(section, row.theirs)
            targets = tuple(ours + name for name in row.ours)
            if value is not None:
                for target in targets:
                    self.put(target, row.convert(value))
            self.origins[theirs + row.theirs] = targets


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in re.split(r"[.\[\]]+", path) if step]


def _inside(place: Any, step: str | int, fresh: Any) -> Any:
    """The table or list at a step, made where it is not there yet."""
    if isinstance(step, str):
        return place.setdefault(step, fresh)
    if step == len(place):
        place.append(fresh)
    return place[step]


def _value(section: Section, path: str) -> Any:
    for step in path.split("."):
        section = section.peek("calls" if step == "model_config" else step)
    return section


def _translate(guide: Guide, to: _Translation) -> tuple[str, ...]:
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


def _fixed(guide: Guide, to: _Translation) -> None:
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
