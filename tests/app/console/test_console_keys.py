from dataclasses import replace

import pytest

from hotspare.router.command import (
    Change,
    ClearModel,
    DisableModel,
    DrainModel,
    EnableModel,
    ForceModel,
    JournalEntry,
    Refusal,
    Release,
    SetPriorities,
    SkipPrimary,
    Slot,
    Undo,
)
from hotspare.router.error import HotspareError
from hotspare.widgets import figures

WIDE = Refusal("that would hold main off its primary", "give it a time, or confirm", needs_confirmation=True)


@pytest.fixture
async def pilot(make_console, begin):
    async with make_console().run_test(size=(80, 24), notifications=True) as pilot:
        await begin(pilot)
        yield pilot


def wall(backend, fake_clock):
    return backend.now.at + fake_clock.seconds - 1000.0


async def test_f_forces_the_next_ready_model_for_ten_minutes(pilot, press, backend, fake_clock, toasts):
    await press(pilot, "f", "enter")
    assert backend.applied == [(ForceModel("main", "gpt-5", wall(backend, fake_clock) + 600), False)]
    assert backend.whos == ["ada"]
    assert toasts(pilot.app) == [
        "Forced gpt-5 in main for 10 min. u undoes.\n$ hotspare force main gpt-5 --for 10m",
    ]


async def test_a_force_can_last_an_hour_or_go_to_another_model(pilot, press, backend, fake_clock):
    await press(pilot, "f", "down", "right", "enter")
    assert backend.applied == [(ForceModel("main", "haiku", wall(backend, fake_clock) + 3600), False)]


async def test_a_force_until_lifted_asks_and_enter_cancels(pilot, press, backend, seen):
    backend.answers = [WIDE]
    await press(pilot, "f", "tab", "tab", "enter")
    assert "That would hold main off its primary." in seen(pilot.app)
    await press(pilot, "enter")
    assert backend.applied == [(ForceModel("main", "gpt-5", None), False)]
    assert len(pilot.app.screen_stack) == 1


async def test_y_confirms_a_wide_act(pilot, press, backend, toasts):
    backend.answers = [WIDE]
    await press(pilot, "f", "left", "enter", "y")
    assert backend.applied == [(ForceModel("main", "gpt-5", None), False), (ForceModel("main", "gpt-5", None), True)]
    assert toasts(pilot.app)[-1].endswith("$ hotspare force main gpt-5 --for ever --yes")


async def test_a_dialog_is_deaf_at_first(pilot, press, backend, fake_clock):
    backend.answers = [WIDE]
    await press(pilot, "f", "left", "enter")
    shown_at = fake_clock.seconds
    for early in (0.0, 0.249):
        fake_clock.seconds = shown_at + early
        await pilot.press("y", "enter")
        assert len(pilot.app.screen_stack) == 2
    fake_clock.seconds = shown_at + 0.25
    await pilot.press("y")
    await pilot.pause()
    await pilot.pause()
    assert backend.applied[-1][1] is True


async def test_escape_leaves_a_dialog_without_an_act(pilot, press, backend):
    await press(pilot, "f", "escape")
    assert backend.applied == []
    assert len(pilot.app.screen_stack) == 1


async def test_s_skips_the_primary_and_pressed_again_lifts_it(pilot, press, backend, fake_clock, begin):
    await press(pilot, "s")
    assert backend.applied == [(SkipPrimary("main", wall(backend, fake_clock) + 600), False)]
    [chain] = backend.now.chains
    backend.now = replace(backend.now, chains=(replace(chain, forced="", force_seconds_left=500.0),))
    await begin(pilot)
    await press(pilot, "s")
    assert backend.applied[-1] == (Release("main"), False)


async def test_d_disables_the_chosen_model_and_enables_one_that_is_out(pilot, press, backend, toasts):
    await press(pilot, "j", "d")
    assert backend.applied == [(DisableModel("gpt-5"), False)]
    assert toasts(pilot.app)[-1] == "Disabled gpt-5. u undoes.\n$ hotspare disable gpt-5"
    await press(pilot, "down", "down", "d")
    assert backend.applied[-1] == (EnableModel("local"), False)


