"""Judge answers before they are delivered: a Carrier over a Carrier. What is none of what was asked for is a failed
attempt, of which the caller has seen nothing; what could be repaired is marked.

Whole answers and streams that are held until they are whole are judged by all rules. A stream that goes out as it comes
is judged by its first piece only, and only for a refusal. What cannot be read is not judged.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.content.expected import Expected
from hotspare.dialects.content.judgement import Rules, judge, judge_refusal
from hotspare.dialects.reading import READINGS, Reading, encode
from hotspare.dialects.sse import EventTooLarge
from hotspare.engine.attempt import close
from hotspare.engine.holding import HeldAnswer
from hotspare.engine.protocols import Answer, Carrier
from hotspare.router.record import Ask
from hotspare.router.settings import Chain
from hotspare.router.step import Try
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

JUDGED_BYTES = 4 * 1024 * 1024
"""Of a stream that is held: some 15,000 tokens. A longer one is not judged."""
_UNREADABLE = (ValueError, msgspec.DecodeError, RecursionError, EventTooLarge)


@dataclass(frozen=True, slots=True)
class RepairedAnswer:
    """An answer that was put right; nothing is open any more. `repairs` says what was left out."""

    status: int
    content_type: str
    dropped: tuple[str, ...]
    provider_request_id: str | None
    spent_seconds: float | None
    usage: Usage | None
    said_bytes: int
    skipped_events: int
    repairs: tuple[str, ...]
    body: bytes | None = field(repr=False)
    streamed: bytes | None = field(repr=False)
    tail: bytes

    async def pieces(self) -> AsyncIterator[bytes]:
        """The stream, at once."""
        yield self.streamed or b""

    async def aclose(self) -> None:
        """Nothing is open."""


def remarks_on(answer: Answer) -> str:
    """What was done to it, for its Record; "" for one that goes out as it came."""
    skipped = answer.skipped_events
    told = [f"{skipped} unreadable event{'s' if skipped > 1 else ''} left out"] if skipped else []
    if isinstance(answer, RepairedAnswer):
        told.append(f"repaired: {', '.join(answer.repairs)} left out")
    return "; ".join(told)


class _BegunAnswer:
    """A stream of which the first piece was looked at."""

    __slots__ = ("_answer", "_first", "_rest")

    body = streamed = None

    def __init__(self, answer: Answer, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self._answer = answer
        self._first = first
        self._rest = rest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answer, name)

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it (`engine.protocols.Answer`)."""
        yield self._first
        async for piece in self._rest:
            yield piece

    async def aclose(self) -> None:
        """Stop at once (`engine.protocols.Answer`)."""
        await close(self._answer, self._rest)


class Judging:
    """Calls models through `carrier`, for one request."""

    __slots__ = ("_call", "_carrier", "_expected", "_reading", "_rules")

    def __init__(self, carrier: Carrier, call: Call, reading: Reading, expected: Expected | None, rules: Rules) -> None:
        self._carrier = carrier
        self._call = call
        self._reading = reading
        self._expected = expected
        self._rules = rules

    async def call(self, attempt: Try, ask: Ask, call: Call) -> Answer:
        """Carry one attempt out, and judge what came (`engine.protocols.Carrier`)."""
        answer = await self._carrier.call(attempt, ask, call)
        if not self._concerns(answer):
            return answer
        try:
            judged = await self._judged(answer)
        except AttemptFailed as failure:
            await close(answer)
            failure.usage = answer.usage
            failure.said_bytes = answer.said_bytes
            failure.provider_request_id = answer.provider_request_id
            raise failure.with_traceback(None) from None  # its frames hold the answer, as long as the request lives
        if isinstance(judged, RepairedAnswer):
            await close(answer)
        return judged

    def _concerns(self, answer: Answer) -> bool:
        """Whether a rule may hold of it: nearly no answer to a request that asked for nothing but words."""
        rules, body = self._rules, answer.body
        if rules.refusal or rules.content_filter:
            return True
        if body is None:
            return isinstance(answer, HeldAnswer)
        return self._expected is not None or (rules.loop and self._reading.may_be_limited(body))

    async def _judged(self, answer: Answer) -> Answer:
        if answer.body is not None:
            return self._judge_whole(answer, answer.body)
        if isinstance(answer, HeldAnswer):
            return await self._judge_held(answer)
        return await self._judge_begun(answer)

    def _judge_whole(self, answer: Answer, body: bytes) -> Answer:
        try:
            told = msgspec.json.decode(body)
        except _UNREADABLE:
            return answer
        return self._judge(answer, told) if isinstance(told, dict) else answer

    async def _judge_held(self, answer: HeldAnswer) -> Answer:
        if sum(map(len, answer.blocks)) > JUDGED_BYTES:
            return answer
        assembly = self._reading.assembly()
        try:
            for block in (*answer.blocks, answer.tail):
                assembly.feed(bytes(block))
                await asyncio.sleep(0)  # others have their turn between two blocks
        except _UNREADABLE:
            return answer
        return self._judge(answer, assembly.answer())

    def _judge(self, answer: Answer, told: dict[str, Any]) -> Answer:
        repairs = judge(self._reading.statements(told), self._expected, self._rules)
        return self._repaired(answer, told, repairs) if repairs else answer

    def _repaired(self, answer: Answer, told: dict[str, Any], repairs: tuple[str, ...]) -> RepairedAnswer:
        body = encode(told)
        streams = answer.body is None
        return RepairedAnswer(
            status=answer.status,
            content_type=answer.content_type,
            dropped=answer.dropped,
            provider_request_id=answer.provider_request_id,
            spent_seconds=answer.spent_seconds,
            usage=answer.usage,
            said_bytes=answer.said_bytes,
            skipped_events=answer.skipped_events,
            repairs=repairs,
            body=None if streams else body,
            streamed=self._reading.streamed(self._call, body) if streams else None,
            tail=self._reading.tail if streams else b"",
        )

    async def _judge_begun(self, answer: Answer) -> Answer:
        pieces = answer.pieces()
        begun = False
        try:
            first = await anext(pieces, b"")
            self._judge_first(first)
            begun = True
        finally:
            if not begun:
                await close(answer, pieces)
        return _BegunAnswer(answer, first, pieces)

    def _judge_first(self, first: bytes) -> None:
        assembly = self._reading.assembly()
        try:
            assembly.feed(first)
        except _UNREADABLE:
            return
        judge_refusal(self._reading.statements(assembly.answer()), self._rules)


def judging(carrier: Carrier, rules: Rules, call: Call) -> Carrier:
    """A carrier whose answers are judged; the same one where there is nothing to judge."""
    if call.operation != "chat":
        return carrier
    reading = READINGS[call.dialect]
    return Judging(carrier, call, reading, reading.expected(call) if rules.output else None, rules)


def rules_of(chain: Chain) -> Rules:
    """What answers of a chain are judged by."""
    refusal = chain.passes_on(Trigger.refusal)
    return Rules(
        output=chain.check_output,
        repair=chain.repair_output,
        loop=chain.check_loop,
        content_filter=chain.passes_on(Trigger.content_filter),
        refusal=refusal,
        refusal_words=refusal and chain.check_refusal,
    )
