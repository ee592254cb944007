"""Read JSON as people write it, with comments and trailing commas: the standard library first, json5 where it must."""

import json
import re
from pathlib import Path
from typing import Any

from hotspare.configuration.error import ConfigurationError, fault, plain
from hotspare.configuration.formats.json_lines import given_twice, lines_of
from hotspare.configuration.reading import malformed
from hotspare.configuration.wording import Lines, dotted

MAX_COMMENTED_CHARACTERS = 65_536
"""json5 reads some 40 kB a second."""

_OBJECT = re.compile(r"(?:\s++|//[^\n]*+|/\*.*?\*/)*+\{", re.DOTALL)
_PLACE = re.compile(r"<string>:(?P<line>\d+) (?P<what>.*) at column (?P<column>\d+)\Z", re.DOTALL)


def is_object(text: str) -> bool:
    """The text begins, after comments, as a JSON object."""
    return bool(_OBJECT.match(text))


def parse(path: Path, text: str) -> tuple[dict[str, Any], Lines]:
    """The object that the text holds, and the line of each of its keys and entries.

    Raises:
        ConfigurationError: it is malformed, names a key twice, or is nested too deeply.
    """
    try:
        return _parsed(path, text), lines_of(text)
    except RecursionError:
        raise fault(path, "it is nested too deeply", "flatten it") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return _once(path, text, pairs)

    try:
        content: dict[str, Any] = json.loads(text, object_pairs_hook=once)
    except ValueError as error:
        if len(text) > MAX_COMMENTED_CHARACTERS:
            raise _strictly_malformed(path, error) from None
        content = _with_comments(path, text, once)
    return content


def _with_comments(path: Path, text: str, once: Any) -> dict[str, Any]:
    import json5  # noqa: PLC0415 - only files with comments need it

    try:
        content: dict[str, Any] = json5.loads(text, object_pairs_hook=once)
    except ValueError as error:
        place = _PLACE.match(str(error))
        if place is None:
            raise malformed(path, "this is no JSON", plain(str(error))) from None
        where = f"line {place['line']}, column {place['column']}"
        raise malformed(path, where, plain(place["what"]).lower()) from None
    return content


def _strictly_malformed(path: Path, error: ValueError) -> ConfigurationError:
    if not isinstance(error, json.JSONDecodeError):
        return malformed(path, "this is no JSON", plain(str(error)))
    remedy = f"{error.msg} (JSON with comments is read up to {MAX_COMMENTED_CHARACTERS // 1024} kB)"
    return malformed(path, f"line {error.lineno}, column {error.colno}", remedy)


def _once(path: Path, text: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    place, line = given_twice(text) or (("?",), 0)
    where = f"line {line}: " if line else ""
    raise fault(path, f"{where}the key {dotted(place)} is given twice in one object", "leave one of them")
