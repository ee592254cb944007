"""Fill a JSON schema in, so that a simulated model gives what a request asks for. Pure; the unknown is left out.

Enough for the schemas that applications send: not every rule of theirs is kept; the gateway says so where one is not.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

MOST_ITEMS = 20
DEEPEST = 6
"""A schema that holds itself ends here."""


def filled(schema: Any, words: str) -> Any:
    """A value that fits the schema; `words` stand wherever it wants a text."""
    return _value(schema, schema, words, 0)


def _value(schema: Any, root: Any, words: str, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    inner = partial(_value, root=root, words=words, depth=depth + 1)
    if "const" in schema:
        return schema["const"]
    for several in ("enum", "anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(several), list) and schema[several]:
            first = schema[several][0]
            return first if several == "enum" else inner(first)
    if isinstance(schema.get("$ref"), str):
        return inner(_target(schema["$ref"], root))
    of_type = _OF_TYPE.get(_type(schema))
    return None if of_type is None else of_type(schema, words, inner)


def _type(schema: Mapping[str, Any]) -> str:
    named = schema.get("type", "object" if "properties" in schema else "string")
    return str(named[0] if isinstance(named, list) and named else named)


def _target(reference: str, root: Any) -> Any:
    """What `#/$defs/name` names in the same schema."""
    found = root
    for step in reference.removeprefix("#").split("/")[1:]:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _object(schema: Mapping[str, Any], _words: str, inner: Callable[[Any], Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    return {name: inner(one) for name, one in properties.items()} if isinstance(properties, Mapping) else {}


def _array(schema: Mapping[str, Any], _words: str, inner: Callable[[Any], Any]) -> list[Any]:
    return [
        inner(schema.get("items", {"type": "string"}))
        for _ in range(min(MOST_ITEMS, max(1, _whole(schema, "minItems", 1))))
    ]


def _text(schema: Mapping[str, Any], words: str, _inner: Callable[[Any], Any]) -> str:
    return words[: max(0, _whole(schema, "maxLength", len(words)))]


def _number(schema: Mapping[str, Any], _words: str, _inner: Callable[[Any], Any]) -> int:
    return _whole(schema, "minimum", _whole(schema, "exclusiveMinimum", 0) + 1)


def _whole(schema: Mapping[str, Any], name: str, otherwise: int) -> int:
    """A number that the schema gives, upwards to a whole one."""
    given = schema.get(name)
    return math.ceil(given) if isinstance(given, int | float) and math.isfinite(given) else otherwise


_OF_TYPE: Mapping[str, Callable[[Mapping[str, Any], str, Callable[[Any], Any]], Any]] = {
    "object": _object,
    "array": _array,
    "string": _text,
    "number": _number,
    "integer": _number,
    "boolean": lambda *_: True,
}
