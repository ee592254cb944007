import asyncio

import pytest

from hotspare.router.trigger import AttemptFailed, Trigger
from hotspare.router.walk import Walk

pytestmark = pytest.mark.looptime


def attempts_of(record):
    return {attempt.model: attempt for attempt in record.attempts}


async def test_in_a_race_one_is_delivered_and_the_others_are_stopped(bench, plays):
    bench.plan(lanes=3)
    bench.script(claude=plays.Play(3), gpt=plays.Play(1), haiku=plays.Play(2))
    delivery = await bench.serve()
    assert bench.diary[:3] == ["call claude#1", "call gpt#2", "call haiku#3"]
    assert delivery.told.model == "gpt"
    assert {"stopped claude#1", "stopped haiku#3"} <= set(bench.diary[3:-2])
    assert bench.diary[-2:] == ["record", "whole"]
    assert bench.record.duration_ms == pytest.approx(1000, abs=5)
    tried = attempts_of(bench.record)
    assert tried["claude"].cancelled
    assert tried["haiku"].cancelled
    assert not tried["gpt"].cancelled
    assert bench.nothing_is_held()


async def test_a_race_goes_on_when_one_falls_out(bench, plays):
    bench.plan(lanes=2)
    bench.script(claude=plays.failing("server_error", 500), gpt=plays.Play(5), haiku=plays.Play(1))
    delivery = await bench.serve()
    assert [model for model, _ in bench.carrier.calls] == ["claude", "gpt", "haiku"]
    assert delivery.told.model == "haiku"
    assert bench.nothing_is_held()


async def test_a_race_that_all_lose_ends_in_one_error(bench, plays):
    bench.plan(lanes=3)
    bench.script(claude=plays.failing("timeout"), gpt=plays.failing("network"), haiku=plays.failing("empty"))
    await bench.serve()
    assert bench.diary[-2:] == ["record", "error"]
    assert len(bench.record.attempts) == 3
    assert bench.nothing_is_held()


async def test_two_that_come_at_the_same_moment_give_one_answer(bench, plays):
    bench.plan(lanes=3)
    bench.script(claude=plays.Play(1), gpt=plays.Play(1), haiku=plays.stream(b"x", seconds=1))
    await bench.serve()
    assert bench.diary.count("whole") == 1
    assert sum(entry.startswith("closed") for entry in bench.diary) == 3
    costs = [attempt.cost_pico_usd for attempt in bench.record.attempts]
    assert all(cost is not None and cost > 0 for cost in costs)
    assert bench.nothing_is_held()


async def test_a_loser_that_answers_all_the_same_is_closed(bench, plays):
    bench.plan(lanes=2)
    bench.script(claude=plays.Play(9, stubborn=True), gpt=plays.Play(1))
    delivery = await bench.serve()
    assert delivery.told.model == "gpt"
    assert "closed claude#1" in bench.diary
    assert bench.nothing_is_held()


async def test_losers_of_a_streamed_race_stop_while_the_winner_talks(bench, plays):
    bench.plan(lanes=2)
    bench.script(claude=plays.stream(b"a", b"b", seconds=1, seconds_between=1), gpt=plays.Play(9))
    await bench.serve(streamed=True)
    order = bench.diary
    assert order.index("stopped gpt#2") < order.index("piece")
    assert order[-2:] == ["record", "end"]
    assert attempts_of(bench.record)["gpt"].ended_ms == pytest.approx(1000, abs=5)


async def test_a_loser_that_is_slow_to_stop_is_in_the_record(bench, plays):
    bench.plan(lanes=2)
    bench.script(claude=plays.Play(1), gpt=plays.stream(b"x", seconds=1, seconds_to_close=4))
    await bench.serve()
    assert len(bench.record.attempts) == 2
    assert bench.diary.index("closed gpt#2") < bench.diary.index("record")


async def test_a_hedge_starts_the_second_when_its_time_has_come(bench, plays):
    bench.plan(hedge_seconds=2)
    bench.script(claude=plays.Play(10), gpt=plays.Play(1))
    delivery = await bench.serve()
    [first, second] = bench.carrier.calls
    assert (first[0], second[0]) == ("claude", "gpt")
    assert second[1] - first[1] == pytest.approx(2, abs=0.001)
    assert delivery.told.model == "gpt"
    assert "stopped claude#1" in bench.diary
    assert bench.nothing_is_held()


async def test_a_hedge_that_is_not_needed_starts_nothing(bench, plays):
    bench.plan(hedge_seconds=2)
    bench.script(claude=plays.Play(1))
    await bench.serve()
    await asyncio.sleep(5)
    assert [model for model, _ in bench.carrier.calls] == ["claude"]


async def test_a_stream_broken_after_a_race_ends_once(bench, plays):
    bench.plan(lanes=3)
    bench.script(
        claude=plays.stream(b"a", AttemptFailed(Trigger.stream_stall, "silent"), seconds=1),
        gpt=plays.Play(3),
        haiku=plays.Play(3),
    )
    await bench.serve(streamed=True)
    assert bench.diary[-2:] == ["record", "broken"]
    assert bench.nothing_is_held()


async def test_an_attempt_that_is_cancelled_by_nobody_counts_as_failed(bench, plays):
    bench.plan(lanes=2)
    bench.script(claude=plays.Play(failure=asyncio.CancelledError()), gpt=plays.failing("timeout"))
    delivery = await bench.serve()
    assert delivery.told.model == "haiku"
    assert attempts_of(bench.record)["claude"].trigger == "unclassified"


async def test_a_bug_in_a_walk_ends_the_request_and_leaves_nothing_running(bench, plays, monkeypatch):
    bench.plan(lanes=2)
    step_on = Walk.next

    def told(walk, event, now):
        if type(event).__name__ == "FirstContent":
            raise RuntimeError("bug")
        return step_on(walk, event, now)

    monkeypatch.setattr(Walk, "next", told)
    bench.script(claude=plays.Play(1), gpt=plays.Play(9))
    with pytest.raises(RuntimeError, match="bug"):
        await bench.serve()
    assert "stopped gpt#2" in bench.diary
    assert bench.engine.in_flight == 0


async def test_a_bug_that_two_meet_at_once_is_told_once(bench, plays, monkeypatch):
    bench.plan(lanes=2)
    untold = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: untold.append(context))

    def told(walk, event, now):
        raise RuntimeError("bug")

    step_on = Walk.next
    monkeypatch.setattr(
        Walk, "next", lambda *args: (told if type(args[1]).__name__ == "FirstContent" else step_on)(*args)
    )
    bench.script(claude=plays.Play(1), gpt=plays.Play(1))
    with pytest.raises(RuntimeError, match="bug"):
        await bench.serve()
    assert untold == []
