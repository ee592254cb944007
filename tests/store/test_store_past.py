"""A start that takes up sums knows what one that folds every Record knows."""

import random
from dataclasses import replace

import pytest

from hotspare.router.facade import Router
from hotspare.router.figures import Figures
from hotspare.router.settings import Budget, Chain, Limits, Model, Rates, Settings
from hotspare.router.trigger import Trigger
from hotspare.store import past
from hotspare.store.reader import open_reader

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


async def test_while_roll_ups_are_behind_every_record_is_read(opened, records, noon, monkeypatch):
    monkeypatch.setattr(past, "READ_WHOLE", 10)
    async with opened() as store:
        for record in records:
            store.append(record)
        await store.flush()
        _, since = await store.past(noon - 12 * 3600)
        assert since == noon - 12 * 3600
