"""The log: one JSON line for each finished request, act and change of state, for `grep` and `tail -f`.

The word "fallback" stands in exactly the lines of requests in which one fired. No other line may hold it, whatever a
model, a caller or a reason is called: there its first letter is written as a JSON escape, which reads the same to every
JSON reader. No bodies, no messages of providers, no secrets.
"""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from hotspare.router.command import Change
from hotspare.router.record import Record
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.trigger import Trigger
from hotspare.store.appending import append_whole
from hotspare.store.folders import make_private, open_private
from hotspare.store.routes import Route, Taken

Level = Literal["info", "warning", "critical"]

ROTATE_BYTES = 10 * 1024 * 1024
KEPT = 3
_TAIL_BYTES = 4 * 1024 * 1024

_ID = re.compile(rb'"event":"request","id":"([^"]+)"')
# A form feed is `\f` in JSON, so that "\fallback" holds the word too: with a backslash that is not itself escaped.
_WORD = re.compile(rb"(?<!\\)((?:\\\\)*)(\\?)(f)(?=allback)", re.IGNORECASE)
_CONTROLS = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_FORM_FEED = b"\\u000c"

_encode = msgspec.json.Encoder().encode

_OWN = "<a request's own>"
_MILLISECONDS = tuple(f".{number:03d}Z" for number in range(1000))
_PARTS = 7
"""Of a line, around its time and five more values."""


class Log:
    """One file, rotated by size. A line that cannot be written is counted, never raised."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        self._descriptor: int | None = None

    def write(self, lines: list[bytes]) -> None:
        """Append lines as one write."""
        self.append(b"\n".join((*lines, b"")))

    def append(self, data: bytes) -> None:
        """Append lines that have their ends, as one write."""
        if not data:
            return
        try:
            written = append_whole(self._open(len(data)), data)
        except OSError:
            written = False
        if not written:
            self.dropped += data.count(b"\n")

    def known_ids(self) -> frozenset[str]:
        """Ids of the requests at the end of the log: as far back as a spool can hold any that are not stored yet."""
        found: list[bytes] = []
        for path in (self.path, _older(self.path, 1)):
            with suppress(OSError), path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
                found += _ID.findall(file.read())
        return frozenset(match.decode("utf-8", "replace") for match in found)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self, more_bytes: int) -> int:
        if self._descriptor is not None and not self._fits(self._descriptor, more_bytes):
            self.close()
        if self._descriptor is None:
            make_private(self.path.parent)
            self._descriptor = open_private(self.path, os.O_WRONLY | os.O_APPEND)
            if not self._fits(self._descriptor, more_bytes):
                self.close()
                _rotate(self.path)
                self._descriptor = open_private(self.path, os.O_WRONLY | os.O_APPEND)
        return self._descriptor

    def _fits(self, descriptor: int, more_bytes: int) -> bool:
        """It has room, and is still the file of that name."""
        status = os.fstat(descriptor)
        with suppress(FileNotFoundError):
            same = self.path.stat().st_ino == status.st_ino
            return same and (not status.st_size or status.st_size + more_bytes <= ROTATE_BYTES)
        return False


class _Call(msgspec.Struct):
    """One of a request's attempts, as its line has it."""

    model: str
    key: str
    trigger: Trigger | None
    status: int | None


class _Line(msgspec.Struct, omit_defaults=True):
    """A request's line; its fields in their order."""

    at: str
    level: Level
    event: str
    id: str
    kind: str
    chain: str
    asked: str
    meant: str
    model: str | None
    caller: str
    session: str | None
    verdict: str
    status: int
    reason: str
    ended_by: str
    ms: float
    tokens: int
    cost_usd: float | None
    estimated: bool
    skipped: Mapping[str, str]
    attempts: Sequence[_Call]
    fallback: bool = False


def request_lines(taken: Sequence[Taken]) -> bytes:
    """The lines of finished requests, each with its end."""
    own = "\n".join([f"{record.id}\n{record.session}" for record, _, _, _, _ in taken])
    if not own.isascii() or "\x7f" in own or "allback" in own.lower():
        return b"".join([request_line(record) + b"\n" for record, _, _, _, _ in taken])
    return b"".join([_usual_line(record, route) for record, route, _, _, _ in taken])


