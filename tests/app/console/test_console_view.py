from dataclasses import replace

import pytest
from textual.command import CommandPalette

from hotspare.app.console import panels
from hotspare.app.console.chart_feed import CHART_SECONDS
from hotspare.app.console.overview import Overview
from hotspare.router.error import HotspareError

SIZES = [(40, 12), (60, 16), (80, 24), (160, 50), (200, 60), (80, 50), (120, 30)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_what_is_vital(make_console, begin, seen, size):
    async with make_console().run_test(size=size) as pilot:
        await begin(pilot)
        text = seen(pilot.app)
        lines = text.split("\n")
        assert len(lines) == size[1]
        for vital in ("DEMO", "42 req/min", "02:41:07", "claude is limited", "61.2 %", "37.9 %", "claude", "gpt-5"):
            assert vital in text
        assert "q quit" in lines[-1]
        assert "[f]" in text
        assert ("recent requests" in text) == (size[0] >= 110 and size[1] >= 36)
        assert ("main, last 1 h" in text) == (size[1] >= 36)
        if size[1] >= 16:
            assert "02:41:02" in text


@pytest.mark.parametrize("size", [(39, 24), (80, 9), (12, 3), (30, 8)])
async def test_a_tiny_window_has_one_honest_line_and_a_way_out(make_console, begin, press, seen, size):
    console = make_console(attached=True)
    async with console.run_test(size=size) as pilot:
        await begin(pilot)
        lines = seen(pilot.app).split("\n")
        assert lines[0].startswith("q quits")
        assert all(not line.strip() for line in lines[1:])
        await press(pilot, "q")
    assert console.return_value == "serve_on"


async def test_the_window_may_change_size_while_it_lives(make_console, begin, seen):
    async with make_console().run_test(size=(160, 50)) as pilot:
        await begin(pilot)
        for size in ((40, 12), (10, 4), (80, 24), (200, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await begin(pilot)
        text = seen(pilot.app)
        assert "recent fallbacks" in text
        assert "▸claude" in text
        assert "main   claude ◐ 38 s ──97 %──▶ gpt-5 ● ──3 %──▶ haiku ●" in text


async def test_the_picture_at_80_by_24(make_console, begin, seen):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        text = seen(pilot.app)
        for words in (
            "61.2 % of 1,204   37.9 %  max 10 %",
            "15 min  ✖ 99.9    15 min  ✖          1.1 s  2.3 s usual gone at 17:39",
            " model  state, last 45 min (a column a minute)          ok     p95     cost",
            "▸claude ●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●◐◐◐◐   61 %   1.9 s   $31.02",
            " local  ○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○   -      -       disabled",
            " 02:41:02  claude ▸ gpt-5   rate_limit   429, Retry-After 42   1.8 s  shop-api",
            ' 02:39 you disabled local (until 03:09: "cold start")                  u undoes',
            " f force  d disable  p priority  t test  w why  / filter  u undo  ? help  q quit",
        ):
            assert words in text


async def test_only_what_changed_is_painted_again(make_console, begin, backend):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        view = pilot.app.screen.query_one("#tiles")
        painted = []
        view.refresh = lambda *regions, **_: painted.append(regions)
        await begin(pilot)
        assert painted == []
        backend.now = replace(backend.now, window=replace(backend.now.window, requests=1300))
        await begin(pilot)
        assert [region.y for region in painted[0]] == [1]


async def test_selection_stays_with_the_model_when_the_order_changes(make_console, begin, press, backend, seen):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "j")
        turned = tuple(
            replace(one, position={"claude": 2, "gpt-5": 1}.get(one.name, one.position)) for one in backend.now.models
        )
        backend.now = replace(backend.now, models=turned)
        await begin(pilot)
        text = seen(pilot.app)
        assert "▸gpt-5" in text
        assert text.index("▸gpt-5") < text.index(" claude ●")


async def test_freeze_holds_the_picture_and_the_header_goes_on(make_console, begin, press, backend, seen):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "space")
        newest = replace(backend.now.recent[0], id="req-new", at=backend.now.at + 40)
        backend.now = replace(
            backend.now,
            at=backend.now.at + 42,
            requests_per_minute=99,
            window=replace(backend.now.window, requests=7777),
            recent=(newest, *backend.now.recent),
        )
        await begin(pilot)
        text = seen(pilot.app)
        assert "FROZEN 00:42, 1 newer" in text
        assert "99 req/min" in text
        assert "of 1,204" in text
        await press(pilot, "space")
        assert "of 7,777" in seen(pilot.app)
        assert "FROZEN" not in seen(pilot.app)


async def test_filter_narrows_the_list_is_a_chip_and_escape_clears_it(make_console, begin, press, seen):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "slash", *"nightly")
        text = seen(pilot.app)
        assert "/ nightly" in text
        assert "10 of 40, esc clears" in text
        assert "search" not in text
        await press(pilot, "enter")
        assert "q quit" in seen(pilot.app)
        assert "10 of 40" in seen(pilot.app)
        await press(pilot, "escape")
        assert "10 of 40" not in seen(pilot.app)
        assert "search" in seen(pilot.app)


