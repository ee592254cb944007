"""A Record's line in the spool says all of it, once for what many have in common, and no line can do harm."""

import random
from dataclasses import fields, replace

import msgspec
import pytest

from hotspare.router.record import Attempt, Candidate, Record
from hotspare.router.trigger import Trigger
from hotspare.store import routes as known_routes
from hotspare.store.entry import decode, encode_record
from hotspare.store.routes import Routes, route_row
from hotspare.store.rows import APART_COLUMNS, CALL_COLUMNS, SHARED


@pytest.fixture
def every_kind(make_record, make_fallback, make_attempt):
    """A Record of each kind that a line has to tell apart."""
    held = (Candidate("claude", "cooling", 12.5, "provider"), Candidate("gpt", by="not reached"))
    nothing_told = make_attempt(provider_request_id=None, first_content_ms=None, cost_pico_usd=None, status=None)
    return [
        make_record(),
        make_fallback(),
        make_record(session=None, first_content_ms=None, candidates=(), attempts=()),
        make_record(candidates=held, waited_ms=1500.0),
        make_record(cache_age_seconds=60.5, cache_similarity=0.93, source="cache", ended_by="cache"),
        make_record(cache_age_seconds=0.0),
        make_record(waited_ms=12.5),
        make_record(cache_similarity=1.0),
        make_record(attempts=(nothing_told, make_attempt(number=2, trigger=Trigger.timeout, estimated=True))),
        make_record(model=None, verdict="failed", reason="timeout", duration_ms=9000.25),
        make_record(asked='"\\\n\u2028é', session="", caller="[1,2]"),
    ]


def test_a_record_is_told_whole_by_its_line(every_kind, line_of):
    for record in every_kind:
        line = line_of(record)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert decode(line[:-1]) == record


def test_lines_of_one_route_tell_each_its_own_values(every_kind):
    routes, chance = Routes(), random.Random(3)
    for record in every_kind:
        later = replace(
            record,
            id="another",
            at=record.at + 1.25,
            session="its own",
            input_tokens=chance.randrange(10**6),
            attempts=tuple(replace(each, message="said", ended_ms=1.75, queued_ms=0.5) for each in record.attempts),
        )
        first, second = routes.take(record), routes.take(later)
        assert first[1] is second[1]
        assert [decode(encode_record(taken)[:-1]) for taken in (first, second)] == [record, later]


def test_what_an_earlier_version_left_in_the_spool_is_read(every_kind):
    for record in every_kind:
        assert decode(msgspec.json.encode(record)) == record


def test_a_line_that_is_damaged_anywhere_is_none_or_another_record_and_never_an_error(every_kind, line_of):
    chance = random.Random(5)
    for record in every_kind:
        line = line_of(record)[:-1]
        for place in range(len(line)):
            assert decode(line[:place]) is None
            torn = line[:place] + bytes([chance.choice(b'0"[]{},-x\xff')]) + line[place + 1 :]
            assert decode(torn) is None or isinstance(decode(torn), Record)


def test_what_is_not_a_requests_own_makes_another_route(make_record, make_attempt):
    """Each field of a Record or an attempt is either the route's or a value of the line."""
    routes, record = Routes(), make_record()
    usual = routes.take(record)[1]
    assert routes.take(replace(record, duration_ms=5000.1))[1] is not usual
    for name in SHARED:
        assert routes.take(replace(record, **{name: not getattr(record, name)}))[1] is not usual
    for name in CALL_COLUMNS:
        other = make_attempt(**{name: Trigger.loop if name == "trigger" else "another"})
        assert routes.take(replace(record, attempts=(other,)))[1] is not usual
    own = {"id", "at", "session", "duration_ms", "first_content_ms", "input_tokens", "output_tokens", "cost_pico_usd"}
    apart = {"waited_ms", "cache_age_seconds", "cache_similarity"}
    assert {field.name for field in fields(Record)} == {*SHARED, *own, *apart, "candidates", "attempts"}
    assert len(apart) + 1 == len(APART_COLUMNS)
    assert len(fields(Attempt)) == len(CALL_COLUMNS) + len(routes.take(record)[3][0])


def test_of_very_many_routes_only_so_many_are_remembered(make_record, monkeypatch):
    monkeypatch.setattr(known_routes, "_REMEMBERED", 3)
    monkeypatch.setattr(known_routes, "_REMEMBERED_CANDIDATES", 3)
    routes = Routes()
    for number in range(20):
        record = make_record(caller=f"caller {number}", candidates=(Candidate(f"model {number}"),))
        taken = routes.take(record)
        assert decode(encode_record(taken)[:-1]) == record
        assert routes.take(replace(record, id="another"))[1] is taken[1]
        assert len(routes._known) <= 3
        assert len(routes._candidates) <= 3


def test_candidates_are_told_apart_by_what_they_are_where_they_are_not_the_same(make_record):
    routes = Routes()
    for number in range(600):  # each is gone when the next comes, and may come to lie in its place
        record = make_record(candidates=(Candidate("claude"), Candidate("gpt", by=f"held by {number % 7}")))
        assert decode(encode_record(routes.take(record))[:-1]) == record
    assert len(routes._known) == 7


def test_a_route_names_what_failed_on_the_way(make_record, make_attempt):
    timeout = make_attempt(trigger=Trigger.timeout)
    assert route_row(make_record(attempts=(timeout,), reason="timeout"))[-2] == "timeout"
    assert route_row(make_record(attempts=(timeout,)))[-2] == ""
    twice = (timeout, replace(timeout, number=2), make_attempt(number=3, trigger=Trigger.auth), make_attempt(number=4))
    assert route_row(make_record(attempts=twice))[-2] == "timeout auth"
