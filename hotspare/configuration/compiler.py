"""Compile a Draft: every name, address, key and price resolved once, so that nothing is looked up while requests run.

A key of the file is in force because something here reads it. What the rest of the house does not carry out yet must
not be read (`peek`), or only for the value that is carried out (`only`).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hotspare.configuration.addresses import Listening, is_loopback
from hotspare.configuration.chains import chains_of
from hotspare.configuration.compiled import Configuration, ConsoleSettings, GatewaySettings, StoreSettings
from hotspare.configuration.consistency import check
from hotspare.configuration.draft import Draft
from hotspare.configuration.error import ConfigurationError, fault
from hotspare.configuration.midnight import midnight
from hotspare.configuration.model import BudgetKeys, ConsoleKeys, GatewayKeys, ModelKeys, ProviderKeys, StoreKeys
from hotspare.configuration.models import CompiledModel, compile_models
from hotspare.configuration.regions import with_regions
from hotspare.configuration.surroundings import Surroundings, state_folder
from hotspare.configuration.tokens import callers_of, gateway_token
from hotspare.router.settings import PICO_PER_USD, Budget, Chain, Settings


@dataclass(frozen=True, slots=True)
class Compilation:
    """A Configuration, and what keeps it from serving anybody (None: nothing)."""

    configuration: Configuration
    uncallable: ConfigurationError | None


def compile_draft(draft: Draft, around: Surroundings) -> Compilation:
    """Make a draft a Configuration.

    Raises:
        ConfigurationError: it contradicts itself, or something around it is not as it says.
    """
    check(around.path, draft)
    gateway = _gateway(draft, around)
    whole = with_regions(draft)
    models = compile_models(whole, Listening(gateway.host, gateway.port), around)
    chains = chains_of(whole)
    timezone = draft.file.budget.timezone
    _check_timezone(timezone, around.path)
    name = draft.file.gateway.name or _name(around.path)
    draft.file.health_check.only("enabled", done=False)
    budget = _budget(draft.file.budget)
    warnings = [
        *draft.warnings,
        *_open_to_others(gateway),
        *(warning for model in models for warning in model.warnings),
    ]
    warnings += [*_unused(models, chains), *_chains_without(models, chains), *_unpriced(budget, models)]
    store, console = _store(draft.file.store, name, around), _console(draft.file.console)
    default_chain = _default_chain(draft.file.gateway, chains)
    keys = draft.account()  # true only once all else has been read
    warnings += [f"{key.key} does nothing: {key.note}" for key in keys if key.state == "ignored" and key.note]
    configuration = Configuration(
        name=name,
        path=around.path.absolute(),
        format=draft.format,
        settings=Settings(
            models={model.model.name: model.model for model in models},
            chains=chains,
            budget=budget,
            default_chain=default_chain,
        ),
        endpoints={model.model.name: model.endpoint for model in models},
        key_names={model.model.name: model.key_names for model in models},
        gateway=gateway,
        store=store,
        timezone=timezone,
        console=console,
        warnings=tuple(dict.fromkeys(warnings)),
        keys=keys,
        files=(around.path.absolute(), *_key_files(draft, around)),
        listed_as={model.model.name: model.listed_as for model in models if model.listed_as is not None},
    )
    return Compilation(configuration, _uncallable(around.path, models, chains))


def _key_files(draft: Draft, around: Surroundings) -> Iterator[Path]:
    holders: list[ModelKeys | ProviderKeys] = [*draft.file.peek("models"), *draft.file.peek("providers").values()]
    named = (holder.peek("api_key_file") for holder in holders)
    yield from dict.fromkeys(around.beside(name) for name in named if name is not None)


# ------------------------------------------------------------------ the rooms' settings
def _gateway(draft: Draft, around: Surroundings) -> GatewaySettings:
    keys = draft.file.gateway
    port = keys.port if around.port is None else around.port
    if not 0 <= port <= 65535:
        raise ConfigurationError(f"--port must be from 0 to 65535, is {port}", "name a free port, like --port 4000")
    own_host, token = keys.host, gateway_token(draft, around)
    host, callers = around.host or own_host, callers_of(draft, token, around)
    found = GatewaySettings(host, port, tuple(keys.allowed_hosts), token, callers, keys.max_body_bytes)
    if not found.asks_for_a_token and not is_loopback(host) and not around.looks_only:
        raise fault(
            around.path,
            f"gateway.host is {host}, which others can reach, and no token is asked for",
            'add token_env = "HOTSPARE_TOKEN" under [gateway] and set that variable, or use 127.0.0.1',
        )
    return found


def _open_to_others(gateway: GatewaySettings) -> list[str]:
    if is_loopback(gateway.host):
        return []
    what = f"gateway.host is {gateway.host}: whoever reaches it with a token uses your keys"
    return [f"{what}, and what is sent can be read on the way (put TLS in front, or use 127.0.0.1)"]


def _store(keys: StoreKeys, name: str, around: Surroundings) -> StoreSettings:
    path = around.beside(keys.path) if keys.path else state_folder(around.environ) / f"{name}.db"
    return StoreSettings(
        path,
        content=keys.content,
        content_keep_days=keys.content_keep_days,
        redact=tuple(keys.redact),
        durability=keys.durability,
        keep_days=keys.keep_days,
        keep_bytes=keys.keep_bytes,
    )


def _console(keys: ConsoleKeys) -> ConsoleSettings:
    return ConsoleSettings(keys.environment, keys.read_only)


def _budget(keys: BudgetKeys) -> Budget:
    def pico(usd: float | None) -> int | None:
        return None if usd is None else round(usd * PICO_PER_USD)

    return Budget(pico(keys.daily_usd), pico(keys.session_usd), keys.alert_share, keys.at_limit, keys.unknown_price)


def _unpriced(budget: Budget, models: list[CompiledModel]) -> list[str]:
    """Models whose cost no limit can count."""
    if budget.daily is None and budget.session is None:
        return []
    refused = budget.at_limit != "warn" and budget.unknown_price == "refuse"
    what = "it is not called" if refused else "what it costs is in no figure and under no limit"
    remedy = "give its input_ and output_usd_per_million_tokens" + (', or unknown_price = "allow"' if refused else "")
    return [
        f"the price of {entry.model.name} is unknown: {what}; {remedy}" for entry in models if entry.model.rates is None
    ]


def _default_chain(keys: GatewayKeys, chains: Mapping[str, Chain]) -> str | None:
    return next(iter(chains)) if keys.unknown_model == "default" else None


def _name(path: Path) -> str:
    """The file's stem and a hash of its path: two files of one name are two instances."""
    whole = path.absolute()
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", whole.stem).lstrip("._-")[:40] or "config"
    return f"{stem}-{hashlib.sha256(bytes(whole)).hexdigest()[:8]}"


