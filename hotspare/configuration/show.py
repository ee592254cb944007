"""What holds, key by key, and where each value comes from: the file, a variable, a flag, or the default."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hotspare.configuration.compiled import Configuration
from hotspare.configuration.compiler import compile_draft
from hotspare.configuration.draft import Draft
from hotspare.configuration.formats.toml_lines import lines_of
from hotspare.configuration.load import draft_of
from hotspare.configuration.model import ModelKeys
from hotspare.configuration.overlay import TABLES
from hotspare.configuration.presets import PRESETS
from hotspare.configuration.reading import text_of
from hotspare.configuration.schema import default_of
from hotspare.configuration.section import Section, join
from hotspare.configuration.surroundings import Surroundings
from hotspare.configuration.wording import dotted

_HIDDEN = ("headers",)


@dataclass(frozen=True, slots=True)
class Shown:
    """One key that holds.

    Attributes:
        key: its dotted path.
        value: as it would stand in the file; secrets are none.
        origin: "line 7", "fallback_models[0].priority" of a foreign file, a variable, a flag, "default".
    """

    key: str
    value: Any
    origin: str


def shown(path: Path, environ: Mapping[str, str], today: date, *, port: int | None = None) -> tuple[Shown, ...]:
    """Every key that holds, tables first, then models, providers and chains.

    Raises:
        ConfigurationError: the file cannot be understood.
    """
    around = Surroundings(path, environ, today, port, looks_only=True)
    text = text_of(path)
    draft = draft_of(around, text)
    configuration = compile_draft(draft, around).configuration
    lines = {dotted(place): line for place, line in lines_of(text).items()} if draft.foreign is None else {}
    showing = _Showing(draft, configuration, lines, around)
    return tuple(showing.keys())


class _Showing:
    def __init__(
        self, draft: Draft, configuration: Configuration, lines: Mapping[str, int], around: Surroundings
    ) -> None:
        self._draft = draft
        self._configuration = configuration
        self._lines = lines
        self._around = around

    def keys(self) -> Iterator[Shown]:
        file = self._draft.file
        for table in TABLES:
            yield from self._section(file.peek(table), table, defaults=True)
        for i, model in enumerate(file.peek("models")):
            yield from self._section(model, f"models[{i}]")
            yield from self._found(model, f"models[{i}]")
        for table in ("callers", "providers", "chains", "alerts"):
            yield from self._value(file.peek(table), table)

    def _section(self, section: Section, path: str, *, defaults: bool = False) -> Iterator[Shown]:
        for name in type(section).model_fields:
            key, value = join(path, name), section.peek(name)
            if key == "gateway.port" and self._around.port is not None:
                yield Shown(key, self._around.port, "--port")
            elif name in section.model_fields_set:
                yield from self._value(value, key)
            elif defaults:
                yield Shown(key, self._default(key, section, name), "default")

    def _value(self, value: Any, key: str) -> Iterator[Shown]:
        match value:
            case Section():
                yield from self._section(value, key)
            case [Section(), *_]:
                for i, entry in enumerate(value):
                    yield from self._section(entry, f"{key}[{i}]")
            case dict() if value and all(isinstance(entry, Section) for entry in value.values()):
                for name, entry in value.items():
                    yield from self._section(entry, join(key, name))
            case dict() | list() if not value and key in ("callers", "providers", "chains"):
                pass
            case _:
                yield Shown(key, _open(value, key), self._origin(key))

    def _default(self, key: str, section: Section, name: str) -> Any:
        """What holds where nobody says anything; of two keys it is made of the file's path."""
        made = {"gateway.name": self._configuration.name, "store.path": str(self._configuration.store.path)}
        return made.get(key) or default_of(_defining(section, name), name)

    def _origin(self, key: str) -> str:
        if (variable := self._draft.from_environment.get(key)) is not None:
            return variable
        if self._draft.foreign is not None:
            theirs = self._draft.key(key)
            return theirs if theirs != key else "the format"
        line = self._lines.get(key) or self._lines.get(key.rpartition(".")[0])
        return f"line {line}" if line else "file"

    def _found(self, model: ModelKeys, path: str) -> Iterator[Shown]:
        """What was found out about a model where the file says nothing."""
        endpoint = self._configuration.endpoints[model.peek("name")]
        if model.peek("provider") is None:
            yield Shown(f"{path}.provider", endpoint.provider, "its name")
        if model.peek("base_url") is None:
            yield Shown(
                f"{path}.base_url", endpoint.base_url, self._address(model, endpoint.provider, endpoint.base_url)
            )
        if model.peek("api_key_env") is None and model.peek("api_key_file") is None:
            names = list(self._configuration.key_names[endpoint.model])
            if names:
                own = self._draft.file.peek("providers").get(endpoint.provider)
                named = own is not None and (own.peek("api_key_env") or own.peek("api_key_file"))
                yield Shown(f"{path}.api_key_env", names, f"providers.{endpoint.provider}" if named else "preset")

    def _address(self, model: ModelKeys, provider: str, url: str) -> str:
        own = self._draft.file.peek("providers").get(provider)
        if (variable := model.peek("base_url_env")) is not None:
            return str(variable)
        if own is not None and own.peek("base_url") == url:
            return f"providers.{provider}.base_url"
        preset = PRESETS.get(provider)
        variable = None if preset is None else preset.address_variable
        told = variable is not None and preset is not None and url != preset.base_url
        return str(variable) if told else "preset"


def _defining(section: Section, name: str) -> type[Section]:
    """The class that a key comes from: its default may be the router's."""
    return next(kind for kind in reversed(type(section).__mro__) if name in getattr(kind, "__annotations__", {}))


def _open(value: Any, key: str) -> Any:
    """A value fit to be shown: headers by name, addresses of webhooks by host, since both may hold secrets."""
    last = key.rsplit(".", 1)[-1]
    if last in _HIDDEN and isinstance(value, dict):
        return dict.fromkeys(value, "…")
    if last == "url":
        parts = urlsplit(value)
        return f"{parts.scheme}://{parts.hostname}/…"
    return value
