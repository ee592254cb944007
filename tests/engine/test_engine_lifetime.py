import asyncio
import dataclasses
import gc
import time
import weakref

import pytest

from hotspare.engine import engine as engine_module
from hotspare.router.command import Decision, DisableModel, Slot
from hotspare.router.settings import Rates
from hotspare.router.trigger import AttemptFailed, Trigger

pytestmark = pytest.mark.looptime


async def records_of(bench, number):
    """As many finished requests, from another engine of the same kind."""
    for _ in range(number):
        await bench.serve()
    return bench.recorder.records


async def test_in_flight_counts_what_is_served(bench, plays):
    bench.script(claude=plays.Play(5))
    serving = [asyncio.create_task(bench.serve()) for _ in range(3)]
    await asyncio.sleep(1)
    assert bench.engine.in_flight == 3
    await asyncio.gather(*serving)
    assert bench.engine.in_flight == 0


async def test_draining_waits_for_what_is_in_flight(bench, plays):
    bench.script(claude=plays.Play(5))
    serving = asyncio.create_task(bench.serve())
    await asyncio.sleep(1)
    began = asyncio.get_running_loop().time()
    assert await bench.engine.drained(60) is True
    assert asyncio.get_running_loop().time() - began == pytest.approx(4, abs=0.1)
    await serving


async def test_draining_gives_up_after_its_time(bench, plays):
    bench.script(claude=plays.Play(50))
    serving = asyncio.create_task(bench.serve())
    await asyncio.sleep(1)
    assert await bench.engine.drained(2) is False
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert await bench.engine.drained(2) is True


async def test_an_idle_engine_is_drained_at_once(bench):
    assert await bench.engine.drained(0) is True


async def test_the_tick_is_one_named_task_that_ends_with_the_engine(bench):
    def ticks():
        return [task for task in asyncio.all_tasks() if task.get_name() == "hotspare.engine.tick"]

    async with bench.engine:
        await asyncio.sleep(2.5)
        assert len(ticks()) == 1
    assert ticks() == []


async def test_a_tick_that_goes_wrong_is_logged_and_the_next_one_comes(bench, caplog):
    ticked = []

    def tick(now, wall):
        ticked.append(now)
        if len(ticked) == 1:
            raise RuntimeError("bug")
        return ()

    bench.router.tick = tick
    async with bench.engine:
        await asyncio.sleep(3.5)
    assert len(ticked) == 3
    assert "tick went wrong" in caplog.text


@pytest.mark.looptime(False)
async def test_a_loop_that_is_held_up_shows_as_lag(bench, monkeypatch):
    monkeypatch.setattr(engine_module, "TICK_SECONDS", 0.05)
    async with bench.engine:
        assert bench.engine.loop_lag_ms is None
        await asyncio.sleep(0.01)
        time.sleep(0.15)  # noqa: ASYNC251  holding up the loop is what this is about
        await asyncio.sleep(0.005)
        assert bench.engine.loop_lag_ms > 50


async def test_the_next_start_knows_what_the_last_one_did(bench, make_bench):
    records = await records_of(bench, 3)
    restored = make_bench()

    async def past():
        for record in records:
            yield record

    decisions = {Slot("model", "gpt"): Decision(("disabled",), "ada", 1.0)}
    await restored.engine.restore(decisions, {}, past())
    assert restored.router.states["gpt"].decided == "disabled"
    assert len(restored.router.live.recent) == 3


async def test_a_decision_that_the_file_has_come_to_say_is_lifted_at_the_start_and_for_good(bench, make_bench):
    restored = make_bench()
    slot, decision = Slot("model", "gpt"), Decision(("enabled",), "ada", 1.0)

    async def none():
        return
        yield

    await restored.engine.restore({slot: decision}, {}, none())
    assert restored.router.standing.decisions == {}
    lifted = (await restored.journal.latest()).change
    assert (lifted.act, lifted.slot, lifted.before, lifted.after) == ("expired", slot, decision, None)


async def test_restoring_many_records_lets_others_run(bench, make_bench):
    [record] = await records_of(bench, 1)
    restored = make_bench()
    beats = 0

    async def past():
        for _ in range(2000):
            yield record

    async def beat():
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    await restored.engine.restore({}, {}, past())
    beating.cancel()
    assert beats >= 7


