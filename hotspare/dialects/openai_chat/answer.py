"""Read a whole chat completion from a model, and write one for a caller."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import msgspec

from hotspare.dialects.composed import ReadAnswer
from hotspare.dialects.conversation import Reply, ToolCall
from hotspare.dialects.numbers import count
from hotspare.dialects.openai_chat.arguments import whole_arguments
from hotspare.dialects.provider_error import failure_of, read_error, what_instead
from hotspare.dialects.stream import ENDS_WITHOUT_CONTENT, StopReason
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

TAIL = b"data: [DONE]\n\n"

STOPS: Mapping[str, StopReason] = {
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
"""All others, also those that providers made up, are a plain end."""

_SAYS_NOTHING = frozenset({b"", b"null", b'""', b"[]", b"{}"})

_BLANK = re.compile(rb'"(?:\s|\\[nrt])*"')

_encode = msgspec.json.Encoder().encode


UNTOLD = msgspec.Raw()
"""Stands for a field that is not there."""


class Said(msgspec.Struct):
    """The parts of a message, or of a stream's delta, that are content."""

    content: msgspec.Raw = UNTOLD
    tool_calls: msgspec.Raw = UNTOLD
    reasoning_content: msgspec.Raw = UNTOLD
    reasoning: msgspec.Raw = UNTOLD
    refusal: msgspec.Raw = UNTOLD
    function_call: msgspec.Raw = UNTOLD
    audio: msgspec.Raw = UNTOLD

    def something(self) -> bool:
        """Whether any of it is more than nothing."""
        if self.content is not UNTOLD and bytes(self.content) not in _SAYS_NOTHING:
            return True
        for part in (
            self.tool_calls,
            self.reasoning_content,
            self.reasoning,
            self.refusal,
            self.function_call,
            self.audio,
        ):
            if part is not UNTOLD and bytes(part) not in _SAYS_NOTHING:
                return True
        return False

    def answers(self) -> bool:
        """Whether any of it is an answer: reasoning alone is none, nor are blanks."""
        return not _is_blank(bytes(self.content)) or any(
            bytes(part) not in _SAYS_NOTHING for part in (self.tool_calls, self.refusal, self.function_call, self.audio)
        )


def _is_blank(raw: bytes) -> bool:
    return (len(raw) < 5 and raw in _SAYS_NOTHING) or _BLANK.fullmatch(raw) is not None


class _Choice(msgspec.Struct):
    message: Said | None = None
    finish_reason: str | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


_ANSWER = msgspec.json.Decoder(_Answer)


def read_answer(body: bytes) -> ReadAnswer:
    """A whole answer, checked, its JSON byte for byte.

    Raises:
        AttemptFailed: it is no answer (malformed), says nothing (empty), or is an error.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    answer = _decode(body)
    if bytes(answer.error) not in _SAYS_NOTHING:
        raise failure_of(read_error(bytes(answer.error)))
    usage = read_usage(answer.usage)
    if answer.choices is None:
        raise AttemptFailed(Trigger.malformed, "the answer has no choices", status=200, usage=usage)
    if not any(_serves(choice) for choice in answer.choices):
        raise AttemptFailed(Trigger.empty, "the answer has no content", status=200, usage=usage)
    return ReadAnswer(body, usage)


_Count = Annotated[int, msgspec.Meta(ge=0, lt=10**12)]
"""As `count` would read it; whatever else stands there is read one by one."""


class _PromptDetails(msgspec.Struct):
    cached_tokens: _Count = 0
    cache_write_tokens: _Count = 0


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: _Count = 0


class _Usage(msgspec.Struct):
    prompt_tokens: _Count
    completion_tokens: _Count = 0
    prompt_cache_hit_tokens: _Count = 0
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


_USAGE = msgspec.json.Decoder(_Usage)
_NO_PROMPT_DETAILS, _NO_COMPLETION_DETAILS = _PromptDetails(), _CompletionDetails()


def read_usage(raw: msgspec.Raw | bytes) -> Usage | None:
    """Tokens as the provider counted them; None where it told none."""
    try:
        told = _USAGE.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return _read_odd_usage(raw)
    prompt = told.prompt_tokens_details or _NO_PROMPT_DETAILS
    completion = told.completion_tokens_details or _NO_COMPLETION_DETAILS
    return Usage(
        input=told.prompt_tokens,
        output=told.completion_tokens,
        cache_read=prompt.cached_tokens or told.prompt_cache_hit_tokens,
        cache_write=prompt.cache_write_tokens,
        reasoning=completion.reasoning_tokens,
    )


def _read_odd_usage(raw: msgspec.Raw | bytes) -> Usage | None:
    """Usage in which something is of another type than it should be: what can be read of it."""
    try:
        told = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(told, dict) or "prompt_tokens" not in told:
        return None
    prompt, completion = _object(told.get("prompt_tokens_details")), _object(told.get("completion_tokens_details"))
    return Usage(
        input=count(told.get("prompt_tokens")),
        output=count(told.get("completion_tokens")),
        cache_read=count(prompt.get("cached_tokens")) or count(told.get("prompt_cache_hit_tokens")),
        cache_write=count(prompt.get("cache_write_tokens")),
        reasoning=count(completion.get("reasoning_tokens")),
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """Usage as this dialect tells it."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


