"""Other settings take force at once and whole; what is known of models that stay is kept."""

import dataclasses

import pytest

from hotspare.router.command import (
    DisableModel,
    DrainModel,
    EnableModel,
    ForceModel,
    JournalEntry,
    Refusal,
    SetPriorities,
    SkipPrimary,
    Slot,
    Undo,
)
from hotspare.router.settings import Budget, Chain, Limits, Rates
from hotspare.router.step import Begin, Ended, Failed, FirstContent
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

NO_RETRIES = Limits(retries=0)


@pytest.fixture
def main(world):
    return world(limits=NO_RETRIES)


def called(told):
    return [step.model for step in told.tries]


def reload(main, settings=None, renewed=(), **changes):
    settings = settings or dataclasses.replace(main.router.settings, **changes)
    main.settings = settings
    return main.router.reload(
        settings, file="hotspare.toml", renewed=renewed, midnight=lambda wall: wall // 86400 * 86400,
        now=main.now, wall=main.wall,
    )  # fmt: skip


def chain(main, *models, **changes):
    before = main.router.settings.chains["main"]
    limits = dict.fromkeys(models, NO_RETRIES)
    return {"main": dataclasses.replace(before, models=models, limits=limits, **changes)}


def with_model(main, name, **changes):
    models = dict(main.router.settings.models)
    models[name] = dataclasses.replace(models.get(name, models["claude"]), name=name, **changes)
    return models


def order(main, command, **options):
    change = main.router.change(
        command, who="kim", why="", now=main.now, wall=main.wall,
        latest=options.get("latest"), confirmed=True,
    )  # fmt: skip
    if not isinstance(change, Refusal):
        main.router.commit(change, now=main.now, wall=main.wall)
    return change


# ------------------------------------------------------------------ what is new takes force
def test_the_next_request_goes_by_the_new_chain(main):
    reload(main, chains=chain(main, "haiku", "claude"))
    assert called(main.request()) == ["haiku"]
    assert [view.name for view in main.snapshot().models] == ["haiku", "claude"]


def test_a_new_model_can_be_called_and_one_that_is_gone_is_unknown(main):
    models = {name: model for name, model in with_model(main, "opus").items() if name != "gpt"}
    reload(main, models=models, chains=chain(main, "opus", "claude", "haiku"))
    assert called(main.request()) == ["opus"]
    assert main.router.resolve("gpt") is None
    assert "gpt" not in main.router.states


def test_new_chains_are_found_and_old_ones_are_not(main):
    fresh = Chain("fast", ("haiku",), {"haiku": NO_RETRIES}, answers=("claude-*",))
    reload(main, chains={"fast": fresh})
    assert main.router.resolve("claude-x") == ("fast", None)
    assert main.router.resolve("main") is None


def test_a_model_that_the_file_disables_is_out_and_comes_back_with_it(main):
    reload(main, models=with_model(main, "claude", enabled=False))
    assert called(main.request()) == ["gpt"]
    reload(main, models=with_model(main, "claude", enabled=True))
    assert called(main.request()) == ["claude"]


def test_the_files_word_does_not_lift_an_operators(main):
    order(main, DisableModel("claude", until=None))
    reload(main, models=with_model(main, "claude", enabled=True))
    assert called(main.request()) == ["gpt"]


def test_a_limit_of_cost_takes_force_and_goes_again(main):
    main.request()
    reload(main, budget=Budget(daily=1))
    assert main.request().record.verdict == "failed"
    reload(main, budget=Budget(daily=10**15))
    assert main.request().record.verdict == "answered"
    reload(main, budget=Budget())
    assert main.request().record.verdict == "answered"


def test_rules_of_a_breaker_take_force(main, fails):
    rules = dataclasses.replace(main.router.settings.models["claude"].breaker, consecutive_failures=1)
    reload(main, models=with_model(main, "claude", breaker=rules))
    main.scripts = {"claude": [fails(Trigger.server_error, 500)]}
    main.request()
    assert main.model("claude").state == "open"


# ------------------------------------------------------------------ what is known is kept
def test_a_breaker_stays_open_and_a_cooldown_goes_on(main, fails):
    main.scripts = {"claude": [fails(Trigger.server_error, 500)], "gpt": [fails(Trigger.rate_limit, 429)]}
    for _ in range(5):
        main.request()
    assert (main.model("claude").state, main.model("gpt").state) == ("open", "cooling")
    left = main.model("gpt").seconds_left
    reload(main, chains=chain(main, "gpt", "claude", "haiku"))
    assert (main.model("claude").state, main.model("gpt").state) == ("open", "cooling")
    assert main.model("gpt").seconds_left == left
    assert called(main.request()) == ["haiku"]


def test_what_failures_were_counted_counts_on(main, fails):
    main.scripts = {"claude": [fails(Trigger.server_error, 500)]}
    for _ in range(4):
        main.request()
    reload(main)
    main.request()
    assert main.model("claude").state == "open"


