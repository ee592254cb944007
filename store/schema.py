"""The tables, as migrations: entry n brings a database from version n - 1 (`PRAGMA user_version`) to n.

Never change an entry that was released; add one. Money is integer picodollars, so sums are exact; `cost_usd` is made of
it for those who ask by hand, and is NULL where nothing of a cost is known. Times are UTC epoch seconds.
"""

from collections.abc import Sequence

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

SESSIONS_VIEW = """
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

SESSION_ERRORS_VIEW = """
CREATE VIEW session_errors (created_at, error_type) AS
SELECT datetime(requests.at + attempts.ended_ms / 1000.0, 'unixepoch'), attempts.trigger
FROM attempts JOIN requests ON requests.id = attempts.request_id
WHERE attempts.trigger IS NOT NULL AND requests.kind = 'traffic'
"""

_QUEUED = "ALTER TABLE attempts ADD COLUMN queued_ms REAL NOT NULL DEFAULT 0"

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
        SESSIONS_VIEW,
        SESSION_ERRORS_VIEW,
    ),
    (_QUEUED,),
)

VERSION = len(MIGRATIONS)

WAITING: Sequence[str] = (
    "ATTACH ':memory:' AS waiting",
    _REQUESTS.replace("CREATE TABLE ", "CREATE TABLE waiting."),
    _ATTEMPTS.replace("CREATE TABLE ", "CREATE TABLE waiting."),
    _QUEUED.replace("attempts", "waiting.attempts"),
)
"""A place for rows beside a database that may only be read …"""

SHOW_WAITING: Sequence[str] = (
    "DELETE FROM waiting.requests WHERE id IN (SELECT id FROM main.requests)",
    "DELETE FROM waiting.attempts WHERE request_id IN (SELECT id FROM main.requests)",
    "CREATE TEMP VIEW requests AS SELECT * FROM main.requests UNION ALL SELECT * FROM waiting.requests",
    "CREATE TEMP VIEW attempts AS SELECT * FROM main.attempts UNION ALL SELECT * FROM waiting.attempts",
)
"""… and how a query comes to see both as one (names in `temp` are found first)."""
