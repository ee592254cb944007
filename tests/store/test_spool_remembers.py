"""What lines were made of is moved without reading them again, as long as it is known, and never mixed up."""

import asyncio
import os
import sqlite3

from hotspare.store import spool as spools
from hotspare.store.intake import MANY_RECORDS
from hotspare.store.spool import REMEMBERED_LINES, Spool


def spool_with(path, made_of):
    spool = Spool(path / "x.db")
    for number, one in enumerate(made_of):
        assert spool.append(b"line %d\n" % number, one)
    spool.turn()
    return spool


def moved(spool):
    """All portions in the order they come."""
    portions = []
    while (portion := spool.portion()) is not None:
        portions.append(portion.entries)
        spool.committed(portion)
    return portions


def test_a_portion_is_what_its_lines_were_made_of_and_the_lines_when_it_is_asked_for_again(tmp_path):
    spool = spool_with(tmp_path, ["a", "b", "c"])
    first, again = spool.portion(), spool.portion()
    assert first.entries == ("a", "b", "c")
    assert again.entries == (b"line 0", b"line 1", b"line 2")
    assert first.end == again.end
    assert moved(spool) == [(b"line 0", b"line 1", b"line 2")]
    spool.close()


def test_a_file_that_was_emptied_begins_anew_with_what_it_remembers(tmp_path):
    spool = spool_with(tmp_path, ["a"])
    spool.committed(spool.portion())
    assert spool.append(b"line 0\n", "b")
    spool.turn()
    assert moved(spool) == [("b",)]
    spool.turn()
    assert spool.append(b"other\n", "c")
    spool.turn()
    assert moved(spool) == [("c",)]
    spool.close()


def test_of_very_many_lines_only_the_latest_are_remembered(tmp_path):
    made_of = list(range(REMEMBERED_LINES + 2))
    spool = spool_with(tmp_path, made_of)
    assert moved(spool) == [tuple(b"line %d" % number for number in made_of[:-2]), tuple(made_of[-2:])]
    spool.close()


def test_what_is_read_ends_where_what_is_remembered_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(spools, "REMEMBERED_LINES", 2)
    monkeypatch.setattr(spools, "PORTION_BYTES", 10)
    spool = spool_with(tmp_path, range(7))
    assert moved(spool) == [*((b"line %d" % number,) for number in range(6)), (6,)]
    spool.close()


def test_what_is_remembered_is_moved_although_somebody_has_emptied_the_file(tmp_path):
    spool = spool_with(tmp_path, ["a", "b"])
    os.truncate(spool._sealed.path, 0)
    assert moved(spool) == [("a", "b")]
    spool.close()


def test_a_file_that_somebody_has_emptied_ends_for_what_would_have_to_be_read(tmp_path):
    spool = spool_with(tmp_path, ["a", "b"])
    spool.portion()
    os.truncate(spool._sealed.path, 0)
    assert moved(spool) == [()]
    spool.close()


def test_lines_of_an_earlier_process_have_to_be_read(tmp_path):
    spool_with(tmp_path, ["a"]).close()
    spool = Spool(tmp_path / "x.db")
    assert spool.append(b"line 1\n", "b")
    spool.turn()
    portions = moved(spool)
    spool.turn()
    portions += moved(spool)
    spool.close()
    assert sorted(portions, key=str) == [("b",), (b"line 0",)]


def test_own_lines_that_are_read_again_are_not_taken_for_those_of_an_earlier_process(tmp_path, monkeypatch):
    monkeypatch.setattr(spools, "REMEMBERED_LINES", 1)
    spool = spool_with(tmp_path, range(2))
    assert not spool.portion().inherited
    spool.close()


def test_own_lines_that_have_to_be_read_are_never_in_one_portion_with_those_of_an_earlier_process(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(spools, "REMEMBERED_LINES", 1)
    spool_with(tmp_path, ["a"]).close()
    [left] = tmp_path.iterdir()
    os.utime(left, ns=(2**62, 2**62))  # the newer one is written on
    spool = Spool(tmp_path / "x.db")
    for number in range(1, 4):
        assert spool.append(b"line %d\n" % number, number)
    spool.turn()
    portions = []
    while (portion := spool.portion()) is not None:
        portions.append((portion.entries, portion.inherited))
        spool.committed(portion)
    assert portions == [((b"line 0",), True), ((b"line 1", b"line 2"), False), ((3,), False)]
    spool.close()


def test_what_is_read_of_an_earlier_process_ends_where_ours_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(spools, "PORTION_BYTES", 10)
    earlier, long = spool_with(tmp_path, []), b"x" * 31
    for line in (b"line 0\n", b"line 1\n", long + b"\n"):
        assert earlier.append(line, None)
    earlier.close()
    [left] = tmp_path.iterdir()
    os.utime(left, ns=(2**62, 2**62))
    spool = Spool(tmp_path / "x.db")
    assert spool.append(b"3\n", "ours")
    spool.turn()
    assert moved(spool) == [(b"line 0",), (b"line 1",), (long,), ("ours",)]
    spool.close()


async def test_many_records_are_moved_before_it_is_time_and_none_is_read_again(opened, make_record, monkeypatch):
    monkeypatch.setattr("hotspare.store.moving.decode", None)
    async with opened(interval_seconds=60) as store:
        for number in range(MANY_RECORDS - 1):
            store.append(make_record(id=f"r{number}"))
        await asyncio.sleep(0.05)
        assert store.view().waiting_bytes
        store.append(make_record(id="one more"))
        async with asyncio.timeout(5):
            while store.view().waiting_bytes:  # noqa: ASYNC110 -- what is waited for has no event
                await asyncio.sleep(0.005)
        assert store.view().state == "ok"
        assert len([record async for record in store.records(0.0)]) == MANY_RECORDS


async def test_an_ill_database_is_not_tried_earlier_because_there_is_much(opened, make_record, tmp_path):
    async with opened(interval_seconds=0.01) as store:
        store._writer.found(sqlite3.OperationalError("no such luck"))
        await asyncio.sleep(0.03)
        for number in range(MANY_RECORDS):
            store.append(make_record(id=f"r{number}"))
        await asyncio.sleep(0.05)
        assert len(store._intake.unlogged) == MANY_RECORDS
        assert store.view().state == "failing"
