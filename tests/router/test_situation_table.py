"""The table of situations, row by row: each sentence whole, and the edge at which it begins."""

from collections import Counter
from dataclasses import replace

import blank_views
import pytest

from hotspare.router.evidence import Evidence
from hotspare.router.settings import PICO_PER_USD, Budget
from hotspare.router.situation import Look, situations
from hotspare.router.snapshot import DecisionView, FiguresView, SituationView, StoreView
from hotspare.router.trigger import Trigger

WALL = 1_800_000_000.0  # 08:00 UTC
HELD_SINCE = WALL - 300.0

IDLE = SituationView("idle", "ok", "All well. No requests in the last 15 minutes.", None, "", "", "")
NOTHING = FiguresView()


def model(name, position, **changes):
    made = replace(blank_views.MODEL, name=name, provider=f"{name}-provider", position=position)
    return replace(made, **changes)


def chain(name="main", models=("claude", "gpt", "haiku"), **changes):
    return replace(blank_views.chain_of(*models, name=name), **changes)


def evidence(*calls, callers=None, failed_callers=None):
    """Of calls as (model, streamed, trigger or None, how many)."""
    called, failures = Counter(), Counter()
    for name, streamed, trigger, count in calls:
        called[name, streamed] += count
        if trigger is not None:
            failures[name, streamed, trigger] += count
    return Evidence(called, failures, Counter(callers or {}), Counter(failed_callers or {}))


def look(claude=None, gpt=None, haiku=None, **changes):
    models = [model("claude", 1, **(claude or {})), model("gpt", 2, **(gpt or {})), model("haiku", 3, **(haiku or {}))]
    made = Look(
        chains=(chain(),),
        models=tuple(models),
        window=NOTHING,
        usual=NOTHING,
        today=NOTHING,
        other_pico_usd=0,
        budget=Budget(),
        budget_gone_at=None,
        decisions=(),
        store=StoreView(),
        evidence=evidence(),
        cooling_keys={},
    )
    return replace(made, **changes)


def held(state, **changes):
    return {"state": state, **changes}


COOLING = {"reason": "429, Retry-After", "since": HELD_SINCE, "seconds_left": 42.0}


def answered(requests, failed=0, **changes):
    return FiguresView(requests=requests, answered=requests - failed, failed=failed, **changes)


def view(code, severity, text, since=None, key="", key_text="", subject=""):
    return SituationView(code, severity, text, since, key, key_text, subject)


def why(code, severity, text, subject=""):
    return view(code, severity, text, None, "w", "why", subject)


def found(**changes):
    return situations(look(**changes))


# ---------------------------------------------------------------- nothing wrong
@pytest.mark.parametrize(
    ("window", "text"),
    [
        (answered(1), "All well: 100 % of 1 request in 15 min answered."),
        (answered(1200, 12), "All well: 99 % of 1,200 requests in 15 min answered."),
        (answered(20, 1), "All well: 95 % of 20 requests in 15 min answered."),
        (answered(10, p95_ms=1_940.0), "All well: 100 % of 10 requests in 15 min answered, p95 1.9 s."),
    ],
)
def test_all_well_says_how_well(window, text):
    assert found(window=window) == (view("all_well", "ok", text),)


def test_nobody_asking_is_all_well_too():
    assert found() == (IDLE,)


# ---------------------------------------------------------------- what callers notice
@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (answered(1, 1), why("few_failed", "note", "1 of 1 request in 15 min got an error: too few to judge by.")),
        (answered(9, 2), why("few_failed", "note", "2 of 9 requests in 15 min got an error: too few to judge by.")),
        (answered(10, 1), why("failed", "critical", "1 of 10 requests in 15 min got an error.")),
        (answered(19, 1), why("failed", "critical", "1 of 19 requests in 15 min got an error.")),
        (answered(4000, 1500), why("failed", "critical", "1,500 of 4,000 requests in 15 min got an error.")),
    ],
)
def test_more_than_one_error_in_twenty_is_critical_from_ten_requests_on(window, expected):
    assert found(window=window) == (expected,)


