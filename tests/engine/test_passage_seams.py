"""What no plan asks for yet, by a walk that follows a script: continuation, Waits that replace each other, bugs."""

import asyncio
from types import SimpleNamespace

import pytest

from hotspare.dialects.content.judgement import Rules
from hotspare.engine.passage import Passage
from hotspare.router.settings import Limits
from hotspare.router.step import Cancel, Deliver, Fail, Finish, Try, Wait
from hotspare.router.trigger import AttemptFailed, Trigger

pytestmark = pytest.mark.looptime


class ScriptedWalk:
    """Answers each event by its script: the event's name (and number) → steps, or an exception."""

    fallback = False
    waited = slow = False
    delivered_model = "claude"
    attempts_made = 1

    def __init__(self, script):
        self.script = script
        self.told = []

    def next(self, event, now):
        name = f"{type(event).__name__}{getattr(event, 'n', '')}"
        self.told.append((name, now))
        steps = self.script.get(name, ())
        if isinstance(steps, list):
            steps = steps.pop(0) if steps else ()
        if isinstance(steps, Exception):
            raise steps
        return steps

    def record(self, now):
        return SimpleNamespace(ended=now)

    @property
    def names(self):
        return [name for name, _ in self.told]


def trying(number, model="claude"):
    return Try(number, model, "", Limits(), 1e9)


FAIL = Fail(503, "all_models_failed", "nobody", None, "")


@pytest.fixture
def run(bench):
    async def run(script, *, streamed=False):
        walk = ScriptedWalk(script)
        ask, call = bench.ask(streamed=streamed)
        delivery = bench.delivery()
        passage = Passage(walk, ask, call, delivery, carrier=bench.carrier, rules=Rules(), clock=bench.clock)
        walk.began = asyncio.get_running_loop().time()
        try:
            await passage.run(bench.recorder.append)
        finally:
            walk.delivery = delivery
            walk.seconds = asyncio.get_running_loop().time() - walk.began
        return walk

    return run


async def test_a_broken_stream_can_be_continued_by_another_model(bench, plays, run):
    bench.script(claude=plays.stream(b"a", AttemptFailed(Trigger.stream_cut, "cut")), gpt=plays.stream(b"b"))
    walk = await run(
        {
            "Begin": (trying(1),),
            "FirstContent1": (Deliver(1),),
            "Ended1": (trying(2, "gpt"),),
            "FirstContent2": (Deliver(2),),
            "Ended2": (Finish(2),),
        },
        streamed=True,
    )
    assert bench.diary.count("begin") == 1
    assert bench.diary[-2:] == ["record", "end"]
    assert walk.delivery.text == b"abdata: [DONE]\n\n"


async def test_a_new_wait_replaces_the_former(bench, plays, run):
    bench.script(claude=plays.Play(20))
    walk = await run(
        {
            "Begin": (trying(1), Wait(1.0), Wait(3.0)),
            "Due": [(Wait(7.0),), (Cancel(1),)],
            "Cancelled1": (FAIL,),
        }
    )
    assert [now for name, now in walk.told if name == "Due"] == pytest.approx([3.0, 7.0], abs=0.001)
    assert walk.seconds == pytest.approx(7.0, abs=0.01)


async def test_no_time_comes_after_the_decision(bench, plays, run):
    bench.script(claude=plays.stream(b"a", b"b", seconds_between=5))
    walk = await run(
        {"Begin": (trying(1), Wait(3.0)), "FirstContent1": (Deliver(1),), "Ended1": (Finish(1),)}, streamed=True
    )
    await asyncio.sleep(60)
    assert walk.names == ["Begin", "FirstContent1", "Ended1"]


async def test_a_time_that_has_come_is_never_told_as_one_before(bench, run):
    bench.clock = SimpleNamespace(monotonic=lambda: asyncio.get_running_loop().time() * 0.9998)
    walk = await run({"Begin": (Wait(2.0),), "Due": [(Wait(4.0), Wait(4.0)), (FAIL,)]})
    [first, second] = [now for name, now in walk.told if name == "Due"]
    assert first >= 2.0
    assert second >= 4.0


async def test_a_walk_that_fails_to_say_anything_leaves_nothing_running(bench, plays, run):
    bench.script(claude=plays.Play(9), gpt=plays.Play(1))
    bug = RuntimeError("bug")
    with pytest.raises(RuntimeError):
        await run(
            {
                "Begin": (trying(1), trying(2, "gpt")),
                "FirstContent2": bug,
                "CallerLeft": bug,
                "Cancelled1": bug,
            }
        )
    assert "stopped claude#1" in bench.diary


async def test_a_bug_when_a_time_has_come_is_raised_to_the_server(bench, plays, run):
    bench.script(claude=plays.Play(9))
    with pytest.raises(RuntimeError):
        await run({"Begin": (trying(1), Wait(1.0)), "Due": RuntimeError("bug")})
    assert "stopped claude#1" in bench.diary


async def test_an_attempt_that_is_cancelled_twice_is_stopped_once(bench, plays, run):
    bench.script(claude=plays.Play(9), gpt=plays.stream(b"x", seconds=1, seconds_to_close=5))
    walk = await run(
        {
            "Begin": (trying(1), trying(2, "gpt")),
            "FirstContent2": (Cancel(2), Cancel(2), Cancel(1), Cancel(1)),
            "Cancelled1": (Cancel(2),),
            "Cancelled2": (FAIL,),
        }
    )
    assert walk.names.count("Cancelled1") == walk.names.count("Cancelled2") == 1
    assert bench.diary.count("closed gpt#2") == 1
    assert walk.seconds == pytest.approx(6.0, abs=0.01)


async def test_leaving_a_plain_stream_creates_no_task(bench, plays):
    made = []
    bench.script(claude=plays.stream(b"a", b"b", seconds_between=10))
    serving = asyncio.create_task(bench.serve(streamed=True))
    await asyncio.sleep(5)
    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda loop, work, **options: made.append(work) or asyncio.Task(work, loop=loop, **options))
    try:
        serving.cancel()
        await asyncio.wait([serving])
    finally:
        loop.set_task_factory(None)
    assert serving.cancelled()
    assert made == []
    assert bench.record.verdict == "caller_left"
