"""The picture of one instant, compared whole: every field of it, and the words for states, decisions and acts."""

import pytest

from hotspare.router.candidate import Verdict
from hotspare.router.command import (
    Change,
    ClearModel,
    Decision,
    DisableModel,
    DrainModel,
    EnableModel,
    ForceModel,
    JournalEntry,
    Release,
    SetPriorities,
    SkipPrimary,
    Slot,
    Undo,
)
from hotspare.router.figures import bucket_of, middle_of
from hotspare.router.settings import PICO_PER_USD, BreakerRules, Budget, Limits
from hotspare.router.snapshot import (
    ChainView,
    DecisionView,
    FiguresView,
    Instance,
    ModelView,
    RequestRow,
    Snapshot,
    StoreView,
)
from hotspare.router.trigger import Trigger
from hotspare.router.view import decision_words, lane_state, model_state, row_of

DOLLAR = PICO_PER_USD
DAY = 86_400.0
INSTANCE = Instance("prod", "127.0.0.1:4000", 1, 0.0, "0")
STORE = StoreView("ok", path="prod.db")


def told(milliseconds):
    """As a histogram tells it."""
    return middle_of(bucket_of(milliseconds))


def order(main, command, *, why="", latest=None):
    change = main.router.change(
        command, who="maria", why=why, now=main.now, wall=main.wall, latest=latest, confirmed=True
    )
    assert isinstance(change, Change)
    main.router.commit(change, now=main.now, wall=main.wall)
    return change


def picture(main):
    return main.router.snapshot(now=main.now, wall=main.wall, instance=INSTANCE, store=STORE)


def call(main, name, failure=None):
    """A call that failed, or that goes on."""
    state = main.router.states[name]
    permit = state.take("KEY", main.now)
    if failure is not None:
        state.give_back(permit, Verdict.nothing, main.now, failure)


def lane(**cells):
    """A lane that is unknown but for some minutes ago."""
    return tuple(cells.get(f"ago_{ago}", "unknown") for ago in range(44, -1, -1))


@pytest.fixture
def busy(world, fails, record, attempt):
    """A force, a limited primary, one call that goes on, and four requests: of 20 and 2 minutes, a probe, and now."""
    budget = Budget(daily=58 * DOLLAR, alert_share=0.3)
    main = world("claude", "gpt", models={"gpt": {"rates": None, "same_as": "gpt"}}, budget=budget)
    main.now = 900.0
    order(main, ForceModel("main", "gpt", main.wall + 600), why="slow")
    main.now = 992.0
    call(main, "claude", fails(Trigger.rate_limit, 429, 42.0))
    call(main, "gpt")
    main.now = 1000.0
    limited = attempt("claude", Trigger.rate_limit, ended_ms=300.0, cost_pico_usd=0)
    backup = attempt("gpt", number=2, started_ms=300.0, ended_ms=1500.0, cost_pico_usd=None)
    cost = {"cost_pico_usd": 6 * DOLLAR}
    for made in (
        record(attempt(**cost, ended_ms=2100.0), id="old", at=main.wall - 1200, duration_ms=2000.0, **cost),
        record(
            limited,
            backup,
            id="fallen",
            at=main.wall - 120,
            duration_ms=1500.0,
            model="gpt",
            fallback=True,
            forced=True,
            reason="rate_limit",
            cost_pico_usd=4 * DOLLAR,
            unpriced=True,
        ),
        record(attempt("gpt"), id="probe", at=main.wall - 60, kind="probe", model="gpt", cost_pico_usd=7 * DOLLAR),
        record(attempt(cost_pico_usd=5 * DOLLAR), id="new", at=main.wall - 5, caller="", cost_pico_usd=5 * DOLLAR),
    ):
        main.router.fold(made)
    return main


