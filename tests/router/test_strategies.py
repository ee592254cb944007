"""Each strategy puts the model it means first; what may be called is looked at afterwards."""

import random
from collections import Counter

import pytest

from hotspare.router.plan import Hedge
from hotspare.router.pulse import Health
from hotspare.router.settings import BreakerRules, Limits, Rates, Task
from hotspare.router.step import Begin, CallerLeft, Cancel, Deliver, Due, FirstContent, Try, Wait
from hotspare.router.strategy import LEAST_SHARE, SLOW_START_SECONDS, balanced, figures_of, scored
from hotspare.router.trigger import Trigger

NO_RETRIES = Limits(retries=0)


def called(told):
    return [step.model for step in told.tries]


def order(main, **ask):
    request = main.ask(**ask)
    return [state.model.name for state in main.router._planner.plan(request, main.now).order]


def answers(main, model, count, seconds):
    """Give a model so many answers of that length."""
    main.call_seconds = seconds
    for _ in range(count):
        main.request(start=model, only=True)
    main.call_seconds = 0.5


def priced(price):
    return None if price is None else Rates(price, price)


# ------------------------------------------------------------------ cost and latency
def test_fallbacks_go_by_price_with_unknown_last_and_priority_breaking_ties(world):
    prices = {"claude": 9, "gpt": None, "haiku": 5, "mini": 1, "nano": 5}
    models = {name: {"rates": priced(price)} for name, price in prices.items()}
    main = world(*prices, models=models, chain={"fallbacks_by": ("cost",)})
    assert order(main) == ["claude", "mini", "haiku", "nano", "gpt"]


def test_a_price_is_three_parts_prompt_and_one_part_answer(world):
    models = {"gpt": {"rates": Rates(2, 1)}, "haiku": {"rates": Rates(1, 3)}}
    assert order(world(models=models, chain={"fallbacks_by": ("cost",)})) == ["claude", "haiku", "gpt"]


def test_a_price_weighs_the_prompt_three_times_no_more_and_adds_the_answer(world):
    models = {"gpt": {"rates": Rates(3, 5)}, "haiku": {"rates": Rates(4, 1)}}
    assert order(world(models=models, chain={"fallbacks_by": ("cost",)})) == ["claude", "haiku", "gpt"], "13 and 14"


def test_what_is_free_comes_before_what_costs_next_to_nothing(world):
    models = {"gpt": {"rates": Rates(0, 1)}, "haiku": {"rates": Rates(0, 0)}}
    assert order(world(models=models, chain={"fallbacks_by": ("cost",)})) == ["claude", "haiku", "gpt"]


def test_a_formula_is_given_every_figure_in_its_unit(world):
    main = world("claude", "gpt", models={"claude": {"rates": Rates(3_000_000, 15_000_000)}, "gpt": {"rates": None}})
    claude, gpt = (main.router.states[name] for name in ("claude", "gpt"))
    claude.in_flight = 2
    claude.breaker.failures_in_row = 3
    assert figures_of(claude, Health(success_rate=0.9, median_ms=800.0, p95_ms=2000.0), 5000.0) == {
        "success_rate": 0.9, "latency_ms": 800.0, "p95_ms": 2000.0, "in_flight": 2.0, "failures_in_row": 3.0,
        "usd_per_million_tokens": 6.0,
    }  # fmt: skip
    unknown = figures_of(gpt, Health(), 5000.0)
    assert (unknown["latency_ms"], unknown["p95_ms"], unknown["usd_per_million_tokens"]) == (5000.0, 5000.0, 0.0)


def test_of_two_the_one_with_less_to_do_for_its_score_is_first():
    scores, order = {"a": 4.0, "b": 1.0}, ("a", "b")
    for load, expected in (({"a": 3, "b": 1}, "a"), ({"a": 5, "b": 1}, "b"), ({"a": 0, "b": 0}, None)):
        for seed in range(20):
            chosen = balanced(order, scores, load.__getitem__, random.Random(seed))[0]
            drawn = random.Random(seed).choices(["a", "b"], [4.0, 1.0])[0]
            assert chosen == (expected or drawn)


