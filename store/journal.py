"""What was ordered, by whom, and what stands now: each change is one durable transaction of its own.

A change that cannot be written is kept in memory, says so (`durable=False`), and is written, in order, when it can be.
"""

import asyncio
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiosqlite
import msgspec

from hotspare.router.command import Change, Decision, JournalEntry, Slot
from hotspare.store.database import Database
from hotspare.store.entry import storable

_INSERT = """
INSERT INTO journal (act, subject, who, at, why, slot_kind, slot_subject, before, after, until, notes, undoes)
VALUES (:act, :subject, :who, :at, :why, :slot_kind, :slot_subject, :before, :after, :until, :notes, :undoes)
RETURNING number
"""
_MARK_UNDONE = "UPDATE journal SET undone_by = ? WHERE number = ?"
_LIFT = "DELETE FROM standing WHERE kind = ? AND subject = ?"
_STAND = "INSERT OR REPLACE INTO standing (kind, subject, decision, until, number) VALUES (?, ?, ?, ?, ?)"
_LAST_NUMBER = "SELECT coalesce(max(number), 0) AS number FROM journal"
_LATEST = """
SELECT * FROM journal
WHERE slot_kind IS NOT NULL AND undoes IS NULL AND undone_by IS NULL AND act != 'expired'
  AND (until IS NULL OR until > ?)
ORDER BY number DESC LIMIT ?
"""

STANDING_CHANGES = "SELECT journal.* FROM standing JOIN journal USING (number) ORDER BY number"

decode_decision = msgspec.json.Decoder(Decision).decode


