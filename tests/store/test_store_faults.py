"""A store that is ill: one clear state, traffic unhurt, and well again without a restart."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from hotspare.store import intake, moving, writer
from hotspare.store.appending import append_whole
from hotspare.store.fault import Fault, Foreign, NewerSchema
from hotspare.store.schema import MIGRATIONS, VERSION


@pytest.fixture(autouse=True)
def quick_retry(monkeypatch):
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr("hotspare.store.database.BUSY_SECONDS", 0.02)


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- what is waited for has no event
            await asyncio.sleep(0.005)


def count_of(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT count(*), count(DISTINCT id) FROM requests").fetchone()


async def test_a_file_that_is_no_database_is_set_aside_and_a_new_one_begun(opened, tmp_path, make_record):
    path = tmp_path / "hotspare.db"
    path.write_bytes(b"this is no database at all" * 100)
    path.with_name("hotspare.db-wal").write_bytes(b"nor is this")
    async with opened() as store:
        store.append(make_record())
        await store.flush()
        view = store.view()
        assert (view.state, view.dropped) == ("damaged", 0)
        assert "hotspare.db.corrupt-20261118T1200" in view.detail
        assert "hotspare store recover" in view.detail
        [warning] = store.warnings
        assert "hotspare.db.corrupt-20261118T1200" in warning
    assert path.with_name("hotspare.db.corrupt-20261118T1200").read_bytes().startswith(b"this is no database")
    assert path.with_name("hotspare.db.corrupt-20261118T1200-wal").exists()
    assert count_of(path) == (1, 1)


async def test_a_second_damaged_file_of_the_same_minute_gets_a_name_of_its_own(opened, tmp_path):
    path = tmp_path / "hotspare.db"
    for _ in range(2):
        path.write_bytes(b"no database" * 100)
        async with opened():
            pass
    assert path.with_name("hotspare.db.corrupt-20261118T1200-2").exists()


async def test_damage_inside_is_found_while_running_and_set_aside(opened, tmp_path, make_record):
    path = tmp_path / "hotspare.db"
    async with opened() as store:
        for number in range(300):
            store.append(make_record(id=f"r{number}"))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    async with opened() as store:
        assert [record async for record in store.records(0.0)] == []
        store.append(make_record(id="after"))
        await until(lambda: store.view().state == "damaged" and len(store.warnings) == 1)
        await store.flush()
        assert [record.id async for record in store.records(0.0)] == ["after"]
    [aside] = tmp_path.glob("hotspare.db.corrupt-*")
    assert aside.name in (tmp_path / "hotspare.log").read_text()


async def test_a_directory_in_its_place_keeps_all_until_it_is_gone(opened, tmp_path, make_record, disable):
    path = tmp_path / "hotspare.db"
    path.mkdir()
    async with opened() as store:
        view = store.view()
        assert view.state == "unavailable"
        assert "hotspare.db" in view.detail
        store.append(make_record())
        entry = await store.write(disable())
        assert not entry.durable
        assert entry.number == 1
        assert await store.query("requests", {}) == []
        assert [row["durable"] for row in await store.query("journal", {})] == [False]
        assert await store.latest() == entry
        assert await store.standing() == await store.memory() == {}
        path.rmdir()
        await until(lambda: store.view().state == "ok")
        assert [row["id"] for row in await store.query("requests", {})] == ["r0001"]
        assert [row["durable"] for row in await store.query("journal", {})] == [True]
        assert store.view().dropped == 0
    async with opened() as store:
        assert len(await store.standing()) == 1


async def test_all_that_came_meanwhile_is_stored_without_another_request(opened, tmp_path, make_record):
    path = tmp_path / "hotspare.db"
    path.mkdir()
    async with opened(interval_seconds=0.01) as store:
        store.append(make_record(id="sealed"))
        await until(lambda: store._intake.spool._sealed.size)
        store.append(make_record(id="in the other file"))
        path.rmdir()
        await until(lambda: path.exists() and not store.view().waiting_bytes)
        assert count_of(path) == (2, 2)


async def test_a_folder_that_cannot_be_made_means_a_bounded_queue_and_a_count(
    opened, tmp_path, make_record, monkeypatch
):
    monkeypatch.setattr(intake, "HELD_RECORDS", 3)
    monkeypatch.setattr(moving, "_BATCH_RECORDS", 2)
    (tmp_path / "file").touch()
    async with opened(tmp_path / "file" / "hotspare.db") as store:
        for number in range(5):
            store.append(make_record(id=f"r{number}"))
        store.remember({"a": 1})
        view = store.view()
        assert view.state == "unavailable"
        assert view.dropped == 2
        assert "3 requests wait in memory" in view.detail
        (tmp_path / "file").unlink()
        await until(lambda: store.view().state == "records lost")
        assert len(await store.query("requests", {})) == 3
        assert await store.memory() == {"a": 1}
        assert store.view().dropped == 2
        assert store.view().detail == "2 finished request(s) could not be kept"


async def test_what_is_only_in_memory_at_the_end_is_counted(opened, tmp_path, make_record):
    (tmp_path / "file").touch()
    async with opened(tmp_path / "file" / "hotspare.db") as store:
        store.append(make_record())
        assert store.view().dropped == 0
    store.append(make_record())
    assert store.view().dropped == 2


async def test_a_locked_database_delays_and_loses_nothing(opened, tmp_path, make_record, disable):
    async with opened() as store:
        with closing(sqlite3.connect(tmp_path / "hotspare.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            store.append(make_record())
            await until(lambda: store.view().state == "locked")
            entries = [await store.write(disable()), await store.write(disable("gpt"))]
            assert [(entry.number, entry.durable) for entry in entries] == [(1, False), (2, False)]
            other.execute("ROLLBACK")
        await until(lambda: store.view().state == "ok")
        assert len(await store.query("requests", {})) == 1
        assert [(row["number"], row["durable"]) for row in await store.query("journal", {})] == [(2, True), (1, True)]


async def test_an_undo_of_what_waits_finds_it_under_the_number_it_gets(opened, tmp_path, disable, noon):
    async with opened() as store:
        with closing(sqlite3.connect(tmp_path / "hotspare.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO journal (act, subject, who, at, why, notes) VALUES ('x', '', '', 1, '', '[]')")
            first = await store.write(disable())
            undo = disable(at=noon + 1, undoes=first.number)
            await store.write(undo)
            assert await store.latest() is None
            other.execute("COMMIT")
        await until(lambda: store.view().state == "ok")
        rows = await store.query("journal", {})
        assert [(row["number"], row["undoes"], row["undone_by"]) for row in rows] == [
            (3, 2, None),
            (2, None, 3),
            (1, None, None),
        ]


async def test_a_file_that_was_taken_away_is_made_again(opened, tmp_path, make_record):
    async with opened() as store:
        store.append(make_record())
        await store.flush()
        (tmp_path / "hotspare.db").unlink()
        store.append(make_record(id="r2"))
        await store.flush()
        assert [row["id"] for row in await store.query("requests", {})] == ["r2"]


async def test_a_later_schema_is_refused_and_not_touched(opened, tmp_path, make_record):
    path = tmp_path / "hotspare.db"
    async with opened():
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(NewerSchema, match="newer version of hotspare") as refused:
        async with opened():
            pass
    assert refused.value.hint
    assert path.read_bytes() == before


async def test_a_migration_that_fails_leaves_nothing_behind(opened, tmp_path, monkeypatch, make_record):
    monkeypatch.setattr(
        "hotspare.store.migrating.MIGRATIONS", (("CREATE TABLE good (a INTEGER) STRICT", "CREATE TABLE bad ("),)
    )
    async with opened() as store:
        assert store.view().state == "failing"
        with closing(sqlite3.connect(tmp_path / "hotspare.db")) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
            assert connection.execute("PRAGMA user_version").fetchone() == (0,)
        monkeypatch.setattr("hotspare.store.migrating.MIGRATIONS", MIGRATIONS)
        store.append(make_record())
        await until(lambda: store.view().state == "ok")
        assert len(await store.query("requests", {})) == 1


async def test_a_second_store_on_the_same_file_says_so_and_loses_nothing(opened, tmp_path, make_record):
    async with opened() as first, opened(log_path=tmp_path / "second.log") as second:
        assert first.view().state == "ok"
        assert second.view().state == "second process"
        assert "Another process" in second.warnings[0]
        for number in range(20):
            first.append(make_record(id=f"a{number}"))
            second.append(make_record(id=f"b{number}"))
    assert count_of(tmp_path / "hotspare.db") == (40, 40)


async def test_a_damaged_line_is_left_out_and_the_rest_kept(opened, tmp_path, make_record, make_fallback, line_of):
    async with opened() as store:
        store.append(make_record())
        store.append(make_fallback())
        kept = line_of(make_fallback(id="f0002"))
    (tmp_path / "hotspare.db-spool").write_bytes(b"\x00\xff{not json\n" + kept + b'{"id":"half')
    async with opened() as store:
        assert {record.id async for record in store.records(0.0)} == {"r0001", "f0001", "f0002"}
        assert len(store.warnings) == 2
        assert store.view().state == "ok"
    assert store.log_path.read_text().count('"id":"f0002"') == 1


async def test_a_clock_that_was_set_back_is_told_until_it_has_caught_up(opened, make_record, fake_wall, noon):
    async with opened() as store:
        store.append(make_record(at=noon))
        await store.flush()
        fake_wall.now = noon - 3600
        view = store.view()
        assert view.state == "clock set back"
        assert "60 minutes from now" in view.detail
        store.append(make_record(id="earlier", at=noon - 3600))
        assert [row["id"] for row in await store.query("requests", {})] == ["r0001", "earlier"]
    async with opened() as store:
        assert store.view().state == "clock set back"
        fake_wall.now = noon - 60
        assert store.view().state == "ok"
        rows = await store.query("history", {"since": noon - 7200})
        assert [row["requests"] for row in rows] == [1, 1]


LOCKING = """
    import sqlite3, sys
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    print("locked", flush=True)
    sys.stdin.read()