async def test_drain_clear_and_undo(pilot, press, backend, toasts):
    await press(pilot, "D")
    assert "u undoes" in toasts(pilot.app)[-1]
    await press(pilot, "c")
    assert "u undoes" not in toasts(pilot.app)[-1]
    await press(pilot, "u")
    assert [command for command, _ in backend.applied] == [DrainModel("claude"), ClearModel("claude"), Undo()]
    # One toast at a time: a pile of them would hide the figures that the acts have changed.
    assert toasts(pilot.app) == ["Took back: disable local.\n$ hotspare undo"]


async def test_x_lifts_a_force(pilot, press, backend, begin, toasts):
    await press(pilot, "x")
    assert backend.applied == []
    assert toasts(pilot.app) == ["Nothing is forced on main."]
    [chain] = backend.now.chains
    backend.now = replace(backend.now, chains=(replace(chain, forced="gpt-5"),))
    await begin(pilot)
    await press(pilot, "x")
    assert backend.applied == [(Release("main"), False)]


async def test_priorities_are_moved_live(pilot, press, backend, seen):
    await press(pilot, "p", "J", "shift+down", "K")
    assert [command for command, _ in backend.applied] == [
        SetPriorities("main", ("gpt-5", "claude", "haiku", "local")),
        SetPriorities("main", ("gpt-5", "haiku", "claude", "local")),
        SetPriorities("main", ("gpt-5", "claude", "haiku", "local")),
    ]
    assert "$ hotspare priorities main gpt-5,claude,haiku,local" in seen(pilot.app)
    await press(pilot, "K", "K", "escape")
    assert backend.applied[-1][0] == SetPriorities("main", ("claude", "gpt-5", "haiku", "local"))
    assert len(backend.applied) == 4


async def test_a_refused_order_goes_back(pilot, press, backend, seen):
    backend.answers = [Refusal("main is ordered by its file")]
    await press(pilot, "p", "J")
    assert "$ hotspare priorities main claude,gpt-5,haiku,local" in seen(pilot.app)


async def test_a_refusal_is_shown_with_its_reason_and_hint(pilot, press, backend, toasts):
    backend.answers = [Refusal("there is nothing to undo", "look at: hotspare journal")]
    await press(pilot, "u")
    assert toasts(pilot.app) == ["Not done: there is nothing to undo. Look at: hotspare journal."]


async def test_an_instance_that_is_gone_is_told_not_raised(pilot, press, backend, toasts, begin, seen):
    backend.fails = HotspareError("the instance has ended", "start it again")
    await press(pilot, "u")
    assert toasts(pilot.app) == ["The instance has ended. Start it again."]
    await begin(pilot)
    assert "trying again: the instance has ended" in seen(pilot.app)
    backend.fails = None
    await begin(pilot)
    assert "trying again" not in seen(pilot.app)


async def test_what_is_shown_says_how_old_it_is_until_the_instance_answers(
    pilot, press, backend, begin, seen, fake_clock, toasts
):
    backend.fails = HotspareError("it does not run")
    for seconds in (5, 7):
        fake_clock.seconds += seconds
        await begin(pilot)
    assert f"Lost 12 s ago, showing {figures.clock(backend.now.at)} UTC" in seen(pilot.app)
    await press(pilot, "d")
    assert backend.applied == []
    assert "Disable a model: the instance does not answer" in toasts(pilot.app)[0]
    backend.fails = None
    backend.now = replace(backend.now, instance=replace(backend.now.instance, started_at=1.0, pid=77))
    await begin(pilot)
    assert "started anew (pid 77)" in toasts(pilot.app)[0]


@pytest.mark.parametrize("size", [(40, 4), (80, 24)])
async def test_a_loss_is_told_in_the_smallest_window(pilot, backend, begin, seen, size):
    await pilot.resize_terminal(*size)
    backend.fails = HotspareError("it does not run")
    await begin(pilot)
    assert "Lost just now, showing" in seen(pilot.app)


