"""Make up a store: many days of traffic as a busy gateway keeps them, to see how large and how quick a store gets.

Some days are made request by request; where more are wanted they are laid down again, day after day, by SQLite alone.
The file is made under another name and takes its own once it is whole.
"""

import math
import random
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hotspare.router.error import HotspareError
from hotspare.router.record import Attempt, Candidate, Record
from hotspare.router.trigger import Trigger
from hotspare.store.charts import MINUTES_KEPT_SECONDS
from hotspare.store.fault import fault_of
from hotspare.store.folders import make_private
from hotspare.store.layout import INDICES
from hotspare.store.offline import begin
from hotspare.store.routes import Routes, Taken
from hotspare.store.rows import (
    ATTEMPT_COLUMNS,
    CALL_COLUMNS,
    OF_ATTEMPTS_ABSENT,
    OF_REQUESTS_ABSENT,
    REQUEST_COLUMNS,
    ROUTE_COLUMNS,
    Row,
    insert_into,
)
from hotspare.store.sums import CALLS, DAY, FIGURES, MINUTE, Sums
from hotspare.store.upkeep import in_words

Chains = Mapping[str, Sequence[str]]
"""The models of each chain, in order."""

CHAINS: Chains = {"main": ("claude-sonnet-4", "gpt-4.1", "llama3.3:70b"), "search": ("gpt-4.1-mini", "claude-haiku")}
_CALLERS = ("shop-api", "support-bot", "agents", "nightly", "search", "mobile", "reports", "crm", "eval", "ops")
_FAILURES = ((Trigger.rate_limit, 429), (Trigger.overloaded, 529), (Trigger.timeout, None), (Trigger.server_error, 500))
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"

_MADE_ONE_BY_ONE = 400_000
"""About so many requests are made in Python; more are the same days again."""
_TROUBLE_SHARE = 0.07


def generate(path: Path, requests: int, days: int, now: float, chains: Chains = CHAINS) -> Iterator[int]:
    """Make `requests` requests over the `days` before `now`; yields how many there are, as it goes.

    Raises:
        HotspareError: there is a store of that name already, or there is no room.
    """
    if path.exists():
        raise HotspareError(f"{path} is there already.", "Say --to FILE for a made-up store beside it.")
    make_private(path.parent)
    begun = path.with_name(f"{path.name}.generating")
    try:
        with closing(begin(begun)) as connection:
            yield from _fill(connection, requests, days, now, chains)
        begun.replace(path)
    except sqlite3.Error as error:
        raise in_words(path, fault_of(error)) from error
    finally:
        for name in (begun, begun.with_name(f"{begun.name}-wal"), begun.with_name(f"{begun.name}-shm")):
            name.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A day that was made request by request: which rows are its own."""

    begins: int
    before: int
    last: int
    sessions_before: int
    last_session: int


def _fill(connection: sqlite3.Connection, requests: int, days: int, now: float, chains: Chains) -> Iterator[int]:
    connection.execute("PRAGMA journal_mode=OFF")  # who is stopped leaves no file at all
    connection.execute("PRAGMA cache_size=-262144")
    for index in INDICES:
        connection.execute(f"DROP INDEX {index.split(' ON ')[0].split()[-1]}")
    connection.execute("BEGIN")
    patterns: list[Pattern] = []
    wanted = max(1, min(days, _MADE_ONE_BY_ONE * days // requests))
    left = requests
    for day in range(days):
        begins, made = (int(now) // DAY - days + day) * DAY, requests - left
        number = min(left, -(-requests // days)) if day < days - 1 else left
        left -= number
        if day < wanted or number != patterns[0].last - patterns[0].before:
            patterns.append(_make_day(connection, number, made, begins, chains))
        else:
            _repeat(connection, patterns[day % wanted], number, made, begins)
        yield made + number
    _end(connection, now)
    for statement in (*INDICES, "ANALYZE"):
        connection.execute(statement)
        yield requests


def _end(connection: sqlite3.Connection, now: float) -> None:
    """Nothing is in the future, minutes are kept as long as ever, and the roll-ups are where the rows are."""
    kept_from = now - MINUTES_KEPT_SECONDS
    for table in ("request_figures", "call_figures"):
        connection.execute(f"DELETE FROM {table} WHERE step = ? AND at < ?", (MINUTE, kept_from))
    connection.execute("UPDATE rolled_up SET number = (SELECT max(number) FROM stored_requests)")
    connection.execute("COMMIT")


# ------------------------------------------------------------------ one day, request by request
def _make_day(connection: sqlite3.Connection, number: int, before: int, begins: int, chains: Chains) -> Pattern:
    """One day's requests, from the number after `before` on."""
    chance = random.Random(begins)
    routes, calls = _known(connection, "routes"), _known(connection, "calls")
    known, sums = Routes(), Sums()
    sessions: dict[Row, int] = {}
    [sessions_before] = connection.execute("SELECT coalesce(max(number), 0) FROM session_names").fetchone()
    made: list[Taken] = []
    requests, attempts = [], []
    for place, at in enumerate(sorted(_times(number, begins, chance))):
        taken = known.take(_record(place, at, begins, chains, chance))
        made.append(taken)
        record, route, request, values, _ = taken
        session = sessions.setdefault((record.session,), sessions_before + len(sessions) + 1)
        one = before + place + 1
        requests.append((one, routes.setdefault(route.columns, len(routes) + 1), session, *request))
        for call, attempt in zip(route.calls, values, strict=True):
            attempts.append((one, calls.setdefault(call, len(calls) + 1), *attempt))
    sums.add(made)
    connection.executemany(insert_into("stored_requests", REQUEST_COLUMNS, OF_REQUESTS_ABSENT), requests)
    connection.executemany(insert_into("stored_attempts", ATTEMPT_COLUMNS, OF_ATTEMPTS_ABSENT), attempts)
    for table, columns, numbers in (
        ("routes", ROUTE_COLUMNS, routes),
        ("calls", CALL_COLUMNS, calls),
        ("session_names", ("name",), sessions),
    ):
        added = f"{insert_into(table, ('number', *columns))} ON CONFLICT DO NOTHING"
        connection.executemany(added, ((number, *row) for row, number in numbers.items()))
    for statement, rows in sums.statements():
        connection.executemany(statement, rows)
    return Pattern(begins, before, before + number, sessions_before, sessions_before + len(sessions))


