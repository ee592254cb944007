"""The operations guide's file runs as it is: its keys, its defaults, its order, in the router's terms."""

import json

import pytest

from hotspare.router.settings import Rates

PRIMARY = "claude-sonnet-4-20250514"


def guide(**keys):
    return "// as found in the wild\n" + json.dumps({"claude_model": PRIMARY, **keys})


@pytest.fixture
def run(read):
    return lambda content: read(content, "humanlayer.json")


def test_one_key_is_enough_and_the_rest_has_the_guides_defaults(run):
    found = run(guide())
    chain = found.settings.chains["main"]
    limits, breaker = chain.limits[PRIMARY], found.settings.models[PRIMARY].breaker
    assert found.format == "HumanLayer JSON"
    assert chain.models == (PRIMARY,)
    assert (limits.retries, limits.retry_delay_seconds, limits.retry_multiplier) == (3, 1, 2)
    assert limits.retry_delay_cap_seconds == 10
    assert (limits.attempt_seconds, limits.first_content_seconds, limits.silence_seconds) == (30, 30, 30)
    assert (breaker.consecutive_failures, breaker.open_seconds, breaker.success_threshold) == (3, 60, 1)
    assert (breaker.failed_share, breaker.window_seconds, breaker.minimum_calls) == (0.2, 300, 20)
    assert (breaker.suspended_seconds, breaker.cooldown_seconds) == (300, 60)
    assert found.settings.default_chain == "main"
    assert found.settings.budget.daily is None


def test_every_key_reaches_what_it_stands_for(run):
    found = run(
        guide(
            fallback_models=[{"model": "gpt-4o", "priority": 1, "max_retries": 1, "timeout_seconds": 7}],
            model_config={
                "retry_attempts": 5,
                "retry_delay_ms": 250,
                "retry_backoff_multiplier": 3,
                "max_retry_delay_ms": 4000,
                "timeout_seconds": 11,
                "fallback_on_rate_limit": False,
                "fallback_on_error": False,
                "fallback_on_timeout": False,
            },
            health_check={"interval_seconds": 45, "failure_threshold": 7, "success_threshold": 2},
            fallback_rules={
                "rate_limit_cooldown_seconds": 90,
                "error_threshold_percent": 35,
                "re_enable_after_seconds": 120,
            },
            cost_config={"daily_limit_usd": 12.5, "alert_threshold_percent": 60},
        )
    )
    chain, breaker = found.settings.chains["main"], found.settings.models["gpt-4o"].breaker
    primary, fallback = chain.limits[PRIMARY], chain.limits["gpt-4o"]
    assert (primary.retries, fallback.retries) == (5, 1)
    assert (primary.attempt_seconds, fallback.attempt_seconds) == (11, 7)
    assert (fallback.first_content_seconds, fallback.silence_seconds) == (7, 7)
    assert (fallback.retry_delay_seconds, fallback.retry_multiplier, fallback.retry_delay_cap_seconds) == (0.25, 3, 4)
    assert (chain.fallback_on_rate_limit, chain.fallback_on_error, chain.fallback_on_timeout) == (False, False, False)
    assert (breaker.open_seconds, breaker.consecutive_failures, breaker.success_threshold) == (45, 7, 2)
    assert (breaker.cooldown_seconds, breaker.failed_share, breaker.suspended_seconds) == (90, 0.35, 120)
    assert found.settings.budget.daily == 12_500_000_000_000
    assert found.settings.budget.alert_share == 0.6


@pytest.mark.parametrize(
    ("flag", "field"),
    [
        ("fallback_on_rate_limit", "fallback_on_rate_limit"),
        ("fallback_on_error", "fallback_on_error"),
        ("fallback_on_timeout", "fallback_on_timeout"),
    ],
)
def test_each_flag_is_its_own(run, flag, field):
    chain = run(guide(model_config={flag: False})).settings.chains["main"]
    flags = {name: getattr(chain, f"fallback_on_{name}") for name in ("rate_limit", "error", "timeout")}
    assert [name for name, value in flags.items() if not value] == [field.removeprefix("fallback_on_")]


def test_a_fallback_has_two_retries_and_the_general_timeout_where_it_says_nothing(run):
    limits = run(guide(fallback_models=[{"model": "gpt-4o", "priority": 1}], model_config={"timeout_seconds": 12}))
    fallback = limits.settings.chains["main"].limits["gpt-4o"]
    assert (fallback.retries, fallback.attempt_seconds) == (2, 12)


def test_fallbacks_follow_the_primary_by_priority(run):
    entries = [{"model": name, "priority": priority} for name, priority in (("gpt-4o", 5), ("o3", -1), ("gpt-5", 2.5))]
    assert run(guide(fallback_models=entries)).settings.chains["main"].models == (PRIMARY, "o3", "gpt-5", "gpt-4o")


