"""Requests, cost and journal: screens whose rows are asked from the past."""

import json
from dataclasses import replace

import pytest

from hotspare.router.error import HotspareError
from hotspare.router.settings import PICO_PER_USD

AT = 1_772_937_000.0
SUMS = {
    "requests": 100, "ok": 98, "failed": 2, "primary": 70, "fallback": 28, "mean_ms": 1200.0, "p50_ms": 900.0,
    "p95_ms": 3000.0, "input_tokens": 4000, "output_tokens": 800, "cost_usd": 3.0, "unpriced_requests": 0,
}  # fmt: skip


def past_request(number, **given):
    return {
        "id": f"old-{number:03}", "at": AT - number, "chain": "main", "asked": "main", "meant": "claude",
        "model": "haiku", "caller": "nightly", "session": None, "kind": "traffic", "verdict": "answered", "status": 200,
        "fallback": True, "attempts": 2, "reason": "timeout", "duration_ms": 9000.0, "input_tokens": 10,
        "output_tokens": 5, "cost_usd": 0.25, "unpriced": False, **given,
    }  # fmt: skip


@pytest.fixture
def filled(backend):
    backend.past = {
        "requests": [past_request(number) for number in range(3)],
        "errors": [
            {"trigger": "timeout", "model": "claude", "count": 30, "requests": 20, "last_at": AT},
            {"trigger": "auth", "model": "gpt-5", "count": 10, "requests": 10, "last_at": AT - 60},
        ],
        "slow": [{"model": "haiku", "count": 7, "mean_ms": 2500.0, "p50_ms": 2000.0, "p95_ms": None}],
        "figures": [
            {"name": "shop-api", **SUMS},
            {"name": "search", **SUMS, "requests": 400, "failed": 0, "cost_usd": 1.0, "calls": 400},
            {"name": "\x1b[31mevil", **SUMS, "cost_usd": None, "unpriced_requests": 5},
        ],
        "journal": [
            {
                "number": 2, "when": AT, "who": "ada", "act": "disable", "subject": "local", "why": "cold start",
                "before": None, "after": ["disabled"], "until": None, "undoes": None, "undone_by": 3, "durable": True,
            },
            {
                "number": 1, "when": AT - 60, "who": "bob", "act": "force", "subject": "main", "why": "",
                "before": None, "after": ["force", "gpt-5"], "until": AT + 600, "undoes": None, "undone_by": None,
                "durable": False,
            },
        ],
    }  # fmt: skip
    return backend


@pytest.fixture
async def pilot(make_console, begin, filled):
    async with make_console().run_test(size=(160, 44), notifications=True) as pilot:
        await begin(pilot)
        yield pilot


def asked(backend, name):
    return [given for wanted, given in backend.queries if wanted == name]


# ------------------------------------------------------------------ requests
async def test_live_requests_stand_before_those_of_the_past(pilot, press, filled, seen):
    await press(pilot, "3")
    lines = [line for line in seen(pilot.app).split("\n") if "02:" in line[:10]]
    assert lines[0].startswith("▸02:41:06")
    assert "skipped, 40 s left" in seen(pilot.app)
    assert asked(filled, "requests") == [{"last": 300, "since": filled.now.at - 3600}]
    await press(pilot, "end")
    assert "haiku" in seen(pilot.app)
    assert pilot.app.page().chosen_request() == "old-002"


async def test_a_request_is_there_once_though_both_know_it(pilot, begin, press, filled):
    filled.past["requests"] = [past_request(1, id=filled.now.recent[0].id)]
    await press(pilot, "3")
    keys = [row.key for row in pilot.app.page().rows("rows").rows]
    assert len(keys) == len(set(keys)) == len(filled.now.recent)


async def test_a_filter_narrows_both_and_is_asked_where_nothing_is_lost(pilot, press, filled, seen):
    await press(pilot, "3", "slash", *"timeout caller:nightly >5s", "enter")
    assert asked(filled, "requests")[-1] == {
        "last": 300, "trigger": "timeout", "text": "nightly", "since": filled.now.at - 3600,
    }  # fmt: skip
    rows = [row.key for row in pilot.app.page().rows("rows").rows]
    assert {"old-000", "old-001", "old-002"} <= set(rows)
    assert all("timeout" in "".join(text for text, _ in row.line) for row in pilot.app.page().rows("rows").rows)
    assert "esc clears" in seen(pilot.app)
    await press(pilot, "slash", *" zebra", "enter")
    assert "none matches the filter in the last 1 h" in seen(pilot.app)
    await press(pilot, "escape")
    assert len(pilot.app.page().rows("rows").rows) > 60


async def test_a_filter_belongs_to_its_screen(pilot, press, seen):
    await press(pilot, "3", "slash", *"nightly", "enter", "1")
    assert "esc clears" not in seen(pilot.app)
    await press(pilot, "3")
    assert "/ nightly" in seen(pilot.app)


