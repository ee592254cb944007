"""The line to stay near: the gateway's own HTTP server and its own HTTP client with nothing between them.

usage: python passthrough.py TRANSPORT PROVIDER_URL     TRANSPORT: http1 or httpx; prints its port, ends with its input
"""

import asyncio
import gc
import sys

import uvloop

from hotspare.gateway.cycle import Cycle
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.listening import bind_tcp, port_of
from hotspare.gateway.server import HttpServer
from hotspare.providers.http1 import Http1Transport
from hotspare.providers.transport import HttpxTransport
from hotspare.providers.wire import Outgoing, Place, Reply, Transport

HEADERS = (
    ("content-type", "application/json"),
    ("accept", "application/json, text/event-stream"),
    ("accept-encoding", "identity"),
    ("user-agent", "bench"),
    ("authorization", "Bearer sk-bench"),
)


class PassThrough:
    """The application. What a request wants of the provider stands in its path."""

    def __init__(self, transport: Transport, base_url: str) -> None:
        self._transport = transport
        self._base_url = base_url
        self._places: dict[str, Place] = {}

    async def __call__(self, cycle: Cycle, _peer: object) -> None:
        pieces = []
        while cycle.more_body:
            pieces.append(await cycle.read() or b"")
        path = cycle.head.path
        place = self._places.setdefault(path, Place(self._base_url + path, HEADERS))
        reply = await self._transport.send(Outgoing(place, b"".join(pieces), connect_seconds=5.0))
        try:
            await self._pass_on(reply, cycle)
        finally:
            await reply.aclose()

    async def _pass_on(self, reply: Reply, cycle: Cycle) -> None:
        lines = b"content-type: %b\r\n" % reply.headers["content-type"].encode()
        if "content-length" not in reply.headers:
            await cycle.begin(reply.status, lines)
            async for piece in reply.chunks():
                await cycle.piece(piece)
            await cycle.end(b"")
            return
        body = reply.at_hand()
        if body is None:
            body = b"".join([piece async for piece in reply.chunks()])
        await cycle.whole(reply.status, lines, body)


async def main(kind: str, base_url: str) -> None:
    """Serve until standard input ends."""
    transport: Transport = Http1Transport() if kind == "http1" else HttpxTransport()
    server = HttpServer(PassThrough(transport, base_url), ConnectionLimits())
    sockets = bind_tcp("127.0.0.1", 0)
    await server.start(sockets)
    gc.collect()
    gc.freeze()
    print(port_of(sockets), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(0.0)
    await transport.aclose()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
