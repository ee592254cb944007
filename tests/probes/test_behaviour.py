from random import Random

import pytest

from hotspare.probes.behaviour import SLOWEST_TIMES_MEDIAN, Speed, allowance_share, plan
from hotspare.probes.spells import Spell, Timetable

SPEED = Speed(first_token_seconds=0.5, tokens_per_second=50)


def planned(kind, at_seconds=0.0, seed=1, **more):
    return plan(Timetable((Spell(kind, 0, 60, **more),)), at_seconds, SPEED, Random(seed))


def test_the_same_time_and_chance_give_the_same_plan():
    table = Timetable((Spell("slow", 5, 10, share=0.5),))
    for seed in range(20):
        assert plan(table, 7, SPEED, Random(seed)) == plan(table, 7, SPEED, Random(seed))


def test_requests_differ_in_their_latency_around_the_median():
    times = sorted(plan(Timetable(), 0, SPEED, Random(seed)).first_token_seconds for seed in range(400))
    assert len(set(times)) > 300
    assert times[200] == pytest.approx(0.5, rel=0.1)
    assert times[-1] <= 0.5 * SLOWEST_TIMES_MEDIAN


def test_a_wild_spread_is_cut_at_its_tail():
    wild = Speed(first_token_seconds=0.5, tokens_per_second=50, spread=5)
    assert max(plan(Timetable(), 0, wild, Random(seed)).first_token_seconds for seed in range(50)) == 1.5


@pytest.mark.parametrize(("at_seconds", "wait"), [(0, 20), (39.5, 20), (45.5, 15), (59.9, 1)])
def test_a_rate_limit_asks_for_the_seconds_it_has_left_up_to_the_cap(at_seconds, wait):
    answer = planned("rate_limit", at_seconds)
    assert (answer.status, answer.retry_after_seconds) == (429, wait)


@pytest.mark.parametrize(("kind", "status"), [("overloaded", 503), ("errors", 500)])
def test_trouble_has_its_status_and_no_retry_after(kind, status):
    answer = planned(kind)
    assert (answer.status, answer.retry_after_seconds) == (status, None)


def test_a_slow_answer_is_late_by_the_spells_extra_time():
    well = plan(Timetable(), 0, SPEED, Random(1))
    late = planned("slow", extra_seconds=9)
    assert late.first_token_seconds - well.first_token_seconds == pytest.approx(9)
    assert (late.status, late.ending) == (200, "whole")


@pytest.mark.parametrize(("kind", "ending"), [("cut", "cut"), ("stall", "stall"), ("refuse", "reset")])
def test_an_answer_that_breaks_has_its_ending(kind, ending):
    assert planned(kind).ending == ending


def test_a_partial_spell_hits_about_its_share():
    hits = sum(planned("errors", seed=seed, share=0.3).status == 500 for seed in range(1000))
    assert 250 < hits < 350


def test_a_whole_spell_hits_all():
    assert all(planned("errors", seed=seed).status == 500 for seed in range(100))


def test_the_allowance_shrinks_as_a_rate_limit_comes_near():
    table = Timetable((Spell("rate_limit", 100, 10),))
    shares = [allowance_share(table, seconds) for seconds in (0, 70, 94, 105, 120)]
    assert shares == [0.95, 0.5, 0.1, 0.0, 0.95]
