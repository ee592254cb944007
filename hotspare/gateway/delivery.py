"""The caller's side of an answer over HTTP: what the engine delivers, in the caller's dialect."""

from typing import Any

from hotspare.dialects.endpoint import DialectName
from hotspare.dialects.errors import error_body, error_event
from hotspare.engine.protocols import Answer, Told
from hotspare.gateway.cycle import Cycle
from hotspare.gateway.lines import JSON_TYPE, Headers, header_lines, safe_value
from hotspare.gateway.refusal import retry_after
from hotspare.router.step import Fail

_YES, _NO = b"true", b"false"
_EVENT_STREAM = header_lines(((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")))
_KEEP_ALIVE = b": keep-alive\n\n"
"""A comment, which no reader of events takes for one."""
_FINAL_CODES = frozenset({"bad_request", "content_filter"})
LONGEST_RETRY_AFTER_SECONDS = 60.0
"""Both official clients wait this long for a retry at most; beyond it they retry at once, which helps nobody."""

MOST_KEPT = 1_000
"""Header lines that are kept: models, notices and types are few."""

_kept_lines: dict[object, bytes] = {}


class HttpDelivery:
    """One answer. The engine calls either `whole`, `error`, or `begin … end`."""

    __slots__ = ("_cycle", "_dialect", "take")

    def __init__(self, cycle: Cycle, dialect: DialectName) -> None:
        self._cycle = cycle
        self._dialect = dialect
        self.take = cycle.take

    async def whole(self, told: Told, answer: Answer) -> None:
        if answer.streamed is not None:
            lines = _EVENT_STREAM + told_lines(told)
            await self._cycle.stream(answer.status, lines, answer.streamed, answer.tail)
            return
        lines = _type_line(answer.content_type) + told_lines(told)
        await self._cycle.whole(answer.status, lines, answer.body or b"")

    async def begin(self, told: Told, answer: Answer) -> None:
        await self._cycle.begin(answer.status, _EVENT_STREAM + told_lines(told))

    async def begin_early(self, request_id: str) -> None:
        await self._cycle.begin(200, _EVENT_STREAM + _id_line(request_id))

    async def keep_alive(self) -> None:
        await self._cycle.piece(_KEEP_ALIVE)

    async def piece(self, data: bytes) -> None:
        await self._cycle.piece(data)

    async def end(self, tail: bytes) -> None:
        await self._cycle.end(tail)

    async def broken(self, told: Told, fail: Fail) -> None:
        await self.end(error_event(self._dialect, **_fields(told, fail)))

    async def error(self, told: Told, fail: Fail) -> None:
        headers: Headers = []
        if fail.retry_after_seconds is not None:
            headers.append(retry_after(fail.retry_after_seconds))
        if not _retry_may_help(fail):
            headers.append((b"x-should-retry", b"false"))
        failure = fail.failure
        if fail.relay and failure is not None and failure.body is not None:
            headers.append((b"content-type", safe_value(failure.content_type)))
            status, body = failure.status or fail.status, failure.body
        else:
            headers.append(JSON_TYPE)
            status, body = fail.status, error_body(self._dialect, **_fields(told, fail))
        await self._cycle.whole(status, told_lines(told) + header_lines(headers), body)


def told_lines(told: Told) -> bytes:
    """What happened, as the lines of the `x-hotspare-*` headers."""
    if told.cache_age_seconds is not None or told.cache_similarity is not None or told.dropped:
        return _id_line(told.request_id) + header_lines(_told_headers(told))
    kind = (told.model, told.attempts, told.fallback, told.source, told.notice, told.notice_text, told.repaired)
    lines = _kept_lines.get(kind) or _keep(kind, header_lines(_told_headers(told)))
    return _id_line(told.request_id) + lines


def _told_headers(told: Told) -> Headers:
    headers: Headers = [
        (b"x-hotspare-fallback", _YES if told.fallback else _NO),
        (b"x-hotspare-attempts", b"%d" % told.attempts),
        (b"x-hotspare-source", told.source.encode()),
    ]
    if told.cache_age_seconds is not None:
        headers.append((b"x-hotspare-cache-age", b"%d" % told.cache_age_seconds))
    if told.cache_similarity is not None:
        headers.append((b"x-hotspare-cache-similarity", b"%.3f" % told.cache_similarity))
    if told.model is not None:
        headers.append((b"x-hotspare-model", safe_value(told.model)))
    if told.notice:
        headers.append((b"x-hotspare-notice", safe_value(told.notice)))
        headers.append((b"x-hotspare-notice-text", safe_value(told.notice_text)))
    if told.dropped:
        headers.append((b"x-hotspare-dropped", safe_value(", ".join(told.dropped))))
    if told.repaired:
        headers.append((b"x-hotspare-repaired", _YES))
    return headers


def _id_line(request_id: str) -> bytes:
    return b"x-hotspare-request-id: %b\r\n" % request_id.encode("ascii")  # our own, of letters and digits


def _type_line(content_type: str) -> bytes:
    line = _kept_lines.get(content_type)
    return line or _keep(content_type, header_lines([(b"content-type", safe_value(content_type))]))


def _keep(what: object, lines: bytes) -> bytes:
    if len(_kept_lines) >= MOST_KEPT:
        _kept_lines.clear()
    _kept_lines[what] = lines
    return lines


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
