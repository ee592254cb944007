"""A model finds the request itself at fault: whom the caller hears, where others were not even asked."""

import pytest

from hotspare.router.settings import Budget, Limits
from hotspare.router.step import Begin, Cancelled, Due, Ended, Fail, Failed, Finish, FirstContent, Try, Wait, Woken
from hotspare.router.trigger import AttemptFailed, Incapable, Trigger, Usage

NO_RETRIES = Limits(retries=0)


def called(told):
    return [step.model for step in told.tries]


@pytest.fixture
def asked(world, fails):
    """A request whose models fail by these triggers, in order; None answers."""

    def ask(*triggers, chain=None, models=None, **changes):
        main = world(limits=NO_RETRIES, chain=chain, models=models)
        for name, trigger in zip(("claude", "gpt", "haiku"), triggers, strict=False):
            main.scripts[name] = [fails(trigger, 400 if trigger is Trigger.bad_request else None)] if trigger else []
        return main.request(**changes)

    return ask


BAD, BUSY, LONG = Trigger.bad_request, Trigger.overloaded, Trigger.context_length


def test_what_the_model_it_was_meant_for_says_is_told_at_once(asked):
    told = asked(BAD)
    assert called(told) == ["claude"]
    assert (told.last.status, told.last.relay, told.record.verdict) == (400, True, "caller_fault")


def test_a_fallback_alone_with_its_complaint_is_not_believed(asked):
    told = asked(BUSY, BAD, None)
    assert called(told) == ["claude", "gpt", "haiku"]
    assert isinstance(told.last, Finish)
    assert (told.record.model, told.record.reason) == ("haiku", "overloaded")


def test_two_are_believed(asked):
    told = asked(BUSY, BAD, BAD)
    assert (told.last.status, told.last.code, told.record.verdict) == (400, "bad_request", "caller_fault")
    assert told.last.failure.trigger is BAD


def test_where_the_primary_was_only_busy_the_caller_may_come_again(asked):
    told = asked(BUSY, BAD, BUSY)
    assert (told.last.status, told.last.code, told.last.relay) == (503, "all_models_failed", False)
    assert told.last.message == "no model could answer (claude: overloaded; gpt: bad_request (400); haiku: overloaded)"
    assert told.record.verdict == "failed"


def test_where_nobody_else_will_ever_be_heard_the_complaint_is_told(asked):
    off = {name: {"enabled": False} for name in ("claude", "haiku")}
    told = asked(None, BAD, None, models=off)
    assert called(told) == ["gpt"]
    assert (told.last.status, told.last.relay, told.record.verdict) == (400, True, "caller_fault")


def test_a_request_that_is_too_long_for_the_one_and_wrong_for_the_other_is_at_fault(asked):
    assert asked(LONG, BAD, LONG).last.status == 400


def test_where_one_is_only_held_back_the_caller_may_come_again(world, fails):
    main = world("claude", "gpt", limits=NO_RETRIES)
    main.scripts |= {"claude": [fails(Trigger.rate_limit, 429, 30.0)], "gpt": [fails(BAD, 400)]}
    main.request()
    told = main.request()
    assert called(told) == ["gpt"]
    assert (told.last.status, told.last.code) == (503, "all_models_failed")


def test_a_chain_may_still_pass_complaints_on_or_not_fall_back_at_all(asked):
    assert called(asked(BUSY, BAD, chain={"fallback_on_error": False})) == ["claude"]
    rate = asked(Trigger.rate_limit, BAD, chain={"fallback_on_error": False})
    assert (called(rate), rate.last.status) == (["claude", "gpt"], 400)


def test_a_named_model_is_the_one_it_was_meant_for(asked):
    assert called(asked(None, BAD, start="gpt")) == ["gpt"]


