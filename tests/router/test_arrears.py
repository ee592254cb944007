"""Records that are folded when somebody looks: in order, each once, and never too many at a time."""

import pytest

from hotspare.router.arrears import MOST, Arrears
from hotspare.router.live import Live

WALL = 1_800_000_040.0  # 40 seconds into its minute
MIDNIGHT = 1_800_057_600.0


@pytest.fixture
def live():
    return Live(lambda wall: wall // 86_400 * 86_400)


def test_each_record_is_folded_once_and_in_order():
    folded = []
    arrears = Arrears(folded.extend)
    for number in range(5):
        arrears.add(number)
    assert folded == []
    arrears.settle()
    arrears.settle()
    assert folded == [0, 1, 2, 3, 4]


def test_no_more_than_a_bounded_number_waits():
    folded = []
    arrears = Arrears(folded.extend)
    for number in range(MOST):
        arrears.add(number)
    assert folded == list(range(MOST))


def test_what_is_added_while_others_are_folded_waits_its_turn():
    folded = []

    def fold(numbers):
        folded.extend(numbers)
        if numbers == [1]:
            arrears.add(11)

    arrears = Arrears(fold)
    arrears.add(1)
    arrears.settle()
    assert folded == [1]
    arrears.settle()
    assert folded == [1, 11]


LOOKS = {
    "today": lambda live: live.day.chains["main"].requests,
    "recent": lambda live: len(live.recent),
    "fallbacks": lambda live: len(live.fallbacks),
    "checked": lambda live: len(live.checked),
    "since when": lambda live: int(live.first == WALL),
    "by chain": lambda live: live.chain_window(WALL)["main"].requests,
    "by model": lambda live: live.model_window(WALL)["claude"].calls,
    "callers": lambda live: live.callers(WALL),
    "a minute": lambda live: live.per_minute(WALL),
    "lane": lambda live: int(live.lane("claude", WALL)[-1] == "ok"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_whoever_looks_first_sees_what_has_just_ended(live, record, attempt, look):
    live.fold(record(attempt(), at=WALL, fallback=True))
    assert LOOKS[look](live) == 1


def test_what_the_day_has_cost_is_known_without_anybody_looking(live, record, attempt):
    live.fold(record(attempt(), at=WALL, cost_pico_usd=7))
    assert live.spent_pico_usd == 7
    live.roll(MIDNIGHT)
    assert live.spent_pico_usd == 0


def test_what_ended_before_midnight_is_none_of_the_new_day_whenever_it_is_looked_at(live, record, attempt):
    live.fold(record(attempt(), at=MIDNIGHT - 1, fallback=True))
    live.fold(record(attempt(), at=MIDNIGHT))
    assert (live.day.begins, live.day.chains["main"].requests, live.day.chains["main"].fallback) == (MIDNIGHT, 1, 0)
    assert (len(live.fallbacks), live.chain_window(MIDNIGHT)["main"].requests) == (1, 2)