async def test_enter_asks_why_of_the_chosen_one(pilot, press, filled):
    await press(pilot, "3", "end", "enter")
    assert asked(filled, "explain") == [{"id": "old-002"}]


async def test_views_show_errors_slow_models_and_callers(pilot, press, filled, seen):
    await press(pilot, "3", "tab")
    text = seen(pilot.app)
    for told in ("timeout", "claude", "75 %", "no connection, no first content"):
        assert told in text
    await press(pilot, "tab")
    assert "2.5 s" in seen(pilot.app)
    await press(pilot, "tab")
    assert "98.0 %" in seen(pilot.app)
    assert asked(filled, "figures") == [{"by": "caller", "since": filled.now.at - 3600}]
    await press(pilot, "shift+tab", "shift+tab", "down", "enter")
    assert pilot.app.page().filter.text == "trigger:auth"
    assert asked(filled, "requests")[-1]["trigger"] == "auth"


async def test_the_names_of_views_give_way_to_range_and_order(pilot, press, seen):
    await pilot.resize_terminal(80, 24)
    await press(pilot, "4")
    assert "hour  fallbacks  outcomes  kind  last 1 h" in seen(pilot.app)
    await press(pilot, "tab", "o")
    line = next(line for line in seen(pilot.app).split("\n") if "2 of 8" in line)
    assert line.strip() == "chain   2 of 8  last 1 h  by requests, most first"


async def test_another_order_keeps_the_cursor_on_its_row(pilot, press):
    await press(pilot, "3", "shift+tab", "down")
    rows = pilot.app.page().rows("rows")
    chosen = rows.chosen
    assert [row.key.split("\n")[0] for row in rows.rows][:2] == ["shop-api", "search"]
    await press(pilot, "o")
    assert "by failed, most first" in "".join(text for text, _ in pilot.app.page().view("views").lines[0])
    await press(pilot, "O")
    assert rows.rows[0].key.startswith("search")
    assert rows.chosen == chosen


async def test_the_range_is_asked_anew_and_shared(pilot, press, filled):
    await press(pilot, "3", "]", "4")
    assert [given["since"] for given in asked(filled, "requests")] == [filled.now.at - 3600, filled.now.at - 21600]
    assert asked(filled, "figures")[-1]["since"] == filled.now.at - 21600


async def test_all_screens_go_back_in_time_together(pilot, press, filled, seen):
    end = (filled.now.at - 1800) // 60 * 60
    await press(pilot, "3", "comma", "4", "5", "3")
    for name in ("requests", "figures", "journal"):
        assert asked(filled, name)[-1]["until"] == end
        assert asked(filled, name)[-1]["since"] == end - 3600
    assert "1 h up to 02:11 UTC" in seen(pilot.app)
    assert "UP TO 02:11" in seen(pilot.app)


async def test_what_has_just_ended_is_not_among_what_was(pilot, press, filled):
    await press(pilot, "3", "comma")
    assert {row.key for row in pilot.app.page().rows("rows").rows} == {"old-000", "old-001", "old-002"}
    await press(pilot, "n")
    assert "req-0100" in {row.key for row in pilot.app.page().rows("rows").rows}


async def test_later_than_now_there_is_nothing(pilot, press, filled, toasts):
    await press(pilot, "3", "comma", "full_stop", "full_stop")
    assert toasts(pilot.app) == ["This is the last 1 h: there is nothing later."]
    assert pilot.app.page().state.ends_at is None
    assert "until" not in asked(filled, "requests")[-1]


async def test_a_journal_without_acts_in_the_range_says_when_the_latest_was(pilot, press, filled, begin, seen):
    filled.past["journal"] = []
    filled.now = replace(filled.now, last_act_at=filled.now.at - 7200)
    await begin(pilot)
    await press(pilot, "5")
    assert "nobody changed anything in the last 1 h. The latest act was on 8 Mar, 00:41 UTC" in seen(pilot.app)


async def test_a_regular_expression_filters_and_a_broken_one_is_said(pilot, press, seen):
    await press(pilot, "3", "slash", *"id:~00[12]$", "enter")
    assert [row.key for row in pilot.app.page().rows("rows").rows][-1] == "old-002"
    assert "old-000" not in [row.key for row in pilot.app.page().rows("rows").rows]
    await press(pilot, "slash", *"~(", "enter")
    assert "is no regular expression" in seen(pilot.app)


async def test_nothing_is_asked_while_frozen_or_not_looked_at(pilot, begin, press, filled, fake_clock):
    await press(pilot, "3", "space")
    number = len(filled.queries)
    fake_clock.seconds += 60
    await begin(pilot)
    assert len(filled.queries) == number
    await press(pilot, "space", "2")
    number = len(filled.queries)
    fake_clock.seconds += 60
    await begin(pilot)
    assert len(filled.queries) == number


