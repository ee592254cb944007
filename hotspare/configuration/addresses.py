"""Where a model is reached: its own address, its provider's, the environment's, the preset's; never this gateway."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from hotspare.configuration.error import ConfigurationError, fault
from hotspare.configuration.presets import PRESETS, REGION, REGION_VARIABLES, SURFACES, Preset
from hotspare.configuration.provider import Provider
from hotspare.configuration.surroundings import Surroundings
from hotspare.configuration.values import parts_of

OLLAMA_PORT = 11434
NOWHERE = "https://address.invalid"
"""Stands for an address that a variable would tell (RFC 2606)."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Listening:
    """Where this gateway will be."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Found:
    """An address, whether the file gave it, and what was passed over on the way."""

    url: str
    from_file: bool
    warnings: tuple[str, ...] = ()


def find_address(own: str | None, key: str, provider: Provider, listening: Listening, around: Surroundings) -> Found:
    """The address of one model.

    Args:
        own: the model's, as the file gives it.
        key: the key of the file that would name it.
        provider: whose model it is.
        listening: the address to keep away from.
        around: the environment may name an address.

    Raises:
        ConfigurationError: there is none, or the environment's is none.
    """
    warnings: list[str] = []
    for source, told, from_file in _candidates(own, key, provider, around):
        url = with_path(told, provider)
        if not _is_ours(url, listening):
            return Found(url, from_file, tuple(warnings))
        warnings.append(f"{source} is this gateway's own address ({url}), a loop: passed over")
    if warnings:
        raise fault(around.path, warnings[0], f"give the provider's own address in {key}")
    raise fault(around.path, f"the address of {provider.name} is missing", _how_to_give(provider))


def _how_to_give(provider: Provider) -> str:
    variable = provider.preset.address_variable if provider.preset else None
    return f"{f'set {variable}, or ' if variable else ''}add providers.{provider.name}.base_url"


def with_path(url: str, provider: Provider) -> str:
    """With the path of the provider's interface, where the address names its host alone."""
    preset = provider.preset
    if preset is None or urlsplit(url).path.strip("/"):
        return url
    return url.rstrip("/") + (preset.path if provider.api_version is None else preset.versioned_path)


def _candidates(own: str | None, key: str, provider: Provider, around: Surroundings) -> Iterator[tuple[str, str, bool]]:
    if own is not None:
        yield key, own, True
    if provider.base_url is not None:
        yield f"providers.{provider.name}.base_url", provider.base_url, True
    if provider.preset is not None:
        variable = provider.preset.address_variable
        if variable is not None and (url := from_environment(provider.preset, around)) is not None:
            yield variable, url, False
        if provider.preset.base_url is not None:
            yield "the preset", in_region(provider.preset.base_url, provider, around), False


def address_in(variable: str, key: str, around: Surroundings) -> str:
    """The address in a variable that the file names; where nothing will be called it need not be set.

    Raises:
        ConfigurationError: the variable is not set, or holds no address.
    """
    value = around.variable(variable).rstrip("/")
    if not value and around.looks_only:
        return NOWHERE
    try:
        parts_of(value)
    except ValueError:
        what = "which holds no address" if value else "which is not set"
        raise fault(around.path, f"{key} names {variable}, {what}", f"set {variable} to the address") from None
    return value


def from_environment(preset: Preset, around: Surroundings) -> str | None:
    """The address that the environment gives for a provider.

    Raises:
        ConfigurationError: the variable holds no address.
    """
    variable = preset.address_variable
    value = around.variable(variable) if variable else ""
    if not value:
        return None
    url = _ollama(value) if variable == "OLLAMA_HOST" else value.rstrip("/")
    try:
        parts = parts_of(url)
    except ValueError as error:
        raise ConfigurationError(
            f"the environment variable {variable} {error}", f"correct or unset {variable}"
        ) from None
    if parts.query or parts.fragment:
        raise ConfigurationError(f"the environment variable {variable} holds ? or #", f"correct or unset {variable}")
    return url


def _ollama(value: str) -> str:
    """OLLAMA_HOST as Ollama reads it: a host, a port, both, or an address. 0.0.0.0 is where it listens, not is."""
    with_scheme = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(with_scheme)
        host, port = parts.hostname or "127.0.0.1", parts.port
    except ValueError:
        return value
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - read, not bound
    default = _DEFAULT_PORTS[parts.scheme] if "://" in value and parts.scheme in _DEFAULT_PORTS else OLLAMA_PORT
    shown = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{shown}:{port or default}{path or '/v1'}"


def in_region(template: str, provider: Provider, around: Surroundings) -> str:
    """An address with the region put in, where it wants one.

    Raises:
        ConfigurationError: nothing names the region.
    """
    if REGION not in template:
        return template
    region = provider.region or region_of(around)
    if region is None:
        remedy = f"set {REGION_VARIABLES[0]}, or add providers.{provider.name}.region"
        raise fault(around.path, f"the region of {provider.name} is missing", remedy)
    return template.replace(REGION, region)


def region_of(around: Surroundings) -> str | None:
    """The region that the environment names; what could be no part of a host's name is none."""
    named = (around.variable(name) for name in REGION_VARIABLES)
    return next((name for name in named if name and name.replace("-", "").isalnum() and name.isascii()), None)


# ------------------------------------------------------------------ whose address it is
def _is_ours(url: str, listening: Listening) -> bool:
    host, port = _place(url)
    if port != listening.port or not listening.port:
        return False
    return host == listening.host or (_is_here(host) and _is_here(listening.host))


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]


def is_loopback(host: str) -> bool:
    """An address that nobody but this machine can reach."""
    address = _numeric(host)
    return host.lower().rstrip(".") == "localhost" or (address is not None and address.is_loopback)


def _is_here(host: str) -> bool:
    """An address that reaches this machine from itself: loopback, or where "any address" is listened on."""
    address = _numeric(host)
    return is_loopback(host) or (address is not None and address.is_unspecified)


def _numeric(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def sends_known_key_elsewhere(url: str, key_names: tuple[str, ...], around: Surroundings) -> str | None:
    """The known provider's key that an address would be sent although it is not that provider's."""
    for provider, preset in PRESETS.items():
        for name in (name for name in key_names if name.startswith(preset.key_names or "\n")):
            known = (preset, *(surface for _, surface in SURFACES.get(provider, ())))
            if not any(_is_at(url, place, around) for place in known):
                return name
    return None


def _is_at(url: str, preset: Preset, around: Surroundings) -> bool:
    """Whether an address is the provider's own: in any region, and wherever the environment says that it is."""
    told = from_environment(preset, around)
    if told is not None and _origin(url) == _origin(told):
        return True
    if preset.base_url is None:
        return False
    (scheme, host, port), (its_scheme, pattern, its_port) = _origin(url), _origin(preset.base_url)
    anywhere = re.escape(pattern).replace(re.escape(REGION), "[a-z0-9-]+")
    return (scheme, port) == (its_scheme, its_port) and re.fullmatch(anywhere, host) is not None


def _origin(url: str) -> tuple[str, str, int]:
    return (urlsplit(url).scheme, *_place(url))