def test_in_a_race_one_complaint_stops_nobody(world, fails):
    main = world(limits=NO_RETRIES)
    walk = main.race()
    tries = walk.next(Begin(), main.now)
    assert [step.model for step in tries if isinstance(step, Try)] == ["claude", "gpt", "haiku"]
    assert walk.next(Failed(1, fails(BAD, 400)), main.now) == ()
    walk.next(FirstContent(2), main.now)
    walk.next(Cancelled(3), main.now)
    assert walk.next(Ended(2, Usage(1, 1)), main.now) == (Finish(2),)


def test_in_a_race_two_complaints_end_it(world, fails):
    main = world(limits=NO_RETRIES)
    walk = main.race()
    walk.next(Begin(), main.now)
    walk.next(Failed(1, fails(BAD, 400)), main.now)
    walk.next(Failed(2, fails(BAD, 400)), main.now)
    (last,) = walk.next(Cancelled(3), main.now)
    assert isinstance(last, Fail)
    assert last.status == 400


def test_who_complained_is_not_asked_again_after_a_wait(world, fails):
    main = world("claude", "gpt", limits=NO_RETRIES)
    walk = main.router.open(main.ask(wait_seconds=5.0), main.now)
    walk.next(Begin(), main.now)
    walk.next(Failed(1, fails(BUSY, 503)), main.now)
    (wait,) = walk.next(Failed(2, fails(BAD, 400)), main.now)
    assert isinstance(wait, Wait)
    (again,) = walk.next(Woken(), main.now + 1)
    assert again.model == "claude"
    assert isinstance(walk.next(Failed(3, fails(BUSY, 503)), main.now + 1)[0], Wait)
    (last,) = walk.next(Due(), main.now + 5)
    assert last.status == 503
    told = [(one.skip, one.by) for one in walk.record(main.now + 5).candidates]
    assert told == [(None, ""), ("incapable", "it refused this request")]


# ------------------------------------------------------------------ what came to no call
def test_a_request_that_cannot_be_written_for_a_model_was_no_call_of_it(world):
    main = world("claude", "gpt")
    main.scripts["claude"] = [Incapable("messages.role 'x'")]
    told = main.request()
    assert [(one.model, one.skip, one.by) for one in told.record.candidates] == [
        ("claude", "incapable", "messages.role 'x'"),
        ("gpt", None, ""),
    ]
    assert [attempt.model for attempt in told.record.attempts] == ["gpt"]
    assert told.record.reason == "incapable"


def test_it_is_counted_neither_as_a_call_nor_as_a_cost(world):
    main = world("claude", "gpt")
    main.scripts["claude"] = [Incapable("n")]
    walk = main.router.open(main.ask(), main.now)
    told = main.drive(walk)
    assert walk.attempts_made == 1
    assert told.record.cost_pico_usd == told.record.attempts[0].cost_pico_usd
    assert main.router.states["claude"].breaker.failures_in_row == 0
    assert main.router.states["claude"].in_flight == 0


def test_what_was_set_aside_for_it_is_free_while_the_next_is_called(world):
    main = world("claude", "gpt", budget=Budget(daily=10**15))
    walk = main.router.open(main.ask(size_bytes=4000), main.now)
    walk.next(Begin(), main.now)
    before = main.router._purse._reserved
    walk.next(Failed(1, Incapable("n")), main.now)
    assert main.router._purse._reserved == before > 0, "gpt's, in place of claude's"


def test_where_nothing_was_called_a_model_that_is_held_back_gets_its_last_resort(world):
    main = world("claude", "gpt", limits=NO_RETRIES)
    for _ in range(5):
        main.scripts["claude"] = [AttemptFailed(Trigger.timeout, "late")]
        main.scripts["gpt"] = [AttemptFailed(Trigger.timeout, "late")]
        main.request()
    main.router.states["claude"].breaker.close(main.now)
    main.scripts |= {"claude": [Incapable("n")], "gpt": [Usage(1, 1)]}
    told = main.request()
    assert isinstance(told.last, Finish)
    assert told.record.model == "gpt"