"""


async def test_another_process_that_locks_it_is_told_and_waited_for(opened, tmp_path, make_record):
    async with opened() as store:
        command = [sys.executable, "-c", textwrap.dedent(LOCKING), str(tmp_path / "hotspare.db")]
        other = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert await other.stdout.readline() == b"locked\n"
        store.append(make_record())
        await until(lambda: store.view().state == "locked")
        other.stdin.close()
        await other.wait()
        await until(lambda: store.view().state == "ok")
        assert len(await store.query("requests", {})) == 1


async def test_a_newer_version_that_takes_the_file_over_is_told_and_nothing_is_lost(opened, tmp_path, make_record):
    async with opened() as store:
        with closing(sqlite3.connect(tmp_path / "hotspare.db", isolation_level=None)) as other:
            other.execute(f"PRAGMA user_version = {VERSION + 1}")
            store._writer.note(Fault("failing", "looks again", reopen=True))
            await until(lambda: store.view().state == "newer schema")
            store.append(make_record())
            assert "newer version" in store.view().detail
            other.execute(f"PRAGMA user_version = {VERSION}")
        await until(lambda: store.view().state == "ok")
        assert len(await store.query("requests", {})) == 1


SHUT = """
    import asyncio, os, sys
    from pathlib import Path
    from hotspare.store import writer
    from hotspare.store.entry import decode
    from hotspare.store.store import Store

    async def main():
        folder, writer.RETRY_SECONDS = Path(sys.argv[1]), 0.01
        record = decode(sys.stdin.buffer.readline().strip())
        store = await Store.open(folder / "hotspare.db", name="x", log_path=Path("/dev/null"), interval_seconds=0.01)
        store.append(record)
        states = [store.view().state]
        print(store.view().state, flush=True)
        sys.stdin.buffer.readline()
        for _ in range(300):
            await asyncio.sleep(0.01)
            if store.view().state == "ok":
                break
        print(store.view().state, len(await store.query("requests", {})), store.view().dropped)
        await store.close()

    if os.geteuid() == 0:  # who may do everything is stopped by no mode
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
    asyncio.run(main())