async def test_stopping_all_traffic_needs_the_name_typed(pilot, press, backend, begin):
    models = tuple(one if one.name == "claude" else replace(one, state="disabled") for one in backend.now.models)
    backend.now = replace(backend.now, models=models)
    await begin(pilot)
    backend.answers = [Refusal("claude is the last model of main", needs_confirmation=True)] * 2
    await press(pilot, "d", *"mian", "enter")
    assert backend.applied == [(DisableModel("claude"), False)]
    await press(pilot, "d", *"main", "enter")
    assert backend.applied[-1] == (DisableModel("claude"), True)


async def test_a_key_is_no_answer_where_a_name_is_asked_for(pilot, press, backend, begin):
    models = tuple(one if one.name == "claude" else replace(one, state="disabled") for one in backend.now.models)
    backend.now = replace(backend.now, models=models)
    await begin(pilot)
    backend.answers = [Refusal("claude is the last model of main", needs_confirmation=True)]
    await press(pilot, "d")
    pilot.app.screen.set_focus(None)
    await press(pilot, "y")
    assert len(pilot.app.screen_stack) == 2
    assert len(backend.applied) == 1


async def test_the_last_healthy_model_needs_a_key_but_no_name(pilot, press, backend):
    backend.answers = [Refusal("claude is the last model of main that can serve", needs_confirmation=True)]
    await press(pilot, "d", "y")
    assert backend.applied == [(DisableModel("claude"), False), (DisableModel("claude"), True)]


async def test_read_only_disables_every_act_and_says_why(pilot, press, backend, begin, toasts):
    backend.now = replace(backend.now, instance=replace(backend.now.instance, read_only=True))
    await begin(pilot)
    keys = ("f", "s", "d", "D", "c", "p", "u", "x", "t")
    await press(pilot, *keys)
    assert backend.applied == []
    assert len(pilot.app.screen_stack) == 1
    assert len(toasts(pilot.app)) == len(keys)
    assert all("read-only (read_only = true under [console])" in text for text in toasts(pilot.app))
    await press(pilot, "w")
    assert len(pilot.app.screen_stack) == 2


async def test_a_chain_of_one_model_says_that_there_is_no_other(pilot, press, backend, begin, toasts):
    [chain] = backend.now.chains
    alone = replace(chain, models=("claude",))
    backend.now = replace(backend.now, chains=(alone,), models=backend.now.models[:1])
    await begin(pilot)
    await press(pilot, "f", "s", "p")
    assert backend.applied == []
    assert toasts(pilot.app) == ["main has one model: there is no other to go to."] * 3


async def test_notes_and_lost_durability_are_told(pilot, press, backend, toasts):
    note = "gpt-5 cannot serve now (cooling)"
    change = Change("force", "main", "ada", 0.0, slot=Slot("force", "main"), notes=(note,))
    backend.answers = [JournalEntry(8, change, durable=False)]
    await press(pilot, "f", "enter")
    [text] = toasts(pilot.app)
    assert "Gpt-5 cannot serve now (cooling)." in text
    assert "not durable" in text
    assert text.endswith("$ hotspare force main gpt-5 --for 10m")


async def test_enter_on_a_model_forces_it_and_a_click_on_a_hint_acts(pilot, press, backend):
    await press(pilot, "j", "enter", "enter")
    assert isinstance(backend.applied[0][0], ForceModel)
    await pilot.click("#hints", offset=(1, 0))
    await pilot.pause()
    await pilot.pause()
    assert len(pilot.app.screen_stack) == 2


async def test_acts_before_the_first_figures_say_so(make_console, press, toasts, backend, furnished):
    backend.fails = HotspareError("not yet")
    async with make_console().run_test(size=(80, 24), notifications=True) as pilot:
        await furnished(pilot)
        await press(pilot, "f", "d", "u", "p", "?")
        assert toasts(pilot.app) == ["Nothing is known yet: the instance has not answered."] * 4
        assert len(pilot.app.screen_stack) == 2


async def test_a_name_that_a_question_begins_with_stays_as_it_is(pilot, press, backend, seen):
    backend.answers = [Refusal("claude is the last model of main", needs_confirmation=True)]
    await press(pilot, "d")
    assert " claude is the last model of main." in seen(pilot.app)
