"""How long a key has nothing left, from the headers of an answer, in each provider's way of saying it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.providers.allowance import spent_for_seconds

WALL = 1_800_000_000.0


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("250ms", 0.25),
        ("1h2m3s", 3723.0),
        ("2m59.5s", 179.5),
        ("30", 30.0),
        ("1800000042", 42.0),
        ("1800000042000", 42.0),
        ("2027-01-15T08:01:00Z", 60.0),
        ("2027-01-15T09:01:00+01:00", 60.0),
        ("90h", 86_400.0),
    ],
)
def test_a_key_with_nothing_left_rests_until_its_reset(told, seconds):
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": told}
    assert spent_for_seconds(headers, WALL) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "told", ["", "soon", "-5", "0", "0s", "1800000000", "2020-01-01T00:00:00Z", "2027-01-15", "1e400"]
)
def test_nonsense_and_what_is_over_say_nothing(told):
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": told}
    assert spent_for_seconds(headers, WALL) is None


def test_a_key_with_something_left_does_not_rest():
    assert spent_for_seconds({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "9s"}, WALL) is None
    assert spent_for_seconds({"x-ratelimit-reset-requests": "9s"}, WALL) is None
    assert spent_for_seconds({}, WALL) is None


def test_the_longest_of_several_holds():
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "5s",
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "2027-01-15T08:00:20Z",
    }
    assert spent_for_seconds(headers, WALL) == pytest.approx(20.0)


@given(st.text(max_size=30))
def test_whatever_is_told_is_no_crash_and_never_longer_than_a_day(told):
    headers = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": told}
    seconds = spent_for_seconds(headers, WALL)
    assert seconds is None or 0 < seconds <= 86_400
