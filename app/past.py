"""Answer looking commands where nothing runs: from the store of the instance, as it would be after a start.

Reads the configuration, the database and the spool beside it; changes none of them.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hotspare.app import instance
from hotspare.app.configured import meaning_of
from hotspare.app.instance import Note, NothingRuns
from hotspare.app.restoring import records_since
from hotspare.app.version import version
from hotspare.configuration.compiled import Configuration
from hotspare.configuration.midnight import midnight
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.router.facade import Router
from hotspare.router.snapshot import Instance, Snapshot, StoreView
from hotspare.store.folders import default_log_path
from hotspare.store.reader import Reader, open_reader

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Past:
    """The store of an instance that does not run."""

    configuration: Configuration
    clock: Clock

    @property
    def path(self) -> Path:
        """Where the store is."""
        return self.configuration.store.path

    @classmethod
    def open(cls, name: str | None, config: Path | None, nothing: NothingRuns) -> "Past":
        """The store of the configuration that is meant.

        Raises:
            NothingRuns: there is none, or it has kept nothing yet.
        """
        found = cls(_configuration(name, config, nothing), Clock())
        if not found.path.exists():
            raise NothingRuns(f"{nothing.title}, and {found.path} is not there yet", nothing.hint)
        return found

    def snapshot(self) -> Snapshot:
        """The figures of today, and the models as they would stand after a start."""
        return self._read(self._restored)

    def query(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """A view of the past."""

        async def ask(reader: Reader) -> list[dict[str, Any]]:
            try:
                return await reader.query(name, parameters)
            except ValueError as error:
                raise HotspareError(str(error)) from None

        return self._read(ask)

    def _read(self, use: Callable[[Reader], Awaitable[Result]]) -> Result:
        async def read() -> Result:
            async with open_reader(self.path, clock=self.clock) as reader:
                return await use(reader)

        return asyncio.run(read())

    async def _restored(self, reader: Reader) -> Snapshot:
        now, wall = self.clock.monotonic(), self.clock.wall()
        day_begins = midnight(self.configuration.timezone)
        router = Router(self.configuration.settings, random=random.Random(), midnight=day_begins)
        router.restore(decisions=await reader.standing(), memory=await reader.memory(), now=now, wall=wall)
        past, since = await reader.past(records_since(wall, day_begins))
        for each in past:
            router.take_up(each)
        async for record in reader.records(since):
            router.fold(record)
        return router.snapshot(now=now, wall=wall, instance=self._instance(), store=StoreView(path=str(self.path)))

    def _instance(self) -> Instance:
        path = str(self.configuration.path or "")
        return Instance(self.configuration.name, "", 0, 0.0, version(), config_path=path)


def note_of(name: str | None, config: Path | None, nothing: NothingRuns) -> Note:
    """What the instance would say of itself if it ran."""
    configuration = _configuration(name, config, nothing)
    log = str(default_log_path(configuration.name))
    return Note(configuration.name, store=str(configuration.store.path), log=log, config=str(configuration.path or ""))


def _configuration(name: str | None, config: Path | None, nothing: NothingRuns) -> Configuration:
    """The configuration that was named; else that of the instance that ran last; else the first one found."""
    if config is not None:
        return meaning_of(config)
    left = instance.remembered(name)
    if left is not None and left.config and Path(left.config).exists():
        return meaning_of(Path(left.config))
    if name is not None:
        raise nothing
    try:
        return meaning_of(None)
    except HotspareError:
        raise nothing from None
