"""What an operator does to a store by hand: look at it, copy it, check it, make it smaller, hand it on.

Each works beside a running instance. Those that take their time call `progress` now and then; whatever that raises
(Ctrl-C, say) stops them and leaves everything as it was.
"""

import csv
import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from hotspare.router.error import HotspareError
from hotspare.store.fault import INTO_A_NEW_FILE, RECOVER, Damaged, Fault, fault_of
from hotspare.store.folders import open_private
from hotspare.store.offline import connect
from hotspare.store.rows import TOLD_OF_ATTEMPTS, attempt_told, request_told
from hotspare.store.spool import lines_in

Progress = Callable[[], None]

UNCHANGED = "Nothing was changed."

_CACHE_KIB = 128 * 1024
_STEPS_BETWEEN = 100_000
"""So many of SQLite's steps (some milliseconds) go by between two calls of `progress`."""


def stats(path: Path) -> dict[str, Any]:
    """How much is kept, since when, and how large it is."""
    with _opened(path) as connection:
        counted = {name: connection.execute(sql).fetchone()[0] for name, sql in _COUNTED.items()}
    size = sum(_size(path.with_name(path.name + ending)) for ending in ("", "-wal"))
    attempts = counted["attempts"]
    return {
        "path": str(path),
        "size_bytes": size,
        "bytes_per_attempt": round(size / attempts, 1) if attempts else None,
        **counted,
        "waiting": sum(1 for _ in lines_in(path)),
    }


_COUNTED = {
    "requests": "SELECT count(*) FROM stored_requests",
    "attempts": "SELECT count(*) FROM stored_attempts",
    "sessions": "SELECT count(*) FROM session_names",
    "routes": "SELECT count(*) FROM routes",
    "roll_ups": "SELECT (SELECT count(*) FROM request_figures) + (SELECT count(*) FROM call_figures)",
    "acts": "SELECT count(*) FROM journal",
    "since_at": "SELECT min(at) FROM stored_requests",
    "last_at": "SELECT max(at) FROM stored_requests",
    "schema": "PRAGMA user_version",
}


def back_up(path: Path, target: Path, progress: Progress) -> int:
    """Copy the store as it is at this moment, compacted; how large the copy is, in bytes.

    Raises:
        HotspareError: there is something of that name already, or there is no room.
    """
    if target.exists():
        raise HotspareError(f"{target} is there already.", "Name another file; a backup replaces nothing.")
    if not target.parent.is_dir():
        raise HotspareError(f"There is no folder {target.parent}.", "Make it, or name another place.")
    begun = target.with_name(f"{target.name}.part")
    begun.unlink(missing_ok=True)
    try:
        with _opened(path, progress, grows=target) as connection:
            os.close(open_private(begun, os.O_RDWR))
            connection.execute("VACUUM INTO ?", (str(begun),))
        begun.rename(target)
    finally:
        for name in (begun, begun.with_name(f"{begun.name}-journal")):
            name.unlink(missing_ok=True)
    return _size(target)


def vacuum(path: Path, progress: Progress) -> tuple[int, int]:
    """Give back the room that deleted rows took; the size before and after, in bytes."""
    before = _size(path)
    with _opened(path, progress, writes=True) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, _size(path)


def verify(path: Path, progress: Progress) -> list[str]:
    """What is wrong with it, a sentence each: damage, rows without their counterpart, sums that are not sums."""
    try:
        return _found(path, progress)
    except Damaged as error:
        return [error.title, error.hint]


def _found(path: Path, progress: Progress) -> list[str]:
    with _opened(path, progress) as connection:
        connection.execute("BEGIN")
        if damage := _damage(connection):
            return [*(f"the file is damaged: {sentence}" for sentence in damage), f"{RECOVER}, into a new file"]
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(_DAYS)
        found = []
        for sentence, sql in _MUST_BE_NONE.items():
            [number] = connection.execute(sql).fetchone()
            if number:
                found.append(f"{number} {sentence}")
        return found


def damage_of(path: Path) -> list[str]:
    """What is damaged in the file itself, a sentence each."""
    try:
        with _opened(path) as connection:
            return _damage(connection)
    except Damaged as error:
        return [error.title]


