"""The store of one instance: takes Records and decisions, answers about the past, and says how it is.

Whatever happens to the disk, traffic does not feel it: only `open` raises, and only for a database of a later version.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self, TypeVar

from hotspare.dialects.call import Call
from hotspare.dialects.kept import KeptAnswer
from hotspare.router.clock import Clock
from hotspare.router.command import Change, Decision, JournalEntry, Slot
from hotspare.router.live import Past
from hotspare.router.record import Record
from hotspare.router.snapshot import StoreView
from hotspare.store import history
from hotspare.store.answers import Answers, read_answers
from hotspare.store.contents import Content, ContentRules, Contents
from hotspare.store.database import Database
from hotspare.store.fault import RECOVER
from hotspare.store.folders import default_log_path
from hotspare.store.intake import Intake
from hotspare.store.journal import Journal, journal_row
from hotspare.store.log import Level, Log, act_line, note_line
from hotspare.store.past import read_past
from hotspare.store.redaction import Redaction
from hotspare.store.restore import read_memory, read_records, read_standing
from hotspare.store.retention import KEEP_ALL, Keeping
from hotspare.store.syncing import Syncing
from hotspare.store.writer import Writer

Result = TypeVar("Result")

INTERVAL_SECONDS = 0.5
CLOSING_SECONDS = 5.0
CLOCK_SECONDS = 60.0
"""A clock that is put right by less than that is nothing to tell anybody of."""


class Store:
    """Recorder, Journal and History of the engine, in one. Made by `await Store.open(…)`, ended by `await close()`."""

    def __init__(
        self,
        path: Path,
        log_path: Path,
        clock: Clock,
        keeping: Keeping,
        interval_seconds: float,
        *,
        strict: bool,
        contents: Contents | None,
        answers: Answers | None,
    ) -> None:
        self.path = path
        self._clock = clock
        self._log = Log(log_path)
        self._database = Database(path, strict=strict)
        self._journal = Journal(self._database)
        self._intake = Intake(path)
        self._writer = Writer(
            path,
            self._intake,
            self._database,
            self._journal,
            self._log,
            clock,
            keeping,
            contents,
            answers,
            interval_seconds,
        )
        self._contents = contents
        self._answers = answers
        self._syncing = Syncing(self._intake.sync, self._sync_failed) if strict else None
        self._running: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        name: str,
        log_path: Path | None = None,
        clock: Clock | None = None,
        keeping: Keeping = KEEP_ALL,
        interval_seconds: float = INTERVAL_SECONDS,
        strict: bool = False,
        content: ContentRules | None = None,
    ) -> Self:
        """Open the database at `path`, and move what an earlier process left in the spool.

        Args:
            path: the database; it is made if need be.
            name: the instance, whose log is in the state folder unless `log_path` says otherwise.
            log_path: where the log is.
            clock: for stamps.
            keeping: how much of the past is kept.
            interval_seconds: how often Records are moved.
            content: how prompts and answers are kept; None: not at all.
            strict: whether Records and commits are brought to the disk itself.

        Raises:
            NewerSchema: a later version made the database.
        """
        clock, log_path = clock or Clock(), log_path or default_log_path(name)
        contents, answers = None, None
        if content is not None:
            redaction = Redaction(content.redact)
            contents = Contents(redaction, content.keep_days, clock)
            answers = Answers(redaction, content.keep_days, clock)
        store = cls(path, log_path, clock, keeping, interval_seconds, strict=strict, contents=contents, answers=answers)
        try:
            await store._writer.start()
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self, timeout_seconds: float = CLOSING_SECONDS) -> None:
        """Move what there is, within a time, and let go of everything. What is left goes in at the next start."""
        if self._syncing is not None:
            await self._syncing.ended()
        await self._writer.stop(timeout_seconds)
        if self._running:
            await asyncio.wait(self._running, timeout=timeout_seconds)
        lost = len(self._intake.held)
        self._intake.close()
        if lost:
            self.note("records_lost", "warning", {"records": lost})
        await self._database.close()
        self._log.close()

    @property
    def log_path(self) -> Path:
        """Where the log is."""
        return self._log.path

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know about the opening: a sentence each."""
        return tuple(self._writer.warnings)

    # ------------------------------------------------------------------ Recorder
    def append(self, record: Record) -> asyncio.Future[None] | None:
        """Keep one Record, so that it survives a kill -9 of this process; with strict durability, once what is given
        back is done, also the loss of power.
        """
        self._intake.append(record)
        return None if self._syncing is None else self._syncing.wait()

    def content(self, request_id: str, at: float, call: Call, body: bytes | None, pieces: tuple[bytes, ...]) -> None:
        """Keep what was asked and answered, where that is wished for."""
        if self._contents is not None:
            self._contents.add(Content(request_id, at, call, body, pieces))
            self._writer.wake()

    def answer(self, kept: KeptAnswer) -> None:
        """Keep an answer for the emergency cache of the next start, where that is wished for."""
        if self._answers is not None:
            self._answers.add(kept)
            self._writer.wake()

    def remember(self, memory: Mapping[str, Any]) -> None:
        """Keep the router's memory for the next start; the latest one counts."""
        self._intake.remember(memory)

    def _sync_failed(self, error: OSError) -> None:
        self._writer.found(error)

    def view(self) -> StoreView:
        """How the store is."""
        state, detail = self._state()
        intake = self._intake
        return StoreView(
            state,
            detail,
            intake.dropped + self._writer.mover.dropped,
            str(self.path),
            waiting_bytes=0 if intake.spool is None else intake.spool.waiting_bytes,
            held=len(intake.held),
            content=self._contents is not None,
            content_dropped=0 if self._contents is None else self._contents.dropped,
        )

    def _state(self) -> tuple[str, str]:
        """What holds it up now; else what is to be known of it."""
        fault, intake = self._writer.fault, self._intake
        held = f"; {len(intake.held)} requests wait in memory" if intake.held else ""
        if fault is not None:
            return fault.state, f"{fault.detail}{held}"
        if intake.spool is None:
            return "no spool", f"no file can be kept beside the database; a kill loses what waits{held}"
        if intake.held:
            return "full", f"the spool cannot grow{held}"
        if aside := [file for file in self._writer.set_aside if file.exists()]:
            names = " and ".join(file.name for file in aside)
            return "damaged", f"what it had is in {names}, and a new file was begun ({RECOVER})"
        return self._remark()

    def _remark(self) -> tuple[str, str]:
        if (ahead := self._writer.mover.newest_at - self._clock.wall()) > CLOCK_SECONDS:
            return (
                "clock set back",
                f"requests of up to {ahead / 60:.0f} minutes from now are stored; the clock was ahead",
            )
        if self._intake.spool is not None and self._intake.spool.second:
            return "second process", "another process works on this database too"
        if self._writer.taken_away:
            return "begun anew", "its file was taken away while it was open; what was in it is gone"
        if lost := self._intake.dropped + self._writer.mover.dropped:
            return "records lost", f"{lost:,} finished request(s) could not be kept"
        return "ok", ""

    def note(self, event: str, level: Level, fields: Mapping[str, Any]) -> None:
        """Write a line of the log: a change of state, say."""
        self._log.write([note_line(self._clock.wall(), event, level, fields)])

    async def flush(self, *, figures: bool = False) -> None:
        """Return when all that was appended is in the database (and in the roll-ups), or the database is found ill."""
        await self._writer.flush(figures=figures)

    # ------------------------------------------------------------------ Journal
    async def write(self, change: Change) -> JournalEntry:
        """Make a change durable; where that is impossible now, the entry says so and is written when it can be."""
        return await self._uncancelled(self._write(change))

    async def _write(self, change: Change) -> JournalEntry:
        entry, error = await self._journal.write(change)
        if error is not None:
            self._writer.found(error)
        self._log.write([act_line(change)])
        return entry

    async def latest(self) -> JournalEntry | None:
        """The newest change that sets a slot, still stands, was not undone, and is no undo itself."""
        try:
            return await self._journal.latest(self._clock.wall())
        except sqlite3.Error as error:
            self._writer.found(error)
            return None

    async def _uncancelled(self, work: Coroutine[Any, Any, Result]) -> Result:
        """A transaction is finished even where nobody waits for it any more."""
        task = asyncio.create_task(work, name="store transaction")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    # ------------------------------------------------------------------ History
    async def query(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A view of the past, up to the latest Record. Empty where the database cannot be read (`view` says why).

        Raises:
            ValueError: no such view, or a parameter it does not know.
        """
        await self._writer.flush(figures=name in history.FROM_ROLL_UPS)
        try:
            rows = await history.answer(self._database, name, parameters, self._clock.wall())
        except sqlite3.Error as error:
            self._writer.found(error)
            rows = []
        if name == "journal":
            return [journal_row(entry) for entry in reversed(self._journal.pending)] + rows
        return rows

    # ------------------------------------------------------------------ restore
    async def standing(self) -> dict[Slot, Decision]:
        """The decisions in force, less those that expired meanwhile."""
        try:
            return await read_standing(self._database, self._clock.wall())
        except sqlite3.Error as error:
            self._writer.found(error)
            return {}

    async def memory(self) -> dict[str, Any]:
        """What the router asked to remember; empty where there is nothing."""
        try:
            return await read_memory(self._database)
        except sqlite3.Error as error:
            self._writer.found(error)
            return {}

    async def past(self, since: float, *, sessions: bool = False) -> tuple[list[Past], float]:
        """What the Records from `since` on came to, and the time from which they are to be folded one by one."""
        try:
            if await self._writer.mover.is_behind():
                return [], since
            return await read_past(self._database, since, self._clock.wall(), sessions=sessions)
        except sqlite3.Error as error:
            self._writer.found(error)
            return [], since

    async def answers(self) -> AsyncGenerator[KeptAnswer, None]:
        """What was kept for the emergency cache, newest first."""
        if self._answers is None:
            return
        try:
            async with aclosing(read_answers(self._database, self._answers.oldest)) as found:
                async for kept in found:
                    yield kept
        except sqlite3.Error as error:
            self._writer.found(error)

    async def records(self, since: float) -> AsyncIterator[Record]:
        """The Records from `since` on, oldest first."""
        try:
            async for record in read_records(self._database, since):
                yield record
        except sqlite3.Error as error:
            self._writer.found(error)
