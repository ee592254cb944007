"""What becomes of a request: order, retries, fallbacks, refusals, and the Record that remains."""

from dataclasses import replace
from typing import get_args

import pytest

from hotspare.router.breaker import Verdict
from hotspare.router.candidate import CandidateState, Keys
from hotspare.router.outcome import cost_of
from hotspare.router.record import Attempt, Candidate, Record
from hotspare.router.settings import BreakerRules, Limits, Model, Rates
from hotspare.router.step import (
    Begin,
    CallerLeft,
    Cancel,
    Cancelled,
    ContentHeld,
    Deliver,
    Due,
    Ended,
    Event,
    Fail,
    Failed,
    Finish,
    FirstContent,
    Recall,
    Recalled,
    Try,
    Wait,
    Woken,
)
from hotspare.router.trigger import Action, AttemptFailed, Trigger, Usage
from hotspare.router.walk import Walk

NO_RETRIES = Limits(retries=0)


def called(told):
    return [step.model for step in told.tries]


def test_the_primary_answers_when_all_is_well(world, answers):
    main = world()
    told = main.request()
    assert called(told) == ["claude"]
    assert told.last == Finish(1)
    record = told.record
    assert (record.model, record.meant, record.fallback, record.verdict) == ("claude", "claude", False, "answered")
    assert record.ended_by == "first_choice"
    assert record.duration_ms == 500.0
    assert record.first_content_ms == 500.0
    assert record.cost_pico_usd == 100 * 3_000_000 + 10 * 15_000_000
    assert [one.skip for one in record.candidates] == [None, None, None]
    assert [one.by for one in record.candidates] == ["", "not reached", "not reached"]


def test_a_429_falls_back_at_once_and_the_model_cools_down(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 42.0)]
    told = main.request()
    assert called(told) == ["claude", "gpt"]
    assert told.waits == []
    assert (told.record.fallback, told.record.reason, told.record.ended_by) == (True, "rate_limit", "fallback")
    assert main.model("claude").state == "cooling"
    assert main.model("claude").seconds_left == pytest.approx(41.5)
    later = main.request()
    assert called(later) == ["gpt"]
    assert later.record.reason == "cooling"
    assert later.record.candidates[0].seconds_left == pytest.approx(41.5)


def test_a_cooldown_ends_when_the_provider_said(world, fails, answers):
    main = world()
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 42.0), answers()]
    main.request()
    main.now += 41.4
    assert called(main.request()) == ["gpt"]
    main.now += 0.1
    assert called(main.request()) == ["claude"]


def test_a_shorter_cooldown_never_replaces_a_longer(world, fails):
    main = world()
    state = main.router.states["claude"]
    permits = [state.take("KEY", main.now) for _ in range(2)]
    state.give_back(permits[0], Verdict.nothing, main.now, fails(Trigger.rate_limit, 429, 50.0))
    state.give_back(permits[1], Verdict.nothing, main.now, fails(Trigger.rate_limit, 429, 5.0))
    assert main.model("claude").seconds_left == pytest.approx(50.0)


def test_an_overloaded_model_is_retried_and_then_left(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.overloaded, 529)]
    told = main.request()
    assert called(told) == ["claude", "claude", "claude", "gpt"]
    assert len(told.waits) == 2
    assert 0 <= told.waits[0] <= 1.0
    assert 0 <= told.waits[1] <= 2.0
    assert told.record.reason == "overloaded"


def test_a_retry_that_works_is_no_fallback(world, fails, answers):
    main = world()
    main.scripts["claude"] = [fails(Trigger.network), answers()]
    told = main.request()
    assert called(told) == ["claude", "claude"]
    assert not told.record.fallback
    assert len(told.record.attempts) == 2


def test_a_timeout_goes_to_the_next_model_without_a_retry(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.timeout)]
    assert called(main.request()) == ["claude", "gpt"]


def test_the_backoff_is_bounded_by_its_cap(world, fails):
    main = world(limits=Limits(retries=6, retry_delay_seconds=4.0, retry_delay_cap_seconds=5.0))
    main.scripts["claude"] = [fails(Trigger.overloaded, 503)]
    told = main.request()
    assert told.waits
    assert max(told.waits) <= 5.0
    assert max(told.waits) > 2.0


def test_a_retry_is_never_sooner_than_the_provider_asked(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.overloaded, 503, 3.0)]
    assert all(wait >= 3.0 for wait in main.request().waits)


def test_a_provider_that_asks_for_longer_than_the_cap_is_left_at_once(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.overloaded, 503, 30.0)]
    assert called(main.request()) == ["claude", "gpt"]


