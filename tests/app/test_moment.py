from datetime import UTC, datetime

import pytest

from hotspare.app.moment import MomentNotUnderstood, parse_moment

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours_ago"),
    [
        ("now", 0.0),
        ("2h", 2.0),
        (" 90m ", 1.5),
        ("14:00", 0.5),
        ("14:30", 0.0),
        ("14:31", 24 - 1 / 60),
        ("13:29:30", 1 + 0.5 / 60),
        ("2026-11-21", 14.5),
        ("2026-11-20 14:30", 24.0),
        ("2026-11-21T15:00:00+02:00", 1.5),
        ("2026-11-21T13:30:00Z", 1.0),
    ],
)
def test_moments_as_they_are_written(text, hours_ago):
    assert parse_moment(text, NOW.timestamp()) == pytest.approx(NOW.timestamp() - hours_ago * 3600)


@pytest.mark.parametrize("text", ["", "ever", "soon", "25:00", "14:99", "2026-13-01", "-2h", "1:2:3:4"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(MomentNotUnderstood, match="is no moment"):
        parse_moment(text, NOW.timestamp())
