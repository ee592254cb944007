"""Find the kept answer to a request that means the same: the guard says which may, the chain of embeddings how much.

Nothing is embedded before every model has failed and the guard has found something; then the request and what was found
go out together, so that all vectors are one model's. What goes wrong here is a miss.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence

from hotspare.dialects import openai_embeddings
from hotspare.dialects.call import Call
from hotspare.dialects.kept import KeptAnswer
from hotspare.dialects.likeness import wording
from hotspare.engine.attempt import LOG
from hotspare.engine.listening import Listener
from hotspare.engine.protocols import Delivery
from hotspare.engine.recollection import CachedAnswer, Recollection, meaning_of
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.router.record import Ask

SIMILAR_OVER = 0.9
"""A cosine must be over it."""
MOST_SIMILAR = 0.999
"""What is told of vectors that are the same: 1 is for the same request."""
LONGEST_LOOK_SECONDS = 2.0
"""The caller waits for its error at most so much longer."""
CALLER = "emergency cache"

Serve = Callable[[Call, Delivery], Awaitable[None]]
"""Carries one request of our own out.

Raises:
    HotspareError: nobody can be asked.
"""


class Resembling:
    """See the module."""

    def __init__(self, recollection: Recollection, clock: Clock, serve: Serve) -> None:
        self._recollection = recollection
        self._clock = clock
        self._serve = serve

    async def find(self, ask: Ask, call: Call, chain: str) -> CachedAnswer | None:
        """The answer to the request that is most like this one.

        Args:
            ask: whose models have all failed.
            call: what it asks for.
            chain: that of embeddings.
        """
        seconds = min(LONGEST_LOOK_SECONDS, ask.deadline - self._clock.monotonic())
        said = wording(ask.chain, call)
        meaning = None if said is None else meaning_of(said)
        if said is None or meaning is None or seconds <= 0:
            return None
        try:
            async with asyncio.timeout(seconds):
                near = await self._recollection.near(meaning)
                if not near:
                    return None
                texts = [said.text, *(kept.wording.text for kept in near if kept.wording is not None)]
                mine, *others = await self._vectors(chain, texts)
                likest, kept = await _likest(mine, others, near)
        except (TimeoutError, HotspareError, ValueError):
            return None
        except Exception as error:  # noqa: BLE001  the caller gets the error that it would have got
            LOG.error("request %s: looking for a similar one: unexpected %s", ask.id, type(error).__name__)
            return None
        return CachedAnswer(kept, self._clock.wall(), min(MOST_SIMILAR, likest)) if likest > SIMILAR_OVER else None

    async def _vectors(self, chain: str, texts: Sequence[str]) -> list[list[float]]:
        """Raises ValueError where none came."""
        listener = Listener()
        await self._serve(openai_embeddings.read_request(openai_embeddings.texts_request(chain, texts), {}), listener)
        vectors = openai_embeddings.vectors_of(listener.body or b"{}")
        if len(vectors) != len(texts):
            raise ValueError(len(vectors))
        return vectors


async def _likest(
    mine: Sequence[float], others: Sequence[Sequence[float]], near: Sequence[KeptAnswer]
) -> tuple[float, KeptAnswer]:
    """The greatest cosine, and whose it is; of several equal ones the first."""
    best, found = -1.0, near[0]
    for other, kept in zip(others, near, strict=True):
        if (likeness := cosine(mine, other)) > best:
            best, found = likeness, kept
        await asyncio.sleep(0)
    return best, found


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """How alike the directions of two vectors are, from -1 to 1; 0 where one has none.

    Raises:
        ValueError: they are of different lengths.
    """
    product = sum(a * b for a, b in zip(one, other, strict=True))
    lengths = math.hypot(*one) * math.hypot(*other)
    found = product / lengths if lengths else 0.0
    return found if math.isfinite(found) else 0.0
