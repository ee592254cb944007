"""How quickly the store answers what the console and the commands ask, on a store of any size.

    hotspare store generate --requests 10000000 --days 30 --to big.db
    python bench/history_views.py big.db

Prints JSON: milliseconds for each question, the best and the worst of some rounds, and how long a start takes.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hotspare.router.clock import Clock
from hotspare.store.offline import connect
from hotspare.store.reader import open_reader
from hotspare.store.store import Store

ROUNDS = 5
DAY = 86_400.0

QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "overview: last requests": ("requests", {"last": 50}),
    "overview: errors of an hour": ("errors", {}),
    "overview: time by model": ("slow", {}),
    "overview: last day by chain": ("figures", {"by": "chain"}),
    "overview: last day by model": ("figures", {"by": "model"}),
    "overview: last day by caller": ("figures", {"by": "caller"}),
    "chart: 30 days of a chain by hour": ("history", {"days": 30, "chain": "main", "step_seconds": 3600}),
    "chart: 30 days of all by hour": ("history", {"days": 30, "step_seconds": 3600}),
    "chart: 30 days of a model by hour": ("history", {"days": 30, "model": "gpt-4.1", "step_seconds": 3600}),
    "chart: 30 days of a caller by hour": ("history", {"days": 30, "caller": "ops", "step_seconds": 3600}),
    "chart: 30 days by day": ("history", {"days": 30, "chain": "main"}),
    "chart: 6 hours by minute": ("history", {"days": 0.25, "chain": "main", "step_seconds": 60}),
    "cost: 30 days by caller": ("figures", {"by": "caller", "since": -30 * DAY}),
    "cost: 30 days by model": ("figures", {"by": "model", "since": -30 * DAY}),
    "cost: 30 days by hour": ("figures", {"by": "hour", "since": -30 * DAY}),
    "cost: today by session": ("figures", {"by": "session", "last": 50}),
    "errors: 30 days": ("errors", {"since": -30 * DAY}),
    "search: by id": ("explain", {"id": "{id}"}),
    "search: by model": ("requests", {"model": "gpt-4.1-mini"}),
    "search: by trigger": ("requests", {"trigger": "overloaded"}),
    "search: by caller": ("requests", {"caller": "ops"}),
    "search: by session": ("requests", {"session": "{session}"}),
    "search: by status": ("requests", {"status": 503}),
    "search: slow ones": ("requests", {"slow": True}),
    "search: model, trigger, caller": ("requests", {"model": "gpt-4.1", "trigger": "timeout", "caller": "ops"}),
    "search: in time": ("requests", {"since": -20 * DAY, "until": -19 * DAY}),
    "search: caller in time": ("requests", {"since": -20 * DAY, "until": -19 * DAY, "caller": "ops"}),
    "search: text": ("requests", {"text": "OPS"}),
    "search: text that is nowhere": ("requests", {"text": "xyzzy"}),
    "search: nothing found": ("requests", {"model": "no-such-model"}),
}


async def measure(asked: Any, told: dict[str, Any]) -> dict[str, list[float]]:
    """Milliseconds, best and worst; the first round is not counted, as nobody's disk is cold for long."""
    found = {}
    for title, (view, parameters) in QUESTIONS.items():
        bound = {name: _bound(value, told) for name, value in parameters.items()}
        times = []
        for _ in range(ROUNDS + 1):
            began = time.perf_counter()
            await asked.query(view, bound)
            times.append((time.perf_counter() - began) * 1000)
        found[title] = [round(min(times[1:]), 1), round(max(times[1:]), 1)]
    return found


def _bound(value: Any, told: dict[str, Any]) -> Any:
    if isinstance(value, str):
        return value.format(**told)
    return told["now"] + value if isinstance(value, float) and value < 0 else value


async def main(path: Path) -> None:
    """The questions to a store as a running instance has it open, and its start."""
    connection = connect(path)
    row = connection.execute("SELECT id, session, at FROM requests ORDER BY at DESC LIMIT 1 OFFSET 100000").fetchone()
    last = connection.execute("SELECT max(at) FROM stored_requests").fetchone()[0]
    connection.close()
    told = {"id": row["id"], "session": row["session"], "now": last}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        clock = Clock(wall=lambda: last)
        store = await Store.open(path, name="bench", log_path=Path(folder) / "log", clock=clock)
        opened = (time.perf_counter() - began) * 1000
        try:
            found = await measure(store, told)
        finally:
            await store.close()
    began = time.perf_counter()
    async with open_reader(path, clock=clock) as reader:
        await reader.query("requests", {})
    beside = (time.perf_counter() - began) * 1000
    print(json.dumps({"open_ms": round(opened, 1), "read_beside_ms": round(beside, 1), "questions": found}, indent=1))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
