"""Roll-ups: what Records came to, minute by minute, hour by hour and day by day (UTC), made by the router's `fold`.

Figures of requests are kept for each chain as a whole and by model, caller, reason and session; those of calls by model
and outcome. All are sums, and histograms that merge by adding, so a late Record adds to the minute it belongs to.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Any

import aiosqlite
import msgspec

from hotspare.router.figures import Figures, Histogram, fold, middle_of
from hotspare.router.record import Attempt, Record

MINUTE, HOUR, DAY = 60, 3600, 86_400
STEPS = (MINUTE, HOUR, DAY)

SERVED = ""
"""The outcome of a call that gave an answer; others are a trigger's name, or `CANCELLED`."""
CANCELLED = "cancelled"

FIGURES = (
    "requests", "answered", "primary", "fallback", "forced_fallback", "duration_us", "input_tokens", "output_tokens",
    "cost_pico_usd", "unpriced", "estimated_pico_usd",
)  # fmt: skip
CALLS = (
    "calls", "requests", "served", "duration_us", "input_tokens", "output_tokens", "cost_pico_usd", "unpriced",
    "estimated_pico_usd",
)  # fmt: skip

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[int, int]).decode
_decode_parts = msgspec.msgpack.Decoder(list[dict[int, int]]).decode
_READ_AGAIN = 4096
"""A chart is drawn again every few seconds, and nothing of it but its last hour is new: some 2 MB."""

_ARRAY = b"\xdd"
"""Of a list in MessagePack, before its length in four bytes; what follows are its parts as they were."""

NO_DURATIONS = _encode({})
"""Of sessions, which are many, no histogram is kept."""


