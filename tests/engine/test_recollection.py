"""When every model has failed, an answer that was given before to the same request is better than none."""

import asyncio
from types import SimpleNamespace

import pytest

from hotspare.dialects.kept import KeptAnswer
from hotspare.dialects.likeness import Wording, likeness
from hotspare.engine import recollection
from hotspare.engine.recollection import Recollection, meaning_of
from hotspare.router.purse import Purse
from hotspare.router.settings import Budget
from hotspare.router.trigger import AttemptFailed, Trigger

pytestmark = pytest.mark.looptime

DOWN = {"claude": "server_error", "gpt": "network", "haiku": "timeout"}


@pytest.fixture
def bench(make_bench):
    return make_bench(emergency_cache=True)


def down(bench, plays):
    bench.script(**{model: plays.failing(trigger) for model, trigger in DOWN.items()})


async def test_the_answer_given_before_is_given_again_and_marked(bench, plays):
    first = await bench.serve()
    down(bench, plays)
    await asyncio.sleep(90)
    again = await bench.serve()
    assert again.text == first.text
    told = again.told
    assert (told.source, told.model, told.fallback, told.notice) == ("cache", "claude", True, "cached")
    assert told.cache_age_seconds == pytest.approx(90, abs=1)
    assert told.cache_similarity == 1.0
    assert told.notice_text == "no model could answer: this answer was given 90 s ago"
    record = bench.recorder.records[-1]
    assert (record.verdict, record.status, record.ended_by, record.source) == ("answered", 200, "cache", "cache")
    assert (record.model, record.fallback, record.reason) == ("claude", True, "server_error")
    assert bench.diary[-2:] == ["record", "whole"]
    assert bench.nothing_is_held()


async def test_a_test_prompt_is_told_how_the_models_are_and_no_answer_of_before(bench, plays):
    await bench.serve(kind="test")
    await bench.serve()
    down(bench, plays)
    told = await bench.serve(kind="test")
    assert told.fail.status == 503
    assert (bench.recorder.records[-1].verdict, bench.recorder.records[-1].source) == ("failed", "model")


async def test_a_stream_is_given_again_as_it_was(bench, plays):
    bench.script(claude=plays.stream(b"data: a\n\n", b"data: b\n\n"))
    first = await bench.serve(streamed=True)
    down(bench, plays)
    again = await bench.serve(streamed=True)
    assert again.text == first.text == b"data: a\n\ndata: b\n\ndata: [DONE]\n\n"
    assert again.told.source == "cache"
    assert bench.diary[-2:] == ["record", "end"]
    whole = await bench.serve()
    assert whole.fail.status == 503, "who wants it whole gets no stream"


async def test_a_stream_that_is_held_back_is_given_again_too(make_bench, plays):
    bench = make_bench(emergency_cache=True, stream_delivery="whole")
    bench.script(claude=plays.stream(b"data: a\n\n"))
    first = await bench.serve(streamed=True)
    down(bench, plays)
    assert (await bench.serve(streamed=True)).text == first.text


async def test_a_stream_that_was_all_there_is_given_again_as_it_was(bench, plays):
    bench.script(claude=plays.stream(streamed=b"data: a\n\ndata: b\n\n"))
    first = await bench.serve(streamed=True)
    down(bench, plays)
    assert (await bench.serve(streamed=True)).text == first.text == b"data: a\n\ndata: b\n\ndata: [DONE]\n\n"


async def test_another_request_gets_the_error(bench, plays):
    await bench.serve()
    down(bench, plays)
    delivery = await bench.serve("claude-x")
    assert delivery.told.source == "cache", "another name for the same chain"
    ask, call = bench.ask()
    del call.fields["messages"]
    other = bench.delivery()
    await bench.engine.serve(ask, call, other)
    assert other.fail.status == 503


async def test_failures_and_broken_streams_are_never_kept(bench, plays):
    bench.script(claude=plays.stream(b"data: a\n\n", AttemptFailed(Trigger.stream_cut, "cut")))
    broken = await bench.serve(streamed=True)
    assert broken.fail is not None
    down(bench, plays)
    assert (await bench.serve(streamed=True)).told.source == "model"
    assert (await bench.serve()).fail is not None
    assert len(bench.engine._recollection) == 0


async def test_what_came_from_the_cache_grows_no_younger(bench, plays):
    await bench.serve()
    down(bench, plays)
    await asyncio.sleep(60)
    await bench.serve()
    await asyncio.sleep(60)
    assert (await bench.serve()).told.cache_age_seconds == pytest.approx(120, abs=1)


async def test_it_is_off_unless_the_chain_asks_for_it(make_bench, plays):
    bench = make_bench()
    await bench.serve()
    down(bench, plays)
    assert (await bench.serve()).fail.status == 503
    assert len(bench.engine._recollection) == 0


