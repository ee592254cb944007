"""JSON schemas as the dialects demand them: each is strict about objects, in its own way."""

from collections.abc import Iterator
from typing import Any

import msgspec

from hotspare.router.trigger import Incapable

_PART = "the schema, which is nested too deeply"


def is_strict(raw: msgspec.Raw) -> bool:
    """Whether every object forbids other properties and requires all of its own: what OpenAI's strict mode takes.

    Raises:
        Incapable: it cannot be read.
    """
    return all(_is_strict(node) for node in _objects_of(_decoded(raw)))


def closed(raw: msgspec.Raw) -> Any:
    """The schema with every object that says nothing of other properties forbidding them, as Anthropic requires.

    Raises:
        Incapable: it cannot be read.
    """
    schema = _decoded(raw)
    for node in _objects_of(schema):
        node.setdefault("additionalProperties", False)
    return schema


def _is_strict(node: dict[str, Any]) -> bool:
    required, properties = node.get("required"), node.get("properties")
    named = required if isinstance(required, list) else []
    own = properties if isinstance(properties, dict) else {}
    return node.get("additionalProperties") is False and all(name in named for name in own)


def _decoded(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise Incapable(_PART) from None


def _objects_of(schema: Any) -> list[dict[str, Any]]:
    try:
        return list(_objects(schema))
    except RecursionError:
        raise Incapable(_PART) from None


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every sub-schema of type object. A `$ref` is never followed."""
    if isinstance(node, list):
        for inner in node:
            yield from _objects(inner)
    elif isinstance(node, dict):
        if node.get("type") == "object" or "properties" in node:
            yield node
        for name, inner in node.items():
            if name not in ("enum", "const", "default", "examples", "required"):
                yield from _objects(inner)
