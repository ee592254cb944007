"""The seventh screen's second view: every setting that holds, and where it comes from."""

from dataclasses import replace

import pytest

from hotspare.router.error import HotspareError
from hotspare.router.snapshot import DecisionView

ROWS = [
    {"key": "gateway.port", "value": 4100, "origin": "--port"},
    {"key": "limits.retries", "value": 2, "origin": "default"},
    {"key": "models[0].api_key_env", "value": ["A_KEY", "B_KEY"], "origin": "line 7"},
    {"key": "models[0].name", "value": "\x1b[31mevil", "origin": "line 5"},
]


@pytest.fixture
async def pilot(make_console, begin, backend):
    backend.past["config"] = ROWS
    order = DecisionView("order", "main", "main in order b, a", "ada", backend.now.at, "", None)
    backend.now = replace(backend.now, decisions=(order,))
    async with make_console().run_test(size=(100, 30), notifications=True) as pilot:
        await begin(pilot)
        yield pilot


async def test_each_value_is_told_with_its_origin_and_decisions_above_the_file(pilot, press, backend, seen):
    await press(pilot, "7", "tab")
    text = seen(pilot.app)
    for told in ("gateway.port", "4100", "--port", "A_KEY, B_KEY", "line 7", "default", "override by ada"):
        assert told in text
    assert "\x1b[31m" not in text
    assert [name for name, _ in backend.queries if name == "config"] == ["config"]
    assert next(given for name, given in backend.queries if name == "config") == {}
    assert pilot.app.page().rows("rows").rows[0].key == "chains.main.models"


async def test_settings_are_filtered_and_copied(pilot, press, seen):
    await press(pilot, "7", "tab", "slash", *"~line.*7", "enter")
    assert [row.key for row in pilot.app.page().rows("rows").rows] == ["models[0].api_key_env"]
    assert "1 found, esc clears" in seen(pilot.app)
    await press(pilot, "escape")
    assert len(pilot.app.page().rows("rows").rows) == len(ROWS) + 1


async def test_the_first_view_is_no_list_and_says_so(pilot, press, toasts, seen):
    await press(pilot, "7", "slash")
    assert toasts(pilot.app) == ["Filter: tab shows the settings, which can be filtered."]
    assert "loop lag" in seen(pilot.app)


async def test_lines_that_do_not_fit_are_counted(pilot, press, begin, seen):
    await press(pilot, "7")
    await begin(pilot)
    number = len(pilot.app.page().query_one("#facts").lines)
    assert f"↑↓ {number} lines" in seen(pilot.app)
    await pilot.resize_terminal(100, 60)
    await begin(pilot)
    assert "↑↓" not in seen(pilot.app)


async def test_what_cannot_be_told_or_is_not_there_is_said(pilot, press, backend, begin, fake_clock, seen):
    backend.past["config"], backend.now = [], replace(backend.now, decisions=())
    await begin(pilot)
    await press(pilot, "7", "tab")
    assert "there is no file: the demo makes its own settings" in seen(pilot.app)
    backend.query_fails = HotspareError("line 3 is no TOML")
    fake_clock.seconds += 10
    await begin(pilot)
    assert "the configuration cannot be told: line 3 is no TOML" in seen(pilot.app)


async def test_a_refused_file_is_not_taken_for_what_holds(pilot, press, backend, begin, seen):
    backend.now = replace(backend.now, instance=replace(backend.now.instance, config_refused="line 3"))
    await begin(pilot)
    await press(pilot, "7", "tab")
    assert "a changed file is refused" in seen(pilot.app)
