"""Read a caller's chat completion request, and write it for a model of the same dialect.

The body is decoded once, to raw values: what we do not need is neither decoded nor re-encoded, and goes up byte for
byte. The one decode is strict (no NaN, no lone surrogates, no control characters, bounded depth).
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from hotspare.dialects.call import Call, InvalidRequest
from hotspare.dialects.composed import Composed
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.openai_chat.needs import needs_of

Value = TypeVar("Value")

WISH_FIELDS = ("force_fallback", "preferred_fallback")

PASSED_HEADERS = ("openai-beta", "idempotency-key", "accept", "x-request-id", "traceparent")

SESSION_LENGTH = 200

_SAME_FIELD: Mapping[str, str] = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""Two names of one thing: a default is not added beside the other name."""

_TOP_LEVEL = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Metadata(msgspec.Struct):
    session_id: Any = None
    user_id: Any = None


_TEXT = msgspec.json.Decoder(str)
_METADATA = msgspec.json.Decoder(_Metadata)
_NAME = _TEXT, "the name of a model, as text"
_NAME_OR_NULL = msgspec.json.Decoder(str | None), "the name of a model, as text"
_SWITCH = msgspec.json.Decoder(bool | None), "true or false"
_OPTIONS = msgspec.json.Decoder(_StreamOptions | None), "an object"


def read_request(body: bytes, headers: Mapping[str, str]) -> Call:
    """The request, our wishes taken out of it.

    Args:
        body: as it came.
        headers: with lower-case names.

    Raises:
        InvalidRequest: it is no chat completion request.
    """
    fields = _top_level(body)
    model = _model(fields)
    _check_messages(fields)
    stream = _small(fields, "stream", _SWITCH) or False
    options = _small(fields, "stream_options", _OPTIONS)
    wish_force, wish_preferred = _wishes(fields, headers)
    return Call(
        dialect="openai",
        operation="chat",
        fields=fields,
        model=model,
        stream=stream,
        wants_usage=not stream or bool(options and options.include_usage),
        needs=needs_of(fields),
        session=_session(fields, headers),
        wish_force=wish_force,
        wish_preferred=wish_preferred,
        size_bytes=len(body),
        passed_headers=_passed(headers),
    )


def compose(call: Call, endpoint: Endpoint) -> Composed:
    """The caller's own values, for a model of this dialect: its name set, usage asked for, its defaults filled in."""
    fields = dict(call.fields)
    fields["model"] = msgspec.Raw(_encode(endpoint.model_id))
    if call.stream and endpoint.stream_usage:
        fields["stream_options"] = _with_usage(fields.get("stream_options"))
    for name, value in endpoint.parameters.items():
        if name not in fields and _SAME_FIELD.get(name) not in fields:
            fields[name] = msgspec.Raw(_encode(value))
    return Composed(_encode(fields))


def simple_request(model: str, prompt: str, *, max_tokens: int, stream: bool) -> bytes:
    """A body that asks one question."""
    messages = [{"role": "user", "content": prompt}]
    return _encode({"model": model, "messages": messages, "max_tokens": max_tokens, "stream": stream})


def _top_level(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        if not body.isascii():
            body.decode()
        return _TOP_LEVEL.decode(body)
    except UnicodeDecodeError:
        raise InvalidRequest("The request body is not UTF-8.") from None
    except RecursionError:
        raise InvalidRequest("The request body is nested too deeply.") from None
    except msgspec.ValidationError:
        raise InvalidRequest("The request body is not a JSON object.") from None
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The request body is not valid JSON: {error}.") from None


def _small(fields: Mapping[str, msgspec.Raw], name: str, kind: tuple[msgspec.json.Decoder[Value], str]) -> Value | None:
    """The value of a small field; None where the request is silent."""
    raw = fields.get(name)
    if raw is None:
        return None
    decoder, wanted = kind
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidRequest(f"`{name}` must be {wanted}.", name) from None


def _model(fields: Mapping[str, msgspec.Raw]) -> str:
    model = _small(fields, "model", _NAME)
    if not model:
        raise InvalidRequest("`model` is missing: name a model or a chain.", "model")
    return model


def _check_messages(fields: Mapping[str, msgspec.Raw]) -> None:
    """Only the first message is looked at: the others are the model's to judge, and may be half a megabyte."""
    raw = bytes(fields.get("messages") or b"").lstrip()
    if not raw.startswith(b"[") or not raw[1:64].lstrip().startswith(b"{"):
        raise InvalidRequest("`messages` must be a list with at least one message object.", "messages")


def _wishes(fields: dict[str, msgspec.Raw], headers: Mapping[str, str]) -> tuple[bool, str | None]:
    force = _small(fields, "force_fallback", _SWITCH)
    preferred = _small(fields, "preferred_fallback", _NAME_OR_NULL)
    for name in WISH_FIELDS:
        fields.pop(name, None)
    force = force or headers.get("x-hotspare-force-fallback", "").strip().lower() == "true"
    return force, preferred or headers.get("x-hotspare-preferred-fallback", "").strip() or None


def _session(fields: Mapping[str, msgspec.Raw], headers: Mapping[str, str]) -> str | None:
    named = headers.get("x-session-id", "").strip()
    if named:
        return named[:SESSION_LENGTH]
    metadata = _lenient(fields.get("metadata"), _METADATA) or _Metadata()
    for told in (_lenient(fields.get("user"), _TEXT), metadata.session_id, metadata.user_id):
        if isinstance(told, str) and told.strip():
            return told.strip()[:SESSION_LENGTH]
    return None


def _lenient(raw: msgspec.Raw | None, decoder: msgspec.json.Decoder[Value]) -> Value | None:
    """A value that is the model's business and only of interest to us: of another type, it is not ours to refuse."""
    if raw is None:
        return None
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None


def _passed(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name in PASSED_HEADERS
        if (value := headers.get(name)) and len(value) <= 1024 and value.isascii() and value.isprintable()
    )


def _with_usage(raw: msgspec.Raw | None) -> msgspec.Raw:
    options = _TOP_LEVEL.decode(raw) if raw is not None and bytes(raw) != b"null" else {}
    options["include_usage"] = msgspec.Raw(b"true")
    return msgspec.Raw(_encode(options))
