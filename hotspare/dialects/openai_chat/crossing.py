"""Read a chat completion request into what dialects have in common, to be written in another."""

from collections.abc import Iterable, Mapping

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.composed import decode_request
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
from hotspare.dialects.data_url import inline_data
from hotspare.dialects.openai_chat.arguments import whole_arguments
from hotspare.dialects.provider_error import one_line
from hotspare.router.trigger import Incapable

CARRIED = frozenset(
    {
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p",
        "stop", "user", "tools", "tool_choice", "parallel_tool_calls", "response_format",
    }
)  # fmt: skip

_NO_LOSS: Mapping[str, frozenset[bytes]] = {
    "n": frozenset({b"1"}),
    "logprobs": frozenset({b"false"}),
    "modalities": frozenset({b'["text"]'}),
    "functions": frozenset({b"[]"}),
    "function_call": frozenset({b'"auto"', b'"none"'}),
}
"""Values that say what happens anyway: leaving them out drops nothing."""

_NO_PARAMETERS = msgspec.Raw(b'{"type":"object","properties":{}}')


class _ImageUrl(msgspec.Struct):
    url: str
    detail: str | None = None


class _FileData(msgspec.Struct):
    file_data: str | None = None
    filename: str | None = None


class _Part(msgspec.Struct):
    type: str = ""
    text: str = ""
    refusal: str = ""
    image_url: _ImageUrl | None = None
    file: _FileData | None = None


class _Function(msgspec.Struct):
    name: str = ""
    arguments: str = ""


class _Call(msgspec.Struct):
    id: str = ""
    type: str = "function"
    function: _Function | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None
    refusal: str | None = None
    name: str | None = None
    reasoning_content: msgspec.Raw = msgspec.Raw(b"null")
    tool_calls: list[_Call] | None = None
    tool_call_id: str = ""


class _ToolFunction(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: msgspec.Raw = _NO_PARAMETERS
    strict: bool | None = None


class _Tool(msgspec.Struct):
    type: str = "function"
    function: _ToolFunction | None = None


class _ChosenFunction(msgspec.Struct):
    name: str


class _Choice(msgspec.Struct):
    type: str = ""
    function: _ChosenFunction | None = None


class _Schema(msgspec.Struct):
    schema: msgspec.Raw = msgspec.Raw(b"null")


class _Format(msgspec.Struct):
    type: str = "text"
    json_schema: _Schema | None = None


class _Chat(msgspec.Struct):
    messages: list[_Message]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    user: str | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None


_CHOICES: Mapping[str, ToolChoice] = {
    "auto": ToolChoice("auto"),
    "none": ToolChoice("none"),
    "required": ToolChoice("any"),
}


def tell_request(call: Call) -> Conversation:
    """The request.

    Raises:
        Incapable: it holds what no other dialect has a counterpart for.
        AttemptFailed: it is malformed (bad_request).
    """
    chat = decode_request({name: raw for name, raw in call.fields.items() if name in CARRIED}, _Chat)
    conversation = Conversation(
        turns=[],
        tools=[_tool(tool) for tool in chat.tools or ()],
        tool_choice=_choice(chat.tool_choice),
        parallel_calls=chat.parallel_tool_calls,
        max_tokens=chat.max_completion_tokens or chat.max_tokens,
        temperature=chat.temperature,
        top_p=chat.top_p,
        stops=[chat.stop] if isinstance(chat.stop, str) else chat.stop or [],
        user=chat.user,
        schema=_schema(chat.response_format),
        dropped=_dropped(call.fields),
    )
    for message in chat.messages:
        _take(message, conversation)
    return conversation


def _dropped(fields: Mapping[str, msgspec.Raw]) -> list[str]:
    return [
        name
        for name, raw in fields.items()
        if name not in CARRIED and bytes(raw) != b"null" and bytes(raw) not in _NO_LOSS.get(name, ())
    ]


# ------------------------------------------------------------------ messages
def _take(message: _Message, conversation: Conversation) -> None:
    if message.name:
        conversation.drop("messages.name")
    if bytes(message.reasoning_content) not in (b"null", b'""'):
        conversation.drop("messages.reasoning_content")
    parts = list(_parts(message, conversation))
    match message.role:
        case "system" | "developer":
            conversation.system += [part.text for part in parts if isinstance(part, Text)]
        case "user":
            for part in parts:
                conversation.say("user", part)
        case "assistant":
            for part in (*parts, *_calls(message)):
                conversation.say("assistant", part)
        case "tool":
            told = tuple(part for part in parts if isinstance(part, Text | Image | File))
            conversation.say("user", ToolResult(message.tool_call_id, told))
        case other:
            raise Incapable(f"messages.role {one_line(other, 40)!r}")


def _parts(message: _Message, conversation: Conversation) -> Iterable[Part]:
    if isinstance(message.content, list):
        parts: Iterable[Part] = (_part(part, conversation) for part in message.content)
    else:
        parts = (Text(message.content or message.refusal or ""),)
    return (part for part in parts if not isinstance(part, Text) or part.text.strip())


def _part(part: _Part, conversation: Conversation) -> Part:
    match part:
        case _Part(type="text", text=text) | _Part(type="refusal", refusal=text):
            return Text(text)
        case _Part(type="image_url", image_url=_ImageUrl(url=url, detail=detail)):
            if detail not in (None, "auto"):
                conversation.drop("messages.image_url.detail")
            return _image(url)
        case _Part(type="file", file=_FileData(file_data=str(data), filename=name)):
            inline = inline_data(data)
            if inline is not None:
                return File(*inline, name or "")
    raise Incapable(f"messages.content.{one_line(part.type, 40)}")


def _image(url: str) -> Image:
    if not url.startswith("data:"):
        return Image(url=url)
    inline = inline_data(url)
    if inline is None:
        raise Incapable("messages.image_url.url")
    return Image(*inline)


def _calls(message: _Message) -> Iterable[Part]:
    for call in message.tool_calls or ():
        if call.function is None:
            raise Incapable(f"messages.tool_calls.{one_line(call.type, 40)}")
        yield ToolCall(call.id, call.function.name, whole_arguments(call.function.arguments))


# ------------------------------------------------------------------ tools and forms
def _tool(tool: _Tool) -> Tool:
    function = tool.function
    if function is None:
        raise Incapable(f"tools.{one_line(tool.type, 40)}")
    schema = function.parameters if bytes(function.parameters) != b"null" else _NO_PARAMETERS
    return Tool(function.name, function.description, schema, function.strict)


def _choice(choice: str | _Choice | None) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, _Choice) and choice.type == "function" and choice.function is not None:
        return ToolChoice("tool", choice.function.name)
    if isinstance(choice, str) and choice in _CHOICES:
        return _CHOICES[choice]
    raise Incapable("tool_choice")


def _schema(told: _Format | None) -> msgspec.Raw | None:
    if told is None or told.type == "text":
        return None
    if told.type != "json_schema" or told.json_schema is None:
        raise Incapable("response_format")
    return told.json_schema.schema
