"""The spool: what was acknowledged and is not in the database yet, in two files beside it that are used in turn.

An entry is one line, appended with one write, so a kill -9 loses none. A file is emptied only after a commit that holds
all of it; what it held then may have been moved twice, so whoever moves it must ignore what is there already. Each file
is under a lock of its process; a second process on the same database gets files of other names.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from hotspare.store.appending import append_whole
from hotspare.store.folders import open_private

FILE_LIMIT_BYTES = 64 * 1024 * 1024
PORTION_BYTES = 1024 * 1024

REMEMBERED_LINES = 2000
"""What so many lines in a row were made of is remembered, so that they need not be read again."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What some lines at the front of a file were made of, or, where that is forgotten, the lines; `end` is where the
    next portion begins.
    """

    file: "SpoolFile"
    entries: tuple[object, ...]
    end: int
    inherited: bool
    """They were written by an earlier process."""


class SpoolFile:
    """One file under our lock. `moved` is how far into it everything is in the database."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self.half_lines = _cut_half_line(descriptor)
        status = os.fstat(descriptor)
        self.size = self.inherited_bytes = status.st_size
        self.written_at_ns = status.st_mtime_ns
        self.moved = 0
        self._remember_from(self.size)

    @classmethod
    def open(cls, path: Path) -> "SpoolFile | None":
        """The file, locked; None where another process holds it.

        Raises:
            OSError: it cannot be opened or locked.
        """
        while True:
            descriptor = open_private(path, os.O_RDWR | os.O_APPEND)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_still(path, descriptor):
                    return cls(path, descriptor)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except OSError:
                os.close(descriptor)
                raise
            os.close(descriptor)  # its last owner took it away between our opening and our lock

    def append(self, line: bytes, made_of: object) -> bool:
        """Keep one line; False where there is no room for it."""
        size = self.size
        if size + len(line) > FILE_LIMIT_BYTES or not append_whole(self._descriptor, line):
            return False
        if len(self._made_of) >= REMEMBERED_LINES:
            self._remember_from(size)
        self._made_of.append(made_of)
        self.size = size + len(line)
        return True

    def _remember_from(self, position: int) -> None:
        """Know what each line was made of that is written from here on."""
        self._made_of: list[object] = []
        self._remembered_from = position

    def sync(self) -> None:
        """Bring what was appended to the disk.

        Raises:
            OSError: it failed.
        """
        os.fdatasync(self._descriptor)

    def portion(self) -> Portion | None:
        """The next that is not in the database, None when all is."""
        if self.moved >= self.size:
            return None
        if self.moved < self._remembered_from:
            return self._read()
        made_of = tuple(self._made_of)
        self._remember_from(self.size)  # told once: while the database is ill, it is the file that holds it
        return Portion(self, made_of, self.size, inherited=False)

    def _read(self) -> Portion:
        data = self._whole_lines()
        if not data:  # somebody else emptied the file
            return Portion(self, (), self._remembered_from, inherited=False)
        inherited = self.moved < self.inherited_bytes
        return Portion(self, tuple(data.split(b"\n")[:-1]), self.moved + len(data), inherited)

    def _whole_lines(self) -> bytes:
        """Up to a portion; none of ours together with what was there before us, or with what is remembered."""
        end = self.inherited_bytes if self.moved < self.inherited_bytes else self._remembered_from
        wanted = min(PORTION_BYTES, end - self.moved)
        while True:
            data = os.pread(self._descriptor, wanted, self.moved)
            if b"\n" in data or self.moved + wanted >= end:
                return data[: data.rfind(b"\n") + 1]
            wanted = min(2 * wanted, end - self.moved)

    def empty(self) -> None:
        """Forget everything: it is in the database."""
        os.ftruncate(self._descriptor, 0)
        self.size = self.inherited_bytes = self.moved = 0
        self._remember_from(0)

    def close(self) -> None:
        """Give the file up, and take it away if nothing is left in it."""
        with suppress(OSError):
            if self.moved >= self.size and os.fstat(self._descriptor).st_size == self.size:
                self.path.unlink()
        os.close(self._descriptor)


