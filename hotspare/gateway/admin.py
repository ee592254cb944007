"""The admin surface on the instance socket: Backend's five calls and nothing more; it knows no actions.

Whoever may open the socket may act: its permissions decide. *Who* is what the kernel says of the peer.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hotspare.engine.backend import Backend
from hotspare.engine.presence import Presence
from hotspare.gateway import admin_wire
from hotspare.gateway.admin_wire import BadMessage
from hotspare.gateway.caller import clean
from hotspare.gateway.peer import EXTENSION, Peer
from hotspare.router.error import HotspareError

MAX_BODY_BYTES = 4_194_304
MAX_CONSOLE_ID = 64
LINES = "application/x-ndjson"


class Lines(Response):
    """An answer of one JSON value a line, as they come. It ends when the caller leaves: its task is cancelled then."""

    def __init__(self, items: AsyncIterator[Any], encode: Callable[[Any], bytes]) -> None:
        super().__init__(media_type=LINES, headers={"cache-control": "no-cache"})
        del self.headers["content-length"]
        self._items = items
        self._encode = encode

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with AsyncExitStack() as stack:
            if (close := getattr(self._items, "aclose", None)) is not None:
                stack.push_async_callback(close)
            async for item in self._items:
                line = self._encode(item) + b"\n"
                await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Admin:
    """The calls, each one line of Backend."""

    def __init__(self, backend: Backend, presence: Presence) -> None:
        self._backend = backend
        self._presence = presence

    async def instance(self, _request: Request) -> Response:
        return _json(admin_wire.encode((await self._backend.snapshot()).instance))

    async def snapshot(self, request: Request) -> Response:
        """All figures; a console that looks again and again names itself, so that the others know of it."""
        console = request.query_params.get("console", "")[:MAX_CONSOLE_ID]
        if console:
            self._presence.looked(console, who(request.scope, request.query_params.get("as", "")))
        snapshot = await self._backend.snapshot()
        return _json(admin_wire.encode(replace(snapshot, consoles=self._presence.others(console))))

    async def query(self, request: Request) -> Response:
        asked = admin_wire.decode_query(await _body(request))
        try:
            rows = await self._backend.query(asked.name, **asked.parameters)
        except (ValueError, TypeError) as error:
            raise BadMessage(f"The view {asked.name!r} cannot be given: {error}.") from None
        return _json(admin_wire.encode(rows))

    async def apply(self, request: Request) -> Response:
        message = admin_wire.decode_apply(await _body(request))
        outcome = await self._backend.apply(
            message.command, who=who(request.scope, message.claimed), why=message.why, confirmed=message.confirmed
        )
        return _json(admin_wire.encode_outcome(outcome))

    async def prompt(self, request: Request) -> Response:
        prompt = admin_wire.decode_prompt(await _body(request))
        return Lines(self._backend.send_prompt(prompt), admin_wire.encode)

    async def events(self, _request: Request) -> Response:
        return Lines(self._backend.events(), admin_wire.encode)


def admin_application(backend: Backend, presence: Presence) -> Starlette:
    """The ASGI application of the instance socket."""
    admin = Admin(backend, presence)
    return Starlette(
        routes=[
            Route("/instance", admin.instance, methods=["GET"]),
            Route("/snapshot", admin.snapshot, methods=["GET"]),
            Route("/query", admin.query, methods=["POST"]),
            Route("/apply", admin.apply, methods=["POST"]),
            Route("/prompt", admin.prompt, methods=["POST"]),
            Route("/events", admin.events, methods=["GET"]),
        ],
        exception_handlers={HotspareError: _told, Exception: _fault},
    )


def who(scope: Scope, claimed: str) -> str:
    """The peer's user name, and whom it says it acts for."""
    peer: Peer | None = scope.get("extensions", {}).get(EXTENSION)
    user = peer.user if peer is not None else "unknown"
    claimed = clean(claimed)
    return f"{user} (as {claimed})" if claimed and claimed != user else user


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise BadMessage(f"The message over the instance socket is longer than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


def _json(data: bytes) -> Response:
    return Response(data, media_type="application/json")


async def _fault(_request: Request, _error: Exception) -> Response:
    """Starlette raises the error again after this, so that the connection logs it."""
    told = HotspareError("The instance met an error of its own.", "Its log says which (`hotspare logs path`).")
    return Response(admin_wire.encode_error(told), status_code=500, media_type="application/json")


async def _told(_request: Request, error: Exception) -> Response:
    told = error if isinstance(error, HotspareError) else HotspareError(str(error))
    return Response(admin_wire.encode_error(told), status_code=400, media_type="application/json")
