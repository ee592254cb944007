"""What is told of a request, whole: every attempt, the Record, and the error that its caller gets."""

from dataclasses import replace

import pytest

from hotspare.router.command import DrainModel
from hotspare.router.record import Attempt, Candidate
from hotspare.router.settings import Budget, Limits, Rates
from hotspare.router.step import Begin, Due, Ended, Fail, Failed
from hotspare.router.trigger import AttemptFailed, Incapable, Trigger, Usage

NO_RETRIES = Limits(retries=0)
OVERLOADED = AttemptFailed(
    Trigger.overloaded, "try later", status=529, provider_request_id="req-1", usage=Usage(20, 0, 5, 1, 0)
)


@pytest.fixture
def main(world):
    return world("claude", "gpt", limits=NO_RETRIES)


# ------------------------------------------------------------------ a request that was answered
def test_an_account_holds_all_that_a_provider_said_and_all_that_was_asked(main):
    main.scripts = {"claude": [OVERLOADED], "gpt": [Usage(100, 10, 40, 20, 7)]}
    record = main.request(asked="claude-4", session="s1", dialect="anthropic").record
    first = Attempt(
        number=1, model="claude", key="KEY", trigger=Trigger.overloaded, cancelled=False, status=529,
        message="try later", provider_request_id="req-1", started_ms=0.0, first_content_ms=None, ended_ms=500.0,
        input_tokens=20, output_tokens=0, cache_read_tokens=5, cache_write_tokens=1, reasoning_tokens=0,
        cost_pico_usd=20 * 3_000_000,
    )  # fmt: skip
    second = Attempt(
        number=2, model="gpt", key="KEY", trigger=None, cancelled=False, status=200,
        message="", provider_request_id=None, started_ms=500.0, first_content_ms=1000.0, ended_ms=1000.0,
        input_tokens=100, output_tokens=10, cache_read_tokens=40, cache_write_tokens=20, reasoning_tokens=7,
        cost_pico_usd=100 * 3_000_000 + 10 * 15_000_000,
    )  # fmt: skip
    assert record.attempts == (first, replace(second, status=record.attempts[1].status))
    assert (record.id, record.asked, record.session, record.dialect) == ("r1", "claude-4", "s1", "anthropic")
    assert (record.input_tokens, record.output_tokens) == (120, 10)
    assert record.cost_pico_usd == 120 * 3_000_000 + 10 * 15_000_000
    assert (record.first_content_ms, record.duration_ms) == (1000.0, 1000.0)
    assert (record.verdict, record.status, record.model, record.meant, record.fallback, record.reason) == (
        "answered", 200, "gpt", "claude", True, "overloaded",
    )  # fmt: skip
    assert not record.unpriced


def test_one_attempt_of_unknown_price_leaves_the_whole_unpriced(world):
    main = world("claude", "gpt", limits=NO_RETRIES, models={"claude": {"rates": None}})
    main.scripts = {"claude": [OVERLOADED], "gpt": [Usage(100, 0)]}
    record = main.request().record
    assert [attempt.cost_pico_usd for attempt in record.attempts] == [None, 300_000_000]
    assert (record.cost_pico_usd, record.unpriced) == (300_000_000, True)


def test_what_a_cache_held_is_paid_at_its_own_rate_and_never_twice(world):
    rates = Rates(input=10, output=1, cache_read=2, cache_write=30)
    main = world("claude", models={"claude": {"rates": rates}})
    main.scripts["claude"] = [Usage(100, 10, 60, 20)]
    assert main.request().record.cost_pico_usd == 20 * 10 + 60 * 2 + 20 * 30 + 10
    main.scripts["claude"] = [Usage(50, 0, 40, 20)]
    assert main.request().record.cost_pico_usd == 40 * 2 + 20 * 30, "less than nothing is nothing"


# ------------------------------------------------------------------ errors
def told(main, **ask):
    last = main.request(**ask).last
    assert isinstance(last, Fail)
    return last


def test_an_error_names_each_model_with_what_it_came_to(world, fails):
    main = world("claude", "gpt", "haiku", "opus", limits=Limits(retries=1))
    main.scripts = {
        "claude": [fails(Trigger.overloaded, 503)],
        "gpt": [fails(Trigger.rate_limit, 429, 30.0)],
        "haiku": [fails(Trigger.network)],
    }
    change = main.router.change(
        DrainModel("opus", main.wall + 90.0), who="ana", why="", now=main.now, wall=main.wall, latest=None,
        confirmed=True,
    )  # fmt: skip
    main.router.commit(change, now=main.now, wall=main.wall)
    last = told(main)
    assert last.message == (
        "no model could answer (claude: overloaded (503), 2 times; gpt: rate_limit (429); haiku: network, 2 times; "
        "opus: draining, 87 s left)"
    )
    assert (last.status, last.code, last.trigger, last.relay) == (503, "all_models_failed", Trigger.network, False)