def test_no_retry_when_the_deadline_leaves_no_room(world, fails):
    main = world(limits=Limits(retries=2, retry_delay_seconds=100.0, retry_delay_cap_seconds=100.0))
    main.scripts["claude"] = [fails(Trigger.overloaded, 503)]
    told = main.request(deadline=main.now + 1.0)
    assert called(told)[:2] == ["claude", "gpt"]
    assert not told.waits


def test_nothing_is_called_after_the_deadline(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.timeout)]
    told = main.request(deadline=main.now + 0.5)
    assert called(told) == ["claude"]
    assert isinstance(told.last, Fail)
    assert (told.last.code, told.record.ended_by) == ("deadline_exceeded", "deadline")


def test_the_callers_own_fault_goes_back_unchanged_and_counts_against_nobody(world, fails):
    main = world(breaker=BreakerRules(consecutive_failures=1))
    main.scripts["claude"] = [fails(Trigger.bad_request, 422)]
    for _ in range(8):
        told = main.request()
        assert called(told) == ["claude"]
        assert isinstance(told.last, Fail)
        assert (told.last.status, told.last.relay) == (422, True)
        assert told.record.verdict == "caller_fault"
    assert main.model("claude").state == "ok"
    assert main.snapshot().window.requests == 0


def test_when_all_fail_the_caller_gets_503_with_a_time(world, fails):
    main = world(limits=NO_RETRIES)
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.server_error, 500)]
    told = main.request()
    assert called(told) == ["claude", "gpt", "haiku"]
    assert isinstance(told.last, Fail)
    assert (told.last.status, told.last.code, told.last.retry_after_seconds) == (503, "all_models_failed", 60.0)
    assert (told.record.verdict, told.record.model, told.record.reason) == ("failed", None, "server_error")


def test_when_all_are_limited_the_caller_gets_429_with_the_earliest_return(world, fails):
    main = world()
    for name, seconds in (("claude", 50.0), ("gpt", 20.0), ("haiku", 30.0)):
        main.scripts[name] = [fails(Trigger.rate_limit, 429, seconds)]
    told = main.request()
    assert isinstance(told.last, Fail)
    assert (told.last.status, told.last.code) == (429, "rate_limited")
    assert told.last.retry_after_seconds == pytest.approx(19.5)
    assert "gpt" in told.last.suggestion
    again = main.request()
    assert again.tries == []
    assert again.last.status == 429


def test_flags_send_an_error_to_the_caller_instead_of_falling_back(world, fails):
    for flag, trigger, status in (
        ("fallback_on_rate_limit", Trigger.rate_limit, 429),
        ("fallback_on_timeout", Trigger.timeout, None),
        ("fallback_on_error", Trigger.server_error, 500),
    ):
        main = world(chain={flag: False}, limits=NO_RETRIES)
        main.scripts["claude"] = [fails(trigger, status)]
        told = main.request()
        assert called(told) == ["claude"], flag
        assert isinstance(told.last, Fail)
        assert told.last.status == (status or 503)
        assert told.record.ended_by == "not_allowed"


def test_a_flag_does_not_stop_other_triggers(world, fails):
    main = world(chain={"fallback_on_error": False})
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429)]
    assert called(main.request()) == ["claude", "gpt"]


def test_another_key_is_used_before_another_model(world, fails, answers):
    main = world(models={"claude": {"keys": ("A", "B")}})
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 30.0), answers()]
    told = main.request()
    assert [(step.model, step.key) for step in told.tries] == [("claude", "A"), ("claude", "B")]
    assert told.waits == [], "at once"
    assert not told.record.fallback
    assert [step.key for step in main.request().tries] == ["B"]


def test_a_refused_key_is_set_aside_for_all_models_of_its_provider(world, fails):
    main = world(models={"claude": {"provider": "one"}, "gpt": {"provider": "one"}})
    main.scripts["claude"] = [fails(Trigger.auth, 401)]
    assert called(main.request()) == ["claude", "haiku"]
    assert main.model("claude").state == "no_key"
    assert main.model("gpt").state == "no_key"


def test_a_403_sets_the_key_aside_for_that_model_only(world, fails):
    main = world(models={"claude": {"provider": "one"}, "gpt": {"provider": "one"}})
    main.scripts["claude"] = [fails(Trigger.auth, 403)]
    assert called(main.request()) == ["claude", "gpt"]
    assert main.model("gpt").state == "ok"


