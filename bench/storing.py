"""What storing costs beside requests: 2,000 Records a second for some seconds, of one attempt each, then of two.

Prints JSON: for each the share of a core that the store takes, how late the event loop was, how many did not arrive.
"""

import asyncio
import gc
import json
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import uvloop
from decision import ANSWERED, FELL_BACK, decision, router_of
from load import percentile

from hotspare.engine.identity import RequestIds
from hotspare.router.record import Record
from hotspare.router.step import Event
from hotspare.store.store import Store

PER_SECOND = 2000
SECONDS = 5
SLICE_SECONDS = 0.005
LOOK_SECONDS = 0.001


def record(events: tuple[Event, ...]) -> Record:
    """What a request leaves in which this happens."""
    router = router_of(3)
    decision(router, *events)()
    return router.live.recent[-1]


def with_ids(model: Record, number: int) -> list[Record]:
    """The same with ids as a gateway gives them, in the order of time, and times of their own."""
    ids = RequestIds(model.at, 0)
    return [replace(model, id=ids.next(), at=model.at + place / PER_SECOND) for place in range(number)]


async def look(lags: list[float]) -> None:
    """Note how late the loop is, a thousand times a second."""
    while True:
        due = time.perf_counter() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        lags.append((time.perf_counter() - due) * 1000)


async def hand_over(records: list[Record], store: Store | None) -> float:
    """Give the Records at their pace to the store, or to nobody; CPU seconds of the whole process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    began, given = time.perf_counter(), 0
    while given < len(records):
        await asyncio.sleep(SLICE_SECONDS)
        due = min(len(records), int((time.perf_counter() - began) * PER_SECOND))
        for one in records[given:due]:
            if store is not None:
                store.append(one)
        given = due
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def lags_beside(records: list[Record], store: Store | None) -> list[float]:
    """How late the loop was meanwhile, in order of size. Looking costs as much as storing, and is not counted as it."""
    lags: list[float] = []
    looking = asyncio.create_task(look(lags))
    await hand_over(records, store)
    looking.cancel()
    return sorted(lags)


async def measured(events: tuple[Event, ...]) -> dict[str, float]:
    """The same seconds without the store and with it; the difference is the store's."""
    records = with_ids(record(events), 2 * PER_SECOND * SECONDS)
    half = len(records) // 2
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        store = await Store.open(path / "store.db", name="bench", log_path=path / "store.log")
        try:
            gc.collect()
            gc.freeze()
            idle = await hand_over(records[:half], None)
            busy = await hand_over(records[:half], store)
            usual = await lags_beside(records[half:], None)
            lags = await lags_beside(records[half:], store)
            await store.flush()
            stored = sum([1 async for _ in store.records(0.0)])
        finally:
            await store.close()
    return {
        "core_share": (busy - idle) / SECONDS,
        "lag_p99_ms": percentile(lags, 0.99),
        "lag_max_ms": lags[-1],
        "lag_p99_without_ms": percentile(usual, 0.99),
        "missing": len(records) - stored,
    }


async def main() -> None:
    """Requests that the first model answers, and requests that fall back."""
    figures = {"plain": await measured(ANSWERED), "fallback": await measured(FELL_BACK)}
    print(json.dumps({f"{name}_{key}": value for name, row in figures.items() for key, value in row.items()}))


if __name__ == "__main__":
    uvloop.run(main())
