"""The tables, as migrations: entry n brings a database from version n - 1 (`PRAGMA user_version`) to n.

Never change an entry that was released; add one. `layout` shows the tables as they are now, this how they came to be.
"""

import re
from collections.abc import Iterator, Sequence

from hotspare.store.layout import (
    ANSWERS,
    CONTENTS,
    INDICES,
    ROLLED_UP,
    SESSIONS_VIEW,
    SET_APART,
    SHOWN_APART,
    TABLES,
    VIEWS,
)
from hotspare.store.rows import CALL_COLUMNS, ROUTE_COLUMNS

_REQUESTS = """
CREATE TABLE requests (
  id TEXT NOT NULL PRIMARY KEY,
  at REAL NOT NULL,
  kind TEXT NOT NULL,
  chain TEXT NOT NULL,
  asked TEXT NOT NULL,
  meant TEXT NOT NULL,
  model TEXT,
  caller TEXT NOT NULL,
  session TEXT,
  dialect TEXT NOT NULL,
  stream INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  status INTEGER NOT NULL,
  fallback INTEGER NOT NULL,
  forced INTEGER NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  ended_by TEXT NOT NULL,
  duration_ms REAL NOT NULL,
  first_content_ms REAL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  candidates TEXT NOT NULL,
  ok INTEGER GENERATED ALWAYS AS (verdict = 'answered') VIRTUAL,
  cost_usd REAL GENERATED ALWAYS AS
    (CASE WHEN unpriced AND cost_pico_usd = 0 THEN NULL ELSE cost_pico_usd / 1e12 END) VIRTUAL
) STRICT
"""

_ATTEMPTS = """
CREATE TABLE attempts (
  request_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  model TEXT NOT NULL,
  key TEXT NOT NULL,
  trigger TEXT,
  cancelled INTEGER NOT NULL,
  status INTEGER,
  message TEXT NOT NULL,
  provider_request_id TEXT,
  started_ms REAL NOT NULL,
  first_content_ms REAL,
  ended_ms REAL NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_pico_usd INTEGER,
  cost_usd REAL GENERATED ALWAYS AS (cost_pico_usd / 1e12) VIRTUAL,
  PRIMARY KEY (request_id, number)
) STRICT, WITHOUT ROWID
"""

_JOURNAL = """
CREATE TABLE journal (
  number INTEGER PRIMARY KEY,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  who TEXT NOT NULL,
  at REAL NOT NULL,
  why TEXT NOT NULL,
  slot_kind TEXT,
  slot_subject TEXT,
  before TEXT,
  after TEXT,
  until REAL,
  notes TEXT NOT NULL,
  undoes INTEGER,
  undone_by INTEGER
) STRICT
"""

_STANDING = """
CREATE TABLE standing (
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  decision TEXT NOT NULL,
  until REAL,
  number INTEGER NOT NULL,
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID
"""

_MEMORY = """
CREATE TABLE memory (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  at REAL NOT NULL,
  value TEXT NOT NULL
) STRICT
"""

_SESSIONS_VIEW = """
CREATE VIEW sessions (id, created_at, model, model_used, prompt, tokens_used, cost_per_token, duration_ms) AS
SELECT
  id,
  datetime(at, 'unixepoch'),
  CASE WHEN verdict = 'answered' THEN model END,
  CASE WHEN verdict = 'answered' THEN model END,
  NULL,
  input_tokens + output_tokens,
  cost_usd / nullif(input_tokens + output_tokens, 0),
  duration_ms
FROM requests
WHERE kind = 'traffic'
"""

_SESSION_ERRORS_VIEW = """
CREATE VIEW session_errors (created_at, error_type) AS
SELECT datetime(requests.at + attempts.ended_ms / 1000.0, 'unixepoch'), attempts.trigger
FROM attempts JOIN requests ON requests.id = attempts.request_id
WHERE attempts.trigger IS NOT NULL AND requests.kind = 'traffic'
"""

_QUEUED = "ALTER TABLE attempts ADD COLUMN queued_ms REAL NOT NULL DEFAULT 0"

_PROMPT = "(SELECT prompt FROM contents WHERE contents.id = requests.id)"
_LATER = ("estimated", "estimated_pico_usd")
_SHARED = ", ".join(name for name in ROUTE_COLUMNS if name not in _LATER)


def _before_set_apart(statement: str) -> str:
    """A table or a view of `layout` as it was before requests could say that they had waited, or who was like them."""
    return statement.replace(SET_APART, "").replace(SHOWN_APART, "")


def _before_estimates(statement: str) -> str:
    """A table or a view of `layout` as it was before costs could be estimates."""
    statement = _before_set_apart(statement)
    for name in _LATER:
        statement = re.sub(rf"^  {name} [^,]*,\n|,\s{name}\b", "", statement, flags=re.MULTILINE)
    return statement


# Each old request beside what it has in common with others, as `rows` makes it.
_SORTED_OUT = """
CREATE TABLE sorted_out AS SELECT
  rowid AS number, id, at, session, CAST(round(duration_ms * 1000) AS INTEGER) AS duration_us,
  CAST(round(first_content_ms * 1000) AS INTEGER) AS first_content_us, input_tokens, output_tokens, cost_pico_usd,
  kind, chain, asked, meant, coalesce(model, '') AS model, caller, dialect, stream, verdict, status, fallback, forced,
  source, reason, ended_by, unpriced, duration_ms > 5000 AS slow,
  coalesce((SELECT group_concat(trigger, ' ') FROM (
    SELECT trigger FROM old_attempts WHERE request_id = id AND trigger IS NOT NULL GROUP BY trigger ORDER BY min(number)
  )), '') AS triggers,
  (SELECT json_group_array(json_array(
    json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[3]'))) FROM json_each(candidates)
  ) AS candidates,
  (SELECT json_group_array(json_extract(value, '$[2]')) FROM json_each(candidates)
    HAVING count(json_extract(value, '$[2]'))) AS seconds_left
FROM old_requests
"""

