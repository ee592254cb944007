"""Turn the tables of a foreign format into ours, and keep account of where each of our values came from.

A format's own file holds its keys and its rows; what is here knows no format.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hotspare.configuration.draft import Draft
from hotspare.configuration.model import File
from hotspare.configuration.section import Section
from hotspare.configuration.wording import said

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
    """Our content as it grows, where each value of it came from, and what became of keys that have no twin here.

    Attributes:
        content: ours, as plain values.
        origins: their key → the keys of ours that it sets.
        changed: their key → how it means something else here.
        unsupported: their key → why nothing comes of it.
    """

    def __init__(self) -> None:
        self.content: dict[str, Any] = {}
        self.origins: dict[str, tuple[str, ...]] = {}
        self.changed: dict[str, str] = {}
        self.unsupported: dict[str, str] = {}
        self._models: dict[str, str] = {}

    def came(self, theirs: str, *ours: str, changed: str = "") -> None:
        """Note that a key of theirs sets these of ours, and how that is something else."""
        self.origins[theirs] = (*self.origins.get(theirs, ()), *ours)
        if changed:
            self.changed[theirs] = changed

    def model(self, name: str) -> str:
        """The place of a model of ours, which is made where it is not there yet: `models[0].`."""
        if name not in self._models:
            self._models[name] = f"models[{len(self._models)}]."
            self.put(f"{self._models[name]}name", name)
        return self._models[name]

    def draft(self, path: Path, form: str, foreign: Section, warnings: Iterable[str]) -> Draft:
        """What has been translated.

        Raises:
            ConfigurationError: a value of theirs cannot stand here.
        """
        try:
            file = File.model_validate(self.content)
        except ValidationError as error:
            raise said(path, File, error) from None
        return Draft(form, file, foreign, self.origins, tuple(warnings), self.changed, self.unsupported)

    def put(self, ours: str, value: Any) -> None:
        """Set one of our keys."""
        _put(self.content, ours, value)

    def chain(self, name: str, key: str, value: Any, *theirs: str, changed: str = "") -> None:
        """Set a key of a chain, whose name may hold dots, and note the keys of theirs that it comes from."""
        _put(self.content.setdefault("chains", {}).setdefault(name, {}), key, value)
        for origin in theirs:
            self.came(origin, f"chains.{name}.{key}", changed=changed)

    def take(self, section: Section, rows: tuple[Row, ...], theirs: str = "", ours: str = "") -> None:
        """Translate a table of theirs. What is absent there without a default stays absent here."""
        for entry in rows:
            value = _value(section, entry.theirs)
            targets = tuple(ours + name for name in entry.ours)
            if value is not None:
                for target in targets:
                    self.put(target, entry.convert(value))
            self.origins[theirs + entry.theirs] = targets


def _put(place: Any, path: str, value: Any) -> None:
    steps = _steps(path)
    for step, following in pairwise(steps):
        place = _inside(place, step, [] if isinstance(following, int) else {})
    place[steps[-1]] = value


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