def test_a_refused_key_gets_one_trial_after_five_minutes(world, fails, answers):
    main = world()
    main.scripts["claude"] = [fails(Trigger.auth, 401), answers()]
    main.request()
    main.now += 299.0
    assert called(main.request()) == ["gpt"]
    main.now += 1.0
    walk = main.router.open(main.ask(), main.now)
    (first,) = walk.next(Begin(), main.now)
    assert first.model == "claude"
    assert called(main.request()) == ["gpt"], "a second caller must not join the trial"
    walk.next(FirstContent(1), main.now)
    walk.next(Ended(1), main.now)
    assert called(main.request()) == ["claude"]


def test_a_model_without_a_key_is_passed_over(world):
    main = world(models={"claude": {"keys": ()}})
    told = main.request()
    assert called(told) == ["gpt"]
    assert told.record.candidates[0].skip == "no_key"
    assert main.model("claude").state == "no_key"


def test_a_provider_that_needs_no_key_is_called_without_one(world):
    main = world(models={"claude": {"keys": (), "needs_key": False}})
    told = main.request()
    assert [(step.model, step.key) for step in told.tries] == [("claude", "")]


def test_a_model_that_lacks_what_the_request_needs_is_passed_over(world):
    main = world(models={"claude": {"lacks": frozenset({"tools", "images"})}})
    told = main.request(needs=frozenset({"tools"}))
    assert called(told) == ["gpt"]
    assert (told.record.candidates[0].skip, told.record.candidates[0].by) == ("incapable", "tools")
    assert called(main.request()) == ["claude"]


def test_a_named_model_comes_first_and_the_chain_follows(world, fails):
    main = world(limits=NO_RETRIES)
    main.scripts["haiku"] = [fails(Trigger.server_error, 500)]
    told = main.request(start="haiku")
    assert called(told) == ["haiku", "claude"]
    assert (told.record.meant, told.record.fallback) == ("haiku", True)
    assert main.request(start="gpt").record.fallback is False


def test_a_probe_judges_its_model_by_the_row_and_not_by_the_shares(world, fails):
    main = world(limits=NO_RETRIES)
    main.scripts["gpt"] = [fails(Trigger.server_error, 500)]
    for _ in range(5):
        assert main.router.states["gpt"].breaker.state == "closed"
        main.request(start="gpt", only=True, kind="probe")
    breaker = main.router.states["gpt"].breaker
    assert breaker.reason == "5 probes failed in a row: server_error"
    assert breaker.window.calls == 0


def test_only_calls_no_other_model(world, fails):
    main = world(limits=NO_RETRIES)
    main.scripts["gpt"] = [fails(Trigger.server_error, 500)]
    told = main.request(start="gpt", only=True, kind="test")
    assert called(told) == ["gpt"]
    assert isinstance(told.last, Fail)


def test_a_callers_wish_to_skip_the_primary_holds_even_when_all_else_fails(world, fails):
    main = world(limits=NO_RETRIES)
    main.scripts["gpt"] = [fails(Trigger.server_error, 500)]
    main.scripts["haiku"] = [fails(Trigger.server_error, 500)]
    told = main.request(wish_force=True)
    assert called(told) == ["gpt", "haiku"]
    assert told.record.verdict == "failed"
    assert (told.record.candidates[0].skip, told.record.candidates[0].by) == ("forced", "caller")


def test_a_preferred_fallback_is_first_among_the_fallbacks(world, fails):
    main = world(limits=NO_RETRIES)
    main.scripts["claude"] = [fails(Trigger.server_error, 500)]
    assert called(main.request(wish_preferred="haiku")) == ["claude", "haiku"]
    told = main.request(wish_preferred="haiku", wish_force=True)
    assert called(told) == ["haiku"]
    assert told.record.forced


def test_a_stream_that_breaks_after_content_is_reported_not_retried(world, fails):
    main = world()
    walk = main.router.open(main.ask(stream=True), main.now)
    walk.next(Begin(), main.now)
    assert walk.next(FirstContent(1), main.now) == (Deliver(1),)
    (last,) = walk.next(Ended(1, failure=fails(Trigger.stream_cut)), main.now + 1)
    assert isinstance(last, Fail)
    assert last.code == "stream_broken"
    record = walk.record(main.now + 1)
    assert (record.verdict, record.ended_by, record.reason) == ("failed", "stream_broken", "stream_cut")


def test_a_caller_that_leaves_gives_everything_back(world):
    main = world()
    walk = main.router.open(main.ask(), main.now)
    walk.next(Begin(), main.now)
    assert walk.next(CallerLeft(), main.now) == (Cancel(1),)
    assert not walk.over
    assert walk.next(Cancelled(1), main.now) == ()
    assert walk.over
    record = walk.record(main.now)
    assert record.verdict == "caller_left"
    assert main.router.states["claude"].in_flight == 0
    main.router.fold(record)
    assert main.snapshot().window.requests == 0


