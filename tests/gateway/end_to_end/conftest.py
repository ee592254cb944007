"""A whole house for the gateway: real engine, router, carrier and store, and scripted providers on loopback."""

import asyncio
import random
from contextlib import AsyncExitStack
from types import SimpleNamespace

import msgspec
import openai
import pytest

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects.endpoint import ApiKey, Endpoint
from hotspare.engine.engine import Engine
from hotspare.engine.local import LocalBackend
from hotspare.gateway.facade import Gateway
from hotspare.gateway.limits import ConnectionLimits
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.clock import Clock
from hotspare.router.facade import Router
from hotspare.router.settings import Budget, Chain, Limits, Model, Rates, Settings
from hotspare.router.snapshot import Instance
from hotspare.store.store import Store

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


class FakeProvider:
    """Answers chat completions with its own name; `status` makes it refuse, with `message` and `location`; `hold` keeps
    a stream open, and `flood` makes one that goes on for ever, as fast as it is taken.
    """

    def __init__(self, name):
        self.name = name
        self.status = 200
        self.message = "slow down"
        self.text = f"whole from {name}"
        self.location = ""
        self.hold = False
        self.flood = False
        self.written = 0
        self.seen = []
        self.left = asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().lower().split("\r\n")
                length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
                asked = msgspec.json.decode(await reader.readexactly(length))
                self.seen.append((dict(line.split(": ", 1) for line in lines[1:-2]), asked))
                if self.flood:
                    await self._pour(writer)
                writer.write(self._answer(asked))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()

    async def _pour(self, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        event = b"data: " + msgspec.json.encode(self._delta({"content": "w" * 4000})) + b"\n\n"
        chunk = b"%x\r\n%s\r\n" % (len(event), event)
        while True:
            writer.write(chunk)
            await writer.drain()
            self.written += len(chunk)

    def _answer(self, asked):
        if self.status != 200:
            error = {"message": self.message, "type": "rate_limit_error", "code": "rate_limit_exceeded"}
            body = msgspec.json.encode({"error": error})
            retry = b"retry-after: 40\r\n"
            if self.location:
                retry += f"location: {self.location}\r\n".encode()
            return b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s" % (
                self.status,
                retry,
                len(body),
                body,
            )
        if not asked.get("stream"):
            message = {"role": "assistant", "content": self.text}
            choices = [{"index": 0, "finish_reason": "stop", "message": message}]
            body = msgspec.json.encode(self._frame("chat.completion", choices, USAGE))
            return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
                len(body),
                body,
            )
        events = [self._delta({"role": "assistant", "content": ""})]
        events += [self._delta({"content": text}) for text in ("stream ", "from ", self.name)]
        if not self.hold:
            events += [self._delta({}, "stop"), self._frame("chat.completion.chunk", [], USAGE)]
        data = b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)
        data += b"" if self.hold else b"data: [DONE]\n\n"
        start = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        return start + b"%x\r\n%s\r\n" % (len(data), data) + (b"" if self.hold else b"0\r\n\r\n")

    def _delta(self, delta, reason=None):
        return self._frame("chat.completion.chunk", [{"index": 0, "delta": delta, "finish_reason": reason}])

    def _frame(self, kind, choices, usage=None):
        frame = {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "m", "choices": choices}
        return frame | ({"usage": usage} if usage else {})


def _settings(names, further, budget):
    rates = Rates(input=3_000_000, output=15_000_000)
    models = {name: Model(name, name, keys=("KEY",), rates=rates) for name in names}
    limits = dict.fromkeys(names, Limits(retries=0))
    chains = {"main": Chain("main", tuple(names), limits, answers=("gpt-*",))}
    chains |= {name: Chain(name, there, limits) for name, there in further.items()}
    return Settings(models=models, chains=chains, budget=budget)


def _endpoint(name, port, key):
    return Endpoint(name, name, "openai", f"http://127.0.0.1:{port}/v1", "main", (ApiKey("KEY", key),))


@pytest.fixture
async def open_house(tmp_path):
    """Start a house with two providers, alpha and beta. `ports` puts them, or others, elsewhere; `chains` are further
    ones than main.
    """
    async with AsyncExitStack() as stack:

        async def start(
            name="house",
            *,
            limits=None,
            port=0,
            ports=None,
            chains=None,
            budget=None,
            key="sk-1",
            content=None,
            **settings,
        ):
            alpha = await stack.enter_async_context(FakeProvider("alpha"))
            beta = await stack.enter_async_context(FakeProvider("beta"))
            found = {"alpha": alpha.port, "beta": beta.port} | (ports or {})
            endpoints = {name: _endpoint(name, there, key) for name, there in found.items()}
            log_path = tmp_path / f"{name}.log"
            store = await Store.open(tmp_path / f"{name}.db", name=name, log_path=log_path, content=content)
            stack.push_async_callback(store.close)
            carrier = ProviderCarrier(endpoints)
            stack.push_async_callback(carrier.aclose)
            router = Router(
                _settings(tuple(found), chains or {}, budget or Budget()),
                random=random.Random(1),
                midnight=lambda wall: 0.0,
            )
            engine = Engine(
                router=router,
                carrier=carrier,
                recorder=store,
                journal=store,
                clock=Clock(),
                contents=None if content is None else store,
            )
            stack.push_async_callback(engine.aclose)
            backend = LocalBackend(engine, history=store, instance=Instance(name, "", 1, 1.0, "0.1.0"))
            gateway = Gateway(
                engine,
                backend,
                GatewaySettings(port=port, **settings),
                socket_path=tmp_path / "run" / f"{name}.sock",
                limits=limits or ConnectionLimits(),
            )
            await gateway.start()
            stack.push_async_callback(gateway.stop, 0.0)
            return SimpleNamespace(
                port=gateway.port, alpha=alpha, beta=beta, engine=engine, backend=backend, store=store, gateway=gateway
            )

        yield start


@pytest.fixture
async def house(open_house):
    return await open_house()


@pytest.fixture
def rows():
    """A view of the past, once all that happened is in it."""

    async def look(house, view="requests", **parameters):
        await house.store.flush()
        return await house.store.query(view, parameters)

    return look


@pytest.fixture
async def client(house):
    async with openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{house.port}/v1", api_key="unused", max_retries=0, timeout=10
    ) as client:
        yield client
