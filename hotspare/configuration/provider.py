"""Everything that is known of one provider: its preset, and what the file's [providers] says above it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hotspare.configuration.error import fault, plain
from hotspare.configuration.model import ProviderKeys
from hotspare.configuration.presets import PRESETS, Preset, preset_of
from hotspare.configuration.surroundings import Surroundings
from hotspare.configuration.wording import nearest
from hotspare.dialects.adaptation import AS_IT_IS, Adaptation
from hotspare.dialects.endpoint import Authentication, DialectName


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, as configured."""

    name: str
    dialect: DialectName
    base_url: str | None
    """As the file says."""
    preset: Preset | None
    key_names: tuple[str, ...] = ()
    key_file: str | None = None
    needs_key: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    ca_file: str | None = None
    stream_usage: bool = True
    transport: Literal["auto", "httpx"] = "auto"
    proxy: str | None = None
    """As the file says."""
    region: str | None = None
    """As the file says."""
    api_version: str | None = None
    authentication: Authentication | None = None
    price_id: str | None = None

    @property
    def adaptation(self) -> Adaptation:
        """Where it differs from its dialect."""
        return AS_IT_IS if self._known is None else self._known.adaptation

    @property
    def lacks(self) -> frozenset[str]:
        """What its models cannot be asked for, beyond what its dialect has no words for."""
        return frozenset() if self._known is None else self._known.lacks

    @property
    def _known(self) -> Preset | None:
        """Its preset, where the file has it speak the preset's own dialect: of another nothing is known."""
        return self.preset if self.preset is not None and self.preset.dialect == self.dialect else None


def provider(
    name: str, own: Mapping[str, ProviderKeys], around: Surroundings, model_id: str = "", named_by: str = ""
) -> Provider:
    """The provider of that name, as it serves one of its models; a key of the file names it.

    Raises:
        ConfigurationError: nothing is known of it, or too little.
    """
    preset, keys = preset_of(name, model_id), own.get(name)
    if keys is not None:
        return _configured(name, keys, preset, around)
    if preset is None:
        known = ", ".join((*own, *PRESETS))
        near = nearest(name, (*own, *PRESETS))
        what = f"there is no provider {plain(name)}" + (f" ({named_by})" if named_by else "")
        meant = f"; did you mean {near}?" if near else ""
        raise fault(around.path, what + meant, f"define [providers.{plain(name)}], or use: {known}")
    return Provider(
        name,
        preset.dialect,
        None,
        preset,
        key_names=preset.key_names,
        needs_key=preset.needs_key,
        stream_usage=preset.stream_usage,
        authentication=preset.authentication,
        price_id=preset.price_id,
    )


def _configured(name: str, keys: ProviderKeys, preset: Preset | None, around: Surroundings) -> Provider:
    dialect = keys.dialect or (preset.dialect if preset else None)
    if dialect is None:
        key = f"providers.{plain(name)}.dialect"
        raise fault(around.path, f"the required key {key} is missing", f'add {key} = "openai" (or "anthropic")')
    named, file = keys.api_key_env, keys.api_key_file
    own_key = named is not None or file is not None
    return Provider(
        name,
        dialect,
        keys.base_url,
        preset,
        key_names=tuple(named or ()) if own_key else preset.key_names if preset else (),
        key_file=file,
        needs_key=own_key or (preset is not None and preset.needs_key),
        headers=dict(keys.headers),
        ca_file=_certificates(name, keys.ca_file, around),
        stream_usage=_or(keys.stream_usage, preset.stream_usage if preset else True),
        transport=keys.transport,
        proxy=keys.proxy,
        region=keys.region,
        api_version=keys.api_version,
        authentication=keys.authentication or (preset.authentication if preset else None),
        price_id=preset.price_id if preset else None,
    )


def _or(value: bool | None, default: bool) -> bool:
    return default if value is None else value


def _certificates(name: str, ca_file: str | None, around: Surroundings) -> str | None:
    if not ca_file:
        return None
    path = around.beside(ca_file)
    if not path.is_file():
        key = f"providers.{plain(name)}.ca_file"
        raise fault(around.path, f"{key} names {plain(str(path), 200)}, which is no file", f"correct {key}")
    return str(path)
