"""TinyLLM's workflow YAML: each node of type model is a chain of its own, of models that Ollama serves."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault, plain
from hotspare.configuration.formats.foreign import Foreign, validated
from hotspare.configuration.formats.translation import Translation
from hotspare.configuration.formats.yaml_text import parse, top_key
from hotspare.configuration.values import AtLeastOne, Milliseconds, Name, Retries, Seconds

FORMAT = "TinyLLM workflow YAML"
PROVIDER = "ollama"
FAILURES_IN_ROW = 3
TIMEOUTS = ("attempt_seconds", "first_content_seconds", "silence_seconds")
STRATEGIES = {"sequential": "priority", "fastest": "fastest", "load_balanced": "load_balanced"}

recognises = top_key("nodes")


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class NodeConfig(Foreign):
    model: Name | None = None
    enable_fallback: bool = True
    fallback_models: list[Name] = Field(default_factory=list)
    fallback_strategy: Annotated[Literal["sequential", "fastest", "load_balanced"], BeforeValidator(_lower)] = (
        "sequential"
    )
    fallback_timeout_ms: Annotated[Milliseconds, Field(gt=0)] | None = None
    max_retries_per_model: Retries | None = None
    enable_health_tracking: bool | None = None
    health_check_interval_s: Seconds | None = None
    temperature: float | None = None
    max_tokens: AtLeastOne | None = None


class Node(Foreign):
    id: Name
    type: str = ""
    config: NodeConfig = Field(default_factory=NodeConfig)


class Workflow(Foreign):
    nodes: list[Node]


def read(path: Path, text: str) -> Draft:
    """See `Format`."""
    content, lines = parse(path, text)
    workflow = validated(path, Workflow, content, lines)
    chains = [(i, node) for i, node in enumerate(workflow.nodes) if node.type.lower() == "model"]
    if not chains:
        raise fault(path, "no node of it has type: model", "name the model of a node, as in examples/tinyllm.yaml")
    _refuse_twins(path, [node.id for _, node in chains])
    to = Translation()
    for i, node in chains:
        _node(path, f"nodes[{i}].", node, to)
    to.put("breaker.consecutive_failures", FAILURES_IN_ROW)
    if len(chains) == 1:
        to.put("gateway.unknown_model", "default")
    for i, node in enumerate(workflow.nodes):
        _leave_others(f"nodes[{i}].", node, to)
    return to.draft(path, FORMAT, workflow, ())


def _refuse_twins(path: Path, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise fault(path, f"two nodes have the id {plain(name)}", "give one of them another: it names a chain")


def _node(path: Path, theirs: str, node: Node, to: Translation) -> None:
    """One node's chain. Parameters and times are the chain's, so that nodes can share a model."""
    config, chain = node.config, node.id
    if config.model is None:
        raise fault(path, f"{theirs}config.model is missing", "name the model of the node")
    names = [config.model, *(config.fallback_models if config.enable_fallback else ())]
    names = list(dict.fromkeys(names))
    for name in names:
        to.put(f"{to.model(name)}provider", PROVIDER)
    keys = ("config.model", "config.fallback_models", "config.enable_fallback")
    to.chain(chain, "models", names, *(theirs + key for key in ("id", "type", *keys)))
    to.chain(chain, "strategy", STRATEGIES[config.fallback_strategy], f"{theirs}config.fallback_strategy")
    _limits(theirs, config, chain, to)


def _limits(theirs: str, config: NodeConfig, chain: str, to: Translation) -> None:
    if config.fallback_timeout_ms is not None:
        for name in TIMEOUTS:
            to.chain(chain, name, config.fallback_timeout_ms / 1000, f"{theirs}config.fallback_timeout_ms")
    if config.max_retries_per_model is not None:
        to.chain(chain, "retries", config.max_retries_per_model, f"{theirs}config.max_retries_per_model")
    if config.enable_health_tracking is not None:
        to.chain(chain, "breaker.enabled", config.enable_health_tracking, f"{theirs}config.enable_health_tracking")
    if (seconds := config.health_check_interval_s) is not None:
        to.chain(chain, "breaker.open_seconds", seconds, f"{theirs}config.health_check_interval_s")


def _leave_others(theirs: str, node: Node, to: Translation) -> None:
    """What a node does besides choosing a model is its program's own."""
    given = node.config.model_fields_set
    for name in ("temperature", "max_tokens"):
        if name in given:
            to.unsupported[f"{theirs}config.{name}"] = "the program sends it with each request"
    if node.type.lower() != "model":
        for name in node.model_fields_set & {"id", "type"}:
            to.unsupported[theirs + name] = "no node of type model"
        for name in given:
            to.unsupported[f"{theirs}config.{name}"] = "no node of type model"
