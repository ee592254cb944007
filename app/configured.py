"""The instance of a configuration file as something to run. Which file that is, and what is wrong with it, is said
before anything is begun.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hotspare.configuration.compiled import Configuration
from hotspare.configuration.finding import find
from hotspare.configuration.load import load, read
from hotspare.router.clock import Clock

if TYPE_CHECKING:
    from hotspare.app.wiring import Running


def _loaded(file: Path, port: int | None, *, named: bool) -> Configuration:
    return load(file, os.environ, port=port, named=named, today=datetime.now(UTC))


def meaning_of(path: Path | None) -> Configuration:
    """What the file says, for who only looks: from a shell that has none of its keys too.

    Raises:
        ConfigurationError: there is none, or it cannot be understood.
    """
    return read(path or find(os.environ, Path.cwd()), os.environ, today=datetime.now(UTC))


class Configured:
    """See `occasion.Occasion`."""

    keeps = True

    def __init__(self, path: Path | None, port: int | None) -> None:
        """Load the file.

        Raises:
            ConfigurationError: there is none, or it says what cannot be.
        """
        self._file = path or find(os.environ, Path.cwd())
        self._named = path is not None
        self._port = port
        self._configuration = self._load()
        self.name = self._configuration.name
        self.config = str(self._configuration.path or "")
        self.notices = (f"configuration: {self._configuration.path}",) if path is None else ()

    @asynccontextmanager
    async def configuration(self, _clock: Clock) -> AsyncIterator[Configuration]:
        """What the file says."""
        yield self._configuration

    @asynccontextmanager
    async def traffic(self, running: "Running") -> AsyncIterator[None]:
        """Whoever calls; meanwhile changes of the file are taken up."""
        from hotspare.app.reloading import reloading  # noqa: PLC0415 - with the server, after the first frame

        async with reloading(self._load, running):
            yield

    def _load(self) -> Configuration:
        return _loaded(self._file, self._port, named=self._named)
