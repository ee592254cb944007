"""What the store keeps, and gives back unchanged."""

import asyncio
import sqlite3
import stat
import threading
from dataclasses import replace

import msgspec
import pytest

from hotspare.router.command import Change, Decision, Slot
from hotspare.router.trigger import Trigger
from hotspare.store.store import Store


async def all_records(store, since=0.0):
    return [record async for record in store.records(since)]


async def test_a_record_comes_back_as_it_was(opened, make_record, make_fallback):
    plain, fallback = make_record(), make_fallback(session=None, first_content_ms=None, at=1_795_003_199.25)
    async with opened() as store:
        store.append(plain)
        store.append(fallback)
    async with opened() as store:
        assert await all_records(store) == [plain, fallback]
        assert store.view().state == "ok"
        assert store.warnings == ()


async def test_records_come_oldest_first_and_only_those_since_in_chunks(opened, make_record, noon):
    async with opened() as store:
        for number in range(1203, 0, -1):
            store.append(make_record(id=f"r{number:05}", at=noon + number // 3))
        await store.flush()
        found = await all_records(store, since=noon + 1)
        assert [record.id for record in found] == [f"r{number:05}" for number in range(3, 1204)]
        assert all(len(record.attempts) == 1 for record in found)


async def test_a_record_given_twice_is_there_once(opened, make_record):
    async with opened() as store:
        store.append(make_record())
        store.append(make_record())
        await store.flush()
        assert len(await all_records(store)) == 1
        assert store.view().dropped == 0


async def test_one_that_is_there_already_keeps_none_of_the_others_out(opened, make_record):
    async with opened() as store:
        store.append(make_record())
        await store.flush()
        for number in range(3):
            new = {"caller": f"new {number}", "session": f"of {number}", "chain": f"chain {number}"}
            store.append(make_record(id=f"r1{number}", **new))
            store.append(make_record())
            await store.flush()
            [row] = await store.query("requests", {"session": new["session"]})
            assert {name: row[name] for name in new} == new
        store.append(make_record(id="r20", caller="new 1", session="of 1"))
        await store.flush()
        assert [row["id"] for row in await store.query("requests", {"session": "of 1"})] == ["r20", "r11"]
        [row] = await store.query("history", {"days": 1, "step_seconds": 86_400})
        assert (row["requests"], store.view().dropped) == (5, 0)


async def test_one_that_is_there_and_one_that_no_table_takes_keep_nobody_out(opened, make_record):
    async with opened() as store:
        store.append(make_record(id="r1"))
        await store.flush()
        for record in (make_record(id="r1"), make_record(id="r2", input_tokens=2**70), make_record(id="r3")):
            store.append(record)
        await store.flush()
        assert [record.id for record in await all_records(store)] == ["r1", "r2", "r3"]
        assert store.view().dropped == 0


async def test_text_that_no_database_takes_does_not_keep_the_others_out(opened, make_record):
    async with opened() as store:
        store.append(make_record(id="r1", session="bad \ud800 half"))
        store.append(make_record(id="r2", input_tokens=2**70))
        store.append(make_record(id="r3"))
        await store.flush()
        assert [record.id for record in await all_records(store)] == ["r1", "r2", "r3"]
        assert store.view().dropped == 0


async def test_the_latest_memory_counts(opened):
    async with opened() as store:
        assert await store.memory() == {}
        store.remember({"cooldowns": {"claude": 5.0}})
        store.remember({"cooldowns": {"claude": 9.0}})
    async with opened() as store:
        assert await store.memory() == {"cooldowns": {"claude": 9.0}}


async def test_a_memory_that_is_as_it_was_takes_no_room(opened):
    async with opened(interval_seconds=60) as store:
        store.remember({"a": 1})
        size = store._intake.spool.waiting_bytes
        store.remember({"a": 1})
        assert store._intake.spool.waiting_bytes == size > 0


async def test_what_both_files_of_a_spool_held_is_there_when_the_store_is_open(opened, tmp_path, make_record, line_of):
    for name in ("spool", "spool2"):
        (tmp_path / f"hotspare.db-{name}").write_bytes(line_of(make_record(id=name)))
    async with opened() as store:
        assert {record.id for record in await all_records(store)} == {"spool", "spool2"}


async def test_files_are_private_and_so_is_a_folder_that_we_made(opened, tmp_path, make_record):
    path = tmp_path / "state" / "deep" / "hotspare.db"
    async with opened(path, log_path=path.parent / "hotspare.log") as store:
        store.append(make_record())
        await store.flush()
        store.append(make_record(id="r2"))
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
        assert set(modes) == {
            "hotspare.db",
            "hotspare.db-wal",
            "hotspare.db-shm",
            "hotspare.db-spool",
            "hotspare.db-spool2",
            "hotspare.log",
        }
        assert set(modes.values()) == {0o600}
        assert {stat.S_IMODE(path.parents[n].stat().st_mode) for n in (0, 1)} == {0o700}


async def test_a_database_that_others_could_read_is_tightened(opened, tmp_path):
    (tmp_path / "hotspare.db").touch(0o644)
    async with opened():
        assert stat.S_IMODE((tmp_path / "hotspare.db").stat().st_mode) == 0o600


async def test_closing_leaves_no_thread_and_no_spool(opened, tmp_path, make_record):
    before = set(threading.enumerate())
    async with opened() as store:
        store.append(make_record())
        assert set(threading.enumerate()) - before
    for thread in set(threading.enumerate()) - before:
        thread.join(2)
    assert not set(threading.enumerate()) - before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["hotspare.db", "hotspare.log"]


async def test_costs_are_exact_to_the_picodollar(opened, tmp_path, make_record):
    costs = [10**15 + 1, 3, 7 * 10**11 + 9, 1]
    async with opened() as store:
        for number, cost in enumerate(costs):
            store.append(make_record(id=f"r{number}", cost_pico_usd=cost))
    connection = sqlite3.connect(tmp_path / "hotspare.db")
    assert connection.execute("SELECT sum(cost_pico_usd) FROM requests").fetchone() == (sum(costs),)
    connection.close()


async def test_a_decision_stands_after_a_restart_until_its_end(opened, disable, fake_wall, noon):
    async with opened() as store:
        entry = await store.write(disable(until=noon + 600))
        await store.write(disable("gpt"))
        assert entry.durable
    async with opened() as store:
        assert set(await store.standing()) == {Slot("model", "claude"), Slot("model", "gpt")}
        assert (await store.standing())[Slot("model", "claude")] == entry.change.after
        fake_wall.now = noon + 600
        assert set(await store.standing()) == {Slot("model", "gpt")}


async def test_an_undo_lifts_the_decision_and_marks_what_it_undid(opened, disable, noon):
    async with opened() as store:
        first = await store.write(disable("gpt"))
        second = await store.write(disable("claude"))
        assert await store.latest() == second
        undo = Change(
            act="undo",
            subject="claude",
            who="bob",
            at=noon + 1,
            slot=second.change.slot,
            before=second.change.after,
            undoes=second.number,
        )
        undone = await store.write(undo)
        assert await store.latest() == first
        assert set(await store.standing()) == {Slot("model", "gpt")}
        rows = await store.query("journal", {})
        assert [(row["act"], row["undone_by"], row["undoes"]) for row in rows] == [
            ("undo", None, second.number),
            ("disable", undone.number, None),
            ("disable", None, None),
        ]


async def test_what_lapsed_or_set_nothing_is_not_there_to_be_undone(opened, disable, fake_wall, noon):
    async with opened() as store:
        assert await store.latest() is None
        await store.write(disable(until=noon + 60))
        await store.write(Change(act="clear", subject="gpt", who="ann", at=noon))
        assert (await store.latest()).change.act == "disable"
        fake_wall.now = noon + 60
        expired = Change("expired", "claude", "hotspare", noon + 60, slot=Slot("model", "claude"))
        await store.write(expired)
        assert await store.latest() is None


async def test_a_journal_entry_comes_back_as_it_was(opened, disable):
    change = replace(disable(), before=Decision(("enabled",), "bob", 5.5), notes=("one", "two"))
    async with opened() as store:
        written = await store.write(change)
    async with opened() as store:
        assert await store.latest() == written
        assert written.change == change


async def test_the_commit_of_an_act_waits_for_the_disk_and_that_of_records_does_not(opened, disable, make_record):
    async with opened() as store:
        connection = store._database._writer
        seen = []
        await connection.set_trace_callback(seen.append)
        await store.write(disable())
        store.append(make_record())
        await store.flush()
        await connection.set_trace_callback(None)
    words = [
        statement.split("(")[0].strip() for statement in seen if "synchronous" in statement or "COMMIT" in statement
    ]
    assert words == ["PRAGMA synchronous=FULL", "COMMIT", "PRAGMA synchronous=NORMAL", "COMMIT"]


async def test_auth_is_kept_as_a_trigger(opened, make_fallback, make_attempt):
    attempts = (make_attempt(trigger=Trigger.auth, status=401), make_attempt(number=2, model="gpt"))
    async with opened() as store:
        store.append(make_fallback(attempts=attempts))
        await store.flush()
        [found] = await all_records(store)
        assert found.attempts[0].trigger is Trigger.auth


async def test_an_act_that_nobody_waits_for_any_more_is_written_all_the_same(opened, disable):
    async with opened() as store:
        writing = asyncio.create_task(store.write(disable()))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        entry = await store.write(disable("gpt"))
        assert entry.number == 2
        assert len(await store.standing()) == 2


async def test_acts_at_the_same_time_get_a_number_each(opened, disable):
    async with opened() as store:
        entries = await asyncio.gather(*(store.write(disable(f"m{number}")) for number in range(8)))
        assert sorted(entry.number for entry in entries) == list(range(1, 9))


async def test_after_the_end_a_record_is_counted_and_nothing_raised(opened, make_record):
    async with opened() as store:
        pass
    store.append(make_record())
    store.remember({"a": 1})
    assert store.view().dropped == 1
    assert await store.query("requests", {}) == []
    await store.flush()
    await store.close()


async def test_an_act_with_broken_text_is_written(opened, disable):
    async with opened() as store:
        entry = await store.write(replace(disable(), why="half \ud800"))
        assert entry.durable
        assert (await store.query("journal", {}))[0]["why"] == "half ?"


async def test_the_log_is_in_the_state_folder_unless_said_otherwise(tmp_path, monkeypatch, make_record):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    store = await Store.open(tmp_path / "hotspare.db", name="prod")
    store.append(make_record())
    await store.close()
    assert store.log_path == tmp_path / "state" / "hotspare" / "prod.log"
    assert '"id":"r0001"' in store.log_path.read_text()


async def test_the_journal_is_told_of_a_range(opened, disable, noon):
    async with opened() as store:
        for name, at in (("early", noon - 100), ("then", noon), ("late", noon + 100)):
            await store.write(disable(name, at=at))
        rows = await store.query("journal", {"since": noon, "until": noon + 100})
        assert [row["subject"] for row in rows] == ["then"]
        assert [row["subject"] for row in await store.query("journal", {"last": 2})] == ["late", "then"]
        with pytest.raises(ValueError, match="none of it"):
            await store.query("journal", {"since": "soon"})


async def test_many_sessions_that_come_at_once_are_told_apart(opened, make_record, noon):
    names = ["", "\0", "a\0b", "é", "'", *(f"s{number}" for number in range(230))]
    first = [make_record(id=f"a{number:03}", at=noon, session=name) for number, name in enumerate(names[:150])]
    second = [make_record(id=f"b{number:03}", at=noon + 1, session=name) for number, name in enumerate(names * 2)]
    async with opened() as store:
        for records in (first, second):
            for record in records:
                store.append(record)
            await store.flush()
        assert [record async for record in store.records(0.0)] == first + second
        for name in ("é", "s1", "s229"):
            found = await store.query("requests", {"session": name, "last": 10})
            assert {row["id"] for row in found} == {record.id for record in first + second if record.session == name}


async def test_a_line_whose_times_no_table_takes_is_a_damaged_one(opened, tmp_path, make_record, line_of):
    unfit = msgspec.json.encode(make_record(id="unfit", duration_ms=1e306)) + b"\n"
    (tmp_path / "hotspare.db-spool").write_bytes(unfit + line_of(make_record(id="fit")))
    async with opened() as store:
        assert [record.id async for record in store.records(0.0)] == ["fit"]
        assert any("1 damaged line" in warning for warning in store.warnings)
        assert store.view().state == "ok"
