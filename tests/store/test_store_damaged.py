"""A database that is damaged or taken away: what stands stays, it is told, and what can be read of it comes back."""

import asyncio
import os
import random
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from hotspare.router.command import Slot
from hotspare.router.error import HotspareError
from hotspare.store import recovering, upkeep, writer

PAGE = 4096


@pytest.fixture(autouse=True)
def quick_retry(monkeypatch):
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.01)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hotspare.db"


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.fixture
async def filled(opened, make_record, noon):
    """The ids of what is stored."""
    ids = [f"r{number:04}" for number in range(600)]
    async with opened() as store:
        for number, each in enumerate(ids):
            store.append(make_record(id=each, at=noon - 600 + number))
        await store.flush(figures=True)
    return ids


def damage(path, share, seed=1):
    """Garbage in some of its pages, all but the first."""
    chance = random.Random(seed)
    with path.open("r+b") as file:
        for begin in range(PAGE, path.stat().st_size, PAGE):
            if chance.random() < share:
                file.seek(begin)
                file.write(chance.randbytes(PAGE))


def damage_where(path, text):
    """Garbage in each page that holds a text."""
    data = path.read_bytes()
    with path.open("r+b") as file:
        for begin in range(PAGE, len(data), PAGE):
            if text in data[begin : begin + PAGE]:
                file.seek(begin)
                file.write(random.Random(begin).randbytes(PAGE))


def ids_in(path):
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM requests ORDER BY at")]


async def asked(store):
    """Have it look at all that it has."""
    await store.query("requests", {"last": 1000})
    await store.query("figures", {"by": "caller"})


# ------------------------------------------------------------------ what stands
@pytest.mark.parametrize("harm", ["damaged", "taken away"])
async def test_decisions_and_cooldowns_outlive_the_file(opened, path, filled, disable, make_record, harm):
    async with opened() as store:
        await store.write(disable("claude"))
        await store.write(disable("gpt", until=1.0))  # which is over
        store.remember({"cooling": "claude"})
        await store.flush()
        if harm == "damaged":
            damage(path, 1.0)
        else:
            path.unlink()
        await asked(store)
        await until(lambda: store.view().state == ("damaged" if harm == "damaged" else "begun anew"))
        store.append(make_record(id="after"))
        await store.flush()
    async with opened() as store:
        assert {slot: decision.value for slot, decision in (await store.standing()).items()} == {
            Slot("model", "claude"): ("disabled",)
        }
        assert await store.memory() == {"cooling": "claude"}
        [entry] = await store.query("journal", {})
        assert (entry["who"], entry["act"], entry["why"]) == ("ann", "disable", "cold start")


async def test_decisions_that_stood_are_read_from_a_file_that_is_damaged_at_the_start(opened, path, filled, disable):
    async with opened() as store:
        await store.write(disable("claude"))
    with closing(sqlite3.connect(path)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'requests_by_time'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(os.urandom(PAGE))
    async with opened() as store:
        await asked(store)
        await until(lambda: store.view().state == "damaged")
        assert set(await store.standing()) == {Slot("model", "claude")}


async def test_a_decision_that_was_lifted_does_not_come_back(opened, path, filled, disable):
    async with opened() as store:
        await store.write(disable("claude"))
        stood = disable("claude")
        await store.write(replace(stood, act="enable", before=stood.after, after=None))
        path.unlink()
        await asked(store)
        await until(lambda: store.view().state == "begun anew")
        assert await store.standing() == {}


# ------------------------------------------------------------------ what is told
async def test_it_is_told_over_restarts_until_the_file_is_looked_after(opened, path, filled):
    damage(path, 1.0)
    async with opened() as store:
        await asked(store)
        await until(lambda: store.view().state == "damaged")
    async with opened() as store:
        view = store.view()
        assert view.state == "damaged"
        [aside] = path.parent.glob("hotspare.db.corrupt-*[!lm]")
        assert aside.name in view.detail
        assert "hotspare store recover" in view.detail
        aside.unlink()
        assert store.view().state == "ok"


async def test_a_file_that_another_took_the_place_of_is_no_loss(opened, path, filled, tmp_path):
    upkeep.back_up(path, tmp_path / "backup.db", lambda: None)
    async with opened() as store:
        (tmp_path / "backup.db").replace(path)
        await asked(store)
        await until(lambda: store.view().state == "ok")
        assert len(await store.query("requests", {"last": 1000})) == len(filled)


# ------------------------------------------------------------------ what comes back
@pytest.mark.parametrize("runs", [True, False], ids=["beside an instance", "alone"])
async def test_what_can_be_read_comes_back_once_with_its_figures(opened, path, filled, make_record, runs):
    async def damaged():
        async with opened() as store:
            damage_where(path, b"r0300")
            await asked(store)
            await until(lambda: store.view().state == "damaged")
            store.append(make_record(id="after"))
            await store.flush()
            if runs:
                return await recovering.recover(path, lambda done: None)
        return await recovering.recover(path, lambda done: None)

    [told] = await damaged()
    found = ids_in(path)
    assert "after" in found
    assert len(set(found)) == len(found) == told.brought_back + 1
    assert set(found) <= {*filled, "after"}
    assert 0 < told.brought_back < len(filled)
    assert told.brought_back + told.unreadable >= len(filled)
    assert upkeep.verify(path, lambda: None) == []
    assert not list(path.parent.glob("*.corrupt-*"))
    assert list(path.parent.glob("hotspare.db.recovered-*"))
    async with opened() as store:
        assert store.view().state == "ok"
        [figures] = await store.query("figures", {"since": 0})
        assert figures["requests"] == len(found)


async def test_a_file_that_no_instance_has_found_damaged_yet_is_set_aside_first(opened, path, filled, disable):
    async with opened() as store:
        await store.write(disable("claude"))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'requests_by_time'").fetchone()
        with path.open("r+b") as file:
            file.seek((root[0] - 1) * PAGE)
            file.write(b"\xff" * PAGE)
        [told] = await recovering.recover(path, lambda done: None)
        assert (told.brought_back, told.unreadable) == (len(filled), 0)
        await until(lambda: store.view().state in ("ok", "second process"))
        await store.flush()
        assert len(await store.query("requests", {"last": 1000})) == len(filled)
        assert set(await store.standing()) == {Slot("model", "claude")}
    assert ids_in(path) == filled


async def test_a_file_of_which_nothing_can_be_read_stays_and_says_so(opened, path, filled):
    path.rename(path.with_name("hotspare.db.corrupt-1"))
    path.with_name("hotspare.db.corrupt-1").write_bytes(b"no database" * 1000)
    [told] = await recovering.recover(path, lambda done: None)
    assert told.brought_back == 0
    assert told.unreadable > 0
    assert path.with_name("hotspare.db.corrupt-1").exists()


async def test_of_a_whole_store_there_is_nothing_to_bring_back(path, filled):
    with pytest.raises(HotspareError, match="is whole"):
        await recovering.recover(path, lambda done: None)


async def test_verify_says_what_to_do_about_damage(path, filled):
    damage(path, 0.5)
    *found, advice = upkeep.verify(path, lambda: None)
    assert found[0].startswith("the file is damaged")
    assert "hotspare store recover" in advice