def test_where_nothing_was_called_there_is_no_trigger(world):
    main = world("claude", models={"claude": {"keys": ()}})
    last = told(main)
    assert last == Fail(
        503, "no_model_available", "no model could answer (claude: no_key)", 60.0, "retry in 60 s", None
    )  # fmt: skip


def test_the_deadline_is_named(main):
    walk = main.router.open(main.ask(deadline=main.now + 1.0), main.now)
    (first,) = walk.next(Begin(), main.now)
    main.now += 1.5
    steps = walk.next(Failed(first.n, AttemptFailed(Trigger.timeout, "slow")), main.now)
    last = steps[-1] if isinstance(steps[-1], Fail) else walk.next(Due(), main.now)[-1]
    assert (last.code, last.message) == (
        "deadline_exceeded", "the deadline passed before any model answered (claude: timeout)",
    )  # fmt: skip


def test_what_is_too_long_for_all_says_so_in_the_providers_words_where_there_are_any(world):
    small = {"context_tokens": 10}
    main = world("claude", "gpt", limits=NO_RETRIES, models={"claude": small, "gpt": small})
    advice = ("the request is longer than any model of this chain takes", None, "shorten it, or ask another chain")
    assert told(main, size_bytes=1000) == Fail(
        400, "context_length_exceeded", *advice, Trigger.context_length, None, relay=False
    )
    main = world("claude", "gpt", limits=NO_RETRIES)
    failure = AttemptFailed(Trigger.context_length, "prompt is too long", status=400)
    main.scripts = {"claude": [failure], "gpt": [failure]}
    assert told(main) == Fail(400, "context_length_exceeded", *advice, Trigger.context_length, failure, relay=True)


def test_what_no_model_can_do_is_named_by_its_field_once_each(world):
    main = world("claude", "gpt", limits=NO_RETRIES, models={"claude": {"lacks": frozenset({"images"})}})
    main.scripts["gpt"] = [Incapable("tools.custom")]
    last = told(main, needs=frozenset({"images"}))
    assert (last.status, last.code, last.suggestion, last.retry_after_seconds) == (
        400, "incapable", "leave that out, or ask another chain", None,
    )  # fmt: skip
    assert last.message == (
        "no model of this chain can serve what the request asks for: messages.content.image, tools.custom"
    )
    main.scripts["gpt"] = [AttemptFailed(Trigger.network, "gone")]
    assert told(main, needs=frozenset({"images"})).code != "incapable", "one may be able to when it is back"


def test_what_cannot_be_paid_for_says_which_limit_and_what_helps(world):
    main = world("claude", "gpt", budget=Budget(daily=100), models={"gpt": {"rates": None}})
    main.request()
    last = told(main)
    assert last == Fail(
        429,
        "insufficient_quota",
        "no model may be paid for (the day's limit of <$0.0001 is reached, its price is unknown)",
        None,
        "raise the limit, or wait until it begins anew",
    )


def test_all_limited_is_429_also_where_the_primary_was_not_to_be_asked(main, fails):
    main.scripts = {"claude": [fails(Trigger.rate_limit, 429, 30.0)], "gpt": [fails(Trigger.quota, 402, 50.0)]}
    assert told(main).status == 429
    assert told(main).status == 429, "both are cooling now"
    assert told(main, wish_force=True).status == 429


def test_a_candidate_that_was_tried_or_not_reached_is_told_apart(main, fails):
    main.scripts["claude"] = [fails(Trigger.network)]
    assert main.request().record.candidates == (Candidate("claude"), Candidate("gpt"))
    main.scripts["claude"] = [Usage(1, 1)]
    assert main.request().record.candidates == (Candidate("claude"), Candidate("gpt", by="not reached"))


def test_the_ids_of_a_provider_come_with_its_answer_too(main):
    walk = main.router.open(main.ask(), main.now)
    (first,) = walk.next(Begin(), main.now)
    walk.next(Ended(first.n, Usage(1, 1), 200, "req-9"), main.now)
    (attempt,) = walk.record(main.now).attempts
    assert (attempt.status, attempt.provider_request_id, attempt.message) == (200, "req-9", "")
