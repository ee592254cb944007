"""The breaker against what the most trusted breakers assert: resilience4j, Polly and Envoy, one trial at a time."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from hotspare.router.breaker import Breaker, Lease, Verdict
from hotspare.router.settings import BreakerRules
from hotspare.router.window import Window

RULES = BreakerRules(consecutive_failures=3, open_seconds=60.0, minimum_calls=10, failed_share=0.5, window_seconds=30.0)


def feed(breaker, now, *verdicts):
    for verdict in verdicts:
        breaker.give_back(breaker.lease(now), verdict, now, "timeout")


def opened(now=0.0, **changes):
    breaker = Breaker(BreakerRules(**{"consecutive_failures": 3, "open_seconds": 60.0, **changes}))
    feed(breaker, now, *[Verdict.bad] * 3)
    assert breaker.state == "open"
    return breaker


def test_it_opens_at_the_threshold_and_not_before():
    breaker = Breaker(RULES)
    feed(breaker, 0.0, Verdict.bad, Verdict.bad)
    assert breaker.held_until(0.0) is None
    feed(breaker, 0.0, Verdict.bad)
    assert breaker.state == "open"
    assert breaker.held_until(0.0) == 60.0
    assert breaker.reason == "3 failures in a row: timeout"


def test_a_success_between_resets_the_row():
    breaker = Breaker(RULES)
    feed(breaker, 0.0, Verdict.bad, Verdict.bad, Verdict.good, Verdict.bad, Verdict.bad)
    assert breaker.state == "closed"


def probe(breaker, now, *verdicts):
    for verdict in verdicts:
        breaker.give_back(breaker.lease(now), verdict, now, "timeout", probe=True)


def test_probes_open_it_when_no_traffic_speaks_for_the_model():
    breaker = Breaker(RULES)
    probe(breaker, 0.0, Verdict.bad, Verdict.bad)
    assert "2 of 3 probes in a row" in breaker.distances(0.0)
    probe(breaker, 0.0, Verdict.bad)
    assert (breaker.state, breaker.reason) == ("open", "3 probes failed in a row: timeout")
    assert breaker.held_until(0.0) == 60.0
    breaker.close(60.0)
    assert breaker.distances(60.0)[0] == "0 of 3 failures in a row"


def test_traffic_that_goes_well_takes_the_probes_place():
    breaker = Breaker(RULES)
    probe(breaker, 0.0, Verdict.bad, Verdict.bad)
    feed(breaker, 0.0, Verdict.good)
    probe(breaker, 0.0, Verdict.bad, Verdict.bad)
    assert breaker.state == "closed"


def test_probes_and_traffic_in_one_row_are_counted_together():
    breaker = Breaker(RULES)
    feed(breaker, 0.0, Verdict.bad, Verdict.bad)
    probe(breaker, 0.0, Verdict.bad)
    assert (breaker.state, breaker.reason) == ("open", "3 failures in a row: timeout")


def test_probes_are_no_part_of_the_shares():
    breaker = Breaker(RULES)
    probe(breaker, 0.0, *[Verdict.bad, Verdict.slow] * 20)
    assert breaker.window.calls == 0
    assert breaker.state == "closed"


def test_what_says_nothing_neither_counts_nor_resets():
    breaker = Breaker(RULES)
    feed(breaker, 0.0, Verdict.bad, Verdict.bad, Verdict.nothing)
    assert breaker.failures_in_row == 2
    assert breaker.window.calls == 2
    feed(breaker, 0.0, Verdict.bad)
    assert breaker.state == "open"


def test_the_share_needs_its_minimum_of_calls_and_more_than_the_threshold():
    breaker = Breaker(RULES)
    feed(breaker, 0.0, *[Verdict.bad, Verdict.good] * 4, Verdict.bad)
    assert breaker.state == "closed", "5 of 9: too few calls"
    feed(breaker, 0.0, Verdict.good)
    assert breaker.state == "closed", "5 of 10 equals the threshold"
    feed(breaker, 0.0, Verdict.bad)
    assert breaker.state == "suspended", "6 of 11 is over it"
    assert breaker.held_until(0.0) == 300.0


def test_only_a_failure_opens():
    breaker = Breaker(BreakerRules(consecutive_failures=100, minimum_calls=4, failed_share=0.5))
    feed(breaker, 0.0, Verdict.bad, Verdict.bad, Verdict.bad)
    feed(breaker, 0.0, Verdict.good)
    assert breaker.state == "closed", "3 of 4, but the last call went well"


def test_slow_answers_open_under_their_own_rule_though_each_succeeded():
    breaker = Breaker(BreakerRules(slow_share=0.5, minimum_calls=4))
    feed(breaker, 0.0, Verdict.good, Verdict.slow, Verdict.slow)
    assert breaker.state == "closed"
    feed(breaker, 0.0, Verdict.slow)
    assert breaker.state == "suspended"
    assert "slower than 10 s" in breaker.reason


def test_the_slow_rule_is_off_by_default():
    breaker = Breaker(BreakerRules(minimum_calls=4))
    feed(breaker, 0.0, *[Verdict.slow] * 50)
    assert breaker.state == "closed"


def test_half_open_admits_exactly_one():
    breaker = opened()
    assert breaker.held_until(59.9) == 60.0
    assert breaker.held_until(60.0) is None
    breaker.lease(60.0)
    assert breaker.held_until(60.0) == 120.0


def test_a_good_trial_closes_with_a_clean_slate():
    breaker = opened()
    breaker.give_back(breaker.lease(60.0), Verdict.good, 61.0)
    assert breaker.state == "closed"
    assert (breaker.failures_in_row, breaker.window.calls) == (0, 0)


def test_a_failed_trial_opens_anew_from_its_end():
    breaker = opened()
    breaker.give_back(breaker.lease(60.0), Verdict.bad, 61.0, "network")
    assert (breaker.state, breaker.until, breaker.since) == ("open", 61.0 + 2 * 60.0, 0.0)
    assert breaker.reason == "trial failed: network"


def test_a_trial_that_says_nothing_gives_its_place_back():
    breaker = opened()
    for _ in range(4):
        breaker.give_back(breaker.lease(60.0), Verdict.nothing, 60.0)
        assert breaker.held_until(60.0) is None
    assert breaker.state == "open"


def test_a_trial_that_hangs_expires_and_its_late_result_changes_nothing():
    breaker = opened()
    hanging = breaker.lease(60.0)
    assert breaker.held_until(119.9) == 120.0
    assert breaker.held_until(120.0) is None
    second = breaker.lease(120.0)
    assert not breaker.give_back(hanging, Verdict.bad, 121.0)
    assert breaker.held_until(121.0) == 180.0, "the second trial still holds the place"
    breaker.give_back(second, Verdict.good, 122.0)
    assert breaker.state == "closed"


def test_several_good_trials_where_the_rules_ask_for_them():
    breaker = opened(success_threshold=2)
    breaker.give_back(breaker.lease(60.0), Verdict.good, 60.0)
    assert breaker.state == "open"
    assert breaker.held_until(60.0) is None
    breaker.give_back(breaker.lease(61.0), Verdict.good, 61.0)
    assert breaker.state == "closed"


def test_a_late_result_of_a_closed_period_does_nothing():
    breaker = Breaker(RULES)
    late = [breaker.lease(0.0) for _ in range(3)]
    feed(breaker, 0.0, *[Verdict.bad] * 3)
    until = breaker.until
    assert not breaker.give_back(late[0], Verdict.bad, 50.0)
    assert not breaker.give_back(late[1], Verdict.good, 50.0)
    assert (breaker.state, breaker.until) == ("open", until)


def test_the_last_resort_is_one_at_a_time_and_at_most_one_in_five_seconds():
    breaker = opened()
    first = breaker.last_resort(10.0)
    assert first is not None
    assert breaker.last_resort(16.0) is None, "one runs"
    breaker.give_back(first, Verdict.bad, 16.0)
    assert breaker.until == 60.0, "its failure does not lengthen the break"
    second = breaker.last_resort(16.0)
    assert second is not None
    breaker.give_back(second, Verdict.nothing, 16.0)
    assert breaker.last_resort(20.9) is None, "not twice within five seconds"
    assert breaker.last_resort(21.0) is not None


def test_a_last_resort_that_answers_heals():
    breaker = opened()
    lease = breaker.last_resort(10.0)
    assert lease is not None
    breaker.give_back(lease, Verdict.good, 11.0)
    assert breaker.state == "closed"


def test_a_breaker_that_is_switched_off_never_opens():
    breaker = Breaker(BreakerRules(enabled=False, consecutive_failures=1))
    feed(breaker, 0.0, *[Verdict.bad] * 50)
    assert breaker.state == "closed"


def test_it_comes_back_after_a_restart_with_what_is_left_of_its_break():
    memory = opened(now=100.0).memory(now=110.0, wall=5000.0)
    assert memory is not None
    again = Breaker(RULES)
    again.remember(memory, now=3.0, wall=5020.0)
    assert again.until == pytest.approx(3.0 + 30.0)
    assert again.since == pytest.approx(3.0 - 30.0)
    late = Breaker(RULES)
    late.remember(memory, now=3.0, wall=9000.0)
    assert late.held_until(3.0) is None, "the break is over; the trial is to be made"
    assert late.state == "open"


def test_the_break_grows_with_each_opening_up_to_a_bound():
    breaker = opened()
    breaks = []
    for _ in range(10_000):
        now = breaker.until
        breaker.give_back(breaker.lease(now), Verdict.bad, now)
        breaks.append(breaker.until - now)
    assert breaks[:6] == [120.0, 180.0, 240.0, 300.0, 300.0, 300.0]
    assert breaks[-1] == 300.0


def test_the_break_shrinks_again_while_the_model_is_well():
    def reopened(after):
        breaker = opened()
        for _ in range(2):
            breaker.give_back(breaker.lease(breaker.until), Verdict.bad, breaker.until)
        closed = breaker.until
        breaker.give_back(breaker.lease(closed), Verdict.good, closed)
        feed(breaker, closed + after, *[Verdict.bad] * 3)
        return breaker.until - closed - after

    assert reopened(1.0) == 4 * 60.0
    assert reopened(59.0) == 4 * 60.0
    assert reopened(60.0) == 3 * 60.0
    assert reopened(180.0) == 60.0
    assert reopened(9999.0) == 60.0


def test_it_says_how_far_each_condition_is():
    breaker = Breaker(RULES)
    feed(breaker, 0.0, Verdict.bad, Verdict.good, Verdict.bad)
    assert breaker.distances(0.0) == (
        "1 of 3 failures in a row",
        "2 of 3 calls in 30 s failed; opens over 50 % of 10 or more",
    )
    assert breaker.distances(31.0)[1].startswith("0 of 0 calls")
    assert Breaker(BreakerRules(enabled=False)).distances(0.0) == ()


def test_a_window_forgets_what_is_as_old_as_itself():
    window = Window(30.0)
    window.add(0.0, bad=True)
    window.advance(29.9)
    assert (window.calls, window.bad) == (1, 1)
    window.advance(30.0)
    assert (window.calls, window.bad) == (0, 0)


def test_a_window_adds_up_across_its_slots():
    window = Window(30.0)
    for second in range(60):
        window.add(float(second), bad=second % 2 == 0, slow=second % 3 == 0)
    assert (window.calls, window.bad, window.slow) == (30, 15, 10)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.3, 0.9, 1.0, 4.0, 29.0, 31.0]), st.booleans(), st.booleans())))
def test_a_window_counts_what_came_in_its_last_slots_and_nothing_else(steps):
    window, came, now = Window(30.0), [], 0.0
    for pause, bad, slow in steps:
        now += pause
        window.add(now, bad=bad, slow=slow)
        came.append((int(now), bad, slow))
    kept = [each for each in came if each[0] > int(now) - 30]
    assert (window.calls, window.bad, window.slow) == (
        len(kept), sum(bad for _, bad, _ in kept), sum(slow for *_, slow in kept),
    )  # fmt: skip


@hypothesis_settings(max_examples=60, stateful_step_count=60, deadline=None)
class OneTrial(RuleBasedStateMachine):
    """Whatever happens in whatever order, at most one live trial is out at any instant."""

    leases = Bundle("leases")

    def __init__(self):
        super().__init__()
        self.breaker = Breaker(BreakerRules(consecutive_failures=2, open_seconds=10.0, minimum_calls=4))
        self.now = 0.0
        self.trials: dict[int, float] = {}

    @rule(seconds=st.floats(0.0, 12.0))
    def time_passes(self, seconds):
        self.now += seconds

    @rule(target=leases)
    def call(self):
        if self.breaker.held_until(self.now) is not None:
            return None
        return self._out(self.breaker.lease(self.now))

    @rule(target=leases)
    def last_resort(self):
        if self.breaker.state == "closed":
            return None
        lease = self.breaker.last_resort(self.now)
        return None if lease is None else self._out(lease)

    def _out(self, lease):
        if lease.trial:
            self.trials[lease.trial] = self.now + 10.0
        return lease

    @rule(lease=consumes(leases), verdict=st.sampled_from(Verdict))
    def give_back(self, lease, verdict):
        if lease is None:
            return
        self.trials.pop(lease.trial, None)
        before = self.breaker.state
        self.breaker.give_back(lease, verdict, self.now)
        if before == "closed" and self.breaker.state != "closed":
            assert verdict in (Verdict.bad, Verdict.slow)

    @invariant()
    def at_most_one_trial(self):
        live = [number for number, expires in self.trials.items() if expires > self.now]
        if self.breaker.state != "closed":
            assert len(live) <= 1


TestOneTrial = OneTrial.TestCase


def test_a_share_exactly_at_its_threshold_does_not_open():
    breaker = Breaker(BreakerRules(consecutive_failures=100, minimum_calls=10, failed_share=0.5))
    feed(breaker, 0.0, *[Verdict.good] * 5, *[Verdict.bad] * 5)
    assert breaker.state == "closed", "over means over"
    feed(breaker, 0.0, Verdict.bad)
    assert breaker.state == "suspended"


def test_a_share_of_nought_switches_the_rule_off():
    breaker = Breaker(BreakerRules(consecutive_failures=100, minimum_calls=1, failed_share=0.0))
    feed(breaker, 0.0, *[Verdict.bad] * 50)
    assert breaker.state == "closed"


def test_leases_go_on_however_often_it_has_closed():
    breaker = Breaker(RULES)
    for _ in range(200):
        lease = breaker.lease(0.0)
        assert lease == Lease(breaker.period)
        breaker.give_back(lease, Verdict.good, 0.0)
        breaker.close(0.0)
