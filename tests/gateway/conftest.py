import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import blank_views
import msgspec
import pytest

from hotspare.configuration.compiled import GatewaySettings
from hotspare.dialects.call import InvalidRequest
from hotspare.engine.admission import UnknownModel
from hotspare.engine.backend import PromptEvent
from hotspare.engine.protocols import Told
from hotspare.gateway.facade import Gateway
from hotspare.gateway.limits import ConnectionLimits
from hotspare.router.command import Change, Decision, JournalEntry, Refusal, Slot
from hotspare.router.record import Ask
from hotspare.router.snapshot import (
    FiguresView,
    Instance,
    SituationView,
)
from hotspare.router.step import Fail
from hotspare.router.totals import Totals
from hotspare.router.trigger import AttemptFailed, Trigger

ANSWER = msgspec.json.encode(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "the whole answer"}}
        ],
    }
)


def _piece(text):
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


@dataclass
class FakeAnswer:
    body: bytes | None = ANSWER
    status: int = 200
    content_type: str = "application/json"
    streamed: bytes | None = None
    dropped: tuple[str, ...] = ()


@dataclass
class FakeEngine:
    """Answers by what the request's `model` says: the name of the way that the answer takes."""

    draining: bool = False
    in_flight: int = 0
    run: str = "run1"
    totals: Totals = field(default_factory=Totals)
    told: Told = field(default_factory=lambda: Told(request_id="r1", model="claude", fallback=False, attempts=1))
    fail: Fail = field(default_factory=lambda: Fail(503, "all_models_failed", "All failed.", 12.2, "try gpt"))
    calls: list = field(default_factory=list)
    callers: list = field(default_factory=list)
    cancelled: int = 0
    departures: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def admit(self, call, *, caller, kind="traffic", chains=None):
        if call.model == "unknown":
            raise UnknownModel("unknown", ("main", "claude"))
        if call.wish_preferred == "nobody":
            raise InvalidRequest("No such model.", "preferred_fallback")
        self.callers.append(caller)
        return Ask(id="r1", chain="main", asked=call.model, caller=caller, at=0, read_at=0, deadline=60)

    async def serve(self, ask, call, delivery):
        self.calls.append(call)
        self.begun.set()
        try:
            await getattr(self, f"_{call.model.replace('-', '_')}")(call, delivery)
        except asyncio.CancelledError:
            self.cancelled += 1
            self.departures.release()
            raise
        finally:
            self.ended.set()

    answer = FakeAnswer

    async def _main(self, call, delivery):
        if not call.stream:
            await delivery.whole(self.told, FakeAnswer())
            return
        await delivery.begin(self.told, FakeAnswer(None, content_type="text/event-stream"))
        for text in ("one ", "two"):
            await delivery.piece(_piece(text))
        await delivery.end(b"data: [DONE]\n\n")

    async def _slow(self, call, delivery):
        await self.go_on.wait()
        await delivery.whole(self.told, FakeAnswer())

    async def _endless(self, call, delivery):
        await delivery.begin(self.told, FakeAnswer(None))
        while True:
            await delivery.piece(_piece("more"))
            await asyncio.sleep(0.01)

    async def _quiet(self, call, delivery):
        await delivery.begin(self.told, FakeAnswer(None))
        await asyncio.Event().wait()

    async def _failing(self, call, delivery):
        await delivery.error(self.told, self.fail)

    async def _breaking(self, call, delivery):
        await delivery.begin(self.told, FakeAnswer(None))
        await delivery.piece(_piece("half"))
        await delivery.broken(self.told, self.fail)

    async def _relayed(self, call, delivery):
        failure = AttemptFailed(Trigger.bad_request, "no", status=422, body=b'{"error":{"message":"theirs"}}')
        await delivery.error(self.told, replace(self.fail, status=400, code="bad_request", failure=failure, relay=True))

    async def _buggy(self, call, delivery):
        raise ZeroDivisionError("a fault of ours")


def _model_view(name="claude", **changes):
    view = replace(
        blank_views.MODEL,
        name=name,
        share=0.5,
        calls=10,
        answered=9,
        p50_ms=120.0,
        p95_ms=300.0,
        cost_pico_usd=5,
        requests_today=10,
        answered_today=9,
        lane=("ok", "idle"),
    )
    return replace(view, **changes)


def _snapshot(models, instance):
    return replace(
        blank_views.SNAPSHOT,
        at=1_790_000_000.0,
        instance=instance,
        requests_per_minute=3,
        callers=1,
        window=FiguresView(requests=3, answered=3),
        chains=(blank_views.chain_of("claude", "gpt"),),
        models=models,
        situations=(SituationView("calm", "ok", "All is well."),),
        recent=(replace(blank_views.ROW, at=1_789_999_990.0),),
    )


