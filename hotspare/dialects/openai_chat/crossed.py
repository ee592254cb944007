"""Write a chat completion request for a caller of another dialect."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hotspare.dialects.composed import Composed, named
from hotspare.dialects.conversation import Conversation, File, Image, Text, Tool, ToolCall, ToolChoice, ToolResult, Turn
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.openai_chat.adapting import adapt
from hotspare.dialects.openai_chat.answer import write_call
from hotspare.dialects.schema import is_strict

_WANTS_COMPLETION_TOKENS = ("openai.com", "azure.com")
"""Where `max_tokens` is refused by newer models; other servers know only that name."""

_SAME_FIELD: Mapping[str, str] = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_PICTURE_FOLLOWS = "See the picture that follows."
_encode = msgspec.json.Encoder().encode


def write_request(conversation: Conversation, endpoint: Endpoint, *, stream: bool) -> Composed:
    """The request in this dialect, the model's defaults filled in."""
    body: dict[str, Any] = {"model": endpoint.model_id, "messages": _messages(conversation)}
    body |= _limits(conversation, endpoint) | _tools(conversation) | _form(conversation)
    if stream:
        body["stream"] = True
        if endpoint.stream_usage:
            body["stream_options"] = {"include_usage": True}
    for name, value in endpoint.parameters.items():
        if name not in body and _SAME_FIELD.get(name) not in body and name not in endpoint.adaptation.refuses:
            body[name] = value
    left_out = adapt(body, endpoint.adaptation)
    return Composed(_encode(body), named((*conversation.dropped, *left_out)))


def _limits(conversation: Conversation, endpoint: Endpoint) -> dict[str, Any]:
    newer = any(host in endpoint.base_url for host in _WANTS_COMPLETION_TOKENS)
    told = {
        "max_completion_tokens" if newer else "max_tokens": conversation.max_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "stop": conversation.stops or None,
        "user": conversation.user,
    }
    return {name: value for name, value in told.items() if value is not None}


# ------------------------------------------------------------------ messages
def _messages(conversation: Conversation) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if conversation.system:
        messages.append({"role": "system", "content": "\n\n".join(conversation.system)})
    for turn in conversation.turns:
        messages += _assistant(turn) if turn.role == "assistant" else _user(turn)
    return messages


def _assistant(turn: Turn) -> list[dict[str, Any]]:
    calls = [write_call(part) for part in turn.parts if isinstance(part, ToolCall)]
    text = "".join(part.text for part in turn.parts if isinstance(part, Text))
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if calls:
        message["tool_calls"] = calls
    return [message]


def _user(turn: Turn) -> list[dict[str, Any]]:
    """Results first, each a message of its own, as they must follow the calls; pictures in them after all of them."""
    messages: list[dict[str, Any]] = []
    rest: list[Text | Image | File] = []
    for part in turn.parts:
        if isinstance(part, ToolResult):
            text = "\n".join(inner.text for inner in part.parts if isinstance(inner, Text))
            pictures = [inner for inner in part.parts if not isinstance(inner, Text)]
            content = text or (_PICTURE_FOLLOWS if pictures else "")
            messages.append({"role": "tool", "tool_call_id": part.id, "content": content})
            rest += pictures
        elif not isinstance(part, ToolCall):
            rest.append(part)
    if rest:
        messages.append({"role": "user", "content": _content(rest)})
    return messages


def _content(parts: Iterable[Text | Image | File]) -> str | list[dict[str, Any]]:
    written = [_part(part) for part in parts]
    return str(written[0]["text"]) if len(written) == 1 and written[0]["type"] == "text" else written


def _part(part: Text | Image | File) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(media_type, data, url):
            return {"type": "image_url", "image_url": {"url": url or f"data:{media_type};base64,{data}"}}
        case File(media_type, data, name):
            inline = {"filename": name or "document", "file_data": f"data:{media_type};base64,{data}"}
            return {"type": "file", "file": inline}


# ------------------------------------------------------------------ tools and forms
def _tools(conversation: Conversation) -> dict[str, Any]:
    if not conversation.tools:
        return {}
    told: dict[str, Any] = {"tools": [_tool(tool) for tool in conversation.tools]}
    if conversation.tool_choice is not None:
        told["tool_choice"] = _choice(conversation.tool_choice)
    if conversation.parallel_calls is not None:
        told["parallel_tool_calls"] = conversation.parallel_calls
    return told


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = tool.schema
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice.kind == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return "required" if choice.kind == "any" else choice.kind


def _form(conversation: Conversation) -> dict[str, Any]:
    if conversation.schema is None:
        return {}
    schema = {"name": "answer", "schema": conversation.schema, "strict": is_strict(conversation.schema)}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
