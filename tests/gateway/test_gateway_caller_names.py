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


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("  night job ", "night job"),
        ("shop\x1b[31m\x07", "shop[31m"),
        ("caf\u00e9".encode().decode("latin-1"), "caf\u00e9"),
        ("caf\u00e9", "caf\u00e9"),
        ("a" * 63 + " b", "a" * 63),
        ("\x1b\x07", "unknown"),
        ("", "unknown"),
        ("SHOP", "unknown"),
    ],
)
def test_what_is_said_is_one_short_printable_line_or_nobody(names, said, name):
    assert names.name(say(said)) == name


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("OpenAI/Python 2.1.0", "OpenAI/Python"),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.28.1 extra/1", "python-httpx"),
        ("agent/beta", "agent/beta"),
        ("Mozilla", "Mozilla"),
        ("shop/1.0", "unknown"),
        ("\x07evil/1.0", "evil"),
        ("   ", "unknown"),
    ],
)
def test_a_user_agent_gives_the_name_of_its_product(names, agent, name):
    assert names.name({"user-agent": agent}) == name


def test_as_many_names_are_kept_as_are_said_to_be():
    assert MOST_NAMES == 1_000
