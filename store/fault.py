"""What can be wrong with a database, in one word for `status` and one sentence for the operator."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hotspare.router.error import HotspareError

RECOVER = "`hotspare store recover` brings back what can be read"
INTO_A_NEW_FILE = f"{RECOVER}, into a new file."


@dataclass(frozen=True, slots=True)
class Fault:
    """`reopen`: only a new connection can find that it is over."""

    state: str
    detail: str
    reopen: bool = False


class NewerSchema(HotspareError):
    """The database was made by a later version of this program."""


class Foreign(HotspareError):
    """The database is another program's."""


class Damaged(HotspareError):
    """The database cannot be read as it is."""


class NotOpen(sqlite3.OperationalError):
    """There is no connection now; `fault` of the store says why."""


_FULL = "the disk is full or a file-size limit is reached; make room, and it goes on by itself"
_CANNOT_OPEN = "it cannot be opened; check that the path is a file in a folder this user may write to"

_FAULTS: Mapping[int, Fault] = {
    sqlite3.SQLITE_BUSY: Fault("locked", "another program holds it; end that one's transaction"),
    sqlite3.SQLITE_LOCKED: Fault("locked", "another program holds it; end that one's transaction"),
    sqlite3.SQLITE_READONLY: Fault(
        "read-only", "it cannot be written; check the file's mode and its disk", reopen=True
    ),
    sqlite3.SQLITE_FULL: Fault("full", _FULL),
    sqlite3.SQLITE_IOERR_WRITE: Fault("full", _FULL),
    sqlite3.SQLITE_IOERR_SHMSIZE: Fault("full", _FULL),
    sqlite3.SQLITE_CORRUPT: Fault("corrupt", "it is damaged", reopen=True),
    sqlite3.SQLITE_NOTADB: Fault("corrupt", "it is no database", reopen=True),
    sqlite3.SQLITE_CANTOPEN: Fault("unavailable", _CANNOT_OPEN, reopen=True),
    sqlite3.SQLITE_PERM: Fault("unavailable", _CANNOT_OPEN, reopen=True),
    sqlite3.SQLITE_AUTH: Fault("unavailable", _CANNOT_OPEN, reopen=True),
}


def fault_of(error: sqlite3.Error | OSError) -> Fault:
    """What an error means."""
    if isinstance(error, OSError):
        return Fault("unavailable", f"{error.strerror or error}: {error.filename or 'its folder'}", reopen=True)
    code = getattr(error, "sqlite_errorcode", 0)
    known = _FAULTS.get(code) or _FAULTS.get(code & 0xFF)
    return known or Fault("failing", str(error), reopen=True)


def unreadable(path: Path, error: sqlite3.Error) -> HotspareError:
    """What is said to whoever wants to read a store, and cannot; `Damaged` where it is."""
    fault = fault_of(error)
    title = f"The store {path} cannot be read: {fault.detail}."
    return Damaged(title, INTO_A_NEW_FILE) if fault.state == "corrupt" else HotspareError(title)


def refuse_folder(path: Path) -> None:
    """SQLite does not say what it has against one.

    Raises:
        HotspareError: it is one.
    """
    if path.is_dir():
        raise HotspareError(f"{path} is a folder and no store.", "Move it away, or name another file.")
