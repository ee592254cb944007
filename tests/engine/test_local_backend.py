import asyncio

import pytest

from hotspare.engine.backend import Backend, Prompt
from hotspare.engine.local import LocalBackend
from hotspare.router.command import DisableModel, JournalEntry, Refusal
from hotspare.router.settings import Limits, Model
from hotspare.router.snapshot import Instance, StoreView
from hotspare.router.trigger import AttemptFailed, Trigger

pytestmark = pytest.mark.looptime


class FakeHistory:
    async def query(self, name, parameters):
        return [{"name": name, **parameters}]


def backend_of(bench, **instance):
    known = Instance("demo", "127.0.0.1:4000", 1, 0.0, "0.1.0", **instance)
    return LocalBackend(bench.engine, history=FakeHistory(), instance=known)


def chunk(text):
    return b'data: {"choices":[{"delta":{"content":"' + text + b'"}}]}\n\n'


async def follow(bench, prompt):
    return [event async for event in backend_of(bench).send_prompt(prompt)]


async def test_it_is_a_backend(bench):
    backend: Backend = backend_of(bench)
    assert await backend.query("requests", last=3) == [{"name": "requests", "last": 3}]


async def test_a_snapshot_says_which_instance_how_the_store_is_and_how_late_the_loop(bench):
    bench.engine.loop_lag_ms = 1.5
    backend = backend_of(bench)
    backend.instance = Instance("other", "127.0.0.1:4100", 1, 0.0, "0.1.0")
    await bench.serve()
    snapshot = await backend.snapshot()
    assert snapshot.instance.name == "other"
    assert snapshot.store.path == "somewhere.db"
    assert snapshot.loop_lag_ms == 1.5
    assert snapshot.today.requests == 1


# ------------------------------------------------------------ figures while nothing happens
async def test_while_only_time_passes_each_second_has_one_snapshot(bench):
    backend = backend_of(bench)
    await asyncio.sleep(0.1)
    first = await backend.snapshot()
    await asyncio.sleep(0.85)
    assert await backend.snapshot() is first
    await asyncio.sleep(0.1)
    second = await backend.snapshot()
    assert second.at == first.at + 0.95


async def test_a_request_is_seen_at_once_while_it_runs_and_when_it_has_ended(bench, plays):
    bench.script(claude=[plays.Play(seconds=0.3), plays.Play()])
    backend = backend_of(bench)
    before = await backend.snapshot()
    serving = asyncio.create_task(bench.serve())
    await asyncio.sleep(0.1)
    under_way = await backend.snapshot()
    assert [model.in_flight for model in under_way.models] == [1, 0, 0]
    assert await backend.snapshot() is not under_way
    await serving
    ended = await backend.snapshot()
    assert (before.today.requests, ended.today.requests) == (0, 1)
    assert not any(model.in_flight for model in ended.models)
    await bench.serve()
    assert (await backend.snapshot()).today.requests == 2


@pytest.mark.parametrize("what", ["act", "breaker", "instance", "console", "store"])
async def test_what_happens_is_seen_at_once(bench, what):
    backend = backend_of(bench)
    before = await backend.snapshot()
    match what:
        case "act":
            bench.journal.seconds = 0
            await backend.apply(DisableModel("gpt"), who="ada")
        case "breaker":
            bench.router._changed()
        case "instance":
            backend.instance = Instance("demo", "127.0.0.1:4100", 1, 0.0, "0.1.0")
        case "console":
            backend.presence.looked("a1", "ada")
        case "store":
            bench.recorder.view = lambda: StoreView("full")
    after = await backend.snapshot()
    assert after is not before
    assert (what == "breaker") == (after == before)


async def test_the_own_screen_sees_the_others_and_not_itself(bench):
    backend = backend_of(bench)
    backend.presence.enter("root")
    assert (await backend.snapshot()).consoles == ()
    backend.presence.looked("a1", "ada")
    assert [console.who for console in (await backend.snapshot()).consoles] == ["ada"]


async def test_a_command_is_carried_out(bench):
    entry = await backend_of(bench).apply(DisableModel("gpt"), who="ada", why="tired")
    assert isinstance(entry, JournalEntry)
    assert entry.change.why == "tired"


async def test_a_read_only_instance_refuses(bench):
    refused = await backend_of(bench, read_only=True).apply(DisableModel("gpt"), who="ada")
    assert isinstance(refused, Refusal)
    assert "read-only" in refused.reason
    assert bench.journal.entries == []


async def test_events_are_those_of_the_engine(bench):
    events = backend_of(bench).events()
    await bench.serve()
    assert (await anext(events))["event"] == "request"


