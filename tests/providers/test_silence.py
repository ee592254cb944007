"""How long a stream may say nothing, by a clock that the test moves."""

import pytest

from hotspare.providers.silence import WORDLESS_SILENCES, Silence


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def silence(clock):
    return Silence(2.0, clock.monotonic)


def wait(silence, clock, seconds, said_bytes):
    """The bound of a wait, in which after `seconds` an event comes."""
    left = silence.due() - clock.now
    clock.now += seconds
    silence.heard(said_bytes)
    return left


def test_each_event_begins_the_bound_anew(silence, clock):
    assert [wait(silence, clock, 1.5, 0) for _ in range(3)] == [2.0, 2.0, 2.0]
    assert silence.words == "nothing for 2.0 s"


def test_events_without_a_word_are_borne_ten_times_as_long(silence, clock):
    bounds = [wait(silence, clock, 1.5, 7) for _ in range(14)]
    assert bounds[:13] == [2.0] * 13  # the first one says something, the twelve after it 18 s of nothing
    assert bounds[13] == 2.0
    assert silence.due() - clock.now == pytest.approx(0.5)
    assert silence.words == "not a word for 20.0 s"


def test_a_word_begins_all_of_it_anew(silence, clock):
    for _ in range(12):
        wait(silence, clock, 1.5, 0)
    wait(silence, clock, 1.5, 1)
    assert [wait(silence, clock, 1.5, 1) for _ in range(12)] == [2.0] * 12
    assert silence.words == "nothing for 2.0 s"


def test_what_is_left_when_it_just_suffices_is_no_lack_of_words(silence, clock):
    for _ in range(WORDLESS_SILENCES - 1):
        wait(silence, clock, 2.0, 0)
    assert silence.due() == clock.now + 2.0
    assert silence.words == "nothing for 2.0 s"


def test_time_in_which_nobody_waits_does_not_count(silence, clock):
    for _ in range(30):
        assert wait(silence, clock, 0.5, 0) == 2.0
        clock.now += 60.0


@pytest.mark.parametrize("said_bytes", [0, 7])
def test_the_bound_after_an_event_is_the_same_told_at_a_stroke(silence, clock, said_bytes):
    other = Silence(2.0, clock.monotonic)
    assert silence.due() == other.due()
    for _ in range(16):
        clock.now += 1.5
        silence.heard(said_bytes)
        assert other.due_after(said_bytes) == silence.due()
        assert other.words == silence.words
