"""Our own errors to callers: what is refused before a request reaches the engine, in the shape of the caller's dialect.

A refusal never repeats a value that the caller sent, but for the path and the names it asked for.
"""

import math
from http import HTTPStatus
from typing import TYPE_CHECKING

from hotspare.dialects.endpoint import DialectName
from hotspare.dialects.errors import error_body
from hotspare.gateway.lines import JSON_TYPE, Headers, header_lines

if TYPE_CHECKING:
    from hotspare.gateway.cycle import Cycle


class Refused(Exception):
    """A request that is not carried out. Answered by whoever serves the path; never seen by the engine.

    Attributes:
        status: the HTTP status.
        code: the machine-readable `error.code`.
        message: one sentence: what is wrong and what to do.
        parameter: the field of the body at fault.
        retry_after_seconds: when the same request may succeed.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        parameter: str = "",
        retry_after_seconds: float | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.parameter = parameter
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers

    def body(self, dialect: DialectName) -> bytes:
        """The answer's body."""
        return error_body(
            dialect,
            status=self.status,
            code=self.code,
            message=self.message,
            retry_after_seconds=self.retry_after_seconds,
            parameter=self.parameter,
        )


def dialect_of(path: str) -> DialectName:
    """Whose error shape a path's callers expect."""
    return "anthropic" if path.startswith("/v1/messages") else "openai"


def retry_after(seconds: float) -> tuple[bytes, bytes]:
    """The header in whole seconds, rounded up: a caller that comes back too early is refused again."""
    return (b"retry-after", b"%d" % max(1, math.ceil(seconds)))


async def send_refusal(cycle: "Cycle", refusal: Refused, dialect: DialectName) -> None:
    """Answer with a refusal."""
    headers: Headers = [JSON_TYPE, *refusal.headers]
    if refusal.retry_after_seconds is not None:
        headers.append(retry_after(refusal.retry_after_seconds))
    await cycle.whole(refusal.status, header_lines(headers), refusal.body(dialect))


def raw_refusal(refusal: Refused, dialect: DialectName) -> bytes:
    """A refusal as the bytes of a last answer, for requests that never became one."""
    body = refusal.body(dialect)
    headers: Headers = [JSON_TYPE, (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    if refusal.retry_after_seconds is not None:
        headers.append(retry_after(refusal.retry_after_seconds))
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (
        refusal.status,
        HTTPStatus(refusal.status).phrase.encode(),
        header_lines(headers),
        body,
    )


MALFORMED = Refused(400, "malformed_http", "What came is no valid HTTP request; the connection is closed.")
REQUEST_LINE_TOO_LONG = Refused(414, "request_line_too_long", "The request's address is too long.")
HEADERS_TOO_LARGE = Refused(431, "headers_too_large", "The request's headers are too large.")
HEADERS_TOO_SLOW = Refused(408, "headers_too_slow", "The request's headers did not arrive in time.")
BODY_TOO_SLOW = Refused(408, "body_too_slow", "The request's body did not arrive in time.")
BODY_TOO_LARGE = Refused(413, "body_too_large", "The request's body is too large.")
TOO_MANY_CONNECTIONS = Refused(
    503, "too_many_connections", "More connections are open than the gateway has room for.", retry_after_seconds=5.0
)
INTERNAL = Refused(
    500,
    "internal_error",
    "Hotspare met an error of its own; its log says which.",
    headers=((b"x-should-retry", b"false"),),
)
