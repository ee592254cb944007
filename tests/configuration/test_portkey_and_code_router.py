"""Portkey's and claude-code-router's JSON become chains of ours."""

import json

import pytest

from hotspare.configuration.load import ConfigurationError


def target(model="gpt-4o", **keys):
    return {"provider": "openai", "override_params": {"model": model}, **keys}


@pytest.fixture
def run(read):
    return lambda content, **options: read(json.dumps(content), "config.json", **options)


# ------------------------------------------------------------------ Portkey
def test_targets_follow_each_other_with_what_each_says(run):
    found = run(
        {
            "strategy": {"mode": "fallback", "on_status_codes": [429, 503]},
            "retry": {"attempts": 3},
            "request_timeout": 9000,
            "targets": [
                target(request_timeout=4000, name="first"),
                target("gpt-4o-mini", retry={"attempts": 1}),
                {
                    "provider": "anthropic",
                    "override_params": {"model": "claude-sonnet-4-20250514", "temperature": 0},
                    "custom_host": "https://proxy.example.com/v1",
                },
            ],
        }
    )
    chain = found.settings.chains["main"]
    assert chain.models == ("first", "gpt-4o-mini", "claude-sonnet-4-20250514")
    assert chain.strategy == "priority"
    assert [chain.limits[name].attempt_seconds for name in chain.models] == [4, 9, 9]
    assert [chain.limits[name].retries for name in chain.models] == [3, 1, 3]
    assert (chain.fallback_on_rate_limit, chain.fallback_on_error, chain.fallback_on_timeout) == (True, True, False)
    assert found.endpoints["claude-sonnet-4-20250514"].parameters == {"temperature": 0}
    assert found.endpoints["claude-sonnet-4-20250514"].base_url == "https://proxy.example.com/v1"


def test_a_balanced_config_is_weighted(run):
    config = {"strategy": {"mode": "loadbalance"}, "targets": [target(weight=3), target("o3", weight=1), target("o1")]}
    chain = run(config).settings.chains["main"]
    assert (chain.strategy, chain.weights) == ("weighted", {"gpt-4o": 3.0, "o3": 1.0, "o1": 1.0})


@pytest.mark.parametrize("first", [True, False])
def test_a_balanced_group_is_spread_where_it_comes_first(run, first):
    group = {"strategy": {"mode": "loadbalance"}, "targets": [target(weight=3), target("gpt-4o-mini", weight=1)]}
    targets = [group, target("o3")] if first else [target("o3"), group]
    chain = run({"strategy": {"mode": "fallback"}, "targets": targets}).settings.chains["main"]
    if first:
        assert (chain.models, chain.strategy) == (("gpt-4o", "gpt-4o-mini", "o3"), "weighted")
        assert chain.weights == {"gpt-4o": 3.0, "gpt-4o-mini": 1.0}
    else:
        assert (chain.models, chain.strategy) == (("o3", "gpt-4o", "gpt-4o-mini"), "priority")


def test_the_breaker_of_a_config(run):
    breaker = {"failure_threshold": 4, "failure_threshold_percentage": 25, "cooldown_interval": 30000}
    config = {"strategy": {"mode": "fallback", "cb_config": breaker}, "targets": [target()]}
    rules = run(config).settings.models["gpt-4o"].breaker
    assert (rules.consecutive_failures, rules.failed_share, rules.open_seconds) == (4, 0.25, 30)


def test_keys_are_never_taken_and_a_target_without_a_model_is_left_out(run, states):
    secret = "sk-abcdefghijklmnopqrstuvwxyz"
    found = run({"targets": [target(api_key=secret), {"virtual_key": "vk-a"}]})
    assert found.settings.chains["main"].models == ("gpt-4o",)
    assert secret not in repr(found)
    assert states(found)["targets[0].api_key"] == states(found)["targets[1].virtual_key"] == "not supported"


def test_a_config_without_a_model_is_refused(refusal):
    said = refusal(json.dumps({"targets": [{"virtual_key": "vk-a"}]}), "config.json")
    assert "no target of it names a model" in said


def test_two_targets_of_one_model_have_two_names(run):
    found = run({"strategy": {"mode": "fallback"}, "targets": [target(), {**target(), "provider": "openrouter"}]})
    assert found.settings.chains["main"].models == ("gpt-4o", "openrouter/gpt-4o")


def test_a_name_kept_at_portkey_leaves_the_provider_to_the_models_name(run, states):
    found = run({"targets": [{**target(), "provider": "@team-prod"}, {**target("o3"), "provider": "@openai"}]})
    assert [endpoint.provider for endpoint in found.endpoints.values()] == ["openai", "openai"]
    assert (states(found)["targets[0].provider"], states(found)["targets[1].provider"]) == ("not supported", "in force")


