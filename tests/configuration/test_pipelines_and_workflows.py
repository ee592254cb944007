"""DocETL's pipelines, TinyLLM's workflows and the essay's chain run as they are."""

import pytest

PIPELINE = """
default_model: gpt-4o-mini
fallback_models:
  - model_name: claude-sonnet-4-20250514
    litellm_params: {temperature: 0.0, max_tokens: 50, api_key: os.environ/OTHER_KEY, rpm: 5}
  - o3
fallback_embedding_models: [text-embedding-3-small, text-embedding-3-large]
operations:
  - {name: extract, type: map, model: gpt-4o, prompt: hello}
  - {name: again, model: o3}
  - {name: group, embedding_model: text-embedding-ada-002}
datasets: {tickets: {type: file}}
"""

WORKFLOW = """
nodes:
  - {id: start, type: entry, config: {model: not-ours}}
  - id: analyzer
    type: model
    config:
      model: qwen2.5:3b
      enable_fallback: yes
      fallback_models: [llama3.2:3b, qwen2.5:3b]
      fallback_strategy: FASTEST
      fallback_timeout_ms: 15000
      max_retries_per_model: 1
      health_check_interval_s: 20
  - id: writer
    type: model
    config: {model: gpt-oss:20b, enable_fallback: false, fallback_models: [x], fallback_strategy: load_balanced}
"""

CHAIN = """
fallback_chain:
  - {provider: openai, model: gpt-4o, priority: 2, timeout: 30s}
  - {provider: anthropic, model: claude-sonnet-4-20250514, priority: 1, timeout: 1500ms}
  - {provider: ollama, model: gpt-4o, timeout: 2m, max_tokens: 100}
"""


# ------------------------------------------------------------------ DocETL
def test_a_pipeline_has_a_chain_for_completions_and_one_for_embeddings(read):
    chains = read(PIPELINE, "pipeline.yaml").settings.chains
    assert chains["main"].models == ("gpt-4o-mini", "claude-sonnet-4-20250514", "o3")
    assert chains["embeddings"].models == ("text-embedding-3-small", "text-embedding-3-large")
    assert (chains["embeddings"].kind, chains["embeddings"].falls_back) == ("embeddings", True)
    assert chains["main"].action("content_filter").name == "next"


def test_a_model_that_only_an_operation_names_is_a_guest(read):
    chains = read(PIPELINE, "pipeline.yaml").settings.chains
    assert (chains["main"].guests, chains["embeddings"].guests) == (("gpt-4o",), ("text-embedding-ada-002",))
    assert set(chains["main"].limits) == {"gpt-4o-mini", "claude-sonnet-4-20250514", "o3", "gpt-4o"}


def test_parameters_are_the_models_own_and_keys_come_by_reference(read):
    found = read(PIPELINE, "pipeline.yaml", environ={"OTHER_KEY": "other"})
    endpoint = found.endpoints["claude-sonnet-4-20250514"]
    assert endpoint.parameters == {"temperature": 0.0, "max_tokens": 50}
    assert [key.secret for key in endpoint.keys] == ["other"]
    note = next(key.note for key in found.keys if key.key == "fallback_models[0].litellm_params")
    assert note == "without rpm"


def test_the_rest_of_a_pipeline_is_left_alone_and_said(read, states):
    found = states(read(PIPELINE, "pipeline.yaml"))
    ignored = {key for key, state in found.items() if state == "ignored"}
    assert {"datasets", "operations[0].prompt", "operations[0].type", "operations[0].name"} <= ignored
    assert found["operations[0].model"] == "in force"


def test_vectors_of_two_models_are_warned_about(read):
    assert any("do not mix them in one index" in warning for warning in read(PIPELINE, "p.yaml").warnings)
    assert not any("index" in warning for warning in read("default_model: o3\n", "p.yaml").warnings)


@pytest.mark.parametrize("content", ["default_model: o3\n", "fallback_models: [o3]\n"])
def test_one_model_is_enough(read, content):
    found = read(content, "pipeline.yaml")
    assert found.settings.chains["main"].models == ("o3",)
    assert found.settings.default_chain == "main"


