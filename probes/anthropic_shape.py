"""Anthropic's messages, as the provider writes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from hotspare.probes.loopback import Headers
from hotspare.probes.shapes import Allowance, AskedBody, Said, bearer

_ERRORS: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}

_ENDED = {"stop": "end_turn", "length": "max_tokens"}


class AnthropicShape:
    """`/v1/messages`, plain and streamed."""

    path = "/v1/messages"
    id_header = "request-id"
    overloaded_status = 529

    def key(self, headers: Mapping[str, str]) -> str | None:
        """In either header: clients of different ages send the one or the other."""
        return headers.get("x-api-key") or bearer(headers)

    def objection(self, asked: AskedBody, headers: Mapping[str, str]) -> str | None:
        if "anthropic-version" not in headers:
            return "anthropic-version: header is required"
        if asked.max_tokens is None:
            return "max_tokens: Field required"
        if asked.max_tokens < 1:
            return "max_tokens: Input should be greater than or equal to 1"
        if not asked.messages:
            return "messages: at least one message is required"
        strange = next((message.role for message in asked.messages if message.role not in {"user", "assistant"}), None)
        if strange is not None:
            return f'messages: Unexpected role "{strange}". The Messages API accepts a top-level `system` parameter.'
        return None

    def allowance(self, allowance: Allowance) -> Headers:
        reset = datetime.fromtimestamp(allowance.reset_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            ("anthropic-ratelimit-requests-limit", str(allowance.requests_limit)),
            ("anthropic-ratelimit-requests-remaining", str(allowance.requests_left)),
            ("anthropic-ratelimit-requests-reset", reset),
            ("anthropic-ratelimit-tokens-limit", str(allowance.tokens_limit)),
            ("anthropic-ratelimit-tokens-remaining", str(allowance.tokens_left)),
            ("anthropic-ratelimit-tokens-reset", reset),
        )

    def whole(self, said: Said) -> bytes:
        return msgspec.json.encode(
            {
                **_message(said, len(said.tokens)),
                "content": [{"type": "text", "text": said.text}],
                "stop_reason": _ENDED[said.ended],
            }
        )

    def opening(self, said: Said) -> bytes:
        return (
            _event("message_start", {"message": _message(said, 1)})
            + _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
            + _event("ping", {})
        )

    def piece(self, said: Said, text: str) -> bytes:  # noqa: ARG002  # the protocol's: other shapes repeat the frame
        return _event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}})

    def closing(self, said: Said) -> bytes:
        delta = {"stop_reason": _ENDED[said.ended], "stop_sequence": None}
        return (
            _event("content_block_stop", {"index": 0})
            + _event("message_delta", {"delta": delta, "usage": {"output_tokens": len(said.tokens)}})
            + _event("message_stop", {})
        )

    def error(self, status: int, message: str, request_id: str) -> bytes:
        told = {"type": _ERRORS[status], "message": message}
        return msgspec.json.encode({"type": "error", "error": told, "request_id": request_id})


def _message(said: Said, output_tokens: int) -> dict[str, Any]:
    return {
        "id": f"msg_{said.id}",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": said.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
        },
    }


def _event(kind: str, value: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode({"type": kind, **value}))