class Journal:
    """The journal of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._last = 0
        self._renumbered: dict[int, int] = {}
        self._standing: dict[Slot, Change] = {}
        self.pending: list[JournalEntry] = []

    async def write(self, change: Change) -> tuple[JournalEntry, sqlite3.Error | None]:
        """Keep a change, and say why where it could only be kept in memory."""
        async with self._lock:
            try:
                return JournalEntry(await self._commit(change), change), None
            except UnicodeEncodeError:
                change = storable(change)
                return JournalEntry(await self._commit(change), change), None
            except sqlite3.Error as error:
                return self._keep(change), error

    def _keep(self, change: Change) -> JournalEntry:
        entry = JournalEntry(self._last + 1, change, durable=False)
        self._last = entry.number
        self.pending.append(entry)
        return entry

    async def write_pending(self) -> None:
        """Write what had to wait.

        Raises:
            sqlite3.Error: it still has to.
        """
        if self.pending:
            async with self._lock:
                await self._commit(None)

    async def _commit(self, change: Change | None) -> int:
        """All that waits and then the change, in one transaction; the number of the last."""
        waiting = list(self.pending)
        renumbered = dict(self._renumbered)
        number = 0
        async with self._database.transaction(durable=True) as connection:
            for entry in waiting:
                number = await _insert(connection, entry.change, renumbered)
                if number != entry.number:
                    renumbered[entry.number] = number
            if change is not None:
                number = await _insert(connection, change, renumbered)
        self._renumbered = renumbered
        for made in (*(entry.change for entry in waiting), *([change] if change is not None else [])):
            self._note(made)
        self.pending.clear()
        self._last = max(self._last, number)
        return number

    async def begin(self, wall: float) -> None:
        """The database was opened: learn where its journal ends, and what stands by its word. What stands is written
        again where it is a new one. `wall`: UTC epoch seconds.
        """
        [row] = await self._database.fetch(_LAST_NUMBER)
        if not row["number"]:
            self._write_again(wall)
        self._last = max(self._last, row["number"])
        for found in await self._database.fetch(STANDING_CHANGES):
            self._note(entry_of(found).change)

    def also_stood(self, standing: Mapping[Slot, Change]) -> None:
        """By the word of another database, in whose place this one came."""
        self._standing = {**standing, **self._standing}

    def _write_again(self, wall: float) -> None:
        again = [change for change in self._standing.values() if change.after is not None and _stands(change, wall)]
        taken = {entry.change.slot for entry in self.pending}
        for change in reversed(again):
            if change.slot not in taken:
                self.pending.insert(0, JournalEntry(0, replace(change, before=None, undoes=None), durable=False))

    def _note(self, change: Change) -> None:
        if change.slot is None:
            return
        if change.after is None:
            self._standing.pop(change.slot, None)
        else:
            self._standing[change.slot] = change

    async def latest(self, wall: float) -> JournalEntry | None:
        """The newest change that sets a slot, still stands, was not undone, and is no undo itself."""
        undone = {self._renumbered.get(n, n) for entry in self.pending if (n := entry.change.undoes) is not None}
        for entry in reversed(self.pending):
            if entry.number not in undone and _can_be_undone(entry.change, wall):
                return entry
        rows = await self._database.fetch(_LATEST, (wall, len(undone) + 1))
        row = next((row for row in rows if row["number"] not in undone), None)
        return None if row is None else entry_of(row)


async def _insert(connection: aiosqlite.Connection, change: Change, renumbered: Mapping[int, int]) -> int:
    undoes = change.undoes if change.undoes is None else renumbered.get(change.undoes, change.undoes)
    [row] = await connection.execute_fetchall(_INSERT, _row_of(replace(change, undoes=undoes)))
    number = int(row[0])
    if undoes is not None:
        await connection.execute_fetchall(_MARK_UNDONE, (number, undoes))
    if change.slot is None:
        return number
    place = (change.slot.kind, change.slot.subject)
    if change.after is None:
        await connection.execute_fetchall(_LIFT, place)
    else:
        await connection.execute_fetchall(_STAND, (*place, _decision_text(change.after), change.after.until, number))
    return number


def _row_of(change: Change) -> dict[str, Any]:
    return {
        "act": change.act,
        "subject": change.subject,
        "who": change.who,
        "at": change.at,
        "why": change.why,
        "slot_kind": change.slot.kind if change.slot is not None else None,
        "slot_subject": change.slot.subject if change.slot is not None else None,
        "before": _decision_text(change.before),
        "after": _decision_text(change.after),
        "until": change.after.until if change.after is not None else None,
        "notes": msgspec.json.encode(change.notes).decode(),
        "undoes": change.undoes,
    }


def entry_of(row: Mapping[str, Any]) -> JournalEntry:
    """An entry from its row of `journal`."""
    slot = Slot(row["slot_kind"], row["slot_subject"]) if row["slot_kind"] is not None else None
    change = Change(
        act=row["act"],
        subject=row["subject"],
        who=row["who"],
        at=row["at"],
        why=row["why"],
        slot=slot,
        before=_decision_of(row["before"]),
        after=_decision_of(row["after"]),
        notes=tuple(msgspec.json.decode(row["notes"])),
        undoes=row["undoes"],
    )
    return JournalEntry(row["number"], change, row["undone_by"])


def journal_row(entry: JournalEntry) -> dict[str, Any]:
    """An entry in the contract's words: before and after are what stood and what stands in the slot."""
    change = entry.change
    return {
        "number": entry.number,
        "when": change.at,
        "who": change.who,
        "act": change.act,
        "subject": change.subject,
        "why": change.why,
        "before": list(change.before.value) if change.before is not None else None,
        "after": list(change.after.value) if change.after is not None else None,
        "until": change.after.until if change.after is not None else None,
        "undoes": change.undoes,
        "undone_by": entry.undone_by,
        "durable": entry.durable,
    }


def _stands(change: Change, wall: float) -> bool:
    return change.after is None or change.after.until is None or change.after.until > wall


def _can_be_undone(change: Change, wall: float) -> bool:
    return _stands(change, wall) and change.slot is not None and change.undoes is None and change.act != "expired"


def _decision_text(decision: Decision | None) -> str | None:
    return None if decision is None else msgspec.json.encode(decision).decode()


def _decision_of(text: str | None) -> Decision | None:
    return None if text is None else decode_decision(text)
