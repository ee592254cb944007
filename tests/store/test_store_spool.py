"""The spool: nothing acknowledged is lost, whatever is left at the end of a process."""

import os
from pathlib import Path

import pytest

from hotspare.store import spool as spools
from hotspare.store.spool import Spool, SpoolFile, lines_in


@pytest.fixture
def database(tmp_path):
    return tmp_path / "hotspare.db"


@pytest.fixture
def spool(database):
    made = Spool(database)
    yield made
    made.close()


def keep(spool, line):
    """As one who remembers of each line only the line."""
    return spool.append(line, line[:-1])


def everything(spool):
    """All lines in the order in which they would be moved."""
    found = []
    for _ in range(2):
        spool.turn()
        while (portion := spool.portion()) is not None:
            found += portion.entries
            spool.committed(portion)
    return found


def test_the_files_are_used_in_turn_and_emptied_once_committed(spool, database):
    first, second = (database.with_name(f"hotspare.db-{name}") for name in ("spool", "spool2"))
    written = []
    for line in (b"one\n", b"two\n", b"three\n"):
        assert keep(spool, line)
        written.append((first.stat().st_size > 0, second.stat().st_size > 0))
        spool.turn()
        portion = spool.portion()
        assert portion.entries == (line.strip(),)
        keep(spool, b"meanwhile\n")
        assert first.stat().st_size > 0
        assert second.stat().st_size > 0
        spool.committed(portion)
        spool.turn()
        spool.committed(spool.portion())
        assert spool.portion() is None
    assert written[0] in {(True, False), (False, True)}
    assert spool.waiting_bytes == 0
    assert first.stat().st_size == second.stat().st_size == 0


def test_a_file_is_not_emptied_before_all_of_it_is_committed(spool, monkeypatch):
    monkeypatch.setattr(spools, "PORTION_BYTES", 10)
    monkeypatch.setattr(spools, "REMEMBERED_LINES", 1)
    for number in range(5):
        keep(spool, b"line %d\n" % number)
    spool.turn()
    first = spool.portion()
    assert first.entries == (b"line 0",)
    spool.committed(first)
    assert spool.waiting_bytes == 28
    keep(spool, b"later\n")
    spool.turn()
    assert everything(spool) == [b"line 1", b"line 2", b"line 3", b"line 4", b"later"]


def test_a_line_longer_than_a_portion_is_moved_whole(spool, monkeypatch):
    monkeypatch.setattr(spools, "PORTION_BYTES", 10)
    monkeypatch.setattr(spools, "REMEMBERED_LINES", 1)
    keep(spool, b"x" * 95 + b"\n")
    keep(spool, b"y\n")
    keep(spool, b"z\n")
    assert everything(spool) == [b"x" * 95, b"y", b"z"]


def test_what_is_left_of_both_files_comes_oldest_first_after_a_restart(database):
    spool = Spool(database)
    keep(spool, b"one\n")
    spool.turn()
    keep(spool, b"two\n")
    os.utime(spool._sealed.path, ns=(0, 0))  # the clock of files is coarse
    spool.close()
    again = Spool(database)
    assert everything(again) == [b"one", b"two"]
    again.close()
    assert not list(database.parent.iterdir())


def test_a_half_line_at_the_end_is_cut_and_counted(database):
    database.with_name("hotspare.db-spool").write_bytes(b"one\ntw")
    database.with_name("hotspare.db-spool2").write_bytes(b"half")
    spool = Spool(database)
    assert spool.half_lines == 2
    keep(spool, b"three\n")
    assert sorted(everything(spool)) == [b"one", b"three"]
    spool.close()


@pytest.mark.parametrize("half", range(25))
def test_a_half_line_of_any_length_is_cut_and_no_more(database, monkeypatch, half):
    monkeypatch.setattr(spools, "PORTION_BYTES", 10)
    left = database.with_name("hotspare.db-spool")
    left.write_bytes(b"one\ntwo\n" + b"x" * half)
    spool = Spool(database)
    assert left.read_bytes() == b"one\ntwo\n"
    assert spool.half_lines == (half > 0)
    spool.close()


