"""A first configuration: a chain over the providers that somebody has, in the order in which they are named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hotspare.configuration.error import ConfigurationError, plain
from hotspare.configuration.formats import hotspare_toml
from hotspare.configuration.listing import EVERY_MODEL, report
from hotspare.configuration.presets import PRESETS
from hotspare.configuration.toml_text import written

MODELS: Mapping[str, str] = {
    "anthropic": "claude-sonnet-4-20250514",
    "openai": "gpt-4o",
    "gemini": "gemini-2.5-flash",
    "mistral": "mistral-large-latest",
    "groq": "llama-3.3-70b-versatile",
    "deepseek": "deepseek-chat",
    "openrouter": "openrouter/auto",
    "ollama": "llama3.2:3b",
}
"""A usual model of each provider; of the others it has to be named."""

CHAIN = "main"


@dataclass(frozen=True, slots=True)
class Choice:
    """One model of the first configuration.

    Attributes:
        provider: a preset.
        model: the provider's name for it.
        api_key_env: the variable with its key; None: the preset's own.
    """

    provider: str
    model: str
    api_key_env: str | None = None


def ready_providers(environ: Mapping[str, str], today: date) -> tuple[str, ...]:
    """The providers whose keys are there; those that need none cannot be known of."""
    rows = report(None, environ, today)
    found = (row for row in rows if row.ready and row.models == EVERY_MODEL and row.name in PRESETS)
    return tuple(row.name for row in found if PRESETS[row.name].needs_key and row.name in MODELS)


def choice(text: str) -> Choice:
    """`provider`, `provider/model`, either with `=VARIABLE` behind it.

    Raises:
        ConfigurationError: there is no such provider, or none of its models is usual.
    """
    name, _, variable = text.partition("=")
    provider, _, model = name.partition("/")
    if provider not in PRESETS:
        raise ConfigurationError(f"there is no provider {plain(provider)}", f"it is one of: {', '.join(PRESETS)}")
    if not (model or provider in MODELS):
        raise ConfigurationError(f"which model of {provider}?", f"name it: {provider}/MODEL")
    return Choice(provider, model or MODELS[provider], variable or None)


def first_file(choices: Iterable[Choice], port: int | None) -> str:
    """The text of a hotspare.toml; understood before it is given.

    Raises:
        ConfigurationError: a name or a variable does not fit.
    """
    models = [_model(choice) for choice in choices]
    content: dict[str, Any] = {} if port is None else {"gateway": {"port": port}}
    content |= {"models": models, "chains": {CHAIN: {"models": [model["name"] for model in models]}}}
    text = written(content, "Every key, with its meaning: docs/config.md; what comes of this file: hotspare check")
    hotspare_toml.read(Path("hotspare.toml"), text)
    return text


def _model(choice: Choice) -> dict[str, Any]:
    own = {"api_key_env": choice.api_key_env} if choice.api_key_env else {}
    return {"name": choice.model, "provider": choice.provider, **own}
