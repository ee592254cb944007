"""Callers that would rather wait: for how long, how many, and how they are let go."""

import pytest

from hotspare.router.parking import MOST_WAITING
from hotspare.router.settings import BreakerRules, Limits
from hotspare.router.step import Begin, CallerLeft, Due, Ended, Fail, Failed, Finish, FirstContent, Try, Wait, Woken
from hotspare.router.trigger import Trigger, Usage

NO_RETRIES = Limits(retries=0)


class Caller:
    """One request, driven by hand."""

    def __init__(self, main, wait=30.0, **ask):
        self.main = main
        self.walk = main.router.open(main.ask(wait_seconds=wait, **ask), main.now)
        self.calls = 0
        self.tell(Begin())

    def tell(self, event):
        self.steps = self.walk.next(event, self.main.now)
        for step in self.steps:
            if isinstance(step, Wait):
                for waiter in step.waiters:
                    waiter.wake = self._called
        return self.steps[-1] if self.steps else None

    def _called(self):
        self.calls += 1


@pytest.fixture
def dark(world, fails):
    """A world in which every model is open for a minute, and the last-resort calls are used up."""
    main = world(breaker=BreakerRules(consecutive_failures=1), limits=NO_RETRIES)
    main.call_seconds = 0.0
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.timeout)]
    for _ in range(4):
        main.request()
    main.scripts = {}
    return main


def tick(main, seconds):
    main.now += seconds
    main.router.tick(main.now, main.wall)


def test_without_the_wish_the_error_comes_at_once(dark):
    assert isinstance(Caller(dark, wait=0.0).steps[-1], Fail)


def test_a_caller_that_wishes_to_waits_and_is_served_when_a_model_is_back(dark):
    caller = Caller(dark, wait=60.0)
    assert [step.until for step in caller.steps] == [dark.now + 60.0]
    tick(dark, 30.0)
    assert caller.calls == 0
    assert dark.router.parking.waiting("main") == 1
    dark.router.states["gpt"].breaker.close(dark.now)
    tick(dark, 1.0)
    assert caller.calls == 1
    started = caller.tell(Woken())
    assert (started.model, caller.walk.waited) == ("gpt", True)
    caller.tell(FirstContent(1))
    assert isinstance(caller.tell(Ended(1, Usage(1, 1))), Finish)
    record = caller.walk.record(dark.now)
    assert (record.waited_ms, record.attempts[0].queued_ms) == (31_000.0, 0.0)
    assert [candidate.skip for candidate in record.candidates] == ["open", None, None]


def test_after_its_time_it_gets_the_error(dark):
    caller = Caller(dark, wait=20.0)
    dark.now += 20.0
    trial = caller.tell(Due())
    assert isinstance(trial, Try), "a last resort, since five seconds have passed"
    for state in dark.router.states.values():
        state.decide("disabled", "you")
    late = Caller(dark, wait=20.0)
    dark.now += 20.0
    fail = late.tell(Due())
    assert isinstance(fail, Fail)
    assert (fail.status, fail.code) == (503, "no_model_available")


@pytest.mark.parametrize(("wish", "until"), [(30.0, 30.0), (500.0, 60.0)])
def test_nobody_waits_longer_than_a_minute_or_the_deadline(dark, wish, until):
    assert Caller(dark, wait=wish).steps[0].until == dark.now + until
    assert Caller(dark, wait=wish, deadline=dark.now + 7.0).steps[0].until == dark.now + 7.0


def test_no_more_than_a_hundred_wait(dark):
    callers = [Caller(dark) for _ in range(MOST_WAITING + 1)]
    assert all(isinstance(caller.steps[-1], Wait) for caller in callers[:-1])
    assert isinstance(callers[-1].steps[-1], Fail)
    callers[0].tell(CallerLeft())
    assert isinstance(Caller(dark).steps[-1], Wait)


def test_they_are_let_go_one_by_one_and_in_their_order(dark):
    first, second, third = (Caller(dark, wait=60.0) for _ in range(3))
    dark.router.states["claude"].breaker.close(dark.now)
    tick(dark, 1.0)
    assert (first.calls, second.calls, third.calls) == (1, 0, 0)
    first.tell(Woken())
    first.tell(FirstContent(1))
    assert second.calls == 0
    first.tell(Ended(1, Usage(1, 1)))
    assert (second.calls, third.calls) == (1, 0), "one more with every answer"


def test_who_fails_again_is_first_again(dark, fails):
    first, second = Caller(dark, wait=60.0), Caller(dark, wait=60.0)
    dark.router.states["claude"].breaker.close(dark.now)
    tick(dark, 1.0)
    assert isinstance(first.tell(Woken()), Try)
    assert isinstance(first.tell(Failed(1, fails(Trigger.timeout))), Wait)
    dark.router.states["claude"].breaker.close(dark.now)
    tick(dark, 1.0)
    assert (first.calls, second.calls) == (2, 0)


@pytest.mark.parametrize("held", ["disabled", "cooling"])
def test_a_model_that_may_not_be_called_lets_nobody_go(dark, fails, held):
    caller = Caller(dark, wait=60.0)
    state = dark.router.states["claude"]
    state.breaker.close(dark.now)
    if held == "disabled":
        state.decide("disabled", "you")
    else:
        state.rest("KEY", 100.0, dark.now)
    tick(dark, 1.0)
    assert caller.calls == 0


def test_what_no_model_could_serve_is_not_waited_for(world):
    main = world(models={name: {"lacks": frozenset({"tools"})} for name in ("claude", "gpt", "haiku")})
    assert isinstance(Caller(main, needs=frozenset({"tools"})).steps[-1], Fail)


def test_who_leaves_is_called_no_more(dark):
    first, second = Caller(dark), Caller(dark)
    first.tell(CallerLeft())
    assert first.walk.over
    dark.router.states["claude"].breaker.close(dark.now)
    tick(dark, 1.0)
    assert (first.calls, second.calls) == (0, 1)
