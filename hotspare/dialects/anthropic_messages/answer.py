"""Read a whole message from a model."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hotspare.dialects.composed import ReadAnswer
from hotspare.dialects.openai_chat.answer import ChatAnswer, count
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


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""


class _Message(msgspec.Struct):
    type: str = ""
    id: str = ""
    model: str = ""
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: msgspec.Raw = msgspec.Raw()


_MESSAGE = msgspec.json.Decoder(_Message)


def read_answer(body: bytes, *, created: int) -> ReadAnswer:
    """A whole answer, checked and written as a chat completion.

    Raises:
        AttemptFailed: it is no answer (malformed), says nothing (empty), or is an error.
    """
    message = _decode(body)
    if message.type == "error":
        raise failure_of(read_error(body))
    usage = read_usage(message.usage)
    if message.content is None:
        raise AttemptFailed(Trigger.malformed, "the answer has no content list", status=200, usage=usage)
    answer = ChatAnswer(
        id=message.id,
        model=message.model,
        text="".join(block.text for block in message.content if block.type == "text"),
        reasoning="".join(block.thinking for block in message.content if block.type == "thinking"),
        stop=STOPS.get(message.stop_reason or "", "stop"),
        usage=usage,
    )
    if not answer.text and answer.stop not in ENDS_WITHOUT_CONTENT:
        raise AttemptFailed(Trigger.empty, "the answer has no text", status=200, usage=usage)
    return ReadAnswer(answer.body(created), usage)


def read_usage(raw: msgspec.Raw | bytes, before: Usage | None = None) -> Usage | None:
    """Tokens as the provider counted them, each of which replaces what it told `before` (a stream tells twice)."""
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
    return Usage(
        input=_latest(told, "input_tokens", fresh) + cache_read + cache_write,
        output=_latest(told, "output_tokens", known.output),
        cache_read=cache_read,
        cache_write=cache_write,
    )


def _latest(told: Mapping[str, Any], name: str, before: int) -> int:
    return before if told.get(name) is None else count(told[name])


def _decode(body: bytes) -> _Message:
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        raise AttemptFailed(Trigger.empty, "the answer is empty", status=200)
    try:
        return _MESSAGE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AttemptFailed(Trigger.malformed, f"the answer is {what_instead(body)}", status=200) from None
