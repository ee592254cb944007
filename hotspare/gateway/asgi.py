"""ASGI's side of a request, for applications that are written to it; ours takes the Cycle as it is."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from hotspare.gateway.cycle import Cycle
from hotspare.gateway.lines import Header, WrongMessage, header_lines
from hotspare.gateway.peer import EXTENSION, Peer

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApplication: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_VERSION = {"version": "3.0", "spec_version": "2.3"}


def asgi(application: AsgiApplication) -> Callable[[Cycle, Peer | None], Awaitable[None]]:
    """An ASGI application as one of ours."""

    async def answer(cycle: Cycle, peer: Peer | None) -> None:
        exchange = AsgiExchange(cycle)
        await application(scope_of(cycle, peer), exchange.receive, exchange.send)

    return answer


def scope_of(cycle: Cycle, peer: Peer | None = None) -> Scope:
    """What is asked, and who asks where the system says so."""
    head = cycle.head
    scope: Scope = {
        "type": "http",
        "asgi": _VERSION,
        "http_version": head.version,
        "method": head.method,
        "scheme": "http",
        "path": head.path,
        "raw_path": head.raw_path,
        "query_string": head.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in head.lines],
        "client": None,
        "server": None,
    }
    if peer is not None:
        scope["extensions"] = {EXTENSION: peer}
    return scope


class AsgiExchange:
    """`receive` and `send` of one request. An answer whose length is said leaves when all of it is there."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self._status: int | None = None
        self._lines = b""
        self._length: int | None = None
        self._body: list[bytes] = []
        self._over = False

    async def receive(self) -> Message:
        """What has come of the body, or that the caller has left."""
        body = await self._cycle.read()
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": self._cycle.more_body}

    async def send(self, message: Message) -> None:
        """A part of the answer; returns when more may follow.

        Raises:
            WrongMessage: it has no place here.
        """
        if self._cycle.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and self._status is None:
            await self._start(message["status"], message.get("headers", ()))
        elif kind == "http.response.body" and self._status is not None and not self._over:
            self._over = not message.get("more_body", False)
            await self._send(self._status, message.get("body", b""))
        else:
            raise WrongMessage(f"{kind} has no place at this point of an answer")

    async def _start(self, status: int, headers: list[Header]) -> None:
        self._status = status
        told = {name.lower(): value for name, value in headers}
        length = told.get(b"content-length")
        self._length = 0 if status == 204 else None if length is None else int(length)
        if told.get(b"connection", b"").lower() == b"close":
            self._cycle.keep_alive = False
        self._lines = header_lines(header for header in headers if header[0].lower() not in _OURS)
        if self._length is None:
            await self._cycle.begin(status, self._lines)
            self._cycle.flush()

    async def _send(self, status: int, body: bytes) -> None:
        if self._length is None:
            await (self._cycle.end(body) if self._over else self._cycle.piece(body))
            return
        self._body.append(body)
        came = sum(map(len, self._body))
        if came > self._length or (self._over and came < self._length):
            raise WrongMessage("an answer's body is as long as its headers say")
        if self._over:
            await self._cycle.whole(status, self._lines, b"".join(self._body))


_OURS = frozenset({b"content-length", b"connection"})
"""Headers that a Cycle writes itself."""
