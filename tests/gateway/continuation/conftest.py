"""A whole gateway whose chain goes on with broken streams, and models on loopback that break off where told."""

import asyncio
import random
import socket
import struct
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace

import anthropic
import msgspec
import openai
import pytest
from listening import listening

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects.adaptation import Adaptation
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.exchange import LACKS
from hotspare.engine.engine import Engine
from hotspare.engine.local import LocalBackend
from hotspare.gateway.facade import Gateway
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.clock import Clock
from hotspare.router.facade import Router
from hotspare.router.settings import Chain, Limits, Model, Rates, Settings
from hotspare.router.snapshot import Instance
from hotspare.store.store import Store

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
NO_PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
USAGE = {"input_tokens": 11, "output_tokens": 7}
RATES = Rates(input=3_000_000, output=15_000_000)


@dataclass
class FakeModel:
    """One model on loopback, in one dialect.

    Attributes:
        text: its answer, said in pieces of `size` characters.
        reasoning: said before it.
        calls: a tool that is called after it: its name and its arguments as text.
        breaks: after so many pieces of text it breaks off; None: it does not.
        half: what of the next event is sent before it does.
        how: "close", "reset", "stall" or "error".
        stops: it says why it stopped before it breaks off.
        prefill: what it does with the beginning of its answer: "takes" it, or "refuses" it.
        status: of its answer; any but 200 is an error.
        pause: seconds between two pieces.
        asked: the bodies of all requests.
    """

    dialect: str
    text: str = ""
    size: int = 4
    reasoning: str = ""
    calls: tuple[str, str] | None = None
    breaks: int | None = None
    half: bytes = b""
    how: str = "close"
    stops: bool = False
    prefill: str = "takes"
    status: int = 200
    pause: float = 0.0
    usage: dict = field(default_factory=lambda: dict(USAGE))
    asked: list = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """The gateway went away before the end."""

    async def serve(self, reader, writer):
        try:
            await self._serve_on(reader, writer)
        finally:
            writer.close()

    async def _serve_on(self, reader, writer):
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.asked.append(msgspec.json.decode(await reader.readexactly(length)))
                if not await self._answer(reader, writer):
                    break

    async def _answer(self, reader, writer):
        last = self.asked[-1]["messages"][-1]
        begun = last["content"] if last["role"] == "assistant" else ""
        if begun and self.prefill == "refuses":
            return await _refuse(writer, 400, NO_PREFILL)
        if self.status != 200:
            return await _refuse(writer, self.status, "no")
        writer.write(HEAD)
        for event in self._until_it_breaks(self.text[len(begun) :]):
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
            if self.pause:
                await asyncio.sleep(self.pause)
        if self.breaks is None:
            writer.write(b"0\r\n\r\n")
            return True
        if self.how == "stall":
            await reader.read()
            self.left.set()
        if self.how == "reset":
            await asyncio.sleep(0.05)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        return False

    def _until_it_breaks(self, text):
        start, said, end = (self._chat if self.dialect == "openai" else self._messages)(text)
        if self.breaks is None:
            return [*start, *said, *end]
        told = [*start, *said[: self.breaks], *(end[:-1] if self.stops else [])]
        if self.how == "error":
            told.append(_event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}))
        return [*told, self.half] if self.half else told

    # ------------------------------------------------------------ events
    def _pieces(self, text):
        return [text[at : at + self.size] for at in range(0, len(text), self.size)]

    def _chat(self, text):
        frame = {"id": f"chatcmpl-{id(self)}", "object": "chat.completion.chunk", "created": 7, "model": f"m{id(self)}"}

        def chunk(delta, finish=None):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return b"data: " + msgspec.json.encode(frame | {"choices": [choice]}) + b"\n\n"

        start = [chunk({"role": "assistant", "content": ""})]
        if self.reasoning:
            start.append(chunk({"reasoning_content": self.reasoning}))
        said = [chunk({"content": piece}) for piece in self._pieces(text)]
        if self.calls:
            name, arguments = self.calls
            call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
            said.append(chunk({"tool_calls": [call]}))
            said.append(chunk({"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]}))
        usage = {"prompt_tokens": self.usage["input_tokens"], "completion_tokens": self.usage["output_tokens"]}
        told = frame | {"choices": [], "usage": usage | {"total_tokens": sum(self.usage.values())}}
        end = [chunk({}, "tool_calls" if self.calls else "stop"), b"data: " + msgspec.json.encode(told) + b"\n\n"]
        return start, said, [*end, b"data: [DONE]\n\n"]

    def _messages(self, text):
        message = {"id": f"msg_{id(self)}", "type": "message", "role": "assistant", "model": f"m{id(self)}"}
        usage = self.usage | {"output_tokens": 1}
        empty = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
        start, at = [_event({"type": "message_start", "message": message | empty})], 0
        if self.reasoning:
            start.append(_begin(0, {"type": "thinking", "thinking": "", "signature": ""}))
            start.append(_delta(0, {"type": "thinking_delta", "thinking": self.reasoning}))
            start.append(_delta(0, {"type": "signature_delta", "signature": "c2ln"}))
            start.append(_event({"type": "content_block_stop", "index": 0}))
            at = 1
        pieces = self._pieces(text)
        if pieces:
            start.append(_begin(at, {"type": "text", "text": ""}))
        said = [_delta(at, {"type": "text_delta", "text": piece}) for piece in pieces]
        end = [_event({"type": "content_block_stop", "index": at})] if pieces else []
        if self.calls:
            name, arguments = self.calls
            said += [*end, _begin(at + 1, {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}})]
            said.append(_delta(at + 1, {"type": "input_json_delta", "partial_json": arguments}))
            end = [_event({"type": "content_block_stop", "index": at + 1})]
        ending = {"stop_reason": "tool_use" if self.calls else "end_turn", "stop_sequence": None}
        told = {"output_tokens": self.usage["output_tokens"]}
        end.append(_event({"type": "message_delta", "delta": ending, "usage": told}))
        return start, said, [*end, _event({"type": "message_stop"})]


def _event(value):
    return b"event: %s\ndata: %s\n\n" % (value["type"].encode(), msgspec.json.encode(value))


def _begin(at, block):
    return _event({"type": "content_block_start", "index": at, "content_block": block})


def _delta(at, delta):
    return _event({"type": "content_block_delta", "index": at, "delta": delta})


async def _refuse(writer, status, message):
    body = msgspec.json.encode({"type": "error", "error": {"type": "invalid_request_error", "message": message}})
    writer.write(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body)))
    writer.write(body)
    await writer.drain()
    return True


