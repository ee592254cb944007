import pytest

from hotspare.app.duration import DurationNotUnderstood, duration_text, parse_duration
from hotspare.router.error import HotspareError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        ("10m", 600.0),
        ("2h", 7200.0),
        ("1h30m", 5400.0),
        ("1d", 86400.0),
        ("0.5h", 1800.0),
        (" 10 M ", 600.0),
        ("ever", None),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5m", "ten", "10x", "m", "1e3", "nan", "inf", "400d", "10m!", "٣m"])
def test_what_is_no_duration_is_refused_with_a_remedy(text):
    with pytest.raises(DurationNotUnderstood) as caught:
        parse_duration(text)
    assert isinstance(caught.value, HotspareError)
    assert "10m" in caught.value.hint


@pytest.mark.parametrize("seconds", [1.0, 90.0, 600.0, 5400.0, 7200.0, 86400.0, None])
def test_a_duration_is_written_so_that_it_can_be_read_back(seconds):
    assert parse_duration(duration_text(seconds)) == seconds
