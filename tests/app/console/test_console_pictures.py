"""Whole screens, looked at once by a person and kept. After a change on purpose: look at the report, then update."""

import pytest

SMALL, LARGE = (80, 24), (160, 50)


def prepared(begin, press, *keys):
    async def run(pilot):
        await begin(pilot)
        await begin(pilot)
        await press(pilot, *keys)

    return run


@pytest.mark.parametrize(("name", "size"), [("small", SMALL), ("large", LARGE)])
def test_a_bad_night(snap_compare, make_console, begin, press, name, size):
    assert snap_compare(make_console(), terminal_size=size, run_before=prepared(begin, press))


def test_an_outage_in_production(snap_compare, make_console, begin, press, backend, outage_snapshot):
    backend.now = outage_snapshot
    assert snap_compare(make_console(), terminal_size=SMALL, run_before=prepared(begin, press))


def test_without_colour_and_in_ascii(snap_compare, make_console, begin, press):
    console = make_console(environ={"NO_COLOR": "1", "HOTSPARE_ASCII": "1", "USER": "ada"})
    assert snap_compare(console, terminal_size=SMALL, run_before=prepared(begin, press))


def test_forcing_a_model_in_the_light_theme(snap_compare, make_console, begin, press):
    console = make_console(theme="light")
    assert snap_compare(console, terminal_size=SMALL, run_before=prepared(begin, press, "f"))


def test_why(snap_compare, make_console, begin, press):
    assert snap_compare(make_console(), terminal_size=SMALL, run_before=prepared(begin, press, "w"))