async def test_a_callers_own_fault_is_told_and_not_covered_up(bench, plays):
    await bench.serve()
    bench.script(claude=plays.failing("bad_request", 400))
    assert (await bench.serve()).fail.status == 400


async def test_a_limit_of_cost_refuses_what_was_answered_before_too(bench):
    await bench.serve()
    bench.router._purse = Purse(Budget(daily=1), bench.router.live)
    refused = await bench.serve()
    assert (refused.fail.status, refused.fail.code) == (429, "insufficient_quota")


async def test_who_can_wait_waits_first(bench):
    await bench.serve()
    for state in bench.router.states.values():
        state.decide("disabled", "you")
    began = asyncio.get_running_loop().time()
    delivery = await bench.serve(headers={"x-hotspare-wait": "5"})
    assert asyncio.get_running_loop().time() - began == pytest.approx(5, abs=0.01)
    assert delivery.told.source == "cache"


async def test_a_caller_that_leaves_while_it_gets_it_is_gone(bench, plays):
    bench.script(claude=plays.stream(b"data: a\n\n"))
    await bench.serve(streamed=True)
    down(bench, plays)
    await bench.serve(streamed=True, delivery=bench.delivery(dies_at="piece"))
    assert bench.recorder.records[-1].verdict == "caller_left"
    assert bench.nothing_is_held()


def of(key, *, chain="main", at=0.0, body=b"x" * 100, words=None):
    said = None if words is None else Wording(b"form", words)
    return KeptAnswer(key, chain, "claude", at, "application/json", body, (), b"", said)


async def newest_first(*answers):
    for answer in answers:
        yield answer


async def test_what_an_earlier_run_kept_is_older_than_all_that_is_here(monkeypatch):
    cache = Recollection()
    cache.keep(of(b"new", at=5))
    monkeypatch.setattr(recollection, "MOST_ANSWERS", 4)
    earlier = (of(b"new", at=4), of(b"c", at=3), of(b"x", chain="other", at=3), of(b"b", at=2), of(b"a", at=1))
    await cache.take_up(newest_first(*earlier), {"main"})
    assert [entry.answer.at for entry in cache._answers.values()] == [1, 2, 3, 5]
    cache.keep(of(b"newer", at=6))
    assert [entry.answer.at for entry in cache._answers.values()] == [2, 3, 5, 6]


async def test_no_more_of_an_earlier_run_is_taken_up_than_there_is_room_for(monkeypatch):
    cache = Recollection()
    monkeypatch.setattr(recollection, "MOST_BYTES", 250)
    await cache.take_up(newest_first(of(b"a"), of(b"b"), of(b"c"), of(b"d", body=b"")), {"main"})
    assert list(cache._answers) == [b"b", b"a"]


async def test_the_newest_of_both_runs_are_compared_first():
    cache = Recollection()
    cache.keep(of(b"new", words="How do I enable dark mode?"))
    old = of(b"old", words="How can I enable dark mode?"), of(b"older", words="Tell me how to enable dark mode")
    await cache.take_up(newest_first(*old), {"main"})
    near = await cache.near(meaning_of(Wording(b"form", "How to turn on dark mode")))
    assert [kept.likeness for kept in near] == [b"new", b"old", b"older"]


async def test_a_keeper_is_told_of_each_answer_that_is_kept():
    told = []
    cache = Recollection(SimpleNamespace(answer=told.append))
    cache.keep(of(b"a"))
    await cache.take_up(newest_first(of(b"c")), {"main"})
    assert [kept.likeness for kept in told] == [b"a"]


async def test_its_size_is_bounded_and_the_oldest_go_first(bench, monkeypatch):
    ask, call = bench.ask()
    cache = Recollection()

    def keep(text):
        call.fields["messages"] = text.encode()
        cache.keep(of(likeness(ask.chain, call)))

    def has(text):
        call.fields["messages"] = text.encode()
        return cache.find(ask, call, 0.0) is not None

    monkeypatch.setattr(recollection, "MOST_ANSWERS", 3)
    for text in ("1", "2", "3", "1", "4"):
        keep(text)
    assert [has(text) for text in ("1", "2", "3", "4")] == [True, False, True, True], "kept again it is new"
    monkeypatch.setattr(recollection, "MOST_BYTES", 250)
    keep("5")
    assert [has(text) for text in ("1", "3", "4", "5")] == [False, False, True, True]


async def test_too_large_an_answer_is_not_kept(bench, plays, monkeypatch):
    monkeypatch.setattr(recollection, "LARGEST_ANSWER_BYTES", 10)
    bench.script(claude=(plays.Play(body=b'"11 bytes."'), plays.stream(b"12345", b"678901")))
    await bench.serve()
    await bench.serve(streamed=True)
    assert len(bench.engine._recollection) == 0
    bench.script(claude=(plays.Play(body=b'"10bytes."'), plays.stream(b"12345", b"67890")))
    await bench.serve()
    await bench.serve(streamed=True)
    assert len(bench.engine._recollection) == 2
