"""Hand one request's outcome to its caller: the answer as it comes, signs of life while there is none, the last word.

What has begun is known here and nowhere else: a caller gets one beginning and one end.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar, cast

from hotspare.dialects.call import Call
from hotspare.dialects.content.shortened import is_shortened
from hotspare.engine.attempt import close, unforeseen
from hotspare.engine.continuing import CONTINUED_BYTES
from hotspare.engine.judging import RepairedAnswer
from hotspare.engine.protocols import Answer, Delivery, Passing, Told
from hotspare.engine.recollection import LARGEST_ANSWER_BYTES, CachedAnswer
from hotspare.router.record import Ask
from hotspare.router.step import Fail, Finish
from hotspare.router.trigger import AttemptFailed
from hotspare.router.walk import Walk
from hotspare.router.words import span

BACKUP = ("backup", "answered by a fallback model")
SHORTENED = ("shortened", "answered by a fallback model, and ended at its own output limit")
SLOW = ("slow", "the model was slow to answer")
QUEUED = ("queued", "answered after waiting for a model to come back")
UNAVAILABLE = ("unavailable", "no model could answer")
IN_VAIN = ("unavailable", "no model could answer, and none came back while the caller waited")
NO_NOTICE = ("", "")

REMEMBERED_BYTES = 1 + max(CONTINUED_BYTES, LARGEST_ANSWER_BYTES)

Decision = TypeVar("Decision")


class Handover:
    """The caller's side of one request. `walk` says who answers.

    Attributes:
        sent: the pieces of a stream that went out, up to a bound that makes it too long for whoever wants to know; none
            where nobody does.
    """

    __slots__ = ("_ask", "_begun", "_call", "_delivery", "_room", "_walk", "sent")

    def __init__(self, walk: Walk, ask: Ask, call: Call, delivery: Delivery, *, remembers: bool) -> None:
        self._walk = walk
        self._ask = ask
        self._call = call
        self._delivery = delivery
        self._begun = False
        self._room = REMEMBERED_BYTES if remembers else 0
        self.sent: list[bytes] = []

    async def when(self, decided: asyncio.Future[Decision], now: float, every_seconds: float) -> Decision:
        """What is decided, once it is; until then the caller's connection is kept alive.

        The first sign of life goes out after `every_seconds` too, but not later than the caller's deadline.
        """
        seconds = min(self._ask.read_at + every_seconds, self._ask.deadline) - now
        while not (await asyncio.wait((decided,), timeout=max(0.0, seconds)))[0]:
            await self._live_on()
            seconds = every_seconds
        return decided.result()

    async def _live_on(self) -> None:
        if not self._begun:
            self._begun = True
            await self._delivery.begin_early(self._ask.id)
        await self._delivery.keep_alive()

    async def give(self, answer: Answer) -> AttemptFailed | None:
        """All that goes out before the last bytes: of a stream, every piece; why it broke off, if it did. Of one that
        is over, and of which nothing has gone out, all of it goes out with the last.
        """
        if answer.body is None:
            if answer.streamed is None or self._begun:
                return await self._stream(answer)
            self._remember(answer.streamed)
        await close(answer)
        return None

    async def _stream(self, answer: Answer) -> AttemptFailed | None:
        """Every piece as it comes, as fast as the caller takes them."""
        pieces = answer.pieces()
        passing = cast("Passing", pieces) if hasattr(pieces, "pass_on") else None
        take = self._take if self._room else self._delivery.take
        try:
            if not self._begun:
                self._begun = True
                await self._delivery.begin(self._told(answer), answer)
            while True:
                try:
                    if passing is not None:
                        await passing.pass_on(take)
                    data = await anext(pieces)
                except StopAsyncIteration:
                    return None
                except AttemptFailed as failure:
                    return failure
                except Exception as error:  # noqa: BLE001  the provider boundary
                    return unforeseen(error, self._ask)
                self._remember(data)
                await self._delivery.piece(data)
        finally:
            await close(answer, pieces)

    def _take(self, data: bytes) -> bool:
        taken = self._delivery.take(data)
        if taken:
            self._remember(data)
        return taken

    def _remember(self, data: bytes) -> None:
        if self._room > 0:
            self._room -= len(data)
            self.sent.append(data)

    async def last_word(self, turn: Finish | Fail, answers: Mapping[int, Answer]) -> None:
        """The end that the caller sees; its Record is kept."""
        delivery = self._delivery
        if isinstance(turn, Fail):
            estimate = self.is_estimate(turn)
            unavailable = IN_VAIN if self._walk.waited else UNAVAILABLE
            told = self._told(None, NO_NOTICE if turn.relay or estimate else unavailable)
            if estimate:
                told = replace(told, source="estimate")
            await (delivery.broken(told, turn) if self._begun else delivery.error(told, turn))
            return
        answer = answers[turn.n]
        if self._begun:
            await delivery.end(answer.tail)
        else:
            await delivery.whole(self._told(answer), answer)

    def is_estimate(self, fail: Fail) -> bool:
        """Whether the caller gets our guess in place of this error: of a prompt's tokens a guess is more use."""
        return self._call.operation == "count_tokens" and not fail.relay

    def _told(self, answer: Answer | None, notice: tuple[str, str] = NO_NOTICE) -> Told:
        walk = self._walk
        cached = answer if isinstance(answer, CachedAnswer) else None
        word, text = self._notice(answer, notice)
        return Told(
            self._ask.id,
            walk.delivered_model,
            walk.fallback,
            walk.attempts_made,
            "model" if cached is None else "cache",
            word,
            text,
            () if answer is None else answer.dropped,
            None if cached is None else cached.age_seconds,
            None if cached is None else cached.similarity,
            isinstance(answer, RepairedAnswer),
        )

    def _notice(self, answer: Answer | None, otherwise: tuple[str, str]) -> tuple[str, str]:
        """What is told beside the answer, the weightiest first."""
        walk = self._walk
        if isinstance(answer, CachedAnswer):
            return "cached", _cached(answer)
        if walk.fallback:
            body = None if answer is None else answer.body
            cut = answer is not None and body is not None and is_shortened(self._call, body, answer.usage)
            return SHORTENED if cut else BACKUP
        if answer is not None and walk.waited:
            return QUEUED
        return SLOW if answer is not None and walk.slow else otherwise


def _cached(answer: CachedAnswer) -> str:
    given = f"no model could answer: this answer was given {span(answer.age_seconds)} ago"
    return given if answer.similarity == 1.0 else f"{given} to a similar request (similarity {answer.similarity:.3f})"
