"""What is done to a store by hand: it is counted, copied, checked, made smaller and handed on as it is."""

import csv
import json
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest

from hotspare.router.error import HotspareError
from hotspare.store import generating, upkeep
from hotspare.store.reader import open_reader


def nothing():
    pass


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hotspare.db"


@pytest.fixture
async def filled(opened, path, make_record, make_fallback, noon):
    async with opened() as store:
        for number in range(200):
            make = make_fallback if number % 5 == 0 else make_record
            store.append(make(id=f"r{number:03}", at=noon - 3 * 86400 + number * 900))
        await store.query("history", {})
        yield store


async def test_stats_count_what_is_there(filled, path, make_record):
    found = upkeep.stats(path)
    assert (found["requests"], found["attempts"], found["sessions"], found["acts"]) == (200, 240, 1, 0)
    assert found["bytes_per_attempt"] == round(found["size_bytes"] / 240, 1)
    assert found["last_at"] - found["since_at"] == 199 * 900


async def test_a_backup_is_a_store_of_its_own_and_replaces_nothing(filled, path, tmp_path):
    target = tmp_path / "copy.db"
    assert upkeep.back_up(path, target, nothing) == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    async with open_reader(target) as reader:
        assert len([record async for record in reader.records(0.0)]) == 200
    with pytest.raises(HotspareError, match="is there already"):
        upkeep.back_up(path, target, nothing)
    assert upkeep.verify(target, nothing) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM stored_requests WHERE number = 6", "attempt(s) belong to no request"),
        ("UPDATE stored_requests SET cost_pico_usd = cost_pico_usd + 1 WHERE number = 6", "cost something else"),
        ("UPDATE request_figures SET answered = answered + 1 WHERE step = 86400", "of a caller are other"),
        ("UPDATE request_figures SET cost_pico_usd = 0 WHERE step = 3600 AND dimension = 'model'", "their hours"),
        ("DELETE FROM calls WHERE trigger = ''", "attempt(s) have no call"),
        ("DELETE FROM routes WHERE fallback", "have no route"),
    ],
)
async def test_verify_says_what_is_wrong(filled, path, damage, said):
    assert upkeep.verify(path, nothing) == []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(damage)
    assert any(said in sentence for sentence in upkeep.verify(path, nothing))


