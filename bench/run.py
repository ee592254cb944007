"""Measure the gateway beside a bare pass-through on the same server and client; print it, keep it in history.jsonl.

make bench                        about two minutes; everything on 127.0.0.1, every load bounded
make bench ARGS=--check           also fails where the CPU ratio to the pass-through grew by over 20 %
make bench ARGS="--memory 100000" also whether memory stays flat up to so many requests
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import history
from figures import WORKS, Bench, alone, started
from gateway import job

STEP = 20_000


def main() -> int:
    """0, or 1 where `--check` finds a ratio that has grown, 2 where it finds none to compare with."""
    chosen = _arguments()
    if not any(chosen.only in work.name for work in WORKS):
        print(f"No load's name holds {chosen.only!r}: {'; '.join(work.name for work in WORKS)}.", file=sys.stderr)
        return 2
    if not Path("/proc/self/schedstat").exists():
        print("This bench reads CPU time from /proc, which only Linux has.", file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    figures = {}
    for name, values in measure(chosen):
        figures[name] = values
        print(f"{name:40}" + "  ".join(f"{key} {value:,.2f}" for key, value in values.items()), flush=True)
    entry = history.line(figures)
    print(f"load average {load:.2f} before, {entry['load']:.2f} after; {entry['machine']}; {entry['commit']}")
    before = history.committed()
    if not chosen.forget:
        history.append(entry)
    return _verdict(entry, before) if chosen.check else 0


def measure(chosen: argparse.Namespace) -> Iterator[tuple[str, Mapping[str, float]]]:
    """All figures by name, as they come."""
    with tempfile.TemporaryDirectory() as folder, contextmanager(started)(Path(folder)) as bench:
        yield "start", {"ready_s": bench.gateway.ready_seconds, "memory_mb": bench.gateway.memory_mb}
        yield "idle", {"core_share": bench.idle_share()}
        for work in WORKS:
            if chosen.only in work.name:
                yield work.name, bench.compare(work, chosen.rounds)
        if not chosen.only:
            yield "1,000 paced streams at once", bench.many_streams()
        yield "memory", _memory(bench, chosen.memory)
        yield "counted", {"asked": bench.asked, "counted": bench.gateway.requests_counted()}
    if not chosen.only:
        yield "decision alone, us", alone("decision.py")
        yield "storing 2,000 records/s", alone("storing.py")


def _memory(bench: Bench, upto: int) -> dict[str, float]:
    """Megabytes by the number of requests that were answered."""
    found = {f"mb_after_{bench.asked}": bench.gateway.memory_mb}
    while bench.asked < upto:
        bench.ask_gateway(job(bench.gateway.url, "plain", min(STEP, upto - bench.asked), 16))
        found[f"mb_after_{bench.asked}"] = bench.gateway.memory_mb
    return found


def _verdict(entry: dict[str, Any], before: list[dict[str, Any]]) -> int:
    if not history.compared(entry, before):
        print(f"--check has nothing to compare with: no committed run of {entry['machine']}.", file=sys.stderr)
        return 2
    grown = history.grown(entry, before)
    for sentence in grown:
        print(f"grown by over 20 %: {sentence}", file=sys.stderr)
    return 1 if grown else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail where a ratio has grown by over 20 %%")
    parser.add_argument("--rounds", type=int, default=3, help="how often each load is measured")
    parser.add_argument("--only", default="", help="only the loads whose names hold this")
    parser.add_argument("--memory", type=int, default=0, help="go on to so many requests, and tell the memory")
    parser.add_argument("--forget", action="store_true", help="do not add this run to the history")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
