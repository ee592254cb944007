"""Roll-ups are the fold over the stored Records, whatever order these came in and whoever died on the way."""

import asyncio
import random
import sqlite3
from collections import defaultdict
from contextlib import closing

import pytest

from hotspare.router.figures import Figures, ModelFigures, fold, fold_attempts
from hotspare.router.trigger import Trigger
from hotspare.store import rolling
from hotspare.store.charts import spans
from hotspare.store.reader import open_reader
from hotspare.store.upkeep import verify

CHAINS, MODELS, CALLERS = ("main", "other"), ("claude", "gpt"), ("shop-api", "nightly", "agents")


@pytest.fixture
def make_any(make_record, make_attempt, noon):
    """A Record of any kind, at any time of the last three days."""
    chance = random.Random(20261118)

    def attempt(number, last):
        trigger = None if last else chance.choice((Trigger.timeout, Trigger.rate_limit, Trigger.bad_request))
        started = chance.randrange(1000) / 1000
        return make_attempt(
            number=number,
            model=chance.choice(MODELS),
            trigger=trigger,
            cancelled=trigger is None and chance.random() < 0.1,
            started_ms=started,
            ended_ms=round(started + chance.randrange(9_000_000) / 1000, 3),
            cost_pico_usd=None if chance.random() < 0.2 else chance.randrange(10**12),
            estimated=chance.random() < 0.3,
        )

    def make(**fields):
        attempts = tuple(attempt(n, n == 2) for n in range(1, chance.randrange(2, 4)))
        verdict = chance.choice(("answered", "answered", "answered", "failed", "caller_fault", "caller_left"))
        fallback = verdict == "answered" and chance.random() < 0.3
        values = {
            "id": f"{chance.getrandbits(60):015x}",
            "at": noon - chance.uniform(0, 3 * 86400),
            "kind": chance.choice(("traffic", "traffic", "traffic", "test", "probe")),
            "chain": chance.choice(CHAINS),
            "caller": chance.choice(CALLERS),
            "session": chance.choice((None, "s1", "s2")),
            "verdict": verdict,
            "model": chance.choice(MODELS) if verdict == "answered" else None,
            "fallback": fallback,
            "forced": chance.random() < 0.2,
            "reason": "timeout" if fallback or verdict == "failed" else "",
            "duration_ms": chance.randrange(1, 9_000_000) / 1000,
            "cost_pico_usd": sum(each.cost_pico_usd or 0 for each in attempts),
            "unpriced": any(each.cost_pico_usd is None for each in attempts),
            "estimated": any(each.estimated for each in attempts),
            "attempts": attempts,
        }
        return make_record(**(values | fields))

    return make


def folded(records, key):
    totals = defaultdict(Figures)
    for record in records:
        if record.kind == "traffic":
            fold(totals[key(record)], record)
    return {name: told(total) for name, total in totals.items()}


def told(total):
    view = total.view()
    return {
        "requests": view.requests,
        "ok": view.answered,
        "failed": view.failed,
        "primary": view.primary,
        "fallback": view.fallback,
        "forced_fallback": view.forced_fallback,
        "mean_ms": pytest.approx(view.mean_ms),
        "p50_ms": view.p50_ms,
        "p95_ms": view.p95_ms,
        "input_tokens": view.input_tokens,
        "output_tokens": view.output_tokens,
        "cost_usd": None if view.unpriced_requests and not view.cost_pico_usd else view.cost_pico_usd / 1e12,
        "unpriced_requests": view.unpriced_requests,
        "estimated_usd": view.estimated_pico_usd / 1e12,
    }


