"""What the store's tests share: Records to keep, a clock that is moved by hand, and a store that is always closed."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from blank_records import ATTEMPT, RECORD

from hotspare.router.clock import Clock
from hotspare.router.command import Change, Decision, Slot
from hotspare.router.record import Candidate
from hotspare.router.trigger import Trigger
from hotspare.store.entry import encode_record
from hotspare.store.routes import Routes
from hotspare.store.store import Store

NOON = 1_795_003_200.0  # 2026-11-18 12:00:00 UTC


@dataclass
class FakeClock:
    now: float = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def noon():
    return NOON


@pytest.fixture
def fake_wall():
    return FakeClock()


@pytest.fixture
def make_attempt():
    base = replace(
        ATTEMPT,
        key="ANTHROPIC_API_KEY",
        status=200,
        provider_request_id="req_1",
        started_ms=1.5,
        first_content_ms=100.0,
        ended_ms=801.5,
        input_tokens=1000,
        output_tokens=200,
        cache_read_tokens=10,
        cache_write_tokens=5,
        reasoning_tokens=50,
        cost_pico_usd=6_000_000_000,
    )
    return lambda **fields: replace(base, **fields)


@pytest.fixture
def line_of():
    """A Record's line in the spool."""
    return lambda record: encode_record(Routes().take(record))


@pytest.fixture
def make_record(make_attempt):
    base = replace(
        RECORD,
        id="r0001",
        at=NOON - 60,
        session="s1",
        duration_ms=802.0,
        first_content_ms=100.0,
        input_tokens=1000,
        output_tokens=200,
        cost_pico_usd=6_000_000_000,
        candidates=(Candidate("claude"), Candidate("gpt")),
        attempts=(make_attempt(),),
    )
    return lambda **fields: replace(base, **fields)


@pytest.fixture
def make_fallback(make_record, make_attempt):
    """Answered by gpt, since claude was limited."""

    def make(**fields):
        failed = make_attempt(
            trigger=Trigger.rate_limit,
            status=429,
            input_tokens=0,
            output_tokens=0,
            cost_pico_usd=0,
            ended_ms=50.0,
            first_content_ms=None,
        )
        served = make_attempt(number=2, model="gpt", key="OPENAI_API_KEY", started_ms=50.0)
        base = make_record(
            id="f0001",
            model="gpt",
            fallback=True,
            reason="rate_limit",
            ended_by="fallback",
            candidates=(Candidate("claude", "cooling", 41.5, "provider"), Candidate("gpt")),
            attempts=(failed, served),
        )
        return replace(base, **fields)

    return make


@pytest.fixture
def disable():
    """The change that disables a model."""

    def make(model="claude", *, at=NOON, until=None, **fields):
        return Change(
            act="disable",
            subject=model,
            who="ann",
            at=at,
            why="cold start",
            slot=Slot("model", model),
            after=Decision(("disabled",), "ann", at, "cold start", until),
            **fields,
        )

    return make


@pytest.fixture
def opened(tmp_path, fake_wall):
    """`async with opened() as store`: a store on real files, closed at the end."""

    @asynccontextmanager
    async def make(path=None, **options):
        options = {"interval_seconds": 0.005, "log_path": tmp_path / "hotspare.log"} | options
        store = await Store.open(path or tmp_path / "hotspare.db", name="test", clock=Clock(wall=fake_wall), **options)
        try:
            yield store
        finally:
            await store.close()

    return make
