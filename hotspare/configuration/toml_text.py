"""Write a configuration as TOML that people go on with: tables in the order of our example, small ones in a line."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Item, Table

from hotspare.configuration.model import File, LimitKeys

ORDER = tuple(File.model_fields)


def written(content: Mapping[str, Any], *remarks: str) -> str:
    """Our keys as a file, with remarks at its head."""
    document = tomlkit.document()
    for remark in remarks:
        document.add(tomlkit.comment(remark))
    document.add(tomlkit.nl())
    for name in (name for name in ORDER if content.get(name)):
        document.add(name, _section(content[name]))
    return re.sub(r"\n{3,}", "\n\n", tomlkit.dumps(document)).rstrip("\n") + "\n"


def _section(value: Any) -> Item:
    """A table of the file; of tables of one's own names (chains, providers) each is one."""
    if isinstance(value, list):
        found = tomlkit.aot()
        for entry in value:
            found.append(_table(entry))
        return found
    if value and all(isinstance(inner, Mapping) for inner in value.values()):
        table = tomlkit.table(is_super_table=True)
        for name, inner in value.items():
            table.add(name, _table(inner))
        return table
    return _table(value)


def _table(content: Mapping[str, Any]) -> Table:
    """Its own keys, then limits, then the lists of tables, since what follows a table's head belongs to it."""
    table = tomlkit.table()
    lists = {name: value for name, value in content.items() if _is_list_of_tables(value)}
    for name, value in sorted(_given(content), key=lambda entry: entry[0] in LimitKeys.model_fields):
        if name not in lists:
            table.add(name, _one(name, value))
    for name, value in lists.items():
        table.add(name, _section(value))
    table.add(tomlkit.nl())
    return table


def _one(name: str, value: Any) -> Any:
    """A key's value; what is sent to a model stays as it is, and one variable is no list."""
    if name == "api_key_env" and isinstance(value, list) and len(value) == 1:
        return value[0]
    return _value(value, exact=name == "parameters")


def _is_list_of_tables(value: Any) -> bool:
    return bool(value) and isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value)


def _given(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """TOML knows no null."""
    yield from ((name, value) for name, value in content.items() if value is not None)


def _value(value: Any, *, exact: bool) -> Any:
    """A value in one line. Whole numbers are written so, but where they go up to a model as they are."""
    match value:
        case Mapping():
            return _inline(value, exact=exact)
        case list():
            found = tomlkit.array()
            for entry in value:
                found.append(_value(entry, exact=exact))
            return found
        case float() if value.is_integer() and not exact:
            return int(value)
        case _:
            return value


def _inline(content: Mapping[str, Any], *, exact: bool) -> InlineTable:
    table = tomlkit.inline_table()
    for name, value in _given(content):
        table.add(name, _value(value, exact=exact))
    return table
