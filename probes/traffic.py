"""The demo's traffic: callers that send through the real gateway port, each in its own rhythm.

It stops at once when its block is left, never has more than `IN_FLIGHT` requests of one caller open, and holds back
when it is told to (429, 503).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self

from hotspare.probes import client
from hotspare.probes.callers import CALLERS, Caller, Errand, errands
from hotspare.probes.client import ClientAnswer
from hotspare.probes.http11 import BrokenMessage
from hotspare.probes.simulated import Sleep

PATH = "/v1/chat/completions"
IN_FLIGHT = 2
"""Open requests of one caller; a rhythm that is faster than the answers waits."""
ANSWER_SECONDS = 60.0
HOLD_BACK_SECONDS = 2.0
HOLD_BACK_CAP_SECONDS = 5.0


@dataclass(slots=True)
class Tally:
    """What the traffic has got so far; `ok` and `failed` are those that have ended."""

    sent: int = 0
    ok: int = 0
    fallback: int = 0
    """Of those that were ok: answered by another model than the one they were meant for."""
    failed: int = 0
    held_back: int = 0
    """Of those that failed: told to come back later."""


class Traffic:
    """`async with Traffic(port, random=…) as traffic:` sends until the block is left; `traffic.tally` counts."""

    def __init__(
        self,
        port: int,
        *,
        random: Random,
        rate: float = 1.0,
        callers: Sequence[Caller] = CALLERS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Traffic to the gateway on 127.0.0.1:`port`, `rate` times as dense as its callers have it."""
        self.tally = Tally()
        self._port = port
        self._random = random
        self._rate = rate
        self._callers = callers
        self._sleep = sleep
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run(), name="traffic")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop at once, requests under way included. Idempotent."""
        if self._running is None:
            return
        self._running.cancel()
        await asyncio.wait({self._running})
        if not self._running.cancelled():
            self._running.result()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for caller in self._callers:
                own = Random(self._random.getrandbits(64))
                group.create_task(self._drive(caller, own, group), name=f"traffic of {caller.name}")

    async def _drive(self, caller: Caller, random: Random, group: asyncio.TaskGroup) -> None:
        places = asyncio.Semaphore(IN_FLIGHT)
        for gap, errand in zip(caller.rhythm.gaps(random), errands(caller, random), strict=True):
            await self._sleep(gap / self._rate)
            await places.acquire()
            group.create_task(self._send(caller, errand, places), name=f"request of {caller.name}")

    async def _send(self, caller: Caller, errand: Errand, places: asyncio.Semaphore) -> None:
        self.tally.sent += 1
        try:
            hold_back_seconds = self._count(errand, await self._ask(caller, errand))
        except (OSError, BrokenMessage):
            self.tally.failed += 1
            hold_back_seconds = HOLD_BACK_SECONDS
        if hold_back_seconds:
            await self._sleep(hold_back_seconds)
        places.release()

    async def _ask(self, caller: Caller, errand: Errand) -> ClientAnswer:
        headers = {
            "content-type": "application/json",
            "user-agent": caller.user_agent,
            "x-hotspare-caller": caller.name,
            "x-session-id": errand.session,
        }
        return await client.post(self._port, PATH, headers, errand.body, ANSWER_SECONDS)

    def _count(self, errand: Errand, answer: ClientAnswer) -> float:
        """Count an answer, and say how long to hold back after it."""
        if answer.status == 200 and (not errand.stream or is_whole_stream(answer.body)):
            self.tally.ok += 1
            self.tally.fallback += answer.headers.get("x-hotspare-fallback") == "true"
            return 0.0
        self.tally.failed += 1
        if answer.status not in {429, 503}:
            return 0.0
        self.tally.held_back += 1
        return _hold_back_seconds(answer.headers.get("retry-after", ""))


def is_whole_stream(body: bytes) -> bool:
    """Whether a stream of chat completions came to its good end, without an error on the way."""
    return body.rstrip().endswith(b"data: [DONE]") and b'data: {"error"' not in body


def _hold_back_seconds(retry_after: str) -> float:
    asked = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else HOLD_BACK_SECONDS
    return min(asked, HOLD_BACK_CAP_SECONDS)