def _damage(connection: sqlite3.Connection) -> list[str]:
    try:
        return [row[0] for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    except sqlite3.DatabaseError as error:
        if fault_of(error).state != "corrupt":
            raise
        return [str(error)]


# Of the oldest day some rows may be gone already, unless none ever went.
_FIRST_WHOLE_DAY = """
(SELECT iif(count(*) = max(number), 0, (CAST(min(at) / 86400 AS INTEGER) + 1) * 86400) FROM stored_requests)
"""
_DAYS = f"""
CREATE TEMP TABLE days AS
SELECT CAST(at / 86400 AS INTEGER) * 86400 AS at, route, count(*) AS number, sum(duration_us) AS duration_us,
  sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(cost_pico_usd) AS cost_pico_usd
FROM stored_requests
WHERE number <= (SELECT number FROM rolled_up) AND at >= {_FIRST_WHOLE_DAY}
GROUP BY 1, 2
"""
_OF_ROWS = """
SELECT at, chain, {name} AS name,
  sum(iif(verdict IN ('answered', 'failed'), days.number, 0)) AS requests,
  sum(iif(verdict = 'answered', days.number, 0)) AS answered, sum(iif(fallback, days.number, 0)) AS fallback,
  sum(iif(verdict = 'answered', duration_us, 0)) AS duration_us, sum(input_tokens) AS input_tokens,
  sum(output_tokens) AS output_tokens, sum(cost_pico_usd) AS cost_pico_usd,
  sum(iif(unpriced, days.number, 0)) AS unpriced
FROM days JOIN routes ON routes.number = route
WHERE kind = 'traffic'
GROUP BY 1, 2, 3
"""
_OF_ROLL_UPS = """
SELECT at, chain, name, requests, answered, fallback, duration_us, input_tokens, output_tokens, cost_pico_usd, unpriced
FROM request_figures WHERE step = 86400 AND dimension = '{dimension}' AND at >= {first}
"""


def _differences(dimension: str, name: str) -> str:
    """How many rows of the days' roll-ups differ from what the rows say."""
    rows = _OF_ROWS.format(name=name)
    sums = _OF_ROLL_UPS.format(dimension=dimension, first=_FIRST_WHOLE_DAY)
    return f"SELECT count(*) FROM (SELECT * FROM ({rows}) EXCEPT SELECT * FROM ({sums}))"


_COARSER = """
SELECT count(*) FROM (
  SELECT at / 86400 * 86400, dimension, chain, name, sum(requests), sum(answered), sum(cost_pico_usd), sum(duration_us)
  FROM request_figures WHERE step = 3600 AND dimension != 'session' GROUP BY 1, 2, 3, 4
  EXCEPT
  SELECT at, dimension, chain, name, requests, answered, cost_pico_usd, duration_us
  FROM request_figures WHERE step = 86400
)
"""
_MUST_BE_NONE = {
    "attempt(s) belong to no request": """
      SELECT count(*) FROM stored_attempts
      WHERE NOT EXISTS (SELECT 1 FROM stored_requests WHERE number = request)""",
    "request(s) have no route": """
      SELECT count(*) FROM stored_requests WHERE NOT EXISTS (SELECT 1 FROM routes WHERE routes.number = route)""",
    "attempt(s) have no call": """
      SELECT count(*) FROM stored_attempts WHERE NOT EXISTS (SELECT 1 FROM calls WHERE calls.number = call)""",
    "request(s) cost something else than their attempts": """
      SELECT count(*) FROM stored_requests WHERE cost_pico_usd !=
        (SELECT coalesce(sum(cost_pico_usd), 0) FROM stored_attempts WHERE request = stored_requests.number)""",
    "day(s) of a chain are other than their requests": _differences("chain", "''"),
    "day(s) of a model are other than their requests": _differences("model", "model"),
    "day(s) of a caller are other than their requests": _differences("caller", "caller"),
    "day(s) of a reason are other than their requests": _differences("reason", "reason"),
    "day(s) are other than their hours": _COARSER,
}

# ------------------------------------------------------------------ handing on
_EXPORTED = """
SELECT id, at, kind, chain, asked, meant, model, caller, session, dialect, stream, verdict, status, ok, fallback,
  forced, source, reason, ended_by, duration_ms, first_content_ms, input_tokens, output_tokens, cost_usd, unpriced,
  estimated, waited_ms, cache_age_seconds, cache_similarity, number
FROM requests WHERE at >= ? ORDER BY at, number
"""
_ATTEMPTS = f"SELECT {TOLD_OF_ATTEMPTS} FROM attempts WHERE request = ? ORDER BY number"


def export(path: Path, since: float, *, as_csv: bool) -> Iterator[str]:
    """All requests from a time on, oldest first, a line each: JSON with their attempts, or CSV without."""
    with _opened(path) as connection:
        rows = (dict(row) for row in connection.execute(_EXPORTED, (since,)))
        if as_csv:
            yield from _csv(rows)
            return
        for row in rows:
            number = row.pop("number")
            attempts = [attempt_told(dict(each)) for each in connection.execute(_ATTEMPTS, (number,))]
            yield json.dumps({**request_told(row), "attempts": attempts})


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    line = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        del row["number"]
        if writer is None:
            writer = csv.DictWriter(line, list(row), lineterminator="")
            writer.writeheader()
            yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow(row)
        yield line.getvalue()


# ------------------------------------------------------------------ opening
@contextmanager
def _opened(
    path: Path, progress: Progress | None = None, *, writes: bool = False, grows: Path | None = None
) -> Iterator[sqlite3.Connection]:
    """The store, with what SQLite says about it in words; what `progress` raised comes out as it was. `grows`: the file
    that may find no room, where it is another.
    """
    raised: list[BaseException] = []

    def look() -> int:
        try:
            if progress is not None:
                progress()
        except BaseException as error:  # noqa: BLE001 -- it cannot pass through SQLite; it is raised again below
            raised.append(error)
        return len(raised)

    with closing(connect(path, writes=writes)) as connection:
        connection.set_progress_handler(look, _STEPS_BETWEEN)
        try:
            yield connection
        except sqlite3.Error as error:
            if raised:
                raise raised[0] from None
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from None  # Ctrl-C, before `look` had begun: SQLite swallowed it
            fault = fault_of(error)
            raise in_words(grows or path if fault.state == "full" else path, fault) from error


def in_words(path: Path, fault: Fault) -> HotspareError:
    """What is wrong with a file, for who works on it by hand."""
    if fault.state == "corrupt":
        return Damaged(f"{path}: {fault.detail}.", INTO_A_NEW_FILE)
    if fault.state == "full":
        return HotspareError(f"{path}: there is no room for it, or a limit of file sizes is reached.", UNCHANGED)
    return HotspareError(f"{path}: {fault.detail}.", UNCHANGED)


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
