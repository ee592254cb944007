import asyncio
from dataclasses import replace

import pytest

from hotspare.app import heap
from hotspare.app.actions import ACTIONS, by_id
from hotspare.app.console.console import Console
from hotspare.app.console.desk import page_class
from hotspare.app.console.leaving import LeavingFacts, facts_of
from hotspare.app.console.panels import SCREENS
from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.widgets.line import text_of
from hotspare.widgets.line_view import LineView

STREAM = [
    PromptEvent("route", "claude: cooling, 38 s left"),
    PromptEvent("route", "gpt-5: called"),
    PromptEvent("text", "Hel"),
    PromptEvent("text", "lo \x1b[31mthere"),
    PromptEvent("end", "gpt-5, first token 0.8 s, $0.0003", "req-test"),
]


@pytest.fixture
async def pilot(make_console, begin):
    async with make_console().run_test(size=(80, 24), notifications=True) as pilot:
        await begin(pilot)
        yield pilot


async def test_a_test_prompt_streams_in_with_its_route(pilot, press, backend, seen):
    backend.events_of_prompt = STREAM
    await press(pilot, "t", "enter")
    [asked] = backend.prompts
    assert (asked.chain, asked.model) == ("main", "")
    assert asked.text
    text = seen(pilot.app)
    for words in ("claude: cooling, 38 s left", "gpt-5: called", "Hello ␛[31mthere", "first token 0.8 s"):
        assert words in text
    await press(pilot, "ctrl+w")
    assert backend.queries[-1] == ("explain", {"id": "req-test"})


async def test_a_prompt_can_go_to_one_model_alone(pilot, press, backend):
    await press(pilot, "t", "down", "down", "x", "enter")
    assert backend.prompts == [Prompt("x", model="gpt-5")]


async def test_leaving_the_prompt_stops_it(pilot, press, backend, seen):
    backend.events_of_prompt = STREAM[:1]
    backend.hold_prompt = asyncio.Event()
    await press(pilot, "t", "enter")
    assert "back, and stop it" in seen(pilot.app)
    await press(pilot, "escape")
    assert len(pilot.app.screen_stack) == 1
    assert not [worker for worker in pilot.app.workers if worker.name == "prompt" and worker.is_running]


async def test_an_empty_prompt_is_not_sent(pilot, press, backend):
    await press(pilot, "t", "ctrl+u", "backspace", "enter")
    assert backend.prompts == []


async def test_why_shows_candidates_attempts_and_the_rule(pilot, press, backend, seen):
    await press(pilot, "w")
    assert backend.queries == [("explain", {"id": "req-0000"})]
    text = seen(pilot.app)
    for words in ("shop-api asked for main", "skipped: disabled, 28 min left", "rate_limit 429", "ended by  fallback"):
        assert words in text
    await press(pilot, "w")
    assert len(pilot.app.screen_stack) == 1


async def test_why_of_a_request_that_is_not_kept(pilot, press, backend, seen):
    backend.traces = []
    await press(pilot, "w")
    assert "nothing is kept of request req-0000" in seen(pilot.app)


@pytest.mark.parametrize("screen", SCREENS)
async def test_help_of_a_screen_tells_its_figures_and_its_keys(pilot, press, seen, screen):
    await pilot.resize_terminal(120, 140)
    await press(pilot, by_id(screen).keys[0], "question_mark")
    text = seen(pilot.app)
    assert f"figures on {screen}" in text
    assert page_class(screen).ABOUT[0][0] in text
    for action in ACTIONS:
        assert (f" {action.title}. " in text) == action.is_on(screen), action.id


async def test_help_says_what_tab_and_enter_do_where_they_do_something(pilot, press, seen):
    await pilot.resize_terminal(120, 140)
    told = {}
    for key in "1234567":
        await press(pilot, key, "question_mark")
        told[key] = seen(pilot.app)
        await press(pilot, "question_mark")
        assert len(pilot.app.screen_stack) == (1 if key == "1" else 2)
    assert "On a model: force it" in told["1"]
    assert "Force the chosen model" in told["2"]
    assert "of an error, a model or a caller" in told["3"]
    assert [key for key in told if " enter  " in told[key]] == ["1", "2", "3", "6"]
    assert [key for key in told if " tab  " in told[key]] == list("1234567")


async def test_in_a_narrow_window_help_stands_below_its_keys(pilot, press, seen):
    await pilot.resize_terminal(40, 140)
    await press(pilot, "question_mark")
    lines = [line.strip(" │▸") for line in seen(pilot.app).split("\n")]
    place = lines.index("primary ok")
    assert lines[place + 1] == "answered by the model that was"
    assert "figures on overview (traffic only;" in lines[place - 3]
    assert lines[place - 1] == "caller's own fault)"


