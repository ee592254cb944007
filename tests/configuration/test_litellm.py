"""LiteLLM's config.yaml runs as it is: groups are chains, deployments are models, both places of settings count."""

import pytest

from hotspare.configuration.load import ConfigurationError

TWO = """
  - model_name: main
    litellm_params: {{model: openai/gpt-4o{0}}}
  - model_name: main
    litellm_params: {{model: openai/gpt-4o-mini{1}}}
"""
BACKUP = "  - {model_name: backup, litellm_params: {model: anthropic/claude-sonnet-4-20250514}}\n"
LONG = "  - {model_name: long, litellm_params: {model: openai/gpt-4.1}}\n"


def groups(one="", other="", more=BACKUP + LONG):
    return "model_list:" + TWO.format(one, other).rstrip() + "\n" + more


@pytest.fixture
def run(read):
    return lambda content, **options: read(content, "config.yaml", **options)


def test_groups_are_chains_of_their_deployments_and_their_fallbacks(run):
    found = run(groups() + 'litellm_settings:\n  fallbacks: [{"main": ["backup"]}]\n')
    assert {name: chain.models for name, chain in found.settings.chains.items()} == {
        "main": ("main-1", "main-2", "backup"),
        "backup": ("backup",),
        "long": ("long",),
    }
    assert found.endpoints["main-2"].model_id == "gpt-4o-mini"
    assert found.endpoints["backup"].provider == "anthropic"
    assert found.format == "LiteLLM config.yaml"


def test_fallbacks_of_fallbacks_follow_and_nobody_comes_twice(run):
    routes = '[{"main": ["backup"]}, {"backup": ["long", "main"]}]'
    found = run(groups() + f"router_settings:\n  fallbacks: {routes}\n")
    assert found.settings.chains["main"].models == ("main-1", "main-2", "backup", "long")
    assert found.settings.chains["backup"].models == ("backup", "long", "main-1", "main-2")


def test_fallbacks_of_both_places_are_merged_and_their_difference_is_said(run):
    found = run(
        groups()
        + 'litellm_settings:\n  fallbacks: [{"main": ["backup"]}]\n'
        + 'router_settings:\n  fallbacks: [{"main": ["long"]}]\n'
    )
    assert found.settings.chains["main"].models == ("main-1", "main-2", "long", "backup")
    said = "fallbacks of main stand twice (long in one place, backup in another): all are taken, in this order"
    assert said in found.warnings


@pytest.mark.parametrize("place", ["litellm_settings", "router_settings"])
def test_what_stands_in_one_place_or_alike_in_both_is_no_conflict(run, place):
    routes = '  fallbacks: [{"main": ["backup"]}]\n'
    alike = groups() + f"litellm_settings:\n{routes}router_settings:\n{routes}"
    for content in (alike, groups() + f"{place}:\n{routes}"):
        found = run(content)
        assert found.settings.chains["main"].models == ("main-1", "main-2", "backup")
        assert not any("twice" in warning for warning in found.warnings)


@pytest.mark.parametrize("catch", ['fallbacks: [{"*": ["long"]}]', "default_fallbacks: [long]"])
def test_a_catch_all_stands_behind_groups_without_fallbacks_of_their_own(run, catch):
    found = run(
        groups()
        + f"litellm_settings:\n  {catch}\n"
        + 'router_settings:\n  context_window_fallbacks: []\n  fallbacks: [{"main": ["backup"]}]\n'
    )
    chains = found.settings.chains
    assert chains["backup"].models == ("backup", "long")
    assert chains["main"].models[:3] == ("main-1", "main-2", "backup")
    assert chains["long"].models == ("long",)


def test_a_group_that_is_not_there_is_left_out_and_said(run):
    found = run(groups() + 'litellm_settings:\n  fallbacks: [{"main": ["bakcup", "long"]}]\n')
    assert found.settings.chains["main"].models == ("main-1", "main-2", "long")
    assert "litellm_settings.fallbacks names bakcup, which is not in model_list: left out" in found.warnings


def test_content_policy_and_context_window_fallbacks(run):
    found = run(
        groups()
        + 'litellm_settings:\n  context_window_fallbacks: [{"main": ["long"]}]\n'
        + '  content_policy_fallbacks: [{"main": ["backup"]}]\n'
    )
    chains = found.settings.chains
    assert chains["main"].models == ("main-1", "main-2", "long", "backup")
    assert chains["main"].action("content_filter").name == "next"
    assert chains["backup"].action("content_filter").name == "stop"
    notes = {key.key: key.note for key in found.keys}
    assert "also serve when all before" in notes["litellm_settings.context_window_fallbacks"]


