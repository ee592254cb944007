"""Write a file so that readers see the old one or the new one, never a part: beside it, synced, then moved over it."""

import os
import tempfile
from pathlib import Path

from hotspare.configuration.error import ConfigurationError, fault

NEW_FILE_MODE = 0o600


def write_atomically(path: Path, data: bytes, *, mode: int = NEW_FILE_MODE) -> None:
    """Put data where the path says; a link is followed, so that it stays one.

    Raises:
        ConfigurationError: it cannot be written there.
    """
    target = path.resolve()
    try:
        descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise unwritable(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(target)
    except OSError as error:
        Path(beside).unlink(missing_ok=True)
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> ConfigurationError:
    """What to say of a file that could not be written."""
    return fault(path, f"it cannot be written: {error.strerror}", "check the path, and who may write there")
