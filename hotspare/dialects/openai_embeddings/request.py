"""Read a caller's embeddings request, and write it for a model: its values byte for byte."""

from collections.abc import Mapping, Sequence

import msgspec

from hotspare.dialects.body import Fields, model_of, passed, session_of, small, take_wishes, top_level, wait_of
from hotspare.dialects.call import Call, InvalidRequest
from hotspare.dialects.composed import Composed
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.openai_chat.request import PASSED_HEADERS

_NEEDS = frozenset({"embeddings"})
_ENCODINGS = frozenset({None, "float", "base64"})
_ENCODING = msgspec.json.Decoder(str | None), '"float" or "base64"'
_DIMENSIONS = msgspec.json.Decoder(int | None), "a whole number"
_TEXTS = msgspec.json.Decoder(list[msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def read_request(body: bytes, headers: Mapping[str, str]) -> Call:
    """The request, our wishes taken out of it.

    Args:
        body: as it came.
        headers: with lower-case names.

    Raises:
        InvalidRequest: it is no embeddings request.
    """
    fields = top_level(body)
    model = model_of(fields)
    if not input_count(fields):
        raise InvalidRequest("`input` must be text, tokens, or a list of either, and not empty.", "input")
    if small(fields, "encoding_format", _ENCODING) not in _ENCODINGS:
        raise InvalidRequest('`encoding_format` must be "float" or "base64".', "encoding_format")
    small(fields, "dimensions", _DIMENSIONS)
    wish_force, wish_preferred = take_wishes(fields, headers)
    return Call(
        dialect="openai",
        operation="embeddings",
        fields=fields,
        model=model,
        needs=_NEEDS,
        session=session_of(fields, headers),
        headers=headers,
        wish_force=wish_force,
        wish_preferred=wish_preferred,
        wait_seconds=wait_of(headers),
        size_bytes=len(body),
        passed_headers=passed(headers, PASSED_HEADERS),
    )


def compose(call: Call, endpoint: Endpoint) -> Composed:
    """The caller's own values, the model's name set and its defaults filled in."""
    fields = dict(call.fields)
    fields["model"] = msgspec.Raw(_encode(endpoint.model_id))
    for name, value in endpoint.parameters.items():
        if name not in fields:
            fields[name] = msgspec.Raw(_encode(value))
    return Composed(_encode(fields))


def texts_request(model: str, texts: Sequence[str]) -> bytes:
    """A request of our own: a vector for each text."""
    return _encode({"model": model, "input": texts})


def input_count(fields: Fields) -> int:
    """How many vectors are asked for; 0: what stands there asks for none."""
    raw = bytes(fields.get("input") or b"").lstrip()
    if raw.startswith(b'"'):
        return 1 if raw != b'""' else 0
    try:
        inputs = _TEXTS.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return 0
    first = bytes(inputs[0])[:1] if inputs else b""
    return len(inputs) if first in (b'"', b"[") else int(first.isdigit())  # bare numbers are the tokens of one text


def asked_dimensions(call: Call) -> int | None:
    """The length of vector that the caller wants; None: the model's own."""
    return small(call.fields, "dimensions", _DIMENSIONS)


def wants_base64(call: Call) -> bool | None:
    """The encoding that is asked for; None where the request is silent."""
    encoding = small(call.fields, "encoding_format", _ENCODING)
    return None if encoding is None else encoding == "base64"
