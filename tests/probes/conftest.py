"""A clock moved by hand, a sleep that does not wait, simulated models on real sockets, and a raw client for them."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from hotspare.probes import client
from hotspare.probes.anthropic_shape import AnthropicShape
from hotspare.probes.behaviour import Speed
from hotspare.probes.openai_shape import OpenAIShape
from hotspare.probes.simulated import SimulatedModel, SimulatedSpec
from hotspare.probes.spells import Spell, Timetable
from hotspare.router.clock import Clock

FAST = Speed(first_token_seconds=0.5, tokens_per_second=50)
SHAPES = {"openai": OpenAIShape, "anthropic": AnthropicShape}


@pytest.fixture(scope="session", autouse=True)
def _no_stray_loop():
    """looptime asks the policy for a loop before each test, which would make one that nobody closes."""
    asyncio.set_event_loop(None)


class FakeTime:
    def __init__(self):
        self.now = 0.0
        self.slept = []
        self.clock = Clock(lambda: self.now, lambda: 1_700_000_000.0 + self.now)

    async def sleep(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def fake_time():
    return FakeTime()


@pytest.fixture
def simulated(fake_time):
    """Serve one model: `async with simulated("openai", Spell(…)) as model`."""

    @asynccontextmanager
    async def serve(dialect, *spells, key="demo-key", seed=7):
        spec = SimulatedSpec("model-1", SHAPES[dialect](), key, FAST, Timetable(tuple(spells)))
        model = SimulatedModel(spec, clock=fake_time.clock, started_at=0.0, seed=seed, sleep=fake_time.sleep)
        async with model:
            yield model

    return serve


@pytest.fixture
def always():
    """A spell that is in force from the start."""

    def spell(kind, **more):
        return Spell(kind, at_seconds=0, for_seconds=30, **more)

    return spell


HEADERS = {
    "openai": {"authorization": "Bearer demo-key"},
    "anthropic": {"x-api-key": "demo-key", "anthropic-version": "2023-06-01"},
}


@pytest.fixture
def raw_post():
    """Ask a simulated model with nothing between: fields given here win over a good request's."""

    async def post(served, /, *, stream=False, headers=None, path=None, body=None, **fields):
        dialect = "anthropic" if isinstance(served.spec.shape, AnthropicShape) else "openai"
        good = {"model": "model-1", "max_tokens": 300, "messages": [{"role": "user", "content": "Where is my parcel?"}]}
        asked = json.dumps({**good, "stream": stream, **fields}).encode() if body is None else body
        given = HEADERS[dialect] if headers is None else headers
        port = int(served.origin.rpartition(":")[2])
        return await client.post(port, path or served.spec.shape.path, given, asked, 10)

    return post
