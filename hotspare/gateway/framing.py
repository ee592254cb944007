"""Decide whether a request says where it ends in exactly one way. Whatever else it says is refused, never repaired.

Two readers of one connection that disagree on where a request ends let a caller put one request into another's body.
"""

from collections.abc import Mapping, Sequence

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


def is_ambiguous(headers: Mapping[str, str], lines: Sequence[tuple[bytes, bytes]], version: str) -> bool:
    """Whether headers name a length and chunks at once, one of them twice, or another coding.

    Args:
        headers: by names in lower case.
        lines: the same as they came.
        version: of HTTP.
    """
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if length is None and coding is None:
        return False
    if len(headers) < len(lines) and sum(name.lower() in _FRAMING for name, _ in lines) > 1:
        return True
    if coding is None:
        return length is None or not (length.isascii() and length.strip(" \t").isdigit())
    return length is not None or version == "1.0" or coding.strip(" \t").lower() != "chunked"
