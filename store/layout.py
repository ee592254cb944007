"""The tables that hold Records, and the views that people and scripts read.

What many requests have in common is kept once: a *route* is everything about a request that has few values (who asked,
who answered, how it ended, what failed on the way), a *call* likewise of an attempt. So a row takes few bytes, and
requests with any combination of those are found through one index, newest first.

Money is integer picodollars and times are integer microseconds, so sums are exact; `cost_usd` and the `_ms` columns are
made of them for those who ask by hand. `cost_usd` is NULL where nothing of a cost is known; `estimated` marks tokens
and costs that are our guess, in part or whole. `at` is UTC epoch seconds.
"""

from collections.abc import Sequence

_ROUTES = """
CREATE TABLE routes (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  chain TEXT NOT NULL,
  asked TEXT NOT NULL,
  meant TEXT NOT NULL,
  model TEXT NOT NULL,
  caller TEXT NOT NULL,
  dialect TEXT NOT NULL,
  stream INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  status INTEGER NOT NULL,
  fallback INTEGER NOT NULL,
  forced INTEGER NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  ended_by TEXT NOT NULL,
  unpriced INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  slow INTEGER NOT NULL,
  triggers TEXT NOT NULL,
  candidates TEXT NOT NULL,
  UNIQUE (
    chain, caller, model, reason, candidates, asked, kind, meant, dialect, stream, verdict, status, fallback, forced,
    source, ended_by, unpriced, estimated, slow, triggers
  )
) STRICT
"""

_CALLS = """
CREATE TABLE calls (
  number INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  key TEXT NOT NULL,
  trigger TEXT NOT NULL,
  cancelled INTEGER NOT NULL,
  status INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  UNIQUE (model, key, trigger, cancelled, status, estimated)
) STRICT
"""

_SESSION_NAMES = """
CREATE TABLE session_names (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT
"""

SET_APART = """,
  waited_us INTEGER,
  cache_age_us INTEGER,
  cache_similarity REAL"""
"""What few requests have to say; a byte each in the rows of the others."""
SHOWN_APART = """,
  coalesce(waited_us, 0) / 1000.0 AS waited_ms, cache_age_us / 1000000.0 AS cache_age_seconds, cache_similarity"""

_STORED_REQUESTS = f"""
CREATE TABLE stored_requests (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  at REAL NOT NULL,
  route INTEGER NOT NULL,
  session INTEGER,
  duration_us INTEGER NOT NULL,
  first_content_us INTEGER,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  seconds_left TEXT{SET_APART}
) STRICT
"""

_STORED_ATTEMPTS = """
CREATE TABLE stored_attempts (
  request INTEGER NOT NULL,
  number INTEGER NOT NULL,
  call INTEGER NOT NULL,
  message TEXT NOT NULL,
  provider_request_id TEXT,
  queued_us INTEGER NOT NULL,
  started_us INTEGER NOT NULL,
  first_content_us INTEGER,
  ended_us INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_pico_usd INTEGER,
  PRIMARY KEY (request, number)
) STRICT, WITHOUT ROWID
"""

_REQUEST_FIGURES = """
CREATE TABLE request_figures (
  step INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  at INTEGER NOT NULL,
  chain TEXT NOT NULL,
  name TEXT NOT NULL,
  requests INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  "primary" INTEGER NOT NULL,
  fallback INTEGER NOT NULL,
  forced_fallback INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  durations BLOB NOT NULL,
  estimated_pico_usd INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (step, dimension, at, chain, name)
) STRICT, WITHOUT ROWID
"""

_CALL_FIGURES = """
CREATE TABLE call_figures (
  step INTEGER NOT NULL,
  at INTEGER NOT NULL,
  chain TEXT NOT NULL,
  model TEXT NOT NULL,
  outcome TEXT NOT NULL,
  calls INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  served INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  last_at REAL NOT NULL,
  durations BLOB NOT NULL,
  estimated_pico_usd INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (step, at, chain, model, outcome)
) STRICT, WITHOUT ROWID
"""

CONTENTS = """
CREATE TABLE contents (
  id TEXT NOT NULL PRIMARY KEY,
  at REAL NOT NULL,
  prompt TEXT NOT NULL,
  answer TEXT NOT NULL
) STRICT
"""

ANSWERS: Sequence[str] = (
    """
CREATE TABLE answers (
  likeness BLOB NOT NULL PRIMARY KEY,
  at REAL NOT NULL,
  size INTEGER NOT NULL,
  chain TEXT NOT NULL,
  model TEXT NOT NULL,
  content_type TEXT NOT NULL,
  body BLOB,
  sent BLOB NOT NULL,
  tail BLOB NOT NULL,
  form BLOB,
  words TEXT
) STRICT
""",
    "CREATE INDEX answers_by_time ON answers (at)",
)
"""The emergency cache, where prompts and answers may be kept."""

ROLLED_UP = """
CREATE TABLE rolled_up (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  number INTEGER NOT NULL
) STRICT
"""

