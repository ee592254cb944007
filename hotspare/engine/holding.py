"""Hold a stream back until it is whole: a Carrier over a Carrier, for chains that deliver streams whole.

Whatever goes wrong up to a stream's last byte is then a failed attempt, of which the caller has seen nothing. How much
is held is bounded.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from hotspare.dialects.call import Call
from hotspare.engine.attempt import close
from hotspare.engine.protocols import Answer, Carrier
from hotspare.router.record import Ask
from hotspare.router.step import Try
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

HELD_BYTES = 16 * 1024 * 1024
"""Of one answer."""
BLOCK_BYTES = 64 * 1024
"""Pieces are put together up to about this much: they go out one after the other anyway."""


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """A stream that is all here; nothing is open any more."""

    status: int
    content_type: str
    dropped: tuple[str, ...]
    provider_request_id: str | None
    spent_seconds: float | None
    usage: Usage | None
    said_bytes: int
    skipped_events: int
    tail: bytes
    blocks: deque[bytearray] = field(repr=False)
    body: bytes | None = None
    streamed: bytes | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The stream, once: what was handed out is held no longer."""
        while self.blocks:
            yield bytes(self.blocks.popleft())

    async def aclose(self) -> None:
        """Nothing is open."""


class Holding:
    """Calls models through `carrier`. `content_came` is told the attempt's number, and what gives its answer, when
    there is something to hold.
    """

    __slots__ = ("_carrier", "_content_came")

    def __init__(self, carrier: Carrier, *, content_came: Callable[[int, Answer], None]) -> None:
        self._carrier = carrier
        self._content_came = content_came

    async def call(self, attempt: Try, ask: Ask, call: Call) -> Answer:
        """Carry one attempt to its whole answer (`engine.protocols.Carrier`)."""
        answer = await self._carrier.call(attempt, ask, call)
        if answer.body is not None:
            return answer
        self._content_came(attempt.n, answer)
        blocks = await _all_of(answer)
        return HeldAnswer(
            status=answer.status,
            content_type=answer.content_type,
            dropped=answer.dropped,
            provider_request_id=answer.provider_request_id,
            spent_seconds=answer.spent_seconds,
            usage=answer.usage,
            said_bytes=answer.said_bytes,
            skipped_events=answer.skipped_events,
            tail=answer.tail,
            blocks=blocks,
        )


async def _all_of(answer: Answer) -> deque[bytearray]:
    pieces = answer.pieces()
    try:
        return await _collected(pieces)
    except AttemptFailed as failure:
        failure.status = failure.status or answer.status
        failure.provider_request_id = failure.provider_request_id or answer.provider_request_id
        failure.usage = failure.usage or answer.usage
        failure.said_bytes = failure.said_bytes or answer.said_bytes
        raise failure.with_traceback(None) from None  # its frames have what was held, as long as the request lives
    finally:
        await close(answer, pieces)


async def _collected(pieces: AsyncIterator[bytes]) -> deque[bytearray]:
    blocks = deque([bytearray()])
    held = 0
    async for piece in pieces:
        held += len(piece)
        if held > HELD_BYTES:
            raise AttemptFailed(Trigger.malformed, f"the answer exceeds the {HELD_BYTES >> 20} MB that are held back")
        if len(blocks[-1]) >= BLOCK_BYTES:
            blocks.append(bytearray())
        blocks[-1] += piece
    return blocks
