"""The one word on what was out of the ordinary with an answer."""

import msgspec
import pytest

from hotspare.dialects import openai_chat
from hotspare.router.settings import Limits

pytestmark = pytest.mark.looptime

SLOW = 10.5
"""Seconds; a breaker calls 10 slow."""


def ended_at_a_limit(plays):
    choice = {"message": {"role": "assistant", "content": "Half of"}, "finish_reason": "length"}
    return plays.Play(body=msgspec.json.encode({"choices": [choice]}))


async def asking(bench, **fields):
    """A request of one's own; what its caller was told."""
    body = {"model": "main", "messages": [{"role": "user", "content": "hi"}]} | fields
    call = openai_chat.read_request(msgspec.json.encode(body), {})
    delivery = bench.delivery()
    await bench.engine.serve(bench.engine.admit(call, caller="shop"), call, delivery)
    return delivery.told


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("seconds", "notice"), [(10.0, ""), (SLOW, "slow")])
async def test_an_answer_that_came_late_was_slow(bench, plays, streamed, seconds, notice):
    late = plays.stream(b"a", seconds=seconds) if streamed else plays.Play(seconds)
    bench.script(claude=late)
    told = (await bench.serve(streamed=streamed)).told
    assert (told.notice, bool(told.notice_text)) == (notice, bool(notice))


async def test_a_stream_that_began_in_time_was_not_slow_however_long_it_took(bench, plays):
    bench.script(claude=plays.stream(*[b"word"] * 8, seconds_between=3.0))
    assert (await bench.serve(streamed=True)).told.notice == ""


async def test_it_is_the_callers_wait_that_counts_and_not_the_last_calls(make_bench, plays):
    bench = make_bench(limits=Limits(retries=1, retry_delay_seconds=0.01))
    bench.script(claude=[plays.failing("overloaded", 503, seconds=6.0), plays.Play(6.0)])
    told = (await bench.serve()).told
    assert (told.model, told.notice) == ("claude", "slow")


async def test_that_a_fallback_answered_weighs_more_than_that_it_was_slow(bench, plays):
    bench.script(claude=plays.failing("timeout", seconds=11.0))
    assert (await bench.serve()).told.notice == "backup"


async def test_a_fallbacks_answer_that_ended_at_a_limit_was_shortened(bench, plays):
    bench.script(claude=plays.failing("timeout"), gpt=ended_at_a_limit(plays))
    told = await asking(bench)
    assert (told.notice, told.fallback) == ("shortened", True)
    assert "output limit" in told.notice_text


async def test_the_same_of_the_model_meant_is_its_answer(bench, plays):
    bench.script(claude=ended_at_a_limit(plays))
    assert (await asking(bench)).notice == ""


@pytest.mark.parametrize(("limit", "notice"), [(5, "backup"), (6, "shortened")])
async def test_a_limit_that_the_caller_named_is_its_own(bench, plays, limit, notice):
    bench.script(claude=plays.failing("timeout"), gpt=ended_at_a_limit(plays))  # 5 tokens of it were used
    assert (await asking(bench, max_tokens=limit)).notice == notice
