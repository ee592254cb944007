"""Minutes, lanes and rates of the live figures, and what strategies are told of a model's health."""

from itertools import pairwise

import pytest

from hotspare.router.figures import Figures, ModelFigures, bucket_of, fold, fold_attempts, middle_of
from hotspare.router.live import Day, Live, Past
from hotspare.router.pulse import Health, Pulse
from hotspare.router.trigger import Trigger

WALL = 1_800_000_040.0  # 40 seconds into its minute
MINUTE = 60.0
FAILED = Trigger.timeout


@pytest.fixture
def live():
    return Live(lambda wall: wall // 86_400 * 86_400)


def told(milliseconds):
    return middle_of(bucket_of(milliseconds))


# ---------------------------------------------------------------- lanes
@pytest.mark.parametrize("state", ["open", "cooling", "disabled"])
def test_what_holds_a_model_back_is_shown_whatever_its_calls_came_to(live, record, attempt, state):
    live.fold(record(attempt(), at=WALL))
    live.mark(WALL, [("claude", state)])
    assert live.lane("claude", WALL)[-1] == state


@pytest.mark.parametrize(
    ("triggers", "cell"),
    [
        ((None,), "ok"),
        ((None, FAILED), "degraded"),
        ((FAILED,), "open"),
        ((Trigger.bad_request,), "idle"),
        ((), "idle"),
    ],
)
def test_a_model_that_may_serve_is_shown_by_how_its_calls_went(live, record, attempt, triggers, cell):
    live.fold(record(*(attempt(trigger=trigger) for trigger in triggers), at=WALL))
    live.mark(WALL, [("claude", "idle")])
    assert live.lane("claude", WALL)[-1] == cell


def test_a_minute_in_which_nobody_looked_at_a_model_is_unknown(live):
    live.mark(WALL, [("claude", "idle")])
    assert live.lane("gpt", WALL)[-1] == "unknown"
    assert live.lane("claude", WALL)[-2:] == ("unknown", "idle")


WORSE = ["idle", "ok", "degraded", "cooling", "disabled", "open"]


@pytest.mark.parametrize(("milder", "worse"), list(pairwise(WORSE)))
def test_a_minute_keeps_the_worst_state_in_whichever_order_they_came(milder, worse):
    for states in ((milder, worse), (worse, milder)):
        live = Live(lambda wall: 0.0)
        for state in states:
            live.mark(WALL, [("claude", state)])
        [minute] = live._minutes.values()
        assert minute.states == {"claude": worse}


def test_a_lane_has_a_cell_for_each_of_45_minutes_and_forgets_older_ones(live):
    live.mark(WALL, [("claude", "open")])
    for minutes, place in ((0, 44), (1, 43), (44, 0)):
        lane = live.lane("claude", WALL + minutes * MINUTE)
        assert len(lane) == 45
        assert [number for number, cell in enumerate(lane) if cell == "open"] == [place]
    assert "open" not in live.lane("claude", WALL + 45 * MINUTE)


def test_marks_of_one_minute_meet_in_one_cell(live):
    live.mark(WALL - 39.0, [("claude", "cooling")])
    live.mark(WALL + 19.0, [("claude", "idle")])
    assert live.lane("claude", WALL)[-2:] == ("unknown", "cooling")


# ---------------------------------------------------------------- rates
def test_the_rate_is_the_requests_of_the_last_minute_by_slots_of_five_seconds(live, record):
    live.fold(record(at=WALL - 300))
    for back in (0, 4, 30, 55, 59, 60, 64, 90):
        live.fold(record(at=WALL - back))
    assert live.per_minute(WALL + 4) == 4, "the slot of 55 s back is the last that counts"
    assert live.per_minute(WALL + 5) == 3


@pytest.mark.parametrize(
    ("requests", "seconds", "rate"),
    [
        (4, 5, 4),
        (5, 5, 20),
        (5, 15, 20),
        (5, 20, 15),
        (6, 45, 8),
        (30, 59, 31),
        (30, 60, 29),
        (30, 61, 29),
        (120, 30, 240),
    ],
)
def test_a_minute_that_has_only_begun_counts_as_what_it_would_come_to(live, record, requests, seconds, rate):
    live.fold(record(at=WALL))
    for _ in range(requests - 1):
        live.fold(record(at=WALL + 5))
    assert live.per_minute(WALL + seconds) == rate


# ---------------------------------------------------------------- windows and days
def test_a_window_ends_with_its_first_minute(live, record, attempt):
    for minutes in (0, 14, 15):
        live.fold(record(attempt(), at=WALL - minutes * MINUTE, caller=f"caller {minutes}"))
    assert live.chain_window(WALL)["main"].requests == 2
    assert live.model_window(WALL)["claude"].calls == 2
    assert live.callers(WALL) == 2
    assert live.chain_window(WALL, 16)["main"].requests == 3


def test_a_day_counts_what_it_cost_and_begins_anew(live, record, attempt):
    live.fold(record(attempt(), at=WALL))
    live.fold(record(attempt(), at=WALL, kind="probe", cost_pico_usd=7))
    assert (live.day.cost_pico_usd, live.day.other_pico_usd) == (457, 7)
    assert (live.day.begins, live.next_midnight) == (1_799_971_200.0, 1_800_057_600.0)
    live.roll(live.next_midnight - 1)
    assert live.day.cost_pico_usd == 457
    live.roll(live.next_midnight)
    assert live.day == Day(1_800_057_600.0)


def test_what_is_of_yesterday_counts_nothing_today(live, record, attempt):
    live.roll(WALL)
    for kind in ("traffic", "probe"):
        live.fold(record(attempt(), at=live.day.begins - 1, kind=kind))
    assert live.day == Day(live.day.begins)
    live.fold(record(attempt(), at=live.day.begins))
    assert live.day.cost_pico_usd == 450


# ---------------------------------------------------------------- what an earlier run came to
@pytest.fixture
def past(record, attempt):
    """A time of an earlier run: two answered requests of a caller, and a probe."""

    def of(at, seconds=60, **changes):
        figures, models = Figures(), {}
        for _ in range(2):
            fold(figures, record())
            fold_attempts(models, record(attempt()))
        return Past(at, seconds, {"main": figures}, models, {"shop"}, {"claude": at + 30}, 7, **changes)

    return of


def test_a_past_minute_counts_in_the_day_and_in_its_own_minute(live, record, attempt, past):
    live.fold(record(attempt(), at=WALL))
    live.take_up(past(WALL - 40))
    assert (live.day.chains["main"].requests, live.day.models["claude"].calls) == (3, 3)
    assert (live.day.cost_pico_usd, live.day.other_pico_usd) == (3 * 450 + 7, 7)
    assert live.chain_window(WALL)["main"].requests == 3
    assert live.model_window(WALL)["claude"].calls == 3
    assert live.callers(WALL) == 2
    live.take_up(past(WALL - 40))
    assert live.chain_window(WALL)["main"].requests == 5


def test_past_hours_count_in_the_day_alone(live, past):
    live.roll(WALL)
    live.take_up(past(WALL - 40, seconds=3600))
    assert live.day.chains["main"].requests == 2
    assert live.chain_window(WALL) == {}


def test_what_was_before_midnight_counts_in_its_minute_alone(live, past):
    midnight = 1_799_971_200.0
    live.roll(midnight + 60)
    live.take_up(past(midnight - 60))
    assert live.day == Day(midnight)
    assert live.chain_window(midnight + 60)["main"].requests == 2
    live.take_up(past(midnight))
    assert live.day.chains["main"].requests == 2


def test_minutes_that_no_lane_shows_are_not_kept(live, past):
    live.roll(WALL)
    for minutes, kept in ((46, {}), (45, {"main": 2})):
        live.take_up(past(WALL - minutes * MINUTE))
        assert {name: figures.requests for name, figures in live.chain_window(WALL, 60).items()} == kept


def test_when_a_model_was_last_checked_goes_only_forward(live, past):
    live.roll(WALL)
    for at, checked in ((WALL, WALL + 30), (WALL - 60, WALL + 30), (WALL + 60, WALL + 90)):
        live.take_up(past(at))
        assert live.checked == {"claude": checked}


def test_a_rate_is_not_that_of_a_first_minute_where_there_was_a_past(live, record, past):
    live.take_up(Past(WALL - 600, 60, {"main": Figures()}))
    for _ in range(6):
        live.fold(record(at=WALL))
    assert live.per_minute(WALL) == 24, "a past without requests is none"
    live.take_up(past(WALL - 600))
    assert live.per_minute(WALL) == 6


# ---------------------------------------------------------------- figures of models
def test_figures_of_a_model_add_up(record, attempt):
    first, both = {}, {}
    parts = [
        record(attempt(first_content_ms=300.0, cost_pico_usd=5), attempt(trigger=FAILED), stream=True),
        record(attempt(cancelled=True, cost_pico_usd=None), attempt("gpt"), model="gpt"),
        record(attempt(trigger=Trigger.bad_request), attempt(cost_pico_usd=None), model="gpt", stream=True),
    ]
    merged = ModelFigures()
    for part in parts:
        first.clear()
        fold_attempts(first, part)
        fold_attempts(both, part)
        merged.merge(first["claude"])
    assert merged == both["claude"]
    assert (merged.calls, merged.answered, merged.failed, merged.served) == (4, 2, 1, 1)
    assert (merged.cost_pico_usd, merged.unpriced) == (455, 2)
    assert merged.durations.buckets == {bucket_of(800.0): 2}
    assert merged.first_contents.buckets == {bucket_of(200.0): 1}


# ---------------------------------------------------------------- health, for strategies
@pytest.mark.parametrize(
    ("answers", "ago", "health"),
    [
        (4, 0, Health(1.0)),
        (5, 0, Health(1.0, told(800.0))),
        (9, 0, Health(1.0, told(800.0))),
        (10, 0, Health(1.0, told(800.0), recent_ms=told(800.0))),
        (10, 5, Health(1.0, told(800.0))),
        (19, 5, Health(1.0, told(800.0))),
        (20, 5, Health(1.0, told(800.0), told(800.0), told(200.0))),
        (20, 4, Health(1.0, told(800.0), told(800.0), told(200.0), told(800.0))),
    ],
)
def test_a_time_is_told_from_enough_answers_on(live, record, attempt, answers, ago, health):
    for _ in range(answers):
        live.fold(record(attempt(first_content_ms=300.0), at=WALL - ago * MINUTE, stream=True))
    live.roll(WALL)
    assert Pulse(live).health(0.0) == {"claude": health}


def test_percentiles_of_health_are_the_middle_and_the_last_twentieth(live, record, attempt):
    for number in range(20):
        ms = 1000.0 if number < 12 else 2000.0 if number < 18 else 9000.0 if number < 19 else 50_000.0
        live.fold(record(attempt(ended_ms=100.0 + ms, first_content_ms=100.0 + ms / 10), at=WALL, stream=True))
    [health] = Pulse(live).health(0.0).values()
    assert health == Health(1.0, told(1000.0), told(9000.0), told(900.0), told(1000.0))


def test_success_is_of_calls_that_ended_by_themselves(live, record, attempt):
    live.fold(record(attempt(), attempt(trigger=FAILED), attempt(trigger=FAILED), attempt(cancelled=True), at=WALL))
    live.fold(record(attempt("gpt", cancelled=True), at=WALL))
    assert Pulse(live).health(0.0) == {"claude": Health(1 / 3), "gpt": Health(1.0)}


def test_health_is_looked_up_once_a_second(live, record, attempt):
    pulse = Pulse(live)
    assert (pulse.health(5.0), pulse.version) == ({}, 1)
    live.fold(record(attempt(), at=WALL))
    assert (pulse.health(5.9), pulse.version) == ({}, 1)
    assert (list(pulse.health(6.0)), pulse.version) == (["claude"], 2)
