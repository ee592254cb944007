"""Decide whether a request says where it ends in exactly one way. Whatever else it says is refused, never repaired.

Two readers of one connection that disagree on where a request ends let a caller put one request into another's body.
"""

from collections.abc import Sequence

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


def is_ambiguous(headers: Sequence[tuple[bytes, bytes]], http_version: str) -> bool:
    """Whether headers (names in lower case) name a length and chunks at once, one of them twice, or another coding."""
    framing = [header for header in headers if header[0] in _FRAMING]
    if not framing:
        return False
    if len(framing) > 1:
        return True
    name, value = framing[0]
    if name == b"content-length":
        return not value.strip(b" \t").isdigit()
    return http_version == "1.0" or value.strip(b" \t").lower() != b"chunked"