async def test_a_memory_that_changed_late_is_kept_at_the_end(bench):
    async with bench.engine:
        bench.router.states["gpt"].clear(0.0)
        bench.router.epoch += 1
    assert bench.diary == ["remember"]


async def test_closing_ends_the_watching(bench):
    async with bench.engine:
        watching = bench.engine.events.watch()
        await bench.engine.apply(DisableModel("gpt"), who="ada", why="", confirmed=False)
    assert [event["event"] async for event in watching] == ["act"]
    assert [event async for event in bench.engine.events.watch()] == []


@pytest.mark.parametrize("failing", [False, True])
async def test_nothing_of_a_request_waits_for_the_garbage_collector(bench, plays, failing):
    class Follower:
        def moved(self, event, steps):
            pass

        def kept(self, record):
            pass

    if failing:
        bench.script(claude=plays.failing("timeout"))
    followers = [Follower()]
    gone = weakref.ref(followers[0])
    ask, call = bench.ask("main", streamed=False)
    gc.disable()
    try:
        await bench.engine.serve(ask, call, bench.delivery(), watcher=followers.pop())
        assert gone() is None
    finally:
        gc.enable()


async def test_requests_after_a_reload_are_carried_out_as_the_chain_says_now(bench, plays):
    cut = AttemptFailed(Trigger.stream_cut, "cut")
    bench.script(claude=plays.stream(b"half ", cut), gpt=plays.stream(b"whole "))
    assert (await bench.serve(streamed=True)).text == b"half "
    chain = dataclasses.replace(bench.settings.chains["main"], stream_delivery="whole")
    settings = dataclasses.replace(bench.settings, chains={"main": chain})
    await bench.engine.reload(settings, file="a.toml", renewed=(), midnight=lambda wall: wall - wall % 86_400)
    assert (await bench.serve(streamed=True)).text == b"whole data: [DONE]\n\n"


class FakeContents:
    def __init__(self):
        self.kept = []

    def content(self, request_id, at, call, body, pieces):
        self.kept.append((request_id, at, call.model, body, pieces))


async def test_what_was_asked_and_answered_is_kept_where_that_is_wished_for(make_bench, plays):
    contents = FakeContents()
    bench = make_bench(contents=contents)
    delivery = await bench.serve()
    bench.script(claude=plays.stream(b"a", b"b"))
    await bench.serve(streamed=True)
    bench.script(claude=plays.Play(60))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await bench.serve()
    told = [(record.id, record.at) for record in bench.recorder.records]
    assert [kept[:2] for kept in contents.kept] == told
    assert [kept[2:] for kept in contents.kept] == [
        ("main", delivery.text, ()), ("main", None, (b"a", b"b")), ("main", None, ())
    ]  # fmt: skip


async def test_every_request_is_counted_in_the_totals(bench, plays):
    await bench.serve()
    bench.script(claude=plays.failing("timeout"))
    await bench.serve()
    assert sum(bench.engine.totals.requests.values()) == 2


async def test_a_reload_journals_what_it_lifts_and_the_next_call_is_priced_as_it_says(bench):
    await bench.engine.apply(DisableModel("gpt", None), who="ann", why="", confirmed=True)
    models = {name: model for name, model in bench.settings.models.items() if name != "gpt"}
    main = bench.settings.chains["main"]
    chain = dataclasses.replace(main, models=tuple(models), limits=dict.fromkeys(models, main.limits["claude"]))
    settings = dataclasses.replace(bench.settings, models=models, chains={"main": chain})
    await bench.engine.reload(settings, file="a.toml", renewed=(), midnight=lambda wall: wall - wall % 86_400)
    assert [entry.change.subject for entry in bench.journal.entries] == ["gpt", "a.toml", "gpt"]
    priced = {name: dataclasses.replace(model, rates=Rates(7_000_000, 0)) for name, model in models.items()}
    await bench.engine.reprice(dataclasses.replace(settings, models=priced))
    await bench.serve()
    assert bench.record.cost_pico_usd == 10 * 7_000_000
