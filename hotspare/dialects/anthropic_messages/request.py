"""Read a caller's messages request, and write it for a model of the same dialect: its values byte for byte."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hotspare.dialects.anthropic_messages.answer import OUR_SIGNATURE
from hotspare.dialects.anthropic_messages.guest import without_bound
from hotspare.dialects.anthropic_messages.needs import needs_of
from hotspare.dialects.body import (
    SWITCH,
    TRACING_HEADERS,
    check_messages,
    model_of,
    passed,
    session_of,
    small,
    take_wishes,
    top_level,
    wait_of,
)
from hotspare.dialects.call import Call, Operation
from hotspare.dialects.composed import Composed, named
from hotspare.dialects.endpoint import Endpoint

VERSION_HEADER = "anthropic-version"
ANTHROPIC_VERSION = "2023-06-01"
"""What is spoken here. Later ones take less of a request, and give the same answers."""

PASSED_HEADERS = (VERSION_HEADER, "anthropic-beta", "idempotency-key", "accept", *TRACING_HEADERS)

NOT_OF_THIS_DIALECT = frozenset(
    {
        "seed", "presence_penalty", "frequency_penalty", "logit_bias", "n", "logprobs", "top_logprobs", "store",
        "response_format", "parallel_tool_calls", "reasoning_effort", "verbosity", "prediction", "modalities",
        "stream_options", "functions", "function_call", "prompt_cache_key", "max_completion_tokens", "stop", "user",
    }
)  # fmt: skip
"""Fields of a chat request that Anthropic would refuse: not even a model's defaults put them there."""

_NOT_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "temperature": ("top_p", "thinking"),
    "top_p": ("temperature", "thinking"),
    "top_k": ("thinking",),
}
"""Fields beside which a default would be refused."""

_SAMPLING = ("temperature", "top_p", "top_k")
"""What later versions refuse."""

_COUNTING = frozenset({"count_tokens"})
"""All that a question for the number of tokens needs: content is counted whatever it is."""

_OUR_MARK = f'"{OUR_SIGNATURE}"'.encode()

_encode = msgspec.json.Encoder().encode


class _Kind(msgspec.Struct):
    type: str = ""


_KIND = msgspec.json.Decoder(_Kind)


def read_request(body: bytes, headers: Mapping[str, str]) -> Call:
    """The request, our wishes taken out of it.

    Args:
        body: as it came.
        headers: with lower-case names.

    Raises:
        InvalidRequest: it is no messages request.
    """
    return _read(body, headers, "chat")


def read_count_request(body: bytes, headers: Mapping[str, str]) -> Call:
    """The same for a request that only asks how many tokens it has.

    Raises:
        InvalidRequest: it is no messages request.
    """
    return _read(body, headers, "count_tokens")


def _read(body: bytes, headers: Mapping[str, str], operation: Operation) -> Call:
    fields = top_level(body)
    model = model_of(fields)
    check_messages(fields)
    counts = operation == "count_tokens"
    wish_force, wish_preferred = take_wishes(fields, headers)
    return Call(
        dialect="anthropic",
        operation=operation,
        fields=fields,
        model=model,
        stream=not counts and bool(small(fields, "stream", SWITCH)),
        needs=_COUNTING if counts else needs_of(fields),
        session=session_of(fields, headers),
        headers=headers,
        wish_force=wish_force,
        wish_preferred=wish_preferred,
        wait_seconds=wait_of(headers),
        size_bytes=len(body),
        passed_headers=passed(headers, PASSED_HEADERS),
    )


def compose(call: Call, endpoint: Endpoint) -> Composed:
    """The caller's own values, for a model of this dialect: its name set, its defaults filled in.

    Raises:
        Incapable: what was meant for another provider cannot go to this one.
    """
    fields, dropped = _own_fields(call, endpoint)
    refused = endpoint.adaptation.refuses
    if refused:
        dropped += tuple(name for name in sorted(refused) if fields.pop(name, None) is not None)
    withheld = _withheld(call, endpoint) if endpoint.parameters else refused
    for name, value in endpoint.parameters.items():
        if name not in fields and name not in withheld and not _beside(name, fields):
            fields[name] = msgspec.Raw(_encode(value))
    return Composed(_encode(fields), named(dropped) if dropped else ())


def compose_counting(call: Call, endpoint: Endpoint) -> Composed:
    """The same without defaults: nothing is generated, and fields that only matter then are refused."""
    return Composed(_encode(_own_fields(call, endpoint)[0]))


def thinks(call: Call) -> bool:
    """Whether the caller asked to see reasoning."""
    told = call.fields.get("thinking")
    try:
        return told is not None and _KIND.decode(told).type not in ("", "disabled")
    except (msgspec.DecodeError, RecursionError):
        return False


def _own_fields(call: Call, endpoint: Endpoint) -> tuple[dict[str, msgspec.Raw], tuple[str, ...]]:
    """Those that go up, and the names of what does not."""
    fields, dropped = without_bound(call.fields) if endpoint.guest else (dict(call.fields), ())
    fields["model"] = msgspec.Raw(_encode(endpoint.model_id))
    messages = fields["messages"]
    if _OUR_MARK in bytes(messages):
        fields["messages"] = _without_our_thinking(messages)
    return fields, dropped


def _withheld(call: Call, endpoint: Endpoint) -> frozenset[str]:
    """Defaults that the dialect, the model or the version that the caller speaks would refuse."""
    version = next((value for name, value in call.passed_headers if name == VERSION_HEADER), ANTHROPIC_VERSION)
    withheld = NOT_OF_THIS_DIALECT | endpoint.adaptation.refuses
    return withheld if version == ANTHROPIC_VERSION else withheld.union(_SAMPLING)


def _beside(name: str, fields: Mapping[str, msgspec.Raw]) -> bool:
    return any(other in fields for other in _NOT_TOGETHER.get(name, ()))


def _without_our_thinking(raw: msgspec.Raw) -> msgspec.Raw:
    """The messages without the reasoning of other models, which this provider would not recognise as its own."""
    try:
        messages: Any = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return raw
    for message in messages:
        if isinstance(message, dict) and isinstance(message.get("content"), list):
            message["content"] = [block for block in message["content"] if not _is_ours(block)]
    return msgspec.Raw(_encode([message for message in messages if _says_something(message)]))


def _is_ours(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "thinking" and block.get("signature") == OUR_SIGNATURE


def _says_something(message: Any) -> bool:
    return not isinstance(message, dict) or message.get("content") != []