def test_a_group_is_spread_by_weight_over_its_own_members_only(run):
    found = run(groups(", weight: 3", ", weight: 1") + 'litellm_settings:\n  fallbacks: [{"main": ["backup"]}]\n')
    chain = found.settings.chains["main"]
    assert (chain.strategy, chain.weights) == ("weighted", {"main-1": 3.0, "main-2": 1.0})
    assert found.settings.chains["backup"].strategy == "priority"


@pytest.mark.parametrize(
    ("one", "other", "weights"),
    [
        ("", "", {"main-1": 1.0, "main-2": 1.0}),
        (", rpm: 600", ", rpm: 200", {"main-1": 600.0, "main-2": 200.0}),
        (", rpm: 6, weight: 1", ", rpm: 2, weight: 5", {"main-1": 1.0, "main-2": 5.0}),
    ],
)
def test_what_a_group_is_spread_by(run, one, other, weights):
    assert run(groups(one, other)).settings.chains["main"].weights == weights


def test_order_stands_before_weight(run):
    chain = run(groups(", order: 2, weight: 9", ", order: 1")).settings.chains["main"]
    assert (chain.models, chain.strategy) == (("main-2", "main-1"), "priority")


@pytest.mark.parametrize(
    ("asked", "alone", "behind"),
    [
        ("simple-shuffle", "weighted", "weighted"),
        ("least-busy", "load_balanced", "weighted"),
        ("latency-based-routing", "load_balanced", "weighted"),
        ("cost-based-routing", "cost", "weighted"),
        ("something-new", "weighted", "weighted"),
    ],
)
def test_strategies_have_their_nearest_and_never_mix_fallbacks_in(run, asked, alone, behind):
    content = groups() + f"router_settings:\n  routing_strategy: {asked}\n"
    assert run(content).settings.chains["main"].strategy == alone
    assert run(content + '  fallbacks: [{"main": ["backup"]}]\n').settings.chains["main"].strategy == behind


def test_settings_reach_what_they_stand_for(run):
    found = run(
        groups(", timeout: 7, stream_timeout: 3, max_retries: 1, max_parallel_requests: 4")
        + "litellm_settings: {num_retries: 4, request_timeout: 50}\n"
        + "router_settings: {allowed_fails: 2, cooldown_time: 45, model_group_alias: {gpt-4: main}}\n"
    )
    limits, model = found.settings.chains["main"].limits, found.settings.models["main-1"]
    assert (limits["main-1"].attempt_seconds, limits["main-1"].first_content_seconds) == (7, 3)
    assert (limits["main-1"].retries, limits["main-2"].retries) == (1, 4)
    assert (limits["main-2"].attempt_seconds, limits["main-2"].silence_seconds) == (50, 50)
    assert (model.breaker.consecutive_failures, model.breaker.open_seconds, model.breaker.cooldown_seconds) == (
        3,
        45,
        45,
    )
    assert model.max_concurrent == 4
    assert found.settings.chains["main"].answers == ("gpt-4",)


def test_the_routers_own_word_counts_where_both_places_speak(run, states):
    found = run(groups() + "litellm_settings: {num_retries: 4}\nrouter_settings: {num_retries: 1}\n")
    assert found.settings.chains["main"].limits["main-1"].retries == 1
    assert states(found)["litellm_settings.num_retries"] == "not supported"
    assert states(found)["router_settings.num_retries"] == "in force"


def test_retries_by_error_say_what_is_retried(run):
    policy = "{RateLimitErrorRetries: 3, TimeoutErrorRetries: 0, BadRequestErrorRetries: 1}"
    chain = run(groups() + f"router_settings: {{retry_policy: {policy}}}\n").settings.chains["main"]
    assert (chain.action("rate_limit").name, chain.action("timeout").name) == ("retry", "next")


def test_keys_come_by_reference_and_a_key_itself_is_never_taken(run, states):
    literal = "sk-proj-abcdefghijklmnopqrstuv"
    found = run(groups(", api_key: os.environ/OWN_KEY", f", api_key: {literal}"), environ={"OWN_KEY": "own"})
    assert [key.secret for key in found.endpoints["main-1"].keys] == ["own"]
    assert found.key_names["main-2"] == ("OPENAI_API_KEY",)
    assert states(found)["model_list[1].litellm_params.api_key"] == "not supported"
    assert literal not in repr(found)