class _Function(msgspec.Struct):
    name: str = ""
    arguments: str | None = None


class _Call(msgspec.Struct):
    id: str | None = None
    function: _Function | None = None


class ToldPart(msgspec.Struct):
    """Of content that is told in parts, as some servers tell an answer that was thought over."""

    type: str = ""
    text: str = ""
    thinking: "str | list[ToldPart]" = ""


ToldContent: TypeAlias = str | list[ToldPart] | None


def text_of(content: ToldContent) -> str:
    """The words of it."""
    if isinstance(content, list):
        return "".join(part.text for part in content if part.type == "text")
    return content or ""


def reasoning_of(content: ToldContent) -> str:
    """The thinking in it."""
    if not isinstance(content, list):
        return ""
    return "".join(
        part.thinking if isinstance(part.thinking, str) else text_of(part.thinking)
        for part in content
        if part.type == "thinking"
    )


class _ToldMessage(msgspec.Struct):
    content: ToldContent = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _ToldChoice(msgspec.Struct):
    message: _ToldMessage | None = None
    finish_reason: str | None = None


class _ToldAnswer(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_ToldChoice] = []


_TOLD_ANSWER = msgspec.json.Decoder(_ToldAnswer)


def tell_answer(body: bytes) -> Reply:
    """A whole answer, checked, for the writer of another dialect: its first choice.

    Raises:
        AttemptFailed: as `read_answer`.
    """
    read = read_answer(body)
    try:
        told = _TOLD_ANSWER.decode(read.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        instead = what_instead(read.body)
        raise AttemptFailed(Trigger.malformed, f"the answer is {instead}", status=200, usage=read.usage) from None
    choice = told.choices[0]
    message = choice.message or _ToldMessage()
    calls = [call for call in message.tool_calls or () if call.function is not None]
    return Reply(
        id=told.id or "",
        model=told.model or "",
        text=text_of(message.content) + (message.refusal or ""),
        reasoning=message.reasoning_content or message.reasoning or reasoning_of(message.content),
        calls=tuple(
            ToolCall(call.id or f"call_{at}", call.function.name, whole_arguments(call.function.arguments or ""))
            for at, call in enumerate(calls)
            if call.function is not None
        ),
        stop="content_filter" if message.refusal and not calls else STOPS.get(choice.finish_reason or "", "stop"),
        usage=read.usage,
    )


def write_answer(reply: Reply, *, created: int) -> bytes:
    """A chat completion; `model` is the id that the provider gave, as providers of this dialect do."""
    content = reply.text if reply.text or not reply.calls else None
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    if reply.calls:
        message["tool_calls"] = [write_call(call) for call in reply.calls]
    answer: dict[str, Any] = {
        "id": reply.id,
        "object": "chat.completion",
        "created": created,
        "model": reply.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reply.stop}],
    }
    if reply.usage is not None:
        answer["usage"] = write_usage(reply.usage)
    return _encode(answer)


def write_call(call: ToolCall) -> dict[str, Any]:
    """A tool call in this dialect: its arguments as text."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments.decode()}}


def chunks_of_answer(body: bytes, *, wants_usage: bool) -> bytes:
    """A whole answer that was checked, as the stream that the caller asked for, without its tail."""
    try:
        answer: dict[str, Any] = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):  # a number beyond every integer, a nest without end
        raise AttemptFailed(Trigger.malformed, "the answer holds what cannot be read", status=200) from None
    choices, usage = answer.pop("choices"), answer.pop("usage", None)
    answer["object"] = "chat.completion.chunk"
    events = [
        answer | {"choices": [_piece(at, _delta(choice), None) for at, choice in enumerate(choices)]},
        answer | {"choices": [_piece(at, {}, choice.get("finish_reason")) for at, choice in enumerate(choices)]},
    ]
    if wants_usage and usage:
        events.append(answer | {"choices": [], "usage": usage})
    return b"".join(b"data: " + _encode(event) + b"\n\n" for event in events)


def _piece(index: int, delta: dict[str, Any], stop: str | None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": stop if delta else stop or "stop"}


def _delta(choice: dict[str, Any]) -> dict[str, Any]:
    delta = {"role": "assistant"} | (choice.get("message") or {})
    calls = delta.get("tool_calls")
    if isinstance(calls, list):
        delta["tool_calls"] = [{"index": at} | call for at, call in enumerate(calls) if isinstance(call, dict)]
    return delta


def _decode(body: bytes) -> _Answer:
    if not body:
        raise AttemptFailed(Trigger.empty, "the answer is empty", status=200)
    try:
        if not body.isascii():
            body.decode()
        return _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AttemptFailed(Trigger.malformed, f"the answer is {what_instead(body)}", status=200) from None


def _serves(choice: _Choice) -> bool:
    said = choice.message is not None and choice.message.answers()
    return said or choice.finish_reason in ENDS_WITHOUT_CONTENT


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
