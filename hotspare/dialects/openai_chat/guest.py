"""Take out of a chat completion request what its caller wrote for another provider of the same dialect.

Stored reasoning, marks for a cache, token ids, tiers of service: they mean something to the provider that they are of,
to others nothing, or something else.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from hotspare.dialects.body import Fields
from hotspare.router.trigger import Incapable

_BOUND = frozenset(
    {
        "store", "metadata", "service_tier", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
        "logit_bias", "prediction", "verbosity", "reasoning_effort", "reasoning", "thinking", "extra_body",
        "provider", "models", "route", "transforms", "plugins", "usage", "cache_control",
    }
)  # fmt: skip
"""Fields of a request that only one provider, or the tokens of its models, give a meaning."""

_BOUND_INSIDE = ("reasoning_content", "reasoning", "reasoning_details", "extra_content", "cache_control")
"""The same of messages, their parts and tool calls, and of tools."""

_MARKS = tuple(f'"{name}"'.encode() for name in (*_BOUND_INSIDE, "prefix"))
_encode = msgspec.json.Encoder().encode


def without_bound(fields: Fields) -> tuple[Fields, tuple[str, ...]]:
    """The fields without them, and the names of what was left out.

    Raises:
        Incapable: the last message is to be continued by the model, which another may not do.
    """
    kept = {name: raw for name, raw in fields.items() if name not in _BOUND}
    dropped = [name for name, raw in fields.items() if name in _BOUND and bytes(raw) not in (b"null", b"{}", b"false")]
    for name in ("messages", "tools"):
        if name in kept and any(mark in bytes(kept[name]) for mark in _MARKS):
            kept[name], found = _stripped(kept[name], name)
            dropped += found
    return kept, tuple(dict.fromkeys(dropped))


def _stripped(raw: msgspec.Raw, name: str) -> tuple[msgspec.Raw, list[str]]:
    try:
        items: Any = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return raw, []
    if not isinstance(items, list):
        return raw, []
    found: list[str] = []
    for item in _inside(items):
        if item.pop("prefix", None) is True:
            raise Incapable("messages.prefix")
        found += [f"{name}.{key}" for key in _BOUND_INSIDE if item.pop(key, None) is not None]
    return msgspec.Raw(_encode(items)), found


def _inside(items: list[Any]) -> Iterator[dict[str, Any]]:
    """Messages or tools, and what they hold; not the arguments and schemas in them, which are the caller's own."""
    for item in items:
        if isinstance(item, dict):
            yield item
            for held in ("content", "tool_calls"):
                inner = item.get(held)
                if isinstance(inner, list):
                    yield from _inside(inner)