@pytest.fixture
def model():
    return FakeModel


@pytest.fixture
async def open_house(tmp_path):
    """A gateway with one chain of the given models, `m1`, `m2` …, and the two official clients."""
    async with AsyncExitStack() as stack:

        async def start(*fakes, silence_seconds=5.0, first_content_seconds=5.0, **chain):
            names = [f"m{n}" for n, _ in enumerate(fakes, 1)]
            for fake in fakes:
                fake.port = await stack.enter_async_context(listening(fake.serve))
            endpoints = {
                name: Endpoint(
                    name,
                    name,
                    fake.dialect,
                    f"http://127.0.0.1:{fake.port}",
                    f"{name}-id",
                    adaptation=Adaptation(prefills=fake.dialect == "anthropic"),
                )
                for name, fake in zip(names, fakes, strict=True)
            }
            models = {
                name: Model(name, name, needs_key=False, lacks=LACKS[fake.dialect], rates=RATES)
                for name, fake in zip(names, fakes, strict=True)
            }
            limits = Limits(retries=0, silence_seconds=silence_seconds, first_content_seconds=first_content_seconds)
            settled = {"on_stream_break": "continue"} | chain
            main = Chain("main", tuple(names), dict.fromkeys(names, limits), answers=("*",), **settled)
            store = await Store.open(tmp_path / "house.db", name="house", log_path=tmp_path / "house.log")
            stack.push_async_callback(store.close)
            carrier = ProviderCarrier(endpoints)
            stack.push_async_callback(carrier.aclose)
            settings = Settings(models=models, chains={"main": main})
            router = Router(settings, random=random.Random(1), midnight=lambda wall: 0.0)
            engine = Engine(router=router, carrier=carrier, recorder=store, journal=store, clock=Clock())
            stack.push_async_callback(engine.aclose)
            backend = LocalBackend(engine, history=store, instance=Instance("house", "", 1, 1.0, "0.1.0"))
            gateway = Gateway(engine, backend, GatewaySettings(port=0))
            await gateway.start()
            stack.push_async_callback(gateway.stop, 0.0)
            base = f"http://127.0.0.1:{gateway.port}"
            options = {"api_key": "unused", "max_retries": 0, "timeout": 10}
            web = openai.DefaultAsyncHttpxClient(verify=False)  # no certificates to load: all is on loopback
            chat = openai.AsyncOpenAI(base_url=f"{base}/v1", http_client=web, **options)
            await stack.enter_async_context(chat)
            web = anthropic.DefaultAsyncHttpxClient(verify=False)
            messages = anthropic.AsyncAnthropic(base_url=base, http_client=web, **options)
            await stack.enter_async_context(messages)
            return SimpleNamespace(chat=chat, messages=messages, store=store, port=gateway.port)

        yield start


@dataclass
class Heard:
    """What a caller got: the text, the raw events, the official client's own account, the headers."""

    text: str
    events: list
    final: object
    headers: object


@pytest.fixture
def listen():
    """Ask as the caller of one dialect, and read the stream to its end."""

    async def chat(house, **more):
        asked = {"model": "main", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        options = {"stream_options": {"include_usage": True}}
        answer = await house.chat.chat.completions.with_raw_response.create(**asked | options | more)
        events = [event async for event in answer.parse()]
        deltas = [event.choices[0].delta for event in events if event.choices]
        return Heard("".join(delta.content or "" for delta in deltas), events, None, answer.headers)

    async def messages(house, **more):
        asked = {"model": "main", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
        async with house.messages.messages.stream(**asked | more) as stream:
            events = [event async for event in stream]
            final = await stream.get_final_message()
            headers = stream.response.headers
        texts = [event.text for event in events if event.type == "text"]
        raw = [event for event in events if event.type not in ("text", "thinking", "signature", "input_json")]
        return Heard("".join(texts), raw, final, headers)

    return {"openai": chat, "anthropic": messages}


@pytest.fixture
def trace():
    """The Record of the last request, with its attempts."""

    async def look(house):
        await house.store.flush()
        (last,) = await house.store.query("requests", {"last": 1})
        (told,) = await house.store.query("explain", {"id": last["id"]})
        return last, told

    return look
