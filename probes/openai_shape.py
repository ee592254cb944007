"""OpenAI's chat completions, as the provider writes them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hotspare.probes.loopback import Headers
from hotspare.probes.shapes import Allowance, AskedBody, Said, bearer

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})

_ERRORS: Mapping[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    405: ("invalid_request_error", "method_not_supported"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("server_error", "overloaded"),
}


class OpenAIShape:
    """`/v1/chat/completions`, plain and streamed."""

    path = "/v1/chat/completions"
    id_header = "x-request-id"
    overloaded_status = 503

    def key(self, headers: Mapping[str, str]) -> str | None:
        return bearer(headers)

    def objection(self, asked: AskedBody, headers: Mapping[str, str]) -> str | None:  # noqa: ARG002  # the protocol's
        if not asked.messages:
            return "Invalid 'messages': empty array. Expected an array with minimum length 1."
        strange = next((message.role for message in asked.messages if message.role not in _ROLES), None)
        if strange is not None:
            return f"Invalid value: '{strange}'. Supported values are: {', '.join(sorted(_ROLES))}."
        if asked.stream_options is not None and not asked.stream:
            return "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        if asked.token_limit is not None and asked.token_limit < 1:
            return "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1."
        return None

    def allowance(self, allowance: Allowance) -> Headers:
        return (
            ("x-ratelimit-limit-requests", str(allowance.requests_limit)),
            ("x-ratelimit-remaining-requests", str(allowance.requests_left)),
            ("x-ratelimit-reset-requests", f"{allowance.reset_seconds}s"),
            ("x-ratelimit-limit-tokens", str(allowance.tokens_limit)),
            ("x-ratelimit-remaining-tokens", str(allowance.tokens_left)),
            ("x-ratelimit-reset-tokens", f"{allowance.reset_seconds}s"),
        )

    def whole(self, said: Said) -> bytes:
        message = {"role": "assistant", "content": said.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": said.ended}
        return msgspec.json.encode(
            {**_frame(said, "chat.completion"), "choices": [choice], "usage": _usage(said)},
        )

    def opening(self, said: Said) -> bytes:
        return _chunk(said, {"role": "assistant", "content": ""})

    def piece(self, said: Said, text: str) -> bytes:
        return _chunk(said, {"content": text})

    def closing(self, said: Said) -> bytes:
        last = _chunk(said, {}, said.ended)
        if said.wants_usage:
            last += _event({**_frame(said, "chat.completion.chunk"), "choices": [], "usage": _usage(said)})
        return last + b"data: [DONE]\n\n"

    def error(self, status: int, message: str, request_id: str) -> bytes:  # noqa: ARG002  # it goes into a header here
        kind, code = _ERRORS[status]
        return msgspec.json.encode({"error": {"message": message, "type": kind, "param": None, "code": code}})


def _frame(said: Said, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{said.id}",
        "object": kind,
        "created": said.created,
        "model": said.model,
        "system_fingerprint": "fp_simulated",
    }


def _usage(said: Said) -> dict[str, Any]:
    output = len(said.tokens)
    return {
        "prompt_tokens": said.input_tokens,
        "completion_tokens": output,
        "total_tokens": said.input_tokens + output,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _chunk(said: Said, delta: dict[str, str], ended: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ended}
    usage = {"usage": None} if said.wants_usage else {}
    return _event({**_frame(said, "chat.completion.chunk"), "choices": [choice], **usage})


def _event(value: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % msgspec.json.encode(value)