def _check_timezone(timezone: str, path: Path) -> None:
    try:
        midnight(timezone)
    except ConfigurationError as error:
        raise fault(path, f"budget.timezone: {error.title}", error.hint) from None


# ------------------------------------------------------------------ what cannot serve
def _callable(models: list[CompiledModel]) -> set[str]:
    return {
        entry.model.name for entry in models if entry.model.enabled and (entry.model.keys or not entry.model.needs_key)
    }


def _unused(models: list[CompiledModel], chains: Mapping[str, Chain]) -> list[str]:
    used = {name for chain in chains.values() for name in chain.reachable}
    return [f"{m.model.name} is in no chain: it is never called" for m in models if m.model.name not in used]


def _chains_without(models: list[CompiledModel], chains: Mapping[str, Chain]) -> list[str]:
    usable = _callable(models)
    return [
        f"no model of the chain {chain.name} can be called: its callers get 503"
        for chain in chains.values()
        if not usable.intersection(chain.models)
    ]


def _uncallable(path: Path, models: list[CompiledModel], chains: Mapping[str, Chain]) -> ConfigurationError | None:
    if _callable(models).intersection(*[{name for chain in chains.values() for name in chain.models}]):
        return None
    names = dict.fromkeys(name for m in models if m.model.needs_key and not m.model.keys for name in m.key_names)
    remedy = f"set one of {', '.join(names)}" if names else "enable a model"
    return fault(path, "no model of any chain can be called", remedy)