"""


def test_a_folder_that_may_not_be_written_is_told_and_what_waits_goes_in_once_it_may(make_record, line_of):
    place = Path(tempfile.mkdtemp(prefix="hotspare-shut-"))
    try:
        (place / "kept").mkdir()
        (place / "kept").chmod(0o555)
        place.chmod(0o755)
        command = [sys.executable, "-c", textwrap.dedent(SHUT), place / "kept"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write(line_of(make_record()))
            process.stdin.flush()
            assert process.stdout.readline() == b"unavailable\n"
            (place / "kept").chmod(0o777)
            process.stdin.write(b"\n")
            process.stdin.close()
            assert process.stdout.read() == b"ok 1 0\n"
    finally:
        shutil.rmtree(place)


LIMITED = """
    import asyncio, json, os, resource, sys
    from pathlib import Path
    from dataclasses import replace
    from hotspare.store import writer
    from hotspare.store.store import Store
    from hotspare.store.entry import decode

    async def main():
        writer.RETRY_SECONDS = 0.02
        folder = Path(sys.argv[1])
        store = await Store.open(folder / "hotspare.db", name="x", log_path=Path("/dev/null"), interval_seconds=0.01)
        line = sys.stdin.buffer.readline()
        record = decode(line.strip())
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        states = set()
        for number in range(600):
            store.append(replace(record, id=f"r{number:04}"))
            if not number % 50:
                await asyncio.sleep(0.02)
                states.add(store.view().state)
        await asyncio.sleep(0.1)
        states.add(store.view().state)
        spools = [path.read_bytes() for path in folder.glob("hotspare.db-spool*")]
        ragged = sum(data[-1:] not in (b"", b"\\n") for data in spools)
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        for _ in range(300):
            await asyncio.sleep(0.02)
            if store.view().state == "ok":
                break
        view = store.view()
        await store.close()
        print(json.dumps({"states": sorted(states), "ragged": ragged, "end": view.state, "dropped": view.dropped}))

    asyncio.run(main())
