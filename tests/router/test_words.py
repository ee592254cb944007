"""Numbers in words: as a glance needs them, and never better than they are."""

import pytest

from hotspare.router.record import Candidate
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.trigger import Trigger
from hotspare.router.words import clock_time, dollars, evidence, failure_words, percent, seconds_of, span


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (4 / 11, "36.4 %"),
        (0.1, "10 %"),
        (0.99994, "99.9 %"),
        (1.0, "100 %"),
        (0.0001, "0.1 %"),
        (0.0, "0 %"),
        (0.9889, "98.9 %"),
    ],
)
def test_a_share_is_the_nearest_tenth_but_never_a_whole_or_nothing_that_it_is_not(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "<1 s"),
        (0.5, "<1 s"),
        (0.6, "1 s"),
        (38.4, "38 s"),
        (99.4, "99 s"),
        (100.0, "2 min"),
        (120.0, "2 min"),
        (5_999.0, "100 min"),
        (6_000.0, "2 h"),
        (7_200.0, "2 h"),
        (36_000.0, "10 h"),
        (6_483_600.0, "1801 h"),
    ],
)
def test_a_span_is_as_much_as_a_glance_needs(seconds, text):
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "$0.00"),
        (1234.5, "$1,234.50"),
        (41.2, "$41.20"),
        (0.1, "$0.10"),
        (0.0999, "$0.0999"),
        (0.0031, "$0.0031"),
        (0.0001, "$0.0001"),
        (0.00009, "<$0.0001"),
    ],
)
def test_money_has_the_digits_that_tell_something(usd, text):
    assert dollars(round(usd * PICO_PER_USD)) == text


def test_times_of_day_are_utc_and_durations_have_a_tenth():
    assert clock_time(1_800_000_000.0 + 37 * 60) == "08:37"
    assert [seconds_of(ms) for ms in (100.0, 1_940.0, 1_000_000.0)] == ["0.1 s", "1.9 s", "1000.0 s"]


FAILURES = [
    ({}, "ok"),
    ({"message": "ended early"}, "ended early"),
    ({"cancelled": True, "message": "ended early"}, "cancelled"),
    ({"trigger": Trigger.rate_limit, "status": 429, "message": "Retry-After 42"}, "429, Retry-After 42"),
    ({"trigger": Trigger.rate_limit, "message": "asks for a pause"}, "asks for a pause"),
    ({"trigger": Trigger.timeout, "status": 200, "message": "no token in 10.0 s"}, "no token in 10.0 s"),
    ({"trigger": Trigger.timeout}, "timed out"),
    ({"trigger": Trigger.network}, "network"),
    ({"trigger": Trigger.stream_cut}, "stream cut"),
    ({"trigger": Trigger.stream_stall}, "stream went silent"),
    ({"trigger": Trigger.empty}, "empty answer"),
    ({"trigger": Trigger.malformed}, "malformed answer"),
    ({"trigger": Trigger.refusal}, "refusal"),
    ({"trigger": Trigger.loop}, "loop"),
    ({"trigger": Trigger.invalid_output}, "not what was asked for"),
]


@pytest.mark.parametrize(("changes", "text"), FAILURES)
def test_why_an_attempt_did_not_serve(attempt, changes, text):
    assert failure_words(attempt(**changes)) == text


def test_what_made_a_request_a_fallback_is_the_skip_of_the_model_it_was_meant_for(record):
    others = Candidate("gpt", "open", 5.0, "breaker")
    assert evidence(record(candidates=(others, Candidate("claude", "forced", None, "maria")))) == "by maria"
    assert evidence(record(candidates=(others, Candidate("claude", "cooling", 40.0, "429")))) == "skipped, 40 s left"
    assert evidence(record(candidates=(others, Candidate("claude", "disabled", None, "file")))) == "skipped"


def test_else_it_is_the_last_failure_of_that_model_else_the_last_of_any(record, attempt):
    first, second = (attempt(trigger=Trigger.timeout, message=text) for text in ("first", "second"))
    other = attempt("gpt", Trigger.timeout, message="other")
    called = (Candidate("claude"), Candidate("gpt", "open", 5.0, "breaker"))
    assert evidence(record(first, second, other, candidates=called)) == "second"
    assert evidence(record(other, attempt("gpt"), attempt(cancelled=True))) == "other"
    assert evidence(record(attempt(), attempt("gpt"))) == ""
