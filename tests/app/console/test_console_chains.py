from dataclasses import replace

import pytest

from hotspare.app.console.panels import SCREENS
from hotspare.router.command import DisableModel, ForceModel, SetPriorities
from hotspare.router.snapshot import DecisionView


@pytest.fixture
async def pilot(make_console, begin, press):
    async with make_console().run_test(size=(120, 36), notifications=True) as pilot:
        await begin(pilot)
        await press(pilot, "2")
        yield pilot


async def test_each_model_has_its_place_its_state_and_its_price(make_console, begin, press, backend, seen):
    models = tuple(replace(one, input_pico_usd=3_000_000, output_pico_usd=150_000) for one in backend.now.models)
    backend.now = replace(backend.now, models=models)
    async with make_console().run_test(size=(120, 36)) as pilot:
        await begin(pilot)
        await press(pilot, "2")
        [claude] = [line for line in seen(pilot.app).split("\n") if line.startswith("▸1")]
        for told in ("claude", "cooling down, 38 s", "61.2 %", "1,204", "1.9 s", " 3 ", "0.15", "$31.02"):
            assert told in claude


async def test_the_chosen_model_says_why_it_may_not_serve_and_how_far_its_limits_are(
    pilot, begin, press, backend, seen
):
    models = tuple(replace(one, conditions=("2 of 5 failures in a row",)) for one in backend.now.models)
    about = DecisionView("disable", "local", "local disabled", "ada", 1_772_937_500.0, "cold start", 1700.0)
    backend.now = replace(backend.now, models=models, decisions=(about,))
    await begin(pilot)
    text = seen(pilot.app)
    assert "is passed over: cooling down (429, Retry-After)" in text
    assert "2 of 5 failures in a row" in text
    await press(pilot, "down", "down", "down")
    assert 'local disabled, by ada at 02:38 UTC, "cold start", 28 min left' in seen(pilot.app)


async def test_a_model_is_moved_one_place_and_the_ends_say_so(pilot, press, backend, toasts):
    await press(pilot, "K")
    assert backend.applied == []
    assert toasts(pilot.app) == ["claude is the first of main already."]
    await press(pilot, "j", "K")
    await press(pilot, "J")
    assert [command for command, _ in backend.applied] == [
        SetPriorities("main", ("gpt-5", "claude", "haiku", "local")),
        SetPriorities("main", ("claude", "haiku", "gpt-5", "local")),
    ]


async def test_acts_are_about_the_model_under_this_screens_cursor(pilot, press, backend):
    await press(pilot, "j", "d", "f", "enter")
    assert backend.applied[0][0] == DisableModel("gpt-5")
    assert isinstance(backend.applied[1][0], ForceModel)


async def test_a_screen_is_as_it_was_left(pilot, press, seen):
    await press(pilot, "j", "j", "1", "2")
    assert pilot.app.page().NAME == "chains"
    assert pilot.app.page().chosen_model().name == "haiku"
    await press(pilot, "1")
    assert pilot.app.page().chosen_model().name == "claude"
    assert "recent fallbacks" in seen(pilot.app)


async def test_figures_that_come_while_a_screen_is_being_made_do_no_harm(make_console, begin, seen):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        for name in SCREENS[1:]:
            pilot.app.desk.go(name)
            await pilot.app.pull()
            await begin(pilot)
            assert name == pilot.app.page().NAME
        assert "instance" in seen(pilot.app)
