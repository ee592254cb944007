"""What is run: a demo, or the instance that a configuration file describes. Everything after it is the same."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from hotspare.configuration.compiled import Configuration
from hotspare.router.clock import Clock

if TYPE_CHECKING:
    from hotspare.app.wiring import Running


class Occasion(Protocol):
    """Something to run."""

    @property
    def name(self) -> str:
        """The instance."""

    @property
    def config(self) -> str:
        """The file that it was read from, "" where there is none."""

    @property
    def keeps(self) -> bool:
        """Whether its store is still there when it has ended."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What is to be said of it at the start, beside the warnings of its configuration and store."""

    def configuration(self, clock: Clock) -> AbstractAsyncContextManager[Configuration]:
        """Its configuration, with whatever has to be there meanwhile."""

    def traffic(self, running: "Running") -> AbstractAsyncContextManager[None]:
        """The traffic that it brings along."""
