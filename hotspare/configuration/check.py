"""Say what Hotspare understands of a file: chains, models, where each goes, and what came of every key."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hotspare.configuration.compiled import Configuration, FileKey
from hotspare.configuration.load import compiled
from hotspare.configuration.presets import REASONS_LONG
from hotspare.configuration.proxies import without_secrets
from hotspare.configuration.surroundings import Surroundings

REASONING_SECONDS = 180.0
"""A limit below this cuts models that reason for minutes."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """A chain, as the file means it."""

    name: str
    kind: str
    models: tuple[str, ...]
    answers: tuple[str, ...]
    guests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelReport:
    """A model, and where it goes. `api_key_env` as in our TOML: one name, several, or None."""

    name: str
    provider: str
    model: str
    base_url: str
    api_key_env: str | tuple[str, ...] | None
    has_key: bool
    priced: bool
    proxy: str | None
    """Host and port of the proxy on the way to it."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a file means. `runnable`: it can be served here and now; else the first warning says what is missing."""

    path: str
    format: str
    name: str
    chains: tuple[ChainReport, ...]
    models: tuple[ModelReport, ...]
    keys: tuple[FileKey, ...]
    warnings: tuple[str, ...]
    runnable: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def report(path: Path, environ: Mapping[str, str], today: date) -> CheckReport:
    """What `hotspare check` says of a file.

    Raises:
        ConfigurationError: it cannot be understood.
    """
    compilation = compiled(Surroundings(path, environ, today))
    found = compilation.configuration
    dead = compilation.uncallable
    unable = (f"it cannot be run here: no model of any chain can be called; {dead.hint}",) if dead else ()
    return CheckReport(
        path=str(path),
        format=found.format,
        name=found.name,
        chains=tuple(
            ChainReport(c.name, c.kind, c.models, c.answers, c.guests) for c in found.settings.chains.values()
        ),
        models=tuple(_model(found, name) for name in found.settings.models),
        keys=found.keys,
        warnings=(*unable, *found.warnings, *_short_limits(found)),
        runnable=dead is None,
    )


def _model(found: Configuration, name: str) -> ModelReport:
    model, endpoint, names = found.settings.models[name], found.endpoints[name], found.key_names[name]
    return ModelReport(
        name=name,
        provider=endpoint.provider,
        model=endpoint.model_id,
        base_url=endpoint.base_url,
        api_key_env=names if len(names) > 1 else names[0] if names else None,
        has_key=bool(endpoint.keys),
        priced=model.rates is not None,
        proxy=without_secrets(endpoint.proxy) if endpoint.proxy else None,
    )


def _short_limits(found: Configuration) -> Iterator[str]:
    """Limits that would cut a model that reasons for minutes before it says anything."""
    for chain in found.settings.chains.values():
        for name in chain.reachable:
            if not any(fnmatchcase(found.endpoints[name].model_id, pattern) for pattern in REASONS_LONG):
                continue
            limits = chain.limits[name]
            bounds = {key: getattr(limits, key) for key in ("first_content_seconds", "attempt_seconds")}
            short = [f"{key} {value:g}" for key, value in bounds.items() if value < REASONING_SECONDS]
            if short:
                yield f"{name} may reason for minutes; in {chain.name} it has {' and '.join(short)}: is that enough?"


# ------------------------------------------------------------------ as text
def lines(report: CheckReport) -> Iterator[str]:
    """The report for people, a line at a time."""
    yield f"{report.path}: {report.format}, instance {report.name}"
    for chain in report.chains:
        guests = f" (by name also {', '.join(chain.guests)})" if chain.guests else ""
        yield f"chain {chain.name}: {' ▸ '.join(chain.models)}{guests}"
    for model in report.models:
        yield f"model {model.name}: {model.provider} {model.model}, {model.base_url}, {_key(model)}{_way(model)}"
    for key in report.keys:
        yield f"{key.state:<16}  {key.key}{f'  ({key.note})' if key.note else ''}"
    for warning in report.warnings:
        yield f"warning: {warning}"
    counts = Counter(key.state for key in report.keys)
    yield "keys: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


def _way(model: ModelReport) -> str:
    return f", through {model.proxy}" if model.proxy else ""


def _key(model: ModelReport) -> str:
    names = model.api_key_env
    if names is None:
        return "needs no key"
    shown = names if isinstance(names, str) else ", ".join(names)
    return f"key {shown}{'' if model.has_key else ' (not set)'}"
