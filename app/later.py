"""A Backend for a console that is drawn before there is anything to show: every call waits for the real one."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotspare.engine.backend import Backend, Prompt, PromptEvent
    from hotspare.router.command import Command, Outcome
    from hotspare.router.snapshot import Snapshot


class LaterBackend:
    """Stands for a Backend until it arrives.

    Attributes:
        asked: somebody waits: the screen is there.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._arrived = asyncio.Event()
        self._backend: Backend | None = None

    def arrive(self, backend: "Backend") -> None:
        """Hand over the real one."""
        self._backend = backend
        self._arrived.set()

    async def _real(self) -> "Backend":
        self.asked.set()
        await self._arrived.wait()
        assert self._backend is not None  # noqa: S101 - arrive() sets both
        return self._backend

    async def snapshot(self) -> "Snapshot":
        return await (await self._real()).snapshot()

    async def query(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        return await (await self._real()).query(name, **parameters)

    async def apply(self, command: "Command", *, who: str, why: str = "", confirmed: bool = False) -> "Outcome":
        return await (await self._real()).apply(command, who=who, why=why, confirmed=confirmed)

    async def send_prompt(self, prompt: "Prompt") -> "AsyncIterator[PromptEvent]":
        async for event in (await self._real()).send_prompt(prompt):
            yield event

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        async for event in (await self._real()).events():
            yield event
