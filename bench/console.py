"""What the console costs itself: its start, a core's share idle and busy, keys, bytes and memory, beside its goals.

make bench-console                            about two minutes; everything on 127.0.0.1, every load bounded
make bench-console ARGS=--check               also fails where a goal is missed
make bench-console ARGS="--requests 60000"    also whether memory stays flat up to so many requests
make bench-console ARGS="--only first"        only the figures whose names begin with this: first, idle, busy, memory

The gateway is in the console's process, on a terminal of 180x50 that is read all the time; busy means about 200 streams
a second through it. The same traffic through `serve` alone is measured beside it: what is left is the console's.
`bench/attached.py` tells what a screen in a process of its own costs.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway import Gateway, configuration, free_port, job
from least_screen import WORDS
from processes import MEASURED_CORE, PROGRAM, Process
from terminal import Terminal

CHAIN, GIVES, CONNECTIONS = "calm", "paced-1-16", 4
"""One event after 16 ms: with four connections about 200 requests a second."""
QUICK = "quick"
"""Answers at once: for memory, where the number of requests counts and not their rate."""
SECONDS, BUSY_REQUESTS = 8.0, 1600
SCREENS = ("overview", "chains", "requests", "cost", "journal", "playground", "self")
SWITCHES = ((b"2", b"held back at"), (b"7", b"frames dropped"), (b"1", b"primary ok"))
"""Keys, and what is painted after each that was not there before it."""
PRESSES = 40
STEP_REQUESTS = 5_000
FIRST_FRAME, FIGURES = b"starting: reading", b"req/min"


@dataclass(frozen=True, slots=True)
class Figure:
    """One value, and what it is to stay under; no goal: told for its own sake."""

    name: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def missed(self) -> bool:
        return self.goal is not None and self.value >= self.goal

    def __str__(self) -> str:
        verdict = "" if self.goal is None else f"  under {self.goal:g}: {'MISSED' if self.missed else 'ok'}"
        return f"{self.name:58}{self.value:9,.2f} {self.unit}{verdict}"


class Bench:
    """Provider, load, and the folder of one run."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        provider = stack.enter_context(Process.script("upstream.py"))
        self._load = stack.enter_context(Process.script("load.py"))
        self._folder = folder
        chains = {CHAIN: (GIVES, "auto"), QUICK: ("plain", "auto")}
        self._config = configuration(folder, chains, f"http://127.0.0.1:{int(provider.line())}")
        self._port = free_port()
        self.alone = 0.0
        """CPU seconds of a request without a screen."""

    def console(self) -> Terminal:
        """`hotspare --config` on a terminal, with its gateway."""
        command = [PROGRAM, "--config", str(self._config), "--port", str(self._port)]
        return Terminal(command, self._folder, core=MEASURED_CORE)

    def least(self) -> Terminal:
        """A screen of Textual's own."""
        script = str(Path(__file__).with_name("least_screen.py"))
        return Terminal([sys.executable, script], self._folder, core=MEASURED_CORE)

    def begin(self, requests: int, url: str = "") -> None:
        """Let traffic come."""
        url = url or f"http://127.0.0.1:{self._port}/v1/chat/completions"
        self._load.tell(job(url, CHAIN, requests, CONNECTIONS, stream=True))

    def hurry(self, requests: int) -> None:
        """Have so many requests answered, as fast as they are."""
        url = f"http://127.0.0.1:{self._port}/v1/chat/completions"
        self._load.ask(job(url, QUICK, requests, CONNECTIONS))

    def end(self) -> dict[str, Any]:
        """What came of the traffic, once it is over."""
        found: dict[str, Any] = self._load.answer()
        return found

    def serve(self) -> tuple[float, dict[str, Any]]:
        """The same traffic without a screen: CPU seconds a request, and what came of it."""
        with Gateway(self._config) as gateway:
            self.begin(400, gateway.url)
            self.end()
            used = gateway.cpu_seconds
            self.begin(BUSY_REQUESTS, gateway.url)
            result = self.end()
            return (gateway.cpu_seconds - used) / BUSY_REQUESTS, result


# ------------------------------------------------------------------ start
def first(bench: Bench, rounds: int) -> Iterator[Figure]:
    """From the program's start to what is drawn, beside the least screen in turn; the first round warms the disk."""
    least, frames, figures = [], [], []
    for _ in range(rounds + 1):
        with bench.least() as screen:
            least.append(screen.until(WORDS.encode()))
        with bench.console() as console:
            frames.append(console.until(FIRST_FRAME))
            figures.append(console.until(FIGURES))
    ratio = statistics.median(frames[1:]) / statistics.median(least[1:])
    yield Figure("first frame of Textual alone, median", statistics.median(least[1:]), "s")
    yield Figure("first frame, best", min(frames[1:]), "s")
    yield Figure("first frame, median", statistics.median(frames[1:]), "s", 0.6)
    yield Figure("first frame, Textual alone = 1", ratio, "", 1.6)
    yield Figure("first figures, median", statistics.median(figures[1:]), "s")


