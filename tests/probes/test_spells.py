from math import inf

import pytest

from hotspare.probes.spells import Spell, Timetable

ONCE = Timetable((Spell("rate_limit", 5, 10), Spell("slow", 60, 5)))
AGAIN = Timetable(ONCE.spells, period_seconds=100)


@pytest.mark.parametrize(
    ("seconds", "kind"),
    [(0, None), (4.99, None), (5, "rate_limit"), (14.99, "rate_limit"), (15, None), (60, "slow"), (65, None)],
)
def test_a_spell_is_in_force_from_its_first_instant_to_before_its_last(seconds, kind):
    now = ONCE.at(seconds)
    assert (now and now.spell.kind) == kind


def test_the_seconds_left_count_down():
    assert ONCE.at(5).seconds_left == 10
    assert ONCE.at(12).seconds_left == 3


def test_a_timetable_without_a_period_happens_once():
    assert ONCE.at(105) is None


def test_a_timetable_with_a_period_begins_again():
    assert AGAIN.at(105).spell.kind == "rate_limit"
    assert AGAIN.at(361).seconds_left == 4


def test_of_two_spells_that_overlap_the_earlier_is_in_force():
    table = Timetable((Spell("errors", 0, 10), Spell("cut", 5, 10)))
    assert table.at(7).spell.kind == "errors"
    assert table.at(11).spell.kind == "cut"


@pytest.mark.parametrize(("seconds", "wait"), [(0, 5), (3, 2), (8, 0), (15, 90), (99, 6)])
def test_the_next_spell_of_a_kind_is_known_across_the_period(seconds, wait):
    assert AGAIN.seconds_until("rate_limit", seconds) == wait


def test_a_spell_that_will_not_come_is_infinitely_far():
    assert ONCE.seconds_until("rate_limit", 15) == inf
    assert AGAIN.seconds_until("cut", 0) == inf


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_seconds": -1},
        {"for_seconds": 0},
        {"share": 0},
        {"share": 1.1},
        {"extra_seconds": -1},
    ],
)
def test_a_spell_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValueError, match="a spell needs"):
        Spell(**{"kind": "slow", "at_seconds": 0, "for_seconds": 1, **wrong})


def test_spells_out_of_order_are_refused():
    with pytest.raises(ValueError, match="order"):
        Timetable((Spell("slow", 5, 1), Spell("cut", 1, 1)))


def test_a_spell_beyond_its_period_is_refused():
    with pytest.raises(ValueError, match="ends at 65"):
        Timetable(ONCE.spells, period_seconds=64)