def _usual_line(record: Record, route: Route) -> bytes:
    """A line put together of what all of its route have and its own values, which need no care."""
    if not route.line:
        route.line = _parts_of(record)
    if len(route.line) != _PARTS:
        return request_line(record) + b"\n"
    begin, after_at, after_id, after_session, after_ms, after_tokens, end = route.line
    return b"".join(
        (
            begin,
            _encode(_stamp(record.at)),
            after_at,
            _encode(record.id),
            after_id,
            _encode(record.session),
            after_session,
            _encode(round(record.duration_ms, 1)),
            after_ms,
            _encode(record.input_tokens + record.output_tokens),
            after_tokens,
            _encode(_cost_usd(record)),
            end,
        )
    )


def _parts_of(record: Record) -> tuple[bytes, ...]:
    """What is around a request's own values in the lines of its route; more parts where that cannot be told."""
    own = dict.fromkeys(("at", "id", "session", "ms", "tokens", "cost_usd"), _OWN)
    line = _careful(msgspec.structs.replace(_line_of(record), **own))
    return tuple((line + b"\n").split(_encode(_OWN)))


def request_line(record: Record) -> bytes:
    """The line of a finished request, without its end."""
    return _careful(_line_of(record))


def _careful(line: _Line) -> bytes:
    whole = escaped(line)
    return whole if line.fallback else without_the_word(whole)


def _line_of(record: Record) -> _Line:
    return _Line(
        _stamp(record.at),
        _level(record),
        "request",
        record.id,
        record.kind,
        record.chain,
        record.asked,
        record.meant,
        record.model,
        record.caller,
        record.session,
        record.verdict,
        record.status,
        record.reason,
        record.ended_by,
        round(record.duration_ms, 1),
        record.input_tokens + record.output_tokens,
        _cost_usd(record),
        record.estimated,
        {candidate.model: candidate.skip for candidate in record.candidates if candidate.skip is not None},
        [_Call(attempt.model, attempt.key, attempt.trigger, attempt.status) for attempt in record.attempts],
        record.fallback,
    )


def _cost_usd(record: Record) -> float | None:
    return None if record.unpriced and not record.cost_pico_usd else record.cost_pico_usd / PICO_PER_USD


def act_line(change: Change) -> bytes:
    """The line of an operator's act, or of the end of one."""
    until = change.after.until if change.after is not None else None
    return note_line(
        change.at,
        "act",
        "info",
        {
            "act": change.act,
            "subject": change.subject,
            "who": change.who,
            "why": change.why,
            "until": None if until is None else _stamp(until),
        },
    )


def note_line(at: float, event: str, level: Level, fields: Mapping[str, Any]) -> bytes:
    """The line of anything else that happened."""
    return without_the_word(escaped({"at": _stamp(at), "level": level, "event": event, **fields}))


def without_the_word(line: bytes) -> bytes:
    """The same JSON, with nothing in it that a search for the word finds."""
    if b"allback" not in line.lower():  # nearly always, and 200 times faster than the search for the letter
        return line
    return _WORD.sub(_escape_letter, line)


def escaped(fields: Mapping[str, Any] | msgspec.Struct) -> bytes:
    """One line of JSON in which no character can move a terminal's cursor."""
    try:
        line = _encode(fields)
    except UnicodeEncodeError:
        line = _repaired(msgspec.to_builtins(fields))
    if line.isascii() and b"\x7f" not in line:
        return line
    return _CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", line.decode()).encode()


def _repaired(fields: Mapping[str, Any]) -> bytes:
    """For text with lone surrogates, which JSON can carry as escapes only."""
    return _encode({name: str(value).encode("utf-8", "replace").decode() for name, value in fields.items()})


def _escape_letter(found: re.Match[bytes]) -> bytes:
    before, backslash, letter = found.groups()
    return before + (_FORM_FEED if backslash else b"\\u%04x" % ord(letter))


def _level(record: Record) -> Level:
    for attempt in record.attempts:
        if attempt.trigger is Trigger.auth:
            return "critical"
    return "warning" if record.fallback or record.verdict == "failed" else "info"


def _stamp(at: float) -> str:
    second, millisecond = divmod(round(at * 1e6) // 1000, 1000)
    return _stamp_of_second(second) + _MILLISECONDS[millisecond]


@lru_cache(4)
def _stamp_of_second(second: int) -> str:
    """Lines come by the thousand a second."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _rotate(path: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        with suppress(FileNotFoundError):
            (path if number == 1 else _older(path, number - 1)).replace(_older(path, number))
