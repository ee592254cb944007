"""Read the text of a configuration file, whatever is named as one: a regular file of bounded size only."""

import stat
from pathlib import Path

from hotspare.configuration.error import ConfigurationError, fault

MAX_BYTES = 1_000_000


def text_of(path: Path) -> str:
    """The file's text.

    Raises:
        ConfigurationError: there is none that could be read.
    """
    try:
        data = _bytes_of(path)
    except FileNotFoundError:
        raise fault(path, "there is no such file", "name one that exists") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is no path"
        raise fault(path, f"it cannot be read: {reason}", "check the path, and who may read it") from None
    return _decoded(path, data)


def _bytes_of(path: Path) -> bytes:
    found = path.stat()  # looked at first: opening a pipe would wait for ever
    if stat.S_ISDIR(found.st_mode):
        raise fault(path, "it is a directory", "name the file in it")
    if not stat.S_ISREG(found.st_mode):
        raise fault(path, "it is no regular file", "name a file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _decoded(path: Path, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise fault(path, "it is larger than 1 MB", "name a configuration file")
    if (nul := data.find(b"\0")) >= 0:
        raise fault(path, f"line {_line(data, nul)} holds a NUL byte", "save it as UTF-8 text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fault(path, f"line {_line(data, error.start)} is not UTF-8", "save it as UTF-8 text") from None
    if not text.strip():
        raise fault(path, "it is empty", "write a chain and its models into it, or try: hotspare demo")
    return text


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def malformed(path: Path, where: str, what: str) -> ConfigurationError:
    """The text does not follow its format."""
    return fault(path, f"{where}: {what}", "correct that line")
