"""When every model has failed, the answer to a request that means the same: if the guard and the vectors agree."""

import asyncio
import json

import pytest

from hotspare.dialects import openai_chat
from hotspare.engine import recollection, resembling
from hotspare.engine.resembling import cosine
from hotspare.router.settings import Chain, Limits, Model, Rates
from hotspare.router.trigger import AttemptFailed, Trigger

pytestmark = pytest.mark.looptime

ASKED, REWORDED = "How do I enable dark mode?", "What's the way to turn on dark mode?"
NEAR_MISS = "How do I disable dark mode?"

VECTORS = Chain("vectors", ("embed", "embed-2"), dict.fromkeys(("embed", "embed-2"), Limits(retries=0)),
                kind="embeddings", equivalent=True)  # fmt: skip


def at(*cosines):
    """An answer of vectors: the request's own, then one at each cosine to it."""
    vectors = [[1.0, 0.0], *([c, (1.0 - c * c) ** 0.5] for c in cosines)]
    data = [{"index": i, "embedding": vector} for i, vector in enumerate(vectors)]
    return json.dumps({"data": data}).encode()


@pytest.fixture
def bench(make_bench):
    models = [Model(name, name, needs_key=False, rates=Rates(1_000, 0)) for name in VECTORS.models]
    return make_bench(emergency_cache=True, emergency_cache_embeddings="vectors", beside=[VECTORS], models=models)


@pytest.fixture
def asking(bench, plays):
    """Asks with a text; what was answered before is "answer to …"."""

    async def ask(text, *, down=False, vectors=None, seconds=0.01, extra=None, headers=None, **options):
        body = json.loads(openai_chat.simple_request("main", text, max_tokens=5, stream=False)) | (extra or {})
        call = openai_chat.read_request(json.dumps(body).encode(), headers or {})
        own = (
            plays.failing("server_error")
            if down
            else plays.Play(body=json.dumps({"said": f"answer to {text}"}).encode())
        )
        models = dict.fromkeys(("claude", "gpt", "haiku"), own)
        if vectors is not None:
            models |= {"embed": plays.Play(seconds, body=vectors) if isinstance(vectors, bytes) else vectors}
        bench.script(**models)
        delivery = bench.delivery()
        await bench.engine.serve(bench.engine.admit(call, caller="shop", **options), call, delivery)
        return delivery

    return ask


def embedded(bench):
    return [model for model, _ in bench.carrier.calls if model.startswith("embed")]


async def test_a_similar_request_gets_the_answer_and_is_told_how_similar(bench, asking):
    await asking(ASKED)
    await asyncio.sleep(720)
    found = await asking(REWORDED, down=True, vectors=at(0.94))
    assert found.text == b'{"said": "answer to How do I enable dark mode?"}'
    told = found.told
    assert (told.source, told.model, told.fallback, told.notice) == ("cache", "claude", True, "cached")
    assert told.cache_similarity == pytest.approx(0.94)
    assert told.cache_age_seconds == pytest.approx(720, abs=1)
    assert told.notice_text == (
        "no model could answer: this answer was given 12 min ago to a similar request (similarity 0.940)"
    )
    record = bench.recorder.records[-1]
    assert (record.kind, record.verdict, record.ended_by, record.source) == ("traffic", "answered", "cache", "cache")
    assert record.cache_similarity == pytest.approx(0.94)
    assert record.cache_age_seconds == pytest.approx(720, abs=1)
    assert bench.nothing_is_held()


@pytest.mark.parametrize(("likeness", "hit"), [(0.9001, True), (0.9, False), (0.5, False), (-1.0, False)])
async def test_the_cosine_must_be_over_nine_tenths(bench, asking, likeness, hit):
    await asking(ASKED)
    found = await asking(REWORDED, down=True, vectors=at(likeness))
    assert (found.fail is None) == hit


async def test_the_most_similar_is_given(bench, asking):
    for text in (ASKED, "How can I enable dark mode?", "Tell me how to enable dark mode"):
        await asking(text)
    found = await asking(REWORDED, down=True, vectors=at(0.91, 0.97, 0.92))  # the newest is compared first
    assert b"How can I enable" in found.text
    assert found.told.cache_similarity == pytest.approx(0.97)


async def test_vectors_that_are_the_same_are_not_called_the_same_request(bench, asking):
    await asking(ASKED)
    assert (await asking(REWORDED, down=True, vectors=at(1.0))).told.cache_similarity == 0.999
    assert (await asking(ASKED, down=True)).told.cache_similarity == 1.0


