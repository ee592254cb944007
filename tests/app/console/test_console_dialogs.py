"""In the smallest terminal a dialog still says which keys do what, and how to get out."""

from dataclasses import replace

import pytest

SMALLEST = (40, 12)


async def opened(make_console, begin, press, seen, *keys, size=SMALLEST):
    async with make_console().run_test(size=size) as pilot:
        await begin(pilot)
        await press(pilot, *keys)
        return seen(pilot.app)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("f", ["enter force", "esc", "10 min", "$ hotspare force", "gpt-5"]),
        ("p", ["K up", "esc done", "$ hotspare priorities", "primary"]),
        ("q", ["enter or esc", "k  Keep serving", "s  Stop once they are answered"]),
    ],
)
async def test_the_keys_of_a_dialog_are_seen_in_the_smallest_terminal(make_console, begin, press, seen, keys, told):
    text = await opened(make_console, begin, press, seen, *keys)
    for words in told:
        assert words in text, text


async def test_many_models_leave_room_for_the_keys(make_console, begin, press, seen, backend):
    one = backend.now.models[0]
    models = tuple(replace(one, name=f"model-{n}", position=n) for n in range(1, 15))
    chain = replace(backend.now.chains[0], models=tuple(model.name for model in models), primary="model-1")
    backend.now = replace(backend.now, models=models, chains=(chain,))
    text = await opened(make_console, begin, press, seen, "f")
    assert "enter force" in text
    assert "model-2" in text


async def test_with_room_a_dialog_has_its_blank_lines(make_console, begin, press, seen):
    text = await opened(make_console, begin, press, seen, "f", size=(80, 24))
    box = [line.split("│")[1].strip() for line in text.split("\n") if line.count("│") > 1]
    times = next(place for place, line in enumerate(box) if "10 min" in line)
    assert (box[times - 1], box[times + 1]) == ("", "")


@pytest.mark.parametrize(("keys", "told"), [("f", "◐ cooling"), ("p", "◐ cooling")])
async def test_in_the_smallest_terminal_a_state_is_read_beside_a_short_name(
    make_console, begin, press, seen, keys, told
):
    assert told in await opened(make_console, begin, press, seen, keys)


@pytest.mark.parametrize(("key", "told"), [("colon", "enter does it"), ("slash", "enter keeps")])
async def test_a_narrow_window_gives_its_last_line_to_what_is_typed(make_console, begin, press, seen, key, told):
    words = "a line of thirty characters wide"
    text = await opened(make_console, begin, press, seen, key, *words)
    assert words in text
    assert told not in text
    assert told in await opened(make_console, begin, press, seen, key, *words, size=(80, 24))


@pytest.mark.parametrize("key", ["f", "p"])
async def test_what_is_told_in_a_dialog_and_below_it_goes_on_with_time(make_console, begin, press, seen, backend, key):
    claude, *others = backend.now.models
    async with make_console().run_test(size=(120, 36)) as pilot:
        await begin(pilot)
        await press(pilot, key)
        before = seen(pilot.app)
        well = replace(claude, state="ok", seconds_left=None)
        backend.now = replace(backend.now, models=(well, *others), requests_per_minute=4321, at=backend.now.at + 60)
        await pilot.app.desk.pull()
        await pilot.pause()
        after = seen(pilot.app)
    assert "4321 req/min" in after
    assert before.count("cooling") > after.count("cooling")
    assert "esc" in after


def told(text: str) -> str:
    """The command that a dialog would carry out."""
    [line] = [line.split("│")[1].strip() for line in text.split("\n") if "$ hotspare force" in line]
    return line


async def test_a_dialog_keeps_the_row_that_was_chosen_while_figures_change(make_console, begin, press, seen, backend):
    async with make_console().run_test(size=(120, 36)) as pilot:
        await begin(pilot)
        await press(pilot, "f", "down")
        chosen = told(seen(pilot.app))
        backend.now = replace(backend.now, models=tuple(reversed(backend.now.models)), at=backend.now.at + 1)
        await pilot.app.desk.pull()
        await pilot.pause()
        assert told(seen(pilot.app)) == chosen
