"""Keys that are refused, keys that are asked for, and when a caller is told to come back because of them."""

import pytest

from hotspare.router.command import DisableModel, DrainModel
from hotspare.router.settings import BreakerRules, Limits
from hotspare.router.step import Fail
from hotspare.router.trigger import Trigger


def called(told):
    return [step.model for step in told.tries]


def order(main, command):
    change = main.router.change(command, who="maria", why="", now=main.now, wall=main.wall, latest=None, confirmed=True)
    main.router.commit(change, now=main.now, wall=main.wall)


@pytest.fixture
def local(world):
    """Two models of one server that needs no key, and one elsewhere."""
    keyless = {"provider": "box", "keys": (), "needs_key": False}
    return world(models={"claude": keyless, "gpt": keyless})


def test_a_model_that_asks_for_a_key_where_none_is_takes_no_other_of_its_server_out(local, fails):
    local.scripts["claude"] = [fails(Trigger.auth, 401)]
    assert called(local.request()) == ["claude", "gpt"]
    assert called(local.request()) == ["gpt"]
    claude, gpt, _ = local.snapshot().models
    assert (claude.state, claude.reason, claude.seconds_left) == (
        "no_key", "its provider asks for a key", pytest.approx(300.0, abs=2.0),
    )  # fmt: skip
    assert gpt.state == "ok"


def test_it_is_tried_once_after_five_minutes_and_serves_when_it_answers(local, fails, answers):
    local.scripts["claude"] = [fails(Trigger.auth, 401), answers()]
    local.request()
    local.now += 301.0
    assert called(local.request()) == ["claude"]
    assert local.model("claude").state == "ok"


def test_a_key_refused_for_one_model_reads_otherwise_than_one_refused_for_all(world, fails):
    main = world(models={"claude": {"provider": "one"}, "gpt": {"provider": "two"}})
    main.scripts = {"claude": [fails(Trigger.auth, 401)], "gpt": [fails(Trigger.auth, 403)]}
    main.request()
    assert [main.model(name).reason for name in ("claude", "gpt")] == [
        "refused by the provider", "refused for this model",
    ]  # fmt: skip


@pytest.fixture
def lone(world):
    return world("claude", limits=Limits(retries=0))


def told_to_wait(main):
    last = main.request().last
    assert isinstance(last, Fail)
    return round(last.retry_after_seconds), last.suggestion


def test_a_caller_is_told_when_the_refused_key_is_tried_again(lone, fails):
    lone.scripts["claude"] = [fails(Trigger.auth, 401)]
    lone.request()
    assert told_to_wait(lone) == (300, "claude returns in 300 s")


def test_a_caller_is_told_when_a_model_that_is_out_for_longer_than_a_minute_returns(lone, fails):
    lone.scripts["claude"] = [fails(Trigger.rate_limit, 429, 600.0)]
    lone.request()
    assert told_to_wait(lone) == (600, "claude returns in 600 s")
    order(lone, DrainModel("claude", until=lone.wall + 7200.0))
    assert told_to_wait(lone) == (7200, "claude returns in 7200 s")


def test_nothing_is_promised_of_a_model_that_is_out_for_good(lone):
    order(lone, DisableModel("claude"))
    assert told_to_wait(lone) == (60, "retry in 60 s")


def test_a_model_that_has_only_failed_may_answer_sooner_than_one_that_is_out(world, fails):
    main = world("claude", "gpt", limits=Limits(retries=0), breaker=BreakerRules(enabled=False))
    main.scripts = {"claude": [fails(Trigger.auth, 401)], "gpt": [fails(Trigger.network)]}
    assert told_to_wait(main) == (60, "retry in 60 s")
    main.scripts["gpt"] = [fails(Trigger.rate_limit, 429, 20.0)]
    assert told_to_wait(main)[0] == 20


def test_a_model_that_is_only_busy_may_answer_soon(world, fails):
    busy = {"max_concurrent": 1, "max_queued": 0}
    main = world("claude", "gpt", limits=Limits(retries=0), models={"gpt": busy})
    main.scripts["claude"] = [fails(Trigger.auth, 401)]
    main.router.states["gpt"].take("A", main.now)
    assert told_to_wait(main) == (60, "retry in 60 s")
