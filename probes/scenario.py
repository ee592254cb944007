"""The demo's world: its simulated models and traffic, and the configuration that leads to them.

Nothing here comes from a file or the environment, nothing leaves the machine, and the keys are made up.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from hotspare.configuration.compiled import Configuration, GatewaySettings, StoreSettings
from hotspare.probes.parts import PARTS, Part
from hotspare.probes.simulated import SimulatedModel, Sleep
from hotspare.probes.spells import SpellInForce
from hotspare.probes.traffic import Traffic
from hotspare.router.clock import Clock
from hotspare.router.settings import PICO_PER_USD, Budget, Chain, Settings

CHAIN = "main"
NAME = "demo"
DAILY_BUDGET_USD = 100
DEADLINE_SECONDS = 20.0


def settings(parts: tuple[Part, ...] = PARTS) -> Settings:
    """What the router is told about the demo."""
    chain = Chain(
        name=CHAIN,
        models=tuple(part.name for part in parts),
        limits={part.name: part.limits for part in parts},
        answers=("claude-*",),
        deadline_seconds=DEADLINE_SECONDS,
    )
    return Settings(
        models={part.name: part.model for part in parts},
        chains={chain.name: chain},
        # "warn": a demo that is left open over lunch would else stand still, and prove nothing.
        budget=Budget(daily=DAILY_BUDGET_USD * PICO_PER_USD, at_limit="warn"),
    )


class DemoWorld:
    """`async with DemoWorld(clock, random) as world:` runs the simulated models, and on request their traffic."""

    def __init__(
        self, clock: Clock, random: Random, *, parts: tuple[Part, ...] = PARTS, sleep: Sleep = asyncio.sleep
    ) -> None:
        """A world whose timetables begin when it is entered."""
        self._clock = clock
        self._random = random
        self._parts = parts
        self._sleep = sleep
        self._stack = AsyncExitStack()
        self._models: dict[str, SimulatedModel] = {}

    async def __aenter__(self) -> Self:
        started_at = self._clock.monotonic()
        async with AsyncExitStack() as stack:
            for part in self._parts:
                seed = self._random.getrandbits(64)
                model = SimulatedModel(
                    part.spec, clock=self._clock, started_at=started_at, seed=seed, sleep=self._sleep
                )
                self._models[part.name] = await stack.enter_async_context(model)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def configuration(self, *, store_path: Path, port: int) -> Configuration:
        """All that the rest of the program is told: it cannot tell the demo's models from others."""
        return Configuration(
            name=NAME,
            path=None,
            format="demo",
            settings=settings(self._parts),
            endpoints={part.name: part.endpoint(self._models[part.name].origin) for part in self._parts},
            key_names={part.name: () for part in self._parts},
            gateway=GatewaySettings(port=port),
            store=StoreSettings(store_path, content=True),
        )

    async def start_traffic(self, gateway_port: int, *, rate: float = 1.0) -> Traffic:
        """Let the callers send to the gateway; they stop with the world."""
        traffic = Traffic(gateway_port, random=Random(self._random.getrandbits(64)), rate=rate, sleep=self._sleep)
        return await self._stack.enter_async_context(traffic)

    def spell_now(self) -> dict[str, SpellInForce]:
        """The spells in force, by model; empty while all are well."""
        spells = {name: model.spell_now() for name, model in self._models.items()}
        return {name: spell for name, spell in spells.items() if spell is not None}
