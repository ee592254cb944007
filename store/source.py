"""What a question about the past is put to, and what comes back."""

from collections.abc import Mapping
from typing import Any, Protocol

import aiosqlite

Rows = list[dict[str, Any]]

HOUR_SECONDS = 3600.0
DAY_SECONDS = 86_400.0


class Source(Protocol):
    """Something that runs one SELECT."""

    async def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Rows: ...


class FromConnection:
    """What a connection sees, inside its transaction."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Rows:
        """Rows by name."""
        return [dict(row) for row in await self._connection.execute_fetchall(sql, parameters)]
