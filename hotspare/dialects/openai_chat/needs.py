"""What a chat completion request asks of a model beyond text: tables, and a scan of the messages that costs little.

A quoted mark (`"image_url"`) cannot stand inside a JSON string unescaped, so a message that merely mentions one does
not match; a match is confirmed by decoding.
"""

import re
from collections.abc import Mapping

import msgspec

_ABSENT = frozenset({b"null", b"[]", b"{}", b"false", b'"none"', b'"auto"'})

FUNCTIONS = "functions"
"""Tools as they were called and written before."""

_NEEDED_BY: Mapping[str, str] = {
    "tools": "tools",
    "tool_choice": "tools",
    "functions": FUNCTIONS,
    "function_call": FUNCTIONS,
    "audio": "audio",
    "logprobs": "logprobs",
    "web_search_options": "web_search",
}

_NEEDED_BY_PART: Mapping[str, str] = {
    "image_url": "images",
    "input_audio": "audio",
    "file": "files",
}

_MARK = re.compile(rb'"(?:image_url"|input_audio"|file"|tool_call|function")')

_CUSTOM = b'"custom"'


class _Kind(msgspec.Struct):
    type: str = ""


class _Message(msgspec.Struct):
    role: str = ""
    content: str | list[_Kind] | None = None
    tool_calls: list[msgspec.Raw] | None = None
    function_call: dict[str, msgspec.Raw] | None = None


_KINDS = msgspec.json.Decoder(list[_Kind])
_KIND = msgspec.json.Decoder(_Kind)
_MESSAGES = msgspec.json.Decoder(list[_Message])


def needs_of(fields: Mapping[str, msgspec.Raw]) -> frozenset[str]:
    """What a model must be capable of to serve the request."""
    needs: set[str] = set()
    if not _NEEDED_BY.keys().isdisjoint(fields):
        needs = {need for field, need in _NEEDED_BY.items() if field in fields and bytes(fields[field]) not in _ABSENT}
    needs |= _needs_of_messages(fields["messages"])
    if "tools" in fields and _CUSTOM in bytes(fields["tools"]):
        needs |= _needs_of_tools(fields["tools"])
    if FUNCTIONS in needs:
        needs.add("tools")
    if "response_format" in fields:
        kind = _kind_of(fields["response_format"])
        needs |= {kind} & {"json_schema", "json_object"}
    if "n" in fields and bytes(fields["n"]) not in (b"1", b"null"):
        needs.add("n")
    if "modalities" in fields and b'"audio"' in bytes(fields["modalities"]):
        needs.add("audio")
    return frozenset(needs)


def _needs_of_tools(raw: msgspec.Raw) -> set[str]:
    try:
        kinds = _KINDS.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return set()
    return {"custom_tools" for kind in kinds if kind.type == "custom"}


def _kind_of(raw: msgspec.Raw) -> str:
    try:
        return _KIND.decode(raw).type
    except (msgspec.DecodeError, RecursionError):
        return ""


def _needs_of_messages(raw: msgspec.Raw) -> set[str]:
    if _MARK.search(memoryview(raw)) is None:
        return set()
    try:
        messages = _MESSAGES.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return set()
    needs: set[str] = set()
    for message in messages:
        if message.tool_calls or message.role == "tool":
            needs.add("tools")
        if message.function_call or message.role == "function":
            needs.add(FUNCTIONS)
        if isinstance(message.content, list):
            needs |= {_NEEDED_BY_PART[part.type] for part in message.content if part.type in _NEEDED_BY_PART}
    return needs
