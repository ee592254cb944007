"""The configuration that holds, key by key, with where each value comes from: for the screen and for `config show`."""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspare.engine.protocols import History
from hotspare.router.snapshot import Snapshot

if TYPE_CHECKING:
    from hotspare.configuration.compiled import Configuration

VIEW = "config"


def keys_of(path: Path, port: int | None = None) -> list[dict[str, Any]]:
    """Every key that holds: `key`, `value`, `origin` (a line of the file, a variable, a flag, "default").

    Raises:
        ConfigurationError: the file cannot be understood.
    """
    from hotspare.configuration.show import shown  # noqa: PLC0415 - the readers of all formats: not for a screen alone

    found = shown(path, os.environ, datetime.now(UTC).date(), port=port)
    return [{"key": key.key, "value": key.value, "origin": key.origin} for key in found]


def decided(snapshot: Snapshot) -> list[dict[str, Any]]:
    """What operators have decided above the file, in the same fields."""
    return [
        {"key": _slot(view.kind, view.subject), "value": view.text, "origin": f"override by {view.who}"}
        for view in snapshot.decisions
    ]


def written(value: Any) -> str:
    """A value as people read it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{name} = {inner}" for name, inner in value.items())
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _slot(kind: str, subject: str) -> str:
    return f"models.{subject}" if kind == "model" else f"chains.{subject}.{'models' if kind == 'order' else kind}"


@dataclass(slots=True)
class Answers:
    """What an instance tells of its past, and of its configuration: a History with a view more."""

    past: History
    configuration: Callable[[], "Configuration"]
    """What is in force now."""

    async def query(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One of the views.

        Raises:
            ValueError: no such view, or a parameter it does not know.
            ConfigurationError: the file cannot be understood any more.
        """
        if name != VIEW:
            return await self.past.query(name, parameters)
        configuration = self.configuration()
        if configuration.path is None:
            return []
        rows = await asyncio.to_thread(keys_of, configuration.path)
        port = configuration.gateway.port
        return [_with_flag(row, port) if row["key"] == "gateway.port" else row for row in rows]


def _with_flag(row: dict[str, Any], port: int) -> dict[str, Any]:
    return row if row["value"] == port else {**row, "value": port, "origin": "--port"}
