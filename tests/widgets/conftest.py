"""Values to draw: one model, one request, one snapshot, each changed as a test needs it."""

import asyncio
from dataclasses import replace
from typing import Any

import blank_views
import pytest

from hotspare.router.snapshot import (
    FiguresView,
    Instance,
    Snapshot,
)

asyncio.set_event_loop(None)  # else pytest-asyncio makes one to put back later, and nobody closes it

NOW = 1_772_937_667.0  # 02:41:07 UTC
MODEL = replace(
    blank_views.MODEL,
    share=0.6,
    calls=100,
    answered=61,
    p50_ms=900.0,
    p95_ms=1900.0,
    cost_pico_usd=31_020_000_000_000,
    requests_today=100,
    answered_today=61,
    lane=("ok",) * 41 + ("cooling",) * 4,
)
ROW = replace(
    blank_views.ROW,
    at=NOW - 2,
    model="gpt-5",
    fallback=True,
    attempts=2,
    reason="rate_limit",
    evidence="429, Retry-After 42",
    duration_ms=1800.0,
    input_tokens=1204,
    output_tokens=311,
    cost_pico_usd=3_100_000_000,
)
CHAIN = blank_views.chain_of("claude", "gpt-5")
SNAPSHOT = replace(
    blank_views.SNAPSHOT,
    at=NOW,
    instance=Instance("prod", "127.0.0.1:4000", 1, NOW - 60, "0.1.0"),
    requests_per_minute=42,
    callers=3,
    window=FiguresView(1204, 1191, 737, 456, 0, 13, 1900.0, 1500.0, 4200.0, 0, 0, 0, 0),
    usual_mean_ms=1100.0,
    usual_p95_ms=2300.0,
    today=FiguresView(cost_pico_usd=41_000_000_000_000),
    today_other_pico_usd=200_000_000_000,
    daily_limit_pico_usd=100_000_000_000_000,
    budget_gone_at=NOW + 3600,
    chains=(CHAIN,),
    models=(MODEL, replace(MODEL, name="gpt-5", position=2, share=0.97, lane=("ok",) * 45)),
    fallbacks=(ROW,),
    recent=(ROW,),
)


@pytest.fixture
def make_model():
    return lambda **given: replace(MODEL, **given)


@pytest.fixture
def make_row():
    return lambda **given: replace(ROW, **given)


@pytest.fixture
def make_snapshot():
    def make(**given: Any) -> Snapshot:
        return replace(SNAPSHOT, **given)

    return make