def test_a_pipeline_without_a_model_is_refused(refusal):
    assert "it names no model" in refusal("default_model:\noperations: []\n", "pipeline.yaml")


def test_a_pipelines_text_is_no_toml(read):
    content = "default_model: o3\noperations:\n  - prompt: |\n      [table]\n      key = 1\n"
    assert read(content, "pipeline.yaml").format == "DocETL YAML"


# ------------------------------------------------------------------ TinyLLM
def test_every_model_node_is_a_chain_served_by_ollama(read):
    found = read(WORKFLOW, "workflow.yaml")
    chains = found.settings.chains
    assert {name: chain.models for name, chain in chains.items()} == {
        "analyzer": ("qwen2.5:3b", "llama3.2:3b"),
        "writer": ("gpt-oss:20b",),
    }
    assert {endpoint.provider for endpoint in found.endpoints.values()} == {"ollama"}
    assert (chains["analyzer"].strategy, chains["writer"].strategy) == ("fastest", "load_balanced")


def test_a_nodes_times_are_its_chains(read):
    found = read(WORKFLOW, "workflow.yaml")
    limits = found.settings.chains["analyzer"].limits["llama3.2:3b"]
    assert (limits.attempt_seconds, limits.first_content_seconds, limits.silence_seconds) == (15, 15, 15)
    assert limits.retries == 1
    assert found.settings.chains["writer"].limits["gpt-oss:20b"].retries == 2
    breaker = found.settings.models["qwen2.5:3b"].breaker
    assert (breaker.consecutive_failures, breaker.open_seconds, breaker.success_threshold) == (3, 20, 1)


def test_health_tracking_can_be_off(read):
    found = read(WORKFLOW.replace("max_retries_per_model: 1", "enable_health_tracking: no"), "workflow.yaml")
    assert not found.settings.models["qwen2.5:3b"].breaker.enabled
    assert found.settings.models["gpt-oss:20b"].breaker.enabled


def test_other_nodes_are_no_chains(read, states):
    found = states(read(WORKFLOW, "workflow.yaml"))
    assert found["nodes[0].config.model"] == "not supported"
    assert found["nodes[1].config.model"] == "in force"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("nodes: [{id: a, type: model}]", "nodes[0].config.model is missing"),
        ("nodes: [{id: a, type: model, config: {model: m, fallback_strategy: random}}]", "fallback_strategy must be"),
        ("nodes:\n- {id: a, type: model, config: {model: m}}\n- {id: a, type: model, config: {model: n}}", "the id a"),
    ],
)
def test_a_workflow_that_cannot_be_run(refusal, content, said):
    assert said in refusal(content, "workflow.yaml")


# ------------------------------------------------------------------ the essay's chain
def test_the_essays_chain_goes_by_priority_across_providers(read):
    found = read(CHAIN, "chain.yaml")
    chain = found.settings.chains["main"]
    assert chain.models == ("claude-sonnet-4-20250514", "openai/gpt-4o", "ollama/gpt-4o")
    assert [chain.limits[name].attempt_seconds for name in chain.models] == [1.5, 30, 120]
    assert found.endpoints["ollama/gpt-4o"].provider == "ollama"
    assert found.endpoints["ollama/gpt-4o"].parameters == {"max_tokens": 100}
    assert found.settings.models["openai/gpt-4o"].breaker.consecutive_failures == 5


@pytest.mark.parametrize("time", ["30", "30 sec", "-1s", "1e3s"])
def test_a_time_is_a_number_with_its_unit(refusal, time):
    said = refusal(CHAIN.replace("30s", f'"{time}"'), "chain.yaml")
    assert "line 3: fallback_chain[0].timeout must be a time like 30s, 500ms or 2m" in said


def test_a_provider_that_nobody_knows_is_refused(refusal):
    assert "there is no provider acme" in refusal(CHAIN.replace("ollama", "acme"), "chain.yaml")