ENTRY = JournalEntry(
    7,
    Change(
        "force",
        "main",
        "ana",
        1.5,
        "slow",
        slot=Slot("force", "main"),
        after=Decision(("force", "gpt"), "ana", 1.5, "slow", until=601.5),
        notes=("claude is cooling",),
    ),
)


@dataclass
class FakeBackend:
    models: tuple = field(default_factory=lambda: (_model_view(), _model_view("gpt", provider="openai")))
    instance: Instance = field(default_factory=lambda: Instance("prod", "127.0.0.1:4000", 1, 1_789_000_000.0, "0.1.0"))
    outcome: object = ENTRY
    applied: list = field(default_factory=list)
    prompts: list = field(default_factory=list)
    queries: list = field(default_factory=list)
    watching: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def snapshot(self):
        return _snapshot(self.models, self.instance)

    async def query(self, name, **parameters):
        self.queries.append((name, parameters))
        if name == "broken":
            raise ZeroDivisionError("a fault of ours")
        if name != "requests":
            raise ValueError("no such view")
        return [{"id": "r1", "cost_usd": None}]

    async def apply(self, command, *, who, why="", confirmed=False):
        self.applied.append((command, who, why, confirmed))
        return self.outcome

    async def send_prompt(self, prompt):
        self.prompts.append(prompt)
        yield PromptEvent("route", "claude: 429, next gpt")
        yield PromptEvent("text", "größe")
        yield PromptEvent("end", "gpt, 1 ms", "r9")

    async def events(self) -> AsyncIterator[dict]:
        self.watching.set()
        try:
            yield {"event": "request", "id": "r1"}
            await asyncio.Event().wait()
        finally:
            self.left.set()


class Place:
    """A running gateway and the ways to talk to it."""

    def __init__(self, gateway, engine, backend, socket_path):
        self.gateway, self.engine, self.backend, self.socket_path = gateway, engine, backend, socket_path

    @property
    def port(self):
        return self.gateway.port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @asynccontextmanager
    async def connection(self, *, unix=False):
        open_it = (
            asyncio.open_unix_connection(str(self.socket_path))
            if unix
            else asyncio.open_connection("127.0.0.1", self.port)
        )
        reader, writer = await open_it
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def talk(self, data, *, unix=False):
        """Send bytes, read one answer; returns it taken apart."""
        async with self.connection(unix=unix) as (reader, writer):
            writer.write(data)
            return await read_answer(reader, head=data.startswith(b"HEAD"))

    async def ask(self, method, path, body=b"", *, unix=False, **headers):
        return await self.talk(request(method, path, body, **headers), unix=unix)


def request(method, path, body=b"", **headers):
    """A whole request; `None` leaves a header out."""
    given = {"host": "127.0.0.1", **({"content-type": "application/json"} if body else {})}
    if body:
        given["content-length"] = str(len(body))
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value is not None)
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def read_answer(reader, *, head=False):
    async with asyncio.timeout(5):
        start = await reader.readuntil(b"\r\n\r\n")
        status_line, *lines = start.decode().split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        status = int(status_line.split()[1])
        if head or status == 204:
            body = b""
        elif "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        else:
            body = b""
            while (size := int(await reader.readline(), 16)) > 0:
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
    error = None
    if headers.get("content-type") == "application/json" and body.startswith(b'{"error"'):
        error = msgspec.json.decode(body)["error"]
    return SimpleNamespace(status=status, headers=headers, body=body, error=error)


@pytest.fixture
def fake():
    """The makers of values that tests speak with."""
    return SimpleNamespace(
        request=request, read_answer=read_answer, model=_model_view, answer=FakeAnswer, entry=ENTRY, refusal=Refusal
    )


@pytest.fixture
def place_of():
    """Ways to talk to whatever has a port."""
    return lambda house: Place(house, house.engine, house.backend, None)


@pytest.fixture
def chat():
    def body(model="main", **fields):
        return msgspec.json.encode({"model": model, "messages": [{"role": "user", "content": "hi"}], **fields})

    return body


@pytest.fixture
async def open_gateway(tmp_path):
    """Start a gateway over a fake engine and backend; all are stopped at the end."""
    async with AsyncExitStack() as stack:

        async def start(*, limits=None, engine=None, backend=None, unix=False, **settings):
            socket_path = tmp_path / "run" / "prod.sock" if unix else None
            engine, backend = engine or FakeEngine(), backend or FakeBackend()
            gateway = Gateway(
                engine,
                backend,
                GatewaySettings(port=0, **settings),
                socket_path=socket_path,
                limits=limits or ConnectionLimits(),
            )
            await gateway.start()
            stack.push_async_callback(gateway.stop, 0.0)
            return Place(gateway, engine, backend, socket_path)

        yield start


@pytest.fixture
async def place(open_gateway):
    return await open_gateway()
