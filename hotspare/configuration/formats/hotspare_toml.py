"""Our own TOML: the internal model as it stands, every key known by name, unknown ones refused."""

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault
from hotspare.configuration.formats.toml_lines import lines_of
from hotspare.configuration.model import File
from hotspare.configuration.reading import malformed
from hotspare.configuration.wording import said

FORMAT = "Hotspare TOML"

_TABLE_OR_KEY = re.compile(r"^[ \t]*+(\[\[?[\w.\"' -]++\]|[\w.\"'-]++[ \t]*+=)", re.MULTILINE)
_PLACE = re.compile(r"(?P<what>.*) \(at (line (?P<line>\d+), column (?P<column>\d+)|end of document)\)\Z", re.DOTALL)


def recognises(text: str) -> bool:
    """A line of it is a TOML table or key, or there are only comments."""
    return bool(_TABLE_OR_KEY.search(text)) or not _without_comments(text)


def _without_comments(text: str) -> str:
    return "".join(line for line in map(str.strip, text.splitlines()) if not line.startswith("#"))


def read(path: Path, text: str) -> Draft:
    """See `Format`."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(path, text, str(error)) from None
    except ValueError:
        raise fault(path, "it holds a number of thousands of digits", "write a smaller one") from None
    except RecursionError:
        raise fault(path, "it is nested too deeply", "flatten it") from None
    try:
        return Draft(FORMAT, File.model_validate(content))
    except ValidationError as error:
        raise said(path, File, error, lines_of(text)) from None


_TWICE = re.compile(r"Cannot declare \((.*)\) twice\Z", re.DOTALL)
_NAME = re.compile(r"'([^']*)'")
_PLAINLY = {"Cannot overwrite a value": "this key is given twice"}


def _plainly(what: str) -> str:
    """The parser's words, where they are not a user's."""
    table = _TWICE.match(what)
    return f"the table {'.'.join(_NAME.findall(table[1]))} is given twice" if table else _PLAINLY.get(what, what)


def _malformed(path: Path, text: str, message: str) -> Exception:
    place = _PLACE.match(message)
    if place is None:
        return malformed(path, "this is no TOML", message)
    if place["line"] is None:
        return malformed(
            path, f"line {text.count(chr(10), 0, len(text.rstrip())) + 1}, at its end", _plainly(place["what"])
        )
    return malformed(path, f"line {place['line']}, column {place['column']}", _plainly(place["what"]))
