"""Requests are found by any mixture of what they were: the newest, all that are meant and no others."""

import random

import pytest

from hotspare.router.trigger import Trigger
from hotspare.store import search

CALLERS = tuple(f"app-{number}" for number in range(12))
TESTS = {
    "model": lambda record, value: record.model == value,
    "chain": lambda record, value: record.chain == value,
    "caller": lambda record, value: record.caller == value,
    "kind": lambda record, value: record.kind == value,
    "session": lambda record, value: record.session == value,
    "status": lambda record, value: record.status == value,
    "fallback": lambda record, value: record.fallback == value,
    "ok": lambda record, value: (record.verdict == "answered") == value,
    "slow": lambda record, value: (record.duration_ms > 5000) == value,
    "since": lambda record, value: record.at >= value,
    "until": lambda record, value: record.at < value,
    "trigger": lambda record, value: (
        value == record.reason or value in {attempt.trigger and attempt.trigger.value for attempt in record.attempts}
    ),
    "text": lambda record, value: (
        any(value.lower() in name for name in (record.asked, record.chain, record.caller, record.model or ""))
        or record.id.startswith(value)
        or (record.session or "").startswith(value)
    ),
}


@pytest.fixture
def records(make_record, make_attempt, noon):
    chance = random.Random(3)

    def make(number):
        trigger = chance.choice((None, None, Trigger.timeout, Trigger.rate_limit))
        verdict = "failed" if chance.random() < 0.2 else "answered"
        attempts = (make_attempt(trigger=trigger), make_attempt(number=2)) if trigger else (make_attempt(),)
        return make_record(
            id=f"{chance.getrandbits(40):010x}",
            at=noon - chance.randrange(3600),
            caller=chance.choice(CALLERS),
            chain=chance.choice(("main", "other")),
            model=chance.choice(("claude", "gpt")) if verdict == "answered" else None,
            kind=chance.choice(("traffic", "traffic", "test")),
            session=chance.choice((None, "s1", "s2", "t1")),
            verdict=verdict,
            status=200 if verdict == "answered" else 503,
            fallback=chance.random() < 0.3,
            reason=str(trigger) if trigger and chance.random() < 0.5 else "",
            duration_ms=chance.choice((10.0, 5000.0, 5001.0)),
            attempts=attempts,
        )

    return [make(number) for number in range(500)]


def questions(records, noon):
    chance = random.Random(4)
    some = {
        "model": ("claude", "gpt", "none"),
        "chain": ("main", "other"),
        "caller": CALLERS,
        "kind": ("traffic", "test"),
        "session": ("s1", "s3"),
        "status": (200, 503),
        "fallback": (True, False),
        "ok": (True, False),
        "slow": (True, False),
        "since": (noon - 1800, noon - 60),
        "until": (noon - 1800, noon - 60),
        "trigger": ("timeout", "rate_limit", "auth"),
        "text": ("APP-1", "s", "gpt", records[0].id[:3], "nowhere"),
    }
    for _ in range(150):
        names = chance.sample(sorted(some), chance.randrange(4))
        yield {name: chance.choice(some[name]) for name in names} | {"last": chance.choice((1, 5, 20, 1000))}


@pytest.mark.parametrize("looked_at", [0, 30, 2000])
async def test_the_newest_of_all_that_are_meant_are_found(opened, records, noon, monkeypatch, looked_at):
    monkeypatch.setattr(search, "_LOOKED_AT", looked_at)
    async with opened() as store:
        for record in records:
            store.append(record)
        place = {record.id: number for number, record in enumerate(records)}
        for question in questions(records, noon):
            meant = [
                record
                for record in records
                if all(TESTS[name](record, value) for name, value in question.items() if name != "last")
            ]
            meant.sort(key=lambda record: (record.at, place[record.id]), reverse=True)
            found = [(row["at"], row["id"]) for row in await store.query("requests", question)]
            last = question["last"]
            assert [at for at, _ in found] == [record.at for record in meant[:last]], question
            assert {name for _, name in found} <= {record.id for record in meant}, question
