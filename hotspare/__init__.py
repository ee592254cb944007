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

__all__ = [
    "AllModelsFailed",
    "FallbackClient",
    "FallbackConfig",
    "FallbackResult",
    "FallbackStrategy",
    "HealthTracker",
    "ModelHealth",
    "SyncFallbackClient",
]

_HOME = {
    "AllModelsFailed": "result",
    "FallbackClient": "client",
    "FallbackConfig": "config",
    "FallbackResult": "result",
    "FallbackStrategy": "config",
    "HealthTracker": "health",
    "ModelHealth": "health",
    "SyncFallbackClient": "client",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hotspare' has no attribute {name!r}")
    return getattr(import_module(f"hotspare.client.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
