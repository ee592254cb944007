"""What providers say when their filter refuses a request or an answer, and errors that merely sound like it."""

import pytest

from hotspare.router.trigger import Trigger, classify

FILTERED = [
    (400, "content_filter The response was filtered: the prompt triggered Azure OpenAI's content management policy."),
    (400, "invalid_request_error content_policy_violation Your request was rejected as a result of our safety system."),
    (400, "invalid_prompt Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
    (400, "invalid_request_error Output blocked by content filtering policy"),
    (400, "ResponsibleAIPolicyViolation The prompt violates our content policy"),
    (400, "content_policy_violation This request has been blocked by our content filters."),
    (400, "INVALID_ARGUMENT The prompt was blocked due to safety settings"),
    (400, "PROHIBITED_CONTENT the input cannot be processed"),
    (400, "The response was blocked by safety filters: HARM_CATEGORY_DANGEROUS_CONTENT"),
    (400, "ValidationException The model output was blocked by the content filter"),
    (403, "permission_denied Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"),
    (403, "Your chosen model requires moderation and your input was flagged for violence"),
    (400, "invalid_request_error Content Exists Risk"),
    (400, "data_inspection_failed Input data may contain inappropriate content."),
    (400, "DataInspectionFailed Output data may contain inappropriate content"),
    (400, "The prompt was flagged by moderation"),
    (400, "Your request violates our usage policies. See the documentation."),
    (400, "content_filter"),
    (403, "This input was flagged by our content policy"),
    (400, "invalid_request_error The generated text has been blocked by our content filter."),
    (400, "CONTENT_POLICY_VIOLATION"),
]

INNOCENT = [
    (400, "unknown_parameter Unknown parameter: 'content_filter'.", Trigger.bad_request),
    (400, "invalid_request_error Unrecognized request argument supplied: content_filter", Trigger.bad_request),
    (400, "invalid_request_error safety_settings: Extra inputs are not permitted", Trigger.bad_request),
    (404, "Unknown parameter: 'content_policy'", Trigger.bad_request),
    (400, "invalid_request_error messages.0.content: field required", Trigger.bad_request),
    (400, "Invalid value for 'safety_identifier': too long", Trigger.bad_request),
    (400, "invalid_request_error temperature: must be below 2", Trigger.bad_request),
    (400, "Invalid content type. image_url is only supported by certain models.", Trigger.bad_request),
    (400, "invalid_request_error Your credit balance is too low; see the usage page", Trigger.quota),
    (400, "The policy of this project does not allow streaming", Trigger.bad_request),
    (403, "permission_error Your key may not use this model", Trigger.auth),
    (403, "Your account was flagged for unusual activity", Trigger.auth),
    (403, "Request forbidden by administrative rules.", Trigger.auth),
    (400, "prompt is too long: 210000 tokens > 200000 maximum", Trigger.context_length),
    (429, "rate_limit_error usage policy: too many requests", Trigger.rate_limit),
    (500, "server_error our safety system is down", Trigger.server_error),
    (503, "overloaded_error the moderation service is overloaded", Trigger.overloaded),
    (400, "invalid_request_error filter: unknown operator", Trigger.bad_request),
    (400, "invalid_request_error `moderation` must be a string", Trigger.bad_request),
    (400, "Invalid 'metadata': flags must be strings", Trigger.bad_request),
    (422, "validation error: content is blocked by a missing field", Trigger.bad_request),
]


@pytest.mark.parametrize(("status", "told"), FILTERED)
def test_a_filter_is_known(status, told):
    assert classify(status, told) is Trigger.content_filter


@pytest.mark.parametrize(("status", "told", "trigger"), INNOCENT)
def test_what_sounds_like_one_is_something_else(status, told, trigger):
    assert classify(status, told) is trigger


def test_there_are_enough_of_both():
    assert len(FILTERED) >= 20
    assert len(INNOCENT) >= 20
