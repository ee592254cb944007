"""Where state lives, and who may read it: nobody but its owner.

Folders that we make are 0700 and files 0600. A folder that the user made (beside a configuration, say) keeps its mode.
"""

import os
from pathlib import Path

import platformdirs

from hotspare.router.error import HotspareError

FOLDER_MODE = 0o700
FILE_MODE = 0o600


class FolderUnusable(HotspareError):
    """Our state folder cannot be made, or not be ours alone."""


def state_path() -> Path:
    """Where our state folder is or would be (`XDG_STATE_HOME` moves it)."""
    named = os.environ.get("XDG_STATE_HOME", "")
    # A relative XDG path is to be ignored, and on macOS platformdirs does not look at the variable.
    return Path(named) / "hotspare" if named.startswith("/") else platformdirs.user_state_path("hotspare")


def state_folder() -> Path:
    """Our state folder, made if need be.

    Raises:
        FolderUnusable: it cannot be made.
    """
    folder = state_path()
    try:
        make_private(folder)
        if folder.stat().st_mode & 0o077:
            folder.chmod(FOLDER_MODE)
    except OSError as error:
        raise FolderUnusable(
            f"the state folder {folder} cannot be made: {(error.strerror or str(error)).lower()}",
            "set XDG_STATE_HOME to a folder that you can write to",
        ) from None
    return folder


def default_store_path(name: str) -> Path:
    """The database of an instance whose configuration names none."""
    return state_folder() / f"{name}.db"


def default_log_path(name: str) -> Path:
    """The log of an instance."""
    return state_folder() / f"{name}.log"


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, each 0700 (`Path.mkdir` gives the mode to the last only)."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=FOLDER_MODE, exist_ok=True)


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file that only its owner can read, made if need be; an existing one is tightened."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    if os.fstat(descriptor).st_mode & 0o077:
        os.fchmod(descriptor, FILE_MODE)
    return descriptor
