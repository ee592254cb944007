"""Let go of what is old, or of the oldest where it has become too much: a little at a time, so that nobody waits.

Roll-ups stay when their rows go: those of minutes for `MINUTES_KEPT_SECONDS`, of sessions as long as the rows, of hours
for two years, of days for good. What operators did is kept for good.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import aiosqlite

from hotspare.router.clock import Clock
from hotspare.store.charts import MINUTES_KEPT_SECONDS
from hotspare.store.sums import DAY, HOUR, MINUTE

AT_ONCE = 500
"""So many requests are let go of in one transaction: some milliseconds."""
LOOK_SECONDS = 60.0
HOURS_KEPT_SECONDS = 2 * 365 * DAY
_PAGES_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much is kept: requests of so many days, in a file of at most so many bytes. 0: no such limit. Prompts and
    answers go by days of their own, also those of a time in which they were chosen; None: no such limit.
    """

    days: float = 0.0
    bytes: int = 0
    content_days: float | None = None


KEEP_ALL = Keeping()


@dataclass(frozen=True, slots=True)
class Gone:
    """Numbers of routes and sessions that are no more, and may be given to others."""

    routes: frozenset[int] = frozenset()
    sessions: frozenset[int] = frozenset()


_OLDEST = "SELECT number, at FROM stored_requests ORDER BY at LIMIT ?"
_USED = """
SELECT (page_count - freelist_count) * page_size AS used
FROM pragma_page_count, pragma_freelist_count, pragma_page_size
"""
_GONE = "(SELECT value FROM json_each(?))"
_LET_GO = (
    f"DELETE FROM stored_attempts WHERE request IN {_GONE}",
    f"DELETE FROM stored_requests WHERE number IN {_GONE}",
)
_SHARED = f"SELECT DISTINCT route, session FROM stored_requests WHERE number IN {_GONE}"
_UNUSED_ROUTES = f"""
DELETE FROM routes WHERE number IN {_GONE} AND NOT EXISTS (SELECT 1 FROM stored_requests WHERE route = routes.number)
RETURNING number
"""
_UNUSED_SESSIONS = f"""
DELETE FROM session_names
WHERE number IN {_GONE} AND NOT EXISTS (SELECT 1 FROM stored_requests WHERE session = session_names.number)
RETURNING number
"""
_FIGURES = """
DELETE FROM request_figures WHERE (step, dimension, at, chain, name) IN (
  SELECT step, dimension, at, chain, name FROM request_figures
  WHERE step = ? AND dimension IN (SELECT value FROM json_each(?)) AND at < ? LIMIT ?
)
"""
_CALLS = """
DELETE FROM call_figures WHERE (step, at, chain, model, outcome) IN (
  SELECT step, at, chain, model, outcome FROM call_figures WHERE step = ? AND at < ? LIMIT ?
)
"""
_CONTENTS = (
    "DELETE FROM contents WHERE id IN (SELECT id FROM contents WHERE at < ? ORDER BY at LIMIT ?)",
    "DELETE FROM answers WHERE likeness IN (SELECT likeness FROM answers WHERE at < ? ORDER BY at LIMIT ?)",
)
_DIMENSIONS = '["chain", "model", "caller", "reason", "kind"]'


class Retention:
    """What lets go, for one database."""

    def __init__(self, keeping: Keeping, clock: Clock) -> None:
        self._keeping = keeping
        self._clock = clock
        self._looked_at = clock.monotonic() - LOOK_SECONDS
        self._more = False

    @property
    def is_due(self) -> bool:
        """There is more to let go of, or it is time to look."""
        return self._more or self._clock.monotonic() - self._looked_at >= LOOK_SECONDS

    @property
    def has_more(self) -> bool:
        """The last step was not the last."""
        return self._more

    async def step(self, connection: aiosqlite.Connection) -> Gone:
        """Let go of a little, in the caller's transaction."""
        self._looked_at, wall = self._clock.monotonic(), self._clock.wall()
        numbers = await self._too_old(connection, wall)
        gone = await self._let_go(connection, numbers) if numbers else Gone()
        most = max(len(numbers), await self._roll_ups(connection, wall), await self._contents(connection, wall))
        self._more = most >= AT_ONCE
        if most:
            await connection.execute_fetchall(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})")
        return gone

    async def _contents(self, connection: aiosqlite.Connection, wall: float) -> int:
        if self._keeping.content_days is None:
            return 0
        gone = 0
        for statement in _CONTENTS:
            await connection.execute_fetchall(statement, (wall - self._keeping.content_days * DAY, AT_ONCE))
            [changed] = await connection.execute_fetchall("SELECT changes()")
            gone = max(gone, changed[0])
        return gone

    async def _too_old(self, connection: aiosqlite.Connection, wall: float) -> list[int]:
        rows = list(await connection.execute_fetchall(_OLDEST, (AT_ONCE,)))
        if not await self._is_too_much(connection):
            oldest = wall - self._keeping.days * DAY if self._keeping.days else -math.inf
            rows = [row for row in rows if row["at"] < oldest]
        return [row["number"] for row in rows]

    async def _let_go(self, connection: aiosqlite.Connection, numbers: Sequence[int]) -> Gone:
        """Of these requests, and of what none but they had in common."""
        shared = list(await connection.execute_fetchall(_SHARED, (_json(numbers),)))
        for statement in _LET_GO:
            await connection.execute_fetchall(statement, (_json(numbers),))
        routes = await connection.execute_fetchall(_UNUSED_ROUTES, (_json({row["route"] for row in shared}),))
        named = {row["session"] for row in shared if row["session"] is not None}
        sessions = await connection.execute_fetchall(_UNUSED_SESSIONS, (_json(named),))
        return Gone(frozenset(row[0] for row in routes), frozenset(row[0] for row in sessions))

    async def _is_too_much(self, connection: aiosqlite.Connection) -> bool:
        [row] = await connection.execute_fetchall(_USED)
        return bool(self._keeping.bytes and row["used"] > self._keeping.bytes)

    async def _roll_ups(self, connection: aiosqlite.Connection, wall: float) -> int:
        [row] = await connection.execute_fetchall("SELECT coalesce(min(at), 0) AS at FROM stored_requests")
        ended = (
            (_FIGURES, (MINUTE, _DIMENSIONS, wall - MINUTES_KEPT_SECONDS, AT_ONCE)),
            (_FIGURES, (HOUR, _DIMENSIONS, wall - HOURS_KEPT_SECONDS, AT_ONCE)),
            (_FIGURES, (HOUR, '["session"]', row["at"] // HOUR * HOUR, AT_ONCE)),
            (_CALLS, (MINUTE, wall - MINUTES_KEPT_SECONDS, AT_ONCE)),
            (_CALLS, (HOUR, wall - HOURS_KEPT_SECONDS, AT_ONCE)),
        )
        gone = 0
        for statement, bound in ended:
            await connection.execute_fetchall(statement, bound)
            [changed] = await connection.execute_fetchall("SELECT changes()")
            gone = max(gone, changed[0])
        return gone


def _json(numbers: Iterable[int]) -> str:
    return f"[{','.join(map(str, numbers))}]"
