"""Strict durability: what is waited for is on the disk, and one trip to the disk serves all who wait."""

import asyncio
import os
import threading

import pytest

from hotspare.store.syncing import Syncing


@pytest.fixture
def disk(monkeypatch):
    """The real `fdatasync`, which may be held up; how large the spools were when it was called."""

    class Disk:
        open = threading.Event()
        synced: list[int]

    found = Disk()
    found.open.set()
    found.synced = []
    real = os.fdatasync

    def fdatasync(descriptor):
        found.open.wait(5)
        real(descriptor)
        found.synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    return found


async def test_a_record_is_on_the_disk_when_the_wait_is_over(opened, make_record, disk):
    async with opened(strict=True, interval_seconds=60) as store:
        disk.open.clear()
        kept = store.append(make_record())
        await asyncio.sleep(0.02)
        assert not kept.done()
        disk.open.set()
        await kept
        assert max(disk.synced) > 300


async def test_all_who_wait_meanwhile_share_one_trip(opened, make_record, disk):
    async with opened(strict=True, interval_seconds=60) as store:
        disk.open.clear()
        first = store.append(make_record(id="r0"))
        await asyncio.sleep(0.02)
        others = [store.append(make_record(id=f"r{number}")) for number in range(1, 50)]
        disk.open.set()
        await asyncio.gather(first, *others)
        assert len(disk.synced) == 4  # two files, twice


async def test_who_stops_waiting_stops_nobody_else(opened, make_record, disk):
    async with opened(strict=True) as store:
        disk.open.clear()
        leaving, staying = (asyncio.ensure_future(waited(store.append(make_record(id=name)))) for name in ("a", "b"))
        await asyncio.sleep(0.01)
        leaving.cancel()
        disk.open.set()
        assert await staying
        assert len(await store.query("requests", {})) == 2


async def waited(kept):
    await kept
    return True


async def test_a_disk_that_fails_holds_nobody_up_and_is_told():
    told = []

    def failing():
        raise OSError(5, "Input/output error")

    await asyncio.wait_for(Syncing(failing, told.append).wait(), 5)
    assert [error.errno for error in told] == [5]


async def test_commits_wait_for_the_disk_too(opened):
    async with opened(strict=True) as store:
        async with store._database.transaction() as connection:
            assert [tuple(row) for row in await connection.execute_fetchall("PRAGMA synchronous")] == [(2,)]
        async with store._database.transaction(durable=True):
            pass
        async with store._database.transaction() as connection:
            assert [tuple(row) for row in await connection.execute_fetchall("PRAGMA synchronous")] == [(2,)]


async def test_without_it_nothing_is_waited_for(opened, make_record, disk):
    async with opened() as store:
        assert store.append(make_record()) is None
    assert disk.synced == []
