"""The errors by which one attempt's own failure reaches the caller, field by field."""

from hotspare.router import endings
from hotspare.router.outcome import Ending
from hotspare.router.step import Fail
from hotspare.router.trigger import AttemptFailed, Trigger


def test_what_the_caller_did_wrong_is_relayed():
    failure = AttemptFailed(Trigger.bad_request, "no such field", status=422)
    fail, ending = endings.stopped("claude", failure)
    assert fail == Fail(422, "bad_request", "no such field", None, "", Trigger.bad_request, failure, relay=True)
    assert ending == Ending("caller_fault", 422, "bad_request", Trigger.bad_request)


def test_what_a_filter_refused_is_relayed_and_is_no_fault_of_the_callers():
    failure = AttemptFailed(Trigger.content_filter, "filtered")
    fail, ending = endings.stopped("claude", failure)
    assert fail == Fail(400, "content_filter", "filtered", None, "", Trigger.content_filter, failure, relay=True)
    assert ending == Ending("failed", 400, "content_filter", Trigger.content_filter)


def test_what_the_chain_does_not_fall_back_on_is_said_with_the_model():
    failure = AttemptFailed(Trigger.rate_limit, "slow down", status=429, retry_after_seconds=7.0)
    told = "claude: slow down; this chain does not fall back on rate_limit"
    for fail, ending in (endings.stopped("claude", failure), endings.not_allowed("claude", failure)):
        assert fail == Fail(429, "rate_limit", told, 7.0, "", Trigger.rate_limit, failure)
        assert ending == Ending("failed", 429, "not_allowed", Trigger.rate_limit)


def test_an_error_without_a_status_of_its_own_is_503():
    for status in (None, 200, 399):
        fail, ending = endings.not_allowed("claude", AttemptFailed(Trigger.network, "gone", status=status))
        assert (fail.status, ending.status) == (503, 503)
    assert endings.not_allowed("claude", AttemptFailed(Trigger.network, "gone", status=400))[0].status == 400


def test_a_stream_that_broke_off_is_named_with_its_model():
    failure = AttemptFailed(Trigger.stream_cut, "the connection ended")
    fail, ending = endings.broken("claude", failure)
    told = "claude broke off in the middle of its answer: the connection ended"
    assert fail == Fail(502, "stream_broken", told, None, "send the request again", Trigger.stream_cut, failure)
    assert ending == Ending("failed", 200, "stream_broken", Trigger.stream_cut)