def test_a_race_starts_all_and_delivers_one(world):
    main = world()
    walk = main.race()
    assert [step.model for step in walk.next(Begin(), main.now)] == ["claude", "gpt", "haiku"]
    assert walk.next(FirstContent(2), main.now) == (Deliver(2), Cancel(1), Cancel(3))
    assert walk.next(Cancelled(1), main.now) == ()
    assert walk.next(Ended(2), main.now) == (), "it ends when the losers are gone"
    assert walk.next(Cancelled(3), main.now) == (Finish(2),)
    record = walk.record(main.now)
    assert (record.model, record.fallback) == ("gpt", False)
    assert sum(attempt.cancelled for attempt in record.attempts) == 2
    assert all(state.in_flight == 0 for state in main.router.states.values())


def test_a_race_goes_on_while_one_is_left(world, fails):
    main = world(limits=NO_RETRIES)
    walk = main.race()
    walk.next(Begin(), main.now)
    assert walk.next(Failed(1, fails(Trigger.server_error, 500)), main.now) == ()
    assert walk.next(Failed(2, fails(Trigger.timeout)), main.now) == ()
    assert walk.next(FirstContent(3), main.now) == (Deliver(3),)


def test_a_late_winner_of_a_race_is_asked_to_stop_once(world):
    main = world()
    walk = main.race()
    walk.next(Begin(), main.now)
    assert walk.next(FirstContent(1), main.now) == (Deliver(1), Cancel(2), Cancel(3))
    assert walk.next(FirstContent(2), main.now) == ()


def test_a_hedge_starts_a_second_model_when_the_first_is_silent(world):
    main = world()
    walk = main.race(lanes=1, hedge=2.0)
    first, wait = walk.next(Begin(), main.now)
    assert isinstance(first, Try)
    assert wait == Wait(main.now + 2.0)
    (second,) = walk.next(Due(), main.now + 2.0)
    assert second.model == "gpt"
    assert walk.next(FirstContent(2), main.now + 3) == (Deliver(2), Cancel(1))
    walk.next(Cancelled(1), main.now + 3)
    assert walk.next(Ended(2), main.now + 4) == (Finish(2),)
    assert not walk.record(main.now + 4).fallback, "in a hedge, all that were started are meant"


def test_a_hedge_is_not_started_once_the_first_has_spoken(world):
    main = world()
    walk = main.race(lanes=1, hedge=2.0)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now + 1)
    assert walk.next(Due(), main.now + 2.0) == ()


def test_patience_waits_out_a_short_retry_after_on_the_same_model(world, fails, answers):
    main = world(limits=Limits(rate_limit_patience_seconds=5.0))
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 3.0), answers()]
    told = main.request()
    assert called(told) == ["claude", "claude"]
    assert told.waits == [3.0]


def test_without_patience_a_429_is_not_waited_out(world, fails, answers):
    main = world(limits=Limits(rate_limit_patience_seconds=2.9))
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 3.0), answers()]
    assert called(main.request()) == ["claude", "gpt"]


def test_a_model_that_opens_between_retries_is_left(world, fails):
    main = world(breaker=BreakerRules(consecutive_failures=2), limits=Limits(retries=5))
    main.scripts["claude"] = [fails(Trigger.overloaded, 503)]
    assert called(main.request()) == ["claude", "claude", "gpt"]
    assert main.model("claude").state == "open"


def test_retries_in_an_outage_are_bounded_by_the_budget(world, fails):
    main = world(breaker=BreakerRules(enabled=False), limits=Limits(retries=1, retry_delay_seconds=0.0))
    main.call_seconds = 0.0
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.overloaded, 503)]
    for state in main.router.states.values():
        state.take("KEY", main.now)  # somebody else calls them too
    tries = [step.model for _ in range(100) for step in main.request().tries]
    assert tries.count("claude") == pytest.approx(100 * 1.2, abs=3), "a fifth of the calls may be retries"


def test_one_caller_after_another_has_all_its_retries_each_time(world, fails):
    main = world(breaker=BreakerRules(enabled=False), limits=Limits(retries=2, retry_delay_seconds=0.0))
    main.call_seconds = 0.0
    main.scripts["claude"] = [fails(Trigger.overloaded, 503)]
    assert [called(main.request()).count("claude") for _ in range(10)] == [3] * 10


def test_a_lone_caller_has_all_its_retries(world, fails):
    main = world(breaker=BreakerRules(enabled=False), limits=Limits(retries=4, retry_delay_seconds=0.1))
    main.scripts["claude"] = [fails(Trigger.overloaded, 503)]
    assert called(main.request()).count("claude") == 5


