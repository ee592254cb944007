"""Looking when nothing runs: the database and the spool as one, and nothing changed."""

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest

from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.store.database import connect
from hotspare.store.entry import Memory, encode_memory
from hotspare.store.fault import NewerSchema
from hotspare.store.reader import open_reader


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hotspare.db"


async def test_the_spool_is_read_with_the_database_and_nothing_is_changed(
    opened, path, make_record, make_fallback, disable, fake_wall, line_of
):
    stored, waiting = make_record(), make_fallback()
    async with opened() as store:
        store.append(stored)
        store.remember({"a": 1})
        await store.write(disable())
    spool = path.with_name("hotspare.db-spool2")
    spool.write_bytes(line_of(stored) + line_of(waiting) + encode_memory(Memory({"a": 2})) + b'{"id":"half')
    before = path.read_bytes(), spool.read_bytes()
    async with open_reader(path, clock=Clock(wall=fake_wall)) as reader:
        assert [row["id"] for row in await reader.query("requests", {})] == ["f0001", "r0001"]
        assert [row["id"] for row in await reader.query("requests", {"trigger": "rate_limit"})] == ["f0001"]
        [explained] = await reader.query("explain", {"id": "f"})
        assert [attempt["model"] for attempt in explained["attempts"]] == ["claude", "gpt"]
        assert [row["count"] for row in await reader.query("slow", {})] == [1, 1]
        assert [record async for record in reader.records(0.0)] == [waiting, stored]
        assert len(await reader.query("journal", {})) == len(await reader.standing()) == 1
        assert await reader.memory() == {"a": 2}
        with pytest.raises(ValueError, match="no view"):
            await reader.query("tables", {})
    assert (path.read_bytes(), spool.read_bytes()) == before


async def test_without_a_spool_the_database_alone_is_read(opened, path, make_record):
    async with opened() as store:
        store.append(make_record())
        store.remember({"a": 1})
    async with open_reader(path) as reader:
        assert [row["id"] for row in await reader.query("requests", {})] == ["r0001"]
        assert await reader.memory() == {"a": 1}


async def test_where_there_is_no_database_only_the_spool_is_read(path, make_record, line_of):
    async with open_reader(path) as reader:
        assert await reader.query("requests", {}) == []
        assert await reader.memory() == {}
    path.with_name("hotspare.db-spool").write_bytes(line_of(make_record()))
    async with open_reader(path) as reader:
        assert [row["id"] for row in await reader.query("requests", {})] == ["r0001"]
    assert not path.exists()


async def test_what_is_no_database_or_a_later_one_is_said_so(opened, path):
    path.write_bytes(b"no database" * 100)
    with pytest.raises(HotspareError, match=r"hotspare\.db cannot be read: it is no database"):
        async with open_reader(path):
            pass
    path.unlink()
    async with opened():
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerSchema):
        async with open_reader(path):
            pass


def test_a_connection_that_fails_leaves_no_thread_that_tells_a_closed_loop(tmp_path, capfd):
    """Else what its thread says of that is on the user's screen."""
    before = threading.active_count()

    async def look():
        with pytest.raises(sqlite3.OperationalError):
            await connect(f"file:{tmp_path}/none/hotspare.db?mode=ro")
        assert threading.active_count() <= before  # one of another test may be about to end

    for _ in range(20):
        asyncio.run(look())
    assert capfd.readouterr().err == ""
