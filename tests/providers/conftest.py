"""A provider on loopback that does exactly what a test tells it to: raw bytes on a real socket."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from listening import listening

from hotspare.dialects import openai_chat
from hotspare.dialects.begun import Begun
from hotspare.dialects.call import Call
from hotspare.dialects.endpoint import ApiKey, Endpoint
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.record import Ask
from hotspare.router.settings import Limits
from hotspare.router.step import Try


@dataclass
class FakeExchange:
    """One request as the provider saw it, and its hand on the answer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    async def send(self, *parts: bytes | float) -> None:
        for part in parts:
            if isinstance(part, float):
                await asyncio.sleep(part)
            else:
                self.writer.write(part)
                await self.writer.drain()

    async def answer(self, body: bytes, status: int = 200, content_type: str = "application/json", extra: str = ""):
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\n{extra}content-length: {len(body)}\r\n\r\n"
        await self.send(head.encode() + body)

    async def begin_stream(self, content_type: str = "text/event-stream") -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        await self.send(head.encode())

    async def begin_error(self, status: int) -> None:
        await self.send(b"HTTP/1.1 %d X\r\ntransfer-encoding: chunked\r\n\r\n" % status)

    async def chunk(self, *pieces: bytes) -> None:
        for piece in pieces:
            await self.send(b"%x\r\n%b\r\n" % (len(piece), piece))

    async def end_stream(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def until_closed(self) -> None:
        """Returns when the other side has gone."""
        while await self.reader.read(65536):
            pass

    def reset(self) -> None:
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[FakeExchange], Awaitable[None]]


@dataclass
class FakeProvider:
    """Serves each request with the behaviours given, the last one again and again."""

    port: int = 0
    behaviours: list[Behaviour] = field(default_factory=list)
    seen: list[FakeExchange] = field(default_factory=list)

    def does(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            exchange = FakeExchange(reader, writer, head[0], headers, body)
            self.seen.append(exchange)
            await self.behaviours[min(len(self.seen), len(self.behaviours)) - 1](exchange)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    fake = FakeProvider()
    async with listening(fake.serve) as fake.port:
        yield fake


SECRET = "sk-test-canary-0123456789abcdef"


@pytest.fixture(params=["auto", "httpx"])
async def carry(request: pytest.FixtureRequest, provider: FakeProvider):
    """Carry one attempt: `await carry(stream=True, dialect="anthropic", first_content_seconds=0.2, …)`.

    Everything holds for both transports.

    Attempts on the same endpoint share one carrier, and so its connections.
    """
    carriers: dict[str, ProviderCarrier] = {}

    async def run(
        *,
        dialect: str = "openai",
        url: str | None = None,
        body: dict | None = None,
        headers: dict[str, str] | None = None,
        deadline_seconds: float = 5.0,
        endpoint: dict | None = None,
        stream: bool = False,
        begun: Begun | None = None,
        **limits: float,
    ):
        base = url or (provider.url + ("/v1" if dialect == "openai" else ""))
        key = ApiKey("KEY", SECRET)
        more = {"transport": request.param} | (endpoint or {})
        place = Endpoint("main", "fake", dialect, base, "upstream-model", (key,), **more)
        carrier = carriers.setdefault(f"{place} {endpoint}", ProviderCarrier({"main": place}))
        asked = {"model": "main", "messages": [{"role": "user", "content": "hi"}], "stream": stream} | (body or {})
        call: Call = openai_chat.read_request(json.dumps(asked).encode(), headers or {})
        call.begun = begun
        now = asyncio.get_running_loop().time()
        ask = Ask("r1", "main", "main", "tests", 0.0, now, now + deadline_seconds)
        bounds = Limits(**({"connect_seconds": 1.0, "first_content_seconds": 2.0, "attempt_seconds": 2.0} | limits))
        return await carrier.call(Try(1, "main", "KEY", bounds, now + deadline_seconds), ask, call)

    yield run
    for carrier in carriers.values():
        await carrier.aclose()


def chunk_event(delta: dict | None, finish: str | None = None, **more) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"id": "c1", "model": "m", "choices": choices} | more).encode() + b"\n\n"


@pytest.fixture
def sse() -> Callable[..., bytes]:
    return chunk_event


@pytest.fixture
def good_stream() -> list[bytes]:
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return [
        chunk_event({"role": "assistant", "content": ""}),
        chunk_event({"content": "hello"}),
        chunk_event({"content": " world"}),
        chunk_event({}, "stop"),
        chunk_event(None, usage=usage),
        b"data: [DONE]\n\n",
    ]


@pytest.fixture
def good_answer() -> bytes:
    message = {"role": "assistant", "content": "hello world"}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 3}}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {"id": "c1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
    return json.dumps(answer, indent=1).encode()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def full_port():
    """A port that nobody answers: the queue of its listener is full."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