WINDOW = FiguresView(
    requests=2,
    answered=2,
    primary=1,
    fallback=1,
    forced_fallback=1,
    failed=0,
    mean_ms=1250.0,
    p50_ms=told(1000.0),
    p95_ms=told(1500.0),
    input_tokens=200,
    output_tokens=20,
    cost_pico_usd=9 * DOLLAR,
    unpriced_requests=1,
)
TODAY = FiguresView(
    requests=3,
    answered=3,
    primary=2,
    fallback=1,
    forced_fallback=1,
    failed=0,
    mean_ms=1500.0,
    p50_ms=told(1500.0),
    p95_ms=told(2000.0),
    input_tokens=300,
    output_tokens=30,
    cost_pico_usd=15 * DOLLAR,
    unpriced_requests=1,
)


def test_a_chain_is_told_with_its_force_and_what_is_left_of_it(busy):
    assert picture(busy).chains == (
        ChainView("main", "chat", "priority", ("claude", "gpt"), "claude", "gpt", 500.0, WINDOW),
    )


def test_a_model_is_told_with_its_state_and_its_figures(busy):
    claude, gpt = picture(busy).models
    assert claude == ModelView(
        name="claude",
        chain="main",
        provider="claude-provider",
        position=1,
        state="cooling",
        reason="429, Retry-After",
        seconds_left=34.0,
        since=busy.wall - 8.0,
        share=0.5,
        calls=2,
        answered=1,
        p50_ms=told(800.0),
        p95_ms=told(800.0),
        cost_pico_usd=11 * DOLLAR,
        requests_today=3,
        answered_today=2,
        in_flight=0,
        unpriced=False,
        lane=lane(ago_20="ok", ago_2="open", ago_0="ok"),
        checked_at=busy.wall - 5 + 0.9,
        conditions=busy.router.states["claude"].breaker.distances(busy.now),
        same_as="",
        input_pico_usd=3_000_000,
        output_pico_usd=15_000_000,
        fallback_share=0.0,
    )
    assert claude.conditions
    assert gpt == ModelView(
        name="gpt",
        chain="main",
        provider="gpt-provider",
        position=2,
        state="ok",
        reason="",
        seconds_left=None,
        since=None,
        share=0.5,
        calls=1,
        answered=1,
        p50_ms=told(1200.0),
        p95_ms=told(1200.0),
        cost_pico_usd=0,
        requests_today=1,
        answered_today=1,
        in_flight=1,
        unpriced=True,
        lane=lane(ago_2="ok"),
        checked_at=busy.wall - 60 + 0.9,
        conditions=busy.router.states["gpt"].breaker.distances(busy.now),
        same_as="gpt",
        input_pico_usd=None,
        output_pico_usd=None,
        fallback_share=0.5,
    )


def test_the_whole_picture(busy):
    found = picture(busy)
    rows = {row.id: row for row in found.recent}
    assert found == Snapshot(
        at=busy.wall,
        instance=INSTANCE,
        requests_per_minute=1,
        callers=2,
        window_minutes=15,
        window=WINDOW,
        usual_mean_ms=2000.0,
        usual_p95_ms=told(2000.0),
        today=TODAY,
        today_other_pico_usd=7 * DOLLAR,
        daily_limit_pico_usd=58 * DOLLAR,
        budget_gone_at=busy.wall + 3600,
        chains=found.chains,
        models=found.models,
        situations=found.situations,
        decisions=(
            DecisionView(
                kind="force",
                subject="main",
                text="main forced to gpt",
                who="maria",
                at=busy.wall - 100,
                why="slow",
                seconds_left=500.0,
            ),
        ),
        fallbacks=(rows["fallen"],),
        recent=(rows["new"], rows["probe"], rows["fallen"], rows["old"]),
        last_act='maria forced gpt in main until 08:25: "slow"',
        last_act_at=busy.wall - 100,
        store=STORE,
        last_act_kind="force",
    )
    limited = "claude is limited (429, Retry-After, since 08:16; next try in 34 s)."
    limited += " gpt answers 50 % of main: 100 % ok, p95 -0.5 s."
    assert [view.text for view in found.situations] == [
        "The day's cost is $22.00 of $58.00; at this rate it is gone at 09:16.",
        limited,
        "gpt is the last model of main that can answer (claude cooling 34 s).",
        'main forced to gpt, by maria since 08:15, 8 min left: "slow".',
    ]


