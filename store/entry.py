"""The lines of the spool: a Record, or the router's memory, each encoded once.

A Record's line is the Record itself; the memory's is told apart by its first key, which no Record has.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from hotspare.router.command import Change
from hotspare.router.record import Record

Value = TypeVar("Value", Record, Change)

_MEMORY_BEGINS = b'{"memory":'
_LARGEST = 2**63 - 1

_encode = msgspec.json.Encoder().encode
_decode_record = msgspec.json.Decoder(Record).decode


@dataclass(frozen=True, slots=True)
class Memory:
    """What the router wants to know again after a restart (cooldowns, breakers)."""

    memory: dict[str, Any]


Entry = Record | Memory

_decode_memory = msgspec.json.Decoder(Memory).decode


def encode_record(record: Record) -> bytes:
    """One line."""
    try:
        return _encode(record) + b"\n"
    except UnicodeEncodeError:
        return _encode(storable(record)) + b"\n"


def encode_memory(memory: Memory) -> bytes:
    """One line.

    Raises:
        TypeError: it holds something that is no JSON.
    """
    return _encode(memory) + b"\n"


def decode(line: bytes) -> Entry | None:
    """What a line says; None for one that is damaged or of a shape we do not know."""
    try:
        return _decode_memory(line) if line.startswith(_MEMORY_BEGINS) else _decode_record(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


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