@pytest.mark.parametrize(
    ("callers", "failed", "end"),
    [
        ({"shop": 5, "nightly": 5}, {"shop": 5, "nightly": 0}, " All of the last 5 min went to shop."),
        ({"shop": 5, "nightly": 5}, {"shop": 5, "nightly": 1}, ""),
        ({"shop": 5}, {"shop": 5}, ""),
        ({"shop": 5, "nightly": 5}, {}, ""),
    ],
)
def test_errors_name_the_one_caller_they_went_to_where_others_had_none(callers, failed, end):
    proof = evidence(callers=callers, failed_callers=failed)
    [told] = found(window=answered(10, 5), evidence=proof)
    assert told == why("failed", "critical", f"5 of 10 requests in 15 min got an error.{end}")


FELL_BACK = "requests in 15 min fell back (target under 10 %); "


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (answered(10, fallback=1), None),
        (answered(9, fallback=9), None),
        (answered(10, fallback=2), f"20 % of 10 {FELL_BACK}100 % were answered."),
        (answered(20, 1, fallback=3), f"15 % of 20 {FELL_BACK}95 % were answered."),
        (answered(1000, 40, fallback=101), f"10.1 % of 1,000 {FELL_BACK}96 % were answered."),
    ],
)
def test_much_fallback_is_over_the_target_from_ten_requests_on(window, text):
    told = found(window=window)
    if text is None:
        assert told[0].code == "all_well"
    else:
        assert told == (why("fallback_rate", "warning", text),)


@pytest.mark.parametrize(
    ("p95", "usual", "requests", "slow"),
    [
        (4000.0, 2000.0, 10, False),
        (4100.0, 2000.0, 10, True),
        (4100.0, 2000.0, 9, False),
        (4100.0, None, 10, False),
        (None, 2000.0, 10, False),
    ],
)
def test_slow_is_over_twice_the_usual_of_ten_answers(p95, usual, requests, slow):
    told = found(window=answered(requests, p95_ms=p95), usual=FiguresView(p95_ms=usual))
    text = "Answers are slow: p95 4.1 s in 15 min, 2.0 s otherwise today."
    assert (told == (why("slow", "warning", text),)) == slow
    assert (told[0].code == "all_well") != slow


# ---------------------------------------------------------------- what models do
NETWORK = Trigger.network


@pytest.mark.parametrize(
    ("calls", "named"),
    [
        ([("claude", False, NETWORK, 1), ("gpt", True, NETWORK, 2)], "2 providers"),
        ([(name, False, NETWORK, 1) for name in ("haiku", "gpt", "claude")], "3 providers"),
        ([("claude", False, NETWORK, 1)], None),
        ([("claude", False, NETWORK, 1), ("gpt", False, NETWORK, 1), ("gpt", True, None, 1)], None),
        ([("claude", False, NETWORK, 1), ("gpt", False, NETWORK, 1), ("haiku", False, None, 1)], None),
        ([("claude", False, NETWORK, 1), ("gpt", False, Trigger.timeout, 1)], None),
        ([("claude", False, NETWORK, 1), ("gpt", False, NETWORK, 1), ("gpt", False, Trigger.timeout, 1)], None),
        ([("claude", False, None, 1), ("gpt", False, None, 1)], None),
    ],
)
def test_when_no_provider_that_was_called_can_be_reached_it_is_our_network(calls, named):
    told = found(evidence=evidence(*calls))
    if named is None:
        assert told == (IDLE,)
        return
    names = ", ".join(sorted({f"{name}-provider" for name, *_ in calls}))
    text = f"None of {named} can be reached in 5 min ({names}): look at this machine's network."
    assert told == (view("our_network", "critical", text),)


@pytest.mark.parametrize(
    ("bad", "calls", "told_of"),
    [(3, 14, True), (3, 15, False), (2, 2, False), (3, 3, True), (4, 19, True), (4, 20, False)],
)
def test_bad_answers_are_three_or_more_and_over_a_fifth(bad, calls, told_of):
    half = [("gpt", True, Trigger.empty, 1), ("gpt", False, Trigger.loop, bad - 1)]
    told = found(evidence=evidence(*half, ("gpt", False, None, calls - bad)))
    text = f"gpt gives bad answers: {bad} of {calls} in 5 min could not be used."
    assert told == ((why("bad_answers", "warning", text, "gpt") if told_of else IDLE),)


