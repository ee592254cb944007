"""What a Record has in common with others, found when it comes in; what is made of that is made once for all of them.

A Record on its way into the tables is `Taken`: itself, its route, and the values of its rows that are its own.
"""

from collections.abc import Sequence
from operator import attrgetter

import msgspec

from hotspare.router.figures import Figures, fold
from hotspare.router.record import Attempt, Candidate, Record
from hotspare.store.rows import CALL_COLUMNS, SHARED, Row, apart_values, attempt_values, request_values

SLOW_MS = 5000.0
"""A request that took longer is a slow one, wherever requests are looked for by that."""

SERVED = ""
"""The outcome of a call that gave an answer; others are a trigger's name, or `CANCELLED`."""
CANCELLED = "cancelled"

_REMEMBERED = 5_000
"""Some 10 MB, where callers send a name of their own with each request."""
_REMEMBERED_CANDIDATES = 500
CANDIDATE = ("model", "skip", "by")
"""What candidates have in common with others."""

_shared = attrgetter(*SHARED)
_call = attrgetter(*CALL_COLUMNS)
_candidate = attrgetter(*CANDIDATE)


class Route:
    """One object for all Records that differ in times, tokens and costs only.

    Attributes:
        columns: the row of `routes`: `ROUTE_COLUMNS`.
        calls: of each attempt the row of `calls`: `CALL_COLUMNS`.
        outcomes: of each attempt how it came out, in a word.
        chain: of such requests.
        model: the one that answered them.
        counts: what one of them adds to those figures that count requests.
        is_estimated: part of what each cost is a guess.
        is_traffic: figures are kept of them and of their calls; of others only how many there were and what they cost.
        names: the dimensions in which figures are kept of them, and their name in each.
        line: what the log says of them, around what each has of its own; empty until that is asked for.
        spooled: what the spool says of them, before what each has of its own; likewise.
    """

    __slots__ = (
        "calls",
        "chain",
        "columns",
        "counts",
        "is_estimated",
        "is_traffic",
        "line",
        "model",
        "names",
        "outcomes",
        "spooled",
    )

    def __init__(self, record: Record) -> None:
        self.columns = route_row(record)
        self.calls: tuple[Row, ...] = tuple([call_row(attempt) for attempt in record.attempts])
        self.outcomes = tuple([outcome_of(attempt) for attempt in record.attempts])
        self.chain, self.model = record.chain, record.model
        self.counts = Figures()
        fold(self.counts, record)
        self.line: tuple[bytes, ...] = ()
        self.spooled = b""
        self.is_estimated = record.estimated
        self.is_traffic = record.kind == "traffic"
        self.names: tuple[tuple[str, str], ...] = (("kind", record.kind),)
        if self.is_traffic:
            named = (("model", record.model or ""), ("caller", record.caller), ("reason", record.reason))
            self.names = (("chain", ""), *named)


Taken = tuple[Record, Route, Row, tuple[Row, ...], Row]
"""A Record, its route, and what `request_values`, `attempt_values` (of each attempt) and `apart_values` make of it."""


class Routes:
    """The routes of the Records that came of late."""

    def __init__(self) -> None:
        self._known: dict[Row, Route] = {}
        self._candidates: dict[int, tuple[tuple[Candidate, ...], tuple[Row, ...]]] = {}
        """By identity: nearly all Records of a chain name one and the same. They are kept, so no other can be it."""

    def take(self, record: Record) -> Taken:
        """The Record with all that its rows are made of.

        Raises:
            ValueError, OverflowError: a time in it is no number of microseconds.
        """
        candidates = self._candidates.get(id(record.candidates)) or self._learn_candidates(record.candidates)
        key = (record.duration_ms > SLOW_MS, _shared(record), tuple(map(_call, record.attempts)), candidates[1])
        route = self._known.get(key) or self._learn(key, record)
        values = tuple(map(attempt_values, record.attempts))
        return record, route, request_values(record), values, apart_values(record)

    def _learn(self, key: Row, record: Record) -> Route:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        route = self._known[key] = Route(record)
        return route

    def _learn_candidates(self, candidates: tuple[Candidate, ...]) -> tuple[tuple[Candidate, ...], tuple[Row, ...]]:
        if len(self._candidates) >= _REMEMBERED_CANDIDATES:
            self._candidates.clear()
        known = self._candidates[id(candidates)] = candidates, tuple(map(_candidate, candidates))
        return known


def alike(record: Record) -> tuple[Row, tuple[Row, ...], tuple[Row, ...]]:
    """What it has in common with others: of itself (`SHARED`), its calls (`CALL_COLUMNS`), candidates (`CANDIDATE`)."""
    return _shared(record), tuple(map(_call, record.attempts)), tuple(map(_candidate, record.candidates))


def route_row(record: Record) -> Row:
    """The columns `ROUTE_COLUMNS`."""
    shared = list(_shared(record))
    shared[4] = shared[4] or ""
    attempts: Sequence[Attempt] = record.attempts if len(record.attempts) > 1 or record.reason else ()
    triggers = " ".join(dict.fromkeys(str(attempt.trigger) for attempt in attempts if attempt.trigger is not None))
    candidates = msgspec.json.encode([_candidate(candidate) for candidate in record.candidates]).decode()
    return (*shared, record.duration_ms > SLOW_MS, triggers, candidates)


def call_row(attempt: Attempt) -> Row:
    """The columns `CALL_COLUMNS`."""
    model, key, trigger, cancelled, status, estimated = _call(attempt)
    return (model, key, trigger or "", cancelled, status or 0, estimated)


def outcome_of(attempt: Attempt) -> str:
    """How a call came out, in a word."""
    if attempt.trigger is not None:
        return attempt.trigger.value
    return CANCELLED if attempt.cancelled else SERVED