async def test_verify_finds_damage(opened, path, make_record):
    async with opened() as store:
        for number in range(300):
            store.append(make_record(id=f"r{number}"))
    data = bytearray(path.read_bytes())
    for page in range(data.index(b"r299") // 4096, len(data) // 4096):
        data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    path.write_bytes(data)
    assert "damaged" in upkeep.verify(path, nothing)[0]


async def test_vacuum_gives_room_back_beside_a_running_store(filled, path, make_record, noon):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE large AS SELECT randomblob(2000000) AS data")
        connection.execute("DROP TABLE large")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before, after = upkeep.vacuum(path, nothing)
    assert after < before - 1_500_000
    filled.append(make_record(id="later", at=noon))
    assert [row["id"] for row in await filled.query("requests", {"last": 1})] == ["later"]


async def test_who_is_interrupted_leaves_all_as_it_was(filled, path, tmp_path, monkeypatch):
    monkeypatch.setattr(upkeep, "_STEPS_BETWEEN", 10)

    def interrupt():
        raise KeyboardInterrupt

    for work in (
        lambda: upkeep.back_up(path, tmp_path / "copy.db", interrupt),
        lambda: upkeep.vacuum(path, interrupt),
        lambda: upkeep.verify(path, interrupt),
    ):
        with pytest.raises(KeyboardInterrupt):
            work()
    assert not list(tmp_path.glob("copy.db*"))
    assert upkeep.verify(path, nothing) == []


async def test_export_tells_each_request_with_its_attempts(filled, path, noon):
    rows = [json.loads(line) for line in upkeep.export(path, 0.0, as_csv=False)]
    assert [row["id"] for row in rows] == [f"r{number:03}" for number in range(200)]
    assert [attempt["trigger"] for attempt in rows[0]["attempts"]] == ["rate_limit", None]
    assert (rows[0]["fallback"], rows[1]["ok"], rows[1]["cost_usd"]) == (True, True, 0.006)
    assert rows[0]["fallback"] is rows[0]["ok"] is True
    assert rows[0]["estimated"] is rows[0]["attempts"][0]["estimated"] is False
    since = noon - 3 * 86400 + 100 * 900
    told = list(csv.DictReader(upkeep.export(path, since, as_csv=True)))
    assert [row["id"] for row in told] == [f"r{number:03}" for number in range(100, 200)]
    assert told[0]["model"] == "gpt"


def test_a_store_that_is_not_there_is_said(path):
    for work in (
        upkeep.stats,
        lambda path: upkeep.verify(path, nothing),
        lambda path: list(upkeep.export(path, 0, as_csv=True)),
    ):
        with pytest.raises(HotspareError, match="There is no store"):
            work(path)


async def test_a_made_up_store_is_as_sound_as_any(path, noon, monkeypatch):
    monkeypatch.setattr(generating, "_MADE_ONE_BY_ONE", 300)
    assert list(generating.generate(path, 1000, 7, noon))[-1] == 1000
    assert upkeep.verify(path, nothing) == []
    async with open_reader(path) as reader:
        records = [record async for record in reader.records(0.0)]
        assert len({record.id for record in records}) == len(records) == 1000
        assert noon - 8 * 86400 < records[0].at < records[-1].at < noon
        rows = await reader.query("history", {"since": 0, "step_seconds": 86400})
        traffic = [record for record in records if record.kind == "traffic"]
        assert sum(row["requests"] for row in rows) == len(traffic)
        assert len(rows) == 7
        rows = await reader.query("figures", {"by": "session", "since": 0, "last": 10**6})
        assert {row["name"] for row in rows} == {record.session for record in traffic}
    with pytest.raises(HotspareError, match="is there already"):
        next(generating.generate(path, 10, 1, noon))


def test_a_made_up_store_that_is_not_finished_leaves_nothing(path, noon):
    making = generating.generate(path, 1000, 7, noon)
    next(making)
    making.close()
    assert list(path.parent.iterdir()) == []


WITHOUT_ROOM = """
    import resource, signal, sys, time
    from pathlib import Path
    from hotspare.router.error import HotspareError
    from hotspare.store.generating import generate
    from hotspare.store.upkeep import back_up

    folder = Path(sys.argv[1])
    list(generate(folder / "small.db", 300, 1, time.time()))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    for work in (
        lambda: list(generate(folder / "made.db", 300, 1, time.time())),
        lambda: back_up(folder / "small.db", folder / "copy.db", lambda: None),
        lambda: back_up(folder / "small.db", folder / "none" / "copy.db", lambda: None),
    ):
        try:
            work()
        except HotspareError as error:
            print(error.title)
"""


def test_where_there_is_no_room_it_is_said_of_the_right_file_and_nothing_stays_behind(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WITHOUT_ROOM), tmp_path], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    room = "there is no room for it, or a limit of file sizes is reached."
    assert told == [
        f"{tmp_path / 'made.db'}: {room}",
        f"{tmp_path / 'copy.db'}: {room}",
        f"There is no folder {tmp_path / 'none'}.",
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["small.db"]


def test_an_interrupt_that_sqlite_swallowed_is_one_all_the_same(filled, path):
    error = sqlite3.OperationalError("interrupted")
    error.sqlite_errorcode = sqlite3.SQLITE_INTERRUPT
    with pytest.raises(KeyboardInterrupt), upkeep._opened(path):
        raise error


def test_what_is_no_database_at_all_is_damage_too(path):
    path.write_bytes(b"no database at all, really not" * 100)
    found = upkeep.verify(path, nothing)
    assert "cannot be read: it is no database" in found[0]
    assert "hotspare store recover" in found[1]


def test_a_folder_is_no_store(path):
    path.mkdir()
    with pytest.raises(HotspareError, match="is a folder and no store"):
        upkeep.stats(path)