"""


def test_a_full_disk_is_shown_and_nothing_is_torn_or_lost_once_there_is_room(tmp_path, make_record, line_of):
    script = textwrap.dedent(LIMITED)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        input=line_of(make_record()),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert "full" in told["states"]
    assert told["ragged"] == 0
    assert (told["end"], told["dropped"]) == ("ok", 0)
    assert count_of(tmp_path / "hotspare.db") == (600, 600)
    with closing(sqlite3.connect(tmp_path / "hotspare.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_short_write_is_cut_back_and_one_that_fails_keeps_nothing(tmp_path):
    path = tmp_path / "short"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        assert append_whole(descriptor, b"one\n")
    finally:
        os.close(descriptor)
    script = (
        "import os, resource, sys; from hotspare.store.appending import append_whole;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10));"
        "d = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND);"
        "print(*(append_whole(d, line) for line in (b'longer than that\\n', b'two\\n', b'3\\n', b'no room\\n')))"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, path], capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["False", "True", "True", "False"]
    assert path.read_bytes() == b"one\ntwo\n3\n"


READ_ONLY = """
    import asyncio, os, sys
    from pathlib import Path
    from hotspare.store.store import Store
    if os.geteuid() == 0:  # who may do everything is stopped by no mode
        os.setgroups([]); os.setgid(65534); os.setuid(65534)

    async def main():
        store = await Store.open(Path(sys.argv[1]) / "hotspare.db", name="x", log_path=Path(sys.argv[1]) / "x.log")
        rows = await store.query("requests", {})
        print(store.view().state, len(rows))
        await store.close()

    asyncio.run(main())
"""


@pytest.fixture
def read_by_somebody_else():
    """What a process that may not write the file says about it."""
    place = Path(tempfile.mkdtemp(prefix="hotspare-read-only-"))

    def run(path):
        shutil.copy(path, place / "hotspare.db")
        (place / "hotspare.db").chmod(0o444)
        place.chmod(0o777)
        script = textwrap.dedent(READ_ONLY)
        done = subprocess.run([sys.executable, "-c", script, place], capture_output=True, check=False, text=True)
        return done.stdout.split(), done.stderr

    yield run
    shutil.rmtree(place)


async def test_a_file_that_may_not_be_written_is_read_only_and_can_still_be_read(
    opened, tmp_path, make_record, read_by_somebody_else
):
    async with opened() as store:
        store.append(make_record())
    said, errors = read_by_somebody_else(tmp_path / "hotspare.db")
    assert said == ["read-only", "1"], errors


async def test_another_programs_database_is_refused_and_gets_no_tables(opened, tmp_path):
    path = tmp_path / "hotspare.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE requests (foo)")
    with pytest.raises(Foreign, match="another program's database") as refused:
        async with opened():
            pass
    assert refused.value.hint
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("requests",)]


async def test_a_database_that_cannot_be_opened_is_said_at_the_start(opened, tmp_path):
    (tmp_path / "hotspare.db").mkdir()
    async with opened() as store:
        assert "hotspare.db" in store.warnings[0]
        assert "Traffic goes on" in store.warnings[0]