async def test_what_does_not_fit_of_a_model_is_reached_by_tab(pilot, press, seen):
    await pilot.resize_terminal(60, 16)
    await press(pilot, "2")
    top = seen(pilot.app)
    assert "is passed over" in top
    await press(pilot, "tab", "end")
    assert "is passed over" not in seen(pilot.app)
    assert pilot.app.page().chosen_model().name == "claude"
    await press(pilot, "tab", "down")
    assert pilot.app.page().chosen_model().name == "gpt-5"
    assert "may serve" in seen(pilot.app)
    await pilot.resize_terminal(120, 60)
    await press(pilot, "tab", "down")
    assert pilot.app.page().chosen_model().name == "haiku"


async def test_a_window_without_names_of_screens_says_that_there_are_some(pilot, press, seen, backend, begin):
    backend.now = replace(backend.now, last_act="", last_act_at=None)
    await begin(pilot)
    assert seen(pilot.app).count("1-7 screens") == (" 2 chains" not in seen(pilot.app))
    await pilot.resize_terminal(80, 24)
    await begin(pilot)
    assert "1-7 screens" in seen(pilot.app)
    await press(pilot, "2")
    assert "1-7 screens" not in seen(pilot.app)


async def test_help_gives_the_command_lines(pilot, press, seen):
    await pilot.resize_terminal(120, 140)
    await press(pilot, "question_mark")
    text = seen(pilot.app)
    assert "$ hotspare force CHAIN MODEL --for 10m" in text
    await press(pilot, "escape")
    assert len(pilot.app.screen_stack) == 1


@pytest.mark.parametrize("screen", SCREENS)
async def test_the_palette_knows_every_action_of_a_screen(pilot, press, screen):
    await press(pilot, by_id(screen).keys[0])
    titles = {command.title for command in pilot.app.get_system_commands(pilot.app.screen)}
    assert titles == {action.title for action in ACTIONS if action.is_on(screen)}


# ------------------------------------------------------------------ leaving
@pytest.mark.parametrize(
    ("keys", "chosen"), [(("q", "k"), "serve_on"), (("q", "s"), "stop"), (("ctrl+q", "s"), "stop")]
)
async def test_leaving_while_busy_asks_in_numbers(make_console, begin, press, seen, keys, chosen):
    console = make_console(leaving=lambda: LeavingFacts(1204, 3, 2))
    async with console.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, keys[0])
        assert "1,204 requests from 3 callers in the last five minutes" in seen(pilot.app)
        await press(pilot, *keys[1:])
    assert console.return_value == chosen


@pytest.mark.parametrize("key", ["enter", "escape", "q"])
async def test_staying_is_what_enter_does(make_console, begin, press, key):
    console = make_console()
    async with console.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "q", key)
        assert console.is_running
        assert len(console.screen_stack) == 1


async def test_leaving_without_traffic_just_stops(make_console, begin, press):
    console = make_console(leaving=lambda: LeavingFacts(0, 0))
    async with console.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "q")
    assert console.return_value == "stop"


async def test_an_attached_console_just_leaves(make_console, begin, press):
    console = make_console(attached=True, leaving=lambda: LeavingFacts(99, 9))
    async with console.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "q")
    assert console.return_value == "serve_on"


@pytest.mark.parametrize(("facts", "busy"), [((1, 1, 0), True), ((0, 0, 1), True), ((0, 3, 0), False)])
def test_one_request_is_enough_to_ask(facts, busy):
    assert LeavingFacts(*facts).busy is busy


def test_facts_from_the_screen_count_traffic_of_five_minutes(backend):
    facts = facts_of(backend.now)
    assert facts.busy
    assert facts.requests == len([row for row in backend.now.recent if row.at > backend.now.at - 300])
    assert not facts_of(None).busy


async def test_a_lost_terminal_is_told_once_and_serving_goes_on(make_console, begin):
    told = []
    console: Console = make_console(on_terminal_lost=lambda: told.append(1))
    async with console.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        console.terminal_lost()
        console.terminal_lost()
    assert told == [1]
    assert console.return_value == "serve_on"


async def test_i_tells_all_that_is_going_on(make_console, begin, press, backend, outage_snapshot, seen):
    backend.now = outage_snapshot
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        assert "i +1 more" in seen(pilot.app)
        await press(pilot, "i")
        text = seen(pilot.app)
        assert "What is going on" in text
        assert "claude is limited (429, since 02:37" in text


async def test_what_a_screen_makes_at_its_first_opening_is_kept_from_the_collector(
    make_console, begin, press, monkeypatch
):
    frozen = []
    monkeypatch.setattr(heap, "freeze_new", lambda: frozen.append(1))
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        frozen.clear()
        await press(pilot, "2", "3", "2", "3", "1")
        assert len(frozen) == 2


@pytest.mark.parametrize(("number", "told"), [(1, "; 1 is being answered"), (2, "; 2 are being answered")])
async def test_leaving_counts_what_is_being_answered(make_console, begin, press, number, told):
    async with make_console(leaving=lambda: LeavingFacts(9, 2, number)).run_test(size=(100, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "q")
        said = text_of(pilot.app.screen.query_one("#body", LineView).lines)
        assert told in " ".join(said.split())
