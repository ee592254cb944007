import asyncio
import gc

import pytest

from hotspare.engine.events import Events
from hotspare.router.settings import Model

pytestmark = pytest.mark.looptime


async def test_a_request_is_told_in_the_contracts_words(bench, plays):
    watching = bench.engine.events.watch()
    bench.script(claude=plays.failing("timeout", sent=False))
    await bench.serve()
    event = await anext(watching)
    assert event["event"] == "request"
    wanted = {"ok": True, "fallback": True, "attempts": 2, "model": "gpt", "reason": "timeout", "caller": "shop"}
    assert {name: event[name] for name in wanted} == wanted
    assert event["id"] == bench.record.id
    assert event["cost_usd"] == pytest.approx(10e-6 + 25e-6)


async def test_a_cost_nobody_knows_is_null(make_bench):
    bench = make_bench(models=[Model("claude", "claude", needs_key=False)])
    watching = bench.engine.events.watch()
    await bench.serve()
    assert (await anext(watching))["cost_usd"] is None


async def test_a_slow_watcher_loses_the_oldest_and_is_told_how_many(bench):
    watching = bench.engine.events.watch(limit=3)
    for _ in range(8):
        await bench.serve()
    ids = [record.id for record in bench.recorder.records]
    assert await anext(watching) == {"event": "lost", "count": 5}
    assert [(await anext(watching))["id"] for _ in range(3)] == ids[5:]
    await bench.serve()
    assert (await anext(watching))["event"] == "request"


async def test_a_watcher_waits_for_what_comes(bench):
    watching = bench.engine.events.watch()
    waiting = asyncio.create_task(anext(watching))
    await asyncio.sleep(1)
    assert not waiting.done()
    await bench.serve()
    assert (await waiting)["event"] == "request"


async def test_a_watcher_that_is_cancelled_while_it_waits_loses_nothing(bench):
    watching = bench.engine.events.watch()
    waiting = asyncio.create_task(anext(watching))
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.sleep(0)
    await bench.serve()
    assert (await anext(watching))["event"] == "request"


async def test_each_watcher_sees_everything(bench):
    first, second = bench.engine.events.watch(), bench.engine.events.watch()
    await bench.serve()
    assert await anext(first) == await anext(second)


async def test_a_closed_watcher_hears_nothing(bench):
    watching = bench.engine.events.watch()
    await bench.serve()
    await watching.aclose()
    await bench.serve()
    assert [event async for event in watching] == []


async def test_a_forgotten_watcher_costs_nothing(bench):
    bench.engine.events.watch()
    gc.collect()
    assert len(bench.engine.events._watching) == 0


def test_no_row_is_made_when_nobody_watches():
    Events().request(None)