def test_each_model_that_gives_bad_answers_is_named_and_no_other():
    calls = [
        ("claude", False, Trigger.timeout, 9),
        ("gpt", False, Trigger.refusal, 3),
        ("haiku", False, Trigger.loop, 4),
    ]
    told = found(evidence=evidence(*calls))
    assert [(one.code, one.subject) for one in told] == [("bad_answers", "gpt"), ("bad_answers", "haiku")]


@pytest.mark.parametrize(
    ("calls", "count"),
    [
        ([("gpt", True, Trigger.stream_cut, 3), ("gpt", False, None, 1)], 3),
        ([("gpt", True, Trigger.stream_cut, 2), ("gpt", True, Trigger.timeout, 2), ("gpt", False, None, 1)], 4),
        ([("gpt", True, Trigger.stream_cut, 2), ("gpt", False, None, 1)], None),
        ([("gpt", True, Trigger.stream_cut, 3)], None),
        ([("gpt", True, Trigger.stream_cut, 3), ("gpt", False, Trigger.timeout, 1)], None),
        ([("gpt", False, Trigger.timeout, 3)], None),
    ],
)
def test_only_streams_fail_where_plain_answers_come(calls, count):
    told = found(evidence=evidence(*calls))
    if count is None:
        assert told == (IDLE,)
    else:
        text = f"Only the streams of gpt fail ({count} in 5 min); its plain answers come."
        assert told == (view("only_streams", "warning", text, subject="gpt"),)


# ---------------------------------------------------------------- the primary
IN_TROUBLE = [
    ("cooling", "limited", ("f", "hold it 10 min")),
    ("open", "down", ("f", "hold it 10 min")),
    ("suspended", "failing too often", ("f", "hold it 10 min")),
    ("trial", "being tried again", ("f", "hold it 10 min")),
    ("no_key", "without a usable key", ("", "")),
]


@pytest.mark.parametrize(("state", "words", "key"), IN_TROUBLE)
def test_a_primary_in_trouble_is_told_with_evidence_and_stand_in(state, words, key):
    told = found(claude=held(state, **COOLING))
    text = f"claude is {words} (429, Retry-After, since 07:55; next try in 42 s). gpt answers main."
    assert told == (view(f"primary_{state}", "warning", text, HELD_SINCE, *key, "claude"),)


@pytest.mark.parametrize("state", ["ok", "disabled", "draining"])
def test_a_primary_that_serves_or_that_was_taken_out_is_no_trouble(state):
    assert found(claude=held(state)) == (IDLE,)


@pytest.mark.parametrize("forced", ["gpt", ""])
def test_what_is_forced_already_needs_no_key(forced):
    [told] = found(claude=held("open"), chains=(chain(forced=forced),))
    assert told == view("primary_open", "warning", "claude is down. gpt answers main.", subject="claude")


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, ""),
        ({"reason": "5 failures in a row"}, " (5 failures in a row)"),
        ({"since": HELD_SINCE}, " (since 07:55)"),
        ({"seconds_left": 42.0}, " (next try in 42 s)"),
    ],
)
def test_only_what_is_known_is_told_of_it(known, words):
    [told] = found(claude=held("open", **known))
    assert told.text == f"claude is down{words}. gpt answers main."


USED = chain(figures=FiguresView(requests=40, answered=38))


@pytest.mark.parametrize(
    ("gpt", "haiku", "changes", "text"),
    [
        ({"share": 0.2}, {"share": 0.7}, {}, "haiku answers 70 % of main: 95 % ok."),
        ({"share": 0.0}, {"share": 0.7}, {}, "haiku answers 70 % of main: 95 % ok."),
        ({"share": 0.7}, {"share": 0.2}, {}, "gpt answers 70 % of main: 95 % ok."),
        ({"share": 0.9, "state": "disabled"}, {"share": 0.1}, {}, "haiku answers 10 % of main: 95 % ok."),
        ({}, {}, {}, "gpt answers main."),
        ({"share": 0.7}, {"share": 0.2}, {"chains": (chain(),)}, "gpt answers main."),
        (
            {"share": 0.7},
            {"share": 0.2},
            {"window": FiguresView(p95_ms=61_500.0), "usual": FiguresView(p95_ms=1500.0)},
            "gpt answers 70 % of main: 95 % ok, p95 +60.0 s.",
        ),
        ({"share": 0.7}, {}, {"window": FiguresView(p95_ms=2400.0)}, "gpt answers 70 % of main: 95 % ok."),
        ({"share": 0.7}, {}, {"usual": FiguresView(p95_ms=2400.0)}, "gpt answers 70 % of main: 95 % ok."),
    ],
)
def test_the_stand_in_is_the_one_that_answers_most_and_how_it_fares_is_said(gpt, haiku, changes, text):
    told = found(claude=held("trial"), gpt=gpt, haiku=haiku, **{"chains": (USED,), **changes})
    assert told[0] == view("primary_trial", "warning", f"claude is being tried again. {text}", None, "f",
                           "hold it 10 min", "claude")  # fmt: skip