@pytest.mark.parametrize("renewed", [(), ("claude",)])
def test_a_model_that_is_reached_otherwise_begins_anew(main, fails, renewed):
    main.scripts = {"claude": [fails(Trigger.server_error, 500)]}
    for _ in range(5):
        main.request()
    reload(main, renewed=renewed)
    assert main.model("claude").state == ("ok" if renewed else "open")


def test_another_providers_model_of_the_same_name_begins_anew(main, fails):
    main.scripts = {"claude": [fails(Trigger.server_error, 500)]}
    for _ in range(5):
        main.request()
    reload(main, models=with_model(main, "claude", provider="elsewhere"))
    assert main.model("claude").state == "ok"


def test_a_refused_key_gets_another_chance(main, fails):
    main.scripts = {"claude": [fails(Trigger.auth, 401)], "gpt": [fails(Trigger.auth, 403)]}
    main.request()
    assert (main.model("claude").state, main.model("gpt").state) == ("no_key", "no_key")
    reload(main)
    assert (main.model("claude").state, main.model("gpt").state) == ("ok", "ok")


def test_the_figures_go_on(main):
    main.request()
    reload(main, chains=chain(main, "haiku", "claude"))
    assert main.snapshot().today.requests == 1
    assert main.model("claude").answered == 1


# ------------------------------------------------------------------ decisions
def test_decisions_about_what_stays_stand(main):
    order(main, ForceModel("main", "gpt", until=None))
    order(main, DisableModel("haiku", until=None))
    assert reload(main, chains=chain(main, "haiku", "gpt"))[1:] == ()
    assert called(main.request()) == ["gpt"]
    assert main.model("haiku").state == "disabled"


def test_decisions_about_what_is_gone_are_lifted_and_told(main):
    order(main, ForceModel("main", "gpt", until=None))
    order(main, DisableModel("gpt", until=None))
    models = {name: model for name, model in main.router.settings.models.items() if name != "gpt"}
    told, *lifted = reload(main, models=models, chains=chain(main, "claude", "haiku"))
    assert (told.act, told.subject, told.slot) == ("reload", "hotspare.toml", None)
    assert {change.slot for change in lifted} == {Slot("force", "main"), Slot("model", "gpt")}
    assert {(change.act, change.after, change.why) for change in lifted} == {("expired", None, "no longer in the file")}
    assert main.router.standing.decisions == {}
    assert called(main.request()) == ["claude"]


def test_an_order_leaves_out_what_is_gone(main):
    order(main, SetPriorities("main", ("gpt", "haiku", "claude")))
    reload(main, chains=chain(main, "claude", "haiku"))
    assert called(main.request()) == ["haiku"]


def test_what_is_gone_cannot_be_undone(main):
    order(main, DisableModel("gpt", until=None))
    enabled = order(main, EnableModel("gpt"))
    models = {name: model for name, model in main.router.settings.models.items() if name != "gpt"}
    reload(main, models=models, chains=chain(main, "claude", "haiku"))
    entry = type("Entry", (), {"change": enabled, "number": 2})()
    refused = order(main, Undo(), latest=entry)
    assert isinstance(refused, Refusal)
    assert "no longer in the file" in refused.reason


def test_the_reload_is_the_latest_act_on_the_screen(main):
    reload(main)
    assert main.snapshot().last_act == "hotspare took up hotspare.toml"


# ------------------------------------------------------------------ requests under way
def test_a_request_under_way_keeps_its_plan_and_its_chain(main, fails):
    walk = main.router.open(main.ask(), main.now)
    first = walk.next(Begin(), main.now)[0]
    models = {name: model for name, model in with_model(main, "opus").items() if name == "opus"}
    reload(main, models=models, chains={"other": Chain("other", ("opus",), {"opus": NO_RETRIES})})
    second = walk.next(Failed(first.n, fails(Trigger.server_error, 500)), main.now)[0]
    assert (first.model, second.model) == ("claude", "gpt")
    walk.next(FirstContent(second.n), main.now)
    walk.next(Ended(second.n, Usage(1, 1)), main.now)
    main.router.fold(walk.record(main.now))
    assert walk.record(main.now).model == "gpt"
    assert main.snapshot().chains[0].name == "other"


def test_who_waits_for_a_model_is_let_go_when_a_reload_brings_one(main, fails):
    main.scripts = {name: [fails(Trigger.rate_limit, 429, retry_after=900.0)] for name in ("claude", "gpt", "haiku")}
    main.request()
    waiter = main.router.parking.join("main", again=False)
    main.router.parking.look(main.now)
    assert main.router.parking.waiting("main") == 1
    models = with_model(main, "opus")
    reload(main, models=models, chains=chain(main, "claude", "opus"))
    assert main.router.parking.waiting("main") == 0
    assert waiter is not None


def test_a_line_moves_when_a_limit_is_lifted(main):
    reload(main, models=with_model(main, "claude", max_concurrent=1))
    state = main.router.states["claude"]
    state.take("KEY", main.now)
    waiter = state.join_line()
    assert len(state.line) == 1
    reload(main, models=with_model(main, "claude", max_concurrent=0))
    assert len(state.line) == 0
    assert waiter is not None


