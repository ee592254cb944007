"""Numbers in words: as a glance needs them, and never better than they are."""

import pytest

from hotspare.router.words import percent


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (4 / 11, "36.4 %"),
        (0.1, "10 %"),
        (0.99994, "99.9 %"),
        (1.0, "100 %"),
        (0.0001, "0.1 %"),
        (0.0, "0 %"),
        (0.9889, "98.9 %"),
    ],
)
def test_a_share_is_the_nearest_tenth_but_never_a_whole_or_nothing_that_it_is_not(share, text):
    assert percent(share) == text
