import asyncio
from dataclasses import replace

import pytest

from hotspare.engine.backend import Prompt, PromptEvent

ANSWER = [
    PromptEvent("route", "claude: 429, next gpt-5"),
    PromptEvent("text", "Hello \x1b[31mthere"),
    PromptEvent("end", "gpt-5: first token 12 ms, total 40 ms, 7 tokens in, 9 out, $0.0004, request r-1", "r-1"),
]


@pytest.fixture
async def pilot(make_console, begin, press, backend):
    backend.events_of_prompt = ANSWER
    async with make_console().run_test(size=(120, 36), notifications=True) as pilot:
        await begin(pilot)
        await press(pilot, "6")
        yield pilot


async def test_a_prompt_goes_to_the_chosen_one_and_shows_its_route(pilot, press, backend, seen):
    await press(pilot, "t", *"Hi", "enter")
    assert backend.prompts == [Prompt("Hi", chain="main")]
    text = seen(pilot.app)
    for told in ("429, next gpt-5", "Hello ", "first token 12 ms", "main  chain"):
        assert told in text
    assert "\x1b" not in text
    await press(pilot, "escape", "w")
    assert backend.queries[-1] == ("explain", {"id": "r-1"})


async def test_until_something_is_asked_it_is_said_how(pilot, press, seen):
    assert "t goes to the prompt, enter sends it there" in seen(pilot.app)
    await press(pilot, "t", *"Hi", "enter")
    assert "goes to the prompt" not in seen(pilot.app)


async def test_several_are_asked_side_by_side(pilot, press, backend, seen):
    await press(pilot, "enter", "down", "enter", "down", "enter", "t", *"Hi", "enter")
    assert backend.prompts == [
        Prompt("Hi", chain="main"),
        Prompt("Hi", model="claude"),
        Prompt("Hi", model="gpt-5"),
    ]
    lines = seen(pilot.app).split("\n")
    assert sum(line.count("Hello") for line in lines) == 3
    assert any(line.count("Hello") == 3 for line in lines)


async def test_more_than_fit_are_said_to_be_too_many(pilot, press, backend, toasts):
    for _ in range(5):
        await press(pilot, "enter", "down")
    await press(pilot, "t", "enter")
    assert len(backend.prompts) == 3
    assert toasts(pilot.app) == ["5 are marked, 3 fit side by side: the first 3 are asked."]


async def test_escape_stops_an_answer_and_then_leaves_the_prompt(pilot, press, backend, seen):
    backend.hold_prompt = asyncio.Event()
    await press(pilot, "t", "enter", "escape")
    assert "stopped" in seen(pilot.app)
    await press(pilot, "escape", "1")
    assert pilot.app.page().NAME == "overview"


async def test_keys_typed_into_the_prompt_are_no_acts(pilot, press, backend):
    await press(pilot, "t", *"12qd?u")
    assert pilot.app.page().NAME == "playground"
    assert backend.applied == []
    await press(pilot, "enter", "t", "up")
    assert backend.prompts[0].text == "12qd?u"
    assert pilot.app.page().query_one("#prompt").value == "12qd?u"


async def test_a_read_only_console_sends_nothing(pilot, begin, press, backend, toasts):
    backend.now = replace(backend.now, instance=replace(backend.now.instance, read_only=True))
    await begin(pilot)
    await press(pilot, "t")
    assert "read-only" in toasts(pilot.app)[-1]
    await press(pilot, "tab", "enter")
    assert backend.prompts == []


async def test_the_last_screen_tells_what_the_console_costs_itself(pilot, press, begin, backend, seen):
    store = replace(backend.now.store, state="locked", detail="another program writes", waiting_bytes=4096, dropped=3)
    refused = "line 7: unknown key"
    backend.now = replace(
        backend.now,
        store=store,
        loop_lag_ms=31.5,
        instance=replace(backend.now.instance, config_path="/etc/hotspare.toml", config_refused=refused),
    )
    await begin(pilot)
    await press(pilot, "7")
    text = seen(pilot.app)
    for told in (
        "demo, simulated", "4711, up 2:00:00", "/etc/hotspare.toml", refused, "locked: another program writes",
        "4,096 bytes in the spool", "31.5 ms at worst", "19 of 20 within", "frames dropped", "120 by 36", "Textual",
    ):  # fmt: skip
        assert told in text


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (300, 100)])
@pytest.mark.parametrize("screen", ["6", "7"])
async def test_every_size_keeps_the_way_out(make_console, begin, press, seen, size, screen):
    async with make_console().run_test(size=size) as pilot:
        await begin(pilot)
        await press(pilot, screen)
        lines = seen(pilot.app).split("\n")
        assert len(lines) == size[1]
        assert "q quit" in lines[-1]
