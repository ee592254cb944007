"""The edges of what holds a model back: stale calls, keys and cooldowns, and whether others must hear of a change."""

from dataclasses import replace

import pytest

from hotspare.router.breaker import Breaker, Verdict
from hotspare.router.candidate import CandidateState, Keys
from hotspare.router.command import ClearModel, DisableModel
from hotspare.router.settings import BreakerRules, Limits, Model
from hotspare.router.step import Begin, Deliver, Due, Failed, FirstContent, Try
from hotspare.router.trigger import Action, AttemptFailed, Trigger, Usage

RULES = BreakerRules(consecutive_failures=2, open_seconds=60.0, minimum_calls=4, failed_share=0.5, window_seconds=30.0)
QUIET = replace(RULES, consecutive_failures=99)


def fail(breaker, now, times=1):
    return [breaker.give_back(breaker.lease(now), Verdict.bad, now, "timeout") for _ in range(times)]


# ------------------------------------------------------------------ the breaker
def test_a_call_that_outlives_an_opening_and_a_closing_counts_no_more():
    breaker = Breaker(RULES)
    fail(breaker, 0.0, 2)
    breaker.close(10.0)
    assert breaker.held_until(10.0) is None, "long before its break would have ended"
    stale = [breaker.lease(10.0) for _ in range(2)]
    fail(breaker, 11.0, 2)
    breaker.close(20.0)
    assert [breaker.give_back(lease, Verdict.bad, 21.0) for lease in stale] == [False, False]
    assert (breaker.state, breaker.failures_in_row) == ("closed", 0)


def test_it_says_when_its_state_has_changed_and_only_then():
    breaker = Breaker(replace(RULES, success_threshold=2))
    assert fail(breaker, 0.0, 2) == [False, True]
    early = breaker.last_resort(1.0)
    assert breaker.give_back(early, Verdict.bad, 1.0) is False, "a last resort that fails changes nothing"
    assert fail(breaker, 60.0) == [True], "a trial that fails opens it anew"
    assert breaker.give_back(breaker.lease(180.0), Verdict.good, 180.0) is True, "one of two good trials"
    assert breaker.state == "open"
    assert breaker.give_back(breaker.lease(181.0), Verdict.good, 181.0) is True
    assert breaker.state == "closed"


def test_a_failed_trial_is_named_with_what_it_came_to_where_that_is_known():
    breaker = Breaker(RULES)
    fail(breaker, 0.0, 2)
    breaker.give_back(breaker.lease(60.0), Verdict.bad, 60.0)
    assert breaker.reason == "trial failed"
    breaker.give_back(breaker.lease(200.0), Verdict.bad, 200.0, "network")
    assert breaker.reason == "trial failed: network"


def test_closed_it_has_no_reason_and_no_good_trials_of_the_time_before():
    breaker = Breaker(replace(RULES, success_threshold=2))
    fail(breaker, 0.0, 2)
    breaker.give_back(breaker.lease(60.0), Verdict.good, 60.0)
    breaker.close(61.0)
    assert (breaker.reason, breaker.state) == ("", "closed")
    fail(breaker, 62.0, 2)
    breaker.give_back(breaker.lease(400.0), Verdict.good, 400.0)
    assert breaker.state == "open", "one good trial of two"


def test_opened_anew_it_has_a_trial_to_give():
    breaker = Breaker(RULES)
    fail(breaker, 0.0, 2)
    breaker.lease(60.0)
    assert breaker.held_until(61.0) == 120.0, "a trial runs"
    breaker.close(62.0)
    assert breaker.held_until(62.0) is None
    fail(breaker, 63.0, 2)
    assert breaker.last_resort(64.0) is not None


def test_other_rules_over_the_same_window_keep_what_was_counted_and_over_another_begin_anew():
    breaker = Breaker(QUIET)
    fail(breaker, 0.0, 3)
    breaker.obey(replace(QUIET, failed_share=0.6))
    assert breaker.window.calls == 3
    breaker.obey(replace(QUIET, window_seconds=10.0))
    assert breaker.window.calls == 0
    fail(breaker, 0.0, 3)
    fail(breaker, 11.0, 3)
    assert breaker.state == "closed", "what was 11 s ago is no longer in a window of 10"
    fail(breaker, 11.0)
    assert breaker.state == "suspended"


def test_breaks_shorter_than_a_second_grow_and_fall_too():
    breaker = Breaker(replace(RULES, open_seconds=0.5))
    fail(breaker, 0.0, 2)
    fail(breaker, 0.5)
    assert breaker.until == 0.5 + 1.0
    breaker.give_back(breaker.lease(1.5), Verdict.good, 1.5)
    fail(breaker, 1.5 + 0.6, 2)
    assert breaker.until == pytest.approx(2.1 + 1.0), "of two openings one break spent well takes one"


