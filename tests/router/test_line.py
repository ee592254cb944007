"""At its limit of calls at once a model has a line: first come first served, bounded in number and in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.router.command import DisableModel
from hotspare.router.settings import BreakerRules, Limits
from hotspare.router.step import (
    Begin,
    CallerLeft,
    Cancelled,
    Due,
    Ended,
    Fail,
    Failed,
    Finish,
    FirstContent,
    Try,
    Wait,
    Woken,
)
from hotspare.router.trigger import Trigger, Usage

NO_RETRIES = Limits(retries=0)


class Caller:
    """One request, driven by hand, and whether it was called from its line."""

    def __init__(self, main, **ask):
        self.main = main
        self.walk = main.router.open(main.ask(**ask), main.now)
        self.calls = 0
        self.steps = self._take(self.walk.next(Begin(), main.now))

    def _take(self, steps):
        for step in steps:
            if isinstance(step, Wait):
                for waiter in step.waiters:
                    waiter.wake = self._called
        return steps

    def _called(self):
        self.calls += 1

    def tell(self, event):
        self.steps = self._take(self.walk.next(event, self.main.now))
        return self.steps

    @property
    def model(self):
        return next((step.model for step in self.steps if isinstance(step, Try)), None)

    @property
    def waits(self):
        return [step.until - self.main.now for step in self.steps if isinstance(step, Wait)]

    def answer(self, n=1):
        self.tell(FirstContent(n))
        self.tell(Ended(n, Usage(10, 5)))
        assert isinstance(self.steps[-1], Finish)


@pytest.fixture
def main(world):
    return world(limits=NO_RETRIES, models={"claude": {"max_concurrent": 1, "max_queued": 2, "queue_seconds": 4.0}})


def test_a_busy_model_is_waited_for_and_those_beyond_its_line_go_on(main):
    callers = [Caller(main) for _ in range(4)]
    assert [caller.model for caller in callers] == ["claude", None, None, "gpt"]
    assert [caller.waits for caller in callers] == [[], [4.0], [4.0], []]
    assert main.router.states["claude"].in_flight == 1
    over = callers[3]
    over.answer()
    skipped = over.walk.record(main.now).candidates[0]
    assert (skipped.skip, skipped.by) == ("busy", "1 in flight, 2 in line")


def test_a_place_that_is_free_is_the_firsts_in_line_and_nobody_overtakes(main):
    first, second, third = (Caller(main) for _ in range(3))
    main.now += 1.5
    first.answer()
    assert (second.calls, third.calls) == (1, 0)
    newcomer = Caller(main)
    assert newcomer.model is None, "the place is kept for the one whose turn it is"
    assert newcomer.waits
    second.tell(Woken())
    assert (second.model, second.waits) == ("claude", [])
    assert third.tell(Woken()) == (Wait(main.now + 2.5, third.steps[-1].waiters),)
    main.now += 1
    second.answer()
    attempt = second.walk.record(main.now).attempts[0]
    assert (attempt.queued_ms, attempt.started_ms, attempt.ended_ms) == (1500.0, 1500.0, 2500.0)
    assert third.calls == 1


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_however_a_call_ends_the_next_is_called(main, fails, end):
    first, second = Caller(main), Caller(main)
    if end == "fail":
        first.tell(Failed(1, fails(Trigger.server_error, 500)))
    else:
        first.tell(CallerLeft())
        first.tell(Cancelled(1))
    assert second.calls == 1
    second.tell(Woken())
    assert second.model == "claude"


def test_who_has_waited_long_enough_goes_on_to_the_next_model(main):
    first, second, third = (Caller(main) for _ in range(3))
    main.now += 4.0
    second.tell(Due())
    assert second.model == "gpt"
    second.answer()
    record = second.walk.record(main.now)
    assert (record.candidates[0].skip, record.candidates[0].by, record.reason) == ("busy", "4 s in line", "busy")
    first.answer()
    assert (second.calls, third.calls) == (0, 1)


def test_a_line_is_never_waited_in_beyond_the_deadline(main):
    Caller(main)
    late = Caller(main, deadline=main.now + 3.0)
    assert late.waits == [3.0]
    main.now += 3.0
    late.tell(Due())
    assert isinstance(late.steps[-1], Fail)
    assert late.steps[-1].code == "deadline_exceeded"


def test_a_caller_that_leaves_its_line_is_called_no_more(main):
    first, second, third = (Caller(main) for _ in range(3))
    second.tell(CallerLeft())
    assert second.walk.over
    first.answer()
    assert (second.calls, third.calls) == (0, 1)


def test_a_place_that_was_kept_for_one_that_leaves_is_the_nexts(main):
    first, second, third = (Caller(main) for _ in range(3))
    first.answer()
    second.tell(CallerLeft())
    assert third.calls == 1
    third.tell(Woken())
    assert third.model == "claude"
    third.answer()
    assert main.router.states["claude"].line.kept == 0
    assert Caller(main).model == "claude"


def test_a_place_kept_while_the_time_runs_out_is_taken_or_given_on(main):
    first, second, third = (Caller(main) for _ in range(3))
    main.now += 4.0
    first.answer()
    second.tell(Due())  # the time has come in the same moment as the turn
    assert second.model == "gpt"
    assert third.calls == 1


def test_when_the_model_is_taken_out_its_line_goes_on_to_the_next(main):
    first, second = Caller(main), Caller(main)
    change = main.router.change(
        DisableModel("claude"), who="you", why="", now=main.now, wall=main.wall, latest=None, confirmed=True
    )
    main.router.commit(change, now=main.now, wall=main.wall)
    assert second.calls == 1
    second.tell(Woken())
    assert second.model == "gpt"
    second.answer()
    assert second.walk.record(main.now).candidates[0].skip == "disabled"
    first.answer()


def test_when_its_breaker_opens_each_in_line_goes_on_in_turn(world, fails):
    rules = {"max_concurrent": 1, "max_queued": 2, "breaker": BreakerRules(consecutive_failures=1)}
    main = world(limits=NO_RETRIES, models={"claude": rules})
    first, second, third = (Caller(main) for _ in range(3))
    first.tell(Failed(1, fails(Trigger.server_error, 500)))
    for caller in (second, third):
        assert caller.calls == 1
        caller.tell(Woken())
        assert caller.model == "gpt"
    assert main.router.states["claude"].line.kept == 0


def test_a_retry_does_not_stand_in_line(world, fails):
    main = world(limits=Limits(retries=1), models={"claude": {"max_concurrent": 1}})
    first, second = Caller(main), Caller(main)
    first.tell(Failed(1, fails(Trigger.server_error, 500)))
    assert second.calls == 1, "the place is the next one's"
    assert first.model == "gpt"


def test_of_two_places_that_become_free_each_is_kept_for_one(world):
    main = world(limits=NO_RETRIES, models={"claude": {"max_concurrent": 2}})
    first, second, third, fourth = (Caller(main) for _ in range(4))
    first.answer()
    second.answer()
    assert (third.calls, fourth.calls) == (1, 1)
    assert main.router.states["claude"].line.kept == 2
    assert Caller(main).model is None
    for caller in (third, fourth):
        caller.tell(Woken())
        assert caller.model == "claude"


def test_a_model_without_a_limit_has_no_line(world):
    main = world()
    assert [Caller(main).model for _ in range(50)] == ["claude"] * 50


def test_without_room_in_line_a_busy_model_is_passed_over_at_once(world):
    main = world(models={"claude": {"max_concurrent": 1, "max_queued": 0}})
    assert [Caller(main).model for _ in range(2)] == ["claude", "gpt"]


@given(data=st.data())
def test_no_place_is_lost_and_none_given_twice(world, data):
    main = world("claude", "gpt", limits=NO_RETRIES, models={"claude": {"max_concurrent": 2}})
    state, callers = main.router.states["claude"], []
    for _ in range(data.draw(st.integers(1, 25))):
        act = data.draw(st.sampled_from(("come", "answer", "leave", "wake", "late")))
        running = [c for c in callers if any(r.lane.state is state for r in c.walk._lanes.running.values())]
        waiting = [c for c in callers if c.walk._lanes._waiting]
        if act == "come":
            callers.append(Caller(main))
        elif act == "answer" and running:
            caller = data.draw(st.sampled_from(running))
            caller.answer(next(iter(caller.walk._lanes.running)))
        elif act == "leave" and waiting:
            data.draw(st.sampled_from(waiting)).tell(CallerLeft())
        elif act == "wake" and (called := [c for c in waiting if c.calls]):
            data.draw(st.sampled_from(called)).tell(Woken())
        elif act == "late" and waiting:
            main.now += 10.0
            data.draw(st.sampled_from(waiting)).tell(Due())
        assert state.line.kept >= 0
        assert state.in_flight + state.line.kept <= 2
        assert not (len(state.line) and state.in_flight + state.line.kept < 2), "a free place and somebody who waits"
