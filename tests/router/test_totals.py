"""What is counted since the process started, against the Records it was counted from; and when a model was checked."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from hotspare.router.figures import estimated_cost
from hotspare.router.settings import Limits
from hotspare.router.totals import DURATION_BOUNDS_SECONDS, Durations, Totals, fold_totals
from hotspare.router.trigger import Trigger


@pytest.fixture
def records(world, fails):
    """A mixed hour: answers, fallbacks, failures, probes, and a price that nobody knows."""
    main = world(limits=Limits(retries=0), models={"haiku": {"rates": None}})
    rng = random.Random(11)
    made = []
    for number in range(120):
        for name in ("claude", "gpt", "haiku"):
            bad = [fails(rng.choice([Trigger.timeout, Trigger.server_error] * 3 + [Trigger.bad_request]))]
            main.scripts[name] = bad if rng.random() < 0.3 or number % 17 == 3 else []
        main.now += rng.random() * 30
        made.append(main.request(kind="probe" if number % 10 == 0 else "traffic", size_bytes=400).record)
    return made


@pytest.fixture
def totals(records):
    found = Totals()
    for record in records:
        fold_totals(found, [record])
    return found


def test_requests_are_counted_by_chain_model_and_verdict(records, totals):
    traffic = [record for record in records if record.kind == "traffic"]
    assert totals.requests == Counter((record.chain, record.model or "", record.verdict) for record in traffic)
    assert {verdict for _, _, verdict in totals.requests} >= {"answered", "failed", "caller_fault"}


def test_fallbacks_are_counted_by_what_caused_them(records, totals):
    traffic = [record for record in records if record.kind == "traffic" and record.fallback]
    assert totals.fallbacks == Counter((r.chain, r.meant, r.model, r.reason) for r in traffic)
    assert totals.fallbacks


def test_attempts_are_counted_by_their_outcome(records, totals):
    attempts = [(r.chain, a) for r in records if r.kind == "traffic" for a in r.attempts]
    expected = Counter(
        (chain, a.model, str(a.trigger or ("cancelled" if a.cancelled else "served"))) for chain, a in attempts
    )
    assert totals.attempts == expected
    assert {outcome for _, _, outcome in totals.attempts} >= {"served", "timeout", "bad_request"}


def test_tokens_and_cost_are_counted_for_every_kind(records, totals):
    for kind in ("traffic", "probe"):
        used = [sums for (of, _, _), sums in totals.used.items() if of == kind]
        meant = [record for record in records if record.kind == kind]
        assert sum(sums.input_tokens for sums in used) == sum(record.input_tokens for record in meant) > 0
        assert sum(sums.output_tokens for sums in used) == sum(record.output_tokens for record in meant) > 0
        assert sum(sums.cost_pico_usd for sums in used) == sum(record.cost_pico_usd for record in meant) > 0


def test_an_unknown_cost_is_counted_and_is_not_zero(records, totals):
    unpriced = sum(attempt.cost_pico_usd is None for record in records for attempt in record.attempts)
    assert sum(sums.unpriced for sums in totals.used.values()) == unpriced > 0


def test_what_was_guessed_of_a_cost_is_told_beside_it(records, totals):
    guessed = sum(estimated_cost(record) for record in records)
    assert sum(sums.estimated_pico_usd for sums in totals.used.values()) == guessed > 0
    assert guessed < sum(sums.cost_pico_usd for sums in totals.used.values())


def test_durations_are_those_of_answered_traffic(records, totals):
    answered = [record for record in records if record.kind == "traffic" and record.verdict == "answered"]
    assert sum(sum(durations.counts) for durations in totals.durations.values()) == len(answered)
    seconds = sum(durations.seconds for durations in totals.durations.values())
    assert seconds == pytest.approx(sum(record.duration_ms for record in answered) / 1000)


@pytest.mark.parametrize(("seconds", "place"), [(0.0, 0), (0.1, 0), (0.1001, 1), (300.0, 11), (301.0, 12)])
def test_a_duration_counts_up_to_its_bound_and_with_it(seconds, place):
    durations = Durations()
    durations.add(seconds)
    assert durations.counts.index(1) == place
    assert len(durations.counts) == len(DURATION_BOUNDS_SECONDS) + 1


def test_a_model_was_last_checked_when_its_last_attempt_ended(world, fails):
    main = world(limits=Limits(retries=0))
    assert main.model("claude").checked_at is None
    main.scripts["claude"] = [fails(Trigger.timeout)]
    record = main.request().record
    ends = {attempt.model: record.at + attempt.ended_ms / 1000 for attempt in record.attempts}
    assert main.model("claude").checked_at == pytest.approx(ends["claude"], abs=0.001)
    assert main.model("gpt").checked_at == pytest.approx(ends["gpt"], abs=0.001)
    assert main.model("haiku").checked_at is None


def test_a_probe_checks_and_an_older_attempt_takes_nothing_back(world):
    main = world()
    early = main.request().record
    main.now += 60
    late = main.request(kind="probe").record
    main.router.fold(early)
    assert main.model("claude").checked_at == pytest.approx(late.at + late.attempts[0].ended_ms / 1000, abs=0.001)


def test_an_attempt_that_was_ended_before_its_model_said_anything_checks_nothing(world):
    main = world()
    record = main.request().record
    (attempt,) = record.attempts
    for first_content_ms, checked in ((None, False), (120.0, True)):
        other = replace(attempt, model="gpt", cancelled=True, first_content_ms=first_content_ms)
        main.router.fold(replace(record, id=f"c{first_content_ms}", attempts=(other,)))
        assert (main.model("gpt").checked_at is not None) == checked


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({"stream": True, "first_content_ms": 300.0}, [0.3]),
        ({"stream": True}, []),
        ({"first_content_ms": 300.0}, []),
        ({"stream": True, "first_content_ms": 300.0, "verdict": "failed"}, []),
        ({"stream": True, "first_content_ms": 300.0, "kind": "probe"}, []),
    ],
)
def test_the_wait_for_first_content_is_that_of_answered_streams(record, changes, seconds):
    found = Totals()
    fold_totals(found, [record(**changes)])
    assert [durations.seconds for durations in found.first_contents.values()] == seconds
    assert list(found.first_contents) == [("main", "claude")] * len(seconds)


def test_durations_stand_with_the_chain_and_the_model_that_answered(record, attempt):
    found = Totals()
    fold_totals(found, [record(attempt(cancelled=True), attempt("gpt"), model="gpt", duration_ms=1500.0)])
    fold_totals(found, [record(attempt(), duration_ms=200.0)])
    assert {place: durations.seconds for place, durations in found.durations.items()} == {
        ("main", "gpt"): 1.5,
        ("main", "claude"): 0.2,
    }
    assert found.attempts == {
        ("main", "claude", "cancelled"): 1,
        ("main", "gpt", "served"): 1,
        ("main", "claude", "served"): 1,
    }
