"""The log: a line for each finished request, and the word in exactly those in which a fallback fired."""

import json
import random
import stat
import string
import subprocess
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotspare.router.command import Change
from hotspare.router.record import Candidate
from hotspare.router.trigger import Trigger
from hotspare.store import log
from hotspare.store.routes import Routes

NASTY = st.one_of(
    st.text(max_size=20),
    st.lists(
        st.sampled_from(["fallback", "Fallback", "FALLBACK", "\\", "\f", "allback", "f", '"', "\n", "\x9b", "\u2028"]),
        max_size=6,
    ).map("".join),
)


def lines_of(*records):
    routes = Routes()
    return log.request_lines([routes.take(record) for record in records])


@settings(max_examples=300, deadline=None)
@given(name=NASTY, caller=NASTY, session=NASTY, at=st.floats(0, 4e9))
def test_no_other_line_holds_the_word_and_every_line_reads_the_same(name, caller, session, at):
    fields = {"model": name, "caller": caller, "session": session, name: at}
    line = log.without_the_word(log.escaped(fields))
    assert b"fallback" not in line.lower()
    assert b"\n" not in line
    assert json.loads(line) == fields


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(codec="utf-8"), max_size=30))
def test_no_character_of_a_line_can_move_a_cursor(text):
    line = log.escaped({"caller": text}).decode()
    assert json.loads(line) == {"caller": text}
    assert not any(ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or c in "\u2028\u2029\u202e\u2066" for c in line)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.one_of(st.none(), NASTY), NASTY), max_size=5))
def test_lines_made_together_are_those_made_one_by_one(make_record, make_fallback, told):
    records = [
        (make_fallback if fallback else make_record)(session=session, caller=caller)
        for fallback, session, caller in told
    ]
    assert lines_of(*records) == b"".join(log.request_line(record) + b"\n" for record in records)


@pytest.mark.parametrize("name", ["claude", "<a request's own>", '"<a request\'s own>"', ""])
def test_lines_of_one_route_hold_what_each_request_has_of_its_own(make_record, name, noon):
    chance = random.Random(7)
    records = [
        make_record(
            id=f"r{number}",
            at=noon + chance.random() * 90,
            asked=name,
            session=chance.choice((None, "s1", name)),
            duration_ms=chance.random() * 900,
            input_tokens=chance.randrange(3) * 17,
            output_tokens=number,
            cost_pico_usd=chance.randrange(3) * 123_456_789,
            unpriced=True,
        )
        for number in range(30)
    ]
    assert lines_of(*records) == b"".join(log.request_line(record) + b"\n" for record in records)
    assert [json.loads(line)["tokens"] - record.input_tokens for line, record in
            zip(lines_of(*records).splitlines(), records, strict=True)] == list(range(30))  # fmt: skip


@pytest.mark.parametrize("session", ["\x7f", "\x9b", "Fallback"])
def test_a_session_that_needs_care_gets_it_beside_others(make_record, session):
    records = [make_record(), make_record(session=session), make_record()]
    assert lines_of(*records) == b"".join(log.request_line(record) + b"\n" for record in records)
    assert session.encode() not in lines_of(*records)


def test_a_line_is_stamped_with_the_millisecond_that_has_begun(make_record, noon):
    for after, stamp in ((0.0, "12:00:00.000Z"), (0.0076, "12:00:00.007Z"), (59.9994, "12:00:59.999Z")):
        assert json.loads(log.request_line(make_record(at=noon + after)))["at"] == f"2026-11-18T{stamp}"


def test_one_line_that_needs_care_harms_none_of_the_others(make_record, make_fallback):
    named = make_record(caller="fallback", session="bad \ud800 half")
    lines = lines_of(make_record(), named, make_fallback()).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["r0001", "r0001", "f0001"]
    assert [b"fallback" in line for line in lines] == [False, False, True]