def _known(connection: sqlite3.Connection, table: str) -> dict[Row, int]:
    return {tuple(row)[1:]: row[0] for row in connection.execute(f"SELECT * FROM {table}")}


def _times(number: int, begins: int, chance: random.Random) -> Iterator[float]:
    """More by day than by night."""
    while number:
        at = chance.random()
        if chance.random() < 0.55 - 0.45 * math.cos(2 * math.pi * at):
            number -= 1
            yield begins + at * DAY


def _record(place: int, at: float, begins: int, chains: Chains, chance: random.Random) -> Record:
    chain = chance.choices(tuple(chains), tuple(range(len(chains), 0, -1)))[0]
    models = chains[chain]
    hour = int((at - begins) // 3600)
    trouble = 6 * _TROUBLE_SHARE if hour == chance.randrange(6, 20) else _TROUBLE_SHARE
    attempts: list[Attempt] = []
    reason, clock = "", 0.4
    for model in models:
        fails = chance.random() < trouble
        attempts.append(attempt := _attempt(len(attempts) + 1, model, clock, chance, fails=fails))
        clock = attempt.ended_ms
        if not fails:
            break
        reason = reason or str(attempt.trigger)
    last = attempts[-1]
    answered = last.trigger is None
    session = f"{begins // DAY:05x}-{place // 600:x}-4a6f-9c1e-{place // 600 * 50 + chance.randrange(50):012x}"
    return Record(
        id=_base32(begins * 1000, 9) + "000" + _base32(place, 5),
        at=at,
        kind="traffic" if chance.random() < 0.995 else "probe",
        chain=chain,
        asked=chain,
        meant=models[0],
        model=last.model if answered else None,
        caller=chance.choices(_CALLERS, tuple(range(len(_CALLERS), 0, -1)))[0],
        session=session,
        dialect="openai" if chance.random() < 0.6 else "anthropic",
        stream=chance.random() < 0.5,
        verdict="answered" if answered else "failed",
        status=200 if answered else 503,
        fallback=answered and len(attempts) > 1,
        forced=False,
        source="model",
        reason=reason,
        ended_by=("fallback" if len(attempts) > 1 else "first_choice") if answered else "exhausted",
        duration_ms=clock + 0.3,
        first_content_ms=last.first_content_ms,
        input_tokens=sum(attempt.input_tokens for attempt in attempts),
        output_tokens=sum(attempt.output_tokens for attempt in attempts),
        cost_pico_usd=sum(attempt.cost_pico_usd or 0 for attempt in attempts),
        unpriced=False,
        candidates=tuple(
            Candidate(model, by="" if index < len(attempts) else "not reached") for index, model in enumerate(models)
        ),
        attempts=tuple(attempts),
    )


def _attempt(number: int, model: str, started: float, chance: random.Random, *, fails: bool) -> Attempt:
    trigger, status = chance.choice(_FAILURES) if fails else (None, 200)
    took = chance.lognormvariate(6.8, 0.7)
    given, answered = (0, 0) if fails else (chance.randrange(200, 9000), chance.randrange(20, 1500))
    return Attempt(
        number=number,
        model=model,
        key="api_key",
        trigger=trigger,
        cancelled=False,
        status=status,
        message="",
        provider_request_id=None if status is None else f"req_{chance.getrandbits(120):030x}",
        started_ms=round(started, 3),
        first_content_ms=None if fails else round(started + took / 3, 3),
        ended_ms=round(started + took, 3),
        input_tokens=given,
        output_tokens=answered,
        cache_read_tokens=given // 2,
        cache_write_tokens=0,
        reasoning_tokens=0,
        cost_pico_usd=given * 3_000_000 + answered * 15_000_000,
    )


def _base32(number: int, width: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(width)))