def test_the_second_of_two_is_drawn_by_score_too():
    scores, load = {"a": 1e6, "b": 1000.0, "c": 1.0}, {"a": 10**12, "b": 0, "c": 0}
    firsts = Counter(balanced(("a", "b", "c"), scores, load.__getitem__, random.Random(seed))[0] for seed in range(300))
    assert firsts["b"] > 280, "a is drawn first and has the most to do; b is drawn beside it, seldom c"


def test_fallbacks_go_by_median_time_once_five_answers_are_known(world):
    main = world("claude", "gpt", "haiku", "mini", chain={"fallbacks_by": ("latency",)})
    answers(main, "gpt", 5, 3.0)
    answers(main, "mini", 4, 1.0)
    assert order(main) == ["claude", "gpt", "haiku", "mini"], "one alone has nobody to be compared with"
    answers(main, "mini", 1, 1.0)
    assert order(main) == ["claude", "mini", "haiku", "gpt"], "haiku is unknown and keeps its place"
    main.now += 16 * 60
    main.router.tick(main.now, main.wall)
    assert order(main) == ["claude", "gpt", "haiku", "mini"], "what is older than 15 minutes is forgotten"


def test_the_threshold_itself_is_not_over_it(world):
    main = world(chain={"latency_threshold_seconds": 2.0})
    plan = main.router._planner
    plan._pulse._health = {"claude": Health(recent_ms=2000.0)}
    plan._pulse._at = main.now
    assert order(main)[0] == "claude"
    plan._pulse._health = {"claude": Health(recent_ms=2000.5)}
    assert order(world(chain={}))[0] == "claude"
    main.router.standing.version += 1
    assert order(main)[0] == "gpt"


def test_cost_comes_before_latency(world):
    models = {name: {"rates": Rates(price, price)} for name, price in (("gpt", 5), ("haiku", 5), ("mini", 1))}
    main = world("claude", "gpt", "haiku", "mini", models=models, chain={"fallbacks_by": ("cost", "latency")})
    for model, seconds in (("gpt", 3.0), ("haiku", 1.0), ("mini", 9.0)):
        answers(main, model, 5, seconds)
    assert order(main) == ["claude", "mini", "haiku", "gpt"]


def test_a_model_slower_than_the_threshold_goes_behind_until_it_is_faster(world):
    main = world(chain={"latency_threshold_seconds": 2.0})
    answers(main, "claude", 9, 5.0)
    assert order(main) == ["claude", "gpt", "haiku"], "nine answers say nothing yet"
    answers(main, "claude", 1, 5.0)
    assert order(main) == ["gpt", "haiku", "claude"]
    assert main.request().record.meant == "gpt"
    assert not main.request().record.fallback
    main.now += 6 * 60
    main.router.tick(main.now, main.wall)
    answers(main, "claude", 10, 1.9)
    assert order(main) == ["claude", "gpt", "haiku"]


# ------------------------------------------------------------------ race
def test_a_race_starts_them_all_but_a_named_or_forced_model_goes_alone(world):
    main = world(chain={"strategy": "fastest"})
    plan = main.router._planner.plan
    assert plan(main.ask(), main.now).lanes == 3
    assert plan(main.ask(start="gpt"), main.now).lanes == 1
    walk = main.router.open(main.ask(), main.now)
    assert [step.model for step in walk.next(Begin(), main.now)] == ["claude", "gpt", "haiku"]
    assert walk.next(FirstContent(3), main.now) == (Deliver(3), Cancel(1), Cancel(2))
    assert not walk.fallback


