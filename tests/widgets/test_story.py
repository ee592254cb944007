"""The trace of a request, told in sentences."""

from typing import get_args

from hotspare.router.record import EndedBy, Skip
from hotspare.widgets.story import ENDED_BY, SKIPS, sentences


def attempt(model, **changes):
    usual = {
        "model": model,
        "trigger": None,
        "cancelled": False,
        "status": 200,
        "message": "",
        "started_ms": 1000.0,
        "first_content_ms": 1800.0,
        "ended_ms": 2500.0,
    }
    return usual | changes


def candidate(model, skip=None, seconds_left=None, by=""):
    return {"model": model, "skip": skip, "seconds_left": seconds_left, "by": by}


def test_a_fallback_is_told_from_beginning_to_end():
    trace = {
        "at": 1_800_000_000.0,
        "caller": "shop-api",
        "asked": "main",
        "meant": "claude",
        "ended_by": "fallback",
        "candidates": [
            candidate("claude", "open", 38.2, "breaker"),
            candidate("old", "disabled", None, "maria"),
            candidate("gpt"),
            candidate("haiku"),
            candidate("local"),
            candidate("spare"),
        ],
        "attempts": [
            attempt("gpt", trigger="rate_limit", status=429, message="Retry-After 42: slow down.", ended_ms=1200.0),
            attempt("haiku"),
        ],
    }
    assert sentences(trace) == [
        "At 08:00:00 UTC shop-api asked for main, which means claude first.",
        "claude was passed over: breaker open, for another 38.2 s.",
        "old was passed over: disabled (maria).",
        "gpt was called and failed after 0.2 s (rate_limit 429): Retry-After 42: slow down.",
        "haiku was called and answered in 1.5 s, its first word after 0.8 s.",
        "local and spare were not needed.",
        "Another model answered in its place.",
    ]


def test_every_reason_and_every_ending_has_its_words():
    assert set(get_args(Skip)) == set(SKIPS)
    assert set(get_args(EndedBy)) == set(ENDED_BY)


def test_a_stopped_call_and_a_missing_status_are_told():
    trace = {
        "at": 0.0,
        "caller": "a",
        "asked": "gpt",
        "meant": "gpt",
        "ended_by": "caller_left",
        "candidates": [candidate("gpt"), candidate("haiku")],
        "attempts": [attempt("gpt", cancelled=True), attempt("gpt", trigger="network", status=None)],
    }
    told = sentences(trace)
    assert told[0] == "At 00:00:00 UTC a asked for gpt."
    assert told[1] == "gpt was called and stopped after 1.5 s."
    assert told[2] == "gpt was called and failed after 1.5 s (network)."
    assert told[3] == "haiku was not needed."


def told_of_the_cache(**changes):
    trace = {"at": 0.0, "caller": "a", "asked": "gpt", "meant": "gpt", "ended_by": "cache", "cache_age_seconds": 720.0}
    return sentences(trace | changes)[1:]


def test_an_answer_of_the_cache_is_told_with_its_age_and_its_likeness():
    assert told_of_the_cache(cache_similarity=1.0) == [
        "The emergency cache answered with what was said 12 min before to the same request."
    ]
    assert told_of_the_cache(cache_similarity=0.9432) == [
        "The emergency cache answered with what was said 12 min before to a similar request (similarity 0.943)."
    ]
    assert told_of_the_cache(cache_age_seconds=None, cache_similarity=None) == ["The emergency cache answered."]


def test_a_caller_that_waited_for_a_model_is_told_of():
    trace = {"at": 0.0, "caller": "a", "asked": "gpt", "meant": "gpt", "ended_by": "no_candidate", "waited_ms": 3012.0}
    assert sentences(trace)[1:] == [
        "It waited 3.0 s for a model to come back (x-hotspare-wait).",
        "No model could be called.",
    ]