def test_a_primary_being_tried_again_with_nobody_left_says_so_and_offers_no_key():
    told = found(claude=held("trial"), gpt=held("disabled"), haiku=held("draining"))
    text = "claude is being tried again. No other model of main can answer."
    assert told[0] == view("primary_trial", "warning", text, subject="claude")
    assert [one.code for one in told] == ["primary_trial", "last_one"]


@pytest.mark.parametrize(
    ("primary", "gpt", "haiku", "words"),
    [
        ("s", {"same_as": "s", "calls": 1}, {}, ", in this region only: gpt answers"),
        ("s", {"same_as": "s", "calls": 0}, {}, ""),
        ("s", {"same_as": "t", "calls": 1}, {}, ""),
        ("", {"same_as": "", "calls": 1}, {}, ""),
        ("s", {"same_as": "s", "calls": 1, "state": "disabled"}, {}, ", and so is the same model elsewhere"),
        (
            "s",
            {"same_as": "s", "calls": 1, "state": "disabled"},
            {"same_as": "s", "calls": 1},
            ", in this region only: haiku answers",
        ),
    ],
)
def test_whether_it_is_the_region_or_the_model_goes_by_its_like(primary, gpt, haiku, words):
    told = found(claude=held("open", same_as=primary, calls=3), gpt=gpt, haiku=haiku)
    assert told[0].text.startswith(f"claude is down{words}. ")


# ---------------------------------------------------------------- how many are left
ENDS = {"seconds_left": 600.0}


@pytest.mark.parametrize(
    ("states", "key"),
    [
        (("cooling", "open", "suspended"), ("", "")),
        (("no_key", "disabled", "draining"), ("d", "enable gpt")),
        (("draining", "open", "disabled"), ("d", "enable claude")),
    ],
)
def test_a_chain_without_a_model_is_critical_and_says_why_of_each(states, key):
    one, two, three = states
    told = found(
        claude=held(one, since=WALL - 90, **ENDS), gpt=held(two, since=WALL - 30), haiku=held(three, since=None)
    )
    text = f"No model of main can answer: claude {one} 10 min; gpt {two}; haiku {three}. Its callers get errors."
    assert told[0] == view("no_model", "critical", text, WALL - 30, *key, "main")
    assert not any(one.code.startswith("primary_") or one.code == "last_one" for one in told)


def test_what_the_emergency_cache_holds_is_still_answered():
    told = found(**dict.fromkeys(("claude", "gpt", "haiku"), held("open")), chains=(chain(emergency_cache=True),))
    assert told[0].text.endswith("Its callers get errors, but for what it answered before (emergency cache).")


def test_since_when_there_is_no_model_may_be_unknown():
    told = found(claude=held("disabled"), gpt=held("disabled"), haiku=held("disabled"))
    assert told[0].since is None


def test_the_last_model_is_told_with_what_holds_the_others():
    told = found(gpt=held("disabled"), haiku=held("draining", **ENDS))
    text = "claude is the last model of main that can answer (gpt disabled, haiku draining 10 min)."
    assert told == (view("last_one", "warning", text, subject="main"),)


def test_two_that_are_left_are_not_the_last_and_one_alone_has_no_others():
    assert found(gpt=held("disabled")) == (IDLE,)
    assert found(models=(model("claude", 1),), chains=(chain(models=("claude",)),)) == (IDLE,)


def test_each_chain_is_looked_at_with_its_own_models():
    night = [model("haiku", 1, chain="night", state="trial"), model("gpt", 2, chain="night", state="disabled")]
    day = [model("claude", 1, state="disabled"), model("gpt", 2)]
    chains = (chain(models=("claude", "gpt")), chain("night", ("haiku", "gpt")))
    told = found(models=(*day, *night), chains=chains)
    assert [(one.code, one.subject) for one in told] == [
        ("primary_trial", "haiku"),
        ("last_one", "main"),
        ("last_one", "night"),
    ]


