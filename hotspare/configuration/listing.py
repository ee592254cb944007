"""List the providers that are known and those of a file: where each is, what it needs, whether that is there.

Keys are told by the names of their variables alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from hotspare.configuration import formats
from hotspare.configuration.addresses import from_environment, in_region, region_of, with_path
from hotspare.configuration.model import ProviderKeys
from hotspare.configuration.presets import PRESETS, REGION, REGION_VARIABLES, SURFACES
from hotspare.configuration.provider import Provider, provider
from hotspare.configuration.proxies import NONE, find_proxy, without_secrets
from hotspare.configuration.reading import text_of
from hotspare.configuration.surroundings import Surroundings

EVERY_MODEL = "*"

Origin = Literal["preset", "file", "preset and file"]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a provider needs: any of these variables (or this file), and whether one is set.

    `optional`: it may be left out; whether it is wanted is the server's to say.
    """

    names: tuple[str, ...]
    there: bool
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """One provider, for those of its models that a pattern names.

    Attributes:
        base_url: with `{region}` where that is not known; None: nothing says where it is.
        needs: keys first.
        ready: nothing that it needs is missing.
        proxy: host and port of the proxy on the way to it.
        proved: how it is known that it is spoken to rightly; None: nothing was tried.
    """

    name: str
    origin: Origin
    models: str
    dialect: str
    base_url: str | None
    needs: tuple[Need, ...]
    ready: bool
    proxy: str | None
    proved: str | None

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def report(path: Path | None, environ: Mapping[str, str], today: date) -> tuple[ProviderReport, ...]:
    """Every preset, then what a file adds.

    Raises:
        ConfigurationError: the file cannot be understood, or the environment names an address that is none.
    """
    around = Surroundings(path or Path(), environ, today, looks_only=True)
    own = formats.read(path, text_of(path)).file.peek("providers") if path is not None else {}
    return tuple(_rows(own, around))


def _rows(own: Mapping[str, ProviderKeys], around: Surroundings) -> Iterator[ProviderReport]:
    for name in (*PRESETS, *(name for name in own if name not in PRESETS)):
        for models in (*(pattern for pattern, _ in SURFACES.get(name, ())), EVERY_MODEL):
            host = provider(name, own, around, models if models != EVERY_MODEL else "")
            origin: Origin = "preset" if name not in own else "file" if name not in PRESETS else "preset and file"
            yield _row(host, models, origin, around)


def _row(host: Provider, models: str, origin: Origin, around: Surroundings) -> ProviderReport:
    url = _address(host, around)
    needs = tuple(_needs(host, url, around))
    return ProviderReport(
        name=host.name,
        origin=origin,
        models=models,
        dialect=host.dialect,
        base_url=url,
        needs=needs,
        ready=all(need.there or need.optional for need in needs),
        proxy=_proxy(host, url, around),
        proved=host.preset.proved if host.preset is not None and host.preset.dialect == host.dialect else None,
    )


def _address(host: Provider, around: Surroundings) -> str | None:
    told = host.base_url or (from_environment(host.preset, around) if host.preset else None)
    if told is None and host.preset is not None and host.preset.base_url is not None:
        known = host.region or region_of(around)
        told = host.preset.base_url if known is None else in_region(host.preset.base_url, host, around)
    return None if told is None else with_path(told, host)


def _needs(host: Provider, url: str | None, around: Surroundings) -> Iterator[Need]:
    if host.key_file is not None:
        yield Need((host.key_file,), around.beside(host.key_file).is_file())
    elif host.key_names:
        there = any(around.variable(name) for name in host.key_names)
        yield Need(host.key_names, there, optional=not host.needs_key)
    if url is None:
        yield Need((host.preset.address_variable or "" if host.preset else f"providers.{host.name}.base_url",), False)
    elif REGION in url:
        yield Need(REGION_VARIABLES, False)
    elif host.base_url is None and host.preset is not None and host.preset.needs_region and host.region is None:
        yield Need(REGION_VARIABLES, True)
    elif host.base_url is None and host.preset is not None and host.preset.base_url is None:
        yield Need((host.preset.address_variable or "",), True)


def _proxy(host: Provider, url: str | None, around: Surroundings) -> str | None:
    if url is None or host.proxy == NONE:
        return None
    found = find_proxy(host.proxy, url, around)
    return None if found is None else without_secrets(found)


# ------------------------------------------------------------------ as text
def full_name(row: ProviderReport) -> str:
    """Its name, with the pattern of those models that it serves in this way and the others in another."""
    return row.name if row.models == EVERY_MODEL else f"{row.name}/{row.models}"


def needs_in_words(row: ProviderReport) -> str:
    """What a provider needs, for people."""
    return ", ".join(map(_in_words, row.needs)) or "nothing"


def _in_words(need: Need) -> str:
    state = "set" if need.there else "if it asks for one" if need.optional else "missing"
    return f"{' or '.join(need.names)} {state}"
