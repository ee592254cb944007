"""The emergency cache: answers given before, for the time when every model fails. In memory, and off unless asked for.

Only whole answers of models are kept, as their callers got them; what is found is given as it was. The oldest go first.
Where similar requests are looked for too, it knows by their words which may mean the same (`near`), and no more.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from hotspare.dialects.call import Call
from hotspare.dialects.content.nearness import Sense, difference, sense_of
from hotspare.dialects.likeness import likeness, wording
from hotspare.engine.protocols import Answer
from hotspare.router.record import Ask
from hotspare.router.trigger import Usage

MOST_ANSWERS = 10_000
MOST_BYTES = 64 * 1024 * 1024
LARGEST_ANSWER_BYTES = 1024 * 1024
MOST_NEAR = 8
"""So many requests at most are compared by their vectors."""
_AT_ONCE = 200

_Place = tuple[bytes, tuple[tuple[str, ...], ...]]
"""Where a similar request would be: in the same form, and with the same facts in its words."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a request asks for in its caller's words, and the digest of all the rest of it."""

    form: bytes
    text: str
    sense: Sense

    @property
    def place(self) -> _Place:
        return self.form, self.sense.facts


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer. `at` is UTC epoch seconds; `meaning` is None where no similar request gets it."""

    model: str
    at: float
    content_type: str
    body: bytes | None
    sent: tuple[bytes, ...]
    tail: bytes
    meaning: Meaning | None = None

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

    def __init__(self, kept: Kept, now: float, similarity: float = 1.0) -> None:
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

    __slots__ = ("_answers", "_bytes", "_places")

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, Kept] = OrderedDict()
        self._places: dict[_Place, OrderedDict[bytes, Kept]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, ask: Ask, call: Call, wall: float) -> CachedAnswer | None:
        """The answer to the same request, if there was one."""
        kept = self._answers.get(likeness(ask.chain, call))
        return None if kept is None else CachedAnswer(kept, wall)

    async def near(self, meaning: Meaning) -> list[Kept]:
        """Answers to requests whose words may mean the same, the newest first; others have their turn meanwhile."""
        found: list[Kept] = []
        for i, kept in enumerate(reversed(tuple(self._places.get(meaning.place, {}).values())), 1):
            if kept.meaning is not None and not difference(kept.meaning.sense, meaning.sense):
                found.append(kept)
                if len(found) == MOST_NEAR:
                    break
            if not i % _AT_ONCE:
                await asyncio.sleep(0)
        return found

    def keep(
        self,
        ask: Ask,
        call: Call,
        model: str,
        answer: Answer,
        sent: Sequence[bytes],
        wall: float,
        *,
        similar: bool = False,
    ) -> None:
        """Keep a whole answer, in place of an earlier one to the same request.

        Args:
            ask: who asked where.
            call: what was asked.
            model: who answered.
            answer: what it was.
            sent: of a stream, the pieces that went out.
            wall: UTC epoch seconds.
            similar: requests that mean the same may get it too.
        """
        kept = Kept(model, wall, answer.content_type, answer.body, tuple(sent), answer.tail)
        if kept.size > LARGEST_ANSWER_BYTES:
            return
        if similar:
            kept = replace(kept, meaning=meaning_of(ask.chain, call))
        self.take_up(likeness(ask.chain, call), kept)

    def take_up(self, key: bytes, kept: Kept) -> None:
        """Keep an answer as the newest."""
        self._drop(key)
        self._answers[key] = kept
        self._bytes += kept.size
        if kept.meaning is not None:
            self._places.setdefault(kept.meaning.place, OrderedDict())[key] = kept
        while len(self._answers) > MOST_ANSWERS or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._answers)))

    def _drop(self, key: bytes) -> None:
        gone = self._answers.pop(key, None)
        if gone is None:
            return
        self._bytes -= gone.size
        if gone.meaning is not None:
            there = self._places[gone.meaning.place]
            del there[key]
            if not there:
                del self._places[gone.meaning.place]


def meaning_of(chain: str, call: Call) -> Meaning | None:
    """What a request asks for; None where no other words can be compared with its own."""
    found = wording(chain, call)
    sense = None if found is None else sense_of(found.text)
    return None if found is None or sense is None else Meaning(found.form, found.text, sense)