# ---------------------------------------------------------------- the others
@pytest.mark.parametrize(
    ("state", "severity", "words"),
    [
        ("cooling", "note", "limited"),
        ("open", "warning", "down"),
        ("suspended", "warning", "failing too often"),
        ("no_key", "warning", "without a usable key"),
    ],
)
def test_a_fallback_in_trouble_is_told_milder_where_it_is_only_limited(state, severity, words):
    told = found(gpt=held(state, **COOLING))
    text = f"gpt is {words} (429, Retry-After, since 07:55; next try in 42 s)."
    assert told == (view(f"model_{state}", severity, text, HELD_SINCE, subject="gpt"),)


@pytest.mark.parametrize("state", ["ok", "trial", "disabled", "draining"])
def test_a_fallback_that_serves_or_was_taken_out_is_not_told_of(state):
    assert found(gpt=held(state)) == (IDLE,)


def test_a_model_of_two_chains_is_told_of_once_as_it_stands_in_the_first():
    models = (model("claude", 1), model("gpt", 2, state="open"), model("gpt", 1, chain="night", state="open"))
    chains = (chain(models=("claude", "gpt")), chain("night", ("gpt",)))
    told = [one.code for one in found(models=models, chains=chains)]
    assert told == ["no_model", "last_one", "model_open"]


@pytest.mark.parametrize(("since", "words"), [(HELD_SINCE, " since 07:55"), (None, "")])
@pytest.mark.parametrize(
    ("reason", "begin", "remedy"),
    [
        ("refused by the provider", "refuses the key of gpt", "put a valid one in its variable and restart."),
        (
            "refused for this model",
            "does not let its key use gpt",
            "allow it there or change the key.",
        ),
        ("its provider asks for a key", "asks for a key to serve gpt", "name its variable with api_key_env."),
    ],
)
def test_a_refused_key_says_what_to_do(since, words, reason, begin, remedy):
    told = found(gpt=held("no_key", reason=reason, since=since))
    text = f"gpt-provider {begin}{words}: {remedy}"
    assert told[0] == view("key_refused", "critical", text, since, subject="gpt")


@pytest.mark.parametrize(("state", "reason"), [("no_key", "no key configured"), ("open", "refused by the provider")])
def test_a_key_that_is_missing_was_not_refused(state, reason):
    assert "key_refused" not in {one.code for one in found(gpt=held(state, reason=reason))}


def test_some_keys_held_back_are_counted():
    told = found(cooling_keys={"claude": (1, 3), "gpt": (2, 4)})
    assert told == (
        view("some_keys", "note", "1 of 3 keys of claude are held back; it serves with the rest.", subject="claude"),
        view("some_keys", "note", "2 of 4 keys of gpt are held back; it serves with the rest.", subject="gpt"),
    )


# ---------------------------------------------------------------- money
DOLLAR = PICO_PER_USD


@pytest.mark.parametrize(
    ("spent", "at_limit", "expected"),
    [
        (79, "block", None),
        (80, "block", ("budget_near", "warning", "The day's cost is $80.00 of $100.00.")),
        (99, "cheapest", ("budget_near", "warning", "The day's cost is $99.00 of $100.00.")),
        (100, "warn", ("budget_near", "warning", "The day's cost is $100.00 of $100.00.")),
        (101, "warn", ("over_budget", "critical", "The day's cost is $101.00 of $100.00, over its limit.")),
        (
            100,
            "block",
            (
                "over_budget",
                "critical",
                "The day's cost is $100.00 of $100.00: requests are refused until midnight.",
            ),
        ),
        (
            101,
            "cheapest",
            (
                "over_budget",
                "critical",
                "The day's cost is $101.00 of $100.00: only the cheapest model is called until midnight.",
            ),
        ),
    ],
)
def test_the_days_cost_is_told_from_its_alert_share_on(spent, at_limit, expected):
    told = found(
        today=FiguresView(cost_pico_usd=(spent - 5) * DOLLAR),
        other_pico_usd=5 * DOLLAR,
        budget=Budget(daily=100 * DOLLAR, at_limit=at_limit),
    )
    assert told == (IDLE if expected is None else view(*expected),)


