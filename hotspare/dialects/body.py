"""Read a caller's body once, to raw values, and the few small fields that routing needs; the same for every dialect.

What is not needed is neither decoded nor re-encoded. The one decode is strict (no NaN, no lone surrogates, no control
characters, bounded depth).
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from hotspare.dialects.call import InvalidRequest

Value = TypeVar("Value")
Fields: TypeAlias = dict[str, msgspec.Raw]
Kind: TypeAlias = tuple[msgspec.json.Decoder[Value], str]
"""How a small field is decoded, and what it must be, in words."""

WISH_FIELDS = ("force_fallback", "preferred_fallback")

FORCE_HEADER = "x-hotspare-force-fallback"
PREFERRED_HEADER = "x-hotspare-preferred-fallback"

_WISHES, _WISH_HEADERS = frozenset(WISH_FIELDS), frozenset({FORCE_HEADER, PREFERRED_HEADER})
_SWITCH_WORDS = frozenset({"true", "false", ""})

TRACING_HEADERS = ("x-request-id", "traceparent")
"""What a caller sends to find its request again, wherever it goes."""

WAIT_HEADER = "x-hotspare-wait"
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")

SESSION_LENGTH = 200
_PASSED_LENGTH = 1024
"""Of a header that is handed on."""

_TOP_LEVEL = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Metadata(msgspec.Struct):
    session_id: Any = None
    user_id: Any = None


_TEXT = msgspec.json.Decoder(str)
_TABLE = msgspec.json.Decoder(dict[str, Any])
_METADATA = msgspec.json.Decoder(_Metadata)
_NAME = _TEXT, "the name of a model, as text"
_NAME_OR_NULL = msgspec.json.Decoder(str | None), "the name of a model, as text"
SWITCH = msgspec.json.Decoder(bool | None), "true or false"


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def top_level(body: bytes) -> Fields:
    """The fields of a body, each as raw JSON.

    Raises:
        InvalidRequest: it is no JSON object.
    """
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
        raise InvalidRequest(_malformed(body, error)) from None


def _malformed(body: bytes, error: msgspec.DecodeError) -> str:
    if not body.strip():
        return "The request body is empty; it must be a JSON object."
    if _SURROGATE.search(body):  # the decoder takes the missing half for the body's end
        return r"The request body is not valid JSON: it may hold half of a surrogate pair (\ud800 to \udfff)."
    return f"The request body is not valid JSON: {error}."


def object_of(raw: msgspec.Raw | None) -> Fields:
    """The fields of an object that was checked; none where it is absent or null."""
    return _TOP_LEVEL.decode(raw) if raw is not None and bytes(raw) != b"null" else {}


def small(fields: Mapping[str, msgspec.Raw], name: str, kind: Kind[Value]) -> Value | None:
    """The value of a small field; None where the request is silent.

    Raises:
        InvalidRequest: it is of another type.
    """
    raw = fields.get(name)
    if raw is None:
        return None
    decoder, wanted = kind
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidRequest(f"`{name}` must be {wanted}.", name) from None


def model_of(fields: Mapping[str, msgspec.Raw]) -> str:
    """The name that is asked for.

    Raises:
        InvalidRequest: there is none.
    """
    model = small(fields, "model", _NAME)
    if not model:
        raise InvalidRequest("`model` is missing: name a model or a chain.", "model")
    return model


def check_messages(fields: Mapping[str, msgspec.Raw]) -> None:
    """Only the first message is looked at: the others are the model's to judge, and may be half a megabyte.

    Raises:
        InvalidRequest: there is none.
    """
    head = bytes(memoryview(fields.get("messages") or b"")[:64])
    if not head.startswith(b"[") or not head[1:].lstrip().startswith(b"{"):
        raise InvalidRequest("`messages` must be a list with at least one message object.", "messages")


def take_wishes(fields: Fields, headers: Mapping[str, str]) -> tuple[bool, str | None]:
    """Our own wish fields, taken out of the body: force a fallback, and the fallback that is preferred.

    Raises:
        InvalidRequest: a wish cannot be understood; passed over, it would be a caller's surprise.
    """
    if _WISHES.isdisjoint(fields) and _WISH_HEADERS.isdisjoint(headers):
        return False, None
    force = small(fields, "force_fallback", SWITCH)
    preferred = small(fields, "preferred_fallback", _NAME_OR_NULL)
    for name in WISH_FIELDS:
        fields.pop(name, None)
    told = headers.get(FORCE_HEADER)
    return force or (told is not None and _switch(told)), preferred or headers.get(PREFERRED_HEADER, "").strip() or None


def _switch(told: str) -> bool:
    word = told.strip().lower()
    if word not in _SWITCH_WORDS:
        raise InvalidRequest(f"The header `{FORCE_HEADER}` must be true or false.", FORCE_HEADER)
    return word == "true"


def wait_of(headers: Mapping[str, str]) -> float:
    """Seconds that the caller would rather wait than be told that no model can answer.

    Raises:
        InvalidRequest: it is no such number.
    """
    told = headers.get(WAIT_HEADER)
    if told is None:
        return 0.0
    if not _SECONDS.fullmatch(told.strip()):
        raise InvalidRequest(f"The header `{WAIT_HEADER}` must be a number of seconds.", WAIT_HEADER)
    return float(told)


def session_of(fields: Mapping[str, msgspec.Raw], headers: Mapping[str, str]) -> str | None:
    """The caller's conversation or job, where it names one."""
    named = headers.get("x-session-id", "").strip()
    if named:
        return named[:SESSION_LENGTH]
    if "user" not in fields and "metadata" not in fields:
        return None
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


def metadata_of(fields: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    """What the caller wrote into `metadata`; empty where that is no table."""
    return _lenient(fields.get("metadata"), _TABLE) or {}


def passed(headers: Mapping[str, str], names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Those of the caller's headers that may go to a provider of its dialect."""
    given = [(name, headers[name]) for name in names if name in headers]
    return tuple([each for each in given if _may_pass(each[1])]) if given else ()


def _may_pass(value: str) -> bool:
    return 0 < len(value) <= _PASSED_LENGTH and value.isascii() and value.isprintable()