async def test_keys_typed_into_the_filter_are_no_acts(make_console, begin, press, backend):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "slash", "d", "s", "u", "q", "space", "escape")
        assert backend.applied == []
        assert pilot.app.is_running
        assert pilot.app.desk.state.frozen is None


async def test_r_shows_every_request_where_they_have_no_panel(make_console, begin, press, seen):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "r")
        assert "recent requests" in seen(pilot.app)
        await press(pilot, "r")
        assert "recent fallbacks" in seen(pilot.app)


async def test_range_keys_change_the_chart_and_stop_at_the_ends(make_console, begin, press, backend, seen, toasts):
    async with make_console().run_test(size=(160, 50), notifications=True) as pilot:
        await begin(pilot)
        await begin(pilot)
        assert "main, last 1 h" in seen(pilot.app)
        assert "answered" in seen(pilot.app)
        await press(pilot, "]")
        await begin(pilot)
        assert "main, last 6 h" in seen(pilot.app)
        await press(pilot, "[", "[")
        await begin(pilot)
        assert "main, last 15 min" in seen(pilot.app)
        assert toasts(pilot.app) == []
        await press(pilot, "[")
        assert toasts(pilot.app) == ["15 min is the shortest range."]
        asked = [given["step_seconds"] for name, given in backend.queries if name == "history"]
        assert asked == [60, 300, 60]


async def test_range_keys_without_a_chart_say_why(make_console, begin, press, toasts):
    async with make_console().run_test(size=(80, 24), notifications=True) as pilot:
        await begin(pilot)
        await press(pilot, "]")
        assert toasts(pilot.app) == ["Range: last 6 h. Its chart needs a window of 36 lines or more."]


async def test_the_chart_is_asked_for_no_more_often_than_needed(make_console, begin, backend, fake_clock):
    async with make_console().run_test(size=(160, 50)) as pilot:
        for _ in range(5):
            await begin(pilot)
        assert [name for name, _ in backend.queries] == ["history", "journal"]
        fake_clock.seconds += 5.0
        await begin(pilot)
        assert len(backend.queries) == 4


async def test_the_chart_goes_back_in_time_and_says_so(make_console, begin, press, backend, seen):
    async with make_console().run_test(size=(160, 50)) as pilot:
        await begin(pilot)
        await press(pilot, "comma")
        await begin(pilot)
        since, until = (
            [given for name, given in backend.queries if name == "history"][-1][key] for key in ("since", "until")
        )
        assert until == (backend.now.at - 1800) // 60 * 60
        assert since == until - 3600
        text = seen(pilot.app)
        assert " UP TO 02:11 " in text
        assert "main, 1 h up to 02:11 UTC" in text
        await press(pilot, "n")
        await begin(pilot)
        assert "main, last 1 h" in seen(pilot.app)
        assert "UP TO" not in seen(pilot.app)


