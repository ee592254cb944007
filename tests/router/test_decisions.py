"""Commands: what they change, what they refuse, how they are undone, and that they come back after a restart."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.router.command import (
    COMMANDS,
    Change,
    ClearModel,
    DisableModel,
    DrainModel,
    EnableModel,
    ForceModel,
    JournalEntry,
    Refusal,
    Release,
    SetPriorities,
    SkipPrimary,
    Slot,
    Undo,
    from_wire,
    to_wire,
)
from hotspare.router.settings import BreakerRules, Limits
from hotspare.router.trigger import Trigger


def called(told):
    return [step.model for step in told.tries]


def order(main, command, *, confirmed=False, latest=None, who="you", why=""):
    change = main.router.change(
        command, who=who, why=why, now=main.now, wall=main.wall, latest=latest, confirmed=confirmed
    )
    if isinstance(change, Change):
        main.router.commit(change, now=main.now, wall=main.wall)
    return change


def test_a_forced_model_answers_first_and_the_primary_is_never_called(world, fails):
    main = world(limits=Limits(retries=0))
    order(main, ForceModel("main", "haiku", main.wall + 600))
    assert called(main.request()) == ["haiku"]
    for name in ("haiku", "gpt"):
        main.scripts[name] = [fails(Trigger.server_error, 500)]
    told = main.request()
    assert called(told) == ["haiku", "gpt"]
    assert told.record.verdict == "failed"


def test_forcing_the_primary_itself_keeps_the_others_behind_it(world, fails):
    main = world(limits=Limits(retries=0))
    order(main, ForceModel("main", "claude", main.wall + 600))
    main.scripts["claude"] = [fails(Trigger.server_error, 500)]
    assert called(main.request()) == ["claude", "gpt"]


def test_a_forced_fallback_counts_as_forced_and_was_meant_for_the_primary(world):
    main = world()
    order(main, ForceModel("main", "gpt", main.wall + 600))
    record = main.request().record
    assert (record.meant, record.fallback, record.forced, record.reason) == ("claude", True, True, "forced")
    view = main.snapshot().window
    assert (view.fallback, view.forced_fallback) == (1, 1)


def test_a_force_expires_after_its_deadline_and_not_before(world):
    main = world()
    order(main, ForceModel("main", "gpt", main.wall + 600))
    main.now += 599.0
    assert main.router.tick(main.now, main.wall) == ()
    assert called(main.request()) == ["gpt"]
    main.now += 1.0
    (expired,) = main.router.tick(main.now, main.wall)
    assert (expired.act, expired.subject, expired.after) == ("expired", "main", None)
    assert called(main.request()) == ["claude"]


def test_a_jump_of_the_wall_clock_moves_no_expiry(world):
    main = world()
    order(main, ForceModel("main", "gpt", main.wall + 600))
    main.router.tick(main.now, main.wall + 86_400)
    assert called(main.request()) == ["gpt"]


def test_an_operators_force_ranks_above_a_callers_wish(world):
    main = world()
    order(main, ForceModel("main", "haiku", main.wall + 600))
    assert called(main.request(wish_preferred="gpt")) == ["haiku"]
    assert called(main.request(start="gpt")) == ["haiku"]


def test_disabled_ranks_above_force(world):
    main = world()
    order(main, DisableModel("haiku"))
    change = order(main, ForceModel("main", "haiku", main.wall + 600))
    assert isinstance(change, Change)
    assert "cannot serve now (disabled)" in change.notes[0]
    assert called(main.request()) == ["gpt"]


def test_forcing_a_model_that_cools_says_what_would_lift_it(world, fails):
    main = world()
    main.scripts["gpt"] = [fails(Trigger.rate_limit, 429, 30.0)]
    main.request(start="gpt")
    change = order(main, ForceModel("main", "gpt", main.wall + 600))
    assert isinstance(change, Change)
    assert "clear gpt" in change.notes[0]


def test_a_force_without_an_end_asks_for_confirmation(world):
    main = world()
    refusal = order(main, ForceModel("main", "gpt"))
    assert isinstance(refusal, Refusal)
    assert refusal.needs_confirmation
    assert called(main.request()) == ["claude"]
    assert isinstance(order(main, ForceModel("main", "gpt"), confirmed=True), Change)


def test_a_skipped_primary_is_not_called_even_when_all_else_fails(world, fails):
    main = world(limits=Limits(retries=0))
    order(main, SkipPrimary("main", main.wall + 60))
    for name in ("gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.server_error, 500)]
    told = main.request()
    assert called(told) == ["gpt", "haiku"]
    assert told.record.candidates[0].by == "you"
    order(main, Release("main"))
    assert called(main.request()) == ["claude"]


def test_a_disabled_model_is_never_called_until_it_is_enabled(world):
    main = world()
    order(main, DisableModel("claude"), why="cold start")
    assert called(main.request()) == ["gpt"]
    assert (main.model("claude").state, main.model("claude").reason) == ("disabled", "by you: cold start")
    order(main, EnableModel("claude"))
    assert called(main.request()) == ["claude"]


def test_a_disable_with_an_end_is_lifted_by_time(world):
    main = world()
    order(main, DisableModel("claude", main.wall + 60))
    assert main.model("claude").seconds_left == 60.0
    main.now += 60.0
    main.router.tick(main.now, main.wall)
    assert called(main.request()) == ["claude"]


def test_draining_takes_no_new_request(world):
    main = world()
    order(main, DrainModel("claude"))
    told = main.request()
    assert called(told) == ["gpt"]
    assert told.record.candidates[0].skip == "draining"


def test_a_model_that_the_file_disables_can_be_enabled_and_undone(world):
    main = world(models={"gpt": {"enabled": False}})
    assert main.model("gpt").reason == "by file"
    change = order(main, EnableModel("gpt"))
    assert called(main.request(start="gpt")) == ["gpt"]
    order(main, Undo(), latest=JournalEntry(1, change))
    assert main.model("gpt").state == "disabled"


def test_taking_out_the_last_model_that_can_serve_asks_first(world):
    main = world("claude", "gpt")
    order(main, DisableModel("gpt"))
    refusal = order(main, DisableModel("claude"))
    assert isinstance(refusal, Refusal)
    assert refusal.needs_confirmation
    assert isinstance(order(main, DisableModel("claude"), confirmed=True), Change)
    told = main.request()
    assert (told.tries, told.last.status) == ([], 503)


def test_new_priorities_hold_from_the_next_request_on(world):
    main = world()
    order(main, SetPriorities("main", ("gpt", "haiku")))
    record = main.request().record
    assert (record.model, record.meant, record.fallback) == ("gpt", "gpt", False)
    assert main.snapshot().chains[0].models == ("gpt", "haiku", "claude")


def test_the_files_own_order_is_no_decision(world):
    main = world()
    order(main, SetPriorities("main", ("gpt",)))
    order(main, SetPriorities("main", ("claude", "gpt", "haiku")))
    assert main.router.standing.decisions == {}


@pytest.mark.parametrize(
    "command",
    [
        ForceModel("nowhere", "gpt", 9e9),
        ForceModel("main", "nobody", 9e9),
        ForceModel("main", "gpt", 5.0),
        DisableModel("nobody"),
        EnableModel("nobody"),
        EnableModel("gpt"),
        SetPriorities("main", ("nobody",)),
        SetPriorities("main", ("gpt", "gpt")),
        SetPriorities("main", ()),
        SetPriorities("main", ("claude", "gpt", "haiku")),
        Release("main"),
        ClearModel("nobody"),
        Undo(),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(world, command):
    main = world()
    refusal = order(main, command)
    assert isinstance(refusal, Refusal)
    assert refusal.reason
    assert not refusal.needs_confirmation
    assert main.router.standing.decisions == {}


def test_clear_forgets_cooldown_breaker_and_refused_keys(world, fails, answers):
    main = world(breaker=BreakerRules(consecutive_failures=1), limits=Limits(retries=0))
    main.scripts["claude"] = [fails(Trigger.timeout), answers()]
    main.scripts["gpt"] = [fails(Trigger.rate_limit, 429, 500.0), answers()]
    main.scripts["haiku"] = [fails(Trigger.auth, 401), answers()]
    main.request()
    for name in ("claude", "gpt", "haiku"):
        assert main.model(name).state != "ok"
        order(main, ClearModel(name))
        assert main.model(name).state == "ok"


def test_undo_refuses_when_somebody_acted_since(world):
    main = world()
    first = order(main, ForceModel("main", "gpt", main.wall + 600))
    order(main, ForceModel("main", "haiku", main.wall + 600), who="maria")
    refusal = order(main, Undo(), latest=JournalEntry(1, first))
    assert isinstance(refusal, Refusal)
    assert "maria" in refusal.reason


def test_undo_refuses_what_has_expired(world):
    main = world()
    first = order(main, ForceModel("main", "gpt", main.wall + 60))
    main.now += 61
    main.router.tick(main.now, main.wall)
    assert isinstance(order(main, Undo(), latest=JournalEntry(1, first)), Refusal)


def commands(main):
    names = st.sampled_from(["claude", "gpt", "haiku"])
    until = st.sampled_from([None, main.wall + 600.0])
    return st.one_of(
        st.builds(ForceModel, st.just("main"), names, until),
        st.builds(SkipPrimary, st.just("main"), until),
        st.builds(Release, st.just("main")),
        st.builds(DisableModel, names, until),
        st.builds(DrainModel, names, until),
        st.builds(EnableModel, names),
        st.builds(SetPriorities, st.just("main"), st.permutations(["claude", "gpt", "haiku"]).map(tuple)),
    )


@given(st.data())
def test_undo_restores_the_state_before(world, data):
    main = world()
    entry = None
    for _ in range(data.draw(st.integers(1, 6))):
        before = dict(main.router.standing.decisions), tuple(s.decided for s in main.router.states.values())
        change = order(main, data.draw(commands(main)), confirmed=True)
        if isinstance(change, Change):
            entry = before, change
    if entry is None:
        return
    before, change = entry
    assert isinstance(order(main, Undo(), latest=JournalEntry(1, change)), Change)
    assert (dict(main.router.standing.decisions), tuple(s.decided for s in main.router.states.values())) == before


@given(st.data())
def test_a_disabled_model_is_never_called_whatever_else_is_ordered(world, data):
    main = world()
    order(main, DisableModel("gpt"), confirmed=True)
    for _ in range(data.draw(st.integers(0, 5))):
        command = data.draw(commands(main))
        if not (isinstance(command, EnableModel) and command.model == "gpt"):
            order(main, command, confirmed=True)
        wish = data.draw(st.sampled_from([None, "claude", "gpt", "haiku"]))
        start = data.draw(st.sampled_from([None, "claude", "gpt", "haiku"]))
        told = main.request(wish_preferred=wish, start=start, wish_force=data.draw(st.booleans()))
        assert "gpt" not in called(told)


def test_decisions_cooldowns_and_breakers_survive_a_restart(world, fails):
    main = world(breaker=BreakerRules(consecutive_failures=1), limits=Limits(retries=0))
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 500.0)]
    main.scripts["gpt"] = [fails(Trigger.timeout)]
    main.request()
    order(main, DisableModel("haiku", main.wall + 900), confirmed=True)
    order(main, SetPriorities("main", ("gpt",)))
    memory = main.router.memory(now=main.now, wall=main.wall)

    again = world(breaker=BreakerRules(consecutive_failures=1))
    again.now = main.now + 20.0
    again.router.restore(decisions=main.router.standing.decisions, memory=memory, now=again.now, wall=again.wall)
    for name in ("claude", "gpt", "haiku"):
        was, now = main.model(name), again.model(name)
        assert (now.state, now.position) == (was.state, was.position)
        assert now.seconds_left == pytest.approx(was.seconds_left - 20.0)


def test_decisions_about_what_is_gone_are_left_behind(world):
    main = world()
    order(main, DisableModel("gpt"))
    order(main, ForceModel("main", "haiku", main.wall + 600))
    again = world("claude", "local")
    lifted = again.router.restore(decisions=main.router.standing.decisions, memory={}, now=again.now, wall=again.wall)
    assert again.router.standing.decisions == {}
    assert [change.why for change in lifted] == ["no longer in the file"] * 2


def test_a_decision_that_ended_while_nothing_ran_is_left_behind(world):
    main = world()
    order(main, DisableModel("gpt", main.wall + 60))
    again = world()
    again.now = main.now + 61.0
    again.router.restore(decisions=main.router.standing.decisions, memory={}, now=again.now, wall=again.wall)
    assert again.model("gpt").state == "ok"


def test_commands_travel_as_json():
    for command in (ForceModel("main", "gpt", 5.0), SetPriorities("main", ("a", "b")), Undo(), DisableModel("a")):
        assert from_wire(to_wire(command)) == command
    wire = to_wire(SetPriorities("main", ("a", "b")))
    assert from_wire({**wire, "models": ["a", "b"]}) == SetPriorities("main", ("a", "b"))
    assert set(COMMANDS) >= {"force", "skip-primary", "disable", "enable", "priorities", "clear", "undo"}


@pytest.mark.parametrize("wire", [{}, {"act": "format"}, {"act": "force"}, {"act": "undo", "extra": 1}])
def test_a_command_that_is_none_is_refused(wire):
    with pytest.raises(ValueError, match=r"."):
        from_wire(wire)


def test_the_epoch_grows_with_every_decision(world):
    main = world()
    before = main.router.epoch
    order(main, DisableModel("gpt"))
    assert main.router.epoch > before
    assert main.router.standing.get(Slot("model", "gpt")) is not None
    assert replace(main.router.standing.decisions[Slot("model", "gpt")], why="x").why == "x"