# ------------------------------------------------------------------ a running console
def idle(_bench: Bench, console: Terminal) -> Iterator[Figure]:
    """Nothing is asked, nothing is pressed; then keys."""
    time.sleep(3.0)
    used, drawn, began = console.cpu_seconds, console.bytes, time.perf_counter()
    time.sleep(SECONDS)
    passed = time.perf_counter() - began
    yield Figure("idle: of a core", (console.cpu_seconds - used) / passed * 100, "%", 1)
    yield Figure("idle: to the terminal", (console.bytes - drawn) / passed / 1000, "kB/s", 10)
    yield from keys(console, "idle")


def without_a_screen(bench: Bench) -> Iterator[Figure]:
    """The same traffic through `serve`; what a request costs there is kept for `busy`."""
    bench.alone, beside = bench.serve()
    alone = bench.alone
    yield Figure("busy: serve alone, of a core", alone * beside["requests"] / beside["seconds"] * 100, "%")
    yield Figure("busy: serve alone, an event is passed on, p99", beside["event_p99_ms"], "ms")


def busy(bench: Bench, console: Terminal) -> Iterator[Figure]:
    """Each screen with traffic; then keys."""
    for place, name in enumerate(SCREENS):
        console.type(str(place + 1).encode())
        yield from screen_figures(bench, console, name)
    console.type(b"1")
    bench.begin(BUSY_REQUESTS * 2)
    time.sleep(1.0)
    yield from keys(console, "busy")
    bench.end()


def screen_figures(bench: Bench, console: Terminal, name: str) -> Iterator[Figure]:
    """One screen with traffic."""
    bench.begin(400)
    bench.end()
    used, drawn = console.cpu_seconds, console.bytes
    bench.begin(BUSY_REQUESTS)
    result = bench.end()
    rate, seconds = result["requests"] / result["seconds"], result["seconds"]
    share, traffic = (console.cpu_seconds - used) / seconds * 100, bench.alone * rate * 100
    title = f"busy: {name}"
    yield Figure(f"{title}, requests a second ({result['bad']} bad)", rate, "")
    yield Figure(f"{title}, of a core, gateway included", share, "%")
    yield Figure(f"{title}, of a core, the console's part", share - traffic, "%", 10)
    yield Figure(f"{title}, an event is passed on, p99", result["event_p99_ms"], "ms", 12)
    yield Figure(f"{title}, to the terminal", (console.bytes - drawn) / seconds / 1000, "kB/s", 80)


def keys(console: Terminal, when: str) -> Iterator[Figure]:
    """How long keys take to be seen; each screen is made at its first key, which does not count."""
    frozen = []
    for _ in range(PRESSES // 2):
        frozen.append(console.press(b" ", b"FROZEN"))
        time.sleep(0.07)
        console.press(b" ", FIGURES)
        time.sleep(0.07)
    switched = []
    for place in range(PRESSES + len(SWITCHES)):
        switched.append(console.press(*SWITCHES[place % len(SWITCHES)]))
        time.sleep(0.07)
    for what, times in (("a key", frozen), ("another screen", switched[len(SWITCHES) :])):
        p95 = sorted(times)[int(len(times) * 0.95)]
        yield Figure(f"{when}: {what} is seen after, median", statistics.median(times), "ms")
        yield Figure(f"{when}: {what} is seen after, p95", p95, "ms", 50)


def memory(bench: Bench, console: Terminal, upto: int) -> Iterator[Figure]:
    """What it holds after so many requests, step by step."""
    yield Figure("memory before", console.memory_mb, "MB", 120)
    asked = 0
    while asked < upto:
        step = min(STEP_REQUESTS, upto - asked)
        bench.hurry(step)
        asked += step
        yield Figure(f"memory after {asked:,} requests more", console.memory_mb, "MB", 120)


def measure(chosen: argparse.Namespace) -> Iterator[Figure]:
    """All figures, as they come."""
    wanted: Callable[[str], bool] = lambda name: name.startswith(chosen.only)  # noqa: E731 - two words
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        bench = Bench(Path(name), stack)
        if wanted("first"):
            yield from first(bench, chosen.rounds)
        if not any(map(wanted, ("idle", "busy", "memory"))):
            return
        if wanted("busy"):
            yield from without_a_screen(bench)
        with bench.console() as console:
            console.until(FIGURES)
            if wanted("idle"):
                yield from idle(bench, console)
            if wanted("busy"):
                yield from busy(bench, console)
            if wanted("memory"):
                yield from memory(bench, console, chosen.requests)


def main() -> int:
    """0, or 1 where `--check` finds a goal that is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--rounds", type=int, default=5, help="how often the start is measured")
    parser.add_argument("--only", default="", help="first, idle, busy or memory")
    parser.add_argument("--requests", type=int, default=0, help="go on to so many requests, and tell the memory")
    chosen = parser.parse_args()
    before, missed = os.getloadavg()[0], 0
    for figure in measure(chosen):
        print(figure, flush=True)
        missed += figure.missed
    print(f"{missed} goals missed; load average {before:.2f} before, {os.getloadavg()[0]:.2f} after")
    return 1 if chosen.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