_FILLED: Sequence[str] = (
    _SORTED_OUT,
    f"INSERT INTO routes ({_SHARED}) SELECT DISTINCT {_SHARED} FROM sorted_out",
    "INSERT INTO session_names (name) SELECT DISTINCT session FROM sorted_out WHERE session IS NOT NULL",
    """
    INSERT INTO calls (model, key, trigger, cancelled, status)
    SELECT DISTINCT model, key, coalesce(trigger, ''), cancelled, coalesce(status, 0) FROM old_attempts
    """,
    f"""
    INSERT INTO stored_requests
    SELECT sorted_out.number, id, at, routes.number, session_names.number, duration_us, first_content_us, input_tokens,
      output_tokens, cost_pico_usd, seconds_left
    FROM sorted_out JOIN routes USING ({_SHARED}) LEFT JOIN session_names ON session_names.name = session
    ORDER BY sorted_out.number
    """,
    """
    INSERT INTO stored_attempts
    SELECT old_requests.rowid, attempt.number, calls.number, message, provider_request_id,
      CAST(round(queued_ms * 1000) AS INTEGER), CAST(round(started_ms * 1000) AS INTEGER),
      CAST(round(attempt.first_content_ms * 1000) AS INTEGER), CAST(round(ended_ms * 1000) AS INTEGER),
      attempt.input_tokens, attempt.output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
      attempt.cost_pico_usd
    FROM old_attempts AS attempt
      JOIN old_requests ON old_requests.id = attempt.request_id
      JOIN calls ON calls.model = attempt.model AND calls.key = attempt.key AND calls.cancelled = attempt.cancelled
        AND calls.trigger = coalesce(attempt.trigger, '') AND calls.status = coalesce(attempt.status, 0)
    """,
)


def _with_estimates(table: str, columns: Sequence[str]) -> Iterator[str]:
    """Make a small table anew, with a column that is part of what makes a row of it another one."""
    [created] = [statement for statement in TABLES if statement.split()[2] == table]
    before = ", ".join(name for name in ("number", *columns) if name not in _LATER)
    yield f"ALTER TABLE {table} RENAME TO old_{table}"
    yield created
    yield f"INSERT INTO {table} ({before}, estimated) SELECT {before}, 0 FROM old_{table}"
    yield f"DROP TABLE old_{table}"


_COMPACT: Sequence[str] = (
    "DROP VIEW sessions",
    "DROP VIEW session_errors",
    "ALTER TABLE requests RENAME TO old_requests",
    "ALTER TABLE attempts RENAME TO old_attempts",
    "DROP INDEX requests_by_time",
    "DROP INDEX requests_by_model",
    *map(_before_estimates, TABLES),
    ROLLED_UP,
    *_FILLED,
    "DROP TABLE sorted_out",
    "DROP TABLE old_attempts",
    "DROP TABLE old_requests",
    *INDICES,
    *(_before_estimates(view).replace(_PROMPT, "NULL") for view in VIEWS),
    "INSERT INTO rolled_up (one, number) VALUES (1, 0)",
)

_WITHOUT_VIEWS = [f"DROP VIEW {view}" for view in ("requests", "attempts", "sessions", "session_errors")]

_ESTIMATES: Sequence[str] = (
    *_WITHOUT_VIEWS,
    *(
        statement
        for table, columns in (("routes", ROUTE_COLUMNS), ("calls", CALL_COLUMNS))
        for statement in _with_estimates(table, columns)
    ),
    "ALTER TABLE request_figures ADD COLUMN estimated_pico_usd INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE call_figures ADD COLUMN estimated_pico_usd INTEGER NOT NULL DEFAULT 0",
    *map(_before_set_apart, VIEWS),
)

_SET_APART: Sequence[str] = (
    *_WITHOUT_VIEWS,
    *(f"ALTER TABLE stored_requests ADD COLUMN {column}" for column in SET_APART.split(",")[1:]),
    *VIEWS,
    *ANSWERS,
)

MIGRATIONS: Sequence[Sequence[str]] = (
    (
        _REQUESTS,
        "CREATE INDEX requests_by_time ON requests (at)",
        "CREATE INDEX requests_by_model ON requests (model, at)",
        _ATTEMPTS,
        "CREATE INDEX attempts_by_trigger ON attempts (trigger) WHERE trigger IS NOT NULL",
        _JOURNAL,
        _STANDING,
        _MEMORY,
        _SESSIONS_VIEW,
        _SESSION_ERRORS_VIEW,
    ),
    (_QUEUED,),
    _COMPACT,
    (CONTENTS, "CREATE INDEX contents_by_time ON contents (at)", "DROP VIEW sessions", SESSIONS_VIEW),
    ("ALTER TABLE contents ADD COLUMN request TEXT",),
    _ESTIMATES,
    _SET_APART,
)

VERSION = len(MIGRATIONS)
