"""The folder that a demo keeps its store in: gone when the demo ends, and by the next one's start if it was killed.

A lock in it says that its demo lives; a folder without one is nobody's that we know, and stays.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hotspare.store.folders import FILE_MODE

PREFIX = "hotspare-demo-"
LOCK = "lives"


@contextmanager
def demo_folder() -> Iterator[Path]:
    """A folder for one demo, once those that were left behind are cleared away."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _clear(left)
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name, _held(Path(name)):
        yield Path(name)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. It has its name only once it is held: nobody may find it free."""
    unnamed = folder / f"{LOCK}.new"
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        unnamed.rename(folder / LOCK)
        yield
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    with suppress(OSError):
        if folder.lstat().st_uid != os.getuid():
            return
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)
