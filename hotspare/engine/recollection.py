"""The emergency cache: answers given before, for the time when every model fails. In memory, and off unless asked for.

Only whole answers of models are kept, as their callers got them; what is found is given as it was. The oldest go first.
Where similar requests are looked for too, it knows by their words which may mean the same (`near`), and no more.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Container, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from hotspare.dialects.call import Call
from hotspare.dialects.content.nearness import Sense, difference, sense_of
from hotspare.dialects.kept import KeptAnswer
from hotspare.dialects.likeness import Wording, likeness, wording
from hotspare.engine.protocols import Answer, ContentKeeper
from hotspare.router.record import Ask
from hotspare.router.trigger import Usage

MOST_ANSWERS = 10_000
MOST_BYTES = 64 * 1024 * 1024
LARGEST_ANSWER_BYTES = 1024 * 1024
MOST_NEAR = 8
"""So many requests at most are compared by their vectors."""
_AT_ONCE = 50

_Place = tuple[bytes, tuple[tuple[str, ...], ...]]
"""Where a similar request would be: in the same form, and with the same facts in its words."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a request asks for in its caller's words, and the digest of all the rest of it."""

    wording: Wording
    sense: Sense

    @property
    def place(self) -> _Place:
        return self.wording.form, self.sense.facts


@dataclass(frozen=True, slots=True)
class _Entry:
    answer: KeptAnswer
    meaning: Meaning | None


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
    streamed = None
    skipped_events = 0

    def __init__(self, kept: KeptAnswer, now: float, similarity: float = 1.0) -> None:
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

    __slots__ = ("_answers", "_bytes", "_keeper", "_places")

    def __init__(self, keeper: ContentKeeper | None = None) -> None:
        """Keeps answers; with a keeper, it is told of each."""
        self._keeper = keeper
        self._answers: OrderedDict[bytes, _Entry] = OrderedDict()
        self._places: dict[_Place, OrderedDict[bytes, _Entry]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, ask: Ask, call: Call, wall: float) -> CachedAnswer | None:
        """The answer to the same request, if there was one."""
        entry = self._answers.get(likeness(ask.chain, call))
        return None if entry is None else CachedAnswer(entry.answer, wall)

    async def near(self, meaning: Meaning) -> list[KeptAnswer]:
        """Answers to requests whose words may mean the same, the newest first; others have their turn meanwhile."""
        found: list[KeptAnswer] = []
        for i, entry in enumerate(reversed(tuple(self._places.get(meaning.place, {}).values())), 1):
            if entry.meaning is not None and not difference(entry.meaning.sense, meaning.sense):
                found.append(entry.answer)
                if len(found) == MOST_NEAR:
                    break
            if not i % _AT_ONCE:
                await asyncio.sleep(0)
        return found

    def keep(self, kept: KeptAnswer) -> None:
        """Keep a whole answer as the newest, in place of an earlier one to the same request."""
        self._drop(kept.likeness)
        self._add(kept)
        if self._keeper is not None:
            self._keeper.answer(kept)
        while len(self._answers) > MOST_ANSWERS or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._answers)))

    async def take_up(self, answers: AsyncGenerator[KeptAnswer, None], chains: Container[str]) -> None:
        """Keep what these chains gave in an earlier run as older than all that is here; it comes newest first."""
        async with aclosing(answers):
            async for kept in answers:
                if len(self._answers) >= MOST_ANSWERS or self._bytes + kept.size > MOST_BYTES:
                    return
                if kept.chain in chains and kept.likeness not in self._answers:
                    self._add(kept, oldest=True)
                await asyncio.sleep(0)

    def _add(self, kept: KeptAnswer, *, oldest: bool = False) -> None:
        entry = _Entry(kept, None if kept.wording is None else meaning_of(kept.wording))
        self._bytes += kept.size
        self._answers[kept.likeness] = entry
        self._answers.move_to_end(kept.likeness, last=not oldest)
        if entry.meaning is not None:
            there = self._places.setdefault(entry.meaning.place, OrderedDict())
            there[kept.likeness] = entry
            there.move_to_end(kept.likeness, last=not oldest)

    def _drop(self, key: bytes) -> None:
        gone = self._answers.pop(key, None)
        if gone is None:
            return
        self._bytes -= gone.answer.size
        if gone.meaning is not None:
            there = self._places[gone.meaning.place]
            del there[key]
            if not there:
                del self._places[gone.meaning.place]


def kept_answer(
    ask: Ask, call: Call, model: str, answer: Answer, sent: Sequence[bytes], wall: float, *, similar: bool
) -> KeptAnswer | None:
    """What is kept of an answer; None of one that is too large.

    Args:
        ask: who asked where.
        call: what was asked.
        model: who answered.
        answer: what it was.
        sent: of a stream, the pieces that went out.
        wall: UTC epoch seconds.
        similar: requests that mean the same may get it too.
    """
    if len(answer.body or b"") + sum(map(len, sent)) > LARGEST_ANSWER_BYTES:
        return None
    return KeptAnswer(
        likeness=likeness(ask.chain, call),
        chain=ask.chain,
        model=model,
        at=wall,
        content_type=answer.content_type,
        body=answer.body,
        sent=tuple(sent),
        tail=answer.tail,
        wording=wording(ask.chain, call) if similar else None,
    )


def meaning_of(wording: Wording) -> Meaning | None:
    """What a request asks for; None where no other words can be compared with its own."""
    sense = sense_of(wording.text)
    return None if sense is None else Meaning(wording, sense)