def test_an_address_comes_from_the_file_or_from_a_variable(run, refusal):
    content = groups(", api_base: https://one.example.com/v1", ", api_base: os.environ/TWO")
    found = run(content, environ={"TWO": "https://two.example.com/v1/"})
    assert found.endpoints["main-1"].base_url == "https://one.example.com/v1"
    assert found.endpoints["main-2"].base_url == "https://two.example.com/v1"
    assert "models[1].base_url_env names TWO, which is not set" in refusal(content, "config.yaml")
    assert "which holds no address" in refusal(content, "config.yaml", environ={"TWO": "two"})


def test_prices_sizes_and_parameters_of_a_deployment(run):
    more = "    model_info: {max_input_tokens: 9000, input_cost_per_token: 3e-06, output_cost_per_token: 1.5e-05}\n"
    found = run(groups(", temperature: 0.3", "", more))
    model = found.settings.models["main-2"]
    assert (model.rates.input, model.rates.output) == (3_000_000, 15_000_000)
    assert found.endpoints["main-1"].parameters == {"temperature": 0.3}
    assert found.endpoints["main-2"].parameters == {}


def test_embeddings_are_chains_of_their_own_kind(run):
    vectors = "  - {model_name: vec, litellm_params: {model: text-embedding-3-small}, model_info: {mode: embedding}}\n"
    found = run("model_list:\n" + BACKUP + vectors)
    assert (found.settings.chains["vec"].kind, found.settings.chains["backup"].kind) == ("embeddings", "chat")
    assert found.settings.chains["vec"].falls_back
    assert found.settings.default_chain == "backup"


def test_several_chat_groups_have_no_default(run):
    assert run(groups()).settings.default_chain is None


def test_a_pattern_is_not_supported_and_alone_refused(run, refusal, states):
    pattern = '  - {model_name: "openai/*", litellm_params: {model: "openai/*", api_key: os.environ/X}}\n'
    found = run("model_list:\n" + pattern + BACKUP)
    assert list(found.settings.models) == ["backup"]
    assert states(found)["model_list[0].model_name"] == "not supported"
    assert "no model of model_list can be called by a name" in refusal("model_list:\n" + pattern, "config.yaml")


def test_the_master_key_is_asked_for_also_where_the_file_holds_the_key_itself(run, refusal):
    by_name = groups() + "general_settings: {master_key: os.environ/MASTER}\n"
    assert run(by_name, environ={"MASTER": "a-long-token"}).gateway.token == "a-long-token"
    itself = groups() + "general_settings: {master_key: sk-1234}\n"
    assert run(itself, environ={"LITELLM_MASTER_KEY": "a-long-token"}).gateway.token == "a-long-token"
    assert "LITELLM_MASTER_KEY" in refusal(itself, "config.yaml")


def test_a_provider_that_nobody_knows_is_refused_by_its_key(refusal):
    said = refusal("model_list:\n  - {model_name: a, litellm_params: {model: nowhere/a}}\n", "config.yaml")
    assert "no provider is known for the model nowhere/a (model_list[0].litellm_params.model)" in said


def test_other_programs_names_of_providers_are_known(run):
    found = run("model_list:\n  - {model_name: a, litellm_params: {model: ollama_chat/llama3}}\n")
    assert (found.endpoints["a"].provider, found.endpoints["a"].model_id) == ("ollama", "llama3")


def test_what_came_of_the_keys_of_a_group_is_said(run, states):
    params = ", weight: 1, rpm: 5, tpm: 9, order: 1"
    alone = "  - {model_name: backup, litellm_params: {model: o3, weight: 3, order: 2}}\n"
    found = run(groups(params, params, alone) + "router_settings: {routing_strategy: simple-shuffle}\n")
    said = states(found)
    for key in ("weight", "rpm", "tpm", "order"):
        assert said[f"model_list[0].litellm_params.{key}"] == "in force"
    assert said["model_list[2].litellm_params.weight"] == "not supported"
    assert said["model_list[2].litellm_params.order"] == "in force"
    assert said["router_settings.routing_strategy"] == "in force"


