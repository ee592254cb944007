"""When no candidate is ready: one call against our own judgement, never against a provider's or an operator's."""

import pytest

from hotspare.router.command import Change, DisableModel
from hotspare.router.settings import BreakerRules, Limits
from hotspare.router.step import Begin, Ended, Fail, FirstContent, Try
from hotspare.router.trigger import Trigger


def called(told):
    return [step.model for step in told.tries]


@pytest.fixture
def dark(world, fails):
    """A world in which every model's breaker is open."""
    main = world(breaker=BreakerRules(consecutive_failures=1), limits=Limits(retries=0))
    main.call_seconds = 0.0
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.timeout)]
    main.request()
    assert {view.state for view in main.snapshot().models} == {"open"}
    return main


def test_one_request_is_tried_and_the_others_get_the_error_at_once(dark):
    walk = dark.router.open(dark.ask(), dark.now)
    (first,) = walk.next(Begin(), dark.now)
    assert first.model == "claude"
    second = dark.router.open(dark.ask(), dark.now)
    (step,) = second.next(Begin(), dark.now)
    assert isinstance(step, Try)
    assert step.model == "gpt", "one a model"
    third, fourth = (dark.router.open(dark.ask(), dark.now) for _ in range(2))
    third.next(Begin(), dark.now)
    (last,) = fourth.next(Begin(), dark.now)
    assert isinstance(last, Fail)
    assert (last.status, last.code) == (503, "no_model_available")
    assert last.retry_after_seconds == 60.0


def test_its_failure_does_not_lengthen_the_break_and_nothing_else_is_called(dark):
    until = dark.model("claude").seconds_left
    dark.now += 10.0
    told = dark.request()
    assert called(told) == ["claude"]
    assert isinstance(told.last, Fail)
    assert dark.model("claude").seconds_left == pytest.approx(until - 10.0)


def test_it_is_counted_among_the_calls_under_way(dark):
    walk = dark.router.open(dark.ask(), dark.now)
    walk.next(Begin(), dark.now)
    state = dark.router.states["claude"]
    assert state.in_flight == 1
    walk.next(FirstContent(1), dark.now)
    walk.next(Ended(1), dark.now)
    assert state.in_flight == 0
    record = walk.record(dark.now)
    assert [candidate.skip for candidate in record.candidates] == [None, "open", "open"], "it was called after all"
    assert record.attempts[0].key == "KEY"


def test_a_suspended_model_gets_one_too(world, fails):
    rules = BreakerRules(consecutive_failures=100, minimum_calls=2)
    main = world("claude", limits=Limits(retries=0), breaker=rules)
    main.scripts["claude"] = [fails(Trigger.timeout)]
    for _ in range(2):
        main.request()
    assert main.model("claude").state == "suspended"
    assert called(main.request()) == ["claude"]


def test_its_success_heals(dark, answers):
    dark.scripts["claude"] = [answers()]
    told = dark.request()
    assert (told.record.model, told.record.verdict) == ("claude", "answered")
    assert dark.model("claude").state == "ok"


def test_it_is_not_repeated_within_five_seconds(dark):
    assert called(dark.request()) == ["claude"]
    dark.now += 4.9
    assert called(dark.request()) == ["gpt"]
    assert called(dark.request()) == ["haiku"]
    assert called(dark.request()) == []
    dark.now += 0.1
    assert called(dark.request()) == ["claude"]


def test_it_has_no_retries(dark):
    assert len(dark.request().tries) == 1


def test_it_never_breaks_the_pause_a_provider_asked_for(world, fails):
    main = world()
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.rate_limit, 429, 500.0)]
    main.request()
    assert called(main.request()) == []


def test_it_may_break_a_pause_that_we_made_up(world, fails):
    main = world()
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.rate_limit, 429)]
    main.request()
    left = main.model("claude").seconds_left
    told = main.request()
    assert called(told) == ["claude"]
    assert told.last.status == 429
    assert main.model("claude").seconds_left == pytest.approx(left - 0.5), "and does not lengthen it"


def test_it_never_goes_to_a_disabled_or_incapable_model(dark):
    change = dark.router.change(
        DisableModel("claude"), who="you", why="", now=dark.now, wall=dark.wall, latest=None, confirmed=True
    )
    assert isinstance(change, Change)
    dark.router.commit(change, now=dark.now, wall=dark.wall)
    assert called(dark.request()) == ["gpt"]


def test_an_incapable_model_gets_none(world, fails):
    main = world(
        "claude", breaker=BreakerRules(consecutive_failures=1), models={"claude": {"lacks": frozenset({"tools"})}}
    )
    main.scripts["claude"] = [fails(Trigger.timeout)]
    main.request()
    assert called(main.request(needs=frozenset({"tools"}))) == []


def test_it_does_not_follow_a_call_that_failed(world, fails):
    main = world("claude", "gpt", breaker=BreakerRules(consecutive_failures=1), limits=Limits(retries=0))
    main.scripts["claude"] = [fails(Trigger.timeout)]
    main.request()
    main.scripts["gpt"] = [fails(Trigger.timeout)]
    told = main.request()
    assert called(told) == ["gpt"], "claude is open, gpt failed: that is the end"


def test_half_open_is_a_trial_and_not_a_last_resort(dark, answers):
    dark.now += 61.0
    assert dark.model("claude").state == "trial"
    dark.scripts["claude"] = [answers()]
    walk = dark.router.open(dark.ask(), dark.now)
    (first,) = walk.next(Begin(), dark.now)
    assert first.model == "claude"
    other = dark.router.open(dark.ask(), dark.now)
    (second,) = other.next(Begin(), dark.now)
    assert second.model == "gpt"
    walk.next(FirstContent(1), dark.now)
    walk.next(Ended(1), dark.now)
    assert dark.model("claude").state == "ok"
