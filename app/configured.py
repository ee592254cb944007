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
from hotspare.configuration.load import find, load
from hotspare.router.clock import Clock

if TYPE_CHECKING:
    from hotspare.app.wiring import Running


class Configured:
    """See `occasion.Occasion`."""

    keeps = True

    def __init__(self, path: Path | None, port: int | None) -> None:
        """Load the file; without one, the first that is found.

        Raises:
            HotspareError: there is none, or it says what cannot be.
        """
        self._configuration = load(
            path or find(os.environ, Path.cwd()),
            os.environ,
            port=port,
            named=path is not None,
            today=datetime.now(UTC).date(),
        )
        self.name = self._configuration.name
        self.notices = (f"configuration: {self._configuration.path}",) if path is None else ()

    @asynccontextmanager
    async def configuration(self, _clock: Clock) -> AsyncIterator[Configuration]:
        """What the file says."""
        yield self._configuration

    @asynccontextmanager
    async def traffic(self, _running: "Running") -> AsyncIterator[None]:
        """Whoever calls."""
        yield
