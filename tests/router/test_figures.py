"""Every live figure is the fold of the Records: checked against sums made the slow way."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.router.figures import Figures, Histogram, bucket_of, fold, middle_of
from hotspare.router.settings import Budget, Limits
from hotspare.router.trigger import Trigger


@given(st.floats(1.0, 1e7))
def test_a_bucket_stands_for_its_durations_within_two_percent(milliseconds):
    assert middle_of(bucket_of(milliseconds)) == pytest.approx(milliseconds, rel=0.0201)


def test_percentiles_are_close_to_the_exact_ones():
    rng = random.Random(3)
    values = sorted(rng.lognormvariate(7, 0.8) for _ in range(5000))
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    assert histogram.percentile(0.5) == pytest.approx(statistics.median(values), rel=0.03)
    assert histogram.percentile(0.95) == pytest.approx(values[4750], rel=0.03)
    assert Histogram().percentile(0.5) is None


def test_shares_add_up_to_the_whole(world, fails):
    main = world(limits=Limits(retries=0))
    for number in range(60):
        bad = fails(Trigger.server_error, 500)
        main.scripts = {"claude": [bad] if number % 3 else [], "gpt": [bad] if number % 3 == 2 else []}
        main.scripts["haiku"] = [bad] if number % 6 == 5 else []
        main.now += 1.0
        main.request()
        for name in ("claude", "gpt", "haiku"):
            main.router.states[name].clear(main.now)
    view = main.snapshot().window
    assert view.requests == 60
    assert (view.primary, view.fallback, view.failed) == (20, 30, 10)
    assert view.primary + view.fallback + view.failed == view.requests
    assert view.primary_rate == pytest.approx(1 / 3)


def test_the_window_is_the_fold_of_its_records(world, fails):
    main = world(limits=Limits(retries=0))
    records = []
    rng = random.Random(5)
    for _ in range(200):
        main.scripts["claude"] = [fails(Trigger.timeout)] if rng.random() < 0.2 else []
        main.now += rng.random() * 20
        records.append(main.request().record)
    snapshot = main.snapshot()
    first_minute = int(snapshot.at // 60) - snapshot.window_minutes + 1
    expected = Figures()
    for record in records:
        if record.at // 60 >= first_minute:
            fold(expected, record)
    assert snapshot.window == expected.view()
    total = Figures()
    for record in records:
        fold(total, record)
    assert snapshot.today == total.view()
    assert sum(model.cost_pico_usd for model in snapshot.models) == total.cost_pico_usd


def test_only_traffic_counts_and_the_rest_costs_beside_it(world):
    main = world()
    main.request(kind="test")
    main.request()
    snapshot = main.snapshot()
    assert snapshot.today.requests == 1
    assert snapshot.today_other_pico_usd == snapshot.today.cost_pico_usd > 0


def test_the_day_ends_at_the_operators_midnight(world):
    main = world()
    main.request()
    assert main.snapshot().today.requests == 1
    main.now += 86_400.0
    assert main.snapshot().today.requests == 0
    main.request()
    assert main.snapshot().today.requests == 1


def test_records_of_yesterday_that_are_restored_do_not_count_today(world):
    main, other = world(), world()
    record = main.request().record
    other.now = main.now + 86_400.0
    other.router.restore(decisions={}, memory={}, now=other.now, wall=other.wall)
    other.router.fold(record)
    assert other.snapshot().today.requests == 0


def test_requests_per_minute_and_callers(world):
    main = world()
    for number in range(90):
        main.now += 1.0
        main.request(caller=f"caller-{number % 3}")
    snapshot = main.snapshot()
    assert 35 <= snapshot.requests_per_minute <= 42
    assert snapshot.callers == 3


def test_the_rate_of_a_minute_that_has_only_begun_is_what_it_would_come_to(world):
    main = world()
    for _ in range(4):
        main.request()
    assert main.snapshot().requests_per_minute == 4
    main.request()
    assert main.snapshot().requests_per_minute == 20  # a burst of five is taken for a quarter of a minute's
    for _ in range(6):
        main.now += 2.0
        main.request()
    rate = main.snapshot().requests_per_minute
    assert 30 <= rate <= 50  # eleven of them have come
    main.now += 40.0
    assert main.snapshot().requests_per_minute < 15


def test_a_lane_shows_the_worst_of_each_minute(world, fails):
    main = world(limits=Limits(retries=0))
    main.now = 60_000.0
    for state in ("ok", "cooling"):
        if state == "cooling":
            main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 90.0)]
        main.request()
        main.router.tick(main.now, main.wall)
        main.now += 60.0
    main.router.tick(main.now, main.wall)
    main.now += 60.0
    main.router.tick(main.now, main.wall)
    assert main.model("claude").lane[-4:] == ("ok", "cooling", "cooling", "idle")
    assert main.model("claude").lane[0] == "unknown"


def test_the_budget_forecast_names_the_hour(world):
    main = world()
    budget = Budget(daily=2 * main.request().record.cost_pico_usd * 60)
    main = world()
    object.__setattr__(main.settings, "budget", budget)
    for _ in range(60):
        main.now += 59.5
        main.request()
    gone = main.snapshot().budget_gone_at
    assert gone is not None
    assert main.wall + 3000 < gone < main.wall + 4200


def test_fallback_rows_say_why_in_words(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 42.0)]
    main.request()
    main.request()
    skipped, limited = main.snapshot().fallbacks
    assert limited.evidence == "429, rate_limit"
    assert skipped.evidence == "skipped, 42 s left"


def test_figures_add_up_and_can_be_taken_away_again(record):
    first, second, both = Figures(), Figures(), Figures()
    one = record(model="gpt", fallback=True, forced=True, unpriced=True)
    other = record(duration_ms=2500.0, input_tokens=7, output_tokens=3, cost_pico_usd=9)
    for figures, made in ((first, one), (second, other), (second, one)):
        fold(figures, made)
        fold(both, made)
    total = Figures()
    total.merge(first)
    total.merge(second)
    assert total.view() == both.view()
    assert (total.forced_fallback, total.unpriced, total.duration_ms) == (2, 2, 4500.0)
    total.merge(second, -1)
    assert total.view() == first.view()
    total.merge(first, -1)
    assert (total.view(), total.view().mean_ms) == (Figures().view(), None)