def test_cached_tokens_are_paid_at_their_own_rate(world):
    rates = Rates(input=10, output=100, cache_read=1, cache_write=20)
    usage = Usage(input=1000, output=5, cache_read=700, cache_write=100)
    assert cost_of(usage, rates) == 200 * 10 + 700 * 1 + 100 * 20 + 5 * 100
    assert cost_of(usage, replace(rates, cache_read=None, cache_write=None)) == 1000 * 10 + 500
    assert cost_of(usage, None) is None


def test_a_retry_whose_model_was_taken_out_meanwhile_goes_to_the_next(world, fails):
    main = world()
    walk = main.router.open(main.ask(), main.now)
    walk.next(Begin(), main.now)
    (wait,) = walk.next(Failed(1, fails(Trigger.overloaded, 503)), main.now)
    main.router.states["claude"].decide("disabled", "you")
    (step,) = walk.next(Due(), wait.until)
    assert (step.model, step.n) == ("gpt", 2)


def test_tokens_of_a_broken_stream_are_paid(world):
    main = world()
    walk = main.router.open(main.ask(stream=True), main.now)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now)
    cut = AttemptFailed(Trigger.stream_cut, "cut", usage=Usage(100, 7))
    walk.next(Ended(1, failure=cut), main.now)
    assert walk.record(main.now).cost_pico_usd == 100 * 3_000_000 + 7 * 15_000_000


def test_an_answer_exactly_as_slow_as_allowed_is_not_slow(world):
    main = world(breaker=BreakerRules(slow_share=0.1, minimum_calls=1, slow_seconds=10.0))
    main.call_seconds = 10.0
    main.request()
    assert main.model("claude").state == "ok"
    main.call_seconds = 10.1
    main.request()
    assert main.model("claude").state == "suspended"


def test_a_loser_that_ends_by_itself_is_paid_and_delivers_nothing(world):
    main = world()
    walk = main.race(lanes=2)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now)
    assert walk.next(FirstContent(2), main.now) == ()
    assert walk.next(Ended(2, Usage(100, 1)), main.now) == ()
    assert walk.next(Ended(1, Usage(100, 1)), main.now) == (Finish(1),)
    record = walk.record(main.now)
    assert record.model == "claude"
    assert record.cost_pico_usd == 2 * (100 * 3_000_000 + 15_000_000)
    assert [attempt.cancelled for attempt in record.attempts] == [True, False]


def test_a_refusal_of_the_chain_keeps_the_providers_status(world, fails):
    main = world(chain={"fallback_on_error": False}, limits=NO_RETRIES)
    main.scripts["claude"] = [fails(Trigger.unclassified, 400)]
    told = main.request()
    assert isinstance(told.last, Fail)
    assert told.last.status == 400


def test_a_chain_may_do_otherwise_than_the_table(world, fails, answers):
    main = world(chain={"actions": {Trigger.timeout: Action.retry}})
    main.scripts["claude"] = [fails(Trigger.timeout), answers()]
    assert called(main.request()) == ["claude", "claude"]

    main = world(chain={"actions": {Trigger.overloaded: Action.next}})
    main.scripts["claude"] = [fails(Trigger.overloaded, 503)]
    assert called(main.request()) == ["claude", "gpt"]

    main = world(chain={"actions": {Trigger.content_filter: Action.next}})
    main.scripts["claude"] = [fails(Trigger.content_filter, 400)]
    assert called(main.request()) == ["claude", "gpt"]


def test_a_chain_may_stop_at_any_trigger(world, fails):
    main = world(chain={"actions": {Trigger.model_missing: Action.stop}})
    main.scripts["claude"] = [fails(Trigger.model_missing, 404)]
    told = main.request()
    assert called(told) == ["claude"]
    assert isinstance(told.last, Fail)
    assert (told.last.status, told.last.relay, told.record.ended_by) == (404, False, "not_allowed")


def test_a_refused_content_stops_unless_the_chain_says_otherwise(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.content_filter, 400)]
    told = main.request()
    assert called(told) == ["claude"]
    assert (told.last.relay, told.record.verdict, told.record.ended_by) == (True, "failed", "content_filter")


def test_a_race_ends_only_when_the_last_loser_is_gone(world):
    main = world()
    walk = main.race()
    walk.next(Begin(), main.now)
    walk.next(FirstContent(2), main.now)
    assert walk.next(Ended(2), main.now) == ()
    assert walk.next(Cancelled(1), main.now) == ()
    assert not walk.over
    assert walk.next(Cancelled(3), main.now) == (Finish(2),)