def test_a_row_holds_what_its_record_says(record, attempt):
    made = record(
        attempt("claude", Trigger.rate_limit, status=429, message="Retry-After 42"),
        attempt("gpt"),
        id="r9",
        asked="claude-3",
        model="gpt",
        session="s1",
        kind="drill",
        verdict="failed",
        status=503,
        fallback=True,
        reason="rate_limit",
        cost_pico_usd=99,
        unpriced=True,
    )
    assert row_of(made) == RequestRow(
        id="r9",
        at=made.at,
        chain="main",
        asked="claude-3",
        meant="claude",
        model="gpt",
        caller="shop-api",
        session="s1",
        kind="drill",
        verdict="failed",
        status=503,
        fallback=True,
        attempts=2,
        reason="rate_limit",
        evidence="429, Retry-After 42",
        duration_ms=1000.0,
        input_tokens=100,
        output_tokens=10,
        cost_pico_usd=99,
        unpriced=True,
    )


def test_a_row_is_made_once_and_the_newest_sixty_are_shown(world, record):
    main = world()
    for number in range(700):
        main.router.fold(record(id=f"r{number}", at=main.wall))
        if number % 60 == 59:
            shown = picture(main).recent
            assert [row.id for row in shown] == [f"r{number - back}" for back in range(60)]
    again, once = picture(main).recent, picture(main).recent
    assert all(one is other for one, other in zip(again, once, strict=True))


# ---------------------------------------------------------------- words
@pytest.mark.parametrize(
    ("slot", "value", "text"),
    [
        (Slot("model", "local"), ("disabled",), "local disabled"),
        (Slot("model", "local"), ("draining",), "local draining"),
        (Slot("force", "main"), ("skip_primary",), "main: primary skipped"),
        (Slot("force", "main"), ("force", "gpt"), "main forced to gpt"),
        (Slot("order", "main"), ("gpt", "claude"), "main in order gpt, claude"),
    ],
)
def test_a_decision_in_words(slot, value, text):
    assert decision_words(slot, Decision(value, "you", 0.0)) == text


UNTIL = 1_800_003_600.0
ACTS = [
    (ForceModel("main", "gpt", UNTIL), "forced gpt in main until 09:00"),
    (SkipPrimary("main"), "skipped the primary of main"),
    (DisableModel("gpt", UNTIL), "disabled gpt until 09:00"),
    (DrainModel("gpt"), "drained gpt"),
    (EnableModel("off"), "enabled off"),
    (SetPriorities("main", ("gpt", "off")), "ordered main: gpt, off, claude"),
    (ClearModel("gpt"), "cleared gpt"),
]


@pytest.mark.parametrize(("command", "words"), ACTS)
def test_the_latest_act_in_words(world, command, words):
    for why, end in (("cold start", ': "cold start"'), ("", "")):
        main = world("claude", "gpt", "off", models={"off": {"enabled": False}})
        order(main, command, why=why)
        assert picture(main).last_act == f"maria {words}{end}"


def test_what_is_lifted_or_taken_back_in_words(world):
    main = world()
    assert (picture(main).last_act, picture(main).last_act_at) == ("", None)
    order(main, SkipPrimary("main"))
    lifted = order(main, Release("main"))
    assert picture(main).last_act == "maria lifted the force of main"
    order(main, Undo(), latest=JournalEntry(1, lifted))
    assert picture(main).last_act == "maria took back: release main"
    main.router.commit(Change("expired", "main", "hotspare", main.wall), now=main.now, wall=main.wall)
    assert picture(main).last_act == "hotspare expired main"


