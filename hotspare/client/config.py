"""What a client is told, and what that means in the words of a configuration file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any

from hotspare.configuration.compiled import Configuration
from hotspare.configuration.load import inline, load
from hotspare.router.error import HotspareError
from hotspare.router.trigger import ACTIONS, Action, Trigger, classify

CHAIN = "main"
FAILURES_IN_ROW = 3
"""So many make a model unhealthy."""


class FallbackStrategy(StrEnum):
    """How the models of a client are tried."""

    SEQUENTIAL = "sequential"
    """In their order."""
    FASTEST = "fastest"
    """All at once; the first answer wins, the other calls are ended."""
    LOAD_BALANCED = "load_balanced"
    """Spread by health and speed."""


_STRATEGIES: Mapping[FallbackStrategy, str] = {
    FallbackStrategy.SEQUENTIAL: "priority",
    FallbackStrategy.FASTEST: "fastest",
    FallbackStrategy.LOAD_BALANCED: "load_balanced",
}


class BadConfig(HotspareError, ValueError):
    """A `FallbackConfig` that cannot be followed."""


@dataclass(frozen=True, slots=True)
class FallbackConfig:
    """A primary model and what stands in for it.

    Args:
        primary_model: a model's name, as `claude-sonnet-4-20250514`, `openai/gpt-4o` or `ollama/qwen2.5:3b`. Its key
            comes from the environment (`ANTHROPIC_API_KEY`, …), as does another address (`OPENAI_BASE_URL`, …).
        fallback_models: likewise, in their order.
        retry_on_errors: the errors that are worth another call: names of triggers (`"rate_limit"`) and HTTP statuses;
            every other goes to the caller. Empty: all that merit it.
        timeout_ms: of each attempt.
        strategy: a FallbackStrategy, or its name.
        max_retries_per_model: further calls of a model after its first.
        enable_health_tracking: False: no model is skipped for having failed.
        health_check_interval_s: after how many seconds an unhealthy model is tried again.
        path: a configuration file, in place of all the others (`from_file`).

    Raises:
        BadConfig: a value that cannot be followed.
    """

    primary_model: str
    fallback_models: Sequence[str] = ()
    retry_on_errors: Sequence[str | int] = ()
    timeout_ms: float = 30_000
    strategy: FallbackStrategy | str = FallbackStrategy.SEQUENTIAL
    max_retries_per_model: int = 1
    enable_health_tracking: bool = True
    health_check_interval_s: float = 60
    path: Path | None = None

    def __post_init__(self) -> None:
        try:
            FallbackStrategy(self.strategy)
        except ValueError:
            names = ", ".join(FallbackStrategy)
            raise BadConfig(f"There is no strategy {self.strategy!r}.", f"Use one of: {names}.") from None
        if isinstance(self.fallback_models, str):
            raise BadConfig("fallback_models is a text.", f"Write a list: [{self.fallback_models!r}].")
        for name in self.retry_on_errors:
            _trigger(name)

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> "FallbackConfig":
        """That of a configuration file, in any of the formats that `hotspare check` understands.

        Raises:
            HotspareError: it cannot be run; says what is wrong, where, and what to do.
        """
        where = Path(path)
        chain = next(iter(load(where, os.environ, today=_today()).settings.chains.values()))
        return cls(chain.models[0], chain.models[1:], path=where)

    def compile(self) -> Configuration:
        """The configuration that a router, its providers and its keys are made of.

        Raises:
            HotspareError: it cannot be run; says what is wrong, where, and what to do.
        """
        if self.path is not None:
            return load(self.path, os.environ, today=_today())
        return inline("FallbackConfig", self._content(), os.environ, today=_today())

    def _content(self) -> dict[str, Any]:
        """As a file of ours would say it."""
        models = list(dict.fromkeys((self.primary_model, *self.fallback_models)))
        seconds = self.timeout_ms / 1000.0
        health: dict[str, Any] = {"consecutive_failures": FAILURES_IN_ROW, "open_seconds": self.health_check_interval_s}
        if not self.enable_health_tracking:
            health = {"enabled": False, "cooldown_seconds": 0.0}
        chain = {
            "models": models,
            "strategy": _STRATEGIES[FallbackStrategy(self.strategy)],
            "triggers": self._triggers(),
        }
        return {
            "models": [{"name": name} for name in models],
            "chains": {CHAIN: chain},
            "limits": {
                "attempt_seconds": seconds,
                "first_content_seconds": seconds,
                "silence_seconds": seconds,
                "retries": self.max_retries_per_model,
            },
            "breaker": health,
            "health_check": {"enabled": False},
        }

    def _triggers(self) -> dict[str, str]:
        """What is not worth another call."""
        wanted = {_trigger(name) for name in self.retry_on_errors}
        if not wanted:
            return {}
        return {
            trigger.value: "stop"
            for trigger in Trigger
            if trigger not in wanted and ACTIONS[trigger] is not Action.stop
        }


def _trigger(name: str | int) -> Trigger:
    if isinstance(name, int) and 400 <= name <= 599:
        return classify(name, "")
    try:
        return Trigger(str(name))
    except ValueError:
        known = ", ".join(Trigger)
        raise BadConfig(f"retry_on_errors holds {name!r}.", f"Use HTTP statuses or: {known}.") from None


def _today() -> Any:
    return datetime.now(UTC).date()