def test_content_that_is_held_counts_from_when_it_came_and_is_nobodys_answer_yet(world):
    main = world(limits=NO_RETRIES)
    walk = main.router.open(main.ask(), main.now)
    walk.next(Begin(), main.now)
    assert walk.next(ContentHeld(1), main.now + 1.0) == ()
    assert walk.delivered_model is None
    [again] = walk.next(Failed(1, AttemptFailed(Trigger.stream_cut, "cut")), main.now + 5.0)
    assert (again.n, again.model) == (2, "gpt")
    walk.next(ContentHeld(2), main.now + 6.0)
    assert walk.next(FirstContent(2), main.now + 9.0) == (Deliver(2),)
    walk.next(Ended(2, Usage(1, 1)), main.now + 9.0)
    record = walk.record(main.now + 9.0)
    assert [attempt.first_content_ms for attempt in record.attempts] == [1000.0, 6000.0]
    assert record.first_content_ms == 6000.0


def test_a_retry_that_answers_tells_its_own_first_content(world, fails, answers):
    main = world()
    main.scripts["claude"] = [fails(Trigger.overloaded, 503), answers()]
    record = main.request().record
    assert record.first_content_ms == record.attempts[1].first_content_ms is not None


def test_an_end_that_nobody_saw_is_a_departure(world):
    main = world()
    walk = main.router.open(main.ask(), main.now)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now)
    assert walk.next(Ended(1, Usage(1, 1)), main.now) == (Finish(1),)
    assert walk.next(CallerLeft(), main.now) == ()
    record = walk.record(main.now)
    assert (record.verdict, record.status, record.model) == ("caller_left", 499, None)
    assert record.output_tokens == 1


@pytest.mark.parametrize(("answered", "told_status"), [(302, 503), (None, 503), (399, 503), (400, 400), (500, 500)])
def test_an_error_that_may_not_fall_back_keeps_its_status_only_if_it_is_one(world, fails, answered, told_status):
    main = world(chain={"fallback_on_error": False}, limits=NO_RETRIES)
    main.scripts["claude"] = [fails(Trigger.unclassified, answered)]
    told = main.request()
    assert told.last.status == told_status


def test_the_reason_is_what_the_model_it_was_meant_for_failed_by(world, fails):
    main = world(limits=NO_RETRIES)
    main.scripts["claude"] = [fails(Trigger.timeout)]
    main.scripts["gpt"] = [fails(Trigger.server_error, 500)]
    record = main.request().record
    assert (record.model, record.reason) == ("haiku", "timeout")


def test_a_retry_takes_another_key_when_its_own_began_to_cool_meanwhile(world, fails):
    main = world(models={"claude": {"keys": ("A", "B")}})
    walk = main.router.open(main.ask(), main.now)
    (first,) = walk.next(Begin(), main.now)
    assert first.key == "A"
    (wait,) = walk.next(Failed(1, fails(Trigger.overloaded, 503)), main.now)
    state = main.router.states["claude"]
    state.give_back(state.take("A", main.now), Verdict.nothing, main.now, fails(Trigger.rate_limit, 429, 60.0))
    (again,) = walk.next(Due(), wait.until)
    assert (again.model, again.key) == ("claude", "B")


def test_a_key_with_nothing_left_is_passed_over_until_its_reset(world):
    main = world(models={"claude": {"keys": ("A", "B")}})
    walk = main.router.open(main.ask(), main.now)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now)
    walk.next(Ended(1, Usage(1, 1), spent_seconds=30.0), main.now)
    assert walk.record(main.now).verdict == "answered"
    assert [step.key for step in main.request().tries] == ["B"]
    main.now += 30.0
    assert [step.key for step in main.request().tries] == ["A"]


def test_a_model_whose_only_key_has_nothing_left_cools_by_its_providers_word(world):
    main = world()
    walk = main.router.open(main.ask(), main.now)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now)
    walk.next(Ended(1, Usage(1, 1), spent_seconds=30.0), main.now)
    assert called(main.request()) == ["gpt"]
    assert main.model("claude").reason == "nothing left of its allowance"
    state = main.router.states["claude"]
    state.rest("KEY", 5.0, main.now)
    assert main.model("claude").seconds_left > 29.0, "a shorter pause never replaces a longer"


# ------------------------------------------------------------------ the emergency cache
@pytest.fixture
def down(world, fails):
    main = world(limits=NO_RETRIES, chain={"emergency_cache": True})
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.server_error, 500)]
    return main


def failing_to_the_end(main, fails, **ask):
    walk = main.router.open(main.ask(**ask), main.now)
    walk.next(Begin(), main.now)
    for n in (1, 2):
        walk.next(Failed(n, fails(Trigger.server_error, 500)), main.now)
    return walk, walk.next(Failed(3, fails(Trigger.server_error, 500)), main.now)