async def test_acts_reloads_and_states_stand_on_the_charts_axis(make_console, begin, backend, fake_clock, seen):
    def act(number, minutes, name, subject):
        return {
            "number": number, "when": backend.now.at - minutes * 60, "who": "ada", "act": name, "subject": subject,
            "why": "", "before": None, "after": None, "until": None, "undoes": None, "undone_by": None,
        }  # fmt: skip

    backend.past["journal"] = [
        act(3, 10, "reload", "hotspare.toml"),
        act(2, 30, "force", "main"),
        act(1, 5, "force", "other"),
    ]
    async with make_console().run_test(size=(160, 50)) as pilot:
        await begin(pilot)
        sick = replace(backend.now.models[1], state="open")
        backend.now = replace(backend.now, models=(backend.now.models[0], sick, *backend.now.models[2:]))
        await begin(pilot)
        fake_clock.seconds += 5.0
        await begin(pilot)
        [axis] = [line for line in seen(pilot.app).split("\n") if "└" in line]
        assert [axis.count(sign) for sign in "▲↻✖"] == [1, 1, 1]
        assert axis.index("▲") < axis.index("↻") < axis.index("✖")
        assert "▲ 2 acts" in seen(pilot.app)
        assert "◐ 1 state " in seen(pilot.app)


async def test_tab_goes_to_the_lists_and_enter_asks_why(make_console, begin, press, backend, seen):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await press(pilot, "tab", "j", "enter")
        assert backend.queries[-1] == ("explain", {"id": "req-0001"})
        assert "asked for main" in seen(pilot.app)


async def test_hostile_names_never_reach_the_screen_raw(make_console, begin, press, backend, seen, toasts):
    evil = "\x1b]52;c;QUFB\x07\u202e\x9b31m[red]"
    snapshot = backend.now
    backend.now = replace(
        snapshot,
        instance=replace(snapshot.instance, name=evil, listen=evil, environment=evil),
        chains=(replace(snapshot.chains[0], name=evil, forced=evil),),
        models=tuple(replace(one, chain=evil, name=one.name + evil, reason=evil) for one in snapshot.models),
        situations=(replace(snapshot.situations[0], text=evil, key_text=evil, key=evil),),
        fallbacks=tuple(replace(row, caller=evil, model=evil, reason=evil) for row in snapshot.fallbacks),
        recent=tuple(replace(row, caller=evil, evidence=evil) for row in snapshot.recent),
        last_act=evil,
    )
    backend.traces = [{"id": evil, "caller": evil, "candidates": [{"model": evil, "skip": evil}], "ended_by": evil}]
    for size in ((80, 24), (160, 50)):
        async with make_console().run_test(size=size, notifications=True) as pilot:
            await begin(pilot)
            text = seen(pilot.app)
            for keys in (("w",), ("escape", "p"), ("escape", "f"), ("enter",), ("t",)):
                await press(pilot, *keys)
                text += seen(pilot.app)
            assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text + "".join(toasts(pilot.app)))
            assert "[red]" in text


@pytest.mark.parametrize("size", [(160, 50), (80, 24), (40, 12)])
async def test_ascii_mode_is_ascii_everywhere(make_console, begin, press, seen, size):
    environ = {"HOTSPARE_ASCII": "1", "USER": "ada"}
    async with make_console(environ=environ).run_test(size=size, notifications=True) as pilot:
        await begin(pilot)
        await begin(pilot)
        text = seen(pilot.app)
        for keys in (("f",), ("escape", "p"), ("escape", "w"), ("escape", "question_mark"), ("escape", "t")):
            await press(pilot, *keys)
            text += seen(pilot.app)
        for key in (
            "escape",
            "2",
            "3",
            "4",
            "tab",
            "o",
            "5",
            "6",
            "7",
            "tab",
            "colon",
            "escape",
            "space",
            "y",
            "ctrl+p",
        ):
            await press(pilot, key)
            text += seen(pilot.app)
        assert isinstance(pilot.app.screen, CommandPalette)
        assert text.isascii(), {one for one in text if not one.isascii()}