# ------------------------------------------------------------------ hedge
@pytest.fixture
def hedged(world):
    def make(share=1.0, answered=20, **models):
        main = world(chain={"strategy": "hedged", "hedge_extra_share": share}, models=models)
        answers(main, "claude", answered, 2.0)
        return main

    return make


def hedge_of(main):
    """What happens when the first model stays silent: how long it is waited for, and who is called then."""
    walk = main.router.open(main.ask(), main.now)
    steps = walk.next(Begin(), main.now)
    wait = next((step for step in steps if isinstance(step, Wait)), None)
    if wait is None:
        walk.next(CallerLeft(), main.now)
        return None, None
    more = walk.next(Due(), wait.until)
    walk.next(CallerLeft(), wait.until)
    return wait.until - main.now, next((step.model for step in more if isinstance(step, Try)), None)


def test_a_second_model_starts_when_the_first_is_silent_beyond_its_own_p95(hedged):
    seconds, model = hedge_of(hedged())
    assert seconds == pytest.approx(2.0, rel=0.03)
    assert model == "gpt"


def test_without_twenty_answers_nothing_is_hedged(hedged):
    assert hedge_of(hedged(answered=19)) == (None, None)


def test_hedges_are_at_most_their_share_of_the_requests(hedged):
    main = hedged(share=0.1)
    models = [hedge_of(main)[1] for _ in range(200)]
    assert models.count("gpt") == pytest.approx(22, abs=1), "a tenth of these, and of the twenty before"


def test_a_dearer_second_model_is_hedged_to_less_often(hedged):
    dear = hedged(share=0.1, gpt={"rates": Rates(12_000_000, 60_000_000)})
    models = [hedge_of(dear)[1] for _ in range(200)]
    assert models.count("gpt") == pytest.approx(5, abs=1), "four times the price"


@pytest.mark.parametrize(
    ("one", "other", "drawn"), [(2, 6, 3.0), (6, 2, 1 / 3), (None, 6, 1.0), (2, None, 1.0), (0, 6, 1.0), (2, 0, 0.0)]
)
def test_a_hedge_draws_what_it_costs_against_the_first_and_one_where_a_price_is_unknown(world, one, other, drawn):
    main = world("claude", "gpt", models={"claude": {"rates": priced(one)}, "gpt": {"rates": priced(other)}})
    seen = []

    class Budget:
        def draw(self, extra):
            seen.append(extra)
            return True

    assert Hedge(1.0, Budget()).allows(main.router.states["claude"], main.router.states["gpt"])
    assert seen == [pytest.approx(drawn)]


def test_a_quiet_time_saves_up_a_few_hedges_only(hedged):
    main = hedged(answered=150)
    main.router._planner._hedges["main"].share = 0.0
    assert [hedge_of(main)[1] for _ in range(7)] == ["gpt"] * 5 + [None] * 2


def test_a_model_that_may_not_be_called_costs_no_hedge_and_is_passed_over(hedged):
    main = hedged(answered=40)
    main.router._planner._hedges["main"].share = 0.0
    for name in ("gpt", "haiku"):
        main.router.states[name].decide("disabled", "you")
    assert [hedge_of(main)[1] for _ in range(7)] == [None] * 7
    main.router.states["haiku"].decide(None)
    assert [hedge_of(main)[1] for _ in range(6)] == ["haiku"] * 5 + [None], "all that was saved up is still there"


# ------------------------------------------------------------------ weighted
def test_arms_get_their_share_of_the_requests(world):
    main = world(chain={"strategy": "weighted", "weights": {"claude": 70, "gpt": 30}})
    meant = Counter(main.request().record.meant for _ in range(2000))
    assert meant["claude"] / 2000 == pytest.approx(0.7, abs=0.04)
    assert meant["haiku"] == 0, "without a weight it is a fallback only"


