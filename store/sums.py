"""Roll-ups: what Records came to, minute by minute, hour by hour and day by day (UTC): the router's `fold`.

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

from hotspare.router.figures import Figures, Histogram, estimated_cost, middle_of
from hotspare.store.alike import Alike, Amounts
from hotspare.store.routes import SERVED, Route, Taken

MINUTE, HOUR, DAY = 60, 3600, 86_400
STEPS = (MINUTE, HOUR, DAY)

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


class Sums:
    """What some Records came to, in memory. `write` adds it to what the tables hold."""

    def __init__(self) -> None:
        self._alike: dict[tuple[int, Route], Alike] = {}
        self._sessions: dict[tuple[int, Route, str], Amounts] = {}

    def __bool__(self) -> bool:
        return bool(self._alike)

    def add(self, records: Iterable[Taken]) -> None:
        """Fold some Records."""
        for (minute, route), some in _together(records).items():
            alike = self._alike.get((minute, route)) or self._begin(minute, route)
            estimated = [estimated_cost(taken[0]) for taken in some] if route.is_estimated else [0] * len(some)
            alike.add([taken[2] for taken in some], [taken[3] for taken in some], sum(estimated))
            if route.is_traffic:
                self._add_sessions(minute // HOUR * HOUR, route, zip(some, estimated, strict=True))

    def _begin(self, minute: int, route: Route) -> Alike:
        alike = self._alike[minute, route] = Alike(route)
        return alike

    def _add_sessions(self, hour: int, route: Route, some: Iterable[tuple[Taken, int]]) -> None:
        for (record, _, request, _, _), estimated in some:
            if record.session is not None:
                _made(self._sessions, (hour, route, record.session), Amounts).add(request, estimated)

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
        for (hour, route, session), amounts in self._sessions.items():
            yield ("session", hour, route.chain, session), amounts.figures(route)
        for (minute, route), alike in self._alike.items():
            figures = alike.figures()
            for dimension, name in route.names:
                yield (dimension, minute, route.chain, name), figures

    def call_rows(self) -> list[tuple[Any, ...]]:
        """The rows of `call_figures` that these Records come to alone."""
        found: dict[tuple[int, int, str, str, str], CallFigures] = {}
        for (minute, route), alike in self._alike.items():
            for model, outcome, figures in _calls_of(alike) if route.is_traffic else ():
                for step in STEPS:
                    key = (step, minute // step * step, route.chain, model, outcome)
                    _made(found, key, CallFigures).merge(figures)
        return [
            (*key, *_values(figures, CALLS), figures.last_at, _blob(figures.durations))
            for key, figures in found.items()
        ]


def _together(records: Iterable[Taken]) -> dict[tuple[int, Route], list[Taken]]:
    """Those of one minute and one route."""
    found: dict[tuple[int, Route], list[Taken]] = {}
    for taken in records:
        key = int(taken[2][1] // MINUTE) * MINUTE, taken[1]
        some = found.get(key)
        if some is None:
            some = found[key] = []
        some.append(taken)
    return found


def _calls_of(alike: Alike) -> Iterator[tuple[str, str, CallFigures]]:
    """The model and the outcome of each call that these requests made, and what all of those came to."""
    number, route = alike.amounts.requests, alike.route
    seen: set[tuple[str, str]] = set()
    for amounts, call, outcome in zip(alike.calls, route.calls, route.outcomes, strict=True):
        model, estimated = call[0], call[-1]
        yield (
            model,
            outcome,
            CallFigures(
                calls=number,
                requests=0 if (model, outcome) in seen else number,
                served=number if outcome is SERVED and model == route.model else 0,
                duration_ms=amounts.duration_us / 1000.0,
                input_tokens=amounts.input_tokens,
                output_tokens=amounts.output_tokens,
                cost_pico_usd=amounts.cost_pico_usd,
                unpriced=amounts.unpriced,
                estimated_pico_usd=amounts.cost_pico_usd if estimated else 0,
                last_at=amounts.last_at,
                durations=Histogram(amounts.durations),
            ),
        )
        seen.add((model, outcome))


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
    counts = _summed(durations) if durations.startswith(_ARRAY) else _decode(durations)  # each was written in order
    seen = list(accumulate(counts.values()))
    if not seen or not seen[-1]:
        return (None,) * len(shares)
    buckets = list(counts)
    return tuple(middle_of(buckets[bisect_left(seen, share * seen[-1])]) for share in shares)


def _summed(durations: bytes) -> dict[int, int]:
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
