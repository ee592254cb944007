"""The demo as something to run: simulated models on loopback, their traffic, a store that is gone afterwards.

It reads no key, no address and no configuration from anywhere.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING

from hotspare.app.demo_folder import demo_folder
from hotspare.configuration.compiled import Configuration
from hotspare.router.clock import Clock

if TYPE_CHECKING:
    from hotspare.app.wiring import Running
    from hotspare.probes.scenario import DemoWorld

PORT = 4000
BANNER = "DEMO: the models and their callers are simulated; nothing leaves this machine"


class Demo:
    """See `occasion.Occasion`."""

    name = "demo"
    config = ""
    keeps = False
    notices: tuple[str, ...] = (BANNER,)

    def __init__(self, port: int | None) -> None:
        self._port = PORT if port is None else port
        self._world: DemoWorld | None = None

    @asynccontextmanager
    async def configuration(self, clock: Clock) -> AsyncIterator[Configuration]:
        """The world's configuration, while its models answer."""
        from hotspare.probes.scenario import DemoWorld  # noqa: PLC0415 - after the first frame

        with demo_folder() as folder:
            async with DemoWorld(clock, Random()) as world:
                self._world = world
                yield world.configuration(store_path=folder / "demo.db", port=self._port)

    @asynccontextmanager
    async def traffic(self, running: "Running") -> AsyncIterator[None]:
        """The callers, which leave before the gateway does."""
        assert self._world is not None  # noqa: S101 - the configuration came from it
        traffic = await self._world.start_traffic(running.gateway.port)
        try:
            yield
        finally:
            await traffic.aclose()