# ------------------------------------------------------------------ claude-code-router
def routed(**keys):
    return {
        "Providers": [
            {
                "name": "deepseek",
                "api_base_url": "https://api.deepseek.com/chat/completions",
                "api_key": "$DEEP",
                "models": ["deepseek-chat", "deepseek-reasoner"],
            },
            {"name": "own", "api_base_url": "https://own.example.com/v1/messages", "api_key": "sk-itself-0123456789ab"},
        ],
        "Router": {"default": "deepseek,deepseek-chat", **keys},
    }


@pytest.fixture
def route(run):
    return lambda **keys: run(routed(**keys), environ={"DEEP": "deep"})


def test_the_default_route_serves_whatever_is_asked_for(route):
    found = route()
    assert found.settings.chains["main"].models == ("deepseek/deepseek-chat",)
    assert found.settings.default_chain == "main"
    assert found.settings.chains["main"].answers == ("claude-*",)
    endpoint = found.endpoints["deepseek/deepseek-chat"]
    assert (endpoint.base_url, endpoint.model_id) == ("https://api.deepseek.com", "deepseek-chat")
    assert [key.secret for key in endpoint.keys] == ["deep"]


def test_long_prompts_start_at_their_own_model(route):
    chain = route(longContext="deepseek,deepseek-reasoner", longContextThreshold=9000).settings.chains["main"]
    assert (chain.strategy, chain.models) == ("task", ("deepseek/deepseek-reasoner", "deepseek/deepseek-chat"))
    assert (chain.tasks[0].start, chain.tasks[0].prompt_tokens_below) == ("deepseek/deepseek-chat", 9000)


def test_other_routes_are_chains_with_the_default_behind_them(route):
    found = route(think="deepseek,deepseek-reasoner", background="own,small")
    assert found.settings.chains["think"].models == ("deepseek/deepseek-reasoner", "deepseek/deepseek-chat")
    assert found.endpoints["own/small"].dialect == "anthropic"
    assert found.endpoints["own/small"].base_url == "https://own.example.com"
    assert found.key_names["own/small"] == ("OWN_API_KEY",)
    assert "sk-itself" not in repr(found)


def test_a_chain_of_models_follows_every_route(route):
    fallback = {"mode": "model-chain", "models": ["deepseek/deepseek-reasoner"], "retryCount": 1}
    chain = route(fallback=fallback).settings.chains["main"]
    assert chain.models == ("deepseek/deepseek-chat", "deepseek/deepseek-reasoner")
    assert chain.limits["deepseek/deepseek-chat"].retries == 1


@pytest.mark.parametrize(
    ("router", "said"),
    [({}, "Router.default is missing"), ({"default": "nobody,x"}, "Router.default names the provider nobody")],
)
def test_routes_lead_somewhere(refusal, router, said):
    assert said in refusal(json.dumps({"Providers": [], "Router": router}), "config.json")


def test_the_routers_own_key_is_asked_for(run):
    found = run({**routed(), "APIKEY": "itself", "PORT": 3456}, environ={"DEEP": "x", "HOTSPARE_TOKEN": "a-long-token"})
    assert (found.gateway.token, found.gateway.port) == ("a-long-token", 3456)


def test_a_token_that_is_not_there_is_said_with_the_key_of_the_file(run):
    provider = {"name": "box", "api_base_url": "https://box/v1/chat/completions", "api_key": "$KEY", "models": ["m"]}
    with pytest.raises(ConfigurationError) as refused:
        run(
            {"APIKEY": "a-token-itself", "Providers": [provider], "Router": {"default": "box,m"}},
            environ={"KEY": "k" * 20},
        )
    assert "APIKEY takes its token from HOTSPARE_TOKEN, which is empty or not set" in refused.value.title
    assert "or take APIKEY out" in refused.value.hint


@pytest.mark.parametrize(
    ("host", "needs"), [("localhost:11434", False), ("127.0.0.1:1", False), ("10.0.0.7:8000", True)]
)
def test_a_key_for_show_at_a_local_server_is_none(read, host, needs):
    content = {
        "Providers": [
            {
                "name": "box",
                "api_base_url": f"http://{host}/v1/chat/completions",
                "api_key": "ollama",
                "models": ["qwen"],
            }
        ],
        "Router": {"default": "box,qwen"},
    }
    found = read(json.dumps(content), "config.json", environ={"BOX_API_KEY": "k" * 12})
    assert found.settings.models["box/qwen"].needs_key is needs
    assert found.key_names["box/qwen"] == (("BOX_API_KEY",) if needs else ())