def test_while_the_cache_is_asked_no_clock_and_no_waiter_ends_it(down, fails):
    walk, _ = failing_to_the_end(down, fails)
    assert walk.next(Due(), down.now) == walk.next(Woken(), down.now) == ()
    assert walk.next(Recalled("claude", 60.0, 0.95), down.now) == (Finish(0),)
    record = walk.record(down.now)
    assert (record.cache_age_seconds, record.cache_similarity) == (60.0, 0.95)


def test_when_all_have_failed_the_cache_is_asked(down, fails):
    walk, steps = failing_to_the_end(down, fails)
    assert steps == (Recall(),)
    assert not walk.over
    assert walk.next(Recalled("gpt"), down.now) == (Finish(0),)
    record = walk.record(down.now)
    assert (record.verdict, record.status, record.ended_by, record.source) == ("answered", 200, "cache", "cache")
    assert (record.model, record.fallback, record.reason) == ("gpt", True, "server_error")


def test_where_the_cache_has_nothing_the_error_is_as_without_it(down, fails):
    walk, _ = failing_to_the_end(down, fails)
    (last,) = walk.next(Recalled(None), down.now)
    assert isinstance(last, Fail)
    assert (last.status, last.code) == (503, "all_models_failed")
    assert walk.record(down.now).source == "model"


def test_a_caller_that_left_needs_no_cache(down, fails):
    walk, _ = failing_to_the_end(down, fails)
    walk.next(CallerLeft(), down.now)
    assert walk.next(Recalled("gpt"), down.now) == ()
    assert walk.record(down.now).verdict == "caller_left"


# ------------------------------------------------------------------ a stream that goes on
def broken(main, fails, resumable=True):
    walk = main.router.open(main.ask(stream=True), main.now)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now)
    return walk, walk.next(Ended(1, failure=fails(Trigger.stream_cut), resumable=resumable), main.now)


def test_a_stream_that_broke_off_is_continued_by_the_next_model(world, fails):
    main = world(chain={"on_stream_break": "continue"})
    walk, (step,) = broken(main, fails)
    assert (step.model, step.n, step.resume) == ("gpt", 2, True)
    assert walk.next(FirstContent(2), main.now) == (Deliver(2),)
    assert walk.next(Ended(2, Usage(1, 1)), main.now) == (Finish(2),)
    record = walk.record(main.now)
    assert (record.verdict, record.model, record.fallback, record.reason) == ("answered", "gpt", True, "stream_cut")


def test_who_cannot_go_on_hands_on_and_after_the_last_it_is_broken(world, fails):
    main = world(chain={"on_stream_break": "continue"})
    walk, _ = broken(main, fails)
    (step,) = walk.next(Failed(2, fails(Trigger.invalid_output)), main.now)
    assert (step.model, step.resume) == ("haiku", True)
    (last,) = walk.next(Failed(3, fails(Trigger.server_error, 500)), main.now)
    assert isinstance(last, Fail)
    assert last.code == "stream_broken"
    assert walk.record(main.now).verdict == "failed"


def test_a_continuation_may_break_off_and_be_continued(world, fails):
    main = world(chain={"on_stream_break": "continue"})
    walk, _ = broken(main, fails)
    walk.next(FirstContent(2), main.now)
    (step,) = walk.next(Ended(2, failure=fails(Trigger.stream_stall), resumable=True), main.now)
    assert (step.model, step.resume) == ("haiku", True)


def test_the_deadline_to_the_first_byte_is_none_for_a_continuation(world, fails):
    main = world(chain={"on_stream_break": "continue"})
    walk = main.router.open(main.ask(stream=True), main.now)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now)
    main.now += 500.0
    (step,) = walk.next(Ended(1, failure=fails(Trigger.stream_cut), resumable=True), main.now)
    assert (step.model, step.deadline) == ("gpt", float("inf"))


@pytest.mark.parametrize(("chain", "resumable"), [("error", True), ("continue", False)])
def test_otherwise_the_caller_is_told(world, fails, chain, resumable):
    main = world(chain={"on_stream_break": chain})
    _, (last,) = broken(main, fails, resumable)
    assert isinstance(last, Fail)
    assert last.code == "stream_broken"


def test_what_a_filter_refused_goes_on_only_where_refusals_are_passed_on(world, fails):
    stops = world(chain={"on_stream_break": "continue"})
    passes = world(chain={"on_stream_break": "continue", "actions": {Trigger.content_filter: Action.next}})
    for main, goes_on in ((stops, False), (passes, True)):
        walk = main.router.open(main.ask(stream=True), main.now)
        walk.next(Begin(), main.now)
        walk.next(FirstContent(1), main.now)
        (step,) = walk.next(Ended(1, failure=fails(Trigger.content_filter), resumable=True), main.now)
        assert isinstance(step, Try) is goes_on


