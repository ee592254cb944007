"""A small HTTP/1.1 server on loopback that can also misbehave: cut an answer off, or reset a connection.

It owns its connections: leaving the `async with` ends every one at once. What is answered is its handler's business.
"""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Protocol, Self

from hotspare.probes import http11
from hotspare.probes.http11 import BodyTooLarge, BrokenMessage, Head

Headers = tuple[tuple[str, str], ...]

BODY_LIMIT_BYTES = 32 * 1024 * 1024
"""As much as the largest provider takes."""
IDLE_SECONDS = 75.0
"""A connection without a request is kept so long: longer than clients keep theirs, so that no request meets its end."""
CLOSE_SECONDS = 1.0

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 seconds: the peer sees a reset."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Severed(Exception):
    """Raised by a handler: the connection ends here, whatever was announced."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole; `body` is None where it was larger than BODY_LIMIT_BYTES."""

    head: Head
    body: bytes | None


class Reply:
    """The way back of one request: either `whole`, or `begin` and then pieces of the announced body."""

    __slots__ = ("_writer",)

    def __init__(self, writer: StreamWriter) -> None:
        self._writer = writer

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer at once."""
        await self.begin(status, (*headers, ("content-length", str(len(body)))))
        await self.piece(body)

    async def begin(self, status: int, headers: Headers) -> None:
        """Send the head; the headers announce how the body is framed."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        phrase = _PHRASES.get(status, "Overloaded")
        await self.piece(f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1"))

    async def piece(self, data: bytes) -> None:
        """Send some of the body.

        Raises:
            ConnectionError: the peer has left.
        """
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """End the connection so that the peer sees a reset."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        raise Severed


class Handler(Protocol):
    """What a server answers with."""

    name: str
    """The server's tasks are named after it."""

    def meet(self, reply: Reply) -> None:
        """A connection has been opened; `reply.reset()` turns it away."""

    async def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request.

        Raises:
            Severed: the connection is to end now.
        """


class LoopbackServer:
    """Serves a handler on a port of its own, from entering to leaving."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._group = asyncio.TaskGroup()
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        """Chosen by the system on entering."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=http11.HEAD_LIMIT_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in self._connections:
            connection.cancel()
        # The block's own error is not the group's: handed to it, it would come out wrapped.
        await self._group.__aexit__(None, None, None)
        await server.wait_closed()

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self._server is None:
            writer.transport.abort()
            return
        connection = self._group.create_task(self._converse(reader, writer), name=self._handler.name)
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        reply = Reply(writer)
        try:
            self._handler.meet(reply)
            while await self._one_request(reader, reply):
                """The connection is kept for the next one."""
        except (OSError, BrokenMessage, Severed):
            writer.transport.abort()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            await _close(writer)

    async def _one_request(self, reader: StreamReader, reply: Reply) -> bool:
        async with asyncio.timeout(IDLE_SECONDS):
            head = await http11.read_head(reader)
            if head is None:
                return False
            try:
                body = await http11.read_body(reader, head.headers, BODY_LIMIT_BYTES)
            except BodyTooLarge:
                body = None
        await self._handler.handle(Request(head, body), reply)
        return head.keeps_alive and body is not None


async def _close(writer: StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()
