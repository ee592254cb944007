"""The situation line: the worst first, with evidence, since when, and the key that helps."""

from hotspare.router.command import DisableModel, ForceModel
from hotspare.router.settings import PICO_PER_USD, BreakerRules, Budget, Limits
from hotspare.router.snapshot import Instance, StoreView
from hotspare.router.trigger import Trigger


def codes(main):
    return [view.code for view in main.snapshot().situations]


def worst(main):
    return main.snapshot().situations[0]


def order(main, command):
    change = main.router.change(command, who="you", why="", now=main.now, wall=main.wall, latest=None, confirmed=True)
    main.router.commit(change, now=main.now, wall=main.wall)


def test_when_nothing_happens_it_says_so(world):
    assert codes(world()) == ["idle"]


def test_when_all_is_well_it_says_so(world):
    main = world()
    main.request()
    assert codes(main) == ["all_well"]
    assert "100 % of 1 request" in worst(main).text


def test_a_limited_primary_names_evidence_time_and_stand_in(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 42.0)]
    main.request()
    view = worst(main)
    assert view.code == "primary_cooling"
    assert view.text.startswith("claude is limited (429, Retry-After, since ")
    assert "next try in 42 s" in view.text or "next try in 41 s" in view.text
    assert "gpt answers 100 % of main" in view.text
    assert (view.key, view.severity) == ("f", "warning")


def test_an_open_primary_says_what_opened_it(world, fails):
    main = world(breaker=BreakerRules(consecutive_failures=2), limits=Limits(retries=0))
    main.scripts["claude"] = [fails(Trigger.timeout)]
    main.request()
    main.request()
    assert "claude is down (2 failures in a row: timeout" in worst(main).text


def test_a_lost_screen_is_told_beside_what_is_worse(world):
    main = world()
    instance = Instance("prod", "127.0.0.1:4000", 1, main.wall, "0", screen_lost_at=main.wall)
    told = main.router.snapshot(now=main.now, wall=main.wall, instance=instance, store=StoreView()).situations
    assert [(view.code, view.severity) for view in told] == [("screen_lost", "note")]
    assert "serves on" in told[0].text


def test_no_model_left_is_critical_and_comes_first(world, fails):
    main = world()
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.rate_limit, 429, 42.0)]
    main.request()
    view = worst(main)
    assert (view.code, view.severity) == ("no_model", "critical")


def test_a_refused_key_is_critical_and_names_the_model(world, fails):
    main = world()
    main.scripts["claude"] = [fails(Trigger.auth, 401)]
    main.request()
    view = worst(main)
    assert (view.code, view.severity, view.subject) == ("key_refused", "critical", "claude")


def test_orders_in_force_are_named_with_their_end(world):
    main = world()
    order(main, ForceModel("main", "gpt", main.wall + 600))
    order(main, DisableModel("haiku"))
    texts = [view.text for view in main.snapshot().situations]
    assert any("main forced to gpt, by you" in text and "10 min left" in text for text in texts)
    assert any("haiku disabled, by you" in text and "until lifted" in text for text in texts)


def test_the_budget_warns_at_its_share_and_is_critical_over_the_limit(world):
    main = world()
    cost = main.request().record.cost_pico_usd
    object.__setattr__(main.settings, "budget", Budget(daily=cost * 10, at_limit="warn"))
    assert "budget_near" not in codes(main)
    for _ in range(7):
        main.request()
    assert worst(main).code == "budget_near", "8 of 10: the alert share is reached"
    for _ in range(2):
        main.request()
    assert worst(main).code == "budget_near", "exactly at the limit is not over it"
    object.__setattr__(main.settings, "budget", Budget(daily=cost * 10, at_limit="block"))
    assert worst(main).code == "over_budget", "where it refuses, it is reached there"
    assert "requests are refused until midnight" in worst(main).text
    object.__setattr__(main.settings, "budget", Budget(daily=cost * 10, at_limit="warn"))
    main.request()
    assert (worst(main).code, worst(main).severity) == ("over_budget", "critical")
    assert cost < PICO_PER_USD


def test_much_fallback_needs_ten_requests_and_more_than_the_target(world):
    main = world()
    for _ in range(9):
        main.request()
    main.request(wish_force=True)
    assert "fallback_rate" not in codes(main), "1 of 10 is the target, not over it"
    main.request(wish_force=True)
    assert "fallback_rate" in codes(main)


def test_many_errors_to_callers_are_critical(world, fails):
    main = world(limits=Limits(retries=0), breaker=BreakerRules(enabled=False))
    for name in ("claude", "gpt", "haiku"):
        main.scripts[name] = [fails(Trigger.server_error, 500)]
    for _ in range(10):
        main.request()
    assert worst(main).code == "failed"


def test_trouble_in_the_store_is_told_with_what_was_lost(world):
    main = world()
    instance = Instance("test", "", 1, main.wall, "0")
    store = StoreView("full", "no space left", 3)
    snapshot = main.router.snapshot(now=main.now, wall=main.wall, instance=instance, store=store)
    assert snapshot.situations[0].text == (
        "The store is full: no space left. Traffic goes on. 3 finished requests could not be kept."
    )


def failing(main, names, trigger, fails, times=1, status=None, **ask):
    for name in names:
        main.scripts[name] = [fails(trigger, status)]
    for _ in range(times):
        main.request(**ask)


