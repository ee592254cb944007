from dataclasses import replace

import pytest

from hotspare.dialects.endpoint import Endpoint
from hotspare.providers.vectors import VectorLengths
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

FIRST = Endpoint("first", "p", "openai", "http://127.0.0.1:1", "f")
SECOND = Endpoint("second", "p", "openai", "http://127.0.0.1:1", "s", vectors_like=("first",))


def test_a_later_model_must_answer_as_long_as_the_one_before():
    lengths = VectorLengths()
    lengths.check(FIRST, None, 3, None)
    lengths.check(SECOND, None, 3, None)
    with pytest.raises(AttemptFailed) as caught:
        lengths.check(SECOND, None, 4, Usage(5))
    assert (caught.value.trigger, caught.value.usage) == (Trigger.invalid_output, Usage(5))


def test_the_first_model_is_never_wrong_and_lengths_that_were_asked_for_stand_apart():
    lengths = VectorLengths()
    lengths.check(SECOND, None, 4, None)
    lengths.check(FIRST, None, 3, None)
    lengths.check(SECOND, 4, 4, None)
    with pytest.raises(AttemptFailed):
        lengths.check(SECOND, None, 4, None)


def test_before_the_first_has_answered_what_is_known_of_it_counts():
    lengths = VectorLengths()
    lengths.expect([replace(FIRST, vector_length=3), SECOND])
    with pytest.raises(AttemptFailed, match="vectors of 4 dimensions, where those of first have 3"):
        lengths.check(SECOND, None, 4, None)
    lengths.check(SECOND, None, 3, None)
    lengths.check(SECOND, 4, 4, None)
    lengths.check(FIRST, None, 5, None)
    with pytest.raises(AttemptFailed):
        lengths.check(SECOND, None, 3, None)
    lengths.check(SECOND, None, 5, None)
