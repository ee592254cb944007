"""The decision alone: what the router takes for one request, from its name to its Record in the live figures.

No I/O, no engine. Prints JSON: microseconds by case and by strategy, and one `json.loads` of the request for scale.
`python bench/decision.py strategies` prints the strategies alone, as a table.
"""

import gc
import json
import random
import sys
import time
import timeit
from collections.abc import Callable, Mapping
from typing import Any

import bodies

from hotspare.router.facade import Router
from hotspare.router.record import Ask
from hotspare.router.settings import BreakerRules, Chain, Limits, Model, Rates, Settings, Task
from hotspare.router.step import Begin, Cancelled, Ended, Event, Failed, FirstContent
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

REQUESTS, ROUNDS = 2000, 9
BEGIN, USAGE = Begin(), Usage(42, 64)
NEVER_OPENS = BreakerRules(enabled=False)


LIMITS = Limits(retries=0)
HISTORY = 30
"""Answers of each model before it is measured, so that a strategy has figures to go by."""

NAMES = tuple(f"model-{number}" for number in range(3))
STRATEGIES: Mapping[str, Mapping[str, Any]] = {
    "priority": {},
    "cost": {"strategy": "cost", "fallbacks_by": ("cost",)},
    "latency": {"strategy": "latency", "fallbacks_by": ("latency",), "latency_threshold_seconds": 10.0},
    "fastest": {"strategy": "fastest"},
    "hedged": {"strategy": "hedged"},
    "load_balanced": {"strategy": "load_balanced"},
    "load_balanced, score": {"strategy": "load_balanced", "score": "success_rate / (latency_ms * (1 + in_flight))"},
    "weighted": {"strategy": "weighted", "weights": dict(zip(NAMES, (80.0, 15.0, 5.0), strict=True))},
    "task": {"strategy": "task", "tasks": (Task(NAMES[1], dict.fromkeys(NAMES, LIMITS), "x-task", equals="simple"),)},
    "regions": {"strategy": "regions"},
    "priority, session affinity": {"affinity": "session"},
}
"""What a chain of three models says for each."""


def router_of(models: int, disabled: int = 0, **chain: Any) -> Router:
    """One chain; the first models may be disabled."""
    names = tuple(f"model-{number}" for number in range(models))
    made = {
        name: Model(name, f"provider-{name}", ("key",), rates=Rates(150_000, 600_000), enabled=at >= disabled,
                    breaker=NEVER_OPENS)
        for at, name in enumerate(names)
    }  # fmt: skip
    main = Chain("main", names, dict.fromkeys(names, LIMITS), **chain)
    return Router(Settings(made, {"main": main}), random=random.Random(1), midnight=lambda wall: wall - wall % 86_400)


def decision(router: Router, *events: Event, **asked: Any) -> Callable[[], None]:
    """One request, and what comes of its calls."""

    def decide() -> None:
        resolved = router.resolve("main")
        now = time.monotonic()
        ask = Ask("id", resolved[0] if resolved else "", "main", "bench", time.time(), now, now + 180.0, **asked)
        walk = router.open(ask, now)
        for event in events:
            walk.next(event, now)
        router.fold(walk.record(now))

    return decide


ANSWERED: tuple[Event, ...] = (BEGIN, FirstContent(1), Ended(1, USAGE))
RACED: tuple[Event, ...] = (BEGIN, FirstContent(1), Cancelled(2), Cancelled(3), Ended(1, USAGE))
_ERROR = AttemptFailed(Trigger.server_error, "status 500", status=500)
FELL_BACK: tuple[Event, ...] = (BEGIN, Failed(1, _ERROR), FirstContent(2), Ended(2, USAGE))


def strategy(name: str) -> Callable[[], None]:
    """A request under a strategy, over three models that have answered before."""
    router = router_of(3, **STRATEGIES[name])
    asked: dict[str, Any] = {"task": 0} if name == "task" else {"session": "s"} if "session" in name else {}
    for model in NAMES:
        answer = decision(router, *ANSWERED, start=model)
        for _ in range(HISTORY):
            answer()
    return decision(router, *(RACED if name == "fastest" else ANSWERED), **asked)


def microseconds(work: Callable[[], object]) -> float:
    """CPU time, the best of some rounds: neighbours only ever add."""
    return min(timeit.repeat(work, timer=time.process_time, number=REQUESTS, repeat=ROUNDS)) / REQUESTS * 1e6


def strategies() -> dict[str, float]:
    """Microseconds of each."""
    return {f"strategy {name}": microseconds(strategy(name)) for name in STRATEGIES}


def main() -> None:
    """Measure each case."""
    cases = {
        "3 models": decision(router_of(3), *ANSWERED),
        "30 models": decision(router_of(30), *ANSWERED),
        "2 skipped, 1 fails": decision(router_of(5, disabled=2), *FELL_BACK),
        "json.loads": lambda: json.loads(bodies.request("plain")),
    }
    gc.collect()
    gc.freeze()
    if sys.argv[1:] == ["strategies"]:
        for name, taken in strategies().items():
            print(f"{name:<38}{taken:6.1f} us")
        return
    print(json.dumps({name: microseconds(work) for name, work in cases.items()} | strategies()))


if __name__ == "__main__":
    main()
