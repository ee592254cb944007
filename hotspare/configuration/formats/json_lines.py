"""Find the line of each key and entry of a well-formed JSON text, comments allowed; see `toml_lines`."""

import json
import re
from collections.abc import Iterator

from hotspare.configuration.wording import Lines, Place

_PIECE = re.compile(
    r"""(?P<gap>\s++|//[^\n]*+|/\*.*?\*/)|(?P<mark>[{}\[\],:])
    |(?P<word>"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'|[^\s{}\[\],:"'/]++)""",
    re.DOTALL | re.VERBOSE,
)


def lines_of(text: str) -> Lines:
    """Place → line, of keys and of entries of lists."""
    return dict(_places(text))


def given_twice(text: str) -> tuple[Place, int] | None:
    """The first place that the text holds a second time, and the line of the second."""
    seen: set[Place] = set()
    for place, line in _places(text):
        if place in seen:
            return place, line
        seen.add(place)
    return None


def _places(text: str) -> Iterator[tuple[Place, int]]:
    place: list[str | int] = []
    is_list: list[bool] = []
    named = True  # of what is read, the key is known
    line = 1
    for piece in _PIECE.finditer(text):
        found = piece[0]
        if piece["word"] and not named:
            place[-1], named = _name(found), True
            yield tuple(place), line
        elif not piece["gap"] and found not in "]}:," and is_list and is_list[-1]:
            yield tuple(place), line
        if piece["mark"]:
            named = _step(found, place, is_list)
        line += found.count("\n")


def _step(mark: str, place: list[str | int], is_list: list[bool]) -> bool:
    """Go into or out of a table or list, or on to what follows; True where a value follows, not a key."""
    if mark in "{[":
        is_list.append(mark == "[")
        place.append(0 if is_list[-1] else "")
    elif mark in "}]":
        is_list.pop()
        place.pop()
        return True
    elif mark == "," and is_list[-1]:
        place[-1] = int(place[-1]) + 1
    return mark == ":" or is_list[-1]


def _name(word: str) -> str:
    """The key that a word is, as JSON reads it; with single quotes as near as is needed for a line."""
    try:
        return str(json.loads(word)) if word.startswith('"') else word.strip("'")
    except ValueError:
        return word.strip("\"'")
