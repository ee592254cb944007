"""Hear what a caller is told, for a store that was told to keep it. The answer passes through untouched."""

from hotspare.dialects.call import Call
from hotspare.engine.protocols import Answer, ContentKeeper, Delivery, Told
from hotspare.router.record import Ask
from hotspare.router.step import Fail

HEARD_BYTES = 1024 * 1024
"""No more of one answer is kept."""


class Overhearing:
    """A Delivery before another."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._body: bytes | None = None
        self._pieces: list[bytes] = []
        self._room = HEARD_BYTES

    def tell(self, keeper: ContentKeeper, ask: Ask, call: Call) -> None:
        """Hand on what was asked and what was heard."""
        keeper.content(ask.id, ask.at, call, self._body, tuple(self._pieces))

    async def whole(self, told: Told, answer: Answer) -> None:
        if answer.streamed is not None:
            self._hear(answer.streamed)
        body = answer.body
        self._body = body if body is None or len(body) <= self._room else b""
        await self._delivery.whole(told, answer)

    async def begin(self, told: Told, answer: Answer) -> None:
        await self._delivery.begin(told, answer)

    async def begin_early(self, request_id: str) -> None:
        await self._delivery.begin_early(request_id)

    async def keep_alive(self) -> None:
        await self._delivery.keep_alive()

    async def piece(self, data: bytes) -> None:
        self._hear(data)
        await self._delivery.piece(data)

    def take(self, data: bytes) -> bool:
        taken = self._delivery.take(data)
        if taken:
            self._hear(data)
        return taken

    def _hear(self, data: bytes) -> None:
        if self._room > 0:
            self._room -= len(data)
            self._pieces.append(data)

    async def end(self, tail: bytes) -> None:
        await self._delivery.end(tail)

    async def broken(self, told: Told, fail: Fail) -> None:
        await self._delivery.broken(told, fail)

    async def error(self, told: Told, fail: Fail) -> None:
        await self._delivery.error(told, fail)
