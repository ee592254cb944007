"""kill -9 under load, at random moments: what was acknowledged is there, once."""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing

import pytest

from hotspare.store.upkeep import verify

KILLS = int(os.environ.get("HOTSPARE_KILLS", "5"))
"""`make kill` kills more often."""

LOADED = """
    import asyncio, os, sys
    from dataclasses import replace
    from pathlib import Path
    from hotspare.router.command import Change, Decision, Slot
    from hotspare.store import retention, rolling
    from hotspare.store.entry import decode
    from hotspare.store.store import Store

    rolling.EVERY_SECONDS = 0.03
    retention.LOOK_SECONDS = 0.05

    folder, run = Path(sys.argv[1]), sys.argv[2]

    def acknowledge(word):
        os.write(1, f"{word}\\n".encode())

    async def command(store):
        number = 0
        while True:
            number += 1
            decision = Decision(("disabled",), f"{run}-{number}", 1.0)
            change = Change("disable", "m", decision.who, 1.0, slot=Slot("model", "m"), after=decision)
            entry = await store.write(change)
            if entry.durable:
                acknowledge(f"act {decision.who}")
            await asyncio.sleep(0.01)

    async def main():
        record = decode(sys.stdin.buffer.readline().strip())
        store = await Store.open(folder / "hotspare.db", name="x", log_path=folder / "x.log", interval_seconds=0.02)
        acting = asyncio.create_task(command(store))
        acknowledge("ready")
        number = 0
        while True:
            for _ in range(5):
                number += 1
                store.append(replace(record, id=f"{run}-{number}"))
                acknowledge(f"record {run}-{number}")
            store.remember({"last": f"{run}-{number}"})
            acknowledge(f"memory {run}-{number}")
            await asyncio.sleep(0.002)

    asyncio.run(main())
"""


@pytest.fixture
def load(tmp_path, make_fallback, line_of):
    """A process under load that is killed after a while; what it acknowledged."""

    def run(name, seconds):
        with (tmp_path / f"told-{name}").open("wb") as told:
            process = subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(LOADED), str(tmp_path), name],
                stdin=subprocess.PIPE,
                stdout=told,
            )
            process.stdin.write(line_of(make_fallback()))
            process.stdin.close()
            path = tmp_path / f"told-{name}"
            deadline = time.monotonic() + 20
            while b"ready" not in path.read_bytes() and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(seconds)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        return [line.split() for line in path.read_text().splitlines()[1:]]

    return run


async def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(opened, tmp_path, load):
    chance = random.Random(20261118)
    records, acts, last_memory, last_act = set(), set(), None, None
    for number in range(KILLS):
        for word, value in load(f"run{number}", chance.uniform(0.0, 0.4)):
            if word == "record":
                records.add(value)
            elif word == "act":
                acts.add(last_act := value)
            else:
                last_memory = value
    assert len(records) > 50
    assert acts
    async with opened(log_path=tmp_path / "x.log") as store:
        assert store.view().state == "ok"
        found = [record.id async for record in store.records(0.0)]
        assert len(found) == len(set(found))
        assert records <= set(found)
        assert position((await store.memory())["last"]) >= position(last_memory)
        [standing] = (await store.standing()).values()
        assert position(standing.who) >= position(last_act)
        assert acts <= {row["who"] for row in await store.query("journal", {"last": 100_000})}
        logged = re.findall(r'"id":"([^"]+)"', store.log_path.read_text())
        assert sorted(logged) == sorted(found)
        [day] = await store.query("figures", {"by": "chain", "since": 0})
        assert (day["requests"], day["fallback"]) == (len(found), len(found))
    assert verify(tmp_path / "hotspare.db", lambda: None) == []
    with closing(sqlite3.connect(tmp_path / "hotspare.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM attempts").fetchone() == (2 * len(found),)


VACUUMING = """
    import os, sys
    from pathlib import Path
    from hotspare.store import upkeep

    os.write(1, b"ready")
    while True:
        upkeep.vacuum(Path(sys.argv[1]), lambda: None)
"""


def killed_while_tidying(path, seconds):
    command = [sys.executable, "-c", textwrap.dedent(VACUUMING), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.read(5) == b"ready"
        time.sleep(seconds)
        process.kill()


async def test_a_store_that_is_killed_while_it_is_tidied_is_whole(opened, tmp_path, make_fallback):
    chance = random.Random(20261119)
    path = tmp_path / "hotspare.db"
    async with opened() as store:
        for number in range(2000):
            store.append(make_fallback(id=f"r{number}"))
    for _ in range(KILLS):
        killed_while_tidying(path, chance.uniform(0.0, 0.15))
    assert verify(path, lambda: None) == []
    async with opened() as store:
        assert store.view().state == "ok"
        assert len([record async for record in store.records(0.0)]) == 2000


def position(name):
    return tuple(int(part) for part in re.findall(r"\d+", name))
