"""Limits of cost: a call is admitted while what is spent and what is under way are below them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.router.settings import Budget, Limits, Rates
from hotspare.router.step import Begin, CallerLeft, Cancelled, Ended, Fail, Failed, FirstContent, Try
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

NO_RETRIES = Limits(retries=0)
ONE = Rates(1, 1)
"""A picodollar a token, so that a request of `Usage(n, 0)` costs n."""


def called(told):
    return [step.model for step in told.tries]


@pytest.fixture
def limited(world):
    """A world in which each call costs 100, under a budget."""

    def make(models=None, **budget):
        cheap = {name: {"rates": ONE} for name in ("claude", "gpt", "haiku")}
        main = world(limits=NO_RETRIES, models=cheap | (models or {}), budget=Budget(**budget))
        for name in cheap:
            main.scripts[name] = [Usage(100, 0)]
        return main

    return make


def begin(main, **ask):
    walk = main.router.open(main.ask(**ask), main.now)
    return walk, walk.next(Begin(), main.now)[0]


def end(main, walk, cost=100):
    walk.next(FirstContent(1), main.now)
    walk.next(Ended(1, Usage(cost, 0)), main.now)
    main.router.fold(walk.record(main.now))


# ------------------------------------------------------------------ the day
def test_at_the_days_limit_no_provider_is_called(limited):
    main = limited(daily=250)
    assert [called(main.request()) for _ in range(3)] == [["claude"]] * 3, "0, 100 and 200 are below it"
    told = main.request()
    assert called(told) == []
    assert isinstance(told.last, Fail)
    assert (told.last.status, told.last.code, told.last.retry_after_seconds) == (429, "insufficient_quota", None)
    assert "the day's limit of" in told.last.message
    assert {candidate.skip for candidate in told.record.candidates} == {"over_budget"}
    assert (told.record.verdict, told.record.reason) == ("failed", "over_budget")


def test_exactly_at_the_limit_is_no_longer_below_it(limited):
    main = limited(daily=100)
    assert called(main.request()) == ["claude"]
    assert called(main.request()) == []


def test_it_begins_anew_at_midnight(limited):
    main = limited(daily=100)
    main.request()
    assert called(main.request()) == []
    main.now += 86_400.0
    main.router.tick(main.now, main.wall)
    assert called(main.request()) == ["claude"]


def test_what_tests_and_probes_cost_counts_too(limited):
    main = limited(daily=100)
    main.request(kind="probe")
    assert called(main.request()) == []


def test_what_is_under_way_is_reserved_at_what_such_answers_cost(limited):
    main = limited(daily=350)
    main.request()
    walks = [begin(main) for _ in range(4)]
    assert [isinstance(step, Try) for _, step in walks] == [True, True, True, False], "300 is below 350, 400 is not"
    end(main, walks[0][0])
    assert isinstance(begin(main)[1], Fail), "spent instead of reserved: no less"
    walks[1][0].next(Failed(1, AttemptFailed(Trigger.server_error, "", status=500)), main.now)
    end(main, walks[2][0], cost=20)


def test_a_call_that_cost_nothing_gives_its_reservation_back(limited):
    main = limited(daily=250)
    main.request()
    (one, _), (other, _) = begin(main), begin(main)
    assert isinstance(begin(main)[1], Fail)
    one.next(CallerLeft(), main.now)
    one.next(Cancelled(1, Usage(0, 0)), main.now)
    one.record(main.now)
    assert isinstance(begin(main)[1], Try)
    end(main, other)


def test_before_a_model_has_answered_its_prompt_is_reserved(limited):
    main = limited(daily=100)
    assert isinstance(begin(main, size_bytes=396)[1], Try), "99 tokens"
    assert isinstance(begin(main, size_bytes=4)[1], Try), "99 are reserved"
    assert isinstance(begin(main, size_bytes=4)[1], Fail)


def test_a_fallback_is_not_paid_for_either(limited, fails):
    main = limited(daily=100)
    failure = fails(Trigger.stream_stall)
    failure.usage = Usage(100, 0)
    main.scripts["claude"] = [failure]
    told = main.request()
    assert called(told) == ["claude"]
    assert told.record.candidates[1].skip == "over_budget"
    assert told.last.status == 503, "something was called, and it failed"


def test_a_limit_outweighs_a_last_resort(limited, fails):
    main = limited(daily=100)
    main.scripts["claude"] = [fails(Trigger.network)]
    for _ in range(5):
        main.request(start="claude", only=True)
    main.request()
    told = main.request()
    assert called(told) == []
    assert told.last.code == "insufficient_quota"


# ------------------------------------------------------------------ a session
def test_a_session_has_its_own_limit(limited):
    main = limited(session=150)
    assert [called(main.request(session="a")) for _ in range(3)] == [["claude"], ["claude"], []]
    assert "the session's limit of" in main.request(session="a").last.message
    assert called(main.request(session="b")) == ["claude"]
    assert called(main.request()) == ["claude"], "without a session there is nothing to limit"


def test_what_a_session_has_under_way_is_reserved_for_it_alone(limited):
    main = limited(session=150)
    main.request(session="a")
    assert isinstance(begin(main, session="a")[1], Try)
    assert isinstance(begin(main, session="a")[1], Fail)
    assert isinstance(begin(main, session="b")[1], Try)


def test_sessions_are_remembered_in_a_bounded_number(limited):
    main = limited(session=150)
    for n in range(10_002):
        main.router._purse.fold(main.request(session=f"s{n}", kind="traffic").record)
        if n > 3:
            break
    purse = main.router._purse
    for n in range(10_001):
        purse._sessions[f"x{n}"] = 1
    main.request(session="new")
    assert "new" in purse._sessions
    assert "s0" not in purse._sessions


# ------------------------------------------------------------------ what happens at the limit
def test_only_the_cheapest_goes_on_where_the_budget_says_so(limited):
    main = limited(models={"haiku": {"rates": Rates(0, 1)}}, daily=100, at_limit="cheapest")
    main.request()
    told = main.request()
    assert called(told) == ["haiku"]
    assert [candidate.skip for candidate in told.record.candidates] == ["over_budget", "over_budget", None]


def test_a_warning_refuses_nothing(limited):
    main = limited(daily=100, at_limit="warn")
    assert [called(main.request()) for _ in range(5)] == [["claude"]] * 5
    assert main.router._purse is None


def test_an_unknown_price_is_refused_unless_allowed(limited):
    unknown = {"claude": {"rates": None}}
    told = limited(models=unknown, daily=1000).request()
    assert called(told) == ["gpt"]
    assert (told.record.candidates[0].skip, told.record.candidates[0].by) == ("over_budget", "its price is unknown")
    assert called(limited(models=unknown, daily=1000, unknown_price="allow").request()) == ["claude"]
    assert called(limited(models=unknown).request()) == ["claude"], "without a limit nothing is refused"


# ------------------------------------------------------------------ whatever happens
@given(data=st.data())
def test_what_is_spent_exceeds_the_limit_by_no_more_than_was_in_flight(limited, data):
    main = limited(daily=1000)
    purse, running, most = main.router._purse, [], 0
    for _ in range(data.draw(st.integers(1, 60))):
        if running and data.draw(st.booleans()):
            walk = running.pop(data.draw(st.integers(0, len(running) - 1)))
            cost = data.draw(st.integers(0, 300))
            most = max(most, cost)
            match data.draw(st.sampled_from(("answer", "fail", "leave"))):
                case "answer":
                    end(main, walk, cost)
                case "fail":
                    walk.next(
                        Failed(1, AttemptFailed(Trigger.bad_request, "", status=400, usage=Usage(cost, 0))), main.now
                    )
                    main.router.fold(walk.record(main.now))
                case "leave":
                    walk.next(CallerLeft(), main.now)
                    walk.next(Cancelled(1, Usage(cost, 0)), main.now)
                    main.router.fold(walk.record(main.now))
        else:
            spent = main.router.live.day.cost_pico_usd + purse._reserved
            walk, step = begin(main, size_bytes=400)
            assert isinstance(step, Try) == (spent < 1000)
            if isinstance(step, Try):
                running.append(walk)
        assert purse._reserved >= 0
        assert (purse._reserved == 0) or running
    assert main.router.live.day.cost_pico_usd < 1000 + 300 * 60


# ------------------------------------------------------------------ to the picodollar
def asked_of(main, session="s1", **ask):
    return called(main.request(session=session, **ask))


def test_a_sessions_limit_is_exact(limited):
    main = limited(session=200)
    assert [asked_of(main) for _ in range(3)] == [["claude"], ["claude"], []], "0 and 100 are below 200"
    main = limited(session=201)
    assert [asked_of(main) for _ in range(4)] == [["claude"]] * 3 + [[]]
    assert asked_of(main, "s2") == ["claude"], "another session has its own"
    assert asked_of(main, None) == ["claude"], "and so has what is none"


def test_what_sessions_cost_before_counts(limited):
    main = limited(session=200)
    main.router._purse.take_up({"s1": 150, "s2": 100})
    main.router._purse.take_up({"s2": 100})
    assert [asked_of(main, name) for name in ("s1", "s1", "s2")] == [["claude"], [], []]


def test_what_is_under_way_is_set_aside_for_its_session_alone(limited):
    main = limited(session=200)
    main.request()  # a call costs 100, as is known from here on
    first, step = begin(main, session="s1")
    assert isinstance(step, Try)
    second, step = begin(main, session="s1")
    assert isinstance(step, Try), "100 of 200 are under way"
    assert asked_of(main) == []
    assert asked_of(main, "s2") == ["claude"]
    end(main, first)
    walk_left(main, second)
    assert asked_of(main) == ["claude"], "100 were spent, nothing is under way"


def walk_left(main, walk):
    walk.next(CallerLeft(), main.now)
    walk.next(Failed(1, AttemptFailed(Trigger.network, "not sent")), main.now)


def test_the_first_call_is_expected_to_cost_its_prompt(limited):
    main = limited(daily=1000)
    ask = main.ask(size_bytes=400)
    purse, claude = main.router._purse, main.router.states["claude"]
    assert purse.expected(ask, claude) == 100
    main.request()
    main.scripts["claude"] = [Usage(301, 0)]
    main.request()
    assert purse.expected(ask, claude) == 200, "the mean of what its answers cost, in whole picodollars"
    assert purse.expected(ask, main.router.states["gpt"]) == 100


def test_what_has_no_price_is_expected_to_cost_nothing(limited):
    main = limited(daily=1000, unknown_price="allow", models={"claude": {"rates": None}})
    assert main.router._purse.expected(main.ask(size_bytes=400), main.router.states["claude"]) == 0


def test_of_equal_prices_the_first_is_the_cheapest(limited):
    main = limited(
        daily=100, at_limit="cheapest", models={"gpt": {"rates": Rates(0, 0)}, "haiku": {"rates": Rates(0, 0)}}
    )
    main.request()
    assert called(main.request()) == ["gpt"]
