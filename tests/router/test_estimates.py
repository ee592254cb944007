"""What a call cost whose provider did not say what was used: a guess from what went each way, and marked as one."""

import pytest

from hotspare.router.step import Begin, CallerLeft, Cancel, Cancelled, Ended, Failed, FirstContent
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

IN, OUT = 3_000_000, 15_000_000
ASKED = {"size_bytes": 4000}
"""1,000 tokens, while nothing better is known of the model."""


@pytest.fixture
def ended(world):
    """The one attempt of a request, and its Record, after some events."""

    def run(*events, main=None, **ask):
        main = main or world("claude")
        walk = main.router.open(main.ask(**(ASKED | ask)), main.now)
        walk.next(Begin(), main.now)
        for event in events:
            walk.next(event, main.now)
        record = walk.record(main.now)
        [attempt] = record.attempts
        return attempt, record

    return run


def failed(trigger, usage=None, said_bytes=0, **told):
    failure = AttemptFailed(trigger, "told so", usage=usage, **told)
    failure.said_bytes = said_bytes
    return failure


@pytest.mark.parametrize(
    ("events", "tokens"),
    [
        ((FirstContent(1), Ended(1, said_bytes=401)), (1000, 101)),
        ((FirstContent(1), Ended(1, failure=failed(Trigger.stream_cut, said_bytes=40), said_bytes=80)), (1000, 20)),
        ((Failed(1, failed(Trigger.timeout)),), (1000, 0)),
        ((Failed(1, failed(Trigger.refusal, said_bytes=9)),), (1000, 3)),
        ((FirstContent(1), CallerLeft(), Cancelled(1, said_bytes=8)), (1000, 2)),
        ((CallerLeft(), Cancelled(1)), (1000, 0)),
        ((FirstContent(1), Ended(1, Usage(700, 1, cache_read=500, begun=True), said_bytes=400)), (700, 100)),
        ((FirstContent(1), Ended(1, Usage(700, 200, begun=True), said_bytes=400)), (700, 200)),
    ],
    ids=["whole", "cut", "timeout", "rejected", "left", "left before an answer", "told the prompt", "told more"],
)
def test_what_no_provider_told_is_guessed_paid_for_and_marked(ended, events, tokens):
    attempt, record = ended(*events)
    assert (attempt.input_tokens, attempt.output_tokens) == tokens
    assert attempt.cost_pico_usd == tokens[0] * IN + tokens[1] * OUT == record.cost_pico_usd
    assert (attempt.estimated, record.estimated, record.unpriced) == (True, True, False)


@pytest.mark.parametrize(
    ("events", "tokens"),
    [
        ((FirstContent(1), Ended(1, Usage(700, 30), said_bytes=4000)), (700, 30)),
        ((FirstContent(1), Ended(1, failure=failed(Trigger.stream_cut, Usage(7, 3)), said_bytes=4000)), (7, 3)),
        ((FirstContent(1), CallerLeft(), Cancelled(1, Usage(7, 3), said_bytes=4000)), (7, 3)),
        ((Failed(1, failed(Trigger.invalid_output, Usage(7, 3), said_bytes=4000)),), (7, 3)),
    ],
    ids=["whole", "cut", "left", "rejected"],
)
def test_what_the_provider_told_always_stands(ended, events, tokens):
    attempt, record = ended(*events)
    assert (attempt.input_tokens, attempt.output_tokens) == tokens
    assert attempt.cost_pico_usd == tokens[0] * IN + tokens[1] * OUT
    assert (attempt.estimated, record.estimated) == (False, False)


@pytest.mark.parametrize(
    "failure",
    [failed(Trigger.network), failed(Trigger.rate_limit, status=429), failed(Trigger.timeout, sent=False)],
    ids=["refused", "limited", "no connection"],
)
def test_what_nobody_bills_costs_nothing_and_that_is_no_guess(ended, failure):
    attempt, record = ended(Failed(1, failure), CallerLeft())
    assert (attempt.input_tokens, attempt.cost_pico_usd, attempt.estimated) == (0, 0, False)
    assert (record.cost_pico_usd, record.unpriced, record.estimated) == (0, False, False)


def test_a_connection_that_was_never_made_is_not_paid_for_even_where_content_had_come_before(ended):
    attempt, _ = ended(FirstContent(1), Ended(1, failure=failed(Trigger.timeout, sent=False)))
    assert (attempt.cost_pico_usd, attempt.estimated) == (0, False)


def test_counting_tokens_is_free(ended):
    attempt, _ = ended(FirstContent(1), Ended(1), needs=frozenset({"count_tokens"}))
    assert (attempt.input_tokens, attempt.cost_pico_usd, attempt.estimated) == (0, 0, False)


def test_a_guess_at_an_unknown_price_stays_unknown(ended, world):
    main = world("claude", models={"claude": {"rates": None}})
    attempt, record = ended(FirstContent(1), Ended(1, said_bytes=400), main=main)
    assert (attempt.cost_pico_usd, record.cost_pico_usd, record.unpriced) == (None, 0, True)
    assert (attempt.estimated, attempt.output_tokens) == (True, 100)


def test_a_prompt_is_measured_as_the_models_answers_have_taught(world):
    main = world("claude")
    for _ in range(200):
        main.scripts["claude"] = [Usage(2000, 1)]
        main.request(**ASKED)
    walk = main.router.open(main.ask(**ASKED), main.now)
    walk.next(Begin(), main.now)
    walk.next(FirstContent(1), main.now)
    walk.next(Ended(1), main.now)
    assert walk.record(main.now).attempts[0].input_tokens == pytest.approx(2000, rel=0.01)


def test_the_one_that_lost_a_race_is_paid_for_beside_the_one_that_won(world):
    main = world()
    walk = main.race(lanes=2)
    walk.ask.size_bytes = 4000
    walk.next(Begin(), main.now)
    assert Cancel(2) in walk.next(FirstContent(1), main.now)
    walk.next(Cancelled(2), main.now)
    walk.next(Ended(1, Usage(900, 10)), main.now)
    record = walk.record(main.now)
    assert [attempt.estimated for attempt in record.attempts] == [True, False]
    assert record.cost_pico_usd == 1000 * IN + 900 * IN + 10 * OUT
    assert record.estimated


def test_what_is_guessed_is_told_beside_the_days_cost(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.timeout), Usage(100, 1)]
    main.request(**ASKED)
    main.request(**ASKED)
    snapshot = main.snapshot()
    [claude] = [model for model in snapshot.models if model.name == "claude"]
    assert snapshot.today.estimated_pico_usd == 1000 * IN == claude.estimated_pico_usd
    assert snapshot.today.cost_pico_usd == sum(model.cost_pico_usd for model in snapshot.models)
    assert [row.estimated for row in snapshot.recent] == [False, True]
