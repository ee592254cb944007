"""Hotspare: a fallback router for LLM traffic with an operations console.

For Python applications: `FallbackClient`, and `SyncFallbackClient` without `await`. Names are loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotspare.client.client import FallbackClient, SyncFallbackClient
    from hotspare.client.config import FallbackConfig, FallbackStrategy
    from hotspare.client.health import HealthTracker, ModelHealth
    from hotspare.client.result import AllModelsFailed, FallbackResult
    from hotspare.configuration.error import ConfigurationError

__all__ = [
    "AllModelsFailed",
    "ConfigurationError",
    "FallbackClient",
    "FallbackConfig",
    "FallbackResult",
    "FallbackStrategy",
    "HealthTracker",
    "ModelHealth",
    "SyncFallbackClient",
]

_HOME = {
    "AllModelsFailed": "client.result",
    "ConfigurationError": "configuration.error",
    "FallbackClient": "client.client",
    "FallbackConfig": "client.config",
    "FallbackResult": "client.result",
    "FallbackStrategy": "client.config",
    "HealthTracker": "client.health",
    "ModelHealth": "client.health",
    "SyncFallbackClient": "client.client",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hotspare' has no attribute {name!r}")
    return getattr(import_module(f"hotspare.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
