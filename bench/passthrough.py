"""The line to stay near: the gateway's own HTTP server and its own HTTP client with nothing between them.

usage: python passthrough.py TRANSPORT PROVIDER_URL     TRANSPORT: http1 or httpx; prints its port, ends with its input
"""

import asyncio
import gc
import sys
from typing import Any

import uvloop

from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.listening import bind_tcp, port_of
from hotspare.gateway.server import HttpServer
from hotspare.providers.http1 import Http1Transport
from hotspare.providers.transport import HttpxTransport
from hotspare.providers.wire import Outgoing, Transport

HEADERS = (
    ("content-type", "application/json"),
    ("accept", "application/json, text/event-stream"),
    ("accept-encoding", "identity"),
    ("user-agent", "bench"),
    ("authorization", "Bearer sk-bench"),
)


class PassThrough:
    """The ASGI application. What a request wants of the provider stands in its path."""

    def __init__(self, transport: Transport, base_url: str) -> None:
        self._transport = transport
        self._base_url = base_url

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        pieces = []
        more = True
        while more:
            message = await receive()
            pieces.append(message["body"])
            more = message["more_body"]
        url = self._base_url + scope["path"]
        reply = await self._transport.send(Outgoing(url, HEADERS, b"".join(pieces), connect_seconds=5.0))
        try:
            await self._pass_on(reply, send)
        finally:
            await reply.aclose()

    async def _pass_on(self, reply: Any, send: Any) -> None:
        kind, length = reply.headers["content-type"].encode(), reply.headers.get("content-length")
        headers = [(b"content-type", kind)]
        if length is None:
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            async for piece in reply.chunks():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        body = b"".join([piece async for piece in reply.chunks()])
        headers.append((b"content-length", length.encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


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
