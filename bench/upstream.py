"""The provider of this bench: answers at once and costs next to nothing. Listens on 127.0.0.1, prints its port.

The first part of a request's path says what it gives: plain, failing (503), burst (50 events in one write),
paced-EVENTS-MILLISECONDS (so many events, so far apart, each stamped with when it was sent).
"""

import asyncio
import sys
import time

import bodies
import uvloop

BURST_EVENTS = 50
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def whole(status: bytes, body: bytes) -> bytes:
    """An answer with a length."""
    head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
    return head + body


def chunk(data: bytes) -> bytes:
    """A piece of an answer without a length."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def stamped_event() -> bytes:
    """A content event of now."""
    before, after = bodies.content_event()
    return chunk(b"%b%020d%b" % (before, time.monotonic_ns(), after))


LAST = chunk(bodies.last_events()) + b"0\r\n\r\n"
WHOLE = {
    "plain": whole(b"200 OK", bodies.answer()),
    "failing": whole(b"503 Service Unavailable", bodies.error()),
    "burst": _STREAM_HEAD + stamped_event() * BURST_EVENTS + LAST,
}


class Provider(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._head = b""
        self._missing = 0

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(_HEAD_END)
            if end < 0:
                return
            begin = self._head.lower().index(_LENGTH) + len(_LENGTH)
            length = int(self._head[begin : self._head.index(b"\r", begin)])
            self._missing = end + len(_HEAD_END) + length - len(self._head)
            self._wanted = self._head.split(None, 2)[1].split(b"/", 2)[1].decode()
            self._head = b""
        if not self._missing:
            self._answer()

    def _answer(self) -> None:
        answer = WHOLE.get(self._wanted)
        if answer is not None:
            self._transport.write(answer)
            return
        _, events, milliseconds = self._wanted.split("-")
        self._transport.write(_STREAM_HEAD)
        self._pace(int(events), int(milliseconds) / 1000, asyncio.get_running_loop().time())

    def _pace(self, left: int, seconds: float, due: float) -> None:
        if self._transport.is_closing():
            return
        if not left:
            self._transport.write(LAST)
            return
        self._transport.write(stamped_event())
        asyncio.get_running_loop().call_at(due + seconds, self._pace, left - 1, seconds, due + seconds)


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Provider, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(main())
