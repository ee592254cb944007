"""What a run knows of its models comes back after a restart: states, reasons and times, whatever the clocks."""

import json

import pytest

from hotspare.router.settings import BreakerRules, Limits
from hotspare.router.trigger import Trigger

NO_RETRIES = Limits(retries=0)
AWAY_SECONDS = 7.0


@pytest.fixture
def restarted(world):
    """The same world after a restart: another monotonic clock, and some seconds later. Memory goes through JSON."""

    def restart(before, **options):
        memory = json.loads(json.dumps(before.router.memory(now=before.now, wall=before.wall)))
        after = world(limits=NO_RETRIES, **options)
        wall = before.wall + AWAY_SECONDS
        after.now = 5.0
        after.router.restore(decisions={}, memory=memory, now=after.now, wall=wall)
        return after

    return restart


def test_nothing_to_remember_is_nothing(world):
    main = world()
    main.request()
    assert main.router.memory(now=main.now, wall=main.wall) == {}


def test_cooldowns_come_back_with_what_is_left_of_them(world, fails, restarted):
    main = world(limits=NO_RETRIES, models={"claude": {"keys": ("A", "B")}})
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 100.0), fails(Trigger.rate_limit, 429)]
    main.request()
    main.now += 10.0
    after = restarted(main, models={"claude": {"keys": ("A", "B")}})
    one, other = (after.router.states["claude"].cooldowns[key] for key in ("A", "B"))
    assert one.until == pytest.approx(5.0 + 100.0 - 11.0 - AWAY_SECONDS), "it began 11 s before the end"
    assert one.since == pytest.approx(5.0 - 11.0 - AWAY_SECONDS)
    assert (one.asked, one.reason) == (True, "429, Retry-After")
    assert (other.asked, other.reason) == (False, "429")
    assert other.until == pytest.approx(5.0 + 60.0 - 10.0 - AWAY_SECONDS, abs=0.6)
    view = next(view for view in main.snapshot().models if view.name == "claude")
    assert view.state == "cooling"


def test_what_has_ended_meanwhile_or_is_of_a_key_that_is_gone_does_not(world, fails, restarted):
    main = world(limits=NO_RETRIES, models={"claude": {"keys": ("A", "B")}})
    main.scripts["claude"] = [fails(Trigger.rate_limit, 429, 6.0), fails(Trigger.rate_limit, 429, 50.0)]
    main.request()
    assert set(restarted(main, models={"claude": {"keys": ("A", "B")}}).router.states["claude"].cooldowns) == {"B"}
    assert not restarted(main, models={"claude": {"keys": ("A",)}}).router.states["claude"].cooldowns
    main.now += 6.5
    assert set(main.router.memory(now=main.now, wall=main.wall)["claude"]["cooldowns"]) == {"B"}


@pytest.mark.parametrize(("status", "own"), [(401, False), (403, True)])
def test_refused_keys_come_back(world, fails, restarted, status, own):
    models = {name: {"keys": ("A",), "provider": "same"} for name in ("claude", "gpt")}
    main = world(limits=NO_RETRIES, models=models)
    main.scripts["claude"] = [fails(Trigger.auth, status)]
    main.request()
    after = restarted(main, models=models)
    state = after.router.states["claude"]
    refused = state.own_refused if own else state.keys.refused
    assert refused["A"] == pytest.approx(5.0 + 300.0 - 0.5 - AWAY_SECONDS, abs=0.6)
    assert state.held(after.ask(), after.now).skip == "no_key"
    assert (after.router.states["gpt"].held(after.ask(), after.now) is None) == own
    gone = restarted(main, models={"claude": {"keys": ("B",), "provider": "same"}})
    assert gone.router.states["claude"].held(gone.ask(), gone.now) is None


@pytest.mark.parametrize("state", ["open", "suspended"])
def test_breakers_come_back_as_they_were(world, fails, restarted, state):
    rules = (
        BreakerRules(consecutive_failures=3)
        if state == "open"
        else BreakerRules(consecutive_failures=100, minimum_calls=3, failed_share=0.5)
    )
    main = world(limits=NO_RETRIES, breaker=rules)
    main.scripts["claude"] = [fails(Trigger.timeout)]
    for _ in range(3):
        main.request()
    before = main.router.states["claude"].breaker
    after = restarted(main, breaker=rules)
    breaker = after.router.states["claude"].breaker
    assert (breaker.state, breaker.reason) == (state, before.reason)
    assert breaker.until - after.now == pytest.approx(before.until - main.now - AWAY_SECONDS)
    assert after.now - breaker.since == pytest.approx(main.now - before.since + AWAY_SECONDS)
    after.now = breaker.until
    after.scripts["claude"] = [fails(Trigger.timeout)]
    after.request()
    seconds = rules.open_seconds if state == "open" else rules.suspended_seconds
    assert breaker.until - after.now == pytest.approx(2 * seconds, abs=1.1), "it remembers that it opened before"


def test_a_break_that_is_over_by_now_leaves_one_trial(world, fails, restarted):
    main = world(limits=NO_RETRIES, breaker=BreakerRules(consecutive_failures=1, open_seconds=3.0))
    main.scripts["claude"] = [fails(Trigger.timeout)]
    main.request()
    after = restarted(main, breaker=BreakerRules(consecutive_failures=1, open_seconds=3.0))
    assert after.router.states["claude"].breaker.state == "open"
    assert after.router.states["claude"].breaker.held_until(after.now) is None


def test_a_breaker_that_is_switched_off_remembers_nothing(world, fails, restarted):
    main = world(limits=NO_RETRIES, breaker=BreakerRules(consecutive_failures=1))
    main.scripts["claude"] = [fails(Trigger.timeout)]
    main.request()
    after = restarted(main, breaker=BreakerRules(enabled=False))
    assert after.router.states["claude"].breaker.state == "closed"


def test_what_was_remembered_of_a_model_that_is_gone_does_no_harm(world, fails, restarted):
    main = world("claude", "gone", limits=NO_RETRIES, breaker=BreakerRules(consecutive_failures=1))
    main.scripts["gone"] = [fails(Trigger.timeout)]
    main.request(start="gone")
    assert restarted(main).router.states["claude"].breaker.state == "closed"
