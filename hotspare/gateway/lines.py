"""Header lines of answers. Nothing that an application, a model or a caller says can end a header before its line."""

from collections.abc import Iterable
from typing import TypeAlias

Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = list[Header]

JSON_TYPE = (b"content-type", b"application/json")


class WrongMessage(RuntimeError):
    """An application that does not keep to what it was to say: an error of ours."""


def header_lines(headers: Iterable[Header]) -> bytes:
    """Headers as they are sent.

    Raises:
        WrongMessage: one of them holds more than its line.
    """
    lines = [b"%b: %b\r\n" % header for header in headers]
    joined = b"".join(lines)
    if joined.count(b"\n") != len(lines) or joined.count(b"\r") != len(lines) or b"\0" in joined:
        raise WrongMessage("a header of an answer holds a line break")
    return joined


def safe_value(text: str) -> bytes:
    """Any text as a header's value: what is not printable ASCII is percent-encoded, so no value can end its header."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return b"".join(bytes((octet,)) if 0x20 <= octet < 0x7F else b"%%%02X" % octet for octet in text.encode())
