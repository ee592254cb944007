"""What a chat completion says, and what its request asked it to be: for whoever judges it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.content.expected import Expected, ExpectedCall, ExpectedJson
from hotspare.dialects.content.statement import MadeCall, Place, Statement
from hotspare.dialects.openai_chat.answer import STOPS

_ABSENT = frozenset({b"", b"null"})


class _Function(msgspec.Struct):
    name: str
    parameters: Any = None


class _Tool(msgspec.Struct):
    function: _Function | None = None


class _Chosen(msgspec.Struct):
    name: str = ""


class _Choice(msgspec.Struct):
    type: str = ""
    function: _Chosen | None = None


class _Schema(msgspec.Struct):
    schema: Any = None


class _Format(msgspec.Struct):
    type: str = ""
    json_schema: _Schema | None = None


_CHOICE = msgspec.json.Decoder(str | _Choice | None)
_TOOLS = msgspec.json.Decoder(list[_Tool] | None)
_FORMAT = msgspec.json.Decoder(_Format | None)


def expected_of(call: Call) -> Expected | None:
    """What the answer must be; None where text will do, or where the request can't be read (the model's to refuse)."""
    fields = call.fields
    if "tool_choice" not in fields and "response_format" not in fields:
        return None
    limited = any(bytes(fields.get(name, b"")) not in _ABSENT for name in ("max_tokens", "max_completion_tokens"))
    try:
        return _expected_call(fields, limited=limited) or _expected_json(fields, limited=limited)
    except (msgspec.DecodeError, RecursionError):
        return None


def _expected_call(fields: Mapping[str, msgspec.Raw], *, limited: bool) -> ExpectedCall | None:
    choice = _CHOICE.decode(fields.get("tool_choice", b"null"))
    name = choice.function.name if isinstance(choice, _Choice) and choice.function is not None else ""
    if not name and choice != "required":
        return None
    functions = [tool.function for tool in _TOOLS.decode(fields.get("tools", b"null")) or () if tool.function]
    return ExpectedCall({function.name: function.parameters for function in functions}, name, limited)


def _expected_json(fields: Mapping[str, msgspec.Raw], *, limited: bool) -> ExpectedJson | None:
    told = _FORMAT.decode(fields.get("response_format", b"null"))
    if told is None or told.type not in ("json_object", "json_schema"):
        return None
    if told.type == "json_object" or told.json_schema is None or told.json_schema.schema is None:
        return ExpectedJson(None, limited)
    return ExpectedJson(told.json_schema.schema, limited)


def statements_of(answer: dict[str, Any]) -> list[Statement]:
    """What each choice of a decoded answer says."""
    return [
        _statement(choice["message"], choice.get("finish_reason"))
        for choice in answer.get("choices") or ()
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict)
    ]


def _statement(message: dict[str, Any], reason: Any) -> Statement:
    told = message.get("tool_calls")
    calls = [call for call in told if isinstance(call, dict)] if isinstance(told, list) else []
    made = [MadeCall(*own) for call in calls if (own := _made(call)) is not None]
    content = message.get("content")
    return Statement(
        stop=STOPS.get(reason, "stop") if isinstance(reason, str) else "stop",
        texts=list(_texts(message)),
        calls=made,
        refused=bool(message.get("refusal")) and not made,
        other=bool(message.get("audio") or message.get("function_call"))
        or len(calls) > len(made)
        or (isinstance(content, list) and not all(_is_text(part) or _is_reasoning(part) for part in content)),
    )


def _made(call: dict[str, Any]) -> tuple[str, Place, bool] | None:
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return None
    function.setdefault("arguments", "")
    return function["name"], Place(function, "arguments"), True


def _texts(message: dict[str, Any]) -> Iterator[Place]:
    content = message.get("content")
    if isinstance(content, str):
        yield Place(message, "content")
    elif isinstance(content, list):
        yield from (Place(part, "text") for part in content if _is_text(part))


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def _is_reasoning(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "thinking"
