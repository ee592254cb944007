"""Say the line of the key that an error is about, where the error itself knows the key only."""

import re
from pathlib import Path

from hotspare.configuration.error import ConfigurationError, plain
from hotspare.configuration.wording import Lines, dotted

_KEY = re.compile(r"[A-Za-z_][\w@/:-]*(?:\[\d+\])*(?:\.[\w@/:-]+(?:\[\d+\])*)+")
_LINE = re.compile(r"line \d+")


def located(error: ConfigurationError, path: Path, places: Lines) -> ConfigurationError:
    """The error about a file, with the line of the first key that it names."""
    begin = f"{plain(str(path), 200)}: "
    if not error.title.startswith(begin) or _LINE.match(error.title, len(begin)):
        return error
    what = error.title.removeprefix(begin)
    lines = {dotted(place): line for place, line in places.items()}
    for key in _KEY.findall(what):
        if (line := _line(key.rstrip(":"), lines)) is not None:
            return type(error)(f"{begin}line {line}: {what}", error.hint)
    return error


def _line(key: str, lines: dict[str, int]) -> int | None:
    """Its own, else that of the table that it stands in or lacks in."""
    table = key.rpartition(".")[0]
    return lines.get(key) or lines.get(table)
