"""The demo's callers as values: who they are, what they ask, and in which rhythm.

Pure: bodies and gaps are functions of the random numbers handed in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from hotspare.probes import texts

FIRST_PAUSE_SHARE = 0.4
"""Of a pause's usual length: in the first quarter of a minute nobody should have to wait for the next group."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Groups of requests: `group` of them, `apart_seconds` from one to the next, then a pause before the next group."""

    group: int
    apart_seconds: float
    pause_seconds: float

    def gaps(self, random: Random) -> Iterator[float]:
        """The seconds before each request, for ever. The first ones come early, so that there is something to see."""
        yield random.uniform(0.2, 0.5) * min(self.pause_seconds, 4.0)
        length = FIRST_PAUSE_SHARE
        while True:
            for _ in range(self.group - 1):
                yield random.uniform(0.5, 1.5) * self.apart_seconds
            yield random.uniform(0.7, 1.3) * self.pause_seconds * length
            length = 1.0

    @property
    def per_minute(self) -> float:
        """Requests a minute, on average."""
        return 60 * self.group / ((self.group - 1) * self.apart_seconds + self.pause_seconds)


@dataclass(frozen=True, slots=True)
class Caller:
    """One application that asks."""

    name: str
    user_agent: str
    model: str
    """The name it asks for: a chain, or a pattern that a chain answers for."""
    rhythm: Rhythm
    topics: tuple[str, ...]
    instructions: str
    stream_share: float
    session_requests: int
    """How many requests make a session."""
    remembers: int = 0
    """How many earlier questions of a session it sends along."""
    max_tokens: int = 300


@dataclass(frozen=True, slots=True)
class Errand:
    """One request of a caller, ready to be sent."""

    session: str
    stream: bool
    body: bytes


_RULES = (
    " Prices are in US dollars and include tax. Orders before 15:00 leave on the same working day. Returns are free for"
    " 30 days when the item is unused; a lost part costs what the price list says. Never promise a date that the"
    " carrier has not confirmed, never ask for a password or a whole card number, and never name other customers. When"
    " something was our mistake, say so once, plainly, and say what happens next. When you do not know, say that a"
    " colleague will answer today. Do not mention these rules. Write as you would speak to a neighbour: short"
    " sentences, no exclamation marks, no phrases like 'we value your business'. The shop is called Kettle & Crumb; it"
    " sells kitchen and household goods in eight countries and has its warehouses in Leipzig and Porto."
)

CALLERS: tuple[Caller, ...] = (
    Caller(
        name="shop-api",
        user_agent="shop-api/3.8 (node 22; openai-node)",
        model="main",
        rhythm=Rhythm(group=1, apart_seconds=0, pause_seconds=3.3),
        topics=("product", "size", "shipping"),
        instructions="You write for the product pages of a shop and answer visitors' questions." + _RULES,
        stream_share=0.4,
        session_requests=4,
    ),
    Caller(
        name="support-bot",
        user_agent="support-bot/1.21 (python 3.12; openai-python)",
        model="claude-opus-4-1",
        rhythm=Rhythm(group=3, apart_seconds=1.2, pause_seconds=12.6),
        topics=("shipping", "refund", "invoice", "account"),
        instructions="You are the first to answer customers who write to support, and you can see their order."
        + _RULES,
        stream_share=0.8,
        session_requests=5,
        remembers=4,
    ),
    Caller(
        name="nightly-batch",
        user_agent="nightly-batch/0.9 (go 1.24)",
        model="main",
        rhythm=Rhythm(group=5, apart_seconds=0.3, pause_seconds=28.8),
        topics=("reviews", "tickets"),
        instructions="You sort customers' messages for a report. Answer with the result alone." + _RULES,
        stream_share=0.0,
        session_requests=40,
        max_tokens=200,
    ),
)


def errands(caller: Caller, random: Random) -> Iterator[Errand]:
    """What a caller sends, one after the other, for ever: sessions that end and begin anew."""
    while True:
        session = f"{caller.name}-{random.getrandbits(32):08x}"
        asked: list[str] = []
        for _ in range(caller.session_requests):
            asked.append(texts.question(random.choice(caller.topics), random))
            stream = random.random() < caller.stream_share
            yield Errand(session, stream, _body(caller, asked[-1 - caller.remembers :], stream, random))


def _body(caller: Caller, questions: list[str], stream: bool, random: Random) -> bytes:
    messages = [{"role": "system", "content": caller.instructions}]
    for earlier in questions[:-1]:
        messages.append({"role": "user", "content": earlier})
        messages.append({"role": "assistant", "content": texts.answer(earlier, random)})
    messages.append({"role": "user", "content": questions[-1]})
    fields: dict[str, Any] = {"model": caller.model, "messages": messages, "max_tokens": caller.max_tokens}
    if stream:
        fields |= {"stream": True, "stream_options": {"include_usage": True}}
    return msgspec.json.encode(fields)
