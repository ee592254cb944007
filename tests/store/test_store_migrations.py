"""Files of every earlier schema are brought to ours: nothing of them is lost, and there is a backup."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import pytest

from hotspare.store.reader import open_reader
from hotspare.store.schema import VERSION

KILLS = int(os.environ.get("HOTSPARE_KILLS", "4"))
"""`make kill` kills more often."""

FILES = sorted((Path(__file__).parent / "schemas").glob("schema-*.db"))
EVERY_SCHEMA = pytest.mark.parametrize("old", FILES, ids=lambda path: path.stem)


def rows_of(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql)]


def version_of(path):
    return rows_of(path, "PRAGMA user_version")[0]["user_version"]


def test_there_is_a_file_of_every_earlier_schema():
    assert [version_of(path) for path in FILES] == list(range(1, VERSION))


@pytest.fixture
def path(tmp_path, old):
    shutil.copy(old, tmp_path / "hotspare.db")
    return tmp_path / "hotspare.db"


TABLES = {
    "requests": "SELECT * FROM requests ORDER BY id",
    "attempts": "SELECT * FROM attempts ORDER BY request_id, number",
    "journal": "SELECT * FROM journal ORDER BY number",
    "standing": "SELECT * FROM standing ORDER BY kind, subject",
    "memory": "SELECT * FROM memory",
    "sessions": "SELECT * FROM sessions ORDER BY id",
    "session_errors": "SELECT * FROM session_errors ORDER BY created_at, error_type",
}


@EVERY_SCHEMA
async def test_all_that_was_kept_is_there_afterwards(opened, path, old):
    async with opened() as store:
        assert store.view().state == "ok"
        assert any("schema" in warning for warning in store.warnings)
    assert version_of(path) == VERSION
    for sql in TABLES.values():
        before, after = rows_of(old, sql), rows_of(path, sql)
        assert len(before) == len(after) > 0
        for was, is_now in zip(before, after, strict=True):
            same = {name: is_now[name] for name in was if name != "candidates"}
            assert same == pytest.approx({name: value for name, value in was.items() if name != "candidates"})


@EVERY_SCHEMA
async def test_records_and_their_figures_come_out_of_it(opened, path):
    async with opened() as store:
        records = {record.id: record async for record in store.records(0.0)}
        held, free = records["f0001"].candidates
        assert (held.model, held.skip, held.seconds_left, held.by) == ("claude", "cooling", 41.5, "provider")
        assert (free.model, free.skip) == ("gpt", None)
        assert [attempt.trigger for attempt in records["f0001"].attempts] == ["rate_limit", "timeout", None]
        assert records["r0002"].session is None
        rows = await store.query("requests", {"trigger": "timeout"})
        assert [row["id"] for row in rows] == ["x0001", "f0001"]
        assert [row["id"] for row in await store.query("requests", {"slow": True})] == ["r0002"]
        [day] = await store.query("history", {"days": 1, "step_seconds": 86400, "chain": "main"})
        assert (day["requests"], day["ok"], day["fallback"]) == (5, 3, 1)


@EVERY_SCHEMA
async def test_the_backup_is_the_file_as_it_was(opened, path, old):
    async with opened():
        pass
    [backup] = path.parent.glob("hotspare.db.schema-*")
    assert version_of(backup) == version_of(old)
    assert rows_of(backup, TABLES["requests"]) == rows_of(old, TABLES["requests"])
    assert backup.stat().st_mode & 0o777 == 0o600


@EVERY_SCHEMA
async def test_a_file_that_no_start_has_brought_up_is_read_and_not_changed(path):
    before = path.read_bytes()
    async with open_reader(path) as reader:
        assert len(await reader.query("requests", {})) == 7
        assert len(await reader.query("history", {"since": 0, "step_seconds": 86400})) == 2
    assert path.read_bytes() == before


MIGRATING = """
    import asyncio, os, sys
    from pathlib import Path
    from hotspare.store.store import Store

    async def main():
        path = Path(sys.argv[1])
        os.write(1, b"ready")
        store = await Store.open(path, name="x", log_path=path.with_name("x.log"))
        await store.close()

    asyncio.run(main())
"""


def killed_after(path, seconds):
    command = [sys.executable, "-c", textwrap.dedent(MIGRATING), str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout.read(5) == b"ready"
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def make_large(path, times):
    """So that a migration takes a moment."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(requests)") if row[1] not in ("id", "at")]
        rest = ", ".join(columns)
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" INSERT INTO requests (id, at, {rest}) SELECT id || '-' || i, at - i, {rest} FROM requests, n",
            (times,),
        )
        return connection.execute("SELECT count(*) FROM requests").fetchone()[0]


@pytest.mark.parametrize("old", FILES[1:2], ids=lambda path: path.stem)
async def test_one_that_was_killed_on_the_way_is_taken_up_again(opened, path):
    number = make_large(path, 3000)
    for place in range(KILLS):
        killed_after(path, 0.2 * (place + 0.5) / KILLS)
        assert version_of(path) in (2, VERSION)
    async with opened() as store:
        assert store.view().state == "ok"
        assert sum(row["requests"] for row in await store.query("history", {"since": 0})) > number / 2
    assert rows_of(path, "SELECT count(*) AS all_of_them FROM requests") == [{"all_of_them": number}]
    assert rows_of(path, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert not list(path.parent.glob("*.part"))
