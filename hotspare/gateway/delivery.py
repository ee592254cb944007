"""The caller's side of an answer over HTTP: what the engine delivers, as ASGI messages in the caller's dialect."""

from typing import Any

from hotspare.dialects.endpoint import DialectName
from hotspare.dialects.errors import error_body, error_event
from hotspare.engine.protocols import Answer, Told
from hotspare.gateway.asgi import Send
from hotspare.gateway.refusal import JSON_TYPE, Headers, retry_after, send_whole
from hotspare.router.step import Fail

_YES, _NO = b"true", b"false"
_EVENT_STREAM = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache"))
_KEEP_ALIVE = b": keep-alive\n\n"
"""A comment, which no reader of events takes for one."""
_FINAL_CODES = frozenset({"bad_request", "content_filter"})
LONGEST_RETRY_AFTER_SECONDS = 60.0
"""Both official clients wait this long for a retry at most; beyond it they retry at once, which helps nobody."""

_safe_names: dict[str, bytes] = {}


class HttpDelivery:
    """One answer. The engine calls either `whole`, `error`, or `begin … end`."""

    __slots__ = ("_dialect", "_send")

    def __init__(self, send: Send, dialect: DialectName) -> None:
        self._send: Any = send
        self._dialect = dialect

    async def whole(self, told: Told, answer: Answer) -> None:
        headers = [(b"content-type", safe_value(answer.content_type)), *told_headers(told)]
        await send_whole(self._send, answer.status, headers, answer.body or b"")

    async def begin(self, told: Told, answer: Answer) -> None:
        headers = [*_EVENT_STREAM, *told_headers(told)]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def begin_early(self, request_id: str) -> None:
        headers = [*_EVENT_STREAM, (b"x-hotspare-request-id", safe_value(request_id))]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def keep_alive(self) -> None:
        await self.piece(_KEEP_ALIVE)

    async def piece(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, tail: bytes) -> None:
        await self._send({"type": "http.response.body", "body": tail, "more_body": False})

    async def broken(self, told: Told, fail: Fail) -> None:
        await self.end(error_event(self._dialect, **_fields(told, fail)))

    async def error(self, told: Told, fail: Fail) -> None:
        headers = [*told_headers(told)]
        if fail.retry_after_seconds is not None:
            headers.append(retry_after(fail.retry_after_seconds))
        if not _retry_may_help(fail):
            headers.append((b"x-should-retry", b"false"))
        failure = fail.failure
        if fail.relay and failure is not None and failure.body is not None:
            headers.append((b"content-type", safe_value(failure.content_type)))
            await send_whole(self._send, failure.status or fail.status, headers, failure.body)
        else:
            headers.append(JSON_TYPE)
            await send_whole(self._send, fail.status, headers, error_body(self._dialect, **_fields(told, fail)))


def told_headers(told: Told) -> Headers:
    """What happened, as the `x-hotspare-*` headers."""
    headers: Headers = [
        (b"x-hotspare-request-id", safe_value(told.request_id)),
        (b"x-hotspare-fallback", _YES if told.fallback else _NO),
        (b"x-hotspare-attempts", b"%d" % told.attempts),
        (b"x-hotspare-source", told.source.encode()),
    ]
    if told.cache_age_seconds is not None:
        headers.append((b"x-hotspare-cache-age", b"%d" % told.cache_age_seconds))
    if told.cache_similarity is not None:
        headers.append((b"x-hotspare-cache-similarity", b"%.3f" % told.cache_similarity))
    if told.model is not None:
        headers.append((b"x-hotspare-model", _safe_name(told.model)))
    if told.notice:
        headers.append((b"x-hotspare-notice", _safe_name(told.notice)))
        headers.append((b"x-hotspare-notice-text", safe_value(told.notice_text)))
    if told.dropped:
        headers.append((b"x-hotspare-dropped", safe_value(", ".join(told.dropped))))
    if told.repaired:
        headers.append((b"x-hotspare-repaired", _YES))
    return headers


def safe_value(text: str) -> bytes:
    """Any text as a header's value: what is not printable ASCII is percent-encoded, so no value can end its header."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return b"".join(bytes((octet,)) if 0x20 <= octet < 0x7F else b"%%%02X" % octet for octet in text.encode())


def _safe_name(name: str) -> bytes:
    """`safe_value` of a name from the configuration: there are few, so each is worked out once."""
    safe = _safe_names.get(name)
    if safe is None:
        safe = _safe_names[name] = safe_value(name)
    return safe


def _fields(told: Told, fail: Fail) -> dict[str, Any]:
    return {
        "status": fail.status,
        "code": fail.code,
        "message": fail.message,
        "retry_after_seconds": fail.retry_after_seconds,
        "suggestion": fail.suggestion,
        "request_id": told.request_id,
    }


def _retry_may_help(fail: Fail) -> bool:
    """Whether the caller's own client may try again by itself: all retries that make sense at once were made here."""
    after = fail.retry_after_seconds
    return after is not None and after <= LONGEST_RETRY_AFTER_SECONDS and fail.code not in _FINAL_CODES
