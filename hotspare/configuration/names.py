"""Which provider a model's name belongs to, where the file does not say."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hotspare.configuration import prices
from hotspare.configuration.presets import FAMILIES, PRESETS


@dataclass(frozen=True, slots=True)
class Belonging:
    """A provider, and what the model is called there."""

    provider: str
    model_id: str
    warning: str = ""


class UnknownName(Exception):
    """Nobody is known to have a model of that name; says whose it is where that is known."""

    def __init__(self, owner: str | None = None) -> None:
        super().__init__(owner)
        self.owner = owner


def belonging(name: str, own_providers: Collection[str]) -> Belonging:
    """Whose model `name` is.

    Raises:
        UnknownName: nobody's that is known.
    """
    prefix, slash, rest = name.partition("/")
    if slash and rest and (prefix in own_providers or prefix in PRESETS):
        return Belonging(prefix, rest)
    owner = prices.provider_of(name)
    if owner is not None:
        provider = _of_library(owner, own_providers)
        return Belonging(provider, name, _tag_warning(name, provider))
    for pattern, provider in FAMILIES:
        if fnmatchcase(name, pattern):
            return Belonging(provider, name)
    raise UnknownName


_ELSEWHERE = re.compile(r"^(?:(?:us|eu|apac|global)\.)?(?:[a-z0-9]+\.)?(?=[a-z])|-v\d+(?::\d+)?$|@.*$")
"""What hosts of others' models put around a name: a region, its maker, a version of their own."""


def likeness(model_id: str) -> str:
    """What a model is called wherever it is served: the same for `claude-x` and for `eu.anthropic.claude-x-v1:0`."""
    name = model_id.lower().rpartition("/")[2]
    return _ELSEWHERE.sub("", name)


def _of_library(owner: str, own_providers: Collection[str]) -> str:
    if owner in own_providers:
        return owner
    for name, preset in PRESETS.items():
        if preset.price_id == owner:
            return name
    raise UnknownName(owner)


def _tag_warning(name: str, provider: str) -> str:
    """A name with a tag is how Ollama writes it, though the library knows another's model by it."""
    if ":" not in name:
        return ""
    return f"{name} is taken as a model of {provider}; for Ollama's write ollama/{name}"