def test_a_chain_without_a_force_and_one_whose_primary_is_skipped(world):
    main = world(chain={"kind": "embeddings", "equivalent": True, "strategy": "cost"})
    [chain] = picture(main).chains
    assert (chain.kind, chain.strategy, chain.forced, chain.force_seconds_left) == ("embeddings", "cost", None, None)
    order(main, SkipPrimary("main"))
    order(main, SetPriorities("main", ("haiku",)))
    [chain] = picture(main).chains
    assert (chain.primary, chain.forced, chain.force_seconds_left) == ("haiku", "", None)
    order(main, SkipPrimary("main", main.wall + 60))
    assert picture(main).chains[0].force_seconds_left == 60.0


# ---------------------------------------------------------------- states
def failed(trigger, *, times=1, later=0.0, status=None, after=None):
    """Calls of claude that fail so, and what it is some seconds later."""

    def happen(main, fails):
        main.scripts["claude"] = [fails(trigger, status, after)]
        for _ in range(times):
            main.request()
        main.now += later

    return happen


def ordered(command):
    return lambda main, fails: order(main, command)


def in_use(main, fails):
    call(main, "claude")


STATES = [
    (lambda main, fails: None, "ok", "idle", "", None),
    (in_use, "ok", "idle", "1 in flight, 0 in line", None),
    (failed(Trigger.timeout, times=3), "open", "open", "3 failures in a row: timeout", 1.0),
    (failed(Trigger.timeout, times=3, later=60.0), "trial", "degraded", "3 failures in a row: timeout", 61.0),
    (failed(Trigger.rate_limit, status=429, after=30.0), "cooling", "cooling", "429, Retry-After", 1.0),
    (failed(Trigger.rate_limit, status=429), "cooling", "cooling", "429", 1.0),
    (failed(Trigger.auth, status=401), "no_key", "disabled", "refused by the provider", 1.0),
    (failed(Trigger.auth, status=403), "no_key", "disabled", "refused for this model", None),
    (ordered(DisableModel("claude")), "disabled", "disabled", "by maria", 0.0),
    (ordered(DrainModel("claude")), "draining", "disabled", "by maria", 0.0),
]


@pytest.mark.parametrize(("happen", "state", "cell", "reason", "ago"), STATES)
def test_a_state_with_its_reason_and_since_when(world, fails, happen, state, cell, reason, ago):
    rules = BreakerRules(consecutive_failures=3)
    main = world(limits=Limits(retries=0), breaker=rules, models={"claude": {"max_concurrent": 1}})
    main.call_seconds = 0.5
    happen(main, fails)
    one = main.router.states["claude"]
    view = picture(main).models[0]
    assert (model_state(one, main.now), lane_state(one, main.now)) == (state, cell)
    assert (view.state, view.reason) == (state, reason)
    since = None if view.since is None else main.wall - view.since
    assert since == (None if ago is None else pytest.approx(ago, abs=0.51))


def test_a_suspended_model_and_one_that_the_file_disables(world, fails):
    rules = BreakerRules(consecutive_failures=99, minimum_calls=2)
    main = world("claude", "off", limits=Limits(retries=0), breaker=rules, models={"off": {"enabled": False}})
    failed(Trigger.timeout, times=2, later=10.0)(main, fails)
    claude, off = picture(main).models
    assert (claude.state, claude.seconds_left, claude.since) == ("suspended", 290.0, main.wall - 10.0)
    assert claude.reason == "2 of 2 calls failed in 60 s: timeout"
    assert lane_state(main.router.states["claude"], main.now) == "open"
    assert (off.state, off.reason, off.since, off.seconds_left) == ("disabled", "by file", None, None)


def test_a_decision_says_since_when_until_when_and_why(world):
    main = world()
    order(main, DisableModel("gpt", main.wall + 600), why="cold start")
    main.now += 45.0
    gpt = picture(main).models[1]
    assert (gpt.reason, gpt.since, gpt.seconds_left) == ("by maria: cold start", main.wall - 45.0, 555.0)
    main.now += 600.0
    assert picture(main).models[1].seconds_left == 0.0, "it is due, and the next tick lifts it"


