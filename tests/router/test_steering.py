"""Orders and wishes, by rank: what is called, what is passed over by whose order, and whether the Record says so."""

import dataclasses

import pytest

from hotspare.router.command import ForceModel, SkipPrimary
from hotspare.router.record import Candidate
from hotspare.router.settings import Limits
from hotspare.router.trigger import Trigger, Usage

NO_RETRIES = Limits(retries=0)


def order(main, command):
    change = main.router.change(command, who="ana", why="", now=main.now, wall=main.wall, latest=None, confirmed=True)
    main.router.commit(change, now=main.now, wall=main.wall)


def forced_out(by):
    return Candidate("claude", "forced", None, by)


WISHES = {
    "nothing": {},
    "force": {"wish_force": True},
    "prefer": {"wish_preferred": "haiku"},
    "both": {"wish_force": True, "wish_preferred": "haiku"},
    "prefer the primary": {"wish_preferred": "claude"},
    "name": {"start": "gpt"},
    "name and prefer": {"start": "gpt", "wish_preferred": "mini"},
}
ORDERS = {
    "nothing": None,
    "skip": SkipPrimary("main"),
    "force haiku": ForceModel("main", "haiku"),
    "force the primary": ForceModel("main", "claude"),
}


@pytest.mark.parametrize(
    ("ordered", "wish", "called", "excluded_by", "meant"),
    [
        ("nothing", "nothing", "claude gpt haiku mini", None, "claude"),
        ("nothing", "force", "gpt haiku mini", "caller", "claude"),
        ("nothing", "prefer", "claude haiku gpt mini", None, "claude"),
        ("nothing", "both", "haiku gpt mini", "caller", "claude"),
        ("nothing", "prefer the primary", "claude gpt haiku mini", None, "claude"),
        ("nothing", "name", "gpt claude haiku mini", None, "gpt"),
        ("nothing", "name and prefer", "gpt mini claude haiku", None, "gpt"),
        ("skip", "nothing", "gpt haiku mini", "ana", "claude"),
        ("skip", "force", "gpt haiku mini", "ana", "claude"),
        ("skip", "prefer", "haiku gpt mini", "ana", "claude"),
        ("force haiku", "nothing", "haiku gpt mini", "ana", "claude"),
        ("force haiku", "name", "haiku gpt mini", "ana", "gpt"),
        ("force the primary", "nothing", "claude gpt haiku mini", None, "claude"),
        ("force the primary", "force", "claude gpt haiku mini", None, "claude"),
        ("force the primary", "name", "claude gpt haiku mini", None, "gpt"),
    ],
)
def test_orders_and_wishes_by_rank(world, fails, ordered, wish, called, excluded_by, meant):
    main = world("claude", "gpt", "haiku", "mini", limits=NO_RETRIES)
    if ORDERS[ordered] is not None:
        order(main, ORDERS[ordered])
    main.scripts = {name: [fails(Trigger.network)] for name in ("claude", "gpt", "haiku", "mini")}
    told = main.request(**WISHES[wish])
    assert [step.model for step in told.tries] == called.split()
    assert [one for one in told.record.candidates if one.skip] == ([forced_out(excluded_by)] if excluded_by else [])
    steers = ordered != "nothing" or wish not in ("nothing", "name")
    assert (told.record.forced, told.record.meant) == (steers, meant)


def test_a_chain_of_one_that_is_to_fall_back_says_by_whose_wish_it_did_not_serve(world):
    main = world("claude", chain={"kind": "embeddings"})
    plain, forced = main.request().record, main.request(wish_force=True).record
    assert (plain.forced, plain.candidates) == (False, (Candidate("claude"),))
    assert (forced.forced, forced.candidates) == (True, (forced_out("caller"),))
    assert not main.request(start="claude", only=True, wish_force=True).record.forced


# ------------------------------------------------------------------ sessions that stay where they were
def session(main, **ask):
    return [step.model for step in main.request(**{"session": "s1", **ask}).tries]


@pytest.fixture
def faithful(world, fails):
    """A session that gpt answered last, in a chain that goes on where a session was."""
    main = world("claude", "gpt", "haiku", limits=NO_RETRIES, chain={"affinity": "session"})
    main.scripts = {"claude": [fails(Trigger.network), Usage(1, 1)]}
    assert session(main) == ["claude", "gpt"]
    return main


def test_a_session_goes_on_where_it_was_and_others_as_ever(faithful):
    assert session(faithful) == ["gpt"]
    assert session(faithful, session="s2") == ["claude"]
    assert session(faithful, session=None) == ["claude"]


def test_what_failed_or_named_nobody_is_no_place_to_go_on_at(faithful, fails):
    faithful.scripts = {name: [fails(Trigger.network)] for name in ("claude", "gpt", "haiku")}
    session(faithful)
    faithful.scripts = {}
    assert session(faithful) == ["gpt"], "it failed there as everywhere; the answer before still holds"


def test_a_session_goes_elsewhere_while_its_model_is_held_back(faithful, fails):
    faithful.scripts = {"gpt": [fails(Trigger.rate_limit, 429, 20.0), Usage(1, 1)], "claude": [Usage(1, 1)]}
    assert session(faithful) == ["gpt", "claude"]
    assert session(faithful) == ["claude"], "and stays there"


def test_a_session_whose_model_has_left_the_chain_begins_anew(faithful):
    chain = dataclasses.replace(
        faithful.settings.chains["main"],
        models=("claude", "haiku"),
        limits=dict.fromkeys(("claude", "haiku"), NO_RETRIES),
    )
    settings = dataclasses.replace(faithful.settings, chains={"main": chain})
    faithful.settings = settings
    faithful.router.reload(
        settings, file="f", renewed=(), midnight=lambda wall: wall // 86400 * 86400, now=faithful.now,
        wall=faithful.wall,
    )  # fmt: skip
    assert session(faithful) == ["claude"]


def test_without_the_wish_for_it_sessions_go_as_all_requests(world, fails):
    main = world("claude", "gpt", limits=NO_RETRIES)
    main.scripts = {"claude": [fails(Trigger.network), Usage(1, 1)]}
    assert session(main) == ["claude", "gpt"]
    assert session(main) == ["claude"]