@dataclass(slots=True)
class CallFigures:
    """Sums over the calls of one model that came out in one way. `requests` counts those that had such a call."""

    calls: int = 0
    requests: int = 0
    served: int = 0
    duration_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_pico_usd: int = 0
    unpriced: int = 0
    estimated_pico_usd: int = 0
    last_at: float = 0.0
    durations: Histogram = field(default_factory=Histogram)

    def add(self, record: Record, attempt: Attempt, outcome: str) -> None:
        self.calls += 1
        self.input_tokens += attempt.input_tokens
        self.output_tokens += attempt.output_tokens
        if attempt.cost_pico_usd is None:
            self.unpriced += 1
        else:
            self.cost_pico_usd += attempt.cost_pico_usd
            if attempt.estimated:
                self.estimated_pico_usd += attempt.cost_pico_usd
        self.last_at = max(self.last_at, record.at + attempt.ended_ms / 1000.0)
        if outcome is SERVED:
            duration = (round(attempt.ended_ms * 1000.0) - round(attempt.started_ms * 1000.0)) / 1000.0
            self.served += record.model == attempt.model
            self.duration_ms += duration
            self.durations.add(duration)

    def merge(self, other: "CallFigures") -> None:
        """Add what other calls came to."""
        for name in ("calls", "requests", "served", "duration_ms", "input_tokens", "output_tokens", "cost_pico_usd"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.unpriced += other.unpriced
        self.estimated_pico_usd += other.estimated_pico_usd
        self.last_at = max(self.last_at, other.last_at)
        self.durations.merge(other.durations.buckets)


RequestKey = tuple[str, int, str, str]
"""Dimension, minute (or hour), chain, name."""
CallKey = tuple[int, str, str, str]
"""Minute, chain, model, outcome."""


class Sums:
    """What some Records came to, in memory. `write` adds it to what the tables hold."""

    def __init__(self) -> None:
        self._routes: dict[tuple[int, str, str, str, str], Figures] = {}
        self._others: dict[RequestKey, Figures] = {}
        self._calls: dict[CallKey, CallFigures] = {}

    def __bool__(self) -> bool:
        return bool(self._routes or self._others)

    def add(self, record: Record) -> None:
        """Fold one Record."""
        minute = int(record.at // MINUTE) * MINUTE
        if record.kind != "traffic":
            _fold(_made(self._others, ("kind", minute, record.chain, record.kind), Figures), record)
            return
        route = (minute, record.chain, record.model or "", record.caller, record.reason)
        _fold(_made(self._routes, route, Figures), record)
        if record.session is not None:
            hour = minute // HOUR * HOUR
            _fold(_made(self._others, ("session", hour, record.chain, record.session), Figures), record)
        self._add_calls(record, minute)

    def _add_calls(self, record: Record, minute: int) -> None:
        seen = set()
        for attempt in record.attempts:
            outcome = outcome_of(attempt)
            key = (minute, record.chain, attempt.model, outcome)
            figures = _made(self._calls, key, CallFigures)
            figures.add(record, attempt, outcome)
            if key not in seen:
                seen.add(key)
                figures.requests += 1

    async def write(self, connection: aiosqlite.Connection, schema: str = "main") -> None:
        """Add all of it to the tables, in the caller's transaction."""
        for statement, rows in self.statements(schema):
            await connection.executemany(statement, rows)

    def statements(self, schema: str = "main") -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """What adds all of it to the tables, and with which rows."""
        yield _add_to(f"{schema}.request_figures", _REQUEST_KEY, FIGURES), self.request_rows()
        yield _add_to(f"{schema}.call_figures", _CALL_KEY, CALLS), self.call_rows()

    def request_rows(self) -> list[tuple[Any, ...]]:
        """The rows of `request_figures` that these Records come to alone."""
        found: dict[tuple[int, str, int, str, str], Figures] = {}
        for (dimension, at, chain, name), figures in self._by_dimension():
            for step in (HOUR,) if dimension == "session" else STEPS:
                key = (step, dimension, at // step * step, chain, name)
                _made(found, key, Figures).merge(figures)
        return [
            (*key, *_values(figures, FIGURES), NO_DURATIONS if key[1] == "session" else _blob(figures.durations))
            for key, figures in found.items()
        ]

    def _by_dimension(self) -> Iterator[tuple[RequestKey, Figures]]:
        yield from self._others.items()
        for (minute, chain, model, caller, reason), figures in self._routes.items():
            for dimension, name in (("chain", ""), ("model", model), ("caller", caller), ("reason", reason)):
                yield (dimension, minute, chain, name), figures

    def call_rows(self) -> list[tuple[Any, ...]]:
        """The rows of `call_figures` that these Records come to alone."""
        found: dict[tuple[int, int, str, str, str], CallFigures] = {}
        for (minute, chain, model, outcome), figures in self._calls.items():
            for step in STEPS:
                _made(found, (step, minute // step * step, chain, model, outcome), CallFigures).merge(figures)
        return [
            (*key, *_values(figures, CALLS), figures.last_at, _blob(figures.durations))
            for key, figures in found.items()
        ]


def _fold(figures: Figures, record: Record) -> None:
    """Fold one Record as its row tells it: in whole microseconds."""
    fold(figures, record)
    if record.verdict == "answered":
        figures.duration_ms += round(record.duration_ms * 1000.0) / 1000.0 - record.duration_ms


def outcome_of(attempt: Attempt) -> str:
    """How a call came out, in a word."""
    if attempt.trigger is not None:
        return attempt.trigger.value
    return CANCELLED if attempt.cancelled else SERVED


class MergeDurations:
    """The SQL aggregate `merge_durations(durations)`: all of them, one after the other, for `percentiles` to read."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def step(self, durations: bytes, /) -> None:
        self._parts.append(durations)

    def finalize(self) -> bytes:
        if len(self._parts) == 1:
            return self._parts[0]
        return _ARRAY + len(self._parts).to_bytes(4) + b"".join(self._parts)


def add_durations(first: bytes, second: bytes) -> bytes:
    """The SQL function of that name: two histograms as one."""
    total = Histogram(_decode(first))
    total.merge(_decode(second))
    return _blob(total)


def durations_of(durations: bytes) -> dict[int, int]:
    """The buckets in a column `durations`."""
    return _decode(durations)


@lru_cache(_READ_AGAIN)
def percentiles(durations: bytes, *shares: float) -> tuple[float | None, ...]:
    """What the router's histogram says to each share, over a column `durations` or a merged one."""
    counts = _together(durations) if durations.startswith(_ARRAY) else _decode(durations)  # each was written in order
    seen = list(accumulate(counts.values()))
    if not seen or not seen[-1]:
        return (None,) * len(shares)
    buckets = list(counts)
    return tuple(middle_of(buckets[bisect_left(seen, share * seen[-1])]) for share in shares)


def _together(durations: bytes) -> dict[int, int]:
    total, *others = _decode_parts(durations) or [{}]
    known = total.get
    for other in others:
        for bucket, count in other.items():
            total[bucket] = known(bucket, 0) + count
    return dict(sorted(total.items()))


def _blob(histogram: Histogram) -> bytes:
    return _encode(dict(sorted(histogram.buckets.items())))


def _values(figures: Figures | CallFigures, names: Iterable[str]) -> Iterator[int]:
    for name in names:
        yield round(figures.duration_ms * 1000.0) if name == "duration_us" else getattr(figures, name)


def _made(found: dict[Any, Any], key: Any, kind: Any) -> Any:
    figures = found.get(key)
    if figures is None:
        figures = found[key] = kind()
    return figures


_REQUEST_KEY = ("step", "dimension", "at", "chain", "name")
_CALL_KEY = ("step", "at", "chain", "model", "outcome")


def _add_to(table: str, key: tuple[str, ...], sums: tuple[str, ...]) -> str:
    """The statement that adds a row to what is there under its key."""
    lasts = ("last_at",) if "calls" in sums else ()
    columns = (*key, *sums, *lasts, "durations")
    added = [f'"{name}" = "{name}" + excluded."{name}"' for name in sums]
    added += [f"{name} = max({name}, excluded.{name})" for name in lasts]
    added.append("durations = add_durations(durations, excluded.durations)")
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(added)}"
    )