def test_an_arm_that_fails_falls_back_in_the_chains_order(world, fails):
    main = world(limits=NO_RETRIES, chain={"strategy": "weighted", "weights": {"haiku": 1}})
    main.scripts["haiku"] = [fails(Trigger.server_error, 500)]
    told = main.request()
    assert called(told) == ["haiku", "claude"]
    assert (told.record.meant, told.record.fallback) == ("haiku", True)


def test_weights_of_nothing_leave_the_order_as_it_is(world):
    assert order(world(chain={"strategy": "weighted", "weights": {"claude": 0}})) == ["claude", "gpt", "haiku"]


# ------------------------------------------------------------------ balance
def shares(main, count=2000):
    firsts = Counter(order(main)[0] for _ in range(count))
    return {name: firsts[name] / count for name in ("claude", "gpt", "haiku")}


def test_load_is_spread_evenly_while_nothing_is_known(world):
    found = shares(world(chain={"strategy": "load_balanced"}))
    assert all(share == pytest.approx(1 / 3, abs=0.04) for share in found.values())


def test_the_faster_a_model_the_larger_its_share(world):
    main = world("claude", "gpt", chain={"strategy": "load_balanced"})
    answers(main, "claude", 10, 1.0)
    answers(main, "gpt", 10, 3.0)
    assert shares(main)["claude"] == pytest.approx(0.75, abs=0.04)


def test_the_more_often_it_fails_the_smaller_its_share(world, fails):
    rules = BreakerRules(enabled=False)
    main = world("claude", "gpt", limits=NO_RETRIES, breaker=rules, chain={"strategy": "load_balanced"})
    answers(main, "gpt", 20, 0.5)
    for _ in range(10):
        main.scripts["claude"] = [fails(Trigger.server_error, 500)]
        main.request(start="claude", only=True)
        main.scripts["claude"] = []
        main.request(start="claude", only=True)
    assert shares(main)["claude"] == pytest.approx(1 / 3, abs=0.04)


def test_of_two_the_one_with_less_to_do_is_taken(world):
    main = world("claude", "gpt", chain={"strategy": "load_balanced"})
    main.router.states["claude"].in_flight = 1
    assert shares(main, 50)["gpt"] == 1.0


def test_a_model_that_is_held_back_is_not_meant(world):
    main = world("claude", "gpt", chain={"strategy": "load_balanced"})
    main.router.states["claude"].decide("disabled", "you")
    assert shares(main, 50)["gpt"] == 1.0
    main.router.states["gpt"].decide("disabled", "you")
    assert order(main) == ["claude", "gpt"]


def test_one_that_comes_back_gets_its_share_slowly(world, fails):
    main = world("claude", "gpt", limits=NO_RETRIES, chain={"strategy": "load_balanced"})
    state = main.router.states["claude"]
    main.scripts["claude"] = [*[fails(Trigger.network)] * 5, *[None]]
    for _ in range(5):
        main.request(start="claude", only=True)
    main.now = state.breaker.until
    state.breaker.close(main.now)
    states = list(main.router.states.values())

    def ratio(after):
        found = scored(states, {}, None, main.now + after)
        return found["claude"] / found["gpt"]

    assert ratio(0.0) == pytest.approx(LEAST_SHARE)
    assert ratio(SLOW_START_SECONDS / 2) == pytest.approx(0.5)
    assert ratio(SLOW_START_SECONDS) == pytest.approx(1.0)
    assert ratio(SLOW_START_SECONDS * 2) == pytest.approx(1.0)


def test_a_chains_own_score_decides(world):
    models = {"claude": {"rates": Rates(4, 4)}, "gpt": {"rates": Rates(1_000_000, 1_000_000)}}
    main = world("claude", "gpt", models=models, chain={"strategy": "load_balanced", "score": "usd_per_million_tokens"})
    assert shares(main)["gpt"] > 0.99
    health = {"claude": Health(success_rate=0.5, median_ms=100.0)}
    assert scored(list(main.router.states.values()), health, lambda f: f["latency_ms"], 0.0)["gpt"] == 100.0