def test_the_hour_at_which_the_budget_is_gone_is_told_where_it_is_known():
    told = found(
        today=FiguresView(cost_pico_usd=90 * DOLLAR), budget=Budget(daily=100 * DOLLAR), budget_gone_at=WALL + 5400.0
    )
    text = "The day's cost is $90.00 of $100.00; at this rate it is gone at 09:30."
    assert told == (view("budget_near", "warning", text),)


def test_without_a_limit_no_cost_is_too_high():
    assert found(today=FiguresView(cost_pico_usd=10**18)) == (IDLE,)


# ---------------------------------------------------------------- the house itself
@pytest.mark.parametrize(
    ("store", "text"),
    [
        (StoreView("full", "no space left", 3),
         "The store is full: no space left. Traffic goes on. 3 finished requests could not be kept."),
        (StoreView("behind"), "The store is behind. Traffic goes on."),
        (StoreView("records lost", "1,200 finished request(s) could not be kept", 1200),
         "The store has lost requests: 1,200 finished request(s) could not be kept. Traffic goes on."),
        (StoreView("damaged", "what it had is in x"), "The store was damaged: what it had is in x. Traffic goes on."),
        (StoreView("clock set back", "by an hour"), "The store is ahead of the clock: by an hour. Traffic goes on."),
    ],
)  # fmt: skip
def test_a_store_in_trouble_holds_nothing_up(store, text):
    assert found(store=store) == (view("store", "warning", text),)


def test_a_lost_screen_says_since_when():
    text = "The screen is lost: its terminal went away at 07:59. It serves on, and ends after five quiet minutes."
    assert found(screen_lost_at=WALL - 60) == (view("screen_lost", "note", text, WALL - 60),)


@pytest.mark.parametrize(
    ("decision", "code", "text"),
    [
        (
            DecisionView("force", "main", "main forced to gpt", "maria", WALL - 60, "claude is slow", 540.0),
            "ordered_force",
            'main forced to gpt, by maria since 07:59, 9 min left: "claude is slow".',
        ),
        (
            DecisionView("model", "gpt", "gpt disabled", "you", WALL - 120, "", None),
            "ordered_model",
            "gpt disabled, by you since 07:58, until lifted.",
        ),
    ],
)
def test_an_order_in_force_is_a_note_with_its_undo(decision, code, text):
    assert found(decisions=(decision,)) == (view(code, "note", text, decision.at, "u", "undo", decision.subject),)


def test_another_order_of_a_chain_is_no_situation():
    assert found(decisions=(DecisionView("order", "main", "main in order gpt", "you", WALL, "", None),)) == (IDLE,)


# ---------------------------------------------------------------- and their order
def test_the_worst_comes_first_whatever_holds_at_once():
    night = (model("local", 1, chain="night", state="open"), model("tiny", 2, chain="night"))
    alone = (model("far", 1, chain="alone", state="no_key", reason="refused by the provider"),)
    told = found(
        models=(*look(claude=held("open"), gpt=held("suspended")).models, *night, *alone),
        chains=(chain(), chain("night", ("local", "tiny")), chain("alone", ("far",))),
        window=answered(100, 20, fallback=30, p95_ms=9000.0),
        usual=FiguresView(p95_ms=1000.0),
        today=FiguresView(cost_pico_usd=90 * DOLLAR),
        budget=Budget(daily=100 * DOLLAR),
        decisions=(DecisionView("model", "gpt", "gpt disabled", "you", WALL, "", None),),
        store=StoreView("full"),
        screen_lost_at=WALL,
        evidence=evidence(
            ("haiku", False, Trigger.empty, 3), ("gpt", True, Trigger.stream_cut, 3), ("gpt", False, None, 1)
        ),
        cooling_keys={"tiny": (1, 2)},
    )
    assert [one.code for one in told] == [
        "no_model",
        "key_refused",
        "failed",
        "budget_near",
        "primary_open",
        "primary_open",
        "last_one",
        "last_one",
        "bad_answers",
        "only_streams",
        "slow",
        "model_suspended",
        "fallback_rate",
        "store",
        "screen_lost",
        "some_keys",
        "ordered_model",
    ]
