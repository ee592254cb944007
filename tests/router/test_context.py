"""A request goes to models whose context holds it: by its length, and by what a provider has said."""

import pytest

from hotspare.router.settings import Limits
from hotspare.router.step import Fail
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

NO_RETRIES = Limits(retries=0)
TOO_LONG = AttemptFailed(Trigger.context_length, "prompt is too long", status=400)


def called(told):
    return [step.model for step in told.tries]


@pytest.fixture
def sized(world):
    """A world of models with those context windows, in tokens."""

    def make(**windows):
        models = {name: {"context_tokens": tokens} for name, tokens in windows.items()}
        return world(*windows, limits=NO_RETRIES, models=models)

    return make


def test_a_request_that_is_too_long_for_a_model_goes_past_it(sized):
    main = sized(claude=100, gpt=1000)
    assert called(main.request(size_bytes=403)) == ["claude"], "100 tokens fit into 100"
    told = main.request(size_bytes=404 + 400)
    assert called(told) == ["gpt"]
    assert (told.record.candidates[0].skip, told.record.candidates[0].by) == ("incapable", "context window")


def test_lengths_are_measured_by_the_usage_that_comes_back(sized):
    main = sized(claude=100, gpt=1000)
    main.scripts["claude"] = [Usage(100, 1)]
    for _ in range(60):
        main.request(size_bytes=200)
    assert main.router.states["claude"].bytes_per_token == pytest.approx(2.0, abs=0.01)
    assert called(main.request(size_bytes=210)) == ["gpt"]
    assert called(main.request(size_bytes=190)) == ["claude"]


@pytest.mark.parametrize("need", ["images", "files", "audio"])
def test_what_is_long_but_not_in_tokens_is_sent_and_teaches_nothing(sized, need):
    main = sized(claude=100, gpt=1000)
    main.scripts["claude"] = [Usage(10, 1)]
    assert called(main.request(size_bytes=10_000, needs=frozenset({need}))) == ["claude"]
    assert main.router.states["claude"].bytes_per_token == 4.0


@pytest.mark.parametrize(("tokens", "ratio"), [(0, 4.0), (1, 5.2), (100_000, 3.7)])
def test_strange_usage_moves_the_measure_a_little_at_most(sized, tokens, ratio):
    main = sized(claude=None)
    main.scripts["claude"] = [Usage(tokens, 1)]
    main.request(size_bytes=400)
    assert main.router.states["claude"].bytes_per_token == pytest.approx(ratio)


def test_after_a_context_error_the_first_model_with_more_room_is_next(sized):
    main = sized(claude=1000, gpt=1000, haiku=900, mini=None, nano=2000)
    main.scripts["claude"] = [TOO_LONG]
    told = main.request(size_bytes=100)
    assert called(told) == ["claude", "mini"], "a window that is not known may be large enough"
    assert [candidate.by for candidate in told.record.candidates[1:3]] == ["context window"] * 2
    main.scripts["mini"] = [TOO_LONG]
    assert called(main.request(size_bytes=100)) == ["claude", "mini", "nano"]


def test_when_it_fits_nowhere_the_caller_gets_the_providers_own_error(sized):
    main = sized(claude=1000, gpt=1000)
    main.scripts["claude"] = [TOO_LONG]
    told = main.request(size_bytes=100)
    assert called(told) == ["claude"]
    assert isinstance(told.last, Fail)
    assert (told.last.status, told.last.code, told.last.relay) == (400, "context_length_exceeded", True)
    assert told.last.failure is TOO_LONG
    assert told.record.verdict == "caller_fault"
    assert main.router.states["claude"].breaker.failures_in_row == 0


def test_when_none_was_worth_calling_the_error_is_ours(sized):
    told = sized(claude=10, gpt=10).request(size_bytes=1000)
    assert called(told) == []
    assert (told.last.status, told.last.code, told.last.relay) == (400, "context_length_exceeded", False)


def test_where_another_reason_stood_in_the_way_too_it_is_no_fault_of_the_callers(sized):
    main = sized(claude=10, gpt=1000)
    main.scripts["gpt"] = [AttemptFailed(Trigger.server_error, "", status=500)]
    assert main.request(size_bytes=1000).last.status == 503
