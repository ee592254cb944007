"""Who has a console on an instance."""

import pytest

from hotspare.engine.presence import GONE_SECONDS, MOST_CONSOLES, Presence
from hotspare.router.clock import Clock


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def presence(clock):
    return Presence(Clock(monotonic=lambda: clock[0], wall=lambda: 1_000_000.0 + clock[0]))


def names(presence, console=""):
    return [view.who for view in presence.others(console)]


def test_everybody_sees_the_others_in_the_order_they_came(presence, clock):
    presence.looked("one", "ada")
    clock[0] += 1
    presence.enter("root")
    presence.looked("two", "grace")
    assert names(presence) == ["ada", "root", "grace"]
    assert names(presence, "one") == ["root", "grace"]
    assert presence.others("")[0].since == 1_000_100.0


def test_one_who_looks_no_more_is_forgotten_and_one_who_looks_is_not(presence, clock):
    presence.looked("one", "ada")
    presence.looked("two", "grace")
    clock[0] += GONE_SECONDS
    presence.looked("two", "grace")
    assert names(presence) == ["ada", "grace"]
    clock[0] += 0.1
    assert names(presence) == ["grace"]
    assert presence.others("")[0].since == 1_000_100.0


def test_the_own_screen_stays_until_it_closes(presence, clock):
    presence.enter("root")
    clock[0] += 10 * GONE_SECONDS
    assert names(presence) == ["root"]
    presence.leave()
    presence.leave()
    assert names(presence) == []


def test_nobody_can_pass_for_the_own_screen_or_fill_the_list(presence):
    presence.enter("root")
    presence.looked("screen", "mallory")
    for number in range(2 * MOST_CONSOLES):
        presence.looked(str(number), "mallory")
    assert names(presence)[0] == "root"
    assert len(names(presence)) == MOST_CONSOLES
