"""A hand-made instance: the picture of a bad night, and a Backend that remembers what it was told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import blank_views
import pytest
from textual.events import Key
from textual.keys import _character_to_key

from hotspare.app.console.console import Console
from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.router.clock import Clock
from hotspare.router.command import Change, Command, JournalEntry, Outcome, Slot
from hotspare.router.error import HotspareError
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.snapshot import (
    FiguresView,
    Instance,
    LaneCell,
    ModelView,
    RequestRow,
    SituationView,
    Snapshot,
    StoreView,
)
from hotspare.widgets.chart import load

asyncio.set_event_loop(None)  # else pytest-asyncio makes one to put back later, and nobody closes it

CHARACTERS = {"space": " ", "slash": "/", "question_mark": "?"}
NOW = 1_772_937_667.0  # 02:41:07 UTC


def lane(*runs: tuple[LaneCell, int]) -> tuple[LaneCell, ...]:
    return tuple(cell for cell, number in runs for _ in range(number))


def usd(value: float) -> int:
    return round(value * PICO_PER_USD)


def model(name: str, position: int, **given: Any) -> ModelView:
    return replace(blank_views.MODEL, **{"name": name, "position": position, "lane": lane(("ok", 45)), **given})


def request(number: int, meant: str, served: str | None, reason: str, evidence: str, **given: Any) -> RequestRow:
    base = replace(
        blank_views.ROW,
        id=f"req-{number:04}",
        at=NOW - 2 - number * 3,
        meant=meant,
        model=served,
        caller=("shop-api", "shop-api", "nightly", "search")[number % 4],
        verdict="answered" if served else "failed",
        status=200 if served else 503,
        fallback=served is not None and served != meant,
        attempts=2 if reason == "rate_limit" else 1,
        reason=reason,
        evidence=evidence,
        duration_ms=1600 + 173.0 * number,
        input_tokens=1204 + number,
        output_tokens=311,
        cost_pico_usd=usd(0.0031),
    )
    return replace(base, **given)


def fallbacks() -> tuple[RequestRow, ...]:
    whys = (
        ("claude", "gpt-5", "cooling", "skipped, 40 s left"),
        ("claude", "gpt-5", "rate_limit", "429, Retry-After 42"),
        ("gpt-5", "haiku", "timeout", "no token in 10.0 s"),
        ("claude", "gpt-5", "overloaded", "529, overloaded"),
    )
    return tuple(request(number, *whys[number % len(whys)]) for number in range(40))


def recent() -> tuple[RequestRow, ...]:
    first = [request(100 + number, "claude", "claude", "", "", at=NOW - 1 - number * 1.4) for number in range(25)]
    lost = request(90, "claude", None, "server_error", "500, internal", at=NOW - 9)
    every = (*fallbacks(), *first, lost)
    return tuple(sorted(every, key=lambda row: -row.at))


SICK = SituationView(
    code="limited",
    severity="warning",
    text="claude is limited (429, since 02:37; next try in 38 s). gpt-5 answers 97 % of main: 98.9 % ok, p95 +0.8 s, "
    "+$0.31/min.",
    since=NOW - 240,
    key="f",
    key_text="hold it 10 min",
    subject="claude",
)


def snapshot_of_a_bad_night() -> Snapshot:
    """The picture: the primary is limited, a fallback serves, one model is disabled."""
    models = (
        model(
            "claude",
            1,
            state="cooling",
            reason="429, Retry-After",
            seconds_left=38.0,
            share=0.612,
            calls=1204,
            answered=737,
            p95_ms=1900.0,
            cost_pico_usd=usd(31.02),
            requests_today=9000,
            lane=lane(("ok", 41), ("cooling", 4)),
        ),
        model(
            "gpt-5",
            2,
            provider="openai",
            share=0.97,
            fallback_share=0.97,
            calls=460,
            answered=455,
            p95_ms=2400.0,
            cost_pico_usd=usd(9.8),
            requests_today=900,
            in_flight=3,
        ),
        model(
            "haiku",
            3,
            share=0.03,
            fallback_share=0.03,
            calls=40,
            answered=40,
            p95_ms=800.0,
            cost_pico_usd=usd(0.38),
            requests_today=90,
        ),
        model("local", 4, provider="ourbox", state="disabled", reason="by ada", lane=lane(("disabled", 45))),
    )
    window = FiguresView(1204, 1191, 737, 456, 0, 13, 1900.0, 1500.0, 4200.0, 400_000, 90_000, usd(4.1), 0)
    today = FiguresView(9800, 9700, 9000, 700, 0, 100, 1300.0, 1000.0, 2900.0, 9, 9, usd(41.2), 0)
    return replace(
        blank_views.SNAPSHOT,
        at=NOW,
        instance=Instance("demo", "127.0.0.1:4000", 4711, NOW - 7200, "0.1.0", demo=True),
        requests_per_minute=42,
        callers=3,
        window=window,
        usual_mean_ms=1100.0,
        usual_p95_ms=2300.0,
        today=today,
        daily_limit_pico_usd=usd(100),
        budget_gone_at=NOW + 14.98 * 3600,
        chains=(blank_views.chain_of(*(one.name for one in models)),),
        models=models,
        situations=(SICK,),
        fallbacks=fallbacks(),
        recent=recent(),
        last_act='you disabled local (until 03:09: "cold start")',
        last_act_at=NOW - 125,
        store=StoreView(path="/tmp/demo.db"),
    )


def calm(snapshot: Snapshot) -> Snapshot:
    """All is well."""
    models = tuple(
        replace(one, state="ok", reason="", seconds_left=None, lane=lane(("ok", 45)), share=1.0 if at == 0 else None)
        for at, one in enumerate(snapshot.models)
    )
    good = FiguresView(1204, 1204, 1203, 1, 0, 0, 1100.0, 900.0, 2200.0, 9, 9, usd(4.1), 0)
    situation = SituationView("well", "ok", "All is well: main answers 100 % of 1,204 in 15 min, p95 2.2 s.")
    return replace(
        snapshot,
        models=models,
        window=good,
        situations=(situation,),
        budget_gone_at=None,
        fallbacks=snapshot.fallbacks[:1],
        last_act="",
        last_act_at=None,
    )


def outage(snapshot: Snapshot) -> Snapshot:
    """No model can answer, in production."""
    down = tuple(
        replace(
            one, state="open", reason="5 failures in a row", seconds_left=20.0 + at, lane=lane(("ok", 40), ("open", 5))
        )
        for at, one in enumerate(snapshot.models)
    )
    text = "No model of main can answer: claude open 20 s; gpt-5 open 21 s; haiku open 22 s. Its callers get errors."
    return replace(
        snapshot,
        models=down,
        window=replace(snapshot.window, answered=400, primary=300, fallback=100, failed=804),
        instance=replace(snapshot.instance, demo=False, name="prod", environment="production"),
        situations=(SituationView("no_model", "critical", text, key="c", key_text="try claude now"), SICK),
    )


TRACE: dict[str, Any] = {
    "id": "req-0001",
    "at": NOW - 5,
    "asked": "main",
    "chain": "main",
    "caller": "shop-api",
    "model": "gpt-5",
    "meant": "claude",
    "status": 200,
    "duration_ms": 1773.0,
    "input_tokens": 1205,
    "output_tokens": 311,
    "cost_usd": 0.0031,
    "candidates": [
        {"model": "claude", "skip": None, "seconds_left": None, "by": ""},
        {"model": "gpt-5", "skip": None, "seconds_left": None, "by": ""},
        {"model": "local", "skip": "disabled", "seconds_left": 1700.0, "by": "ada"},
        {"model": "haiku", "skip": None, "seconds_left": None, "by": ""},
    ],
    "attempts": [
        {
            "number": 1,
            "model": "claude",
            "key": "ANTHROPIC_API_KEY",
            "trigger": "rate_limit",
            "cancelled": False,
            "status": 429,
            "message": "Retry-After 42",
            "provider_request_id": "req_011",
            "started_ms": 2.0,
            "first_content_ms": None,
            "ended_ms": 173.0,
            "cost_usd": None,
        },
        {
            "number": 2,
            "model": "gpt-5",
            "key": "OPENAI_API_KEY",
            "trigger": None,
            "cancelled": False,
            "status": 200,
            "message": "",
            "provider_request_id": "chatcmpl-9",
            "started_ms": 174.0,
            "first_content_ms": 800.0,
            "ended_ms": 1773.0,
            "cost_usd": 0.0031,
        },
    ],
    "ended_by": "fallback",
}


@dataclass
class FakeBackend:
    """Answers what it was given, and remembers what it was told."""

    now: Snapshot = field(default_factory=snapshot_of_a_bad_night)
    applied: list[tuple[Command, bool]] = field(default_factory=list)
    whos: list[str] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    """What the next applications answer; none: in force."""
    queries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    traces: list[dict[str, Any]] = field(default_factory=lambda: [TRACE])
    history: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    events_of_prompt: list[PromptEvent] = field(default_factory=list)
    hold_prompt: asyncio.Event | None = None
    fails: HotspareError | None = None
    past: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    query_fails: Exception | None = None

    async def snapshot(self) -> Snapshot:
        if self.fails is not None:
            raise self.fails
        return self.now

    async def query(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        self.queries.append((name, parameters))
        if self.query_fails is not None:
            raise self.query_fails
        return {"explain": self.traces, "history": self.history, **self.past}.get(name, [])

    async def apply(self, command: Command, *, who: str, why: str = "", confirmed: bool = False) -> Outcome:
        if self.fails is not None:
            raise self.fails
        self.applied.append((command, confirmed))
        self.whos.append(who)
        if self.answers:
            return self.answers.pop(0)
        subject = getattr(command, "chain", "") or getattr(command, "model", "") or "disable local"
        slot = None if command.act == "clear" else Slot("model", subject)
        return JournalEntry(7, Change(command.act, subject, who, NOW, why, slot))

    async def send_prompt(self, prompt: Prompt) -> AsyncIterator[PromptEvent]:
        self.prompts.append(prompt)
        for event in self.events_of_prompt:
            yield event
        if self.hold_prompt is not None:
            await self.hold_prompt.wait()

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        for event in ():
            yield event


@dataclass
class FakeClock:
    """Moves only when it is told to."""

    seconds: float = 1000.0

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.seconds, wall=lambda: NOW + self.seconds - 1000.0)


@pytest.fixture
def backend() -> FakeBackend:
    step = 60
    begin = NOW // step * step
    backend = FakeBackend()
    backend.history = [
        {
            "at": begin - place * step,
            "requests": 80,
            "ok": 79 if place > 4 else 75,
            "fallback": 30 - place * 4 if place < 7 else 2,
        }
        for place in range(60)
        if place not in {20, 21, 22}
    ]
    return backend


@pytest.fixture
def fake_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make_console(backend: FakeBackend, fake_clock: FakeClock):
    """A console that looks at the figures only when a test asks it to (`pull`)."""
    load()

    def make(**options: Any) -> Console:
        environ = options.pop("environ", {"USER": "ada", "LANG": "C.UTF-8"})
        return Console(backend, clock=fake_clock.clock(), environ=environ, poll_seconds=3600, **options)

    return make


@pytest.fixture
def calm_snapshot() -> Snapshot:
    return calm(snapshot_of_a_bad_night())


@pytest.fixture
def outage_snapshot() -> Snapshot:
    return outage(snapshot_of_a_bad_night())


async def settle(pilot) -> None:
    """Let workers, dialogs and what they ask for run, and the screen be laid out."""
    for _ in range(40):
        await asyncio.sleep(0)
    await pilot.pause()
    for _ in range(10):
        await asyncio.sleep(0)


async def furnish(pilot) -> None:
    """Let what comes behind the first frame be made."""
    while pilot.app.page() is None:
        await pilot.pause()


@pytest.fixture
def furnished():
    """Let what comes behind the first frame be made, and no figures be looked at."""
    return furnish


@pytest.fixture
def begin():
    """Draw the first figures."""

    async def first(pilot) -> None:
        await furnish(pilot)
        await pilot.app.pull()
        await settle(pilot)

    return first


@pytest.fixture
def press(fake_clock: FakeClock):
    """Press keys one by one, as a person does: a second between them."""

    async def keys(pilot, *names: str) -> None:
        for name in names:
            fake_clock.seconds += 1.0
            character = CHARACTERS.get(name, name if len(name) == 1 else None)
            key = _character_to_key(name) if len(name) == 1 else name
            pilot.app.post_message(Key(key, character))  # as Pilot does, but without its waits for a real terminal
            await settle(pilot)

    return keys


@pytest.fixture
def seen():
    """The text on the screen."""

    def text(app: Console) -> str:
        return "\n".join("".join(part.text for part in strip) for strip in app.screen._compositor.render_strips())

    return text


@pytest.fixture
def toasts():
    """What the toasts said, the latest last."""

    def said(app: Console) -> list[str]:
        return [toast.message for toast in app._notifications]

    return said