# ------------------------------------------------------------------ the file says by now what was decided
def lifted(changes):
    return [(change.act, change.subject, change.who, change.why, change.after) for change in changes[1:]]


BY_ITSELF = "the file says so itself now"


def test_a_decision_that_the_file_has_come_to_say_is_lifted(main):
    order(main, DisableModel("gpt"))
    order(main, SetPriorities("main", ("haiku", "claude")))
    told = reload(main, models=with_model(main, "gpt", enabled=False), chains=chain(main, "haiku", "claude", "gpt"))
    assert lifted(told) == [
        ("expired", "gpt", "hotspare", BY_ITSELF, None),
        ("expired", "main", "hotspare", BY_ITSELF, None),
    ]
    assert main.router.standing.decisions == {}
    assert (main.model("gpt").state, main.model("gpt").reason) == ("disabled", "by file")
    assert [view.name for view in main.snapshot().models] == ["haiku", "claude", "gpt"]
    reload(main, models=with_model(main, "gpt", enabled=True))
    assert main.model("gpt").state == "ok", "nothing is left above the file"


def test_a_model_enabled_above_the_file_is_the_files_once_it_says_so(main):
    reload(main, models=with_model(main, "gpt", enabled=False))
    order(main, EnableModel("gpt"))
    assert lifted(reload(main, models=with_model(main, "gpt", enabled=True)))[0][3] == BY_ITSELF
    reload(main, models=with_model(main, "gpt", enabled=False))
    assert main.model("gpt").state == "disabled"


@pytest.mark.parametrize(
    "command",
    [
        DisableModel("gpt", 2_000_000_000.0),
        DrainModel("gpt"),
        SkipPrimary("main"),
        ForceModel("main", "gpt"),
        SetPriorities("main", ("gpt",)),
    ],
)
def test_what_the_file_does_not_say_for_good_stands(main, command):
    order(main, command)
    told = reload(main, models=with_model(main, "gpt", enabled=False), chains=chain(main, "haiku", "gpt", "claude"))
    assert lifted(told) == []
    assert len(main.router.standing.decisions) == 1


def test_a_restart_lifts_what_the_file_has_come_to_say(main, world):
    order(main, SetPriorities("main", ("gpt",)))
    order(main, DisableModel("haiku"))
    again = world(models={"haiku": {"enabled": False}}, limits=NO_RETRIES)
    told = again.router.restore(decisions=main.router.standing.decisions, memory={}, now=again.now, wall=again.wall)
    assert [change.subject for change in told] == ["haiku"]
    assert (again.model("haiku").state, again.model("gpt").position) == ("disabled", 1)


def test_an_act_that_the_file_has_taken_over_cannot_be_undone(main):
    change = order(main, DisableModel("gpt"))
    reload(main, models=with_model(main, "gpt", enabled=False))
    refusal = order(main, Undo(), latest=JournalEntry(1, change))
    assert isinstance(refusal, Refusal)
    assert "stands no longer" in refusal.reason


# ------------------------------------------------------------------ other prices alone
def reprice(main, name, rates):
    main.router.reprice(dataclasses.replace(main.router.settings, models=with_model(main, name, rates=rates)))


def test_another_price_holds_from_the_next_call_on(main):
    walk = main.router.open(main.ask(), main.now)
    before = main.request().record.cost_pico_usd
    reprice(main, "claude", Rates(6_000_000, 30_000_000))
    assert main.request().record.cost_pico_usd == 2 * before
    assert main.drive(walk).record.cost_pico_usd == 2 * before
    assert main.model("claude").output_pico_usd == 30_000_000


def test_another_price_leaves_all_else_as_it_was(main, fails):
    main.scripts["claude"] = [fails(Trigger.auth, 401)]
    main.scripts["gpt"] = [fails(Trigger.auth, 403)]
    main.request()
    before = main.snapshot()
    reprice(main, "haiku", None)
    assert {view.name: view.state for view in main.snapshot().models} == {v.name: v.state for v in before.models}
    assert main.model("gpt").state == "no_key"
    assert main.snapshot().today == before.today


def test_fallbacks_by_price_are_sorted_by_the_new_one(world):
    models = {"gpt": {"rates": Rates(1, 1)}, "haiku": {"rates": Rates(2, 2)}}
    main = world(limits=NO_RETRIES, models=models, chain={"fallbacks_by": ("cost",)})
    main.scripts["claude"] = [AttemptFailed(Trigger.model_missing, "gone")]
    assert called(main.request()) == ["claude", "gpt"]
    reprice(main, "gpt", Rates(3, 3))
    assert called(main.request()) == ["claude", "haiku"]


def test_a_price_that_is_known_no_more_is_refused_under_a_limit(world):
    main = world(limits=NO_RETRIES, budget=Budget(daily=10**15))
    reprice(main, "claude", None)
    assert called(main.request()) == ["gpt"]
