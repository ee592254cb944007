"""`R`: a request of the past, sent once more. It costs, so it asks; and says why where it cannot."""

import asyncio
from dataclasses import replace

import pytest

from hotspare.engine.backend import Prompt, PromptEvent

KEPT = {
    "id": "req-0001", "at": 1_772_937_600.0, "chain": "main", "asked": "main", "caller": "shop-api",
    "dialect": "openai", "input_tokens": 1204, "cost_usd": 0.0031, "request": "{}", "content": True, "redacted": False,
}  # fmt: skip


@pytest.fixture
async def pilot(make_console, begin, backend):
    backend.past["kept"] = [KEPT]
    backend.events_of_prompt = [
        PromptEvent("route", "calling gpt-5"),
        PromptEvent("text", "Hello."),
        PromptEvent("end", "gpt-5: total 800 ms, $0.0030", "req-new"),
    ]
    async with make_console().run_test(size=(100, 30), notifications=True) as pilot:
        await begin(pilot)
        yield pilot


async def test_it_asks_what_it_will_cost_and_enter_sends_nothing(pilot, press, backend, seen):
    await press(pilot, "tab", "R")
    text = seen(pilot.app)
    assert "1,204 tokens in; it came to" in text
    assert "$0.0031 then" in text
    await press(pilot, "enter")
    assert backend.prompts == []
    assert len(pilot.app.screen_stack) == 1


async def test_y_sends_it_as_it_was_and_w_tells_the_new_ones_way(pilot, press, backend, seen):
    await press(pilot, "tab", "R", "y")
    assert backend.prompts == [Prompt("", chain="main", again="req-0001")]
    assert "Hello." in seen(pilot.app)
    assert "total 800 ms" in seen(pilot.app)
    assert "w why this route" in seen(pilot.app)
    await press(pilot, "w")
    assert backend.queries[-1] == ("explain", {"id": "req-new"})
    await press(pilot, "escape")
    assert len(pilot.app.screen_stack) == 1


async def test_the_keys_say_what_esc_does_now_and_w_only_where_it_acts(pilot, press, backend, seen):
    backend.events_of_prompt = backend.events_of_prompt[:2]
    backend.hold_prompt = asyncio.Event()
    await press(pilot, "tab", "R", "y")
    text = seen(pilot.app)
    assert "esc back, and stop it" in text
    assert "w why this route" not in text
    backend.hold_prompt.set()
    await press(pilot, "down")
    text = seen(pilot.app)
    assert "esc back" in text
    assert "stop it" not in text


async def test_the_chosen_one_is_meant(pilot, press, backend):
    await press(pilot, "tab", "down", "R")
    asked = [given["id"] for name, given in backend.queries if name == "kept"]
    assert asked == [pilot.app.page().rows("entries").chosen]


async def test_what_is_not_kept_is_said_with_what_to_do_instead(pilot, press, backend, toasts):
    backend.past["kept"] = [{**KEPT, "content": False, "request": None}]
    await press(pilot, "tab", "R")
    [told] = toasts(pilot.app)
    assert "is not kept" in told
    assert "content = true under [store]" in told
    assert "playground" in told
    assert backend.prompts == []


async def test_a_read_only_instance_sends_nothing(pilot, press, backend, begin, toasts):
    backend.now = replace(backend.now, instance=replace(backend.now.instance, read_only=True))
    await begin(pilot)
    await press(pilot, "tab", "R")
    assert "read-only" in toasts(pilot.app)[-1]
    assert all(name != "kept" for name, _ in backend.queries)


async def test_the_trace_leads_to_it_too(pilot, press, backend, seen):
    await press(pilot, "w")
    assert "R send again" in seen(pilot.app)
    await press(pilot, "R", "y")
    assert [prompt.again for prompt in backend.prompts] == ["req-0001"]