def test_a_chain_of_fallbacks_is_followed_no_further_than_litellm_does(run):
    more = "".join(f"  - {{model_name: g{i}, litellm_params: {{model: o3}}}}\n" for i in range(8))
    routes = ", ".join(f'{{"g{i}": ["g{i + 1}"]}}' for i in range(7))
    found = run(f"model_list:\n{more}litellm_settings:\n  fallbacks: [{routes}]\n")
    assert found.settings.chains["g0"].models == ("g0", "g1", "g2", "g3", "g4", "g5")


AZURE = "  - {model_name: %s, litellm_params: {model: azure/gpt-4o, api_base: os.environ/AT, api_version: '%s'}}\n"


def test_what_is_said_of_a_deployment_here_is_said_of_its_provider(run, states):
    around = {"AT": "https://mine.openai.azure.com", "AZURE_OPENAI_API_KEY": "key", "AWS_BEARER_TOKEN_BEDROCK": "key"}
    bedrock = "  - {model_name: c, litellm_params: {model: bedrock/anthropic.claude-x, aws_region_name: eu-west-1}}\n"
    found = run("model_list:\n" + AZURE % ("a", "2024-10-21") + AZURE % ("b", "2025-01-01") + bedrock, environ=around)
    assert found.endpoints["a"].api_version == "2024-10-21"
    assert "eu-west-1" in found.endpoints["c"].base_url
    said = states(found)
    assert said["model_list[0].litellm_params.api_version"] == "in force"
    assert said["model_list[1].litellm_params.api_version"] == "not supported"
    assert said["model_list[2].litellm_params.aws_region_name"] == "in force"


def test_what_is_unknown_is_listed(run, states):
    found = run(groups() + "litellm_settings: {set_verbose: true}\nenvironment_variables: {A: b}\n")
    assert states(found)["litellm_settings.set_verbose"] == "ignored"
    assert states(found)["environment_variables"] == "ignored"


def test_a_price_that_lacks_its_other_half_is_named_as_the_file_would(run):
    model = "  - model_name: main\n    litellm_params: {model: openai/gpt-4o}\n"
    with pytest.raises(ConfigurationError) as refused:
        run("model_list:\n" + model + "    model_info: {input_cost_per_token: 0.000001}\n")
    assert "model_list[0].model_info.output_cost_per_token is missing" in refused.value.title
    assert refused.value.hint == "add model_list[0].model_info.output_cost_per_token"


SERVER = "{model: openai/facebook/opt-125m, api_base: 'http://10.0.0.7:8000/v1', api_key: %s}"


@pytest.mark.parametrize("key", ["none", "EMPTY", "sk-proj-abcdefghijklmnopqrstuv"])
def test_a_server_of_ones_own_with_a_key_for_show_never_gets_the_providers_key(run, states, key):
    found = run(f"model_list:\n  - model_name: own\n    litellm_params: {SERVER % key}\n")
    endpoint = found.endpoints["own"]
    assert (endpoint.base_url, endpoint.model_id, endpoint.dialect) == (
        "http://10.0.0.7:8000/v1", "facebook/opt-125m", "openai",
    )  # fmt: skip
    assert (endpoint.keys, found.settings.models["own"].needs_key) == ((), False)
    assert states(found)["model_list[0].litellm_params.api_key"] == "not supported"
    assert key == "none" or key not in repr(found)


@pytest.mark.parametrize(
    "params",
    [
        "{model: openai/gpt-4o, api_base: 'https://api.openai.com/v1', api_key: sk-x}",
        "{model: openai/gpt-4o, api_base: 'http://10.0.0.7:8000/v1'}",
        "{model: openai/gpt-4o, api_base: 'http://10.0.0.7:8000/v1', api_key: os.environ/OPENAI_API_KEY}",
    ],
)
def test_where_the_providers_key_is_meant_it_is_used(run, params):
    found = run(f"model_list:\n  - model_name: own\n    litellm_params: {params}\n")
    assert found.key_names["own"] == ("OPENAI_API_KEY",)


@pytest.mark.parametrize("address", ["http://[", "os.environ/NOWHERE", "box"])
def test_an_address_that_is_none_is_refused_in_words(refusal, address):
    params = f"{{model: openai/x, api_base: '{address}', api_key: none}}"
    sentence = refusal(f"model_list:\n  - model_name: own\n    litellm_params: {params}\n", "config.yaml")
    assert "config.yaml" in sentence
