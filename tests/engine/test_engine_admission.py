import pytest

from hotspare.dialects.call import InvalidRequest
from hotspare.engine.engine import UnknownModel
from hotspare.engine.identity import COUNTER_LIMIT, RequestIds
from hotspare.router.settings import Chain, Limits

pytestmark = pytest.mark.looptime


async def test_a_chain_a_pattern_and_a_model_are_let_in(bench):
    by_chain, _ = bench.ask("main")
    by_pattern, _ = bench.ask("claude-sonnet-9")
    by_model, _ = bench.ask("gpt")
    assert [(ask.chain, ask.start, ask.only) for ask in (by_chain, by_pattern, by_model)] == [
        ("main", None, False),
        ("main", None, False),
        ("main", "gpt", False),
    ]
    assert by_pattern.asked == "claude-sonnet-9"


async def test_the_deadline_is_the_chains_counted_from_the_reading(make_bench):
    chain = Chain("main", ("claude",), {"claude": Limits()}, deadline_seconds=42.0)
    ask, _ = make_bench(chain=chain).ask()
    assert ask.deadline - ask.read_at == 42.0
    assert ask.at >= 1_700_000_000


async def test_an_unknown_name_is_turned_away_with_the_names_that_are_served(bench):
    with pytest.raises(UnknownModel) as caught:
        bench.ask("gpt-77")
    assert caught.value.names == ("main", "claude-*", "claude", "gpt", "haiku")
    assert "'gpt-77'" in caught.value.title
    assert "haiku" in caught.value.hint


async def test_a_long_list_of_names_is_cut_in_the_sentence_but_not_in_the_error():
    error = UnknownModel("x", tuple(f"model{number}" for number in range(40)))
    assert len(error.names) == 40
    assert error.hint.endswith("model11 and 28 more.")


async def test_a_preferred_fallback_must_be_of_the_chain(bench):
    ask, _ = bench.ask(headers={"x-hotspare-preferred-fallback": "haiku"})
    assert ask.wish_preferred == "haiku"
    with pytest.raises(InvalidRequest, match="'nobody' is no model of 'main'"):
        bench.ask(headers={"x-hotspare-preferred-fallback": "nobody"})


async def test_only_one_model_may_be_asked_for(bench, plays):
    ask, _ = bench.ask("main", only="gpt", kind="test")
    assert (ask.start, ask.only, ask.kind) == ("gpt", True, "test")
    bench.script(gpt=plays.failing("timeout"))
    await bench.serve("main", only="gpt")
    assert [model for model, _ in bench.carrier.calls] == ["gpt"]
    with pytest.raises(UnknownModel):
        bench.ask("main", only="nobody")


async def test_what_the_call_says_is_in_the_ask(bench):
    ask, call = bench.ask(streamed=True, headers={"x-session-id": "job-7", "x-hotspare-force-fallback": "true"})
    assert (ask.caller, ask.session, ask.stream, ask.wish_force) == ("shop", "job-7", True, True)
    assert ask.size_bytes == call.size_bytes > 0


# ------------------------------------------------------------ ids
def test_ids_differ_and_sort_as_they_were_made():
    ids = RequestIds(1_700_000_000.0, 5)
    made = [ids.next() for _ in range(5000)]
    assert len(set(made)) == 5000
    assert made == sorted(made)
    assert {len(one) for one in made} == {17}


def test_a_later_run_makes_later_ids():
    earlier, later = RequestIds(1_700_000_000.0, 2**15 - 1), RequestIds(1_700_000_000.001, 0)
    assert earlier.next() < later.next()


def test_runs_that_begin_together_make_different_ids():
    assert RequestIds(1_700_000_000.0, 1).next() != RequestIds(1_700_000_000.0, 2).next()


def test_a_counter_that_is_used_up_goes_on_with_later_ids():
    ids = RequestIds(1_700_000_000.0, 2**15 - 1)
    ids._count = COUNTER_LIMIT - 1
    last, following = ids.next(), ids.next()
    assert last < following < RequestIds(1_700_000_000.002, 0).next()
    assert ids.run == RequestIds(1_700_000_000.0, 2**15 - 1).run
    assert len(following) == len(last)


async def test_what_goes_up_carries_the_marks_of_the_way_and_ours_last(bench):
    ask, call = bench.ask()
    assert ask.via == bench.engine.run
    assert ask.id.startswith(bench.engine.run)
    call.via = "run0 run2"
    assert bench.engine.admit(call, caller="shop").via == f"run0 run2 {bench.engine.run}"
