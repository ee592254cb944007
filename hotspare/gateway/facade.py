"""The gateway of one instance: the traffic surface on TCP and the admin surface on the instance socket, as one thing.

Stopping refuses new requests first and takes the admin surface down last, so that the end can be watched.
"""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from hotspare.configuration.compiled import GatewaySettings
from hotspare.engine.backend import Backend
from hotspare.engine.presence import Presence
from hotspare.gateway import traffic
from hotspare.gateway.admin import admin_application
from hotspare.gateway.asgi import asgi
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.listening import (
    CannotListen,
    bind_tcp,
    bind_unix,
    identity_of,
    is_loopback,
    port_of,
    remove_unix,
)
from hotspare.gateway.server import HttpServer
from hotspare.gateway.state import State
from hotspare.gateway.traffic import Traffic
from hotspare.router.clock import Clock

_ADMIN_STOP_SECONDS = 0.2


class Engine(traffic.Engine, Protocol):
    """What the gateway needs of the engine: traffic's needs, and that it can be told to drain."""

    draining: bool


class Gateway:
    """Listens from `start` to `stop`.

    Args:
        engine: carries requests out.
        backend: answers for the instance.
        settings: where to listen, who may ask.
        socket_path: of the instance socket; None for none.
        presence: is told which consoles look over the instance socket.
        limits: of each connection.
    """

    def __init__(
        self,
        engine: Engine,
        backend: Backend,
        settings: GatewaySettings,
        *,
        socket_path: Path | None = None,
        presence: Presence | None = None,
        limits: ConnectionLimits | None = None,
    ) -> None:
        limits = limits or ConnectionLimits()
        self._engine = engine
        self._settings = settings
        self._socket_path = socket_path
        self._socket_identity: tuple[int, int] | None = None
        state = State()
        self._application = Traffic(engine, backend, settings, state)
        self._traffic = HttpServer(self._application, limits, state)
        admin = admin_application(backend, presence or Presence(Clock()))
        self._admin = HttpServer(asgi(admin), limits)  # type: ignore[arg-type]
        self.port = settings.port
        """The real one once started, also where the settings say 0."""

    @property
    def listen(self) -> str:
        """Host and port, as a caller writes them."""
        host = self._settings.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def running(self) -> int:
        """Requests of applications that are being answered."""
        return self._traffic.running

    def obey(self, settings: GatewaySettings) -> None:
        """Go by these settings from the next request on. Where it listens is settled for its life."""
        self._settings = replace(settings, host=self._settings.host, port=self._settings.port)
        self._application.obey(self._settings)

    async def start(self) -> None:
        """Listen.

        Raises:
            CannotListen: on either surface; nothing is left behind.
        """
        if not self._settings.asks_for_a_token and not is_loopback(self._settings.host):
            raise CannotListen(
                f"Listening on {self._settings.host} would let everyone who reaches it use your keys.",
                "Name a token with token_env under [gateway], or listen on 127.0.0.1.",
            )
        sockets = bind_tcp(self._settings.host, self._settings.port)
        self.port = port_of(sockets)
        try:
            admin = self._bind_admin()
        except CannotListen:
            for bound in sockets:
                bound.close()
            raise
        await self._admin.start(admin)
        await self._traffic.start(sockets)

    async def stop(self, drain_seconds: float) -> None:
        """Take no new requests, let what runs finish within a time, end what is left, and go."""
        self._engine.draining = True
        await self._traffic.stop(drain_seconds)
        await self._admin.stop(_ADMIN_STOP_SECONDS)
        if self._socket_path is not None and self._socket_identity is not None:
            remove_unix(self._socket_path, self._socket_identity)

    def _bind_admin(self) -> list[socket.socket]:
        if self._socket_path is None:
            return []
        bound = bind_unix(self._socket_path)
        self._socket_identity = identity_of(self._socket_path)
        return [bound]
