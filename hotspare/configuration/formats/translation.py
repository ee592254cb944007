"""Turn the tables of a foreign format into ours, and keep account of where each of our values came from.

A format's own file holds its keys and its rows; what is here knows no format.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hotspare.configuration.section import Section

Convert = Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Row:
    """A key of theirs, the keys of ours that it sets, and how the value changes."""

    theirs: str
    ours: tuple[str, ...]
    convert: Convert


def row(theirs: str, *ours: str, by: Convert = _as_it_is) -> Row:
    """One line of a table of rows."""
    return Row(theirs, ours, by)


class Translation:
    """Our content as it grows, and where each value of it came from."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {}
        self.origins: dict[str, tuple[str, ...]] = {}

    def put(self, ours: str, value: Any) -> None:
        """Set one of our keys."""
        *tables, last = _steps(ours)
        place: Any = self.content
        for step, following in zip(tables, (*tables[1:], last), strict=True):
            place = _inside(place, step, [] if isinstance(following, int) else {})
        place[last] = value

    def take(self, section: Section, rows: tuple[Row, ...], theirs: str = "", ours: str = "") -> None:
        """Translate a table of theirs. What is absent there without a default stays absent here."""
        for entry in rows:
            value = _value(section, entry.theirs)
            targets = tuple(ours + name for name in entry.ours)
            if value is not None:
                for target in targets:
                    self.put(target, entry.convert(value))
            self.origins[theirs + entry.theirs] = targets


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in re.split(r"[.\[\]]+", path) if step]


def _inside(place: Any, step: str | int, fresh: Any) -> Any:
    """The table or list at a step, made where it is not there yet."""
    if isinstance(step, str):
        return place.setdefault(step, fresh)
    if step == len(place):
        place.append(fresh)
    return place[step]


def _value(section: Section, path: str) -> Any:
    """The value under a key as the file writes it, which a field of ours may name otherwise."""
    value: Any = section
    for step in path.split("."):
        fields = type(value).__pydantic_fields__
        value = value.peek(next(name for name, field in fields.items() if (field.alias or name) == step))
    return value
