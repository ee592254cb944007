"""JSON schemas as the dialects demand them: each is strict about objects, in its own way."""

from collections.abc import Iterator
from typing import Any

import msgspec


def is_strict(raw: msgspec.Raw) -> bool:
    """Whether every object forbids other properties and requires all of its own: what OpenAI's strict mode takes."""
    return all(
        node.get("additionalProperties") is False
        and set(node.get("required") or ()) == set(node.get("properties") or ())
        for node in _objects(msgspec.json.decode(raw))
    )


def closed(raw: msgspec.Raw) -> Any:
    """The schema with every object that says nothing of other properties forbidding them, as Anthropic requires."""
    schema = msgspec.json.decode(raw)
    for node in _objects(schema):
        node.setdefault("additionalProperties", False)
    return schema


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
