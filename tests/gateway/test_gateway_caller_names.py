"""Whoever asks is named once, and nobody makes us remember more names than there is room for."""

import pytest

from hotspare.gateway.caller import MOST_NAMES, OTHERS, RENEWED_SECONDS, CallerNames


class Watch:
    seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def names(watch):
    return CallerNames(taken=("Shop",), clock=watch)


def say(name):
    return {"x-hotspare-caller": name}


@pytest.mark.parametrize("header", ["x-hotspare-caller", "user-agent"])
def test_made_up_names_are_others_once_there_are_many_and_known_ones_stay(names, header):
    known = [names.name({header: f"caller-{number}"}) for number in range(MOST_NAMES)]
    assert known == [f"caller-{number}" for number in range(MOST_NAMES)]
    assert {names.name({header: f"made-up-{number}"}) for number in range(5000)} == {OTHERS}
    assert names.name({header: "caller-7"}) == "caller-7"


def test_after_an_hour_names_are_learned_anew(names, watch):
    for number in range(MOST_NAMES):
        names.name(say(f"made-up-{number}"))
    watch.seconds += RENEWED_SECONDS - 1
    assert names.name(say("night-job")) == OTHERS
    watch.seconds += 1
    assert names.name(say("night-job")) == "night-job"
    for number in range(MOST_NAMES):
        names.name(say(f"more-{number}"))
    assert names.name(say("late")) == OTHERS


def test_a_name_said_in_one_header_takes_no_room_in_the_other(names):
    for number in range(MOST_NAMES):
        names.name({"user-agent": f"made-up-{number}"})
    assert names.name(say("shop-api")) == "shop-api"


def test_an_endless_header_is_not_kept(names):
    assert names.name(say("a" * 60_000)) == "a" * 64
    assert max(map(len, names._told)) == 256


def test_a_name_with_a_token_is_nobody_elses_the_second_time_either(names):
    assert [names.name(say(" shop ")) for _ in range(2)] == ["unknown", "unknown"]