async def test_a_near_miss_is_never_even_embedded(bench, asking):
    await asking(ASKED)
    found = await asking(NEAR_MISS, down=True, vectors=at(0.99))
    assert found.fail.status == 503
    assert embedded(bench) == []


async def test_in_calm_times_nothing_is_embedded(bench, asking):
    await asking(ASKED)
    await asking(REWORDED)
    assert embedded(bench) == []


@pytest.mark.parametrize(
    "extra",
    [
        {"temperature": 0.7},
        {"response_format": {"type": "json_object"}},
        {"messages": [{"role": "system", "content": "Be rude."}, {"role": "user", "content": REWORDED}]},
        {"messages": [{"role": "user", "content": "and"}, {"role": "user", "content": REWORDED}]},
        {"messages": [{"role": "user", "content": REWORDED}, {"role": "assistant", "content": "Well,"}]},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
        {"max_tokens": 6},
    ],
)
async def test_all_else_must_be_the_same(bench, asking, extra):
    await asking(ASKED)
    found = await asking(REWORDED, down=True, vectors=at(0.99), extra=extra)
    assert found.fail.status == 503
    assert embedded(bench) == []


async def test_who_asks_changes_nothing(bench, asking):
    await asking(ASKED, extra={"user": "one"})
    assert (await asking(REWORDED, down=True, vectors=at(0.95), extra={"user": "two"})).fail is None


async def test_a_request_with_tools_gets_no_answer_to_another(bench, asking):
    tools = {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}
    await asking(ASKED, extra=tools)
    assert (await asking(REWORDED, down=True, vectors=at(0.99), extra=tools)).fail is not None
    assert (await asking(ASKED, down=True, extra=tools)).fail is None, "the same request gets it"


async def test_the_chain_of_embeddings_falls_back_and_its_cost_is_seen(bench, asking, plays):
    await asking(ASKED)
    bench.carrier.script["embed-2"] = [plays.Play(body=at(0.95))]

    async def ask():
        body = openai_chat.simple_request("main", REWORDED, max_tokens=5, stream=False)
        call = openai_chat.read_request(body, {})
        down = dict.fromkeys(("claude", "gpt", "haiku", "embed"), plays.failing("network"))
        bench.script(**down, **{"embed-2": plays.Play(body=at(0.95))})
        delivery = bench.delivery()
        await bench.engine.serve(bench.engine.admit(call, caller="shop"), call, delivery)
        return delivery

    assert (await ask()).fail is None
    lookup = bench.recorder.records[-2]
    assert (lookup.kind, lookup.caller, lookup.chain, lookup.model) == (
        "probe",
        resembling.CALLER,
        "vectors",
        "embed-2",
    )
    assert lookup.cost_pico_usd == 10 * 1_000


async def test_what_takes_too_long_is_a_miss_and_nobodys_fault(bench, asking):
    await asking(ASKED)
    began = asyncio.get_running_loop().time()
    found = await asking(REWORDED, down=True, vectors=at(0.99), seconds=60)
    assert found.fail.status == 503
    assert asyncio.get_running_loop().time() - began == pytest.approx(2.0, abs=0.1)
    assert bench.recorder.records[-2].verdict == "caller_left"
    assert bench.router.states["embed"].breaker.failures_in_row == 0
    assert bench.nothing_is_held()


async def test_it_never_goes_past_the_callers_deadline(make_bench, plays):
    limits = dict.fromkeys(("claude", "gpt", "haiku"), Limits(retries=0))
    models = [Model(name, name, needs_key=False) for name in VECTORS.models]
    chain = Chain("main", tuple(limits), limits, deadline_seconds=0.5, emergency_cache=True,
                  emergency_cache_embeddings="vectors")  # fmt: skip
    bench = make_bench(chain=chain, beside=[VECTORS], models=models)

    async def ask(text, **script):
        bench.script(**script)
        call = openai_chat.read_request(openai_chat.simple_request("main", text, max_tokens=5, stream=False), {})
        delivery = bench.delivery()
        await bench.engine.serve(bench.engine.admit(call, caller="shop"), call, delivery)
        return delivery

    await ask(ASKED)
    down = dict.fromkeys(limits, plays.failing("network", seconds=0.05))
    began = asyncio.get_running_loop().time()
    assert (await ask(REWORDED, **down, embed=plays.Play(60, body=at(0.99)))).fail is not None
    assert asyncio.get_running_loop().time() - began == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"no json", b'{"data": []}', at(), at(0.99, 0.99),
     b'{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,0]}]}',
     b'{"data":[{"index":0,"embedding":"AAAA"},{"index":1,"embedding":"\\u0000"}]}',
     b'{"data":[{"index":0,"embedding":[1e308,1e308]},{"index":1,"embedding":[1e308,1e308]}]}',
     b'{"data":[{"index":0,"embedding":[0,0]},{"index":1,"embedding":[0,0]}]}'],
)  # fmt: skip
async def test_vectors_that_make_no_sense_are_a_miss(bench, asking, body):
    await asking(ASKED)
    assert (await asking(REWORDED, down=True, vectors=body)).fail.status == 503


