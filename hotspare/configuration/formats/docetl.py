"""DocETL's pipeline YAML: two chains, for completions and embeddings; the rest of the pipeline is left alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault
from hotspare.configuration.formats.foreign import Foreign, validated
from hotspare.configuration.formats.parameters import as_parameters
from hotspare.configuration.formats.providers import model_named
from hotspare.configuration.formats.translation import Translation
from hotspare.configuration.formats.yaml_text import parse, top_key
from hotspare.configuration.values import Name

FORMAT = "DocETL YAML"
CHAT, EMBEDDINGS = "main", "embeddings"

recognises = top_key("default_model", "fallback_models", "fallback_embedding_models")


class Entry(Foreign):
    """A model, by its name alone or with what is sent to it only."""

    model_name: Name
    litellm_params: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"model_name": value} if isinstance(value, str) else value


class Operation(Foreign):
    model: Name | None = None
    embedding_model: Name | None = None


class Pipeline(Foreign):
    default_model: Name | None = None
    fallback_models: list[Entry] = Field(default_factory=list)
    fallback_embedding_models: list[Entry] = Field(default_factory=list)
    operations: list[Operation] = Field(default_factory=list)


def read(path: Path, text: str) -> Draft:
    """See `Format`."""
    content, lines = parse(path, text)
    pipeline = validated(path, Pipeline, content, lines)
    to = Translation()
    named = [(f"operations[{i}].", operation) for i, operation in enumerate(pipeline.operations)]
    asked = [(f"{key}model", op.model) for key, op in named]
    vectors = [(f"{key}embedding_model", op.embedding_model) for key, op in named]
    _chain(CHAT, [*_default(pipeline), *_entries(pipeline.fallback_models, "fallback_models")], asked, to)
    _chain(EMBEDDINGS, list(_entries(pipeline.fallback_embedding_models, "fallback_embedding_models")), vectors, to)
    if "chains" not in to.content:
        raise fault(path, "it names no model", "give default_model, or fallback_models")
    return to.draft(path, FORMAT, pipeline, _warnings(to))


Place = tuple[str, Entry]
"""A key of theirs, and the model there."""


def _default(pipeline: Pipeline) -> Iterator[Place]:
    if pipeline.default_model is not None:
        yield "default_model", Entry(model_name=pipeline.default_model)


def _entries(entries: list[Entry], key: str) -> Iterator[Place]:
    for i, entry in enumerate(entries):
        yield f"{key}[{i}].model_name", entry


def _chain(chain: str, entries: list[Place], asked: list[tuple[str, str | None]], to: Translation) -> None:
    """A chain, and the models that only an operation names: a request that asks for one starts there."""
    names: list[str] = []
    for key, entry in entries:
        _model(key, entry, to)
        names += [] if entry.model_name in names else [entry.model_name]
        to.came(key, f"chains.{chain}.models")
    guests: list[str] = []
    for key, name in asked:
        if name is None:
            continue
        place = names if not names else guests
        place += [] if name in (*names, *guests) else [name]
        _model(key, Entry(model_name=name), to)
        to.came(key, f"chains.{chain}.{'guests' if name in guests else 'models'}")
    if not names:
        return
    to.chain(chain, "models", names)
    if guests:
        to.chain(chain, "guests", guests)
    _meaning(chain, to)


def _meaning(chain: str, to: Translation) -> None:
    if chain == EMBEDDINGS:
        to.chain(chain, "kind", "embeddings")
        to.chain(chain, "equivalent", value=True)
    else:
        to.chain(chain, "on_content_filter", "next")
        to.put("gateway.unknown_model", "default")


def _model(key: str, entry: Entry, to: Translation) -> None:
    place = to.model(entry.model_name)
    to.put(f"{place}model", model_named(entry.model_name))
    to.came(key, f"{place}name", f"{place}model")
    if entry.litellm_params:
        params = key.replace("model_name", "litellm_params")
        as_parameters(entry.litellm_params, params, place, to)


def _warnings(to: Translation) -> Iterator[str]:
    if len(to.content["chains"].get(EMBEDDINGS, {}).get("models", ())) > 1:
        yield (
            "embeddings fall back from one model to another, as the file says: vectors of two models "
            "cannot be compared, so do not mix them in one index"
        )