# ------------------------------------------------------------------ regions, tasks
def test_the_same_model_elsewhere_comes_first(world):
    models = {"claude": {"same_as": "sonnet"}, "eu": {"same_as": "sonnet"}, "gpt": {"same_as": "gpt"}}
    main = world("claude", "gpt", "haiku", "eu", models=models, chain={"strategy": "regions"})
    assert order(main) == ["claude", "eu", "gpt", "haiku"]
    near = world("claude", "eu", "gpt", models=models, chain={"strategy": "regions"})
    assert order(near) == ["claude", "eu", "gpt"]
    assert order(world("claude", "gpt", chain={"strategy": "regions"})) == ["claude", "gpt"]


def test_several_places_of_the_same_model_keep_their_order(world):
    like = {"same_as": "sonnet"}
    main = world(
        "eu", "us", "gpt", "asia", chain={"strategy": "regions"}, models={"eu": like, "us": like, "asia": like}
    )
    assert order(main) == ["eu", "us", "asia", "gpt"]


def test_a_task_has_its_own_start_and_limits(world):
    quick = Limits(attempt_seconds=20.0)
    task = Task("haiku", dict.fromkeys(("claude", "gpt", "haiku"), quick), header="x-task", equals="simple")
    main = world(chain={"strategy": "task", "tasks": (task,)})
    told = main.request(task=0)
    assert called(told) == ["haiku"]
    assert told.tries[0].limits is quick
    assert (told.record.meant, told.record.fallback) == ("haiku", False)
    assert called(main.request()) == ["claude"]


# ------------------------------------------------------------------ affinity
@pytest.mark.parametrize("strategy", ["load_balanced", "weighted", "priority"])
def test_a_session_goes_on_where_it_was_answered(world, fails, strategy):
    rules = {"strategy": strategy, "affinity": "session", "weights": {"claude": 1, "gpt": 1, "haiku": 1}}
    main = world(limits=NO_RETRIES, chain=rules)
    sessions = [f"s{n}" for n in range(20)]
    before = {session: main.request(session=session).record.model for session in sessions}
    assert strategy == "priority" or len(set(before.values())) == 3
    assert {session: main.request(session=session).record.model for session in sessions} == before
    main.router.states["claude"].decide("disabled", "you")
    elsewhere = {session: main.request(session=session).record.model for session in sessions}
    assert "claude" not in elsewhere.values()
    main.router.states["claude"].decide(None)
    assert {session: main.request(session=session).record.model for session in sessions} == elsewhere


def test_without_a_session_or_the_wish_for_it_nothing_is_remembered(world):
    main = world(chain={"strategy": "weighted", "weights": {"claude": 1, "gpt": 1}})
    assert len({main.request(session="s1").record.model for _ in range(20)}) == 2
    main = world(chain={"strategy": "weighted", "weights": {"claude": 1, "gpt": 1}, "affinity": "session"})
    assert len({main.request().record.model for _ in range(20)}) == 2


def test_the_session_not_heard_of_for_longest_is_forgotten(world):
    main = world(chain={"affinity": "session"})
    affinity = main.router._planner._affinity
    for n in range(10_001):
        affinity.note("main", f"s{n}", "gpt")
    assert affinity.get("main", "s0") is None
    assert affinity.get("main", "s1") == "gpt"


# ------------------------------------------------------------------ what is kept
def test_a_kept_plan_is_made_anew_when_an_order_or_a_figure_changes(world):
    main = world(chain={"fallbacks_by": ("latency",)})
    plan = main.router._planner.plan
    first = plan(main.ask(), main.now)
    assert plan(main.ask(), main.now) is first
    main.now += 1.0
    assert plan(main.ask(), main.now) is not first
    plain = world()
    first = plain.router._planner.plan(plain.ask(), plain.now)
    plain.now += 100.0
    assert plain.router._planner.plan(plain.ask(), plain.now) is first