@pytest.fixture
def named_fallback(make_record, make_attempt):
    """Everything but the fact is called fallback."""
    return make_record(
        id="not-one",
        chain="fallback",
        asked="my-fallback",
        meant="fallback",
        model="fallback",
        caller="fallback\f\\fallback",
        session="Fallback",
        verdict="failed",
        ended_by="fallback",
        candidates=(Candidate("fallback-2", "cooling"),),
        attempts=(make_attempt(model="fallback", trigger=Trigger.timeout),),
    )


def grep(word, path):
    return subprocess.run(["grep", "-i", word, path], capture_output=True, check=True, text=True).stdout.splitlines()


async def test_grep_finds_exactly_the_requests_in_which_one_fired(opened, make_fallback, named_fallback, disable):
    async with opened() as store:
        store.append(named_fallback)
        store.append(make_fallback(id="f1"))
        store.append(make_fallback(id="f2", kind="test"))
        store.append(replace(named_fallback, id="not-one-2", verdict="caller_left"))
        await store.write(disable("fallback"))
        await store.write(replace(disable(), why="the fallback is slow"))
        store.note("breaker", "warning", {"model": "fallback", "state": "open"})
    found = grep("fallback", store.log_path)
    assert [json.loads(line)["id"] for line in found] == ["f1", "f2"]
    lines = [json.loads(line) for line in store.log_path.read_text().splitlines()]
    assert [line["event"] for line in lines if line["event"] != "store"].count("request") == 4
    assert {line["model"] for line in lines if line.get("id") == "not-one"} == {"fallback"}


async def test_a_refused_key_is_a_critical_line(make_fallback, make_record, make_attempt):
    refused = make_fallback(attempts=(make_attempt(trigger=Trigger.auth, status=401), make_attempt(number=2)))
    assert json.loads(log.request_line(refused))["level"] == "critical"
    assert json.loads(log.request_line(make_fallback()))["level"] == "warning"
    assert json.loads(log.request_line(make_record()))["level"] == "info"


async def test_no_line_holds_what_a_provider_said(make_fallback, make_attempt):
    told = make_fallback(attempts=(make_attempt(trigger=Trigger.server_error, message="your prompt was: secret"),))
    assert b"secret" not in log.request_line(told)


async def test_an_act_is_a_line(disable, noon):
    line = json.loads(log.act_line(disable(until=noon + 600)))
    assert line == {
        "at": "2026-11-18T12:00:00.000Z",
        "level": "info",
        "event": "act",
        "act": "disable",
        "subject": "claude",
        "who": "ann",
        "why": "cold start",
        "until": "2026-11-18T12:10:00.000Z",
    }
    assert json.loads(log.act_line(Change("clear", "x", "\ud800", noon)))["who"] == "?"


def test_the_log_is_rotated_by_size_and_private(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "ROTATE_BYTES", 1000)
    kept = log.Log(tmp_path / "logs" / "hotspare.log")
    lines = [(letter * 299).encode() for letter in string.ascii_lowercase[:12]]
    for line in lines:
        kept.write([line])
    kept.close()
    files = sorted(path.name for path in kept.path.parent.iterdir())
    assert files == ["hotspare.log", "hotspare.log.1", "hotspare.log.2"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept.path.parent.iterdir())
    newest_last = b"".join((kept.path.parent / name).read_bytes() for name in reversed(files))
    assert newest_last == b"\n".join([*lines[3:], b""])
    assert kept.dropped == 0


def test_a_log_that_somebody_moved_away_is_begun_again(tmp_path):
    kept = log.Log(tmp_path / "hotspare.log")
    kept.write([b"one"])
    kept.path.rename(tmp_path / "away")
    kept.write([b"two"])
    assert kept.path.read_bytes() == b"two\n"
    kept.path.rename(tmp_path / "away too")
    kept.path.write_bytes(b"")
    kept.write([b"three"])
    kept.close()
    assert kept.path.read_bytes() == b"three\n"


def test_a_log_that_cannot_be_written_is_counted_and_never_raised(tmp_path):
    (tmp_path / "hotspare.log").mkdir()
    kept = log.Log(tmp_path / "hotspare.log")
    kept.write([b"one", b"two"])
    assert kept.dropped == 2
    kept.close()
