"""The arguments of a tool call: text in this dialect, which a model may have written badly; an object elsewhere."""

import msgspec

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def whole_arguments(text: str) -> bytes:
    """The arguments as a JSON object; what is none becomes one, so that nothing is lost."""
    stripped = text.strip()
    if not stripped:
        return b"{}"
    try:
        _OBJECT.decode(stripped)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _encode({"arguments": text})
    return stripped.encode()
