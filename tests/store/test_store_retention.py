"""What is old goes, and what it came to stays."""

import sqlite3
from contextlib import closing

import pytest

from hotspare.store import retention
from hotspare.store.retention import Keeping
from hotspare.store.upkeep import verify

DAY = 86_400.0


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(retention, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(retention, "AT_ONCE", 20)


def counted(path, table):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


async def rounds(store, number):
    for _ in range(number):
        await store.flush()


async def test_requests_over_their_age_go_with_all_that_is_theirs(opened, make_fallback, noon, tmp_path):
    path = tmp_path / "hotspare.db"
    async with opened(keeping=Keeping(days=2)) as store:
        for number in range(100):
            old = number < 70
            store.append(
                make_fallback(
                    id=f"r{number:03}",
                    at=noon - (2 * DAY + 1 if old else 2 * DAY),
                    session=f"s{number // 10}",
                    caller="old-app" if old else "shop-api",
                )
            )
        await rounds(store, 12)
        assert sorted([record.id async for record in store.records(0.0)]) == [
            f"r{number:03}" for number in range(70, 100)
        ]
        assert counted(path, "stored_attempts") == 60
        assert counted(path, "session_names") == 3
        assert counted(path, "routes") == 1
        rows = await store.query("figures", {"by": "caller", "since": noon - 3 * DAY})
        assert {row["name"]: row["requests"] for row in rows} == {"old-app": 70, "shop-api": 30}
        late = make_fallback(id="new", at=noon, session="s0", caller="old-app")
        store.append(late)
        assert [record.id async for record in store.records(noon)] == []
        await store.flush()
        [again] = [record async for record in store.records(noon)]
        assert (again.caller, again.session) == ("old-app", "s0")
    assert verify(path, lambda: None) == []


async def test_the_oldest_go_where_it_has_become_too_much(opened, make_record, noon, tmp_path):
    path = tmp_path / "hotspare.db"
    async with opened() as store:
        for number in range(3000):
            store.append(make_record(id=f"r{number:04}", at=noon - 3000 + number, session=f"session-{number}"))
        await store.flush()
    full = path.stat().st_size
    async with opened(keeping=Keeping(bytes=full // 2)) as store:
        await rounds(store, 200)
        ids = [record.id async for record in store.records(0.0)]
        assert 500 <= len(ids) < 2500
        assert ids[-1] == "r2999"
        assert ids == sorted(ids)
        assert len(ids) == 3000 - int(ids[0][1:])
    assert path.stat().st_size < 0.7 * full


async def test_nothing_goes_without_a_limit(opened, make_record, noon):
    async with opened() as store:
        store.append(make_record(at=noon - 4000 * DAY))
        await rounds(store, 3)
        assert len([record async for record in store.records(0.0)]) == 1


async def test_roll_ups_of_minutes_go_and_those_of_hours_and_days_stay(opened, make_record, noon, tmp_path):
    path = tmp_path / "hotspare.db"
    async with opened(keeping=Keeping(days=30)) as store:
        for number in range(50):
            store.append(make_record(id=f"r{number}", at=noon - 20 * DAY + number * 60))
        store.append(make_record(id="new", at=noon - 60))
        await store.query("history", {})
        await rounds(store, 20)
        minutes = await store.query("history", {"since": noon - 25 * DAY, "step_seconds": 60})
        assert sum(row["requests"] for row in minutes) == 1
        hours = await store.query("history", {"since": noon - 25 * DAY, "step_seconds": 3600})
        assert sum(row["requests"] for row in hours) == 51
        rows = await store.query("figures", {"by": "chain", "since": noon - 25 * DAY})
        assert rows[0]["requests"] == 51
        assert counted(path, "stored_requests") == 51


async def test_what_another_process_let_go_of_is_learned_anew(opened, make_fallback, noon, tmp_path):
    async with opened() as first, opened(log_path=tmp_path / "second.log", keeping=Keeping(days=2)) as second:
        first.append(make_fallback(id="old", at=noon - 3 * DAY))
        await first.flush()
        await rounds(second, 3)
        assert counted(tmp_path / "hotspare.db", "routes") == 0
        first.append(make_fallback(id="new", at=noon))
        assert [row["id"] for row in await first.query("requests", {})] == ["new"]
        [record] = [record async for record in first.records(0.0)]
        assert (record.session, record.caller) == ("s1", "shop-api")
