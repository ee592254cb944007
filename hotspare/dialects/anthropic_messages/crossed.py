"""Write a messages request for a caller of another dialect."""

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hotspare.dialects.anthropic_messages.request import NOT_OF_THIS_DIALECT
from hotspare.dialects.composed import Composed, named
from hotspare.dialects.conversation import (
    Conversation,
    File,
    Image,
    Part,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.schema import closed
from hotspare.router.trigger import Incapable

DEFAULT_MAX_TOKENS = 4096

_IN_THIS_DIALECT: Mapping[str, str] = {"max_completion_tokens": "max_tokens", "stop": "stop_sequences"}
"""A model's defaults may be given in either dialect's words."""

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]")
_encode = msgspec.json.Encoder().encode


def write_request(conversation: Conversation, endpoint: Endpoint, *, stream: bool) -> Composed:
    """The request in this dialect, the model's defaults filled in.

    Raises:
        Incapable: the conversation does not begin, or end, as this dialect must have it.
    """
    defaults = _defaults(endpoint)
    body: dict[str, Any] = {
        "model": endpoint.model_id,
        "max_tokens": conversation.max_tokens or defaults.get("max_tokens") or DEFAULT_MAX_TOKENS,
    }
    strict, refused = endpoint.adaptation.strict_tools, endpoint.adaptation.refuses
    body |= _turns(conversation) | _sampling(conversation, defaults) | _tools(conversation, strict=strict)
    if conversation.schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": closed(conversation.schema)}}
    if stream:
        body["stream"] = True
    for name, value in defaults.items():
        body.setdefault(name, value)
    for name in sorted(refused & body.keys()):
        del body[name]
        if getattr(conversation, name, None) is not None:
            conversation.drop(name)
    return Composed(_encode(body), named(conversation.dropped))


def _defaults(endpoint: Endpoint) -> dict[str, Any]:
    """Those that are left for fields beside `_sampling`'s."""
    told = {_IN_THIS_DIALECT.get(name, name): value for name, value in endpoint.parameters.items()}
    if isinstance(told.get("stop_sequences"), str):
        told["stop_sequences"] = [told["stop_sequences"]]
    return {name: value for name, value in told.items() if name not in NOT_OF_THIS_DIALECT}


def _sampling(conversation: Conversation, defaults: dict[str, Any]) -> dict[str, Any]:
    """Temperature ends at 1 here, and newer models take either it or top_p, not both."""
    values: dict[str, Any] = {}
    top_p = defaults.pop("top_p", None) if conversation.top_p is None else conversation.top_p
    temperature = defaults.pop("temperature", None)
    if conversation.temperature is not None:
        temperature = conversation.temperature
    elif conversation.top_p is not None:
        temperature = None
    if temperature is not None:
        values["temperature"] = min(temperature, 1.0)
    elif top_p is not None:
        values["top_p"] = top_p
    if temperature is not None and conversation.top_p not in (None, 1.0):
        conversation.drop("top_p")
    stops = [stop for stop in conversation.stops if stop.strip()]  # a sequence of blanks is refused
    if stops:
        values["stop_sequences"] = stops
    if len(stops) < len(conversation.stops):
        conversation.drop("stop")
    if conversation.user:
        values["metadata"] = {"user_id": conversation.user}
    return values


# ------------------------------------------------------------------ messages
def _turns(conversation: Conversation) -> dict[str, Any]:
    turns = [(turn.role, [_block(part) for part in _results_first(turn.parts)]) for turn in conversation.turns]
    system = "\n\n".join(conversation.system)
    if not turns and system:
        turns, system = [("user", [{"type": "text", "text": system}])], ""
    if not turns or turns[0][0] != "user":
        raise Incapable("messages: the first one is not the user's")
    if turns[-1][0] == "assistant":
        raise Incapable("messages: the last one is the assistant's")
    told: dict[str, Any] = {"messages": [{"role": role, "content": _content(blocks)} for role, blocks in turns]}
    return told | ({"system": system} if system else {})


def _results_first(parts: Sequence[Part]) -> list[Part]:
    """Results of tools must stand before anything else in their turn."""
    return sorted(parts, key=lambda part: not isinstance(part, ToolResult))


def _content(blocks: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    return str(blocks[0]["text"]) if len(blocks) == 1 and blocks[0]["type"] == "text" else blocks


def _block(part: Part) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(url=url) if url:
            return {"type": "image", "source": {"type": "url", "url": url}}
        case Image(media_type, data):
            return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}
        case File():
            return _document(part)
        case ToolCall(call_id, name, arguments):
            return {"type": "tool_use", "id": _safe(call_id), "name": name, "input": msgspec.Raw(arguments)}
        case ToolResult(call_id, parts):
            told: dict[str, Any] = {"type": "tool_result", "tool_use_id": _safe(call_id)}
            return told | ({"content": _content([_block(inner) for inner in parts])} if parts else {})


def _document(file: File) -> dict[str, Any]:
    source = {"type": "base64", "media_type": file.media_type, "data": file.data}
    return {"type": "document", "source": source} | ({"title": file.name} if file.name else {})


def _safe(call_id: str) -> str:
    """An id as this dialect takes it; the same one for a call and its result."""
    if call_id and not _NOT_IN_AN_ID.search(call_id):
        return call_id
    return f"{_NOT_IN_AN_ID.sub('_', call_id)}_{zlib.crc32(call_id.encode()):08x}"


# ------------------------------------------------------------------ tools
def _tools(conversation: Conversation, *, strict: bool) -> dict[str, Any]:
    if not conversation.tools:
        return {}
    told: dict[str, Any] = {"tools": [_tool(tool, strict=strict) for tool in conversation.tools]}
    if not strict and any(tool.strict for tool in conversation.tools):
        conversation.drop("tools.strict")
    choice = _choice(conversation.tool_choice, conversation.parallel_calls)
    return told | ({"tool_choice": choice} if choice else {})


def _tool(tool: Tool, *, strict: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        told["description"] = tool.description
    told["input_schema"] = tool.schema
    if strict and tool.strict is not None:
        told["strict"] = tool.strict
    return told


def _choice(choice: ToolChoice | None, parallel: bool | None) -> dict[str, Any]:
    if choice is None and parallel is not False:
        return {}
    kind = "auto" if choice is None else choice.kind
    told: dict[str, Any] = {"type": kind} | ({"name": choice.name} if choice is not None and kind == "tool" else {})
    if parallel is False and kind != "none":
        told["disable_parallel_tool_use"] = True
    return told