async def test_an_unforeseen_failure_is_a_miss(bench, asking, plays, caplog):
    await asking(ASKED)
    bench.engine._resembling._serve = None
    assert (await asking(REWORDED, down=True, vectors=at(0.99))).fail.status == 503
    assert "unexpected TypeError" in caplog.text


async def test_a_chain_that_is_gone_is_a_miss(bench, asking):
    await asking(ASKED)
    resolve = bench.router.resolve
    bench.router.resolve = lambda name: None if name == "vectors" else resolve(name)
    assert (await asking(REWORDED, down=True, vectors=at(0.99))).fail.status == 503


async def test_a_caller_that_leaves_meanwhile_ends_it(bench, asking):
    await asking(ASKED)
    serving = asyncio.ensure_future(asking(REWORDED, down=True, vectors=at(0.99), seconds=1.5))
    await asyncio.sleep(1)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert {record.verdict for record in bench.recorder.records[-2:]} == {"caller_left"}
    assert bench.nothing_is_held()


async def test_a_race_and_a_held_stream_find_it_too(make_bench, plays):
    models = [Model(name, name, needs_key=False) for name in VECTORS.models]
    bench = make_bench(emergency_cache=True, emergency_cache_embeddings="vectors", beside=[VECTORS], models=models,
                       strategy="fastest", stream_delivery="whole")  # fmt: skip

    async def ask(text, **script):
        bench.script(**script)
        call = openai_chat.read_request(openai_chat.simple_request("main", text, max_tokens=5, stream=True), {})
        delivery = bench.delivery()
        await bench.engine.serve(bench.engine.admit(call, caller="shop"), call, delivery)
        return delivery

    first = await ask(ASKED, **dict.fromkeys(("claude", "gpt", "haiku"), plays.stream(b"data: a\n\n")))
    down = dict.fromkeys(("claude", "gpt", "haiku"), plays.failing("network"))
    again = await ask(REWORDED, **down, embed=plays.Play(body=at(0.95)))
    assert (again.text, again.told.source) == (first.text, "cache")
    late = asyncio.ensure_future(ask(REWORDED, **down, embed=plays.Play(1.5, body=at(0.95))))
    await asyncio.sleep(1)
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    assert bench.recorder.records[-1].verdict == "caller_left"
    assert bench.nothing_is_held()


async def test_failures_are_never_kept_for_anybody(bench, asking, plays):
    await asking(ASKED, down=True)
    bench.script(claude=plays.stream(b"data: a\n\n", AttemptFailed(Trigger.stream_cut, "cut")))
    assert (await bench.serve(streamed=True)).fail is not None
    assert (await asking(REWORDED, down=True, vectors=at(0.99))).fail is not None
    assert embedded(bench) == []


async def test_what_goes_out_of_the_cache_is_found_no_more(bench, asking, monkeypatch):
    monkeypatch.setattr(recollection, "MOST_ANSWERS", 1)
    await asking(ASKED)
    await asking("Something else entirely")
    assert (await asking(REWORDED, down=True, vectors=at(0.99))).fail is not None
    left = bench.engine._recollection
    assert left._places.keys() == {kept.meaning.place for kept in left._answers.values()}


async def test_no_more_than_a_few_are_compared(bench, asking, monkeypatch):
    monkeypatch.setattr(recollection, "MOST_NEAR", 2)
    for words in ("How do I", "How can I", "Tell me how to", "Please"):
        await asking(f"{words} enable dark mode")
    assert (await asking(REWORDED, down=True, vectors=at(0.1, 0.99))).fail is None


def test_a_cosine():
    assert cosine([1, 0], [0, 1]) == 0
    assert cosine([3, 4], [3, 4]) == pytest.approx(1)
    assert cosine([1, 1], [-1, -1]) == pytest.approx(-1)
    assert cosine([0, 0], [1, 1]) == 0
    with pytest.raises(ValueError, match="zip"):
        cosine([1], [1, 2])
