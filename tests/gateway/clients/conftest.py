"""A whole gateway for the official clients, and providers on loopback that speak either dialect by script."""

import asyncio
import random
from contextlib import AsyncExitStack

import anthropic
import msgspec
import openai
import pytest

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects.endpoint import ApiKey, Endpoint
from hotspare.dialects.exchange import LACKS
from hotspare.engine.engine import Engine
from hotspare.engine.local import LocalBackend
from hotspare.gateway.facade import Gateway
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.clock import Clock
from hotspare.router.facade import Router
from hotspare.router.settings import Chain, Limits, Model, Settings
from hotspare.router.snapshot import Instance
from hotspare.store.store import Store

TOKEN = "the-gateways-token"
ERROR_TYPES = {400: "invalid_request_error", 429: "rate_limit_error", 529: "overloaded_error"}
CHAT_USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 4},
}
MESSAGES_USAGE = {"input_tokens": 7, "cache_read_input_tokens": 4, "output_tokens": 7}


class FakeModel:
    """One provider with one model, in the dialect that its path is of.

    Attributes:
        says: the answer: text, and tool calls as (id, name, arguments).
        status: an error instead.
        vector: what an input is embedded as.
        seen: (path, headers, body) of each request.
    """

    def __init__(self, name):
        self.name = name
        self.text = f"from {name}"
        self.calls = []
        self.status = 200
        self.cut = False
        self.vector = [0.25, 0.5]
        self.seen = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    @property
    def asked(self):
        """The last request's body."""
        return self.seen[-1][2]

    async def _serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().split("\r\n")[:-2]
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                body = msgspec.json.decode(await reader.readexactly(int(headers["content-length"])))
                path = first.split()[1]
                self.seen.append((path, headers, body))
                writer.write(self._answer(path, body))
                await writer.drain()
                if self.cut:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, path, body):
        if self.status != 200:
            kind = ERROR_TYPES.get(self.status, "server_error")
            return _json(self.status, {"type": "error", "error": {"type": kind, "message": "no", "code": None}})
        if path.endswith("/count_tokens"):
            return _json(200, {"input_tokens": 42})
        if path.endswith("/embeddings"):
            return _json(200, self._embeddings(body))
        dialect = self._messages if path.endswith("/messages") else self._chat
        whole, events = dialect()
        return (
            _stream(events[: len(events) // 2] if self.cut else events, self.cut)
            if body.get("stream")
            else _json(200, whole)
        )

    # ------------------------------------------------------------ OpenAI
    def _chat(self):
        frame = {"id": f"chatcmpl-{self.name}", "created": 1, "model": "m"}
        calls = [
            {
                "id": one,
                "type": "function",
                "function": {"name": name, "arguments": msgspec.json.encode(given).decode()},
            }
            for one, name, given in self.calls
        ]
        finish = "tool_calls" if calls else "stop"
        message = {"role": "assistant", "content": self.text or None} | ({"tool_calls": calls} if calls else {})
        choice = {"index": 0, "message": message, "finish_reason": finish}
        whole = frame | {"object": "chat.completion", "choices": [choice], "usage": CHAT_USAGE}
        deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in self._words())]
        for at, call in enumerate(calls):
            text = call["function"]["arguments"]
            deltas.append({"tool_calls": [{"index": at} | call | {"function": call["function"] | {"arguments": ""}}]})
            deltas += [
                {"tool_calls": [{"index": at, "function": {"arguments": half}}]} for half in (text[:4], text[4:])
            ]
        chunk = frame | {"object": "chat.completion.chunk"}
        events = [chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        events.append(chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        events.append(chunk | {"choices": [], "usage": CHAT_USAGE})
        return whole, [*(b"data: " + msgspec.json.encode(event) for event in events), b"data: [DONE]"]

    def _embeddings(self, body):
        given = body["input"]
        texts = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
        data = [{"object": "embedding", "index": at, "embedding": self.vector} for at, _ in enumerate(texts)]
        return {"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": 5, "total_tokens": 5}}

    # ------------------------------------------------------------ Anthropic
    def _messages(self):
        content = [{"type": "text", "text": self.text}] if self.text else []
        content += [{"type": "tool_use", "id": one, "name": name, "input": given} for one, name, given in self.calls]
        reason = "tool_use" if self.calls else "end_turn"
        message = {"id": f"msg_{self.name}", "type": "message", "role": "assistant", "model": "m", "content": []}
        started = message | {"stop_reason": None, "stop_sequence": None, "usage": MESSAGES_USAGE | {"output_tokens": 1}}
        events = [{"type": "message_start", "message": started}, {"type": "ping"}]
        for at, block in enumerate(content):
            empty = block | ({"text": ""} if block["type"] == "text" else {"input": {}})
            events.append({"type": "content_block_start", "index": at, "content_block": empty})
            events += [{"type": "content_block_delta", "index": at, "delta": delta} for delta in self._deltas(block)]
            events.append({"type": "content_block_stop", "index": at})
        ending = {"stop_reason": reason, "stop_sequence": None}
        events.append({"type": "message_delta", "delta": ending, "usage": {"output_tokens": 7}})
        events.append({"type": "message_stop"})
        whole = message | ending | {"content": content, "usage": MESSAGES_USAGE}
        return whole, [f"event: {event['type']}\ndata: ".encode() + msgspec.json.encode(event) for event in events]

    def _deltas(self, block):
        if block["type"] == "text":
            return [{"type": "text_delta", "text": word} for word in self._words()]
        text = msgspec.json.encode(block["input"]).decode()
        return [{"type": "input_json_delta", "partial_json": half} for half in ("", text[:4], text[4:])]

    def _words(self):
        first, *rest = self.text.split(" ")
        return [first, *(f" {word}" for word in rest)] if self.text else []


def _json(status, value):
    body = msgspec.json.encode(value)
    head = b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def _stream(events, cut):
    data = b"".join(event + b"\n\n" for event in events)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n" % (len(data), data) + (b"" if cut else b"0\r\n\r\n")


def _settings(models):
    limits = dict.fromkeys(models, Limits(retries=0))
    chains = {
        "main": Chain("main", ("gpt", "claude"), limits, answers=("gpt-*",)),
        "agents": Chain("agents", ("claude", "gpt"), limits, answers=("claude-*",)),
        "twins": Chain("twins", ("claude", "twin"), limits),
        "cousins": Chain("cousins", ("gpt", "cousin"), limits),
        "only-gpt": Chain("only-gpt", ("gpt",), limits),
        "only-claude": Chain("only-claude", ("claude",), limits),
        "vectors": Chain("vectors", ("small", "large"), limits, kind="embeddings"),
        "space": Chain("space", ("small", "large"), limits, kind="embeddings", equivalent=True),
    }
    return Settings(models=models, chains=chains)


@pytest.fixture
async def house(tmp_path):
    dialects = {"gpt": "openai", "claude": "anthropic", "small": "openai", "large": "openai"} | {
        "twin": "anthropic",
        "cousin": "openai",
    }
    guests = {"twin": frozenset({"twins"}), "cousin": frozenset({"cousins"})}
    async with AsyncExitStack() as stack:
        fakes = {name: await stack.enter_async_context(FakeModel(name)) for name in dialects}
        endpoints = {
            name: Endpoint(
                name,
                name,
                dialect,
                f"http://127.0.0.1:{fakes[name].port}",
                f"{name}-id",
                (ApiKey("KEY", f"sk-{name}"),),
                vectors_like=("small",) if name == "large" else (),
                guest_in=guests.get(name, frozenset()),
            )
            for name, dialect in dialects.items()
        }
        models = {name: Model(name, name, keys=("KEY",), lacks=LACKS[dialect]) for name, dialect in dialects.items()}
        store = await Store.open(tmp_path / "house.db", name="house", log_path=tmp_path / "house.log")
        stack.push_async_callback(store.close)
        carrier = ProviderCarrier(endpoints)
        stack.push_async_callback(carrier.aclose)
        router = Router(_settings(models), random=random.Random(1), midnight=lambda wall: 0.0)
        engine = Engine(router=router, carrier=carrier, recorder=store, journal=store, clock=Clock())
        stack.push_async_callback(engine.aclose)
        backend = LocalBackend(engine, history=store, instance=Instance("house", "", 1, 1.0, "0.1.0"))
        gateway = Gateway(engine, backend, GatewaySettings(port=0, token=TOKEN, max_body_bytes=100_000))
        await gateway.start()
        stack.push_async_callback(gateway.stop, 0.0)
        for name, fake in fakes.items():
            setattr(gateway, name, fake)
        gateway.store = store
        yield gateway


@pytest.fixture
async def chat(house):
    base = f"http://127.0.0.1:{house.port}/v1"
    async with openai.AsyncOpenAI(base_url=base, api_key=TOKEN, max_retries=0, timeout=10) as client:
        yield client


@pytest.fixture
async def messages(house):
    base = f"http://127.0.0.1:{house.port}"
    async with anthropic.AsyncAnthropic(base_url=base, api_key=TOKEN, max_retries=0, timeout=10) as client:
        yield client
