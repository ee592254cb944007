"""A gateway over the real engine, router and carrier, and providers on loopback that do exactly what a test says."""

import asyncio
import random
import socket
import struct
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import SimpleNamespace

import msgspec
import pytest
from listening import listening

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects.endpoint import Endpoint
from hotspare.engine.engine import Engine
from hotspare.engine.local import LocalBackend
from hotspare.gateway.facade import Gateway
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.clock import Clock
from hotspare.router.facade import Router
from hotspare.router.settings import Chain, Limits, Model, Rates, Settings
from hotspare.router.snapshot import Instance, StoreView

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def event(delta=None, finish=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices} | more
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


ROLE = event({"role": "assistant", "content": ""})
ENDING = (event({}, "stop"), event(usage=USAGE), b"data: [DONE]\n\n")


class Line:
    """One request at a provider, and its hand on the answer. `closed` once the gateway has gone."""

    def __init__(self, reader, writer, asked):
        self.reader, self.writer, self.asked = reader, writer, asked
        self.closed = asyncio.Event()
        self.sent = 0

    async def send(self, *parts):
        """Bytes as they are; a number is a pause in seconds."""
        for part in parts:
            if isinstance(part, float):
                await asyncio.sleep(part)
            else:
                self.writer.write(part)
                await self.writer.drain()
                self.sent += len(part)

    async def stream(self, *pieces):
        """The head of a stream, and pieces of its body."""
        await self.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        await self.chunks(*pieces)

    async def chunks(self, *pieces):
        for piece in pieces:
            await self.send(piece if isinstance(piece, float) else b"%x\r\n%b\r\n" % (len(piece), piece))

    async def end(self):
        await self.send(b"0\r\n\r\n")

    async def answer(self, text, pause=0.0):
        """A whole stream that says `text`."""
        await self.stream(ROLE, pause, event({"content": text}), pause, *ENDING)
        await self.end()

    async def for_ever(self, part, every=0.05):
        while True:
            await self.send(part, every)

    async def gone(self):
        while await self.reader.read(65536):
            pass

    def reset(self):
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class FakeProvider:
    """Plays a behaviour for each request: the first for the first, and so on; the last again and again."""

    def __init__(self):
        self.behaviours = []
        self.lines = []
        self.asked = asyncio.Event()

    def does(self, *behaviours):
        self.behaviours = list(behaviours)

    async def serve(self, reader, writer):
        line = None
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length:")[1].split("\r\n")[0])
                line = Line(reader, writer, msgspec.json.decode(await reader.readexactly(length)))
                self.lines.append(line)
                self.asked.set()
                await self.behaviours[min(len(self.lines), len(self.behaviours)) - 1](line)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            if line is not None:
                line.closed.set()


class FakeRecorder:
    def __init__(self):
        self.records = []

    def append(self, record):
        self.records.append(record)

    def remember(self, memory):
        pass

    def view(self):
        return StoreView()


@pytest.fixture
async def open_house():
    """Start a gateway over as many providers as behaviours are given; each is a model: alpha, beta, …"""
    async with AsyncExitStack() as stack:

        async def start(*behaviours, limits=None, ports=(), keep_alive_seconds=5.0, **chain):
            providers = [FakeProvider() for _ in behaviours]
            for provider, behaviour in zip(providers, behaviours, strict=True):
                provider.does(*behaviour if isinstance(behaviour, tuple) else (behaviour,))
                provider.port = await stack.enter_async_context(listening(provider.serve))
            found = [*(provider.port for provider in providers), *ports]
            names = ("alpha", "beta", "gamma", "delta")[: len(found)]
            rates = Rates(input=3_000_000, output=15_000_000)
            models = {name: Model(name, name, needs_key=False, rates=rates) for name in names}
            bounds = dict.fromkeys(names, limits or Limits(retries=0))
            router = Router(
                Settings(models, {"main": Chain("main", names, bounds, **chain)}),
                random=random.Random(1),
                midnight=lambda wall: 0.0,
            )
            carrier = ProviderCarrier(
                {
                    name: Endpoint(name, name, "openai", f"http://127.0.0.1:{port}/v1", f"{name}-1")
                    for name, port in zip(names, found, strict=True)
                }
            )
            stack.push_async_callback(carrier.aclose)
            recorder = FakeRecorder()
            engine = Engine(
                router=router,
                carrier=carrier,
                recorder=recorder,
                journal=None,
                clock=Clock(),
                keep_alive_seconds=keep_alive_seconds,
            )
            stack.push_async_callback(engine.aclose)
            backend = LocalBackend(engine, history=None, instance=Instance("prod", "", 1, 1.0, "0.1.0"))
            gateway = Gateway(engine, backend, GatewaySettings(port=0))
            await gateway.start()
            stack.push_async_callback(gateway.stop, 0.0)
            return SimpleNamespace(
                gateway=gateway, port=gateway.port, engine=engine, providers=providers, records=recorder.records
            )

        yield start


@pytest.fixture
def ask(fake, chat):
    """Ask a house for a stream (or not): `async with ask(house) as (reader, writer)`, the request being sent."""

    @asynccontextmanager
    async def asking(house, *, stream=True, **fields):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port, limit=1 << 20)
        try:
            writer.write(fake.request("POST", "/v1/chat/completions", chat(stream=stream, **fields)))
            yield reader, writer
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    return asking


@pytest.fixture
def text_of():
    """What the events of a body say."""

    def read(body):
        said = ""
        for line in body.split(b"\n"):
            if line.startswith(b"data: {"):
                choices = msgspec.json.decode(line[6:]).get("choices") or []
                said += "".join(choice["delta"].get("content") or "" for choice in choices)
        return said

    return read


@pytest.fixture
def wire():
    """The words that behaviours are written in."""
    return SimpleNamespace(event=event, ROLE=ROLE, ENDING=ENDING, USAGE=USAGE)


@pytest.fixture
def blackhole():
    """A port where no connection is ever accepted, nor refused: its queue is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
            waiting.append(one)
        yield listening.getsockname()[1]
        for one in waiting:
            one.close()
