"""The emergency cache on disk, where prompts and answers may be kept: what survives a restart, for as long as they do.

An answer is given again as it was or not at all, so none is redacted: one that holds what must not be kept is left out.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, TypeAlias

import aiosqlite

from hotspare.dialects.kept import KeptAnswer
from hotspare.dialects.likeness import Wording
from hotspare.dialects.texts import texts_of
from hotspare.router.clock import Clock
from hotspare.store.redaction import Redaction
from hotspare.store.source import Source
from hotspare.store.sums import DAY

MOST_ANSWERS = 10_000
MOST_BYTES = 64 * 1024 * 1024
HELD_BYTES = 16 * 1024 * 1024
"""So much may wait to be written."""
_CHUNK = 100
_LOOK_EVERY = 100
"""Answers that are written between two looks at how many there are."""

COLUMNS = ("likeness", "at", "size", "chain", "model", "content_type", "body", "sent", "tail", "form", "words")
Row: TypeAlias = tuple[Any, ...]

_INSERT = f"INSERT OR REPLACE INTO answers ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_TOO_OLD = "DELETE FROM answers WHERE at < ?"
_TOO_MANY = """
DELETE FROM answers WHERE likeness IN (
  SELECT likeness FROM (
    SELECT likeness, sum(size) OVER newest AS total, row_number() OVER newest AS place
    FROM answers WINDOW newest AS (ORDER BY at DESC, likeness)
  ) WHERE total > ? OR place > ?
)
"""
_NEWEST = f"""
SELECT {", ".join(COLUMNS)} FROM answers
WHERE at >= :oldest AND (at, likeness) < (:at, :likeness) ORDER BY at DESC, likeness DESC LIMIT {_CHUNK}
"""


def row_of(kept: KeptAnswer, redaction: Redaction) -> Row | None:
    """An answer as a row; None for one that must not be kept, or cannot be looked through."""
    said = kept.wording
    try:
        texts = [*texts_of(kept.body, kept.sent), "" if said is None else said.text]
    except ValueError:
        return None
    if any(redaction(text) != text for text in texts):
        return None
    found = None if said is None else (said.form, said.text.encode("utf-8", "replace").decode())
    return (
        kept.likeness, kept.at, kept.size, kept.chain, kept.model, kept.content_type, kept.body, b"".join(kept.sent),
        kept.tail, *(found or (None, None)),
    )  # fmt: skip


def answer_of(row: Mapping[str, Any]) -> KeptAnswer:
    """A row as an answer."""
    return KeptAnswer(
        likeness=row["likeness"],
        chain=row["chain"],
        model=row["model"],
        at=row["at"],
        content_type=row["content_type"],
        body=row["body"],
        sent=(row["sent"],) if row["sent"] else (),
        tail=row["tail"],
        wording=None if row["form"] is None else Wording(row["form"], row["words"]),
    )


class Answers:
    """What waits to be kept. An answer for which there is no room is not: it is in memory, and may be given again."""

    def __init__(self, redaction: Redaction, keep_days: float, clock: Clock) -> None:
        self._redaction = redaction
        self._keep_days = keep_days
        self._clock = clock
        self._waiting: list[KeptAnswer] = []
        self._held_bytes = 0
        self._unlooked = _LOOK_EVERY

    @property
    def oldest(self) -> float:
        """What was given before is kept no longer; UTC epoch seconds."""
        return self._clock.wall() - self._keep_days * DAY

    def add(self, kept: KeptAnswer) -> None:
        """Keep one, if there is room."""
        if self._held_bytes + kept.size <= HELD_BYTES:
            self._held_bytes += kept.size
            self._waiting.append(kept)

    async def rows(self) -> list[Row]:
        """The next to be written, looked through in a thread."""
        taken, self._waiting = self._waiting[:_CHUNK], self._waiting[_CHUNK:]
        self._held_bytes -= sum(kept.size for kept in taken)
        return await asyncio.to_thread(self._read, taken) if taken else []

    def _read(self, answers: Sequence[KeptAnswer]) -> list[Row]:
        return [row for kept in answers if (row := row_of(kept, self._redaction)) is not None]

    async def write(self, connection: aiosqlite.Connection, rows: Sequence[Row]) -> None:
        """Add them, and let go of what is too old or too much, in the caller's transaction."""
        await connection.executemany(_INSERT, rows)
        await connection.execute_fetchall(_TOO_OLD, (self.oldest,))
        self._unlooked += len(rows)
        if self._unlooked >= _LOOK_EVERY:
            self._unlooked = 0
            await connection.execute_fetchall(_TOO_MANY, (MOST_BYTES, MOST_ANSWERS))


async def forget(connection: aiosqlite.Connection) -> None:
    """Keep none, in the caller's transaction: it is chosen no longer."""
    await connection.execute_fetchall("DELETE FROM answers")


async def read_answers(source: Source, oldest: float) -> AsyncGenerator[KeptAnswer, None]:
    """All of them from a time on, newest first, some at a time.

    Raises:
        sqlite3.Error: the database did not answer.
    """
    place: dict[str, Any] = {"oldest": oldest, "at": float("inf"), "likeness": b""}
    while rows := await source.fetch(_NEWEST, place):
        for row in rows:
            yield answer_of(row)
        place |= {"at": rows[-1]["at"], "likeness": rows[-1]["likeness"]}
