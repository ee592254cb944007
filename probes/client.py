"""One HTTP/1.1 request to loopback, and its whole answer, bounded in time and size.

For the demo's own traffic: no TLS, redirects, proxies or pools, and nothing is read from the environment.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from hotspare.probes import http11
from hotspare.probes.http11 import BrokenMessage

ANSWER_LIMIT_BYTES = 4 * 1024 * 1024
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """A status, headers with lower-case names, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def post(port: int, path: str, headers: Mapping[str, str], body: bytes, within_seconds: float) -> ClientAnswer:
    """Send a request to 127.0.0.1 and read its answer to the end.

    Raises:
        OSError: it could not be reached, or not within the time (TimeoutError).
        BrokenMessage: the answer is no HTTP, is cut short, or is too large.
    """
    async with asyncio.timeout(within_seconds):
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=http11.HEAD_LIMIT_BYTES)
        try:
            writer.write(_request(port, path, headers, body))
            await writer.drain()
            return await _read_answer(reader)
        finally:
            await _leave(writer)


def _request(port: int, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    own = {"host": f"127.0.0.1:{port}", "content-length": str(len(body)), "connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **own}.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body


async def _read_answer(reader: StreamReader) -> ClientAnswer:
    head = await http11.read_head(reader)
    if head is None:
        raise BrokenMessage("the server closed without an answer")
    status = head.first[1]
    if not (status.isascii() and status.isdigit()):
        raise BrokenMessage("the status is no number")
    return ClientAnswer(int(status), head.headers, await http11.read_body(reader, head.headers, ANSWER_LIMIT_BYTES))


async def _leave(writer: StreamWriter) -> None:
    """Close at once: what the server still has to say is of no interest."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
