"""Know the instances of this user on this machine: their names, their sockets, which of them run.

An instance holds a lock on `NAME.instance` for as long as it lives, so that who runs is known without asking, and a
killed one leaves nothing to mistake for life. The file's content (`Note`) stays behind: it says where the store is.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from hotspare.router.error import HotspareError
from hotspare.store.folders import FILE_MODE, make_private, state_folder, state_path

SOCKET_PATH_BYTES = 100
"""The kernel's own limit is 104 (macOS) or 108 (Linux)."""

_CLAIM_PATIENCE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Note:
    """What an instance says of itself to those who look for it."""

    name: str
    pid: int = 0
    listen: str = ""
    socket: str = ""
    store: str = ""
    log: str = ""
    config: str = ""
    demo: bool = False

    def runs_already(self, config: str) -> str:
        """That it does, and whether that is from another file than `config`."""
        other = self.config and config and Path(self.config).resolve() != Path(config).resolve()
        return f"{self.name} runs already (pid {self.pid}{f', from {self.config}' if other else ''})"

    @property
    def how_to_go_on(self) -> str:
        """How it is attached to again, and stopped."""
        return f"attach: hotspare attach --instance {self.name}; stop: hotspare down --instance {self.name}"


class NothingRuns(HotspareError):
    """No instance (of that name) runs."""

    exit_code = 3


class SeveralRun(HotspareError):
    """More than one instance runs, and none was named."""


class AlreadyRuns(HotspareError):
    """The instance that was to be started runs already."""


def socket_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where sockets and notes are: gone with the user's session where the system has such a place."""
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    return Path(runtime) / "hotspare" if runtime and Path(runtime).is_dir() else state_folder()


def _folders(folder: Path | None) -> tuple[Path, ...]:
    """Where to look: an instance that cron or a daemon started knew nothing of the user's session, and one that the
    session started did not use the state folder.
    """
    return (folder,) if folder else tuple(dict.fromkeys((socket_folder(), state_path())))


def socket_path(name: str, folder: Path) -> Path:
    """The instance's socket. A path too long for the kernel is shortened by hash."""
    path = folder / f"{_file_name(name)}.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    short = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    path = folder / f"{short}.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    return Path(tempfile.gettempdir()) / f"hotspare-{os.getuid()}" / f"{short}.sock"


def _file_name(name: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    return (
        safe
        if safe == name and not safe.startswith(".")
        else f"_{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    )


def _private(folder: Path) -> Path:
    """The folder, made for this user alone; somebody else's is refused."""
    make_private(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise HotspareError(
            f"{folder} does not belong to you", "remove it, or set XDG_RUNTIME_DIR to a folder of yours"
        )
    if found.st_mode & 0o077:
        folder.chmod(0o700)
    return folder


# ------------------------------------------------------------------ being one
class Claim:
    """This process's hold on an instance's name."""

    def __init__(self, descriptor: int, path: Path, socket: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self.socket = socket

    def write(self, note: Note) -> None:
        """Say what the instance is."""
        data = json.dumps(asdict(note)).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, data, 0)

    def release(self, *, forget: bool) -> None:
        """Give the name up. `forget`: leave no note (a store that is gone needs none)."""
        with contextlib.suppress(FileNotFoundError):
            self.socket.unlink()
        if forget:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
        os.close(self._descriptor)


def claim(name: str, folder: Path | None = None) -> Claim:
    """Take an instance's name for this process.

    Raises:
        AlreadyRuns: another process has it.
    """
    elsewhere = alive(name, folder)
    if elsewhere is not None:
        raise _already_runs(name, elsewhere)
    folder = _private(folder or socket_folder())
    socket = socket_path(name, folder)
    if socket.parent != folder:
        _private(socket.parent)
    path = folder / f"{_file_name(name)}.instance"
    descriptor = _lock(path)
    if descriptor is None:
        raise _already_runs(name, _read(path) or Note(name))
    with contextlib.suppress(FileNotFoundError):
        socket.unlink()
    taken = Claim(descriptor, path, socket)
    # what the last run left says where the store is, and no longer where it answers
    taken.write(replace(_read(path) or Note(name), name=name, pid=os.getpid(), listen="", socket=""))
    return taken


def _lock(path: Path) -> int | None:
    """An exclusive hold on the file, or None where a process has it. Whoever only looks holds it for an instant."""
    give_up = time.monotonic() + _CLAIM_PATIENCE_SECONDS
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() > give_up:
                return None
            time.sleep(0.02)
            continue
        if _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the path names the locked file: its last holder may have removed it just before the lock was ours."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _already_runs(name: str, note: Note) -> AlreadyRuns:
    where = f", serving {note.listen}" if note.listen else ""
    who = f" (pid {note.pid}{where})" if note.pid else ""
    hint = f"attach to it: hotspare attach --instance {name}; stop it: hotspare down --instance {name}"
    return AlreadyRuns(f"the instance {name} runs already{who}", hint)


# ------------------------------------------------------------------ finding one
def _read(path: Path) -> Note | None:
    known = {entry.name for entry in fields(Note)}
    try:
        value = json.loads(path.read_text())
        return Note(**{key: item for key, item in value.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _alive(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _notes(folder: Path | None) -> Iterator[tuple[Path, Note]]:
    """Every note, the latest written first."""
    with contextlib.suppress(OSError):
        paths = [path for place in _folders(folder) for path in place.glob("*.instance")]
        for path in sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True):
            if note := _read(path):
                yield path, note


def running(folder: Path | None = None) -> list[Note]:
    """The instances that run and can be reached."""
    return [note for path, note in _notes(folder) if note.socket and _alive(path)]


def awaited(name: str, seconds: float) -> Note:
    """The instance of that name, which runs; it is waited for while it begins.

    Raises:
        NothingRuns: it has ended meanwhile, or cannot be reached in time.
    """
    give_up = time.monotonic() + seconds
    while (note := alive(name)) is None:
        if time.monotonic() > give_up:
            raise NothingRuns(
                f"{name} has begun and does not answer after {seconds:.0f} s", "try again, or look for it"
            )
        time.sleep(0.05)
    return note


def alive(name: str, folder: Path | None = None) -> Note | None:
    """The instance of that name, if it runs and can be reached."""
    return next((note for note in running(folder) if note.name == name), None)


def remembered(name: str | None, folder: Path | None = None) -> Note | None:
    """The instance of that name (none given: the latest) as it left itself, if its store is still there."""
    for _, note in _notes(folder):
        if (name is None or note.name == name) and note.store and Path(note.store).exists():
            return note
    return None


def find(name: str | None, folder: Path | None = None) -> Note:
    """The running instance that is meant.

    Raises:
        NothingRuns: none does, or none of that name.
        SeveralRun: several do, and no name was given.
    """
    notes = running(folder)
    wanted = [note for note in notes if name is None or note.name == name]
    if len(wanted) == 1:
        return wanted[0]
    if wanted:
        names = ", ".join(sorted(note.name for note in wanted))
        raise SeveralRun(f"several instances run: {names}", "say which: --instance NAME")
    if name is not None and notes:
        names = ", ".join(sorted(note.name for note in notes))
        raise NothingRuns(f"no instance named {name} runs", f"these run: {names}")
    what = f"no instance named {name} runs" if name else "no instance runs"
    raise NothingRuns(what, "start one: hotspare demo, or hotspare serve --config FILE")