# ------------------------------------------------------------ test prompts
async def test_a_prompt_shows_its_text_and_then_its_figures(bench, plays):
    bench.script(claude=plays.stream(chunk(b"hel"), chunk(b"lo"), seconds=1))
    events = await follow(bench, Prompt("hi"))
    assert [(event.kind, event.text) for event in events[:-1]] == [
        ("route", "calling claude"),
        ("text", "hel"),
        ("text", "lo"),
    ]
    end = events[-1]
    assert end.kind == "end"
    assert end.request_id == bench.record.id
    assert end.text == (
        f"claude: first token 1000 ms, total 1020 ms, 10 tokens in, 5 out, $0.00003500, request {bench.record.id}"
    )
    assert bench.record.kind == "test"
    assert bench.nothing_is_held()


async def test_a_prompt_tells_how_it_fell_back(make_bench, plays):
    bench = make_bench(limits=Limits(retries=1, retry_delay_seconds=9.0))
    bench.script(
        claude=plays.failing("rate_limit", 429),
        gpt=[plays.failing("overloaded", 503), plays.failing("overloaded", 503)],
        haiku=plays.stream(chunk(b"ok")),
    )
    events = await follow(bench, Prompt("hi", chain="main"))
    told = [event.text for event in events if event.kind == "route"]
    assert told[:2] == ["calling claude", "claude: rate_limit (429), next gpt"]
    assert told[2].startswith("gpt: overloaded (503), again in ")
    assert told[3:] == ["calling gpt", "gpt: overloaded (503), next haiku"]


async def test_a_prompt_says_who_was_passed_over(bench, plays):
    await backend_of(bench).apply(DisableModel("claude"), who="ada")
    bench.script(gpt=plays.stream(chunk(b"ok")))
    events = await follow(bench, Prompt("hi"))
    assert [event.text for event in events if event.kind == "route"] == [
        "calling gpt",
        "claude: passed over, disabled by ada",
    ]


async def test_a_prompt_to_one_model_goes_nowhere_else(bench, plays):
    bench.script(gpt=plays.failing("timeout"))
    events = await follow(bench, Prompt("hi", model="gpt"))
    assert [model for model, _ in bench.carrier.calls] == ["gpt"]
    assert [event.kind for event in events] == ["route", "route", "error"]
    assert events[-1].request_id == bench.record.id


async def test_a_prompt_for_nobody_is_one_error(bench):
    [event] = await follow(bench, Prompt("hi", model="nobody"))
    assert event.kind == "error"
    assert "'nobody'" in event.text
    assert "Served are" in event.text
    assert bench.recorder.records == []


async def test_a_prompt_whose_answer_breaks_off_ends_in_an_error(bench, plays):
    bench.script(claude=plays.stream(chunk(b"a"), AttemptFailed(Trigger.stream_cut, "cut")))
    events = await follow(bench, Prompt("hi"))
    assert [event.kind for event in events] == ["route", "text", "error"]
    assert "broke off" in events[-1].text


async def test_a_prompt_answered_whole_shows_its_text(bench):
    events = await follow(bench, Prompt("hi"))
    assert ("text", "hello") in [(event.kind, event.text) for event in events]


async def test_a_prompt_whose_stream_is_all_there_shows_its_text(bench, plays):
    bench.script(claude=plays.stream(streamed=chunk(b"hel") + chunk(b"lo")))
    events = await follow(bench, Prompt("hi"))
    assert ("text", "hello") in [(event.kind, event.text) for event in events]


async def test_an_unknown_cost_is_said(make_bench, plays):
    bench = make_bench(models=[Model("claude", "claude", needs_key=False)])
    bench.script(claude=plays.stream(chunk(b"a")))
    assert "cost unknown" in (await follow(bench, Prompt("hi")))[-1].text


async def test_closing_a_prompt_stops_the_call(bench, plays):
    bench.script(claude=plays.stream(chunk(b"a"), chunk(b"b"), seconds_between=10))
    events = backend_of(bench).send_prompt(Prompt("hi"))
    assert (await anext(events)).kind == "route"
    assert (await anext(events)).kind == "text"
    await events.aclose()
    assert bench.record.verdict == "caller_left"
    assert "closed claude#1" in bench.diary
    assert bench.nothing_is_held()


async def test_a_reader_that_waits_holds_the_answer_up(bench, plays):
    bench.script(claude=plays.stream(*(chunk(b"x") for _ in range(500)), seconds_between=0.001))
    events = backend_of(bench).send_prompt(Prompt("hi"))
    await anext(events)
    await asyncio.sleep(60)
    assert bench.recorder.records == []
    rest = [event async for event in events]
    assert len([event for event in rest if event.kind == "text"]) == 500
