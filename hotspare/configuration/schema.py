"""Our TOML as a JSON Schema, for editors, and as rows of a table, for the documentation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from hotspare.configuration.meanings import meaning
from hotspare.configuration.model import AttemptKeys, BreakerKeys, File, LimitKeys
from hotspare.configuration.section import LIST, Section, inner_section, join
from hotspare.router.settings import BreakerRules, Limits

NAME = "hotspare.schema.json"

_FAR = 100_000
"""A bound beyond this is there to catch slips: nobody needs to read it."""

_DEFAULTS: Mapping[type[Section], Any] = {AttemptKeys: Limits(), LimitKeys: Limits(), BreakerKeys: BreakerRules()}
"""The router's own, for tables in which an absent key means them."""


def schema() -> dict[str, Any]:
    """The JSON Schema of a hotspare.toml."""
    found = File.model_json_schema()
    sections = {"File": found} | found["$defs"]
    for kind in _kinds(File):
        table = sections[kind.__name__]
        table.pop("description", None)
        for name, entry in table["properties"].items():
            table["properties"][name] = _described(entry, kind, name)
    _without_titles(found)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "hotspare.toml"}
    return head | found


def _kinds(kind: type[Section]) -> Iterator[type[Section]]:
    yield kind
    for field in kind.__pydantic_fields__.values():
        if (inner := inner_section(field.annotation)) is not None:
            yield from _kinds(inner[1])


def _described(entry: dict[str, Any], kind: type[Section], name: str) -> dict[str, Any]:
    """TOML knows no null: a key that may be absent is not one that may be null."""
    entry = {key: value for key, value in entry.items() if not (key == "default" and value in (None, {}, []))}
    options = [option for option in entry.pop("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        entry = options[0] | entry
    elif options:
        entry["anyOf"] = options
    default = default_of(kind, name)
    extra = {} if default in (None, "", [], {}) else {"default": default}
    return entry | extra | {"description": meaning(kind, name)}


def _without_titles(value: Any) -> None:
    """Pydantic gives everything a title that says the name once more."""
    if isinstance(value, dict):
        if isinstance(value.get("title"), str):
            del value["title"]
        for inner in value.values():
            _without_titles(inner)
    elif isinstance(value, list):
        for inner in value:
            _without_titles(inner)


def default_of(kind: type[Section], name: str) -> Any:
    """What holds where the key is absent from the file; None: nothing does."""
    if kind in _DEFAULTS and name in {entry.name for entry in fields(_DEFAULTS[kind])}:
        return getattr(_DEFAULTS[kind], name)
    field = kind.__pydantic_fields__[name]
    if inner_section(field.annotation) is not None:
        return None
    return None if field.is_required() else field.get_default(call_default_factory=True)


# ------------------------------------------------------------------ as rows
@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key as documentation shows it.

    Attributes:
        table: the table it stands in: `limits`, `models[]`, `chains.*`.
        name: the key.
        kind: what it holds, in words.
        default: as TOML writes it; "" where there is none.
        meaning: what it is for.
    """

    table: str
    name: str
    kind: str
    default: str
    meaning: str


def rows(kind: type[Section] = File, path: str = "") -> Iterator[KeyRow]:
    """Every key that has a value, table by table; the keys that a chain or a model repeats stand in their own."""
    found = schema()["$defs"] if kind is not File else {}
    inner = []
    for name, field in kind.__pydantic_fields__.items():
        below = inner_section(field.annotation)
        if below is not None:
            inner.append((below[1], join(path, name) + below[0]))
        elif kind is LimitKeys or name not in LimitKeys.__pydantic_fields__ or path.endswith(f"tasks{LIST}"):
            entry = found[kind.__name__]["properties"][name]
            yield KeyRow(path, name, _in_words(entry), _as_toml(entry.get("default")), entry["description"])
    for section, where in inner:
        if section is not BreakerKeys or not path:
            yield from rows(section, where)


def _in_words(entry: Mapping[str, Any]) -> str:
    match entry:
        case {"anyOf": options}:
            return " or ".join(map(_in_words, options))
        case {"enum": values}:
            return ", ".join(f'"{value}"' for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_in_words(items)}"
        case {"type": "integer" | "number" as kind}:
            return f"{'whole number' if kind == 'integer' else 'number'}{_bounds(entry)}"
    return _PLAIN[entry["type"]]


_PLAIN = {"object": "table", "string": "text", "boolean": "true or false"}


def _bounds(entry: Mapping[str, Any]) -> str:
    low, over, high = (entry.get(name) for name in ("minimum", "exclusiveMinimum", "maximum"))
    words = [f"at least {low:g}" if low is not None else "", f"over {over:g}" if over is not None else ""]
    words += [f"at most {high:g}" if high is not None and high < _FAR else ""]
    said = ", ".join(filter(None, words))
    return f" ({said})" if said else ""


def _as_toml(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case float():
            return f"{value:g}"
        case _:
            return str(value)
