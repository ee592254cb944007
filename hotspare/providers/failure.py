"""Turn a provider's error answer into the failure that routing understands."""

from collections.abc import Mapping

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.errors import error_body
from hotspare.dialects.provider_error import ProviderError, one_line, read_error
from hotspare.providers.redaction import Redactor
from hotspare.providers.retry_after import retry_after_seconds, sane
from hotspare.router.trigger import ACTIONS, Action, AttemptFailed, Trigger, classify

_REQUEST_IDS = ("x-request-id", "request-id", "anthropic-request-id", "openai-request-id", "x-amzn-requestid")
_ANY_REQUEST_ID = frozenset(_REQUEST_IDS)


def request_id_in(headers: Mapping[str, str]) -> str | None:
    """The provider's own id of a call, which its support asks for."""
    if _ANY_REQUEST_ID.isdisjoint(headers):
        return None
    for name in _REQUEST_IDS:
        if told := headers.get(name):
            return one_line(told, 200)
    return None


def failure_of_status(status: int, headers: Mapping[str, str], body: bytes, wall: float) -> AttemptFailed:
    """What an answer with an error status means. `wall`: UTC epoch seconds."""
    error = read_error(body)
    asked = retry_after_seconds(headers, wall)
    asked = sane(error.retry_seconds) if asked is None else asked
    trigger = classify(status, error.told)
    if trigger is Trigger.quota and status == 429 and asked is not None:
        trigger = Trigger.rate_limit  # spent credit does not come back by waiting
    return AttemptFailed(
        trigger,
        _words(status, error) if asked is None else f"Retry-After {asked:g} s: {_words(status, error)}",
        status=status,
        retry_after_seconds=asked,
        body=body,
    )


def made_presentable(
    failure: AttemptFailed, call: Call, endpoint: Endpoint, redactor: Redactor, request_id: str
) -> AttemptFailed:
    """The failure without secrets, its body (where the caller is to see one) in the caller's dialect.

    `request_id`: our own, for a body that is ours to write; the provider's own goes to the caller as it came.
    """
    told = failure.body
    redactor.failure(failure)
    failure.body = None
    if ACTIONS[failure.trigger] is Action.stop:
        failure.content_type = "application/json"
        failure.body = _relayed(told, redactor) if told and call.dialect == endpoint.dialect else None
        failure.body = failure.body or _translated(failure, told, call, redactor, request_id)
    return failure


def _relayed(body: bytes, redactor: Redactor) -> bytes | None:
    """The provider's own body, where it is an error of its dialect."""
    try:
        if not isinstance(msgspec.json.decode(body, type=dict)["error"], dict):
            return None
        return redactor.body(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return None


def _translated(failure: AttemptFailed, told: bytes | None, call: Call, redactor: Redactor, request_id: str) -> bytes:
    error = read_error(told) if told else ProviderError(failure.message)
    return error_body(
        call.dialect,
        status=failure.status or 400,
        code=redactor.text(error.code) or failure.trigger.value,
        message=redactor.text(error.message) or failure.message,
        parameter=redactor.text(error.parameter),
        request_id=request_id,
    )


def _words(status: int, error: ProviderError) -> str:
    if 300 <= status < 400:
        return f"it redirects (status {status}), which is never followed: set its base_url to the final address"
    return error.message or f"status {status}"