def test_what_an_earlier_process_left_is_never_in_one_portion_with_ours(database):
    database.with_name("hotspare.db-spool").write_bytes(b"old\n")
    spool = Spool(database)
    spool._active, spool._sealed = spool._sealed, spool._active
    if not spool._active.size:
        spool._active, spool._sealed = spool._sealed, spool._active
    keep(spool, b"new\n")
    spool.turn()
    first = spool.portion()
    assert (first.entries, first.inherited) == ((b"old",), True)
    spool.committed(first)
    second = spool.portion()
    assert (second.entries, second.inherited) == ((b"new",), False)
    spool.committed(second)
    spool.close()


def test_a_second_process_gets_other_names_and_what_it_leaves_is_taken_in(database):
    first, second, third = Spool(database), Spool(database), Spool(database)
    assert (first.second, second.second, third.second) == (False, True, True)
    keep(second, b"of the second\n")
    assert everything(first) == []
    second.close()
    third.close()
    first.close()
    again = Spool(database)
    assert everything(again) == [b"of the second"]
    assert {path.name for path in database.parent.iterdir()} == {"hotspare.db-spool", "hotspare.db-spool2"}
    again.close()
    assert not list(database.parent.iterdir())


def test_an_empty_file_of_a_dead_process_is_taken_away(database):
    left = database.with_name("hotspare.db-spool.7")
    left.touch()
    spool = Spool(database)
    assert not left.exists()
    spool.close()


def test_of_a_pair_that_another_process_works_with_neither_is_held(database):
    theirs = SpoolFile.open(database.with_name("hotspare.db-spool2"))
    spool = Spool(database)
    assert spool.second
    free = SpoolFile.open(database.with_name("hotspare.db-spool"))
    assert free is not None
    for each in (free, theirs, spool):
        each.close()


def test_a_file_that_its_last_owner_takes_away_before_our_lock_is_not_the_one_we_write_to(database, monkeypatch):
    opening, taken_away = spools.open_private, set()

    def open_early(path, flags):
        descriptor = opening(path, flags)
        if path not in taken_away:
            taken_away.add(path)
            path.unlink()
        return descriptor

    monkeypatch.setattr(spools, "open_private", open_early)
    spool = Spool(database)
    assert len(taken_away) == 2
    keep(spool, b"one\n")
    assert list(lines_in(database)) == [b"one"]
    spool.close()


def test_a_file_that_holds_what_we_know_nothing_of_is_left(database):
    spool = Spool(database)
    path = spool._active.path
    path.write_bytes(b"of somebody else\n")
    spool.close()
    assert path.read_bytes() == b"of somebody else\n"


def test_no_file_stays_open_that_is_not_ours(spool, database, monkeypatch):
    """Neither that of another process, nor one that cannot be locked, nor one that was taken away meanwhile."""

    def open_files():
        return len(list(Path("/dev/fd").iterdir()))

    before = open_files()
    assert SpoolFile.open(database.with_name("hotspare.db-spool")) is None
    assert open_files() == before

    def no_locks(_descriptor, _operation):
        raise OSError("no locks here")

    with monkeypatch.context() as patched:
        patched.setattr(spools.fcntl, "flock", no_locks)
        with pytest.raises(OSError, match="no locks"):
            SpoolFile.open(database.with_name("another"))
    assert open_files() == before
    found = iter([False, True])
    monkeypatch.setattr(spools, "_is_still", lambda _path, _descriptor: next(found))
    SpoolFile.open(database.with_name("another")).close()
    assert open_files() == before


def test_a_file_at_its_limit_takes_no_more(spool, monkeypatch):
    monkeypatch.setattr(spools, "FILE_LIMIT_BYTES", 10)
    assert keep(spool, b"12345678\n")
    assert not keep(spool, b"1\n")
    assert keep(spool, b"\n")
    assert everything(spool) == [b"12345678", b""]


def test_looking_reads_whole_lines_and_changes_nothing(spool, database, make_record, line_of):
    line = line_of(make_record())
    keep(spool, line)
    database.with_name("hotspare.db-spool.7").write_bytes(line + b"half")
    database.with_name("hotspare.db-spoolish").write_bytes(b"none of ours\n")
    assert list(lines_in(database)) == [line[:-1]] * 2
    assert everything(spool) == [line[:-1]]


def test_looking_where_there_is_no_folder_finds_nothing(tmp_path):
    assert list(lines_in(tmp_path / "none" / "hotspare.db")) == []