# ------------------------------------------------------------------ keys and cooldowns of one model
def state_of(*names, keys=None, **changes):
    made = Model("claude", provider="one", keys=names, rates=None, breaker=replace(RULES, enabled=False))
    return CandidateState(replace(made, **changes), keys or Keys())


LIMITED = AttemptFailed(Trigger.rate_limit, "slow down", status=429)
ASKED = AttemptFailed(Trigger.rate_limit, "slow down", status=429, retry_after_seconds=10.0)
REFUSED = AttemptFailed(Trigger.auth, "no", status=401)
FORBIDDEN = AttemptFailed(Trigger.auth, "no", status=403)
DOWN = AttemptFailed(Trigger.network, "gone")


def give(state, failure, now=0.0, key="A"):
    verdict = Verdict.good if failure is None else Verdict.nothing
    return state.give_back(state.take(key, now), verdict, now, failure)


@pytest.mark.parametrize("failure", [LIMITED, ASKED, REFUSED, FORBIDDEN])
def test_a_key_set_aside_and_one_welcomed_back_are_changes_that_others_hear_of(failure):
    state = state_of("A", "B")
    assert give(state, failure) is True
    assert give(state, None, key="B") is False, "another key's answer changes nothing"
    assert state.free_key(1.0) == "B"
    assert give(state, None) is True, "its own answer proves it good"
    assert state.free_key(1.0) == "A"
    assert give(state, None) is False


def test_what_says_nothing_of_a_key_is_no_change():
    state = state_of("A")
    assert give(state, DOWN) is False
    assert state.unready(0.0) is None


def test_no_pause_at_all_is_none():
    state = state_of("A", breaker=replace(RULES, enabled=False, cooldown_seconds=0.0))
    assert give(state, LIMITED) is False
    assert state.unready(0.0) is None
    assert give(state, replace_after(ASKED, 0.5)) is True
    assert state.unready(0.4).until == 0.5


def replace_after(failure, seconds):
    return AttemptFailed(failure.trigger, failure.message, status=failure.status, retry_after_seconds=seconds)


def test_a_pause_that_the_provider_asked_for_stays_one_when_we_add_our_own():
    state = state_of("A")
    give(state, ASKED)
    give(state, LIMITED)
    assert state.unready(1.0).until == 60.0, "the longer counts"
    assert state.unready(1.0).by == "provider"
    assert state.take_last_resort(1.0) is None


def test_a_pause_of_ours_becomes_the_providers_when_it_asks_and_never_shorter():
    state = state_of("A")
    give(state, LIMITED)
    give(state, ASKED, now=1.0)
    assert (state.unready(2.0).until, state.unready(2.0).by) == (60.0, "provider")


def test_a_pause_that_is_over_is_no_part_of_the_next():
    state = state_of("A")
    give(state, ASKED)
    give(state, LIMITED, now=10.0)
    assert (state.unready(11.0).until, state.unready(11.0).by) == (70.0, "429")


def test_an_allowance_that_is_spent_is_a_pause_asked_for_which_no_shorter_one_replaces():
    state = state_of("A")
    state.rest("A", 50.0, 0.0)
    state.rest("A", 20.0, 1.0)
    assert (state.unready(2.0).until, state.unready(2.0).by) == (50.0, "provider")
    assert state.take_last_resort(2.0) is None


def test_a_last_resort_takes_no_refused_key_and_is_counted():
    state = state_of("A", "B")
    give(state, REFUSED)
    give(state, LIMITED, key="B")
    state.in_flight = 3
    permit = state.take_last_resort(1.0)
    assert (permit.key, state.in_flight) == ("B", 4)


def test_a_model_that_nothing_holds_back_needs_no_last_resort():
    assert state_of("A").take_last_resort(0.0) is None


def test_a_key_refused_for_one_model_is_good_again_after_its_answer_and_remembers_no_since():
    keys = Keys()
    state = state_of("A", keys=keys)
    give(state, REFUSED, now=5.0)
    assert keys.since == {"A": 5.0}
    give(state, None, now=400.0)
    assert (keys.since, keys.refused) == ({}, {})
    give(state, REFUSED, now=500.0)
    state.clear(501.0)
    assert (keys.since, keys.refused, state.unready(501.0)) == ({}, {}, None)


def test_the_file_may_take_the_need_for_a_key_away_and_bring_it_back():
    state = state_of()
    assert state.unready(0.0).by == "no key configured"
    state.obey(replace(state.model, needs_key=False))
    assert state.unready(0.0) is None
    state.obey(replace(state.model, needs_key=True))
    assert state.unready(0.0).by == "no key configured"


