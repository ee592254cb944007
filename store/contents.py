"""Prompts and answers, where the configuration says that they are kept: redacted, for a time of their own.

They are no Records: they are read and written beside the request, in a thread, and what there is no room for is counted
and not kept.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import aiosqlite

from hotspare.dialects.call import Call
from hotspare.dialects.spoken import answer_of, body_of, prompt_of
from hotspare.router.clock import Clock
from hotspare.store.redaction import Redaction
from hotspare.store.sums import DAY

HELD_BYTES = 64 * 1024 * 1024
"""So much may wait to be written."""
KEPT_CHARACTERS = 200_000
"""No more of one prompt or answer is kept; of a longer request the words only, not the request itself."""
_AT_ONCE = 100

_INSERT = "INSERT INTO contents (id, at, prompt, answer, request) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_LET_GO = "DELETE FROM contents WHERE id IN (SELECT id FROM contents WHERE at < ? ORDER BY at LIMIT ?)"


@dataclass(frozen=True, slots=True)
class ContentRules:
    """How prompts and answers are kept: so many days, without what the patterns match."""

    keep_days: float = 7.0
    redact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What was said in one request, as it came."""

    id: str
    at: float
    call: Call
    body: bytes | None
    pieces: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return self.call.size_bytes + len(self.body or b"") + sum(map(len, self.pieces))


Row: TypeAlias = tuple[str, float, str, str, str | None]
"""Id, time, prompt, answer, and the whole request as JSON where there was room for it."""


class Contents:
    """What waits to be kept. `dropped`: of how many requests it was not."""

    def __init__(self, redaction: Redaction, keep_days: float, clock: Clock) -> None:
        self._redaction = redaction
        self._keep_days = keep_days
        self._clock = clock
        self._waiting: list[Content] = []
        self._held_bytes = 0
        self.dropped = 0

    def add(self, content: Content) -> None:
        """Keep one, if there is room."""
        size = content.size
        if self._held_bytes + size > HELD_BYTES:
            self.dropped += 1
            return
        self._held_bytes += size
        self._waiting.append(content)

    async def rows(self) -> list[Row]:
        """The next to be written, read and redacted in a thread; `written` when they are."""
        return await asyncio.to_thread(self._read, self._waiting[:_AT_ONCE])

    def _read(self, contents: Sequence[Content]) -> list[Row]:
        return [self._row(each) for each in contents]

    def _row(self, content: Content) -> Row:
        prompt, answer = prompt_of(content.call), answer_of(content.body, content.pieces)
        return content.id, content.at, self._kept(prompt), self._kept(answer), self._request(content.call)

    def _request(self, call: Call) -> str | None:
        """The request as it came, without what must not be kept; None where it is too long or cannot be read."""
        if call.size_bytes > KEPT_CHARACTERS:
            return None
        return body_of(call, self._redaction)

    def _kept(self, text: str) -> str:
        redacted = self._redaction(text)[:KEPT_CHARACTERS]
        return redacted.encode("utf-8", "replace").decode()

    async def write(self, connection: aiosqlite.Connection, rows: Sequence[Row]) -> None:
        """Add them, and let go of what is too old, in the caller's transaction."""
        await connection.executemany(_INSERT, rows)
        await connection.execute_fetchall(_LET_GO, (self._clock.wall() - self._keep_days * DAY, 5 * _AT_ONCE))

    def written(self, number: int) -> None:
        """So many of the first are in the database."""
        self._held_bytes -= sum(each.size for each in self._waiting[:number])
        del self._waiting[:number]
