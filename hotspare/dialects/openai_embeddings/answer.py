"""Read a whole embeddings answer: a vector for each input, all of one length, in the encoding asked for."""

import base64
import struct
from binascii import Error as NotBase64
from typing import Any

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.composed import ReadAnswer
from hotspare.dialects.openai_chat.answer import read_usage
from hotspare.dialects.openai_embeddings.request import asked_dimensions, input_count, wants_base64
from hotspare.dialects.provider_error import failure_of, read_error, what_instead
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

_NO_ERROR = frozenset({b"", b"null", b'""', b"{}"})
_FLOAT_BYTES = 4
_encode = msgspec.json.Encoder().encode


class _Vector(msgspec.Struct):
    index: int = -1
    embedding: msgspec.Raw = msgspec.Raw()


class _Answer(msgspec.Struct):
    data: list[_Vector] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


_ANSWER = msgspec.json.Decoder(_Answer)
_FLOATS = msgspec.json.Decoder(list[float])
_BASE64 = msgspec.json.Decoder(str)


def read_answer(call: Call, body: bytes) -> ReadAnswer:
    """A whole answer, checked, its JSON byte for byte unless it is in the other encoding.

    Raises:
        AttemptFailed: it is no answer, has too few vectors, or ones of another length than was asked for (malformed,
            empty, invalid_output), or is an error.
    """
    body = body.strip()
    answer = _decode(body)
    if bytes(answer.error) not in _NO_ERROR:
        raise failure_of(read_error(bytes(answer.error)))
    usage = read_usage(answer.usage)
    vectors = answer.data or []
    if answer.data is None:
        raise _malformed("the answer has no data", usage)
    wanted = input_count(call.fields)
    if [vector.index for vector in vectors] != list(range(wanted)):
        raise _malformed(f"the answer has {len(vectors)} vectors in {_order(vectors)}, for {wanted} inputs", usage)
    lengths = {_length(vector.embedding, usage) for vector in vectors}
    asked = asked_dimensions(call)
    if len(lengths) != 1 or 0 in lengths:
        raise _malformed("the answer's vectors are empty or of different lengths", usage)
    (length,) = lengths
    if asked is not None and length != asked:
        what = f"vectors of {length} dimensions, where {asked} were asked for"
        raise AttemptFailed(Trigger.invalid_output, what, status=200, usage=usage)
    return ReadAnswer(_encoded(call, body, vectors), usage, length)


def vectors_of(body: bytes) -> list[list[float]]:
    """The vectors of an answer that was checked, in the order of their texts.

    Raises:
        ValueError: one of them cannot be read.
    """
    try:
        return [_floats(vector.embedding) for vector in _ANSWER.decode(body).data or ()]
    except (msgspec.DecodeError, struct.error) as error:
        raise ValueError(str(error)) from None


def _floats(raw: msgspec.Raw) -> list[float]:
    if not bytes(raw).startswith(b'"'):
        return _FLOATS.decode(raw)
    packed = base64.b64decode(_BASE64.decode(raw), validate=True)
    return list(struct.unpack(f"<{len(packed) // _FLOAT_BYTES}f", packed))


def _decode(body: bytes) -> _Answer:
    if not body:
        raise AttemptFailed(Trigger.empty, "the answer is empty", status=200)
    try:
        if not body.isascii():
            body.decode()
        return _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AttemptFailed(Trigger.malformed, f"the answer is {what_instead(body)}", status=200) from None


def _malformed(what: str, usage: Usage | None) -> AttemptFailed:
    return AttemptFailed(Trigger.malformed, what, status=200, usage=usage)


def _order(vectors: list[_Vector]) -> str:
    return "order" if all(vector.index == at for at, vector in enumerate(vectors)) else "disorder"


def _length(raw: msgspec.Raw, usage: Usage | None) -> int:
    """Dimensions of a vector in either encoding, without taking it apart."""
    told = bytes(raw)
    if told.startswith(b"["):
        return told.count(b",") + 1 if told.strip(b"[] \t\r\n") else 0
    characters = len(told) - 2
    if not told.startswith(b'"') or characters % 4 or not characters:
        raise _malformed("the answer has a vector that is neither numbers nor base64", usage)
    return (characters * 3 // 4 - told.count(b"=", -4)) // _FLOAT_BYTES


def _encoded(call: Call, body: bytes, vectors: list[_Vector]) -> bytes:
    """The answer in the encoding that was asked for: some servers only know one."""
    base64_wanted = wants_base64(call)
    if base64_wanted is None or all((bytes(v.embedding)[:1] == b'"') is base64_wanted for v in vectors):
        return body
    try:
        answer: dict[str, Any] = msgspec.json.decode(body)
        for item, vector in zip(answer["data"], vectors, strict=True):
            item["embedding"] = _converted(vector.embedding, to_base64=base64_wanted)
        return _encode(answer)
    except (msgspec.DecodeError, NotBase64, struct.error, OverflowError):
        raise AttemptFailed(Trigger.malformed, "the answer has a vector that cannot be read", status=200) from None


def _converted(raw: msgspec.Raw, *, to_base64: bool) -> Any:
    if bytes(raw).startswith(b'"') is to_base64:
        return raw
    if to_base64:
        floats = _FLOATS.decode(raw)
        return base64.b64encode(struct.pack(f"<{len(floats)}f", *floats)).decode()
    return _floats(raw)