def test_the_first_content_is_the_first_models(world, fails):
    main = world(chain={"on_stream_break": "continue"})
    walk = main.router.open(main.ask(stream=True), main.now)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now + 2.0)
    walk.next(Ended(1, failure=fails(Trigger.stream_cut), resumable=True), main.now + 5.0)
    walk.next(FirstContent(2), main.now + 9.0)
    walk.next(Ended(2, Usage(1, 1)), main.now + 10.0)
    record = walk.record(main.now + 10.0)
    assert (record.first_content_ms, record.duration_ms) == (2000.0, 10_000.0)
    assert [attempt.first_content_ms for attempt in record.attempts] == [2000.0, 9000.0]


def test_every_event_has_an_answer():
    assert set(Walk._ANSWERS) == set(get_args(Event))


def test_a_record_tells_all_of_its_request_each_thing_in_its_own_place(world):
    """All values are different ones, so that none can stand in another's place."""
    main = world()
    asked = {"kind": "drill", "asked": "an alias", "session": "s1", "dialect": "anthropic", "stream": True}
    walk = main.router.open(main.ask(id="r7", caller="app", **asked), main.now)
    walk.next(Begin(), main.now + 0.5)
    failure = AttemptFailed(Trigger.server_error, "told so", status=500, provider_request_id="up-1", usage=Usage(5, 7))
    retry = walk.next(Failed(1, failure), main.now + 0.75)
    limited = AttemptFailed(Trigger.rate_limit, "slow down", status=429, provider_request_id="up-2")
    walk.next(Due(), retry[0].until)
    again = retry[0].until - main.now
    walk.next(Failed(2, limited), main.now + 4)
    walk.next(FirstContent(3), main.now + 5)
    walk.next(Ended(3, Usage(100, 20, 30, 4, 6), 203, "up-3", message="repaired"), main.now + 6)
    rates = main.settings.models["gpt"].rates
    cost = 66 * rates.input + 30 * rates.input + 4 * rates.input + 20 * rates.output
    own = main.settings.models["claude"].rates
    keyed = {"key": main.settings.models["claude"].keys[0]}
    nothing = dict.fromkeys(("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"), 0)
    assert walk.record(main.now + 7) == Record(
        id="r7",
        at=main.wall,
        kind="drill",
        chain="main",
        asked="an alias",
        meant="claude",
        model="gpt",
        caller="app",
        session="s1",
        dialect="anthropic",
        stream=True,
        verdict="answered",
        status=200,
        fallback=True,
        forced=False,
        source="model",
        reason="rate_limit",
        ended_by="fallback",
        duration_ms=7000.0,
        first_content_ms=5000.0,
        input_tokens=105,
        output_tokens=27,
        cost_pico_usd=cost + 5 * own.input + 7 * own.output,
        unpriced=False,
        candidates=(Candidate("claude"), Candidate("gpt"), Candidate("haiku", by="not reached")),
        attempts=(
            Attempt(
                number=1, model="claude", trigger=Trigger.server_error, cancelled=False, status=500, message="told so",
                provider_request_id="up-1", started_ms=500.0, first_content_ms=None, ended_ms=750.0, input_tokens=5,
                output_tokens=7, cost_pico_usd=5 * own.input + 7 * own.output, **nothing, **keyed,
            ),
            Attempt(
                number=2, model="claude", trigger=Trigger.rate_limit, cancelled=False, status=429, message="slow down",
                provider_request_id="up-2", started_ms=pytest.approx(again * 1000), first_content_ms=None,
                ended_ms=4000.0, input_tokens=0, output_tokens=0, cost_pico_usd=0, **nothing, **keyed,
            ),
            Attempt(
                number=3, model="gpt", key=main.settings.models["gpt"].keys[0], trigger=None, cancelled=False,
                status=203, message="repaired", provider_request_id="up-3", started_ms=4000.0,
                first_content_ms=5000.0, ended_ms=6000.0, input_tokens=100, output_tokens=20, cache_read_tokens=30,
                cache_write_tokens=4, reasoning_tokens=6, cost_pico_usd=cost,
            ),
        ),
    )  # fmt: skip


def test_a_key_that_was_tried_is_not_tried_again_though_nothing_is_held_against_it():
    state = CandidateState(Model("claude", "anthropic", ("one", "two")), Keys())
    assert state.free_key(0.0) == "one"
    assert state.free_key(0.0, frozenset({"one"})) == "two"
    assert state.free_key(0.0, frozenset({"one", "two"})) is None
