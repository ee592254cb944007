"""What is measured of the gateway, and how: each figure beside the bare pass-through, in the same run.

CPU is user and system time of all threads of the measured process, by request; neighbours hardly move it, and the ratio
of two that were measured one after the other least of all.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway import Gateway, configuration, job
from processes import Process

CHAINS = {
    "plain": ("plain", "auto"),
    "burst": ("burst", "auto"),
    "paced": ("paced-50-5", "auto"),
    "failing": ("failing", "auto"),
    "many": ("paced-20-250", "auto"),
    "stock": ("plain", "httpx"),
}
"""Chain: what its first model gives, and the transport that reaches it."""

MANY = 1000
IDLE_SECONDS = 3.0
MIDDLE_SECONDS = 4.5
"""After so long all of the many streams are open."""


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of load. `bare` is what the pass-through is asked for: the answers that reach a caller."""

    name: str
    chain: str
    bare: str
    connections: int
    requests: int
    stream: bool = False
    large: bool = False
    transport: str = "http1"


WORKS = (
    Work("plain, 1 connection", "plain", "plain", 1, 400),
    Work("plain, 16 connections", "plain", "plain", 16, 1500),
    Work("plain, 64 connections", "plain", "plain", 64, 1500),
    Work("stream of 50 events in a burst, 16", "burst", "burst", 16, 400, stream=True),
    Work("stream of 50 events 5 ms apart, 16", "paced", "paced-50-5", 16, 64, stream=True),
    Work("a 503, then the second model, 16", "failing", "plain", 16, 800),
    Work("350 kB request, 4", "plain", "plain", 4, 150, large=True),
    Work("plain over httpx's transport, 16", "stock", "plain", 16, 150, transport="httpx"),
)


@dataclass(slots=True)
class Bench:
    """What runs: the provider, the applications, the pass-throughs and the gateway."""

    load: Process
    bare: dict[str, tuple[Process, str]]
    gateway: Gateway
    asked: int = 0

    def ask_gateway(self, work: dict[str, Any]) -> dict[str, float]:
        """A job for the gateway. All its answers must be good."""
        self.asked += work["requests"]
        return self._asked(work)

    def _asked(self, work: dict[str, Any]) -> dict[str, float]:
        result: dict[str, float] = self.load.ask(work)
        if result["bad"]:
            raise RuntimeError(f"{result['bad']:.0f} of {work['requests']} answers were bad: {work['url']}")
        return result

    def compare(self, work: Work, rounds: int) -> dict[str, float]:
        """Gateway and pass-through by turns; the medians."""
        process, base = self.bare[work.transport]
        more = {"stream": work.stream, "large": work.large}
        mine = job(self.gateway.url, work.chain, work.requests, work.connections, **more)
        theirs = job(f"{base}/{work.bare}", work.chain, work.requests, work.connections, **more)
        kinds = ((self.gateway, mine, self.ask_gateway), (process, theirs, self._asked))
        taken: dict[int, list[float]] = {self.gateway.pid: [], process.pid: []}
        results: dict[int, list[dict[str, float]]] = {self.gateway.pid: [], process.pid: []}
        for turn in range(rounds + 1):
            for measured, asked, ask in kinds:
                microseconds, result = _cpu(measured, asked, ask)
                if turn:  # the first warms up
                    taken[measured.pid].append(microseconds)
                    results[measured.pid].append(result)
        ratios = [own / bare for own, bare in zip(taken[self.gateway.pid], taken[process.pid], strict=True)]
        return {
            "cpu_us": statistics.median(taken[self.gateway.pid]),
            "bare_cpu_us": statistics.median(taken[process.pid]),
            "ratio": statistics.median(ratios),
            "p50_ms": statistics.median(result["p50_ms"] for result in results[self.gateway.pid]),
            "p99_ms": statistics.median(result["p99_ms"] for result in results[self.gateway.pid]),
            "bare_p99_ms": statistics.median(result["p99_ms"] for result in results[process.pid]),
        }

    def many_streams(self) -> dict[str, float]:
        """A thousand paced streams at once: how late events are, and what a stream takes of memory."""
        process, base = self.bare["http1"]
        del process
        more = {"stream": True, "stagger_seconds": 2.0}
        direct = self._asked(job(f"{base}/{CHAINS['many'][0]}", "many", MANY, MANY, **more))
        before = self.gateway.memory_mb
        work = job(self.gateway.url, "many", MANY, MANY, **more)
        self.asked += MANY
        with _cpu_of(self.gateway) as used:
            self.load.tell(work)
            time.sleep(MIDDLE_SECONDS)
            middle = self.gateway.memory_mb
            result = self.load.answer()
        if result["bad"]:
            raise RuntimeError(f"{result['bad']} of the {MANY} streams were bad")
        return {
            "event_p50_ms": result["event_p50_ms"],
            "event_p99_ms": result["event_p99_ms"],
            "bare_event_p99_ms": direct["event_p99_ms"],
            "kb_a_stream": (middle - before) * 1024 / MANY,
            "cpu_us_an_event": used() / MANY / 20 * 1e6,
        }

    def idle_share(self) -> float:
        """The share of a core that it takes while nothing happens."""
        with _cpu_of(self.gateway) as used:
            time.sleep(IDLE_SECONDS)
        return used() / IDLE_SECONDS


class _cpu_of:  # noqa: N801  # reads as a function of the block
    """CPU seconds of a process over a block."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def __enter__(self) -> Callable[[], float]:
        self._before = self._process.cpu_seconds
        return lambda: self._after - self._before

    def __exit__(self, *_: object) -> None:
        self._after = self._process.cpu_seconds


def _cpu(
    process: Process, work: dict[str, Any], ask: Callable[[dict[str, Any]], dict[str, float]]
) -> tuple[float, dict[str, float]]:
    with _cpu_of(process) as used:
        result = ask(work)
    return used() / work["requests"] * 1e6, result


def started(folder: Path) -> Iterator[Bench]:
    """All that runs, ended with the iteration."""
    with Process.script("upstream.py") as provider, Process.script("load.py") as load:
        url = f"http://127.0.0.1:{int(provider.line())}"
        with (
            Process.script("passthrough.py", "http1", url, measured=True) as own,
            Process.script("passthrough.py", "httpx", url, measured=True) as stock,
            Gateway(configuration(folder, CHAINS, url)) as gateway,
        ):
            bare = {
                name: (run, f"http://127.0.0.1:{int(run.line())}") for name, run in (("http1", own), ("httpx", stock))
            }
            yield Bench(load, bare, gateway)


def alone(script: str) -> dict[str, float]:
    """The figures of a script of its own process."""
    with Process.script(script, measured=True) as process:
        figures: dict[str, float] = json.loads(process.line())
        return figures
