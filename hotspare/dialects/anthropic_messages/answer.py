"""Read a whole message from a model, and write one for a caller."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hotspare.dialects.composed import ReadAnswer
from hotspare.dialects.conversation import Reply, ToolCall
from hotspare.dialects.numbers import count
from hotspare.dialects.provider_error import failure_of, read_error, what_instead
from hotspare.dialects.stream import ENDS_WITHOUT_CONTENT, StopReason
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

STOPS: Mapping[str, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}

STOP_REASONS: Mapping[StopReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}

OUR_SIGNATURE = "hotspare"
"""Under the reasoning of a model that signs none; what bears it is taken out again before a provider sees it."""

_MARK = b"\xef\xbb\xbf"
_encode = msgspec.json.Encoder().encode


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")

    def something(self) -> bool:
        """Whether it is an answer: reasoning alone is none, nor are blanks."""
        return bool(self.text.strip()) or self.type not in ("", "text", "thinking", "redacted_thinking")


class _Message(msgspec.Struct):
    type: str = ""
    id: str = ""
    model: str = ""
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: msgspec.Raw = msgspec.Raw()


_MESSAGE = msgspec.json.Decoder(_Message)


def read_answer(body: bytes) -> ReadAnswer:
    """A whole answer, checked, its JSON byte for byte.

    Raises:
        AttemptFailed: it is no answer (malformed), says nothing (empty), or is an error.
    """
    body = body.removeprefix(_MARK).strip()
    _, usage = _checked(body)
    return ReadAnswer(body, usage)


def tell_answer(body: bytes) -> Reply:
    """A whole answer, checked, for the writer of another dialect.

    Raises:
        AttemptFailed: as `read_answer`.
    """
    message, usage = _checked(body.removeprefix(_MARK).strip())
    blocks = message.content or []
    calls = tuple(ToolCall(block.id, block.name, bytes(block.input)) for block in blocks if block.type == "tool_use")
    return Reply(
        id=message.id,
        model=message.model,
        text="".join(block.text for block in blocks if block.type == "text"),
        reasoning="".join(block.thinking for block in blocks if block.type == "thinking"),
        calls=calls,
        stop=STOPS.get(message.stop_reason or "", "stop"),
        usage=usage,
    )


def write_answer(reply: Reply, *, thinks: bool) -> bytes:
    """A message; `model` is the id that the provider gave. `thinks`: the caller asked to see reasoning."""
    content: list[dict[str, Any]] = []
    if reply.reasoning and thinks:
        content.append({"type": "thinking", "thinking": reply.reasoning, "signature": OUR_SIGNATURE})
    if reply.text:
        content.append({"type": "text", "text": reply.text})
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": msgspec.Raw(call.arguments)}
        for call in reply.calls
    ]
    return _encode(
        frame(reply.id, reply.model)
        | {
            "content": content,
            "stop_reason": stop_reason(reply.stop, called=bool(reply.calls)),
            "usage": write_usage(reply.usage or Usage()),
        }
    )


def frame(answer_id: str, model: str) -> dict[str, Any]:
    """A message before anything is said."""
    return {
        "id": answer_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": write_usage(Usage()),
    }


def stop_reason(stop: StopReason, *, called: bool) -> str:
    """Why it stopped, in this dialect's word; some servers of other dialects say "stop" after tool calls."""
    return STOP_REASONS["tool_calls" if called and stop == "stop" else stop]


def read_usage(raw: msgspec.Raw | bytes, before: Usage | None = None, *, begun: bool = False) -> Usage | None:
    """Tokens as the provider counted them, each of which replaces what it told `before` (a stream tells twice: at its
    beginning, when `begun` is given, and at its end).
    """
    try:
        told: Any = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return before
    if not isinstance(told, dict) or not ("input_tokens" in told or "output_tokens" in told):
        return before
    known = before or Usage()
    fresh = known.input - known.cache_read - known.cache_write
    cache_read = _latest(told, "cache_read_input_tokens", known.cache_read)
    cache_write = _latest(told, "cache_creation_input_tokens", known.cache_write)
    thinking, kept = _object(told, "output_tokens_details"), _object(told, "cache_creation")
    return Usage(
        input=_latest(told, "input_tokens", fresh) + cache_read + cache_write,
        output=_latest(told, "output_tokens", known.output),
        cache_read=cache_read,
        cache_write=cache_write,
        reasoning=_latest(thinking, "thinking_tokens", known.reasoning),
        cache_write_hour=min(cache_write, _latest(kept, "ephemeral_1h_input_tokens", known.cache_write_hour)),
        begun=begun,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """Usage as this dialect tells it: `input_tokens` are those that came from no cache and went into none."""
    told: dict[str, Any] = {
        "input_tokens": max(0, usage.input - usage.cache_read - usage.cache_write),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }
    if usage.reasoning:
        told["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return told


def _object(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _latest(told: Mapping[str, Any], name: str, before: int) -> int:
    return before if told.get(name) is None else count(told[name])


def _checked(body: bytes) -> tuple[_Message, Usage | None]:
    message = _decode(body)
    if message.type == "error":
        raise failure_of(read_error(body))
    usage = read_usage(message.usage)
    if message.content is None:
        raise AttemptFailed(Trigger.malformed, "the answer has no content list", status=200, usage=usage)
    ends = STOPS.get(message.stop_reason or "", "stop") in ENDS_WITHOUT_CONTENT
    if not ends and not any(block.something() for block in message.content):
        raise AttemptFailed(Trigger.empty, "the answer has no content", status=200, usage=usage)
    return message, usage


def _decode(body: bytes) -> _Message:
    if not body:
        raise AttemptFailed(Trigger.empty, "the answer is empty", status=200)
    try:
        if not body.isascii():
            body.decode()
        return _MESSAGE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AttemptFailed(Trigger.malformed, f"the answer is {what_instead(body)}", status=200) from None


class _Count(msgspec.Struct):
    input_tokens: int


_COUNT = msgspec.json.Decoder(_Count)


def read_count(body: bytes) -> ReadAnswer:
    """How many tokens a request has, as the provider says, byte for byte.

    Raises:
        AttemptFailed: it does not say.
    """
    try:
        _COUNT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AttemptFailed(Trigger.malformed, f"the answer is {what_instead(body)}", status=200) from None
    return ReadAnswer(body, Usage())


def write_count(tokens: int) -> bytes:
    """The same, as we say it."""
    return _encode({"input_tokens": tokens})
