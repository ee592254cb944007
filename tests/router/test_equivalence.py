"""Chains of embeddings: vectors of two models cannot be compared, unless the chain says that they can."""

import pytest

from hotspare.router.command import ForceModel, Refusal, SetPriorities, SkipPrimary
from hotspare.router.trigger import Incapable, Trigger

ALONE = {"kind": "embeddings"}
TOGETHER = {"kind": "embeddings", "equivalent": True}


def apply(world, command):
    return world.router.change(command, who="ana", why="", now=world.now, wall=world.wall, latest=None, confirmed=True)


def test_without_equivalence_only_the_model_that_is_meant_is_called(world, fails):
    there = world(chain=ALONE)
    there.scripts["claude"] = [fails(Trigger.server_error, 500)]
    told = there.request()
    assert {step.model for step in told.tries} == {"claude"}
    assert (told.record.verdict, [c.model for c in told.record.candidates]) == ("failed", ["claude"])


def test_a_model_that_is_named_is_the_one_that_is_meant(world):
    told = world(chain=ALONE).request(start="gpt")
    assert [step.model for step in told.tries] == ["gpt"]
    assert not told.record.fallback


def test_with_equivalence_the_others_follow(world, fails):
    there = world(chain=TOGETHER)
    there.scripts["claude"] = [fails(Trigger.timeout)]
    assert there.request().record.model == "gpt"


def test_a_caller_s_force_keeps_the_primary_out_even_where_nobody_else_may_serve(world):
    told = world(chain=ALONE).request(wish_force=True)
    assert told.tries == []
    assert (told.record.verdict, told.record.candidates[0].skip) == ("failed", "forced")


@pytest.mark.parametrize(
    "command",
    [
        ForceModel("main", "gpt", until=1_800_009_999.0),
        SkipPrimary("main", until=1_800_009_999.0),
        SetPriorities("main", ("gpt", "claude")),
    ],
)
def test_an_act_that_would_mix_vectors_is_refused_with_the_remedy(world, command):
    refusal = apply(world(chain=ALONE), command)
    assert isinstance(refusal, Refusal)
    assert "equivalent = true" in refusal.hint
    assert not isinstance(apply(world(chain=TOGETHER), command), Refusal)


def test_an_act_that_mixes_nothing_is_not(world):
    there = world(chain=ALONE)
    assert not isinstance(apply(there, ForceModel("main", "claude", until=1_800_009_999.0)), Refusal)
    assert not isinstance(apply(there, SetPriorities("main", ("claude", "haiku", "gpt"))), Refusal)


# ------------------------------------------------------------------ what no model can do
LACKING = {name: {"lacks": frozenset({"json_object"})} for name in ("claude", "gpt", "haiku")}


def test_what_no_model_can_be_asked_for_is_the_caller_s_fault_and_named(world):
    told = world(models=LACKING).request(needs=frozenset({"json_object"}))
    assert (told.last.status, told.last.code, told.last.retry_after_seconds) == (400, "incapable", None)
    assert told.last.message.endswith("asks for: response_format")
    assert (told.record.verdict, told.record.status) == ("caller_fault", 400)


def test_a_part_that_shows_only_when_it_is_written_counts_the_same(world):
    there = world("claude", "gpt", models={"gpt": {"lacks": frozenset({"n"})}})
    there.scripts["claude"] = [Incapable("messages.role 'x'")]
    told = there.request(needs=frozenset({"n"}))
    assert told.last.status == 400
    assert told.last.message.endswith("asks for: messages.role 'x', n")


def test_where_another_reason_stood_in_the_way_it_may_work_later(world, fails):
    there = world("claude", "gpt", models={"gpt": {"lacks": frozenset({"n"})}})
    there.scripts["claude"] = [fails(Trigger.timeout)]
    told = there.request(needs=frozenset({"n"}))
    assert (told.last.status, told.record.verdict) == (503, "failed")