def test_when_no_provider_can_be_reached_this_side_is_to_blame(world, fails):
    main = world(limits=Limits(retries=0))
    failing(main, ("claude", "gpt"), Trigger.network, fails)
    assert "our_network" not in codes(main), "haiku answered"
    main = world(limits=Limits(retries=0))
    failing(main, ("claude", "gpt", "haiku"), Trigger.network, fails)
    assert "our_network" in codes(main)


def test_one_provider_that_cannot_be_reached_is_its_own_fault(world, fails):
    main = world("claude", limits=Limits(retries=0))
    failing(main, ("claude",), Trigger.network, fails)
    assert "our_network" not in codes(main)


def test_bad_answers_are_named_with_their_share(world, fails, answers):
    main = world()
    main.scripts["claude"] = [fails(Trigger.empty), fails(Trigger.malformed), *[answers()] * 7, fails(Trigger.empty)]
    for _ in range(9):
        main.request()
    assert "bad_answers" not in codes(main)
    main.request()
    view = next(view for view in main.snapshot().situations if view.code == "bad_answers")
    assert "3 of 10 in 5 min" in view.text


def test_when_only_streams_fail_that_is_said(world, fails, answers):
    main = world(breaker=BreakerRules(enabled=False), limits=Limits(retries=0))
    main.request()
    failing(main, ("claude",), Trigger.stream_stall, fails, times=3, stream=True)
    assert "only_streams" in codes(main)
    failing(main, ("claude",), Trigger.timeout, fails, times=1)
    assert "only_streams" not in codes(main)


def test_errors_that_all_go_to_one_caller_name_it(world, fails):
    main = world(limits=Limits(retries=0), breaker=BreakerRules(enabled=False))
    for _ in range(10):
        main.request(caller="nightly")
    failing(main, ("claude", "gpt", "haiku"), Trigger.server_error, fails, times=5, caller="shop-api")
    assert "went to shop-api" in worst(main).text
    failing(main, ("claude",), Trigger.server_error, fails, times=1, caller="nightly")
    assert "went to" not in worst(main).text


def test_the_last_model_that_can_answer_is_named(world):
    main = world()
    order(main, DisableModel("gpt"))
    assert "last_one" not in codes(main)
    order(main, DisableModel("haiku"))
    assert "last_one" in codes(main)


def test_slow_means_twice_the_usual(world):
    main = world()
    for _ in range(40):
        main.now += 60
        main.request()
    assert "slow" not in codes(main)
    main.now += 900
    main.call_seconds = 1.2
    for _ in range(10):
        main.request()
    assert "slow" in codes(main)


def test_some_keys_held_back_are_a_note(world, fails):
    main = world(models={"claude": {"keys": ("A", "B", "C")}})
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 60.0), main.outcome("haiku")]
    main.request()
    texts = [view.text for view in main.snapshot().situations]
    assert "1 of 3 keys of claude are held back; it serves with the rest." in texts


def test_a_model_being_tried_again_says_what_had_opened_it(world, fails):
    main = world(breaker=BreakerRules(consecutive_failures=1, open_seconds=5.0), limits=Limits(retries=0))
    failing(main, ("claude",), Trigger.timeout, fails)
    main.now += 6.0
    assert "claude is being tried again (a failure: timeout, since" in worst(main).text


def test_a_model_being_tried_again_with_nobody_beside_it_is_told_too(world, fails):
    main = world("claude", breaker=BreakerRules(consecutive_failures=1, open_seconds=5.0), limits=Limits(retries=0))
    failing(main, ("claude",), Trigger.timeout, fails)
    main.now += 6.0
    assert worst(main).code == "primary_trial"
    assert worst(main).text.endswith(". No other model of main can answer.")
    assert worst(main).key == "", "there is nobody to hold the traffic on"


def test_errors_too_few_to_judge_by_are_not_called_well(world, fails):
    main = world("claude", limits=Limits(retries=0))
    failing(main, ("claude",), Trigger.server_error, fails, status=500)
    assert codes(main) == ["few_failed"]


def test_the_latest_act_is_told_in_words(world):
    main = world()
    order(main, ForceModel("main", "gpt", main.wall + 600))
    assert main.snapshot().last_act.startswith("you forced gpt in main until ")
    order(main, DisableModel("haiku"))
    assert main.snapshot().last_act == "you disabled haiku"


def test_whether_it_is_the_region_or_the_model_is_said(world, fails):
    alike = {name: {"same_as": "sonnet"} for name in ("claude", "eu")}
    main = world(
        "claude", "eu", "gpt", models=alike, limits=Limits(retries=0), breaker=BreakerRules(consecutive_failures=2)
    )
    main.scripts["claude"] = [fails(Trigger.timeout)]
    for _ in range(3):
        main.request()
    assert ", in this region only: eu answers. eu answers 100 % of main" in worst(main).text
    main.scripts["eu"] = [fails(Trigger.timeout)]
    for _ in range(2):
        main.request()
    assert ", and so is the same model elsewhere. gpt answers" in worst(main).text


def test_nothing_is_said_of_regions_where_there_are_none(world, fails):
    main = world(limits=Limits(retries=0), breaker=BreakerRules(consecutive_failures=2))
    main.scripts["claude"] = [fails(Trigger.timeout)]
    for _ in range(3):
        main.request()
    assert "region" not in worst(main).text
    assert "elsewhere" not in worst(main).text
