"""Whose fault it is: what speaks for and against models and callers in the last five minutes."""

import pytest

from hotspare.router.evidence import Witness
from hotspare.router.trigger import Trigger

WALL = 1_800_000_040.0  # 40 seconds into its minute
MINUTE = 60.0


@pytest.fixture
def witness(record, attempt):
    """A Witness, and how it hears of one failed call of claude."""
    made = Witness()

    def hear(at=WALL, trigger=Trigger.timeout, **changes):
        made.fold(record(attempt(trigger=trigger), at=at, **changes))

    return made, hear


@pytest.mark.parametrize(("minutes", "counts"), [(0, True), (4, True), (5, False), (6, False)])
def test_five_minutes_count_the_running_one_with_them(witness, minutes, counts):
    made, hear = witness
    hear(WALL)
    assert made.evidence(WALL + minutes * MINUTE).failed("claude") == counts


def test_the_edge_is_that_of_the_minute(witness):
    made, hear = witness
    hear(WALL - 40.0)
    assert made.evidence(WALL + 4 * MINUTE + 19.9).called("claude") == 1
    assert made.evidence(WALL + 4 * MINUTE + 20.0).called("claude") == 0


def test_what_comes_late_counts_in_its_own_minute_or_not_at_all(witness):
    made, hear = witness
    for at in (WALL, WALL + MINUTE, WALL, WALL - MINUTE):
        hear(at)
    assert made.evidence(WALL + MINUTE).failed("claude") == 3
    assert made.evidence(WALL + 5 * MINUTE).failed("claude") == 1


def test_failures_are_told_by_trigger_and_by_model(witness, record, attempt):
    made, hear = witness
    hear(trigger=Trigger.timeout)
    hear(trigger=Trigger.empty)
    hear(trigger=None)
    made.fold(record(attempt("gpt", Trigger.empty), at=WALL))
    found = made.evidence(WALL)
    assert (found.called("claude"), found.failed("claude"), found.failed("gpt")) == (3, 2, 1)
    assert found.failed("claude", frozenset({Trigger.empty})) == 1


@pytest.mark.parametrize("changes", [{"kind": "probe"}, {"trigger": Trigger.bad_request}])
def test_probes_and_the_callers_own_fault_are_no_evidence(witness, changes):
    made, hear = witness
    hear(**changes)
    assert made.evidence(WALL).called("claude") == 0


def test_what_was_cancelled_is_no_evidence_and_what_comes_after_it_is(record, attempt):
    made = Witness()
    made.fold(record(attempt(cancelled=True), attempt("gpt", Trigger.empty), at=WALL, stream=True))
    found = made.evidence(WALL)
    assert (found.called("claude"), found.called("gpt"), found.failed("gpt")) == (0, 1, 1)


@pytest.mark.parametrize(
    ("calls", "only"),
    [
        ([(True, Trigger.timeout), (False, None)], True),
        ([(True, Trigger.timeout), (True, None)], False),
        ([(True, Trigger.timeout)], False),
        ([(True, Trigger.timeout), (False, Trigger.timeout)], False),
        ([(True, None), (False, None)], False),
    ],
)
def test_only_streams_fail_where_plain_calls_were_made_and_did_not(witness, record, attempt, calls, only):
    made, hear = witness
    for stream, trigger in calls:
        hear(stream=stream, trigger=trigger)
    made.fold(record(attempt("gpt", Trigger.timeout), at=WALL))
    assert made.evidence(WALL).only_streams("claude") == only


@pytest.mark.parametrize(
    ("verdicts", "caller"),
    [
        ([("shop", "failed"), ("nightly", "answered")], "shop"),
        ([("nightly", "answered"), ("shop", "failed"), ("shop", "answered")], "shop"),
        ([("shop", "failed")], ""),
        ([("shop", "failed"), ("nightly", "failed"), ("third", "answered")], ""),
        ([("shop", "answered"), ("nightly", "answered")], ""),
        ([("shop", "failed"), ("nightly", "caller_left")], ""),
        ([("shop", "failed"), ("nightly", "caller_fault")], ""),
    ],
)
def test_one_caller_has_all_the_errors_only_where_others_were_served(witness, verdicts, caller):
    made, hear = witness
    for who, verdict in verdicts:
        hear(caller=who, verdict=verdict)
    assert made.evidence(WALL).only_caller() == caller
