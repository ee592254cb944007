"""The emergency cache: answers given before, for the time when every model fails. In memory, and off unless asked for.

Only whole answers of models are kept, as their callers got them; what is found is given as it was. The oldest go first.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from hotspare.dialects.call import Call
from hotspare.dialects.likeness import likeness
from hotspare.engine.protocols import Answer
from hotspare.router.record import Ask
from hotspare.router.trigger import Usage

MOST_ANSWERS = 10_000
MOST_BYTES = 64 * 1024 * 1024
LARGEST_ANSWER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    """One answer. `at` is UTC epoch seconds."""

    model: str
    at: float
    content_type: str
    body: bytes | None
    sent: tuple[bytes, ...]
    tail: bytes

    @property
    def size(self) -> int:
        return len(self.body or b"") + sum(map(len, self.sent))


class CachedAnswer:
    """An answer that was given before (`engine.protocols.Answer`).

    Attributes:
        model: who gave it.
        age_seconds: how long ago.
        similarity: 1 for the same request.
    """

    __slots__ = ("_kept", "age_seconds", "model", "similarity")

    status = 200
    dropped: tuple[str, ...] = ()
    provider_request_id: str | None = None
    spent_seconds: float | None = None
    usage: Usage | None = None
    said_bytes = 0

    def __init__(self, kept: _Kept, now: float, similarity: float = 1.0) -> None:
        self._kept = kept
        self.model = kept.model
        self.age_seconds = max(0.0, now - kept.at)
        self.similarity = similarity

    @property
    def content_type(self) -> str:
        return self._kept.content_type

    @property
    def body(self) -> bytes | None:
        return self._kept.body

    @property
    def tail(self) -> bytes:
        return self._kept.tail

    async def pieces(self) -> AsyncIterator[bytes]:
        """The stream as it went out then."""
        for piece in self._kept.sent:
            yield piece

    async def aclose(self) -> None:
        """Nothing is open."""


class Recollection:
    """See the module."""

    __slots__ = ("_answers", "_bytes")

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, _Kept] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, ask: Ask, call: Call, wall: float) -> CachedAnswer | None:
        """The answer to the same request, if there was one."""
        kept = self._answers.get(likeness(ask.chain, call))
        return None if kept is None else CachedAnswer(kept, wall)

    def keep(self, ask: Ask, call: Call, model: str, answer: Answer, sent: Sequence[bytes], wall: float) -> None:
        """Keep a whole answer, in place of an earlier one to the same request.

        Args:
            ask: who asked where.
            call: what was asked.
            model: who answered.
            answer: what it was.
            sent: of a stream, the pieces that went out.
            wall: UTC epoch seconds.
        """
        kept = _Kept(model, wall, answer.content_type, answer.body, tuple(sent), answer.tail)
        if kept.size > LARGEST_ANSWER_BYTES:
            return
        key = likeness(ask.chain, call)
        before = self._answers.pop(key, None)
        self._bytes += kept.size - (0 if before is None else before.size)
        self._answers[key] = kept
        while len(self._answers) > MOST_ANSWERS or self._bytes > MOST_BYTES:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= oldest.size
