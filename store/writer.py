"""The one task that has what came in moved into the database and the log; it also finds out how the database is.

Nobody else moves anything, and nobody cancels it: it is asked to stop, and finishes what it is doing.
"""

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hotspare.router.clock import Clock
from hotspare.store.answers import Answers, forget
from hotspare.store.contents import Contents
from hotspare.store.damaged import decisions_in, set_aside, set_aside_of
from hotspare.store.database import Database
from hotspare.store.fault import RECOVER, Fault, Foreign, NewerSchema, NotOpen, fault_of
from hotspare.store.intake import Intake
from hotspare.store.journal import Journal
from hotspare.store.log import Log, note_line, request_lines
from hotspare.store.moving import Mover
from hotspare.store.retention import LOOK_SECONDS, Keeping, Retention
from hotspare.store.routes import Taken

RETRY_SECONDS = 2.0
_SLICE = 100
"""So many lines of the log are made before requests get their turn."""

_ROUNDS_TO_CATCH_UP = 20
"""A start waits for so many portions of roll-ups that an earlier process left out, and no longer."""


class Writer:
    """Moves everything, in rounds.

    Attributes:
        fault: what is wrong with the database; None while it takes what we write.
        taken_away: the file was, while it was open, and a new one was begun.
        set_aside: damaged files that a new one took the place of, as long as they are there.
        mover: what moves Records.
        warnings: sentences for the operator about what was found.
    """

    def __init__(
        self,
        path: Path,
        intake: Intake,
        database: Database,
        journal: Journal,
        log: Log,
        clock: Clock,
        keeping: Keeping,
        contents: Contents | None,
        answers: Answers | None,
        interval: float,
    ) -> None:
        self._path = path
        self._intake = intake
        self._database = database
        self._journal = journal
        self._log = log
        self._clock = clock
        self._interval_seconds = interval
        self.mover = Mover(intake, database, clock, inherited=self._log_missing, damaged=self._warn_of_lines)
        self._retention = Retention(keeping, clock)
        self._contents = contents
        self._answers = answers
        self._forgotten = False
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stopping = False
        self._asked: list[asyncio.Future[None]] = []
        intake.listen(self._work.set, self._hurry_on)
        self._wants_figures = False
        self._task: asyncio.Task[None] | None = None
        self._logged: frozenset[str] | None = None
        self._was_open = False
        self.fault: Fault | None = Fault("unavailable", "it was not opened yet", reopen=True)
        self.taken_away = False
        self.set_aside: list[Path] = []
        self.warnings: list[str] = []

    # ------------------------------------------------------------------ its life
    async def start(self) -> None:
        """Open the database, move what an earlier process left, and go on in the background.

        Raises:
            NewerSchema: a later version made the database.
            Foreign: it is another program's.
        """
        await self._round(first=True)
        if self.fault is None or self.fault.state == "corrupt":
            await self._round()  # the second of the two files; or a new database in the place of a damaged one
        for _ in range(_ROUNDS_TO_CATCH_UP):
            if self._wants_figures and self.fault is None:
                await self._round()
        if self.fault is not None:
            where = "" if str(self._path) in self.fault.detail else f"{self._path}: "
            self._warn(f"{where}{self.fault.detail}. Traffic goes on.")
        self._task = asyncio.create_task(self._run(), name="store writer")

    def wake(self) -> None:
        """There is something to move."""
        self._work.set()

    def _hurry_on(self) -> None:
        """There is so much to move that it should not wait; an ill database makes it wait all the same."""
        if self.fault is None:
            self._hurry.set()

    async def flush(self, *, figures: bool = False) -> None:
        """Return when all that came in until now is in the database (and in the roll-ups), or that is found ill."""
        self._wants_figures |= figures
        if self.fault is not None or self._task is None or self._task.done():
            return
        done = asyncio.get_running_loop().create_future()
        self._asked.append(done)
        self._hurry.set()
        self._work.set()
        await done

    async def stop(self, timeout_seconds: float) -> None:
        """Move what there is, within a time, and end."""
        if self._task is None:
            return
        self._stopping = True
        self._hurry.set()
        self._work.set()
        await asyncio.wait({self._task}, timeout=timeout_seconds)

    async def _run(self) -> None:
        while not self._stopping:
            await self._wait()
            self._hurry.clear()
            self._work.clear()
            asked, self._asked = self._asked, []
            await self._round()
            _tell(asked)
        await self._round()  # the first may have moved only what an ill database had left waiting
        _tell(self._asked)

    async def _wait(self) -> None:
        """For work, then a moment for more of it; while the database is ill, for the next try."""
        if self.fault is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._work.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._interval_seconds if self.fault is None else RETRY_SECONDS):
                await self._hurry.wait()

    # ------------------------------------------------------------------ one round
    async def _round(self, *, first: bool = False) -> None:
        if self._intake.spool is not None:
            self._intake.spool.turn()
        await self._write_log()
        if first:
            self.set_aside = set_aside_of(self._path)
        try:
            await self._mend()
            await self._journal.write_pending()
            await self.mover.move()
            await self._write_contents()
            await self._write_answers()
            await self._catch_up()
            await self._let_go()
        except (NewerSchema, Foreign) as error:
            if first:
                raise
            state = "newer schema" if isinstance(error, NewerSchema) else "foreign"
            self.note(Fault(state, error.title, reopen=True))
        except (sqlite3.Error, OSError) as error:
            self.note(fault_of(error))
        except Exception as error:  # noqa: BLE001 -- the top of the task: it must live as long as the store
            self.note(Fault("failing", f"{type(error).__name__}: {error}", reopen=True))
        else:
            self.note(None)
            if self._intake.spool is not None and self._intake.spool.waiting_bytes:
                self._work.set()  # in the other file: while the database was ill, the two could not take turns

    def note(self, fault: Fault | None) -> None:
        """The database is ill in this way, or well."""
        before, self.fault = self.fault, fault
        if (before.state if before else "ok") == (fault.state if fault else "ok"):
            return
        if fault is not None:
            self._work.set()
            level, fields = "warning", {"state": fault.state, "detail": fault.detail}
        else:
            level, fields = "info", {"state": "ok"}
        self._log.write([note_line(self._clock.wall(), "store", level, fields)])  # type: ignore[arg-type]

    def found(self, error: sqlite3.Error | OSError) -> None:
        """Somebody else came upon it; that it is not open says nothing of why."""
        if self.fault is None or not isinstance(error, NotOpen):
            self.note(fault_of(error))

    async def _mend(self) -> None:
        """Open what is not open, or not what it was."""
        if self._database.is_sound() and not (self.fault is not None and self.fault.reopen):
            return
        replaced = self._was_open and not self._database.is_sound()
        self._open_spool()
        second = self._intake.spool is not None and self._intake.spool.second
        if self.fault is not None and self.fault.state == "corrupt" and not second:
            await self._begin_anew()
        else:
            await self._open_database(second)
        if replaced:
            self._begun_anew()
        self._wants_figures = True
        await self.mover.begin()
        await self._journal.begin(self._clock.wall())
        await self._database.prove_writable()
        self._was_open = True

    def _begun_anew(self) -> None:
        """Another file is there than was open."""
        self.set_aside = set_aside_of(self._path)
        self._intake.remember_again()
        if self._database.fresh and not self.set_aside:
            self.taken_away = True
            self._warn(f"{self._path} was taken away while it was open; a new one was begun.")

    async def _open_database(self, second: bool) -> None:
        try:
            await self._database.open()
        except sqlite3.Error as error:
            if second or fault_of(error).state != "corrupt":
                raise
            await self._begin_anew()
        if (backup := self._database.backup) is not None:
            self._warn(f"{self._path} was brought to this version's schema; as it was it is kept as {backup.name}.")

    def _open_spool(self) -> None:
        with suppress(OSError):
            opened = self._intake.spool is None
            self._intake.open()
            if opened and self._intake.spool is not None:
                self._tell_of_spool(self._intake.spool.second, self._intake.spool.half_lines)
                self._intake.spool.turn()

    def _tell_of_spool(self, second: bool, half_lines: int) -> None:
        if second:
            self._warn(f"Another process works on {self._path} too; both write to it.")
        if half_lines:
            self._warn_of_lines(half_lines)

    async def _begin_anew(self) -> None:
        """Set a damaged database aside and make a new one."""
        await self._database.close()
        aside = set_aside(self._path, self._clock.wall())
        self._warn(f"{self._path} was damaged; it is kept as {aside.name}, and a new one was begun: {RECOVER}.")
        await self._database.open()
        self._journal.also_stood(await decisions_in(aside))
        self._intake.remember_again()
        self.set_aside = set_aside_of(self._path)

    async def _catch_up(self) -> None:
        """Bring the roll-ups to where the rows are, where somebody wants them; a long way in several rounds."""
        if not (self._wants_figures or self._stopping):
            return
        await self.mover.roll_up()
        self._wants_figures = await self.mover.is_behind()
        if self._wants_figures:
            self._hurry.set()
            self._work.set()

    async def _write_contents(self) -> None:
        while self._contents is not None and (rows := await self._contents.rows()):
            async with self._database.transaction() as connection:
                await self._contents.write(connection, rows)
            self._contents.written(len(rows))

    async def _write_answers(self) -> None:
        """Those of the emergency cache; where none are to be kept, what an earlier run kept goes, once."""
        if self._answers is None:
            if not self._forgotten:
                async with self._database.transaction() as connection:
                    await forget(connection)
                self._forgotten = True
            return
        while rows := await self._answers.rows():
            async with self._database.transaction() as connection:
                await self._answers.write(connection, rows)

    async def _let_go(self) -> None:
        """Of what is too old or too much, one step a round; while there is more, the next round comes of itself."""
        if self._stopping or not self._retention.is_due:
            return
        async with self._database.transaction() as connection:
            gone = await self._retention.step(connection)
        self.mover.let_go(gone)
        if self._retention.has_more:
            self._work.set()

    # ------------------------------------------------------------------ telling
    async def _write_log(self) -> None:
        waiting = self._intake.unlogged
        while waiting:
            batch = [waiting.popleft() for _ in range(min(_SLICE, len(waiting)))]
            self._log.append(request_lines(batch))
            await asyncio.sleep(0)

    def _log_missing(self, records: Iterable[Taken]) -> None:
        """The lines that an earlier process was killed before it wrote."""
        if self._logged is None:
            self._logged = self._log.known_ids()
        missing = [taken for taken in records if taken[0].id not in self._logged]
        self._logged |= {taken[0].id for taken in missing}
        self._log.append(request_lines(missing))

    def _warn(self, sentence: str) -> None:
        self.warnings.append(sentence)
        self._log.write([note_line(self._clock.wall(), "store", "warning", {"detail": sentence})])

    def _warn_of_lines(self, number: int) -> None:
        self._warn(f"{number} damaged line(s) in the spool of {self._path} were left out.")


def _tell(asked: Iterable[asyncio.Future[None]]) -> None:
    for done in asked:
        if not done.done():
            done.set_result(None)
