"""A server on loopback that does to each connection exactly what a test tells it to, under both event loops."""

import asyncio
import gc
import os
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from hotspare.providers.http1 import Http1Reply, Http1Transport
from hotspare.providers.http1_exchange import Exchange
from hotspare.providers.wire import Outgoing, Place

SERVING = "a fake server"

CERTIFICATES = Path(__file__).parent.parent / "certificates"


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable]:
    """Each test on both loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session", autouse=True)
def little_garbage() -> Iterator[None]:
    """So that looking for what a test left behind does not take longer than the test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def until_true(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 -- the loop is what is waited for
            await asyncio.sleep(0)


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Let the loop turn until a condition holds."""
    return until_true


@dataclass
class FakeLine:
    """One connection as the server has it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """The script is done, and the connection closed."""

    async def request(self) -> bytes:
        """The body of the next request."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        body = await self.reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
        self.received += head + body
        return body

    async def send(self, *pieces: bytes) -> None:
        """Each in a packet of its own."""
        for piece in pieces:
            if self.writer.transport.is_closing():  # uvloop would raise an error of its own
                raise ConnectionResetError
            self.writer.write(piece)
            await self.writer.drain()

    async def gone(self) -> None:
        """Returns when the other side has gone."""
        try:
            while data := await self.reader.read(65536):
                self.received += data
        except OSError:
            pass

    def now(self, data: bytes) -> None:
        """Send without the loop: the client's has not been told when this returns."""
        os.write(self.writer.get_extra_info("socket").fileno(), data)

    def finish_now(self) -> None:
        """As `now`, the end of what the server sends."""
        with socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno())) as raw:
            raw.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[FakeLine], Awaitable[None]]


class FakeServer:
    """Runs a script for each connection: the first for the first, …, the last for all that come after."""

    def __init__(self) -> None:
        self.scripts: tuple[Script, ...] = ()
        self.lines: list[FakeLine] = []
        self.port = 0
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def does(self, *scripts: Script) -> None:
        self.scripts = scripts

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def open(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> int:
        server = await asyncio.start_server(self._connected, host, 0, ssl=context, backlog=512)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def open_secure(self, certificate: str, change: Callable[[ssl.SSLContext], None] = bool) -> str:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATES / certificate)
        change(context)
        return f"https://127.0.0.1:{await self.open(context=context)}/v1"

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = FakeLine(reader, writer)
        self.lines.append(line)
        script = self.scripts[min(len(self.lines), len(self.scripts)) - 1]
        task = asyncio.create_task(self._run(script, line), name=SERVING)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, script: Script, line: FakeLine) -> None:
        try:
            await script(line)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            line.writer.close()
            line.ended.set()

    async def until_ended(self, count: int) -> None:
        """Returns when so many connections are closed and their scripts done."""
        await until_true(lambda: sum(line.ended.is_set() for line in self.lines) >= count)

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for line in self.lines:
            line.writer.transport.abort()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    fake = FakeServer()
    fake.port = await fake.open()
    yield fake
    await fake.close()


class FakeTime:
    """Monotonic seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def transport(fake_time) -> AsyncIterator[Http1Transport]:
    """Whatever a test does, nothing of it may be left: no task, no socket, no exception that nobody saw."""
    unseen: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unseen.append(context))
    made = Http1Transport(fake_time)
    yield made
    await made.aclose()
    for _ in range(10):
        await asyncio.sleep(0)
    gc.collect()
    assert not unseen, unseen
    assert not [task for task in asyncio.all_tasks() - {asyncio.current_task()} if task.get_name() != SERVING]


Sending = Callable[..., Awaitable[Http1Reply]]


@pytest.fixture
def send(transport: Http1Transport, server: FakeServer) -> Sending:
    """Send one request; its answer's head."""

    def sending(
        body: bytes = b"{}",
        *,
        url: str | None = None,
        headers: tuple[tuple[str, str], ...] = (("authorization", "Bearer k"),),
        connect_seconds: float = 5.0,
        ca_file: str | None = None,
        place: Place | None = None,
    ) -> Awaitable[Http1Reply]:
        return transport.send(Outgoing(place or Place(url or server.url, headers, ca_file), body, connect_seconds))

    return sending


@pytest.fixture
def fetch(send: Sending) -> Callable[..., Awaitable[tuple[int, bytes]]]:
    """Send one request; its whole answer."""

    async def fetching(body: bytes = b"{}", **options) -> tuple[int, bytes]:
        reply = await send(body, **options)
        try:
            return reply.status, b"".join([piece async for piece in reply.chunks()])
        finally:
            await reply.aclose()

    return fetching


def an_answer(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *lines, f"content-length: {len(body)}"))
    return head.encode("latin-1") + b"\r\n" + body


@pytest.fixture
def answer() -> Callable[..., bytes]:
    return an_answer


@pytest.fixture
def saying() -> Callable[..., Script]:
    """A script: answer each request with the next bytes (after the last: wait), then stay until the client goes."""

    def script_of(*answers: bytes) -> Script:
        async def script(line: FakeLine) -> None:
            for raw in answers:
                await line.request()
                await line.send(raw)
            await line.gone()

        return script

    return script_of


@pytest.fixture
def echoing() -> Script:
    """A script: answer each request with its own body."""

    async def script(line: FakeLine) -> None:
        while True:
            await line.send(an_answer(await line.request()))

    return script


@pytest.fixture
def certificates() -> Path:
    return CERTIFICATES


class FakeConnection:
    """What an exchange asked of its connection."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def resume(self, exchange: Exchange) -> None:
        self.asked.append("resume")

    def linger(self, exchange: Exchange) -> None:
        self.asked.append("linger")

    def end(self, exchange: Exchange) -> None:
        self.asked.append("end")


@pytest.fixture
def fake_connection() -> FakeConnection:
    return FakeConnection()