@pytest.mark.parametrize("screen", ["3", "4", "5"])
async def test_a_past_that_cannot_be_told_is_said(pilot, press, filled, seen, screen):
    filled.query_fails = HotspareError("the store is locked")
    filled.now = replace(filled.now, recent=())
    await pilot.app.pull()
    await press(pilot, screen)
    assert "the past cannot be told: the store is locked" in seen(pilot.app)


# ------------------------------------------------------------------ cost
async def test_cost_is_told_against_the_limit_and_by_model(pilot, press, seen, filled):
    await press(pilot, "4")
    text = seen(pilot.app)
    for told in ("$41.20 of $100.00", "41 %", "gone at 17:39 UTC", "no price known for claude", "$3.00", "75 %"):
        assert told in text
    assert "no price" in text
    assert asked(filled, "figures") == [{"by": "model", "last": 200, "since": filled.now.at - 3600}]
    filled.past["figures"] = []
    await press(pilot, *["tab"] * 6)
    assert asked(filled, "figures")[-1]["by"] == "outcome"


async def test_a_limit_that_is_gone_is_said(pilot, begin, press, seen, filled):
    filled.now = replace(filled.now, daily_limit_pico_usd=41 * PICO_PER_USD)
    await begin(pilot)
    await press(pilot, "4")
    assert "over the limit" in seen(pilot.app)
    filled.now = replace(filled.now, daily_limit_pico_usd=None)
    await begin(pilot)
    assert "no limit is set" in seen(pilot.app)


async def test_hours_are_times_of_day(pilot, press, seen, filled):
    filled.past["figures"] = [{"name": AT, **SUMS}]
    await press(pilot, "4", *["tab"] * 4)
    assert "8 Mar, 02:30 UTC" in seen(pilot.app)


# ------------------------------------------------------------------ journal
async def test_acts_and_states_stand_on_one_time_line(pilot, begin, press, seen, filled):
    better = tuple(
        replace(one, state="ok", reason="", seconds_left=None) if one.name == "claude" else one
        for one in filled.now.models
    )
    filled.now = replace(filled.now, at=filled.now.at + 1, models=better)
    await begin(pilot)
    await press(pilot, "5")
    lines = [line for line in seen(pilot.app).split("\n") if line[4:9].startswith("02:")]
    assert "state" in lines[0]
    assert "cooling down" in lines[0]
    assert "ready" in lines[0]
    assert "cold start" in lines[1]
    assert "△" in lines[1]
    assert "gpt-5 until 02:40" in lines[2]
    await press(pilot, "Y")
    told = json.loads(pilot.app.clipboard)
    assert (told["act"], told["subject"], told["after"]) == ("state", "claude", "ready")
    await press(pilot, "down", "Y")
    assert json.loads(pilot.app.clipboard)["who"] == "ada"
    await press(pilot, "down")
    assert "not durable" in seen(pilot.app)


async def test_the_journal_is_filtered(pilot, press, seen):
    await press(pilot, "5", "slash", *"bob", "enter")
    assert "1 found" in seen(pilot.app)
    assert [row.key for row in pilot.app.page().rows("rows").rows] == ["act 1"]


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (80, 24), (300, 100)])
@pytest.mark.parametrize("screen", ["2", "3", "4", "5"])
async def test_every_screen_keeps_its_way_out_and_its_cursor_at_every_size(
    make_console, begin, press, seen, filled, size, screen
):
    async with make_console().run_test(size=size) as pilot:
        await begin(pilot)
        await press(pilot, screen)
        await begin(pilot)
        lines = seen(pilot.app).split("\n")
        assert "q quit" in lines[-1]
        assert "claude is" in seen(pilot.app)
        assert any(line.startswith("▸") for line in lines)
        await pilot.resize_terminal(30, 8)
        await press(pilot, "1", screen)
        assert seen(pilot.app).startswith("q quits")
        assert seen(pilot.app).strip().count("\n") == 0


async def test_hostile_words_reach_no_screen_raw(make_console, begin, press, seen, filled):
    evil = "\x1b]52;c;QUFB\x07\u202e\x9b31m[red]"
    filled.past["requests"] = [past_request(1, at=AT + 10_000, model=evil, caller=evil, reason=evil, meant=evil)]
    filled.past["errors"] = [{"trigger": evil, "model": evil, "count": 1, "last_at": AT}]
    filled.past["journal"] = [
        {
            "number": 1,
            "when": AT,
            "who": evil,
            "act": evil,
            "subject": evil,
            "why": evil,
            "before": [evil],
            "after": None,
        }
    ]
    for size in ((80, 24), (160, 50)):
        async with make_console().run_test(size=size) as pilot:
            await begin(pilot)
            text = ""
            for key in ("3", "tab", "tab", "tab", "4", "5"):
                await press(pilot, key)
                text += seen(pilot.app)
            assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
            assert "[red]" in text
