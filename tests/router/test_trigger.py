"""What a provider's answer means: the table, row by row, with words as providers write them."""

import pytest

from hotspare.router.trigger import (
    ACTIONS,
    COUNTED,
    MEANING,
    Action,
    AttemptFailed,
    Incapable,
    Trigger,
    Usage,
    classify,
)


@pytest.mark.parametrize(
    ("status", "told", "trigger"),
    [
        (429, "rate_limit_error Number of request tokens has exceeded your per-minute rate limit", Trigger.rate_limit),
        (429, "", Trigger.rate_limit),
        (429, "insufficient_quota You exceeded your current quota, please check your plan", Trigger.quota),
        (400, "invalid_request_error Your credit balance is too low to access the Anthropic API", Trigger.quota),
        (402, "Insufficient Balance", Trigger.quota),
        (401, "authentication_error invalid x-api-key", Trigger.auth),
        (403, "permission_error", Trigger.auth),
        (404, "model_not_found The model `gpt-9` does not exist", Trigger.model_missing),
        (404, "", Trigger.model_missing),
        (404, "Unknown parameter: 'foo'", Trigger.bad_request),
        (410, "gone", Trigger.model_missing),
        (400, "invalid_request_error model: claude-2 is deprecated", Trigger.model_missing),
        (400, "invalid_request_error `temperature` is deprecated for this model.", Trigger.bad_request),
        (400, "model_decommissioned The model `x` has been decommissioned", Trigger.model_missing),
        (400, "invalid_model Invalid model: x", Trigger.model_missing),
        (400, "The provided model identifier is invalid.", Trigger.model_missing),
        (400, "INVALID_ARGUMENT 400 API key not valid. Please pass a valid API key.", Trigger.auth),
        (400, "The input token count (9) exceeds the maximum number of tokens allowed (8).", Trigger.context_length),
        (400, "context_length_exceeded This model's maximum context length is 8192 tokens", Trigger.context_length),
        (400, "invalid_request_error prompt is too long: 210000 tokens > 200000 maximum", Trigger.context_length),
        (400, "content_filter The response was filtered", Trigger.content_filter),
        (400, "invalid_request_error messages: at least one message is required", Trigger.bad_request),
        (422, "validation error", Trigger.bad_request),
        (413, "request too large", Trigger.bad_request),
        (408, "", Trigger.timeout),
        (504, "", Trigger.timeout),
        (503, "", Trigger.overloaded),
        (529, "overloaded_error Overloaded", Trigger.overloaded),
        (500, "overloaded_error", Trigger.overloaded),
        (500, "", Trigger.server_error),
        (502, "Bad Gateway", Trigger.server_error),
        (409, "", Trigger.server_error),
        (425, "", Trigger.server_error),
        (520, "", Trigger.server_error),
        (599, "", Trigger.server_error),
        (418, "teapot", Trigger.unclassified),
        (302, "", Trigger.unclassified),
    ],
)
def test_status_and_words_name_the_trigger(status, told, trigger):
    assert classify(status, told) is trigger


def test_case_does_not_matter():
    assert classify(400, "CREDIT BALANCE is TOO LOW") is Trigger.quota


def test_every_trigger_has_an_action_and_a_meaning():
    assert set(ACTIONS) == set(MEANING) == set(Trigger)


def test_only_the_callers_own_matters_stop():
    stopping = {trigger for trigger, action in ACTIONS.items() if action is Action.stop}
    assert stopping == {Trigger.bad_request, Trigger.content_filter}


def test_the_breaker_counts_what_is_the_models_own_and_nothing_else():
    not_counted = set(Trigger) - COUNTED
    assert not_counted == {
        Trigger.rate_limit,
        Trigger.auth,
        Trigger.quota,
        Trigger.content_filter,
        Trigger.refusal,
        Trigger.loop,
        Trigger.invalid_output,
        Trigger.context_length,
        Trigger.model_missing,
        Trigger.unclassified,
        Trigger.bad_request,
    }


@pytest.mark.parametrize(("status", "trigger"), [(499, Trigger.unclassified), (501, Trigger.server_error)])
def test_what_no_line_of_the_table_knows_goes_by_its_hundred(status, trigger):
    assert classify(status, "") is trigger


def test_a_failure_keeps_all_that_it_was_told():
    usage = Usage(1, 2)
    failure = AttemptFailed(
        Trigger.bad_request, "no", status=400, retry_after_seconds=2.0, body=b"<no>", content_type="text/html",
        provider_request_id="req", usage=usage,
    )  # fmt: skip
    assert str(failure) == failure.message == "no"
    assert (failure.trigger, failure.status, failure.retry_after_seconds) == (Trigger.bad_request, 400, 2.0)
    assert (failure.body, failure.content_type) == (b"<no>", "text/html")
    assert (failure.provider_request_id, failure.usage) == ("req", usage)
    assert AttemptFailed(Trigger.network, "gone").content_type == "application/json"


def test_what_a_dialect_has_no_word_for_is_named():
    assert str(Incapable("tools")) == "incapable (tools): its dialect has no counterpart for that"
    assert Incapable("tools").part == "tools"
