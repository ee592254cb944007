"""The Backend of an instance in another process, over its socket: what an attached console speaks to.

One connection a call: nothing that is cut off can spoil the next answer, and an instance that comes back is found again
without a word. Each look at the figures says which console looks, so that the instance can tell the others.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httptools

from hotspare.app.admin_client import ANSWER_SECONDS, gone
from hotspare.app.way import Way
from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.gateway import admin_wire
from hotspare.gateway.admin_wire import ApplyMessage
from hotspare.router.command import Command, Outcome
from hotspare.router.snapshot import Snapshot

READ_BYTES = 65_536
LOOK_SECONDS = 3.0
"""How long a look at the figures may take, before the instance counts as lost."""


class RemoteBackend:
    """`engine.backend.Backend` for the instance that the way leads to."""

    def __init__(self, way: Way, *, who: str = "") -> None:
        """Ask nothing yet.

        Args:
            way: to its socket.
            who: the operator's name, as the other consoles are to see it.
        """
        self._way = way
        self._snapshot = f"/snapshot?{urlencode({'console': secrets.token_hex(8), 'as': who})}"
        self._told = b""
        self._latest: Snapshot | None = None

    async def snapshot(self) -> Snapshot:
        """All live figures now; what is told in the same words is the same Snapshot."""
        told = await self._ask("GET", self._snapshot, seconds=LOOK_SECONDS)
        if self._latest is None or told != self._told:
            snapshot = admin_wire.decode_snapshot(told)
            self._told, self._latest = told, _named_after(self._way.host, snapshot) if self._way.host else snapshot
        return self._latest

    async def query(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """A view of the past."""
        return admin_wire.decode_rows(await self._ask("POST", "/query", admin_wire.encode_query(name, parameters)))

    async def apply(self, command: Command, *, who: str, why: str = "", confirmed: bool = False) -> Outcome:
        """Carry out a command. Who acts is what the instance sees; `who` is noted beside it where it is another."""
        message = ApplyMessage(command, why, confirmed, who)
        return admin_wire.decode_outcome(await self._ask("POST", "/apply", admin_wire.encode_apply(message)))

    async def send_prompt(self, prompt: Prompt) -> AsyncGenerator[PromptEvent, None]:
        """Send a test prompt and follow it."""
        async with aclosing(self._lines("POST", "/prompt", admin_wire.encode_prompt(prompt))) as lines:
            async for line in lines:
                yield admin_wire.decode_prompt_event(line)

    async def events(self) -> AsyncGenerator[dict[str, Any], None]:
        """What happens, as it happens, until the instance ends."""
        async with aclosing(self._lines("GET", "/events")) as lines:
            async for line in lines:
                yield admin_wire.decode_event(line)

    async def _ask(self, method: str, path: str, body: bytes = b"", *, seconds: float = ANSWER_SECONDS) -> bytes:
        try:
            async with asyncio.timeout(seconds), aclosing(self._pieces(method, path, body)) as pieces:
                return b"".join([piece async for piece in pieces])
        except TimeoutError:
            raise gone(self._way.where, f"no answer within {seconds:g} s") from None

    async def _lines(self, method: str, path: str, body: bytes = b"") -> AsyncGenerator[bytes, None]:
        rest = b""
        async with aclosing(self._pieces(method, path, body)) as pieces:
            async for piece in pieces:
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    yield line

    async def _pieces(self, method: str, path: str, body: bytes) -> AsyncGenerator[bytes, None]:
        """The body of one answer, as it comes.

        Raises:
            InstanceGone: nobody answers, or the answer breaks off.
            HotspareError: the answer is an error.
        """
        try:
            reader, writer = await self._way.connect()
        except OSError as error:
            raise gone(self._way.where, error.strerror or str(error)) from None
        try:
            writer.write(_request(method, path, body))
            reply = _Reply()
            async with aclosing(reply.body(reader)) as pieces:
                async for piece in pieces:
                    yield piece
        except (OSError, httptools.HttpParserError) as error:
            raise gone(self._way.where, str(error)) from None
        finally:
            writer.close()


def _named_after(host: str, snapshot: Snapshot) -> Snapshot:
    """Two screens on two machines must not look the same."""
    here = snapshot.instance
    return replace(snapshot, instance=replace(here, name=f"{here.name} at {host}", host=host))


def _request(method: str, path: str, body: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
    if body:
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


class _Reply:
    """One answer as httptools reads it."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._complete = False

    def on_body(self, data: bytes) -> None:
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        self._complete = True

    async def body(self, reader: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
        """Its pieces; those of an error are gathered and raised."""
        told = b""
        while not self._complete:
            data = await reader.read(READ_BYTES)
            if not data:
                raise ConnectionResetError("it left in the middle of an answer")
            self._parser.feed_data(data)
            pieces, self._pieces = self._pieces, []
            if self._parser.get_status_code() >= 400:
                told += b"".join(pieces)
                continue
            for piece in pieces:
                yield piece
        if told:
            raise admin_wire.decode_error(told)
