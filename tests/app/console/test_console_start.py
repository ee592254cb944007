import subprocess
import sys

import pytest

from hotspare.app.console.console import Console
from hotspare.app.console.theme import DARK, LIGHT, PLAIN, choose_theme
from hotspare.app.later import LaterBackend
from hotspare.widgets.line import text_of
from hotspare.widgets.line_view import LineView


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        (
            "hotspare.app.screen, hotspare.app.commands.run",
            ("hotspare.app.actions", "hotspare.router.snapshot", "hotspare.configuration", "hotspare.store.schema"),
        ),
        ("hotspare.app.console.desk", ("plotext", "httpx", "aiosqlite", "pydantic", "httptools", "starlette")),
        ("hotspare.widgets.chart", ("plotext", "hotspare.engine", "hotspare.store")),
        ("hotspare.app.actions", ("textual", "rich", "hotspare.engine")),
    ],
)
def test_the_first_frame_waits_for_nothing_it_does_not_need(module, absent):
    code = f"import sys, {module}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("wanted", "environ", "theme"),
    [
        ("", {}, DARK),
        ("light", {}, LIGHT),
        ("", {"COLORFGBG": "0;15"}, LIGHT),
        ("", {"COLORFGBG": "15;0"}, DARK),
        ("dark", {"COLORFGBG": "0;15"}, DARK),
        ("light", {"NO_COLOR": "1"}, PLAIN),
        ("", {"NO_COLOR": ""}, DARK),
        ("no-such-theme", {}, DARK),
    ],
)
def test_the_theme_follows_wish_and_terminal(wanted, environ, theme):
    assert choose_theme(wanted, environ) is theme


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_states_and_words_can_be_read_on_their_background(theme):
    background = luminance(theme.background)
    words = (theme.variables["foreground-muted"], theme.foreground, theme.accent)
    for colour in (theme.success, theme.warning, theme.error, *words):
        lighter, darker = sorted((luminance(colour), background), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.0, colour


async def test_a_failing_screen_is_logged_and_traffic_goes_on(make_console, backend, caplog):
    backend.now = "no snapshot"  # what the console cannot draw
    console = make_console()
    chosen = await console.run_async(headless=True, size=(80, 24))
    assert chosen == "serve_on"
    assert console.crash is not None
    assert "the console has failed; serving goes on" in caplog.text


async def test_the_first_frame_says_what_is_done_and_can_be_left(make_console, monkeypatch):
    async def never(_console):
        """What lies behind the first frame takes its time."""

    monkeypatch.setattr(Console, "_furnish", never)
    app = make_console(starting="starting: reading prod.toml")
    async with app.run_test(size=(80, 24)) as pilot:
        (line,) = app.screen.query_one(LineView).lines
        assert "starting: reading prod.toml" in text_of([line])
        app.starting("starting: opening the store")
        (line,) = app.screen.query_one(LineView).lines
        assert "opening the store" in text_of([line])
        await pilot.press("q")
    assert app.return_value == "stop"


async def test_what_is_being_done_is_said_until_there_are_figures(make_console, backend, furnished, begin):
    app = make_console(starting="starting: reading prod.toml")
    app.backend = LaterBackend()
    async with app.run_test(size=(80, 24)) as pilot:
        await furnished(pilot)
        app.starting("starting: opening the store")
        assert "opening the store" in text_of(app.page().view("header").lines)
        app.backend.arrive(backend)
        await begin(pilot)
        assert "opening the store" not in text_of(app.page().view("header").lines)
