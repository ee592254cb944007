import pytest

from hotspare.router.settings import PICO_PER_USD
from hotspare.widgets import figures


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "-"), (1.0, "100 %"), (0.0, "0 %"), (0.612, "61.2 %"), (0.99996, "99.9 %"), (0.00004, "0.1 %")],
)
def test_a_share_never_rounds_to_all_or_nothing(share, text):
    assert figures.percent(share) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(None, "-"), (40, "40 ms"), (95, "0.1 s"), (1900, "1.9 s"), (123_456, "123 s")]
)
def test_durations(milliseconds, text):
    assert figures.seconds(milliseconds) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [(0, "$0.00"), (41.2, "$41.20"), (0.0031, "$0.0031"), (0.00001, "<$0.0001"), (12_345.6, "$12,346"), (0.1, "$0.10")],
)
def test_money_is_never_shown_as_nothing_when_it_is_something(usd, text):
    assert figures.usd(round(usd * PICO_PER_USD)) == text


def test_unknown_money_is_not_zero():
    assert figures.usd(None) == "-"


@pytest.mark.parametrize(
    ("left", "text"),
    [(None, ""), (-1, "<1 s"), (0.5, "<1 s"), (0.6, "1 s"), (38, "38 s"), (600, "10 min"), (7200, "2 h")],
)
def test_time_left(left, text):
    assert figures.left(left) == text


def test_elapsed_time_counts_like_a_clock():
    assert figures.elapsed(42) == "00:42"
    assert figures.elapsed(3723) == "1:02:03"


def test_spans():
    assert [figures.span(minutes) for minutes in (15, 60, 360, 1440)] == ["15 min", "1 h", "6 h", "24 h"]


@pytest.mark.parametrize(
    ("usd", "unpriced", "estimated", "text"),
    [(0.0031, False, True, "~$0.0031"), (41.2, True, True, "~$41.20+"), (41.2, True, False, "$41.20+"),
     (0, True, True, "no price"), (0.00001, False, True, "<$0.0001"), (0.12, False, False, "$0.12")],
)  # fmt: skip
def test_a_cost_says_what_of_it_is_known_and_what_is_a_guess(usd, unpriced, estimated, text):
    assert figures.known_usd(round(usd * PICO_PER_USD), unpriced=unpriced, estimated=estimated) == text
