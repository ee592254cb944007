"""What a message says, and what its request asked it to be: for whoever judges it."""

from typing import Any

import msgspec

from hotspare.dialects.anthropic_messages.answer import STOPS
from hotspare.dialects.call import Call
from hotspare.dialects.content.expected import Expected, ExpectedCall, ExpectedJson
from hotspare.dialects.content.statement import MadeCall, Place, Statement


class _Choice(msgspec.Struct):
    type: str = ""
    name: str = ""


class _Tool(msgspec.Struct):
    name: str = ""
    input_schema: Any = None


class _Format(msgspec.Struct):
    type: str = ""
    schema: Any = None


class _OutputConfig(msgspec.Struct):
    format: _Format | None = None


_CHOICE = msgspec.json.Decoder(_Choice | None)
_TOOLS = msgspec.json.Decoder(list[_Tool] | None)
_OUTPUT_CONFIG = msgspec.json.Decoder(_OutputConfig | None)
_REASONING = frozenset({"thinking", "redacted_thinking"})


def expected_of(call: Call) -> Expected | None:
    """What the answer must be; None where text will do, or where the request can't be read (the model's to refuse)."""
    fields = call.fields
    if "tool_choice" not in fields and "output_config" not in fields:
        return None
    limited = "max_tokens" in fields
    try:
        choice = _CHOICE.decode(fields.get("tool_choice", b"null"))
        if choice is not None and choice.type in ("any", "tool"):
            tools = _TOOLS.decode(fields.get("tools", b"null")) or ()
            return ExpectedCall({tool.name: tool.input_schema for tool in tools}, choice.name, limited)
        config = _OUTPUT_CONFIG.decode(fields.get("output_config", b"null"))
    except (msgspec.DecodeError, RecursionError):
        return None
    if config is None or config.format is None or config.format.type != "json_schema":
        return None
    return ExpectedJson(config.format.schema, limited)


def statements_of(answer: dict[str, Any]) -> list[Statement]:
    """What a decoded answer says."""
    blocks = [block for block in answer.get("content") or () if isinstance(block, dict)]
    reason = answer.get("stop_reason")
    return [
        Statement(
            stop=STOPS.get(reason, "stop") if isinstance(reason, str) else "stop",
            texts=[Place(block, "text") for block in blocks if _is_text(block)],
            calls=[
                MadeCall(block["name"], Place(block, "input"), as_text=False) for block in blocks if _is_call(block)
            ],
            other=any(not (_is_text(block) or _is_call(block) or _is_reasoning(block)) for block in blocks),
        )
    ]


def _is_text(block: dict[str, Any]) -> bool:
    return block.get("type") == "text" and isinstance(block.get("text"), str)


def _is_call(block: dict[str, Any]) -> bool:
    return block.get("type") == "tool_use" and isinstance(block.get("name"), str) and "input" in block


def _is_reasoning(block: dict[str, Any]) -> bool:
    return block.get("type") in _REASONING
