import asyncio
import logging

import pytest

from hotspare.router.settings import Limits
from hotspare.router.trigger import AttemptFailed, Trigger
from hotspare.router.walk import Walk

pytestmark = pytest.mark.looptime


async def test_a_whole_answer_goes_out_after_its_record(bench):
    delivery = await bench.serve()
    assert bench.diary == ["call claude#1", "closed claude#1", "record", "whole"]
    assert (delivery.told.model, delivery.told.fallback, delivery.told.attempts) == ("claude", False, 1)
    assert delivery.told.request_id == bench.record.id
    assert bench.record.verdict == "answered"
    assert bench.record.output_tokens == 5
    assert bench.nothing_is_held()


async def test_the_end_waits_for_what_the_recorder_waits_for(bench):
    bench.recorder.kept = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(bench.serve())
    await asyncio.sleep(5)
    assert bench.diary[-1] == "record"
    bench.recorder.kept.set_result(None)
    await serving
    assert bench.diary[-1] == "whole"


async def test_a_failed_model_is_followed_by_the_next(bench, plays):
    bench.script(claude=plays.failing("timeout"))
    delivery = await bench.serve()
    assert [model for model, _ in bench.carrier.calls] == ["claude", "gpt"]
    assert (delivery.told.model, delivery.told.fallback, delivery.told.attempts) == ("gpt", True, 2)
    assert delivery.told.notice == "backup"
    assert bench.record.reason == "timeout"
    assert bench.nothing_is_held()


async def test_a_retry_waits_as_long_as_the_walk_says(make_bench, plays, monkeypatch):
    bench = make_bench(limits=Limits(retries=1, retry_delay_seconds=8.0, retry_delay_cap_seconds=8.0))
    bench.script(claude=[plays.failing("overloaded", 503), plays.Play()])
    due = []
    step_on = Walk.next

    def told(walk, event, now):
        steps = step_on(walk, event, now)
        due.extend(step.until for step in steps if type(step).__name__ == "Wait")
        return steps

    monkeypatch.setattr(Walk, "next", told)
    delivery = await bench.serve()
    [first, second] = bench.carrier.calls
    assert [first[0], second[0]] == ["claude", "claude"]
    [until] = due
    assert until > first[1] + 0.5
    assert second[1] == pytest.approx(until, abs=0.001)
    assert delivery.told.fallback is False
    assert bench.record.attempts[1].started_ms >= until * 1000


async def test_when_all_fail_the_error_goes_out_after_the_record(bench, plays):
    bench.script(claude=plays.failing("rate_limit", 429), gpt=plays.failing("timeout"), haiku=plays.failing("network"))
    delivery = await bench.serve()
    assert bench.diary[-3:] == ["record", "remember", "error"]
    assert delivery.fail.status == 503
    assert delivery.told.notice == "unavailable"
    assert (delivery.told.model, delivery.told.attempts) == (None, 3)
    assert bench.record.verdict == "failed"
    assert bench.nothing_is_held()


async def test_a_callers_own_fault_is_no_unavailability(bench, plays):
    bench.script(claude=plays.failing("bad_request", 400, body=b"{}"))
    delivery = await bench.serve()
    assert delivery.fail.relay
    assert delivery.told.notice == ""


async def test_the_memory_is_kept_when_it_changed_and_only_then(bench, plays):
    await bench.serve()
    assert "remember" not in bench.diary
    bench.script(claude=plays.failing("rate_limit", 429))
    await bench.serve()
    assert bench.diary[-3:] == ["record", "remember", "whole"]
    assert "claude" in bench.recorder.memories[0]
    await bench.serve()
    assert bench.diary.count("remember") == 1


async def test_the_plain_case_creates_no_task(bench, plays):
    loop = asyncio.get_running_loop()
    made = []
    loop.set_task_factory(lambda loop, work, **options: made.append(work) or asyncio.Task(work, loop=loop, **options))
    try:
        bench.script(claude=plays.failing("timeout"), gpt=plays.stream(b"a", b"b"))
        await bench.serve(streamed=True)
        await bench.serve()
    finally:
        loop.set_task_factory(None)
    assert made == []


async def test_a_bug_in_a_carrier_falls_back_and_its_message_is_told_to_nobody(bench, plays, caplog):
    bench.script(claude=plays.Play(failure=ValueError("Illegal header value b'Bearer sk-secret'")))
    with caplog.at_level(logging.ERROR, "hotspare.engine"):
        delivery = await bench.serve()
    assert delivery.told.model == "gpt"
    [attempt, _] = bench.record.attempts
    assert attempt.trigger == "unclassified"
    assert "ValueError" in attempt.message
    assert "\n" not in attempt.message
    assert "sk-secret" not in attempt.message + caplog.text
    assert "ValueError" in caplog.text
    assert "conftest.py" in caplog.text


# ------------------------------------------------------------ streams
async def test_a_stream_goes_out_piece_by_piece_and_its_tail_after_the_record(bench, plays):
    bench.script(claude=plays.stream(b"one ", b"two "))
    delivery = await bench.serve(streamed=True)
    assert bench.diary == ["call claude#1", "begin", "piece", "piece", "closed claude#1", "record", "end"]
    assert delivery.text == b"one two data: [DONE]\n\n"
    assert bench.record.stream
    assert bench.nothing_is_held()


async def test_a_stream_that_is_all_there_goes_out_at_once_after_its_record(bench, plays):
    bench.script(claude=plays.stream(streamed=b"one two "))
    delivery = await bench.serve(streamed=True)
    assert bench.diary == ["call claude#1", "closed claude#1", "record", "whole"]
    assert delivery.text == b"one two data: [DONE]\n\n"
    assert bench.record.stream
    assert bench.nothing_is_held()


async def test_a_fallback_s_stream_that_is_all_there_is_told_as_one(bench, plays):
    bench.script(claude=plays.failing("stream_cut"), gpt=plays.stream(streamed=b"whole"))
    delivery = await bench.serve(streamed=True)
    assert (delivery.told.model, delivery.told.fallback, delivery.told.notice) == ("gpt", True, "backup")


async def test_before_the_first_content_a_stream_falls_back_unseen(bench, plays):
    bench.script(claude=plays.failing("stream_cut"), gpt=plays.stream(b"whole"))
    delivery = await bench.serve(streamed=True)
    assert bench.diary.count("begin") == 1
    assert delivery.text.startswith(b"whole")


@pytest.mark.parametrize("failure", [AttemptFailed(Trigger.stream_cut, "cut"), KeyError("bug")])
async def test_a_stream_that_breaks_off_ends_once_with_its_record_before(bench, plays, failure):
    bench.script(claude=plays.stream(b"one ", failure))
    delivery = await bench.serve(streamed=True)
    assert bench.diary == ["call claude#1", "begin", "piece", "closed claude#1", "record", "broken"]
    assert delivery.fail.code == "stream_broken"
    assert bench.record.ended_by == "stream_broken"
    assert bench.nothing_is_held()


async def test_a_slow_reader_slows_the_stream(bench, plays):
    delivery = bench.delivery()
    taken = []

    async def piece(data):
        await asyncio.sleep(5)
        taken.append((data, len(bench.diary)))

    delivery.piece = piece
    bench.script(claude=plays.stream(b"a", b"b", b"c"))
    await bench.serve(streamed=True, delivery=delivery)
    assert [data for data, _ in taken] == [b"a", b"b", b"c"]
    assert bench.record.duration_ms > 15_000
