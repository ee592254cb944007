"""Read a caller's chat completion request, and write it for a model of the same dialect: its values byte for byte."""

from collections.abc import Mapping

import msgspec

from hotspare.dialects.adaptation import AS_IT_IS
from hotspare.dialects.body import (
    SWITCH,
    TRACING_HEADERS,
    check_messages,
    model_of,
    object_of,
    passed,
    session_of,
    small,
    take_wishes,
    top_level,
    wait_of,
)
from hotspare.dialects.call import Call
from hotspare.dialects.composed import Composed, named
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.openai_chat.adapting import adapt
from hotspare.dialects.openai_chat.guest import without_bound
from hotspare.dialects.openai_chat.needs import needs_of

PASSED_HEADERS = ("openai-beta", "idempotency-key", "accept", *TRACING_HEADERS)

_SAME_FIELD: Mapping[str, str] = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""Two names of one thing: a default is not added beside the other name."""

_encode = msgspec.json.Encoder().encode


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


_OPTIONS = msgspec.json.Decoder(_StreamOptions | None), "an object"


def read_request(body: bytes, headers: Mapping[str, str]) -> Call:
    """The request, our wishes taken out of it.

    Args:
        body: as it came.
        headers: with lower-case names.

    Raises:
        InvalidRequest: it is no chat completion request.
    """
    fields = top_level(body)
    model = model_of(fields)
    check_messages(fields)
    stream = "stream" in fields and (small(fields, "stream", SWITCH) or False)
    options = small(fields, "stream_options", _OPTIONS) if "stream_options" in fields else None
    wish_force, wish_preferred = take_wishes(fields, headers)
    return Call(
        dialect="openai",
        operation="chat",
        fields=fields,
        model=model,
        stream=stream,
        wants_usage=not stream or bool(options and options.include_usage),
        needs=needs_of(fields),
        session=session_of(fields, headers),
        headers=headers,
        wish_force=wish_force,
        wish_preferred=wish_preferred,
        wait_seconds=wait_of(headers),
        size_bytes=len(body),
        passed_headers=passed(headers, PASSED_HEADERS),
    )


def compose(call: Call, endpoint: Endpoint) -> Composed:
    """The caller's own values, for a model of this dialect: its name set, usage asked for, its defaults filled in.

    Raises:
        Incapable: what was meant for another provider cannot go to this one.
    """
    fields, dropped = without_bound(call.fields) if endpoint.guest else (dict(call.fields), ())
    fields["model"] = msgspec.Raw(_encode(endpoint.model_id))
    if call.stream and endpoint.stream_usage:
        fields["stream_options"] = _with_usage(fields.get("stream_options"))
    for name, value in endpoint.parameters.items():
        if name not in fields and _SAME_FIELD.get(name) not in fields and name not in endpoint.adaptation.refuses:
            fields[name] = msgspec.Raw(_encode(value))
    if endpoint.adaptation is not AS_IT_IS:
        dropped += adapt(fields, endpoint.adaptation)
    return Composed(_encode(fields), named(dropped) if dropped else ())


def simple_request(model: str, prompt: str, *, max_tokens: int, stream: bool) -> bytes:
    """A body that asks one question."""
    messages = [{"role": "user", "content": prompt}]
    return _encode({"model": model, "messages": messages, "max_tokens": max_tokens, "stream": stream})


def _with_usage(raw: msgspec.Raw | None) -> msgspec.Raw:
    options = object_of(raw)
    options["include_usage"] = msgspec.Raw(b"true")
    return msgspec.Raw(_encode(options))
