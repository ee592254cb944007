"""A start that takes up sums knows what one that folds every Record knows."""

import random
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hotspare.configuration.midnight import midnight
from hotspare.router.clock import Clock
from hotspare.router.facade import Router
from hotspare.router.figures import Figures
from hotspare.router.settings import Budget, Chain, Limits, Model, Rates, Settings
from hotspare.router.trigger import Trigger
from hotspare.store import past
from hotspare.store.reader import open_reader
from hotspare.store.store import Store

MODELS = ("claude", "gpt")


def router(noon):
    models = {name: Model(name, name, ("key",), rates=Rates(1, 1)) for name in MODELS}
    chains = {name: Chain(name, MODELS, dict.fromkeys(MODELS, Limits())) for name in ("main", "other")}
    settings = Settings(models, chains, Budget(session=10**15, at_limit="block"))
    made = Router(settings, random=random.Random(1), midnight=lambda _: noon - 12 * 3600)
    made.restore(decisions={}, memory={}, now=0.0, wall=noon)
    return made


@pytest.fixture
def records(make_record, make_fallback, make_attempt, noon):
    chance = random.Random(7)
    found = []
    for number in range(600):
        make = make_fallback if chance.random() < 0.2 else make_record
        record = make(
            id=f"r{number:03}",
            at=noon - chance.choice((600, 40 * 60, 11 * 3600, 16 * 3600)) * chance.random(),
            chain=chance.choice(("main", "other")),
            caller=chance.choice(("shop-api", "nightly")),
            session=chance.choice((None, "s1", "s2")),
            kind=chance.choice(("traffic", "traffic", "test")),
            duration_ms=float(chance.randrange(10, 9000)),
        )
        if chance.random() < 0.1:
            trigger = chance.choice((Trigger.timeout, Trigger.bad_request))
            failed = make_attempt(trigger=trigger, cost_pico_usd=None)
            record = replace(record, verdict="failed", model=None, fallback=False, unpriced=True, attempts=(failed,))
        found.append(record)
    return sorted(found, key=lambda record: (record.at, record.id))


def sums(figures):
    return {name: view_of(each) for name, each in figures.items()}


def view_of(figures):
    if isinstance(figures, Figures):
        view = figures.view()
        return replace(view, mean_ms=view.mean_ms and round(view.mean_ms, 6))
    return figures


async def restored(asked, noon):
    """A router as a start makes it, and how many Records it read."""
    made, number = router(noon), 0
    sums, since = await asked.past(noon - 12 * 3600, sessions=True)
    for each in sums:
        made.take_up(each)
    async for record in asked.records(since):
        made.fold(record)
        number += 1
    return made, number


def same(made, expected, noon):
    assert sums(made.live.day.chains) == sums(expected.live.day.chains)
    assert made.live.day.models == expected.live.day.models
    assert made.live.day.cost_pico_usd == expected.live.day.cost_pico_usd
    assert made.live.day.other_pico_usd == expected.live.day.other_pico_usd
    assert sums(made.live.chain_window(noon, 45)) == sums(expected.live.chain_window(noon, 45))
    assert made.live.model_window(noon, 45) == expected.live.model_window(noon, 45)
    assert made.live.callers(noon, 45) == expected.live.callers(noon, 45)
    assert dict(made._purse._sessions) == dict(expected._purse._sessions)


@pytest.mark.parametrize("whole", [0, 10, 150, 10_000])
async def test_figures_are_those_of_all_records(opened, records, noon, monkeypatch, whole):
    monkeypatch.setattr(past, "READ_WHOLE", whole)
    expected = router(noon)
    for record in records:
        if record.at >= noon - 12 * 3600:
            expected.fold(record)
    async with opened() as store:
        for record in records:
            store.append(record)
        await store.query("history", {})
        made, number = await restored(store, noon)
        assert number <= whole or whole > 600
        if whole:
            same(made, expected, noon)
    async with open_reader(store.path, clock=store._clock) as reader:
        made, _ = await restored(reader, noon)
        if whole:
            same(made, expected, noon)


@pytest.mark.parametrize("whole", [10, 150])
async def test_where_a_process_was_killed_what_its_spool_holds_is_added_to_the_sums(
    opened, records, noon, monkeypatch, whole, line_of
):
    monkeypatch.setattr(past, "READ_WHOLE", whole)
    expected = router(noon)
    for record in records:
        if record.at >= noon - 12 * 3600:
            expected.fold(record)
    async with opened() as store:
        for record in records[::2]:
            store.append(record)
        await store.query("history", {})
    store.path.with_name(f"{store.path.name}-spool").write_bytes(b"".join(map(line_of, records[1::2])))
    async with open_reader(store.path, clock=store._clock) as reader:
        made, number = await restored(reader, noon)
        assert number <= whole
        same(made, expected, noon)


async def test_while_roll_ups_are_behind_every_record_is_read(opened, records, noon, monkeypatch):
    monkeypatch.setattr(past, "READ_WHOLE", 10)
    async with opened() as store:
        for record in records:
            store.append(record)
        await store.flush()
        _, since = await store.past(noon - 12 * 3600)
        assert since == noon - 12 * 3600


# ------------------------------------------------------------------ days of 23 and of 25 hours
BERLIN = midnight("Europe/Berlin")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
@pytest.mark.parametrize("whole", [0, 10_000], ids=["from sums", "record by record"])
async def test_today_is_the_operators_day_however_long_it_is(tmp_path, make_record, monkeypatch, day, hours, whole):
    monkeypatch.setattr(past, "READ_WHOLE", whole)
    begins = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    ends = begins + hours * 3600
    assert (BERLIN(begins), BERLIN(ends - 1), BERLIN(ends)) == (begins, begins, ends)
    times = [begins - 7200 + 600 * number for number in range(6 * (hours + 4))]
    times = sorted([*times, begins - 0.001, ends - 0.001])
    wall, written = [0.0], 0
    store = await Store.open(
        tmp_path / "hotspare.db", name="test", log_path=tmp_path / "log", clock=Clock(wall=lambda: wall[0])
    )
    try:
        for wall[0] in (begins + 3600, ends - 0.0005, ends, ends + 5400):
            while written < len(times) and times[written] <= wall[0]:
                store.append(make_record(id=f"r{written:04}", at=times[written], cost_pico_usd=written + 1))
                written += 1
            await store.flush(figures=True)
            since = BERLIN(wall[0])
            made = Router(Settings({}, {}), random=random.Random(1), midnight=BERLIN)
            made.restore(decisions={}, memory={}, now=0.0, wall=wall[0])
            sums, rest = await store.past(since)
            for each in sums:
                made.take_up(each)
            async for record in store.records(rest):
                made.fold(record)
            today = [number + 1 for number, at in enumerate(times) if since <= at <= wall[0]]
            figures = made.live.day.chains["main"]
            assert (figures.requests, figures.cost_pico_usd) == (len(today), sum(today))
    finally:
        await store.close()