async def test_toasts_have_no_other_edge_in_ascii_mode(make_console, begin):
    async with make_console(environ={"HOTSPARE_ASCII": "1"}).run_test(size=(80, 24), notifications=True) as pilot:
        await begin(pilot)
        for severity in ("information", "warning", "error"):
            pilot.app.tell("told", severity)
        await pilot.pause()
        assert [toast.styles.border_left[0] for toast in pilot.app.screen.query("Toast")] == ["ascii"] * 3


@pytest.mark.parametrize("screen", ["1", "2", "3", "4", "5", "6", "7"])
async def test_no_colour_means_no_colour(make_console, begin, press, screen, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")  # Textual looks for itself
    async with make_console(environ={"NO_COLOR": "1"}).run_test(size=(160, 50)) as pilot:
        await begin(pilot)
        await press(pilot, screen)
        for strip in pilot.app.screen._compositor.render_strips():
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.is_default


async def test_two_chains_each_have_their_lanes_and_their_acts(make_console, begin, press, backend, fake_clock, seen):
    [chain] = backend.now.chains
    second = replace(chain, name="embeddings", models=("e5", "ada-2"), primary="e5")
    more = tuple(
        replace(backend.now.models[1], chain="embeddings", name=name, position=at + 1)
        for at, name in enumerate(second.models)
    )
    backend.now = replace(backend.now, chains=(chain, second), models=(*backend.now.models, *more))
    async with make_console().run_test(size=(80, 30)) as pilot:
        await begin(pilot)
        assert " embeddings   e5 ●" in seen(pilot.app)
        await press(pilot, "j", "j", "j", "j", "s")
        assert backend.applied[0][0].chain == "embeddings"


async def test_the_chart_is_plotted_for_new_data_or_another_window_and_not_at_every_look(
    make_console, begin, backend, fake_clock, monkeypatch
):
    plotted = []

    def chart(data, width, height, _glyphs):
        plotted.append((data, width, height))
        return []

    monkeypatch.setattr(panels, "chart", chart)
    async with make_console().run_test(size=(160, 50)) as pilot:
        await begin(pilot)
        await begin(pilot)
        plotted.clear()
        for _ in range(3):
            await begin(pilot)
        assert plotted == []
        await pilot.resize_terminal(140, 50)
        await begin(pilot)
        assert len({width for _, width, _ in plotted}) == 1
        plotted.clear()
        backend.history = backend.history[:-1]
        fake_clock.seconds += CHART_SECONDS
        await begin(pilot)
        await begin(pilot)
        assert len(plotted) == 1


@pytest.fixture
def draws(monkeypatch):
    """How often the overview was drawn."""
    seen, original = [], Overview.draw_all
    monkeypatch.setattr(Overview, "draw_all", lambda page: (seen.append(page), original(page)))
    return seen


async def test_figures_that_are_the_same_are_drawn_once_a_second(make_console, begin, fake_clock, backend, draws):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        draws.clear()
        for expected, seconds in ((0, 0.25), (0, 0.25), (1, 0.5), (1, 0.75)):
            fake_clock.seconds += seconds
            await pilot.app.pull()
            assert len(draws) == expected
        backend.now = replace(backend.now)
        await pilot.app.pull()
        assert len(draws) == 2


async def test_what_was_lost_is_drawn_at_once_and_when_it_comes_back(make_console, begin, seen, backend):
    async with make_console().run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        backend.fails = HotspareError("nobody answers")
        await begin(pilot)
        assert "NO ANSWER" in seen(pilot.app)
        backend.fails = None
        await begin(pilot)
        assert "NO ANSWER" not in seen(pilot.app)