class Spool:
    """Two files of this process, and those that dead processes left.

    Attributes:
        second: another process holds the usual names, so ours are others.
        half_lines: lines that a dying process had begun; they were never acknowledged.
    """

    def __init__(self, database: Path) -> None:
        """Take the first pair of names that is free.

        Raises:
            OSError: no file can be opened there.
        """
        pair, self.second = _own_pair(database)
        pair.sort(key=lambda file: file.written_at_ns)
        self._sealed, self._active = pair
        self._left = _left_by_others(database, {file.path for file in pair})
        self.half_lines = sum(file.half_lines for file in (*pair, *self._left))

    def append(self, line: bytes, made_of: object) -> bool:
        """Keep one line, made of this; False where there is no room for it."""
        return self._active.append(line, made_of)

    def sync(self) -> None:
        """Bring all that was appended to the disk. May be called from another thread.

        Raises:
            OSError: the disk failed.
        """
        for file in (self._sealed, self._active):
            file.sync()

    @property
    def waiting_bytes(self) -> int:
        """How much is not in the database."""
        return sum(file.size - file.moved for file in (*self._left, self._sealed, self._active))

    def turn(self) -> None:
        """Exchange the two files, so that the one written to until now can be moved; only once the other is empty."""
        if not self._sealed.size and self._active.size:
            self._sealed, self._active = self._active, self._sealed

    def portion(self) -> Portion | None:
        """What is to be moved next, oldest first; None when all is moved that can be before the next turn."""
        return next((found for file in (*self._left, self._sealed) if (found := file.portion())), None)

    def committed(self, portion: Portion) -> None:
        """The database holds the portion."""
        file = portion.file
        file.moved = portion.end
        if file.moved < file.size:
            return
        if file in self._left:
            self._left.remove(file)
            file.close()
        else:
            file.empty()

    def close(self) -> None:
        """Give all files up; what is in them goes in at the next start."""
        for file in (*self._left, self._sealed, self._active):
            file.close()


def lines_in(database: Path) -> Iterator[bytes]:
    """All whole lines of all spools of a database, without a lock and without emptying any."""
    for path in sorted(_spool_paths(database)):
        with suppress(OSError):
            yield from path.read_bytes().split(b"\n")[:-1]


def _names(database: Path, number: int) -> tuple[Path, Path]:
    mark = "" if number == 1 else f".{number}"
    return database.with_name(f"{database.name}-spool{mark}"), database.with_name(f"{database.name}-spool2{mark}")


def _spool_paths(database: Path) -> list[Path]:
    if not database.parent.is_dir():
        return []
    beginnings = (f"{database.name}-spool", f"{database.name}-spool2")
    return [
        path
        for path in database.parent.iterdir()
        if path.name in beginnings or path.name.startswith(tuple(f"{name}." for name in beginnings))
    ]


def _own_pair(database: Path) -> tuple[list[SpoolFile], bool]:
    for number in count(1):
        files: list[SpoolFile] = []
        for path in _names(database, number):
            file = SpoolFile.open(path)
            if file is None:
                break
            files.append(file)
        if len(files) == 2:
            return files, number > 1
        for file in files:
            file.close()
    raise AssertionError  # count() does not end


def _left_by_others(database: Path, own: set[Path]) -> list[SpoolFile]:
    others = (path for path in sorted(_spool_paths(database)) if path not in own)
    free = [file for path in others if (file := SpoolFile.open(path)) is not None]
    for file in free:
        if not file.size:
            file.close()
    return [file for file in free if file.size]


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def _cut_half_line(descriptor: int) -> int:
    """Take away what follows the last line's end; 1 if there was something."""
    size = os.fstat(descriptor).st_size
    end = size
    while end:
        begin = max(0, end - PORTION_BYTES)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        end = begin + found + 1 if found >= 0 else begin
        if found >= 0:
            break
    if end < size:
        os.ftruncate(descriptor, end)
    return int(end < size)
