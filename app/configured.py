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
from hotspare.configuration.load import find, load, read
from hotspare.router.clock import Clock

if TYPE_CHECKING:
    from hotspare.app.wiring import Running


def configuration_of(path: Path | None, port: int | None = None) -> Configuration:
    """What the file says; without one, the first that is found.

    Raises:
        ConfigurationError: there is none, or it says what cannot be.
    """
    found = path or find(os.environ, Path.cwd())
    return load(found, os.environ, port=port, named=path is not None, today=datetime.now(UTC).date())


def meaning_of(path: Path | None) -> Configuration:
    """What the file says, for who only looks: from a shell that has none of its keys too.

    Raises:
        ConfigurationError: there is none, or it cannot be understood.
    """
    return read(path or find(os.environ, Path.cwd()), os.environ, today=datetime.now(UTC).date())


class Configured:
    """See `occasion.Occasion`."""

    keeps = True

    def __init__(self, path: Path | None, port: int | None) -> None:
        """Load the file.

        Raises:
            ConfigurationError: there is none, or it says what cannot be.
        """
        self._configuration = configuration_of(path, port)
        self.name = self._configuration.name
        self.config = str(self._configuration.path or "")
        self.notices = (f"configuration: {self._configuration.path}",) if path is None else ()

    @asynccontextmanager
    async def configuration(self, _clock: Clock) -> AsyncIterator[Configuration]:
        """What the file says."""
        yield self._configuration

    @asynccontextmanager
    async def traffic(self, _running: "Running") -> AsyncIterator[None]:
        """Whoever calls."""
        yield
