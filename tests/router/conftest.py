"""A world for the router: a clock moved by hand, models that answer by script, and a driver that performs steps."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from blank_records import AT, ATTEMPT, RECORD

from hotspare.router.facade import Router
from hotspare.router.hedging import HedgeBudget
from hotspare.router.plan import Hedge, Plan
from hotspare.router.record import Ask, Attempt, Record
from hotspare.router.settings import BreakerRules, Budget, Chain, Limits, Model, Rates, Settings
from hotspare.router.snapshot import Instance, StoreView
from hotspare.router.step import (
    Begin,
    Cancel,
    Cancelled,
    Deliver,
    Due,
    Ended,
    Fail,
    Failed,
    Finish,
    FirstContent,
    Step,
    Try,
    Wait,
)
from hotspare.router.trigger import AttemptFailed, Trigger, Usage
from hotspare.router.walk import Walk

WALL_AT_ZERO = AT
DAY = 86_400.0

Outcome = Usage | AttemptFailed


def failing(trigger: Trigger, status: int | None = None, retry_after: float | None = None) -> AttemptFailed:
    return AttemptFailed(trigger, f"{trigger}", status=status, retry_after_seconds=retry_after)


def good(tokens_in: int = 100, tokens_out: int = 10) -> Usage:
    return Usage(tokens_in, tokens_out)


@dataclass
class Told:
    """What one driven request came to."""

    record: Record
    last: Finish | Fail
    tries: list[Try]
    waits: list[float]


@dataclass
class World:
    """A router, its clock, and the models' scripts: what each call of a model comes to (the last one repeats)."""

    settings: Settings
    now: float = 1000.0
    seed: int = 7
    scripts: dict[str, list[Outcome]] = field(default_factory=dict)
    call_seconds: float = 0.5
    count: int = 0

    def __post_init__(self) -> None:
        self.router = Router(self.settings, random=random.Random(self.seed), midnight=lambda wall: wall // DAY * DAY)

    @property
    def wall(self) -> float:
        return WALL_AT_ZERO + self.now

    def ask(self, **changes: Any) -> Ask:
        self.count += 1
        ask = Ask(
            id=f"r{self.count}",
            chain="main",
            asked="main",
            caller="shop-api",
            at=self.wall,
            read_at=self.now,
            deadline=self.now + 180.0,
        )
        return replace(ask, **changes)

    def outcome(self, model: str) -> Outcome:
        script = self.scripts.get(model) or [good()]
        return script.pop(0) if len(script) > 1 else script[0]

    def request(self, **changes: Any) -> Told:
        """One request from beginning to end, each call taking `call_seconds`."""
        walk = self.router.open(self.ask(**changes), self.now)
        return self.drive(walk)

    def race(self, lanes: int = 3, hedge: float | None = None) -> Walk:
        """A walk that starts so many at once, or a second one after so many seconds."""
        chain = self.settings.chains["main"]
        budget = HedgeBudget(1.0)
        budget.asked()
        plan = Plan(
            tuple(self.router.states[name] for name in chain.models),
            chain.models[0],
            chain.limits,
            lanes=lanes,
            hedge=None if hedge is None else Hedge(hedge, budget),
        )
        return self.router.walk(self.ask(), plan)

    def drive(self, walk: Walk) -> Told:
        tries: list[Try] = []
        waits: list[float] = []
        steps = list(walk.next(Begin(), self.now))
        for _ in range(200):
            step = steps.pop(0) if steps else None
            if step is None:
                raise AssertionError("the walk neither ended nor asked for anything")
            if isinstance(step, Finish | Fail):
                assert not steps
                record = walk.record(self.now)
                self.router.fold(record)
                return Told(record, step, tries, waits)
            steps += self._perform(walk, step, tries, waits, steps)
        raise AssertionError("the walk does not end")

    def _perform(
        self, walk: Walk, step: Step, tries: list[Try], waits: list[float], pending: Sequence[Step]
    ) -> tuple[Step, ...]:
        match step:
            case Try():
                tries.append(step)
                return self._call(walk, step)
            case Wait(until):
                if pending:
                    return ()
                waits.append(until - self.now)
                self.now = max(self.now, until)
                return walk.next(Due(), self.now)
            case Cancel(n):
                return walk.next(Cancelled(n), self.now)
        return ()

    def _call(self, walk: Walk, step: Try) -> tuple[Step, ...]:
        outcome = self.outcome(step.model)
        self.now += self.call_seconds
        if isinstance(outcome, AttemptFailed):
            return walk.next(Failed(step.n, outcome), self.now)
        more = walk.next(FirstContent(step.n), self.now)
        assert Deliver(step.n) in more
        return walk.next(Ended(step.n, outcome), self.now)

    def snapshot(self) -> Any:
        instance = Instance("test", "127.0.0.1:4000", 1, self.wall, "0")
        return self.router.snapshot(now=self.now, wall=self.wall, instance=instance, store=StoreView())

    def model(self, name: str) -> Any:
        return next(view for view in self.snapshot().models if view.name == name)


def make_settings(
    *names: str,
    limits: Limits | None = None,
    breaker: BreakerRules | None = None,
    models: dict[str, dict[str, Any]] | None = None,
    chain: dict[str, Any] | None = None,
    budget: Budget | None = None,
) -> Settings:
    names = names or ("claude", "gpt", "haiku")
    limits = limits or Limits()
    built = {
        name: Model(
            name,
            provider=f"{name}-provider",
            keys=("KEY",),
            rates=Rates(input=3_000_000, output=15_000_000),
            breaker=breaker or BreakerRules(),
        )
        for name in names
    }
    for name, changes in (models or {}).items():
        built[name] = replace(built[name], **changes)
    main = Chain("main", tuple(names), dict.fromkeys(names, limits))
    return Settings(built, {"main": replace(main, **(chain or {}))}, budget or Budget())


def make_attempt(model: str = "claude", trigger: Trigger | None = None, **changes: Any) -> Attempt:
    """One call that took 100 to 900 ms after the request was read."""
    return replace(ATTEMPT, model=model, trigger=trigger, **changes)


def make_record(*attempts: Attempt, **changes: Any) -> Record:
    """One answered request of the primary, a second long; its attempts as they are given."""
    return replace(RECORD, **{"attempts": attempts, **changes})


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    return make_attempt


@pytest.fixture
def record() -> Callable[..., Record]:
    return make_record


@pytest.fixture
def world() -> Callable[..., World]:
    """Make a World: `world("claude", "gpt", limits=…, breaker=…, models={…}, chain={…})`."""

    def make(*names: str, **options: Any) -> World:
        return World(make_settings(*names, **options))

    return make


@pytest.fixture
def fails() -> Callable[..., AttemptFailed]:
    return failing


@pytest.fixture
def answers() -> Callable[..., Usage]:
    return good
