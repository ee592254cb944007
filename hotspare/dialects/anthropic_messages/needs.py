"""What a messages request asks of a model beyond text: tables, and a scan that costs little.

A quoted mark (`"document"`) cannot stand inside a JSON string unescaped, so text that merely mentions one does not
match; a match is confirmed by decoding.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_ABSENT = frozenset({b"null", b"[]", b"{}"})

_NEEDED_BY: Mapping[str, str] = {
    "tools": "tools",
    "mcp_servers": "mcp_servers",
    "container": "container",
    "output_format": "json_schema",
}

_NEEDED_BY_BLOCK: Mapping[str, str] = {
    "image": "images",
    "document": "files",
    "tool_use": "tools",
    "tool_result": "tools",
    "search_result": "search_result",
    "container_upload": "container",
}

_HARMLESS = frozenset({"text", "thinking", "redacted_thinking"})

PROVIDER_TOOLS = "provider_tools"
"""Tools that the provider itself knows or runs, and what came of them."""

_OWN_TOOL = re.compile(rb'"type"\s*:\s*"(?:[a-z_]+_20\d{6}|mcp_toolset)"')
_BLOCK = re.compile(
    rb'"type"\s*:\s*"(?:image|document|search_result|container_upload|server_tool_use|mcp_tool_use|[a-z_]+_tool_result)"'
)
_CALL = re.compile(rb'"type"\s*:\s*"tool_(?:use|result)"')


class _Kind(msgspec.Struct):
    type: str = ""


class _Block(msgspec.Struct):
    type: str = ""
    content: Any = None


class _Message(msgspec.Struct):
    content: str | list[_Block] = ""


class _OutputConfig(msgspec.Struct):
    format: _Kind | None = None


_KINDS = msgspec.json.Decoder(list[_Kind])
_MESSAGES = msgspec.json.Decoder(list[_Message])
_OUTPUT_CONFIG = msgspec.json.Decoder(_OutputConfig | None)


def needs_of(fields: Mapping[str, msgspec.Raw]) -> frozenset[str]:
    """What a model must be capable of to serve the request."""
    needs = {need for field, need in _NEEDED_BY.items() if field in fields and bytes(fields[field]) not in _ABSENT}
    if "tools" in needs and _OWN_TOOL.search(bytes(fields["tools"])):
        needs |= _needs_of_tools(fields["tools"])
    messages = bytes(fields["messages"])
    if _BLOCK.search(messages) or ("tools" not in needs and _CALL.search(messages)):
        needs |= _needs_of_messages(messages)
    if "output_config" in fields:
        needs |= _needs_of_output(fields["output_config"])
    return frozenset(needs)


def _needs_of_tools(raw: msgspec.Raw) -> set[str]:
    try:
        kinds = _KINDS.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return set()
    return {PROVIDER_TOOLS for kind in kinds if kind.type not in ("", "custom")}


def _needs_of_messages(raw: bytes) -> set[str]:
    try:
        messages = _MESSAGES.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return set()
    needs: set[str] = set()
    for message in messages:
        if isinstance(message.content, list):
            needs |= _needs_of_blocks((block.type, block.content) for block in message.content)
    return needs


def _needs_of_blocks(blocks: Iterable[tuple[str, Any]]) -> set[str]:
    needs: set[str] = set()
    for kind, content in blocks:
        if kind not in _HARMLESS:
            needs.add(_NEEDED_BY_BLOCK.get(kind, PROVIDER_TOOLS))
        if kind == "tool_result" and isinstance(content, list):
            inner = [block.get("type") for block in content if isinstance(block, dict)]
            needs |= _needs_of_blocks((str(told), None) for told in inner)
    return needs


def _needs_of_output(raw: msgspec.Raw) -> set[str]:
    try:
        config = _OUTPUT_CONFIG.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return set()
    return {"json_schema"} if config is not None and config.format is not None else set()