TABLES: Sequence[str] = (
    _ROUTES,
    _CALLS,
    _SESSION_NAMES,
    _STORED_REQUESTS,
    _STORED_ATTEMPTS,
    _REQUEST_FIGURES,
    _CALL_FIGURES,
)
"""Those that hold Records and what they came to."""

INDICES: Sequence[str] = (
    "CREATE UNIQUE INDEX requests_by_id ON stored_requests (id)",
    "CREATE INDEX requests_by_time ON stored_requests (at)",
    "CREATE INDEX requests_by_route ON stored_requests (route, at)",
    "CREATE INDEX requests_by_session ON stored_requests (session) WHERE session IS NOT NULL",
)

_REQUESTS_VIEW = f"""
CREATE VIEW requests AS
SELECT
  stored_requests.number, id, at, kind, chain, asked, meant, nullif(model, '') AS model, caller,
  (SELECT name FROM session_names WHERE session_names.number = stored_requests.session) AS session,
  dialect, stream, verdict, status, fallback, forced, source, reason, ended_by, duration_us / 1000.0 AS duration_ms,
  first_content_us / 1000.0 AS first_content_ms, input_tokens, output_tokens, cost_pico_usd, unpriced, estimated,
  candidates, seconds_left, verdict = 'answered' AS ok,
  CASE WHEN unpriced AND cost_pico_usd = 0 THEN NULL ELSE cost_pico_usd / 1e12 END AS cost_usd{SHOWN_APART}
FROM stored_requests JOIN routes ON routes.number = stored_requests.route
"""

_ATTEMPTS_VIEW = """
CREATE VIEW attempts AS
SELECT
  stored_requests.id AS request_id, stored_attempts.request, stored_attempts.number, model, key,
  nullif(trigger, '') AS trigger, cancelled, nullif(status, 0) AS status, message, provider_request_id,
  queued_us / 1000.0 AS queued_ms,
  started_us / 1000.0 AS started_ms, stored_attempts.first_content_us / 1000.0 AS first_content_ms,
  ended_us / 1000.0 AS ended_ms, stored_attempts.input_tokens, stored_attempts.output_tokens, cache_read_tokens,
  cache_write_tokens, reasoning_tokens, stored_attempts.cost_pico_usd,
  stored_attempts.cost_pico_usd / 1e12 AS cost_usd, estimated
FROM stored_requests
  JOIN stored_attempts ON stored_attempts.request = stored_requests.number
  JOIN calls ON calls.number = stored_attempts.call
"""

SESSIONS_VIEW = """
CREATE VIEW sessions (id, created_at, model, model_used, prompt, tokens_used, cost_per_token, duration_ms) AS
SELECT
  id,
  datetime(at, 'unixepoch'),
  CASE WHEN verdict = 'answered' THEN model END,
  CASE WHEN verdict = 'answered' THEN model END,
  (SELECT prompt FROM contents WHERE contents.id = requests.id),
  input_tokens + output_tokens,
  cost_usd / nullif(input_tokens + output_tokens, 0),
  duration_ms
FROM requests
WHERE kind = 'traffic'
"""

_SESSION_ERRORS_VIEW = """
CREATE VIEW session_errors (created_at, error_type) AS
SELECT datetime(at + ended_us / 1000000.0, 'unixepoch'), trigger
FROM stored_requests
  JOIN routes ON routes.number = stored_requests.route
  JOIN stored_attempts ON stored_attempts.request = stored_requests.number
  JOIN calls ON calls.number = stored_attempts.call
WHERE trigger != '' AND kind = 'traffic'
"""

VIEWS: Sequence[str] = (_REQUESTS_VIEW, _ATTEMPTS_VIEW, SESSIONS_VIEW, _SESSION_ERRORS_VIEW)
"""What people and scripts read."""

_NUMBERS_BESIDE = 2**40
_NAMES = tuple(statement.split()[2] for statement in TABLES)

BESIDE: Sequence[str] = (
    "ATTACH ':memory:' AS beside",
    *(statement.replace("CREATE TABLE ", "CREATE TABLE beside.") for statement in TABLES),
    # Their numbers go on from a row that nothing refers to, far from any number of the file.
    f"INSERT INTO beside.routes VALUES ({_NUMBERS_BESIDE}, {', '.join(['0'] * 20)})",
    f"INSERT INTO beside.calls VALUES ({_NUMBERS_BESIDE}, {', '.join(['0'] * 6)})",
    f"INSERT INTO beside.session_names VALUES ({_NUMBERS_BESIDE}, char(0))",
)
"""A place for rows beside a database that may only be read …"""

SHOW_BESIDE: Sequence[str] = (
    *(f"CREATE TEMP VIEW {one} AS SELECT * FROM main.{one} UNION ALL SELECT * FROM beside.{one}" for one in _NAMES),
    *(statement.replace("CREATE VIEW ", "CREATE TEMP VIEW ") for statement in VIEWS),
)
"""… and how a query comes to see both as one (names in `temp` are found first)."""