async def assert_right(asked, noon, records):
    """All views of `asked` are what the fold over the Records says."""
    since = noon - 4 * 86400
    for step in (60, 300, 3600, 86400):
        rows = await asked.query("history", {"since": since, "step_seconds": step})
        expected = folded(records, lambda record, step=step: record.at // step * step)
        assert {row.pop("at"): row for row in rows} == expected
    for by, key in (
        ("chain", lambda record: record.chain),
        ("caller", lambda record: record.caller),
        ("reason", lambda record: record.reason),
    ):
        rows = await asked.query("figures", {"by": by, "since": since})
        assert {row.pop("name"): row for row in rows} == folded(records, key)
    rows = await asked.query("figures", {"by": "session", "since": since})
    some = [record for record in records if record.session]
    expected = folded(some, lambda record: record.session)
    assert {row.pop("name"): row for row in rows} == {
        name: figures | {"p50_ms": None, "p95_ms": None} for name, figures in expected.items()
    }
    models: dict[str, ModelFigures] = {}
    for record in records:
        if record.kind == "traffic":
            fold_attempts(models, record)
    rows = await asked.query("figures", {"by": "model", "since": since})
    names = ("requests", "calls", "ok", "failed", "p95_ms", "unpriced_calls")
    assert {row["name"]: tuple(row[name] for name in names) for row in rows} == {
        name: (each.served, each.calls, each.answered, each.failed, each.durations.percentile(0.95), each.unpriced)
        for name, each in models.items()
    }
    costs = {row["name"]: (row["cost_usd"], row["estimated_usd"]) for row in rows}
    assert costs == {name: (each.cost_pico_usd / 1e12, each.estimated_pico_usd / 1e12) for name, each in models.items()}


async def test_every_figure_is_the_fold_over_the_records(opened, make_any, noon):
    records = [make_any() for _ in range(400)]
    async with opened() as store:
        for record in records:
            store.append(record)
        await assert_right(store, noon, records)
        assert sum(row["estimated_usd"] for row in await store.query("figures", {"since": noon - 4 * 86400})) > 0
        assert [record async for record in store.records(0.0)] == sorted(records, key=lambda each: (each.at, each.id))


async def test_late_records_correct_figures_that_were_told(opened, make_any, noon):
    records = [make_any() for _ in range(40)]
    async with opened() as store:
        for begin in range(0, 40, 10):
            for record in records[begin : begin + 10]:
                store.append(record)
            await assert_right(store, noon, records[: begin + 10])
    async with opened() as store:
        records += [late := make_any(at=noon - 2 * 86400)]
        store.append(late)
        store.append(late)
        await assert_right(store, noon, records)


async def test_two_processes_count_each_others_records_once(opened, make_any, noon, tmp_path):
    records = [make_any() for _ in range(60)]
    async with opened() as first, opened(log_path=tmp_path / "second.log") as second:
        for place, record in enumerate(records):
            (first, second)[place % 2].append(record)
            if not place % 7:
                await first.flush()
                await second.flush()
            if not place % 20:
                await (first, second)[place % 40 == 0].query("history", {})
        await first.flush()
        await assert_right(second, noon, records)
        await assert_right(first, noon, records)


async def test_rows_that_a_dead_process_left_out_of_the_roll_ups_are_counted(
    opened, make_any, noon, tmp_path, monkeypatch
):
    monkeypatch.setattr(rolling, "READ_AT_ONCE", 10)
    records = [make_any() for _ in range(600)]
    async with opened() as store:
        for record in records:
            store.append(record)
    with closing(sqlite3.connect(tmp_path / "hotspare.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM request_figures")
        connection.execute("DELETE FROM call_figures")
        connection.execute("UPDATE rolled_up SET number = 0")
    async with open_reader(tmp_path / "hotspare.db") as reader:
        await assert_right(reader, noon, records)
    async with opened() as store:
        for _ in range(3):
            await store.query("history", {})
        await assert_right(store, noon, records)


async def test_figures_that_were_not_committed_are_not_counted(opened, make_any, noon, monkeypatch):
    monkeypatch.setattr("hotspare.store.writer.RETRY_SECONDS", 0.01)
    records = [make_any() for _ in range(20)]
    async with opened() as store:
        for record in records[:10]:
            store.append(record)
        await store.flush()
        with monkeypatch.context() as patched:
            patched.setattr("hotspare.store.sums.Sums.write", failing)
            for record in records[10:]:
                store.append(record)
            await store.query("history", {})
            assert store.view().state == "failing"
        async with asyncio.timeout(5):
            while store.view().state != "ok":  # noqa: ASYNC110 -- what is waited for has no event
                await asyncio.sleep(0.005)
        await assert_right(store, noon, records)


async def test_numbers_that_a_failed_transaction_gave_are_anothers(opened, make_any, noon, monkeypatch, tmp_path):
    monkeypatch.setattr("hotspare.store.writer.RETRY_SECONDS", 60)
    records = [make_any(kind="traffic") for _ in range(3)]
    async with opened() as first, opened(log_path=tmp_path / "second.log") as second:
        first.append(records[0])
        await first.query("history", {})
        with monkeypatch.context() as patched:
            patched.setattr(rolling, "EVERY_SECONDS", -1)
            patched.setattr("hotspare.store.sums.Sums.write", no_room)
            first.append(records[1])
            await first.flush()
        second.append(records[2])
        await second.flush()
        first._writer._hurry.set()
        async with asyncio.timeout(5):
            while first.view().state not in ("ok", "second process"):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await assert_right(first, noon, records)


async def no_room(*_):
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


async def test_sums_are_those_of_the_rows_to_the_microsecond(opened, make_record, make_attempt, noon, tmp_path):
    chance = random.Random(5)
    async with opened() as store:
        for number in range(300):
            ended = chance.uniform(1, 9000)
            attempts = (make_attempt(started_ms=chance.random(), ended_ms=ended),)
            store.append(make_record(id=f"r{number}", duration_ms=ended + chance.random(), attempts=attempts))
    assert verify(tmp_path / "hotspare.db", lambda: None) == []
    with closing(sqlite3.connect(tmp_path / "hotspare.db")) as connection:
        [(rows,)] = connection.execute("SELECT sum(ended_us - started_us) FROM stored_attempts").fetchall()
        [(sums,)] = connection.execute("SELECT sum(duration_us) FROM call_figures WHERE step = 60").fetchall()
        assert sums == rows


async def test_calls_that_gave_no_answer_took_no_time_that_counts(opened, make_any, tmp_path):
    async with opened() as store:
        for _ in range(60):
            store.append(make_any(kind="traffic"))
    with closing(sqlite3.connect(tmp_path / "hotspare.db")) as connection:
        told = connection.execute(
            "SELECT outcome, sum(duration_us), max(length(durations)) FROM call_figures GROUP BY 1"
        )
        took = {outcome: (duration, length > 1) for outcome, duration, length in told}
    assert took.pop("")[0] > 0
    assert len(took) > 3
    assert set(took.values()) == {(0, False)}


async def failing(*_):
    raise sqlite3.OperationalError("no such luck")


def test_a_range_is_read_as_days_hours_and_minutes_without_a_gap():
    chance = random.Random(1)
    for _ in range(300):
        since = chance.uniform(0, 4 * 86400)
        until = since + chance.choice((30, 4000, 90_000, 400_000)) * chance.random()
        found = list(spans(since, until, wall=5 * 86400))
        assert found[0][1] <= since < found[0][1] + 60
        assert found[-1][2] - 60 < until <= found[-1][2]
        for (step, begin, end), (_, following, _) in zip(found, [*found[1:], (0, found[-1][2], 0)], strict=True):
            assert end == following
            assert begin % step == end % step == 0
        assert len(found) <= 5
        assert sum(end - begin for step, begin, end in found if step == 60) <= 2 * 3600


def test_a_range_before_the_minutes_that_are_kept_begins_with_its_hour():
    assert list(spans(7_000, 90_000, wall=10**7)) == [(3600, 3600, 90000)]