# ------------------------------------------------------------------ the same day again
def _repeat(connection: sqlite3.Connection, pattern: Pattern, number: int, made: int, begins: int) -> None:
    """A day again, with other ids, times and sessions. Its figures are the day's, so it is as long or one shorter."""
    [sessions] = connection.execute("SELECT coalesce(max(number), 0) FROM session_names").fetchone()
    bound = {
        "before": pattern.before,
        "last": min(pattern.last, pattern.before + number),
        "shift": made - pattern.before,
        "later": begins - pattern.begins,
        "begins": _base32(begins * 1000, 9),
        "sessions_before": pattern.sessions_before,
        "last_session": pattern.last_session,
        "session_shift": sessions - pattern.sessions_before,
        "day": f"{begins // DAY:05x}",
        "from": pattern.begins,
        "to": pattern.begins + DAY,
    }
    for statement in _AGAIN:
        connection.execute(statement, {name: bound[name] for name in _NAMED.findall(statement)})


_NAMED = re.compile(r":(\w+)")

_REQUEST_SUMS = ", ".join(f'"{name}"' for name in FIGURES)
_CALL_SUMS = ", ".join(CALLS)

_AGAIN = (
    """
    INSERT INTO session_names SELECT number + :session_shift, :day || substr(name, 6) FROM session_names
    WHERE number > :sessions_before AND number <= :last_session
    """,
    """
    INSERT INTO stored_requests
    SELECT number + :shift, :begins || substr(id, 10), at + :later, route, session + :session_shift, duration_us,
      first_content_us, input_tokens, output_tokens, cost_pico_usd, seconds_left,
      waited_us, cache_age_us, cache_similarity
    FROM stored_requests WHERE number > :before AND number <= :last
    """,
    f"""
    INSERT INTO stored_attempts ({", ".join(ATTEMPT_COLUMNS)})
    SELECT request + :shift, {", ".join(ATTEMPT_COLUMNS[1:])} FROM stored_attempts
    WHERE request > :before AND request <= :last
    """,
    f"""
    INSERT INTO request_figures (step, dimension, at, chain, name, {_REQUEST_SUMS}, durations)
    SELECT step, dimension, at + :later, chain, iif(dimension = 'session', :day || substr(name, 6), name),
      {_REQUEST_SUMS}, durations
    FROM request_figures WHERE at >= :from AND at < :to
    """,
    f"""
    INSERT INTO call_figures (step, at, chain, model, outcome, {_CALL_SUMS}, last_at, durations)
    SELECT step, at + :later, chain, model, outcome, {_CALL_SUMS}, last_at + :later, durations
    FROM call_figures WHERE at >= :from AND at < :to
    """,
)
