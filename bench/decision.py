"""The decision alone: what the router takes for one request, from its name to its Record in the live figures.

No I/O, no engine. Prints JSON: microseconds by case, and one `json.loads` of the request for scale.
"""

import gc
import json
import random
import time
import timeit
from collections.abc import Callable

import bodies

from hotspare.router.facade import Router
from hotspare.router.record import Ask
from hotspare.router.settings import BreakerRules, Chain, Limits, Model, Rates, Settings
from hotspare.router.step import Begin, Ended, Event, Failed, FirstContent
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

REQUESTS, ROUNDS = 2000, 9
BEGIN, USAGE = Begin(), Usage(42, 64)
NEVER_OPENS = BreakerRules(enabled=False)


def router_of(models: int, disabled: int = 0) -> Router:
    """One chain; the first models may be disabled."""
    names = tuple(f"model-{number}" for number in range(models))
    made = {
        name: Model(name, f"provider-{name}", ("key",), rates=Rates(150_000, 600_000), enabled=at >= disabled,
                    breaker=NEVER_OPENS)
        for at, name in enumerate(names)
    }  # fmt: skip
    chain = Chain("main", names, dict.fromkeys(names, Limits(retries=0)))
    return Router(Settings(made, {"main": chain}), random=random.Random(1), midnight=lambda wall: wall - wall % 86_400)


def decision(router: Router, *, fails: bool) -> Callable[[], None]:
    """One request; the first model that is called may fail."""
    failure = AttemptFailed(Trigger.server_error, "status 500", status=500)
    events: list[Event] = [BEGIN]
    events += [Failed(1, failure), FirstContent(2), Ended(2, USAGE)] if fails else [FirstContent(1), Ended(1, USAGE)]

    def decide() -> None:
        resolved = router.resolve("main")
        now = time.monotonic()
        ask = Ask("id", resolved[0] if resolved else "", "main", "bench", time.time(), now, now + 180.0)
        walk = router.open(ask, now)
        for event in events:
            walk.next(event, now)
        router.fold(walk.record(now))

    return decide


def microseconds(work: Callable[[], object]) -> float:
    """CPU time, the best of some rounds: neighbours only ever add."""
    return min(timeit.repeat(work, timer=time.process_time, number=REQUESTS, repeat=ROUNDS)) / REQUESTS * 1e6


def main() -> None:
    """Measure each case."""
    cases = {
        "3 models": decision(router_of(3), fails=False),
        "30 models": decision(router_of(30), fails=False),
        "2 skipped, 1 fails": decision(router_of(5, disabled=2), fails=True),
        "json.loads": lambda: json.loads(bodies.request("plain")),
    }
    gc.collect()
    gc.freeze()
    print(json.dumps({name: microseconds(work) for name, work in cases.items()}))


if __name__ == "__main__":
    main()
