"""Read a messages request into what dialects have in common, to be written in another.

Reasoning and its signatures, cache marks and beta features stay behind: they mean something to their own provider only.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

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
from hotspare.dialects.provider_error import one_line
from hotspare.router.trigger import Incapable

CARRIED = frozenset(
    {
        "model", "messages", "stream", "system", "max_tokens", "temperature", "top_p", "stop_sequences", "metadata",
        "tools", "tool_choice", "output_config", "output_format",
    }
)  # fmt: skip

_MARKED = ("system", "messages", "tools")
_CACHE_MARK = b'"cache_control"'

_NO_LOSS: Mapping[str, frozenset[bytes]] = {
    "thinking": frozenset({b'{"type":"disabled"}', b'{"type": "disabled"}'}),
    "mcp_servers": frozenset({b"[]"}),
}
"""Values that say what happens anyway: leaving them out drops nothing."""


class _Source(msgspec.Struct):
    type: str = ""
    media_type: str = ""
    data: str = ""
    url: str = ""


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    source: _Source | None = None
    title: str | None = None
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")
    tool_use_id: str = ""
    content: "str | list[_Block] | None" = None
    is_error: bool | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Block]


class _Tool(msgspec.Struct):
    name: str
    type: str | None = None
    description: str | None = None
    input_schema: msgspec.Raw = msgspec.Raw(b'{"type":"object","properties":{}}')
    strict: bool | None = None


class _Choice(msgspec.Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str = ""
    disable_parallel_tool_use: bool | None = None


class _Metadata(msgspec.Struct):
    user_id: str | None = None


class _Format(msgspec.Struct):
    type: str
    schema: msgspec.Raw = msgspec.Raw(b"null")


class _OutputConfig(msgspec.Struct):
    format: _Format | None = None
    effort: str | None = None


class _Request(msgspec.Struct):
    messages: list[_Message]
    system: str | list[_Block] | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: list[str] | None = None
    metadata: _Metadata | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None
    output_config: _OutputConfig | None = None
    output_format: _Format | None = None
    """As `output_config.format` was called before."""


def tell_request(call: Call) -> Conversation:
    """The request.

    Raises:
        Incapable: it holds what no other dialect has a counterpart for.
        AttemptFailed: it is malformed (bad_request).
    """
    request = decode_request({name: raw for name, raw in call.fields.items() if name in CARRIED}, _Request)
    choice, output = request.tool_choice, request.output_config
    form = request.output_format if output is None or output.format is None else output.format
    conversation = Conversation(
        turns=[],
        system=[text for text in _system(request.system) if text.strip()],
        tools=[_tool(tool) for tool in request.tools or ()],
        tool_choice=None if choice is None else ToolChoice(choice.type, choice.name),
        parallel_calls=False if choice is not None and choice.disable_parallel_tool_use else None,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        stops=request.stop_sequences or [],
        user=None if request.metadata is None else request.metadata.user_id,
        schema=None if form is None else form.schema,
        dropped=_dropped(call.fields),
    )
    if output is not None and output.effort is not None:
        conversation.drop("output_config.effort")
    for message in request.messages:
        _take(message, conversation)
    if conversation.turns and conversation.turns[-1].role == "assistant":
        raise Incapable("messages: the last one is the assistant's, to be continued")
    return conversation


def _dropped(fields: Mapping[str, msgspec.Raw]) -> list[str]:
    dropped = [
        name
        for name, raw in fields.items()
        if name not in CARRIED and bytes(raw) != b"null" and bytes(raw) not in _NO_LOSS.get(name, ())
    ]
    marked = any(_CACHE_MARK in bytes(fields[name]) for name in _MARKED if name in fields)
    return [*dropped, "cache_control"] if marked and "cache_control" not in dropped else dropped


def _system(told: str | list[_Block] | None) -> list[str]:
    return [told] if isinstance(told, str) else [block.text for block in told or ()]


# ------------------------------------------------------------------ messages
def _take(message: _Message, conversation: Conversation) -> None:
    parts = _parts(message.content, conversation)
    match message.role:
        case "user":
            for part in parts:
                conversation.say("user", part)
        case "assistant":
            for part in parts:
                conversation.say("assistant", part)
        case "system":
            conversation.system += [part.text for part in parts if isinstance(part, Text)]
        case other:
            raise Incapable(f"messages.role {one_line(other, 40)!r}")


def _parts(content: str | list[_Block] | None, conversation: Conversation) -> Iterator[Part]:
    blocks = [_Block("text", content)] if isinstance(content, str) else content or []
    for block in blocks:
        for part in _block(block, conversation):
            if not isinstance(part, Text) or part.text.strip():
                yield part


def _block(block: _Block, conversation: Conversation) -> Iterator[Part]:
    match block.type:
        case "text":
            yield Text(block.text)
        case "image":
            yield _image(block.source)
        case "document":
            yield _document(block)
        case "tool_use":
            yield ToolCall(block.id, block.name, bytes(block.input))
        case "tool_result":
            yield _result(block, conversation)
        case "thinking" | "redacted_thinking":
            conversation.drop("messages.thinking")
        case other:
            raise Incapable(f"messages.content.{one_line(other, 40)}")


def _image(source: _Source | None) -> Image:
    match source:
        case _Source(type="base64", media_type=media_type, data=data):
            return Image(media_type, data)
        case _Source(type="url", url=url):
            return Image(url=url)
    raise Incapable("messages.content.image.source")


def _document(block: _Block) -> Part:
    match block.source:
        case _Source(type="base64", media_type=media_type, data=data):
            return File(media_type, data, block.title or "")
        case _Source(type="text", data=text):
            return Text(text)
    raise Incapable("messages.content.document.source")


def _result(block: _Block, conversation: Conversation) -> ToolResult:
    if block.is_error:
        conversation.drop("messages.is_error")
    parts = _parts(block.content, conversation)
    return ToolResult(block.tool_use_id, tuple(part for part in parts if isinstance(part, Text | Image | File)))


def _tool(tool: _Tool) -> Tool:
    if tool.type not in (None, "custom"):
        raise Incapable(f"tools.{one_line(tool.type or '', 40)}")
    return Tool(tool.name, tool.description, tool.input_schema, tool.strict)
