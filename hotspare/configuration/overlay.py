"""Keys of the file that the environment says otherwise: HOTSPARE_GATEWAY__PORT is `port` under [gateway]."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from hotspare.configuration.draft import Draft
from hotspare.configuration.error import ConfigurationError, plain
from hotspare.configuration.model import File
from hotspare.configuration.section import Section, inner_section
from hotspare.configuration.wording import nearest, said_of

PREFIX = "HOTSPARE_"
BETWEEN = "__"

TABLES = tuple(
    name
    for name, field in File.model_fields.items()
    if (inner := inner_section(field.annotation)) is not None and inner[0] == "" and name != "alerts"
)
"""The tables that stand once and hold plain values."""


@dataclass(frozen=True, slots=True)
class Said:
    """One variable and the key that it sets."""

    variable: str
    table: str
    name: str
    value: Any

    @property
    def key(self) -> str:
        """The dotted path."""
        return f"{self.table}.{self.name}"


def overlaid(draft: Draft, environ: Mapping[str, str]) -> Draft:
    """The draft, with what the environment says in place of what the file does.

    Raises:
        ConfigurationError: a variable names no key, or does not fit.
    """
    found = list(said_by(environ))
    if not found:
        return draft
    tables: dict[str, Section] = {}
    for entry in found:
        before = tables.get(entry.table) or draft.file.peek(entry.table)
        tables[entry.table] = _with(before, entry)
    notes = {entry.key: entry.variable for entry in found}
    return replace(draft, file=draft.file.model_copy(update=tables), from_environment=notes)


def said_by(environ: Mapping[str, str]) -> Iterator[Said]:
    """The variables that set a key.

    Raises:
        ConfigurationError: one looks like it and names none.
    """
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or BETWEEN not in variable:
            continue
        table, _, name = variable.removeprefix(PREFIX).lower().partition(BETWEEN)
        if table not in TABLES or name not in _section(table).model_fields:
            raise _unknown(variable)
        yield Said(variable, table, name, _value(text))


def _section(table: str) -> type[Section]:
    inner = inner_section(File.model_fields[table].annotation)
    assert inner is not None  # noqa: S101 - TABLES holds sections only
    return inner[1]


def variable_of(table: str, name: str) -> str:
    """The variable that sets a key."""
    return f"{PREFIX}{table.upper()}{BETWEEN}{name.upper()}"


def _unknown(variable: str) -> ConfigurationError:
    known = [variable_of(table, name) for table in TABLES for name in _section(table).model_fields]
    near = nearest(variable, known)
    meant = f"; did you mean {near}?" if near else ""
    return ConfigurationError(f"the environment variable {plain(variable)} names no key{meant}", "correct or unset it")


def _value(text: str) -> Any:
    """A value as TOML writes it; what is none is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, ValueError, RecursionError, KeyError):
        return text


def _with(section: Section, entry: Said) -> Section:
    given = section.model_dump(exclude_unset=True)
    refused: ValidationError | None = None
    for value in (entry.value, str(entry.value)):  # a number may be meant as a text
        try:
            return type(section).model_validate(given | {entry.name: value})
        except ValidationError as error:
            refused = refused or error
    assert refused is not None  # noqa: S101 - else it would have fitted
    what, remedy = said_of(type(section), refused)
    raise ConfigurationError(f"the environment variable {entry.variable}: {what}", remedy)
