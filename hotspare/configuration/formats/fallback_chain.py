"""The failure-mode essay's YAML: `fallback_chain`, a list of models across providers, each with a timeout like 30s."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from hotspare.configuration.draft import Draft
from hotspare.configuration.formats.foreign import Foreign, validated
from hotspare.configuration.formats.providers import provider_named
from hotspare.configuration.formats.translation import Row, Translation, row
from hotspare.configuration.formats.yaml_text import parse, top_key
from hotspare.configuration.values import AtLeastOne, Name, Number, Seconds

FORMAT = "fallback_chain YAML"
CHAIN = "main"
PROBE_SECONDS = 30.0
TIMEOUTS = ("attempt_seconds", "first_content_seconds", "silence_seconds")

_DURATION = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>ms|s|m|min|h)\Z")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

recognises = top_key("fallback_chain")


def _duration(value: object) -> object:
    """`30s` in seconds; a number is seconds as it stands."""
    if not isinstance(value, str):
        return value
    found = _DURATION.match(value.strip())
    if found is None:
        raise ValueError("must be a time like 30s, 500ms or 2m")
    return float(found["number"]) * _UNITS[found["unit"]]


class Entry(Foreign):
    provider: Name
    model: Name
    priority: Number | None = None
    timeout: Annotated[Seconds, BeforeValidator(_duration)] | None = None
    max_tokens: AtLeastOne | None = None


class Chain(Foreign):
    fallback_chain: list[Entry] = Field(min_length=1)


ENTRY: tuple[Row, ...] = (
    row("provider", "provider", by=provider_named),
    row("model", "model"),
    row("timeout", *TIMEOUTS),
)


def read(path: Path, text: str) -> Draft:
    """See `Format`."""
    content, lines = parse(path, text)
    chain = validated(path, Chain, content, lines)
    to = Translation()
    names = _names(chain.fallback_chain)
    for i, (entry, name) in enumerate(zip(chain.fallback_chain, names, strict=True)):
        theirs = f"fallback_chain[{i}]."
        to.take(entry, ENTRY, theirs, to.model(name))
        to.came(f"{theirs}model", f"models[{i}].name")
        if entry.max_tokens is not None:
            to.put(f"models[{i}].parameters", {"max_tokens": entry.max_tokens})
            to.came(f"{theirs}max_tokens", f"models[{i}].parameters")
    _chain(chain, names, to)
    return to.draft(path, FORMAT, chain, ())


def _names(entries: list[Entry]) -> list[str]:
    """The model's own name; where two providers have it, with the provider before it."""
    models = [entry.model for entry in entries]
    return [e.model if models.count(e.model) == 1 else f"{e.provider}/{e.model}" for e in entries]


def _chain(chain: Chain, names: list[str], to: Translation) -> None:
    """Entries without a priority follow those that have one."""
    order = sorted(enumerate(chain.fallback_chain), key=lambda entry: _rank(entry[1]))
    to.chain(CHAIN, "models", [names[i] for i, _ in order])
    for i, _ in order:
        to.came(f"fallback_chain[{i}].priority", f"chains.{CHAIN}.models")
    to.put("gateway.unknown_model", "default")
    to.put("health_check.interval_seconds", PROBE_SECONDS)


def _rank(entry: Entry) -> float:
    return float("inf") if entry.priority is None else entry.priority
