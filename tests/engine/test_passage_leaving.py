"""The caller leaves: at every await there is, and by a socket that dies."""

import asyncio
import types

import pytest

from hotspare.router.settings import Limits
from hotspare.router.trigger import Action, AttemptFailed, Trigger

pytestmark = pytest.mark.looptime


@types.coroutine
def cancelled_at(work, number, again_after=None):
    """Run `work` in place; its task is cancelled at its n-th await, and once more so many awaits later."""
    iterator = work.__await__()
    count, error = 0, None
    while True:
        try:
            awaited = iterator.send(None) if error is None else iterator.throw(error)
        except StopIteration:
            return count
        count += 1
        if count == number or (again_after is not None and count == number + again_after):
            asyncio.current_task().cancel()
        error = None
        try:
            yield awaited
        except BaseException as raised:  # noqa: BLE001
            error = raised


async def passes(work, number, again_after=None):
    """True when `work` ran to its end before the n-th await."""

    async def run():
        await cancelled_at(work, number, again_after)

    try:
        await asyncio.ensure_future(run())
    except asyncio.CancelledError:
        return False
    return True


def scenarios(plays):
    cut = AttemptFailed(Trigger.stream_cut, "cut")
    slow_closing = {"seconds": 1, "seconds_to_close": 1}
    return {
        "plain": ({}, {}, False),
        "fallback": ({}, {"claude": plays.failing("timeout")}, False),
        "retry": ({}, {"claude": [plays.failing("overloaded", 503), plays.Play()]}, False),
        "all fail": ({}, {name: plays.failing("timeout") for name in ("claude", "gpt", "haiku")}, False),
        "stream": ({}, {"claude": plays.stream(b"a", b"b", b"c", **slow_closing)}, True),
        "judged stream": ({}, {"claude": plays.stream(b"a", b"b", **slow_closing)}, True),
        "broken stream": ({}, {"claude": plays.stream(b"a", cut)}, True),
        "race": (
            {"lanes": 3},
            {"claude": plays.Play(2), "gpt": plays.Play(1), "haiku": plays.Play(1, seconds_to_close=1)},
            False,
        ),
        "streamed race": (
            {"lanes": 3},
            {
                "claude": plays.stream(b"a", b"b", **slow_closing),
                "gpt": plays.stream(b"c", **slow_closing),
                "haiku": plays.Play(5, stubborn=True),
            },
            True,
        ),
        "held stream": ({}, {"claude": plays.stream(b"a", b"b", **slow_closing)}, True),
        "late fallback": (
            {},
            {"claude": plays.stream(b"a", cut, seconds=4), "gpt": plays.stream(b"b", seconds=4)},
            True,
        ),
        "held race": (
            {"lanes": 3},
            {
                "claude": plays.stream(b"a", b"b", **slow_closing),
                "gpt": plays.stream(b"c", cut, **slow_closing),
                "haiku": plays.stream(b"d", seconds=6, stubborn=True),
            },
            True,
        ),
        "hedge": ({"hedge_seconds": 1}, {"claude": plays.Play(5), "gpt": plays.stream(b"a", seconds=1)}, True),
    }


NAMES = (
    "plain", "fallback", "retry", "all fail", "stream", "broken stream", "race", "streamed race", "hedge",
    "held stream", "late fallback", "held race", "judged stream",
)  # fmt: skip
HELD = {"held stream", "late fallback", "held race"}


@pytest.mark.parametrize("again_after", [None, 1, 2])
@pytest.mark.parametrize("name", NAMES)
async def test_leaving_at_any_await_keeps_one_record_and_gives_everything_back(make_bench, plays, name, again_after):
    number = 0
    left = False
    while True:
        number += 1
        plan, script, streamed = scenarios(plays)[name]
        delivery = "whole" if name in HELD else "live"
        actions = {Trigger.content_filter: Action.next} if name == "judged stream" else {}
        limits = Limits(retries=1, retry_delay_seconds=1.0)
        bench = make_bench(limits=limits, stream_delivery=delivery, actions=actions)
        if plan:
            bench.plan(**plan)
        bench.script(**script)
        ask, call = bench.ask(streamed=streamed)
        done = await passes(bench.engine.serve(ask, call, bench.delivery()), number, again_after)
        assert len(bench.recorder.records) == 1, number
        assert bench.nothing_is_held(), (number, bench.diary)
        if done:
            break
        left = left or bench.record.verdict == "caller_left"
        ended = [entry for entry in bench.diary if entry in {"whole", "end", "broken", "error"}]
        assert len(ended) <= 1
        if bench.record.verdict == "caller_left":
            assert ended == []
    assert left
    assert number > 2


async def test_leaving_stops_the_call_at_once(bench, plays, caplog):
    bench.script(claude=plays.Play(60))
    serving = asyncio.create_task(bench.serve())
    await asyncio.sleep(1)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert bench.diary == ["call claude#1", "stopped claude#1", "record"]
    assert bench.record.verdict == "caller_left"
    assert bench.record.duration_ms == pytest.approx(1000, abs=5)
    assert not caplog.records


async def test_leaving_stops_all_runners_of_a_race_at_once(bench, plays):
    bench.plan(lanes=3)
    bench.script(claude=plays.Play(60), gpt=plays.Play(60), haiku=plays.Play(60))
    serving = asyncio.create_task(bench.serve())
    await asyncio.sleep(1)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert bench.record.duration_ms == pytest.approx(1000, abs=5)
    assert all(attempt.cancelled for attempt in bench.record.attempts)
    assert len(bench.record.attempts) == 3


@pytest.mark.parametrize("moment", ["begin", "piece"])
async def test_a_socket_that_dies_in_the_answer_is_a_departure(bench, plays, moment):
    bench.script(claude=plays.stream(b"a", b"b", b"c", seconds_between=1))
    await bench.serve(streamed=True, delivery=bench.delivery(dies_at=moment))
    assert bench.record.verdict == "caller_left"
    assert "closed claude#1" in bench.diary
    assert bench.diary[-1] == "record"
    assert bench.nothing_is_held()


@pytest.mark.parametrize("moment", ["whole", "end", "error", "broken"])
async def test_a_socket_that_dies_at_the_last_byte_leaves_the_record_as_it_was(bench, plays, moment):
    cut = AttemptFailed(Trigger.stream_cut, "cut")
    scripts = {
        "whole": {},
        "end": {"claude": plays.stream(b"a")},
        "error": {"claude": plays.failing("bad_request", 400)},
        "broken": {"claude": plays.stream(b"a", cut)},
    }
    bench.script(**scripts[moment])
    await bench.serve(streamed=moment in {"end", "broken"}, delivery=bench.delivery(dies_at=moment))
    assert bench.record.verdict != "caller_left"
    assert bench.nothing_is_held()


async def test_a_bug_in_a_delivery_is_raised_after_the_record(bench, plays):
    bench.script(claude=plays.stream(b"a"))
    with pytest.raises(LookupError):
        await bench.serve(streamed=True, delivery=bench.delivery("piece", LookupError))
    assert bench.record.verdict == "caller_left"
    assert bench.nothing_is_held()
