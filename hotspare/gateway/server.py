"""One HTTP surface: an application on sockets that somebody else has bound, in the running loop.

No signals (they belong to whoever runs it, or to Textual), no lifespan, no logging, no tick beside an idle console.
"""

import asyncio
import socket
from collections.abc import Sequence

from hotspare.gateway.connection import Application, Connection
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.listening import BACKLOG
from hotspare.gateway.state import State

_STOP_SECONDS = 5.0


class HttpServer:
    """Serves from `start` until `stop`.

    Args:
            application: answers the requests.
            limits: of each connection.
            state: what the connections share, for whoever else looks at it.
    """

    def __init__(self, application: Application, limits: ConnectionLimits, state: State | None = None) -> None:
        self._application = application
        self._limits = limits
        self._state = state or State()
        self._servers: list[asyncio.Server] = []

    @property
    def running(self) -> int:
        """Requests that are being answered."""
        return len(self._state.tasks)

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on the sockets, which are ours from now on."""
        loop = asyncio.get_running_loop()

        def connect() -> Connection:
            return Connection(self._application, self._state, loop, self._limits)

        for listening in sockets:
            serve = loop.create_unix_server if listening.family == socket.AF_UNIX else loop.create_server
            self._servers.append(await serve(connect, sock=listening, backlog=BACKLOG))

    async def stop(self, drain_seconds: float) -> None:
        """Accept nothing more, let what runs finish within a time, then end it."""
        for server in self._servers:
            server.close()
        for connection in tuple(self._state.connections):
            connection.shutdown()
        await self._wait_for_tasks(drain_seconds)
        for connection in tuple(self._state.connections):
            connection.abort()
        await self._wait_for_tasks(_STOP_SECONDS)
        self._state.emptied.clear()
        if self._state.connections:
            await self._state.emptied.wait()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def _wait_for_tasks(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._state.tasks and (left := until - loop.time()) > 0:
            await asyncio.wait(tuple(self._state.tasks), timeout=left)
