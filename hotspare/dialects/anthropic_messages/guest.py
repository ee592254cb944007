"""Take out of a messages request what its caller wrote for another provider of the same dialect.

A signature of thinking is bound to who signed it, a mark for a cache to whose cache it is; fields beyond the dialect's
own belong to beta features, and tools with a type of their own to the models that were taught them.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from hotspare.dialects.body import Fields
from hotspare.router.trigger import Incapable

_COMMON = frozenset(
    {
        "model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences",
        "metadata", "tools", "tool_choice", "thinking", "output_config",
        "output_format",
    }
)  # fmt: skip
_COMMON_OF_TOOLS = frozenset({"type", "name", "description", "input_schema", "strict"})
_NEEDED = ("mcp_servers", "container")
_NOTHING = (b"null", b"[]", b"{}")
_THINKING = ("thinking", "redacted_thinking")
_MARKS = (b'"cache_control"', b'"thinking"', b'"redacted_thinking"')

_encode = msgspec.json.Encoder().encode


def without_bound(fields: Fields) -> tuple[Fields, tuple[str, ...]]:
    """The fields without them, and the names of what was left out.

    Raises:
        Incapable: what would be left is not what was asked for.
    """
    for name in _NEEDED:
        if name in fields and bytes(fields[name]) not in _NOTHING:
            raise Incapable(name)
    kept = {name: raw for name, raw in fields.items() if name in _COMMON}
    dropped = [name for name, raw in fields.items() if name not in _COMMON and bytes(raw) not in _NOTHING]
    dropped += _strip_messages(kept) + _strip_tools(kept)
    if b'"cache_control"' in bytes(kept.get("system", b"")):
        system = _decoded(kept["system"])
        dropped += _unmarked(system)
        kept["system"] = msgspec.Raw(_encode(system))
    return kept, tuple(dict.fromkeys(dropped))


def _strip_messages(kept: Fields) -> list[str]:
    messages = _decoded(kept["messages"])
    if not messages:
        return []
    if isinstance(messages[-1], dict) and messages[-1].get("role") == "assistant":
        raise Incapable("messages: the last one is the assistant's, to be continued")
    if not any(mark in bytes(kept["messages"]) for mark in _MARKS):
        return []
    thought = _forget_thinking(messages)
    found = [*thought, *_unmarked(messages)]
    kept["messages"] = msgspec.Raw(_encode([message for message in messages if _says_something(message)]))
    if thought and "thinking" in kept and _answers_tools(messages):
        del kept["thinking"]  # a turn that began with thought must go on with it: this one would begin without
        found.append("thinking")
    return found


def _forget_thinking(messages: list[Any]) -> list[str]:
    found = False
    for message in messages:
        if isinstance(message, dict) and isinstance(message.get("content"), list):
            kept = [block for block in message["content"] if not _is_thinking(block)]
            found = found or len(kept) < len(message["content"])
            message["content"] = kept
    return ["messages.thinking"] if found else []


def _is_thinking(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") in _THINKING


def _says_something(message: Any) -> bool:
    return not isinstance(message, dict) or message.get("content") != []


def _answers_tools(messages: list[Any]) -> bool:
    return any(block.get("type") == "tool_result" for block in _blocks(messages[-1:]))


def _strip_tools(kept: Fields) -> list[str]:
    if bytes(kept.get("tools", b"null")) in _NOTHING:
        return []
    tools, found = _decoded(kept["tools"]), []
    for tool in tools:
        if isinstance(tool, dict):
            kind = tool.get("type")
            if kind not in (None, "custom"):
                raise Incapable(f"tools.{str(kind)[:40]}")
            found += [f"tools.{key}" for key in tool.keys() - _COMMON_OF_TOOLS]
            for key in tool.keys() - _COMMON_OF_TOOLS:
                del tool[key]
    if found:
        kept["tools"] = msgspec.Raw(_encode(tools))
    return sorted(set(found))


def _unmarked(items: list[Any]) -> list[str]:
    """The marks taken off, in place."""
    marks = [block.pop("cache_control", None) for block in _blocks(items)]
    return ["cache_control"] if any(mark is not None for mark in marks) else []


def _blocks(items: list[Any]) -> Iterator[dict[str, Any]]:
    """Messages or blocks, and the blocks that they hold."""
    for item in items:
        if isinstance(item, dict):
            yield item
            inner = item.get("content")
            if isinstance(inner, list):
                yield from _blocks(inner)


def _decoded(raw: msgspec.Raw) -> list[Any]:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return []
    return value if isinstance(value, list) else []
