from dataclasses import replace

import pytest
from textual.widgets import Input

from hotspare.app.console.prompt_screen import FIRST_TEXT, PromptScreen
from hotspare.app.console.spoken import NotUnderstood, offers, understand
from hotspare.engine.backend import Prompt
from hotspare.router.command import DisableModel, ForceModel, SetPriorities


@pytest.mark.parametrize(
    ("typed", "action", "given"),
    [
        ("force main gpt-5", "force", {"chain": "main", "model": "gpt-5", "seconds": 600.0}),
        ("force main gpt-5 1h", "force", {"chain": "main", "model": "gpt-5", "seconds": 3600.0}),
        ("hotspare force main gpt-5 --for ever", "force", {"chain": "main", "model": "gpt-5", "seconds": None}),
        ("disable gpt-5", "disable", {"model": "gpt-5", "seconds": None}),
        ("drain gpt-5 2h", "drain", {"model": "gpt-5", "seconds": 7200.0}),
        ("enable local", "enable", {"model": "local"}),
        ("priorities main haiku,claude", "priorities", {"chain": "main", "models": ("haiku", "claude")}),
        ("rel main", "release", {"chain": "main"}),
        ("undo", "undo", {}),
        ("q", "quit", {}),
        ("chains", "chains", {}),
        ("explain req-7", "explain", {"id": "req-7"}),
        ("prompt", "prompt", {}),
        ("prompt What's up?", "prompt", {"text": "What's up?"}),
        ('hotspare prompt "say  hello"', "prompt", {"text": "say  hello"}),
        ('prompt say "hello"', "prompt", {"text": 'say "hello"'}),
        ("prom --model haiku what now", "prompt", {"text": "what now", "model": "haiku"}),
        ("prompt --model=haiku", "prompt", {"text": "", "model": "haiku"}),
        ("prompt --chain main hi", "prompt", {"text": "hi", "chain": "main"}),
    ],
)
def test_what_is_typed_is_understood(backend, typed, action, given):
    spoken = understand(typed, backend.now)
    assert (spoken.action.id, dict(spoken.given)) == (action, given)


def test_a_filter_is_taken_as_it_was_typed(backend):
    assert understand(r"requests /~5\d\d 'x", backend.now).filter == r"~5\d\d 'x"
    assert understand("prompt what is /dev/null", backend.now).filter is None


def test_a_slash_filters_the_screen(backend):
    assert understand("overview /caller:shop >5s", backend.now).filter == "caller:shop >5s"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "nothing was typed"),
        ("fly", "no action named fly"),
        ("force", "needs a chain"),
        ("force main", "needs a model"),
        ("force mein gpt-5", "no chain named mein"),
        ("disable gpt-6", "no model named gpt-6"),
        ("priorities main haiku,gpt-6", "no model named gpt-6"),
        ("force main gpt-5 soon", "soon"),
        ("enable local now", "now is one word too many"),
        ("d", "may be"),
        ("priorities main", "needs models"),
        ('disable "gpt-5', "quotation mark"),
        ("prompt --model gpt-6 hello", "no model named gpt-6"),
        ("prompt --chain mein hello", "no chain named mein"),
        ("pr hello", "may be"),
    ],
)
def test_what_is_no_command_is_said_with_a_remedy(backend, typed, told):
    with pytest.raises(NotUnderstood) as caught:
        understand(typed, backend.now)
    assert told in caught.value.title
    assert caught.value.hint


def test_completions_are_whole_commands_that_are_understood(backend):
    lines = offers(backend.now)
    assert "force main gpt-5 10m" in lines
    for line in lines:
        if " " in line:
            assert understand(line, backend.now).given


async def test_a_command_is_typed_and_done(make_console, begin, press, backend, toasts, seen):
    async with make_console().run_test(size=(80, 24), notifications=True) as pilot:
        await begin(pilot)
        await press(pilot, "colon", *"disable haiku", "enter")
        assert backend.applied == [(DisableModel("haiku"), False)]
        await press(pilot, "colon", *"force main haiku", "enter")
        assert isinstance(backend.applied[-1][0], ForceModel)
        await press(pilot, "colon", *"fly", "enter")
        assert toasts(pilot.app)[-1] == "there is no action named fly; ? lists them all."
        await press(pilot, "colon", "up", "up", "enter")
        assert isinstance(backend.applied[-1][0], ForceModel)
        await press(pilot, "colon", *"priorities main haiku,gpt-5", "escape")
        assert not any(isinstance(command, SetPriorities) for command, _ in backend.applied)
        assert "q quit" in seen(pilot.app)


async def test_the_line_leads_to_a_screen_with_a_filter(make_console, begin, press, seen):
    async with make_console().run_test(size=(120, 40)) as pilot:
        await begin(pilot)
        await press(pilot, "colon", *"chains", "enter")
        assert pilot.app.page().NAME == "chains"
        await press(pilot, "colon", *"overview /nightly", "enter")
        assert "10 of 40, esc clears" in seen(pilot.app)


@pytest.mark.parametrize(
    ("typed", "text", "target"),
    [
        ("prompt what's new", "what's new", Prompt("what's new", chain="main")),
        ("prompt --model haiku hello", "hello", Prompt("hello", model="haiku")),
        ("prompt --chain main", FIRST_TEXT, Prompt(FIRST_TEXT, chain="main")),
    ],
)
async def test_a_prompt_is_put_into_its_dialog_and_sent_from_there(
    make_console, begin, press, backend, typed, text, target
):
    async with make_console().run_test(size=(100, 30)) as pilot:
        await begin(pilot)
        await press(pilot, "colon", *typed, "enter")
        assert isinstance(pilot.app.screen, PromptScreen)
        assert pilot.app.screen.query_one("#prompt", Input).value == text
        assert backend.prompts == []
        await press(pilot, "enter")
        assert backend.prompts == [replace(target, max_tokens=512)]


async def test_what_is_typed_on_goes_behind_the_text(make_console, begin, press, backend):
    async with make_console().run_test(size=(100, 30)) as pilot:
        await begin(pilot)
        await press(pilot, "colon", *"prompt what", "enter", *" now", "enter")
        assert [prompt.text for prompt in backend.prompts] == ["what now"]


def test_a_mistyped_action_is_told_the_nearest():
    with pytest.raises(NotUnderstood, match="there is no action named froce; did you mean force"):
        understand("froce main gpt-5", None)
