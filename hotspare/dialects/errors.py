"""Our errors in the caller's dialect: as a body, and as the event that ends a broken stream.

Both official clients read `error.message` and judge by the HTTP status; the other fields are the contract's own.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from hotspare.dialects.endpoint import DialectName

_OPENAI_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}

_ANTHROPIC_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def error_body(
    dialect: DialectName,
    *,
    status: int,
    code: str,
    message: str,
    retry_after_seconds: float | None = None,
    suggestion: str = "",
    request_id: str = "",
    parameter: str = "",
) -> bytes:
    """An error, as the clients of the dialect expect it."""
    error: dict[str, Any] = {
        "message": message,
        "type": _type(dialect, status),
        "code": code or None,
        "param": parameter or None,
        "retry_after": retry_after_seconds,
        "fallback_suggestion": suggestion or None,
        "request_id": request_id or None,
    }
    if dialect == "openai":
        return _encode({"error": error})
    return _encode({"type": "error", "error": error, "request_id": request_id or None})


def error_event(
    dialect: DialectName,
    *,
    status: int,
    code: str,
    message: str,
    retry_after_seconds: float | None = None,
    suggestion: str = "",
    request_id: str = "",
    parameter: str = "",
) -> bytes:
    """The same as the last event of a stream that cannot be finished; nothing may follow it."""
    body = error_body(
        dialect,
        status=status,
        code=code,
        message=message,
        retry_after_seconds=retry_after_seconds,
        suggestion=suggestion,
        request_id=request_id,
        parameter=parameter,
    )
    return (b"data: " if dialect == "openai" else b"event: error\ndata: ") + body + b"\n\n"


def _type(dialect: DialectName, status: int) -> str:
    if dialect == "openai":
        return _OPENAI_TYPES.get(status) or ("invalid_request_error" if status < 500 else "server_error")
    return _ANTHROPIC_TYPES.get(status) or ("invalid_request_error" if status < 500 else "api_error")


_encode = msgspec.json.Encoder().encode
