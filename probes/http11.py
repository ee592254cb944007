"""Read HTTP/1.1 messages off a stream: their heads, and their bodies by length or by chunks.

Everything is bounded: heads by the stream's own limit (`HEAD_LIMIT_BYTES`), bodies by what the caller of `read_body`
allows. Both ends of the demo use it, the simulated models and the traffic's client.
"""

from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from collections.abc import Mapping
from dataclasses import dataclass

HEAD_LIMIT_BYTES = 65_536


class BrokenMessage(Exception):
    """The peer sent what is no HTTP/1.1 message, or left in the middle of one."""


class BodyTooLarge(BrokenMessage):
    """A body beyond what its reader takes."""


@dataclass(frozen=True, slots=True)
class Head:
    """A first line in its three parts, and the headers with lower-case names (the last of several counts)."""

    first: tuple[str, str, str]
    headers: Mapping[str, str]

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection may carry another message after this one."""
        return "HTTP/1.1" in self.first and self.headers.get("connection", "").lower() != "close"


async def read_head(reader: StreamReader) -> Head | None:
    """The next head; None when the peer has closed between messages.

    Raises:
        BrokenMessage: what came is no head, or too long.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except IncompleteReadError as left:
        if left.partial:
            raise BrokenMessage("the peer left in the middle of a head") from None
        return None
    except LimitOverrunError:
        raise BrokenMessage(f"a head of more than {HEAD_LIMIT_BYTES} bytes") from None
    first, *lines = raw.decode("latin-1")[:-4].split("\r\n")
    parts = (*first.split(" ", 2), "")
    if len(parts) < 3:
        raise BrokenMessage("the first line is not one of HTTP/1.1")
    return Head((parts[0], parts[1], parts[2]), dict(_header(line) for line in lines))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise BrokenMessage("a header line without a name")
    return name.lower(), value.strip()


async def read_body(reader: StreamReader, headers: Mapping[str, str], limit_bytes: int) -> bytes:
    """The whole body that the headers announce; empty where they announce none.

    Raises:
        BodyTooLarge: it is longer than the limit.
        BrokenMessage: it ended early, or its length cannot be read.
    """
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await _read_chunks(reader, limit_bytes)
        length = _number(headers.get("content-length", "0"), 10)
        if length > limit_bytes:
            raise BodyTooLarge(f"a body of {length} bytes")
        return await reader.readexactly(length)
    except (IncompleteReadError, LimitOverrunError):
        raise BrokenMessage("the body ended before its announced end") from None


async def _read_chunks(reader: StreamReader, limit_bytes: int) -> bytes:
    body = bytearray()
    while size := _number((await reader.readuntil(b"\r\n")).split(b";")[0].decode("latin-1"), 16):
        if len(body) + size > limit_bytes:
            raise BodyTooLarge(f"a body of more than {limit_bytes} bytes")
        chunk = await reader.readexactly(size + 2)
        if not chunk.endswith(b"\r\n"):
            raise BrokenMessage("a chunk that is longer than it says")
        body += chunk[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        """Trailers say nothing that either end needs."""
    return bytes(body)


def _number(text: str, base: int) -> int:
    digits = text.strip()
    if not digits.isalnum():
        raise BrokenMessage("a length that is no number")
    try:
        return int(digits, base)
    except ValueError:
        raise BrokenMessage("a length that is no number") from None


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; of empty data: the end of the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