def test_who_took_a_model_out_is_forgotten_with_the_decision():
    state = state_of("A")
    state.decide("disabled", "ana")
    assert state.decided_by == "ana"
    state.decide(None, "ana")
    assert (state.decided, state.decided_by) == (None, "")


# ------------------------------------------------------------------ as the router tells it
def order(main, command):
    change = main.router.change(command, who="ana", why="", now=main.now, wall=main.wall, latest=None, confirmed=True)
    main.router.commit(change, now=main.now, wall=main.wall)


def test_a_candidate_that_was_disabled_says_by_whom_and_for_how_long(world):
    main = world()
    order(main, DisableModel("claude", main.wall + 600.0))
    candidate = main.request().record.candidates[0]
    assert (candidate.skip, candidate.by, candidate.seconds_left) == ("disabled", "ana", pytest.approx(600.0))


def test_the_epoch_grows_with_what_the_next_start_must_know(world, fails):
    main = world(limits=Limits(retries=0), breaker=BreakerRules(consecutive_failures=1))

    def grown(**scripts):
        before = main.router.epoch
        main.scripts.update(scripts)
        main.request()
        return main.router.epoch > before

    assert not grown()
    assert grown(claude=[fails(Trigger.rate_limit, 429)])
    assert grown(gpt=[fails(Trigger.auth, 401)])
    assert grown(haiku=[fails(Trigger.timeout)])
    main.scripts = {}
    order(main, ClearModel("claude"))
    assert not grown()


def test_a_retry_leaves_the_keys_that_were_refused_meanwhile_alone(world, fails):
    main = world("claude", limits=Limits(retries=3), models={"claude": {"keys": ("A", "B", "C")}})
    main.scripts["claude"] = [fails(Trigger.auth, 401), fails(Trigger.rate_limit, 429, 5.0), Usage(1, 1)]
    assert [step.key for step in main.request().tries] == ["A", "B", "C"]


def test_each_key_is_tried_once_where_the_chain_says_to_try_another(world, fails):
    main = world(
        "claude",
        "gpt",
        models={"claude": {"keys": ("A", "B", "C")}},
        chain={"actions": {Trigger.server_error: Action.another_key}},
        breaker=BreakerRules(enabled=False),
    )
    main.scripts["claude"] = [fails(Trigger.server_error, 500)]
    tries = main.request().tries
    assert [(step.model, step.key) for step in tries] == [
        ("claude", "A"), ("claude", "B"), ("claude", "C"), ("gpt", "KEY"),
    ]  # fmt: skip


# ------------------------------------------------------------------ several calls of one request
def tried(steps):
    return [step.model for step in steps if isinstance(step, Try)]


def test_a_hedge_that_finds_no_model_left_changes_nothing(world):
    main = world("claude")
    walk = main.race(lanes=1, hedge=1.0)
    assert tried(walk.next(Begin(), main.now)) == ["claude"]
    main.now += 1.0
    assert tried(walk.next(Due(), main.now)) == []
    assert walk.next(FirstContent(1), main.now)[0] == Deliver(1)


def test_a_hedge_stands_in_no_line(world):
    main = world("claude", "gpt", "haiku", models={"gpt": {"max_concurrent": 1}})
    main.router.states["gpt"].take("KEY", main.now)
    walk = main.race(lanes=1, hedge=1.0)
    walk.next(Begin(), main.now)
    main.now += 1.0
    assert tried(walk.next(Due(), main.now)) == ["haiku"]
    assert walk.attempts_made == 2


def test_two_calls_whose_time_has_come_are_both_made_again(world, fails):
    main = world("claude", "gpt", limits=Limits(retries=1))
    walk = main.race(lanes=2)
    assert tried(walk.next(Begin(), main.now)) == ["claude", "gpt"]
    for n in (1, 2):
        walk.next(Failed(n, fails(Trigger.network)), main.now)
    main.now += 30.0
    assert sorted(tried(walk.next(Due(), main.now))) == ["claude", "gpt"]


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_a_last_resort_is_one_call_however_many_retries_the_chain_allows(world, fails, retries):
    main = world("claude", limits=Limits(retries=retries), breaker=BreakerRules(consecutive_failures=1))
    main.scripts["claude"] = [fails(Trigger.overloaded, 503)]
    main.request()
    assert main.model("claude").state == "open"
    main.now += 10.0
    told = main.request()
    assert (len(told.tries), told.waits) == (1, [])
    assert told.tries[0].limits.retries == retries
