"""The lines of the spool: a Record, or the router's memory, each encoded once.

A Record's line is a list of two: what it has in common with others, which is encoded once for all of a route, and its
own values, as its rows have them. Earlier versions wrote the Record itself, as an object. The memory is one too, with a
first key of its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from hotspare.router.command import Change
from hotspare.router.record import Record
from hotspare.store.routes import CANDIDATE, Taken, alike
from hotspare.store.rows import ABSENT, CALL_COLUMNS, SHARED, Row

Value = TypeVar("Value", Record, Change)

_MEMORY_BEGINS = b'{"memory":'
_LARGEST = 2**63 - 1

_encode = msgspec.json.Encoder().encode
_decode_record = msgspec.json.Decoder(Record).decode
_decode_taken = msgspec.json.Decoder(
    tuple[tuple[Row, list[Row], list[Row]], tuple[str | None, Row, list[Row], Row]]
).decode

_MAY_BE_ABSENT = ("provider_request_id", "first_content_ms", "cost_pico_usd")
_REQUEST = ("id", "at", "duration_ms", "first_content_ms", "input_tokens", "output_tokens", "cost_pico_usd")
_ATTEMPT = (
    "number", "message", "provider_request_id", "queued_ms", "started_ms", "first_content_ms", "ended_ms",
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_pico_usd",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """What the router wants to know again after a restart (cooldowns, breakers)."""

    memory: dict[str, Any]


Entry = Record | Memory

_decode_memory = msgspec.json.Decoder(Memory).decode


def encode_record(taken: Taken) -> bytes:
    """One line.

    Raises:
        ValueError, OverflowError: it holds something that is no JSON.
    """
    record, route, request, attempts, apart = taken
    if not route.spooled:
        route.spooled = b"[" + _encode(alike(record)) + b","
    return b"".join((route.spooled, _encode((record.session, request, attempts, apart)), b"]\n"))


def encode_memory(memory: Memory) -> bytes:
    """One line.

    Raises:
        TypeError: it holds something that is no JSON.
    """
    return _encode(memory) + b"\n"


def decode(line: bytes) -> Entry | None:
    """What a line says; None for one that is damaged or of a shape we do not know."""
    try:
        if line.startswith(b"["):
            return _record_of(line)
        return _decode_memory(line) if line.startswith(_MEMORY_BEGINS) else _decode_record(line)
    except (msgspec.DecodeError, TypeError, ValueError):
        return None


def _record_of(line: bytes) -> Record:
    (shared, calls, candidates), (session, request, attempts, apart) = _decode_taken(line)
    seconds_left, waited_us, cache_age_us, cache_similarity = apart or (None, None, None, None)
    left = msgspec.json.decode(seconds_left) if seconds_left else [None] * len(candidates)
    return msgspec.convert(
        {
            **dict(zip(SHARED, shared, strict=True)),
            "session": session,
            **_named(_REQUEST, request),
            "candidates": [
                {**dict(zip(CANDIDATE, candidate, strict=True)), "seconds_left": seconds}
                for candidate, seconds in zip(candidates, left, strict=True)
            ],
            "attempts": [
                dict(zip(CALL_COLUMNS, call, strict=True)) | _named(_ATTEMPT, attempt)
                for call, attempt in zip(calls, attempts, strict=True)
            ],
            "waited_ms": (waited_us or 0) / 1000.0,
            "cache_age_seconds": None if cache_age_us is None else cache_age_us / 1_000_000.0,
            "cache_similarity": cache_similarity,
        },
        Record,
    )


def _named(names: Sequence[str], values: Row) -> dict[str, Any]:
    """Values of a row by their names in a Record: milliseconds made of microseconds, None where there are none."""
    named = dict(zip(names, values, strict=True))
    for name, value in named.items():
        if value == ABSENT and name in _MAY_BE_ABSENT:
            named[name] = None
        elif name.endswith("_ms"):
            named[name] = value / 1000.0
    return named


def storable(value: Value) -> Value:
    """The same without what no table takes: lone surrogates, integers over 64 bits, NaN. Slow; seldom needed."""
    return msgspec.convert(_cleaned(msgspec.to_builtins(value)), type(value))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-_LARGEST, min(value, _LARGEST))
    if isinstance(value, float):
        return value if math.isfinite(value) else 0.0
    if isinstance(value, dict):
        return {name: _cleaned(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(item) for item in value]
    return value
