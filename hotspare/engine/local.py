"""The Backend of this process: what a console or a command sees and does, in five methods, straight on the engine.

It adds nothing that the remote form could not: values in, values out.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypeAlias

from hotspare.dialects import openai_chat
from hotspare.dialects.call import Call
from hotspare.engine.again import call_of, kept_request
from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.engine.engine import Engine
from hotspare.engine.presence import SCREEN, Presence
from hotspare.engine.prompting import PromptFollower
from hotspare.engine.protocols import History
from hotspare.router.command import Command, Outcome, Refusal
from hotspare.router.error import HotspareError
from hotspare.router.record import Ask
from hotspare.router.snapshot import ConsoleView, Instance, Snapshot, StoreView

CALLER = "operator"
"""Who asks with a test prompt."""

Calm: TypeAlias = tuple[int, str, int, Instance, StoreView, tuple[ConsoleView, ...]]
"""The second, the latest Record, the router's epoch, and what else a Snapshot tells."""

READ_ONLY = Refusal(
    "This instance is read-only: nothing can be changed here.", "Set read_only = false under [console]."
)


class LocalBackend:
    """See `engine.backend.Backend`.

    Attributes:
        instance: which program this is; replaced when more is known of it (its port, a reload's outcome).
        presence: who has a console on it.
    """

    def __init__(self, engine: Engine, *, history: History, instance: Instance) -> None:
        self.instance = instance
        self.presence = Presence(engine.clock)
        self._engine = engine
        self._history = history
        self._calm: Calm | None = None
        self._latest: Snapshot | None = None

    async def snapshot(self) -> Snapshot:
        """All live figures now. While nothing happens but that time passes, each second's are put together once."""
        wall, store, consoles = self._engine.clock.wall(), self._engine.recorder.view(), self.presence.others(SCREEN)
        calm = self._what_counts(int(wall), store, consoles)
        if self._latest is None or calm is None or calm != self._calm:
            self._calm, self._latest = calm, self._put_together(wall, store, consoles)
        return self._latest

    def _what_counts(self, second: int, store: StoreView, consoles: tuple[ConsoleView, ...]) -> Calm | None:
        """All that figures hang on; None while requests are under way, which change them from step to step."""
        engine = self._engine
        if engine.in_flight:
            return None
        recent = engine.router.live.recent
        latest = recent[-1].id if recent else ""
        return second, latest, engine.router.epoch, self.instance, store, consoles

    def _put_together(self, wall: float, store: StoreView, consoles: tuple[ConsoleView, ...]) -> Snapshot:
        engine = self._engine
        snapshot = engine.router.snapshot(now=engine.clock.monotonic(), wall=wall, instance=self.instance, store=store)
        return replace(snapshot, loop_lag_ms=engine.loop_lag_ms, consoles=consoles)

    async def query(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """A view of the past."""
        return await self._history.query(name, parameters)

    async def apply(self, command: Command, *, who: str, why: str = "", confirmed: bool = False) -> Outcome:
        """Carry out a command."""
        if self.instance.read_only:
            return READ_ONLY
        return await self._engine.apply(command, who=who, why=why, confirmed=confirmed)

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """What happens from now on; {"event": "lost", "count": n} where the reader was too slow."""
        return self._engine.events.watch()

    async def send_prompt(self, prompt: Prompt) -> AsyncIterator[PromptEvent]:
        """Send a test prompt and follow it. Closing the iterator is leaving as a caller: the call upstream ends."""
        try:
            ask, call = await self._admit(prompt)
        except HotspareError as error:
            yield PromptEvent("error", " ".join(filter(None, (error.title, error.hint))))
            return
        follower = PromptFollower(self._engine.clock)
        serving = asyncio.get_running_loop().create_task(
            self._engine.serve(ask, call, follower, watcher=follower), name="hotspare.engine.prompt"
        )
        serving.add_done_callback(lambda _: follower.close())
        try:
            while (event := await follower.next()) is not None:
                yield event
            await serving
        finally:
            serving.cancel()
            await asyncio.wait([serving])

    async def _admit(self, prompt: Prompt) -> tuple[Ask, Call]:
        if self.instance.read_only:
            raise HotspareError("This instance is read-only, and a prompt costs.", READ_ONLY.hint)
        if prompt.again:
            call = await self._again(prompt.again)
            return self._engine.admit(call, caller=CALLER, kind="test"), call
        name = prompt.chain or prompt.model or self._first_chain()
        body = openai_chat.simple_request(name, prompt.text, max_tokens=prompt.max_tokens, stream=True)
        call = openai_chat.read_request(body, {})
        return self._engine.admit(call, caller=CALLER, kind="test", only=prompt.model or None), call

    async def _again(self, request_id: str) -> Call:
        try:
            rows = await self._history.query("kept", {"id": request_id})
        except ValueError as error:
            raise HotspareError(f"{error}") from None
        row = kept_request(rows, request_id)
        chain = self._engine.router.settings.chains.get(row["chain"])
        return call_of(row, "chat" if chain is None else chain.kind)

    def _first_chain(self) -> str:
        chains = self._engine.router.settings.chains.values()
        return next((chain.name for chain in chains if chain.kind == "chat"), "")
