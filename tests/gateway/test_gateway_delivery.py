"""What callers are told beside the answer: whole headers, each in its line, and none that is another answer's."""

from dataclasses import replace

import pytest

from hotspare.engine.protocols import Told
from hotspare.gateway import delivery
from hotspare.gateway.delivery import MOST_KEPT, HttpDelivery, told_lines
from hotspare.gateway.lines import WrongMessage, header_lines, safe_value
from hotspare.router.step import Fail
from hotspare.router.trigger import AttemptFailed, Trigger

PLAIN = Told(request_id="r1", model="claude", fallback=False, attempts=1)


def headers(told):
    lines = told_lines(told).decode().split("\r\n")
    assert lines.pop() == ""
    return {name.removeprefix("x-hotspare-"): value for name, value in (line.split(": ", 1) for line in lines)}


def test_a_first_choice_is_told_in_five_headers():
    assert headers(PLAIN) == {
        "request-id": "r1",
        "fallback": "false",
        "attempts": "1",
        "source": "model",
        "model": "claude",
    }


@pytest.mark.parametrize(
    ("change", "header", "value"),
    [
        ({"request_id": "r2"}, "request-id", "r2"),
        ({"model": "gpt"}, "model", "gpt"),
        ({"fallback": True}, "fallback", "true"),
        ({"attempts": 2}, "attempts", "2"),
        ({"source": "cache"}, "source", "cache"),
        ({"notice": "slow", "notice_text": "one"}, "notice", "slow"),
        ({"notice": "slow", "notice_text": "two"}, "notice-text", "two"),
        ({"repaired": True}, "repaired", "true"),
        ({"dropped": ("seed", "user")}, "dropped", "seed, user"),
        ({"cache_age_seconds": 61.9}, "cache-age", "61"),
        ({"cache_similarity": 0.91234}, "cache-similarity", "0.912"),
    ],
)
def test_each_thing_that_is_different_is_told_though_another_answer_s_lines_are_kept(change, header, value):
    plain = headers(PLAIN)
    told = replace(PLAIN, **change)
    for _ in range(2):
        assert headers(told)[header] == value
        assert headers(PLAIN) == plain


def test_without_a_model_none_is_named():
    assert "model" not in headers(replace(PLAIN, model=None))


@pytest.mark.parametrize("field", ["model", "notice", "notice_text", "dropped"])
def test_nothing_that_is_told_makes_a_header_of_its_own(field):
    evil = "a\r\nset-cookie: x\x00é"
    told = replace(PLAIN, **{"notice": "slow", field: (evil,) if field == "dropped" else evil})
    assert set(headers(told)) <= {
        "request-id", "fallback", "attempts", "source", "model", "notice", "notice-text", "dropped",
    }  # fmt: skip
    assert "%0D%0Aset-cookie" in told_lines(told).decode()


def test_what_is_kept_does_not_grow_with_what_is_told():
    for n in range(MOST_KEPT + 10):
        told_lines(replace(PLAIN, notice="slow", notice_text=str(n)))
    assert len(delivery._kept_lines) <= MOST_KEPT


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\nx: y", b"a\rx: y", b"a\0"])
def test_a_header_that_holds_more_than_its_line_is_an_error_of_ours(value):
    with pytest.raises(WrongMessage):
        header_lines([(b"x", value)])


def test_text_is_percent_encoded_where_it_is_not_printable():
    assert safe_value("é\n") == b"%C3%A9%0A"
    assert safe_value("a b") == b"a b"


class Whole:
    """A request whose whole answer is kept."""

    async def whole(self, status, lines, body):
        self.status, self.lines, self.body = status, lines, body

    def take(self, data):
        raise AssertionError(data)


@pytest.mark.parametrize(
    ("relay", "body", "shown"),
    [(True, b"theirs", True), (False, b"theirs", False), (True, None, False)],
)
async def test_a_provider_s_own_error_is_shown_where_it_is_the_caller_s_to_see(relay, body, shown):
    failure = AttemptFailed(Trigger.bad_request, "theirs", status=422, body=body, content_type="text/plain")
    fail = Fail(400, "bad_request", "ours", None, "", Trigger.bad_request, failure, relay=relay)
    cycle = Whole()
    await HttpDelivery(cycle, "openai").error(PLAIN, fail)
    assert cycle.status == (422 if shown else 400)
    assert (cycle.body == b"theirs") is shown
    assert (b"ours" in cycle.body) is not shown
    assert (b"content-type: text/plain\r\n" in cycle.lines) is shown


async def test_an_error_that_no_attempt_made_is_told_in_the_caller_s_dialect():
    fail = Fail(503, "no_model_available", "ours", 7.0, "", relay=True)
    cycle = Whole()
    await HttpDelivery(cycle, "anthropic").error(PLAIN, fail)
    assert cycle.status == 503
    assert b"retry-after: 7\r\n" in cycle.lines
    assert cycle.body.startswith(b'{"type":"error"')
