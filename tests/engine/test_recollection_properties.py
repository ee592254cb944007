"""Whatever was asked, answered, broken off and left before: the emergency cache gives nothing but whole answers, each
to the request that got it or to one that means the same.
"""

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from hotspare.dialects import openai_chat
from hotspare.dialects.likeness import wording
from hotspare.engine.recollection import meaning_of
from hotspare.router.settings import Chain, Limits, Model
from hotspare.router.trigger import AttemptFailed, Trigger

VECTORS = Chain("vectors", ("embed",), {"embed": Limits(retries=0)}, kind="embeddings")
SAME = (("How do I enable it?", "How can I turn it on?"), ("How do I disable it?",), ("What is 17 x 23?",))
MEANS = {text: number for number, texts in enumerate(SAME) for text in texts}
OUTCOMES = ("answered", "refused", "cut", "left", "down", "down")

asked = st.tuples(st.sampled_from(sorted(MEANS)), st.booleans(), st.sampled_from(OUTCOMES), st.integers(85, 99))


def vectors(hundredths):
    """For as many texts as may be compared: the request's own, and the others all at one cosine."""
    c = hundredths / 100
    others = [[c, (1 - c * c) ** 0.5]] * 8
    return [{"index": i, "embedding": vector} for i, vector in enumerate([[1.0, 0.0], *others])]


class Replies:
    """The carrier's script, made for each request."""

    def __init__(self, bench, plays):
        self.bench, self.plays, self.number = bench, plays, 0

    def script(self, streamed, outcome, cosine):
        self.number += 1
        told = json.dumps({"n": self.number}).encode()
        if outcome in ("down", "refused"):
            play = self.plays.failing("server_error", 500, seconds=0)
        elif streamed:
            cut = (AttemptFailed(Trigger.stream_cut, "cut"),) if outcome == "cut" else ()
            play = self.plays.stream(b"data: " + told + b"\n\n", *cut, seconds=0, seconds_between=0)
        elif outcome == "cut":
            play = self.plays.failing("stream_cut", seconds=0)
        else:
            play = self.plays.Play(0, body=told)
        self.bench.script(**dict.fromkeys(("claude", "gpt", "haiku"), play))
        self.bench.carrier.script["embed"] = [self.plays.Play(0, body=cosine)]
        return told


async def told_apart(bench, plays, requests):
    replies, whole = Replies(bench, plays), {}
    for text, streamed, outcome, cosine in requests:
        told = replies.script(streamed, outcome, b"")
        delivery = bench.delivery("piece" if outcome == "left" and streamed else "whole" if outcome == "left" else None)
        body = openai_chat.simple_request("main", text, max_tokens=5, stream=streamed)
        ask = bench.engine.admit(openai_chat.read_request(body, {}), caller="shop")
        near = await _compared(bench, ask, body)
        bench.carrier.script["embed"] = [plays.Play(0, body=json.dumps({"data": vectors(cosine)[: near + 1]}).encode())]
        await bench.engine.serve(ask, openai_chat.read_request(body, {}), delivery)
        if delivery.fail is None and delivery.told is not None and delivery.told.source == "cache":
            given = whole.get((MEANS[text], streamed), ())
            assert delivery.text in given, "it was never given whole to a request that means this"
            if delivery.told.cache_similarity < 1:
                assert cosine > 90
        elif outcome == "answered" and delivery.fail is None:
            whole.setdefault((MEANS[text], streamed), []).append(delivery.text)
            assert told in delivery.text


async def _compared(bench, ask, body):
    """How many the guard will let pass."""
    said = wording(ask.chain, openai_chat.read_request(body, {}))
    return len(await bench.engine._recollection.near(meaning_of(said)))


@settings(max_examples=40, deadline=None)
@given(requests=st.lists(asked, max_size=20))
def test_the_cache_never_serves_a_failure(make_bench, plays, requests):
    async def run():
        bench = make_bench(
            emergency_cache=True, emergency_cache_embeddings="vectors", beside=[VECTORS],
            models=[Model("embed", "embed", needs_key=False)], limits=Limits(retries=0),
        )  # fmt: skip
        for state in bench.router.states.values():
            state.breaker.rules = type(state.breaker.rules)(enabled=False)
        await told_apart(bench, plays, requests)

    asyncio.run(run())
