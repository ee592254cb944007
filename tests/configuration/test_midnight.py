"""The operator's day begins at his midnight, also on days of 23 and 25 hours."""

import os
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.configuration.load import ConfigurationError
from hotspare.configuration.midnight import midnight

HOUR = 3600


def at(zone, *when):
    return datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/New_York", (2026, 3, 8), 23),
        ("America/New_York", (2026, 11, 1), 25),
        ("Asia/Kolkata", (2026, 3, 29), 24),
        ("America/Havana", (2026, 11, 1), 25),
        ("Asia/Beirut", (2022, 3, 27), 23),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight(zone, day, hours):
    begin = midnight(zone)
    year, month, number = day
    noon = at(zone, *day, 12)
    first, following = begin(noon), begin(at(zone, year, month, number, 12) + 24 * HOUR)
    assert (following - first) / HOUR == hours
    assert begin(first) == first
    assert begin(following - 1) == first


def test_midnight_is_the_named_zones():
    assert midnight("Asia/Tokyo")(at("UTC", 2026, 11, 21, 16)) == at("UTC", 2026, 11, 21, 15)
    assert midnight("UTC")(at("UTC", 2026, 11, 21, 16)) == at("UTC", 2026, 11, 21)


@pytest.fixture
def here(monkeypatch):
    def set_zone(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_local_is_this_machines_zone(here, day, hours):
    here("Europe/Berlin")
    begin = midnight("local")
    noon = at("Europe/Berlin", *day, 12)
    assert begin(noon) == at("Europe/Berlin", *day)
    assert (begin(begin(noon) + 26 * HOUR) - begin(noon)) / HOUR == hours
    assert "TZ" in os.environ


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime", "Europe", "a\0b", "x" * 500])
def test_an_unknown_zone_is_an_error(zone):
    with pytest.raises(ConfigurationError, match="there is no time zone"):
        midnight(zone)


@given(
    wall=st.floats(min_value=0, max_value=4e9),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "local"]),
)
def test_midnight_is_never_after_and_never_more_than_a_day_before(wall, zone):
    begin = midnight(zone)(wall)
    assert begin <= wall < begin + 26 * HOUR
    assert midnight(zone)(begin) == begin
    if zone != "local":
        assert datetime.fromtimestamp(begin, UTC).astimezone(ZoneInfo(zone)).date() == (
            datetime.fromtimestamp(wall, ZoneInfo(zone)).date()
        )
