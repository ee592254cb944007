"""The official client, unchanged, through the real engine, router and carrier to a provider on loopback."""

import asyncio
import random

import anthropic
import msgspec
import openai
import pytest

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects.endpoint import ApiKey, Endpoint
from hotspare.engine.engine import Engine
from hotspare.engine.local import LocalBackend
from hotspare.gateway import admin_wire
from hotspare.gateway.admin_wire import ApplyMessage
from hotspare.gateway.facade import Gateway
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.clock import Clock
from hotspare.router.command import ForceModel, JournalEntry
from hotspare.router.facade import Router
from hotspare.router.settings import Chain, Limits, Model, Settings
from hotspare.router.snapshot import Instance, StoreView

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


class FakeProvider:
    """Answers chat completions with its own name; `status` makes it refuse, `hold` keeps a stream open."""

    def __init__(self, name):
        self.name = name
        self.status = 200
        self.hold = False
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
                writer.write(self._answer(asked))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()

    def _answer(self, asked):
        if self.status != 200:
            body = b'{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}'
            retry = b"retry-after: 40\r\n"
            return b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s" % (
                self.status,
                retry,
                len(body),
                body,
            )
        if not asked.get("stream"):
            message = {"role": "assistant", "content": f"whole from {self.name}"}
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


class FakeKeeper:
    """Recorder, Journal and History in memory."""

    def __init__(self):
        self.records = []
        self.entries = []

    def append(self, record):
        self.records.append(record)

    def remember(self, memory):
        pass

    def view(self):
        return StoreView()

    async def write(self, change):
        self.entries.append(JournalEntry(len(self.entries) + 1, change))
        return self.entries[-1]

    async def latest(self):
        return self.entries[-1] if self.entries else None

    async def query(self, name, parameters):
        return [{"id": record.id} for record in self.records]


def _settings(names):
    models = {name: Model(name, name, keys=("KEY",)) for name in names}
    limits = dict.fromkeys(names, Limits(retries=0))
    return Settings(models=models, chains={"main": Chain("main", tuple(names), limits, answers=("gpt-*",))})


@pytest.fixture
async def house(tmp_path):
    async with FakeProvider("alpha") as alpha, FakeProvider("beta") as beta:
        providers = {"alpha": alpha, "beta": beta}
        endpoints = {
            name: Endpoint(
                name, name, "openai", f"http://127.0.0.1:{there.port}/v1", f"{name}-1", (ApiKey("KEY", "sk-1"),)
            )
            for name, there in providers.items()
        }
        carrier, keeper = ProviderCarrier(endpoints), FakeKeeper()
        router = Router(_settings(tuple(providers)), random=random.Random(1), midnight=lambda wall: 0.0)
        engine = Engine(router=router, carrier=carrier, recorder=keeper, journal=keeper, clock=Clock())
        instance = Instance("prod", "", 1, 0.0, "0.1.0")
        backend = LocalBackend(engine, history=keeper, instance=instance)
        gateway = Gateway(engine, backend, GatewaySettings(port=0), socket_path=tmp_path / "run" / "prod.sock")
        await gateway.start()
        gateway.alpha, gateway.beta, gateway.keeper, gateway.engine = alpha, beta, keeper, engine
        yield gateway
        await gateway.stop(0.0)
        await engine.aclose()
        await carrier.aclose()


@pytest.fixture
async def client(house):
    async with openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{house.port}/v1", api_key="unused", max_retries=0, timeout=10
    ) as client:
        yield client


MESSAGES = [{"role": "user", "content": "hi"}]


async def test_a_plain_answer(house, client):
    answer = await client.chat.completions.with_raw_response.create(model="main", messages=MESSAGES)
    assert answer.parse().choices[0].message.content == "whole from alpha"
    assert answer.headers["x-hotspare-model"] == "alpha"
    assert answer.headers["x-hotspare-fallback"] == "false"
    record = house.keeper.records[0]
    assert answer.headers["x-hotspare-request-id"] == record.id
    assert (record.caller, record.input_tokens, record.output_tokens) == ("AsyncOpenAI/Python", 3, 2)


async def test_a_fallback_is_told_in_the_headers(house, client):
    house.alpha.status = 429
    answer = await client.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)
    assert answer.parse().choices[0].message.content == "whole from beta"
    assert answer.headers["x-hotspare-model"] == "beta"
    assert answer.headers["x-hotspare-fallback"] == "true"
    assert answer.headers["x-hotspare-attempts"] == "2"


async def test_a_stream(house, client):
    stream = await client.chat.completions.create(model="main", messages=MESSAGES, stream=True)
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "stream from alpha"
    assert all(chunk.usage is None for chunk in chunks)
    assert house.keeper.records[0].output_tokens == 2


async def test_a_wish_reaches_the_router_and_not_the_provider(house, client):
    answer = await client.chat.completions.create(model="main", messages=MESSAGES, extra_body={"force_fallback": True})
    assert answer.choices[0].message.content == "whole from beta"
    assert "force_fallback" not in house.beta.seen[0][1]


async def test_the_list_of_models(client):
    assert [model.id async for model in client.models.list()] == ["main", "alpha", "beta"]
    assert (await client.models.retrieve("beta")).owned_by == "beta"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gamma")


async def test_an_unknown_model_is_the_clients_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        await client.chat.completions.create(model="nobody", messages=MESSAGES)
    assert caught.value.code == "model_not_found"
    assert "main" in caught.value.message


async def test_when_all_are_rate_limited_the_client_raises_its_rate_limit_error_with_the_time(house, client):
    house.alpha.status = house.beta.status = 429
    with pytest.raises(openai.RateLimitError) as caught:
        await client.chat.completions.create(model="main", messages=MESSAGES)
    assert 38 <= int(caught.value.response.headers["retry-after"]) <= 40
    assert caught.value.body["request_id"] == house.keeper.records[0].id


async def test_a_stream_left_early_ends_the_call_upstream(house, client):
    house.alpha.hold = True
    stream = await client.chat.completions.create(model="main", messages=MESSAGES, stream=True)
    await anext(aiter(stream))
    await stream.close()
    async with asyncio.timeout(2):
        await house.alpha.left.wait()
        await house.engine.drained(2)
    assert house.keeper.records[0].verdict == "caller_left"


async def test_anthropics_client_is_told_what_is_served(house):
    async with anthropic.AsyncAnthropic(
        base_url=f"http://127.0.0.1:{house.port}", api_key="unused", max_retries=0
    ) as client:
        with pytest.raises(anthropic.NotFoundError, match="/v1/chat/completions"):
            await client.messages.create(model="main", max_tokens=5, messages=MESSAGES)


async def test_a_command_over_the_instance_socket_steers_the_next_request(house, client, tmp_path, fake):
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "run" / "prod.sock"))
    body = admin_wire.encode_apply(ApplyMessage(ForceModel("main", "beta"), why="test", confirmed=True))
    writer.write(fake.request("POST", "/apply", body))
    outcome = admin_wire.decode_outcome((await fake.read_answer(reader)).body)
    writer.close()
    await writer.wait_closed()
    assert isinstance(outcome, JournalEntry)
    answer = await client.chat.completions.create(model="main", messages=MESSAGES)
    assert answer.choices[0].message.content == "whole from beta"