def test_of_several_cooldowns_in_force_the_first_is_told_and_one_that_is_over_is_not(world, fails):
    main = world(models={"claude": {"keys": ("A", "B", "C")}})
    state = main.router.states["claude"]
    for key, seconds in (("A", 5.0), ("B", 60.0), ("C", 90.0)):
        state.rest(key, seconds, main.now)
        main.now += 1.0
    assert state.unready(main.now).skip == "cooling"
    assert picture(main).models[0].since == main.wall - 3.0
    main.now += 2.0
    assert picture(main).models[0].state == "ok"
    state.keys.refused["A"] = main.now + 300.0
    view = picture(main).models[0]
    assert (view.state, view.reason, view.since) == ("cooling", "nothing left of its allowance", main.wall - 4.0)


def test_keys_that_are_all_held_back_are_no_rest_to_serve_with(world, fails):
    main = world(models={"claude": {"keys": ("A", "B")}})
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 60.0)]
    main.request()
    assert "some_keys" not in {view.code for view in picture(main).situations}


# ---------------------------------------------------------------- when the budget is gone
@pytest.mark.parametrize(
    ("ago", "limit", "other", "seconds"),
    [
        (600.0, 70, 0, 3600.0),
        (600.0, 70, 4, 3360.0),
        (600.0, 60, 0, 3000.0),
        (600.0, 10, 0, 0.0),
        (600.0, 5, 0, 0.0),
        (20.0, 70, 0, 360.0),  # a burst is spread over a minute
        (600.0, 10_000, 0, None),  # not today
    ],
)
def test_the_rate_since_the_first_request_says_when_the_limit_is_reached(world, record, ago, limit, other, seconds):
    main = world(budget=Budget(daily=limit * DOLLAR))
    main.router.fold(record(at=main.wall - ago, cost_pico_usd=10 * DOLLAR))
    if other:
        main.router.fold(record(at=main.wall, kind="probe", cost_pico_usd=other * DOLLAR))
    gone = picture(main).budget_gone_at
    assert gone == (None if seconds is None else pytest.approx(main.wall + seconds, abs=0.001))


def test_the_rate_is_that_of_the_window_however_many_asked_and_whenever_the_day_began(world, record):
    main = world(budget=Budget(daily=1000 * DOLLAR))
    main.now = -28_800.0 + DAY + 60.0  # a minute after midnight
    for number in range(600):
        main.router.fold(record(at=main.wall - 599.5 + number, cost_pico_usd=DOLLAR))
    main.router.fold(record(at=main.wall - 2400, cost_pico_usd=0))
    left = 1000 - 60
    assert picture(main).budget_gone_at == pytest.approx(main.wall + left / (600 / 900), abs=0.001)


def test_without_a_limit_or_without_cost_no_hour_is_told(world, record):
    main = world()
    main.router.fold(record(at=main.wall))
    assert picture(main).budget_gone_at is None
    main = world(budget=Budget(daily=DOLLAR))
    main.router.fold(record(at=main.wall, cost_pico_usd=0))
    assert picture(main).budget_gone_at is None


# ---------------------------------------------------------------- a model's figures
@pytest.mark.parametrize(("costs", "unpriced"), [((5,), False), ((5, None), True)])
def test_one_cost_of_the_day_that_is_unknown_is_told(world, record, attempt, costs, unpriced):
    main = world()
    main.router.fold(record(*(attempt(cost_pico_usd=cost) for cost in costs), at=main.wall))
    assert picture(main).models[0].unpriced is unpriced


def test_times_of_a_model_are_the_middle_and_the_last_twentieth(world, record, attempt):
    main = world()
    for number in range(20):
        ms = 1000.0 if number < 12 else 2000.0 if number < 18 else 9000.0 if number < 19 else 50_000.0
        main.router.fold(record(attempt(ended_ms=100.0 + ms), at=main.wall, duration_ms=ms))
    view, chain = picture(main).models[0], picture(main).chains[0].figures
    assert (view.p50_ms, view.p95_ms) == (chain.p50_ms, chain.p95_ms) == (told(1000.0), told(9000.0))
