from dataclasses import FrozenInstanceError, fields, replace

import pytest

from hotspare.router.record import Candidate
from hotspare.router.settings import Limits


def test_values_compare_and_hash_by_what_they_hold():
    assert Candidate("a", "open", 3.0) == Candidate("a", "open", 3.0) != Candidate("b", "open", 3.0)
    assert len({Candidate("a"), Candidate("a"), Candidate("b")}) == 2
    assert replace(Candidate("a"), by="x") == Candidate("a", by="x")


def test_values_hold_no_more_than_their_fields():
    with pytest.raises(AttributeError):
        Candidate("a").other = 1
    assert [field.name for field in fields(Candidate)] == ["model", "skip", "seconds_left", "by"]


def test_what_is_made_once_stays_frozen_at_run_time_too():
    with pytest.raises(FrozenInstanceError):
        Limits().retries = 5
