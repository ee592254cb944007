from typing import get_args

import pytest

from hotspare.router.record import EndedBy, Skip
from hotspare.widgets.glyphs import UNICODE
from hotspare.widgets.line import text_of, width_of
from hotspare.widgets.story import ENDED_BY, SKIPS
from hotspare.widgets.trace import trace_lines

ATTEMPTS = [
    {
        "number": 1,
        "model": "claude",
        "key": "K1",
        "trigger": "rate_limit",
        "status": 429,
        "message": "Retry-After 42",
        "started_ms": 0.0,
        "first_content_ms": None,
        "ended_ms": 500.0,
        "cost_usd": None,
        "provider_request_id": "req_9",
    },
    {
        "number": 2,
        "model": "gpt-5",
        "key": "K2",
        "trigger": None,
        "status": 200,
        "message": "",
        "started_ms": 500.0,
        "first_content_ms": 750.0,
        "ended_ms": 1000.0,
        "cost_usd": 0.0031,
        "provider_request_id": None,
    },
]
TRACE = {
    "id": "req-1",
    "at": 1_772_937_665.0,
    "asked": "main",
    "caller": "shop-api",
    "model": "gpt-5",
    "status": 200,
    "duration_ms": 1000.0,
    "cost_usd": None,
    "candidates": [
        {"model": "local", "skip": "disabled", "seconds_left": 600.0, "by": "ada"},
        {"model": "claude", "skip": None},
        {"model": "gpt-5", "skip": None},
        {"model": "haiku", "skip": None},
    ],
    "attempts": ATTEMPTS,
    "ended_by": "fallback",
}


def shown(trace, width=100):
    return text_of(trace_lines(trace, width, UNICODE))


def test_every_rule_and_every_skip_has_words():
    assert set(ENDED_BY) == set(get_args(EndedBy))
    assert set(SKIPS) == set(get_args(Skip))


def test_candidates_say_why_they_were_passed_over_called_or_not_needed():
    text = shown(TRACE)
    assert "skipped: disabled, 10 min left  by ada" in text
    assert "haiku   not needed" in text
    assert "ended by  fallback: another model answered in its place" in text
    assert "price unknown" in text


def test_attempts_are_a_waterfall():
    lines = shown(TRACE, 100).split("\n")
    [first] = [line for line in lines if "rate_limit 429 0.5 s" in line]
    [second] = [line for line in lines if "served 200 0.5 s" in line]
    assert first.index("░") < second.index("░")
    assert first.rindex("░") < second.index("░")
    assert second.count("░") == pytest.approx(second.count("█"), abs=1)
    assert "█" not in first


def test_a_trace_without_attempts_and_one_that_failed():
    text = shown({**TRACE, "attempts": [], "model": None, "ended_by": "no_candidate", "status": 503})
    assert "no attempt was made" in text
    assert "not answered" in text
    assert "no model could be called" in text


@pytest.mark.parametrize("width", [36, 60, 74, 128])
def test_no_line_is_wider_than_the_pane(width):
    long = {**TRACE, "attempts": [{**ATTEMPTS[0], "message": "m" * 500, "model": "a-very-long-name-of-a-model"}]}
    assert all(width_of(line) <= width for line in trace_lines(long, width, UNICODE))


def test_hostile_messages_are_plain():
    text = shown({**TRACE, "attempts": [{**ATTEMPTS[0], "message": "\x1b]0;x\x07\u202e"}], "caller": "\x9b"})
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)


def test_fields_that_are_missing_are_no_error():
    assert trace_lines({"id": "x"}, 80, UNICODE)


def test_a_cost_that_is_a_guess_is_marked_at_the_request_and_at_the_attempt():
    marked = {
        **TRACE,
        "cost_usd": 0.005,
        "estimated": True,
        "attempts": [ATTEMPTS[0], ATTEMPTS[1] | {"estimated": True}],
    }
    shown = text_of(trace_lines(marked, 160, UNICODE))
    assert "~$0.0050" in shown
    assert "~$0.0031" in shown
    assert "~" not in text_of(trace_lines(TRACE, 160, UNICODE))


def test_what_the_cache_gave_and_who_waited_are_told():
    apart = {"ended_by": "cache", "cache_age_seconds": 60.0, "cache_similarity": 0.95, "waited_ms": 2000.0}
    told = text_of(trace_lines({**TRACE, **apart}, 140, UNICODE))
    assert "waited 2.0 s for a model to come back" in told
    assert "said 60 s before to a similar request (similarity 0.950)" in told
