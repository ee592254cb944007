import asyncio

import pytest

from hotspare.router.settings import Model, Rates

pytestmark = pytest.mark.looptime


@pytest.fixture
def bench(make_bench):
    claude = Model(
        "claude", "claude", needs_key=False, rates=Rates(1, 1), max_concurrent=1, max_queued=2, queue_seconds=2.5
    )
    return make_bench(models=[claude])


async def served(bench, count, **options):
    return await asyncio.gather(*(bench.serve(**options) for _ in range(count)))


@pytest.mark.parametrize("streamed", [False, True])
async def test_one_after_another_in_the_order_they_came(bench, plays, streamed):
    bench.script(claude=plays.stream(b"a", seconds=1) if streamed else plays.Play(1))
    told = [delivery.told.model for delivery in await served(bench, 4, streamed=streamed)]
    assert told == ["claude", "claude", "claude", "gpt"], "the fourth finds the line full"
    times = [at for model, at in bench.carrier.calls if model == "claude"]
    assert times == pytest.approx([0, 1, 2], abs=0.05)
    queued = sorted(attempt.queued_ms for record in bench.recorder.records for attempt in record.attempts)
    assert queued == pytest.approx([0, 0, 1000, 2000], abs=50)
    assert bench.nothing_is_held()


async def test_who_waits_too_long_goes_on(bench, plays):
    bench.script(claude=plays.Play(4))
    deliveries = await served(bench, 2)
    assert [delivery.told.model for delivery in deliveries] == ["claude", "gpt"]
    assert bench.carrier.calls[1] == ("gpt", pytest.approx(2.5, abs=0.01))
    assert bench.nothing_is_held()


@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 1.5])
async def test_a_caller_may_leave_at_any_time(bench, plays, after):
    bench.script(claude=plays.Play(1))
    first, leaving, third = (asyncio.ensure_future(bench.serve()) for _ in range(3))
    await asyncio.sleep(after)
    leaving.cancel()
    await asyncio.wait({first, leaving, third})
    assert [task.result().told.model for task in (first, third)] == ["claude", "claude"]
    assert bench.nothing_is_held()


async def test_a_stream_that_is_held_back_waits_in_line_too(bench, plays, make_bench):
    claude = Model("claude", "claude", needs_key=False, max_concurrent=1)
    bench = make_bench(models=[claude], stream_delivery="whole")
    bench.script(claude=plays.stream(b"a", seconds=1))
    deliveries = await served(bench, 2, streamed=True)
    assert [delivery.told.model for delivery in deliveries] == ["claude", "claude"]
    assert bench.nothing_is_held()
