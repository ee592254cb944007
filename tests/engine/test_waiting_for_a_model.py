import asyncio

import pytest

pytestmark = pytest.mark.looptime


async def ticking(bench, seconds):
    for _ in range(seconds):
        await asyncio.sleep(1)
        bench.router.tick(bench.clock.monotonic(), bench.clock.wall())


async def test_a_caller_that_can_wait_is_served_when_a_model_is_back(bench, plays):
    for state in bench.router.states.values():
        state.decide("disabled", "you")
    waits = {"headers": {"x-hotspare-wait": "30"}}
    requests = [asyncio.ensure_future(bench.serve(**waits)) for _ in range(3)]
    await ticking(bench, 10)
    assert not bench.carrier.calls
    bench.router.states["claude"].decide(None)
    await ticking(bench, 3)
    told = [(await request).told for request in requests]
    assert [one.notice for one in told] == ["queued"] * 3
    begun = [at for _, at in bench.carrier.calls]
    assert begun == pytest.approx([11, 11, 11], abs=0.1), "each answer lets the next go"
    assert begun[0] < begun[1] < begun[2]
    assert bench.nothing_is_held()


async def test_after_its_time_it_gets_the_error_at_once(bench):
    for state in bench.router.states.values():
        state.decide("disabled", "you")
    began = asyncio.get_running_loop().time()
    delivery = await bench.serve(headers={"x-hotspare-wait": "2.5"})
    assert asyncio.get_running_loop().time() - began == pytest.approx(2.5, abs=0.01)
    assert (delivery.fail.status, delivery.told.notice) == (503, "unavailable")
    assert delivery.told.notice_text.endswith("none came back while the caller waited")
    assert bench.nothing_is_held()


async def test_a_caller_may_leave_while_it_waits(bench):
    for state in bench.router.states.values():
        state.decide("disabled", "you")
    request = asyncio.ensure_future(bench.serve(headers={"x-hotspare-wait": "30"}))
    await asyncio.sleep(3)
    request.cancel()
    await asyncio.wait({request})
    assert bench.router.parking.waiting("main") == 0
    assert bench.record.verdict == "caller_left"
    assert bench.nothing_is_held()