def test_equal_priorities_keep_the_files_order_with_a_warning(run):
    entries = [{"model": name, "priority": 1} for name in ("gpt-5", "gpt-4o")]
    found = run(guide(fallback_models=entries))
    assert found.settings.chains["main"].models == (PRIMARY, "gpt-5", "gpt-4o")
    assert "gpt-5, gpt-4o have the same priority (1): they keep the file's order" in found.warnings


def test_the_file_can_take_models_out(run):
    entries = [{"model": "gpt-4o", "priority": 1}, {"model": "o3", "priority": 2, "enabled": False}]
    models = run(guide(claude_model_enabled=False, fallback_models=entries)).settings.models
    assert [model.enabled for model in models.values()] == [False, True, False]


def test_the_error_rate_rule_can_be_switched_off(run):
    found = run(guide(fallback_rules={"auto_disable_failing_models": False, "error_threshold_percent": 30}))
    assert found.settings.models[PRIMARY].breaker.failed_share == 0


def test_a_configured_price_counts_for_both_ways_and_wins(run):
    found = run(guide(fallback_models=[{"model": "gpt-4o", "priority": 1, "cost_per_token": 0.0000035}]))
    assert found.settings.models["gpt-4o"].rates == Rates(3_500_000, 3_500_000)


def test_unknown_keys_are_listed_as_ignored_and_run(run, states):
    found = run(
        guide(theme="dark", model_config={"jitter": True}, fallback_models=[{"model": "o3", "priority": 1, "x": 1}])
    )
    ignored = {key for key, state in states(found).items() if state == "ignored"}
    assert ignored == {"theme", "model_config.jitter", "fallback_models[0].x"}


def test_what_nobody_carries_out_yet_is_said(run, states):
    found = run(
        guide(
            health_check={"enabled": True, "interval_seconds": 30, "timeout_seconds": 5},
        )
    )
    not_yet = {key for key, state in states(found).items() if state == "not yet in force"}
    assert not_yet == {
        "health_check.enabled",
        "health_check.timeout_seconds",
    }
    notes = {key.key: key.note for key in found.keys}
    assert notes["health_check.interval_seconds"] == "as breaker.open_seconds; not yet as health_check.interval_seconds"


def test_the_guides_limits_refuse_when_they_are_reached(run, states):
    found = run(guide(cost_config={"daily_limit_usd": 5, "per_session_limit_usd": 1, "alert_threshold_percent": 70}))
    budget = found.settings.budget
    assert (budget.daily, budget.session, budget.alert_share) == (5 * 10**12, 10**12, 0.7)
    assert (budget.at_limit, budget.unknown_price) == ("block", "refuse")
    assert "not yet in force" not in states(found).values()


def test_fallbacks_go_by_cost_and_latency_where_the_guides_file_says_so(run, states):
    found = run(
        guide(
            model_config={"cost_aware_fallback": True, "performance_aware_fallback": True},
            fallback_rules={"latency_threshold_seconds": 4},
        )
    )
    chain = found.settings.chains["main"]
    assert (chain.fallbacks_by, chain.latency_threshold_seconds) == (("cost", "latency"), 4)
    assert "not yet in force" not in states(found).values()
    assert run(guide(fallback_rules={})).settings.chains["main"].latency_threshold_seconds == 10, "the guide's default"


def test_regions_are_tried_in_their_order_before_the_fallbacks(run, states):
    regions = [
        {"region": "eu", "primary_model": PRIMARY, "api_endpoint": "https://eu.example.com"},
        {"region": "ap", "api_endpoint": "https://ap.example.com"},
    ]
    found = run(guide(regions=regions, fallback_models=[{"model": "o3", "priority": 1}]))
    assert found.settings.chains["main"].models == (PRIMARY, f"{PRIMARY}@eu", f"{PRIMARY}@ap", "o3")
    assert found.endpoints[f"{PRIMARY}@ap"].base_url == "https://ap.example.com"
    assert found.endpoints[f"{PRIMARY}@ap"].model_id == PRIMARY
    assert found.settings.models[f"{PRIMARY}@eu"].breaker == found.settings.models[PRIMARY].breaker
    assert "not yet in force" not in states(found).values()


def test_only_what_the_file_says_is_accounted_for(run, states):
    assert states(run(guide(fallback_models=[]))) == {"claude_model": "in force", "fallback_models": "in force"}


def test_json_as_people_write_it_is_read(run):
    text = "/* by hand */ {claude_model: 'claude-sonnet-4-20250514', // primary\n 'fallback_models': [],}"
    assert run(text).settings.chains["main"].models == (PRIMARY,)


def test_a_byte_order_mark_does_no_harm(run):
    assert run("\ufeff" + guide()).settings.chains["main"].models == (PRIMARY,)


def test_the_content_decides_about_the_format_not_the_name(read):
    assert read(guide(), "hotspare.toml").format == "HumanLayer JSON"


def test_the_store_is_named_after_the_file_in_the_state_folder(run, tmp_path):
    found = run(guide())
    assert found.name.startswith("humanlayer-")
    assert found.store.path == tmp_path / "state" / "hotspare" / f"{found.name}.db"
