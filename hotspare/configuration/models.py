"""Compile models: whose each is, where it is reached, with which keys, at what price, and what it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from hotspare.configuration import differences, prices, rules
from hotspare.configuration.addresses import Found, Listening, address_in, find_address, sends_known_key_elsewhere
from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault, plain
from hotspare.configuration.keys import find_keys
from hotspare.configuration.model import BreakerKeys, ChainKeys, ModelKeys
from hotspare.configuration.names import Belonging, UnknownName, belonging, likeness
from hotspare.configuration.presets import PRESETS
from hotspare.configuration.provider import Provider, provider
from hotspare.configuration.proxies import find_proxy
from hotspare.configuration.surroundings import Surroundings, config_folder
from hotspare.configuration.vector_lengths import vector_length
from hotspare.dialects.endpoint import Endpoint
from hotspare.router.settings import Model


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """One model, for the router and for the providers."""

    model: Model
    endpoint: Endpoint
    key_names: tuple[str, ...]
    warnings: tuple[str, ...]
    listed_as: tuple[str, str] | None
    """Under which model and provider the price library is asked for its price; None: the file gives it, or nobody."""


def compile_models(draft: Draft, listening: Listening, around: Surroundings) -> list[CompiledModel]:
    """Every model of the file.

    Raises:
        ConfigurationError: a provider is unknown, or an address or key is not as it must be.
    """
    compiled = [_Compiling(i, keys, draft, listening, around).compile() for i, keys in enumerate(draft.file.models)]
    endpoints = {model.endpoint.model: model.endpoint for model in compiled}
    chains: Mapping[str, ChainKeys] = draft.file.peek("chains")
    return [
        replace(model, endpoint=replace(model.endpoint, guest_in=_guest_in(model.endpoint, chains, endpoints)))
        for model in compiled
    ]


def _guest_in(endpoint: Endpoint, chains: Mapping[str, ChainKeys], endpoints: Mapping[str, Endpoint]) -> frozenset[str]:
    """The chains in which another provider's model of the same dialect comes first: callers write for that one."""
    found = set()
    for name, chain in chains.items():
        names = chain.peek("models")
        first = next((e for n in names if (e := endpoints.get(n)) and e.dialect == endpoint.dialect), endpoint)
        if endpoint.model in names and first.provider != endpoint.provider:
            found.add(name)
    return frozenset(found)


class _Compiling:
    """One model on its way."""

    def __init__(self, index: int, keys: ModelKeys, draft: Draft, listening: Listening, around: Surroundings) -> None:
        self.place = f"models[{index}]"
        self.keys = keys
        self.draft = draft
        self.listening = listening
        self.around = around

    def compile(self) -> CompiledModel:
        keys, owner = self.keys, self._owner()
        named_by = self.draft.key(f"{self.place}.{'name' if keys.provider is None else 'provider'}")
        host = provider(owner.provider, self.draft.file.providers, self.around, owner.model_id, named_by)
        key_names, key_file, needs_key = self._key_sources(host)
        where = f"{self.place if keys.api_key_file else f'providers.{host.name}'}.api_key_file"
        found = find_keys(key_names, key_file, where, self.around)
        address = find_address(*self._own_address(), host, self.listening, self.around)
        self._refuse_to_send(address, key_names)
        lacking = _lacking_key(keys.name, host, key_names) if needs_key and not found.keys else ()
        owner_warning = (owner.warning,) if owner.warning else ()
        rates = prices.configured(keys)
        listed_as = (owner.model_id, host.price_id) if rates is None and host.price_id is not None else None
        return CompiledModel(
            Model(
                name=keys.name,
                provider=host.name,
                keys=tuple(key.alias for key in found.keys),
                needs_key=needs_key,
                lacks=differences.lacks(host, owner.model_id).union(keys.lacks),
                context_tokens=keys.context_tokens,
                rates=prices.listed(*listed_as, self.around.today) if listed_as else rates,
                enabled=keys.enabled,
                max_concurrent=keys.max_concurrent,
                max_queued=keys.max_queued,
                queue_seconds=keys.queue_seconds,
                same_as=likeness(owner.model_id),
                breaker=rules.breaker(keys.breaker, self._chain_breaker(), self.draft.file.breaker),
            ),
            Endpoint(
                model=keys.name,
                provider=host.name,
                dialect=host.dialect,
                base_url=address.url,
                model_id=owner.model_id,
                keys=found.keys,
                headers=MappingProxyType(dict(host.headers)),
                parameters=MappingProxyType(dict(keys.parameters)),
                stream_usage=host.stream_usage,
                authentication=host.authentication,
                api_version=host.api_version,
                adaptation=differences.adaptation(host, owner.model_id),
                vectors_like=self._before_in_vector_spaces(),
                vector_length=vector_length(owner.model_id, keys.parameters),
                ca_file=host.ca_file,
                transport=host.transport,
                proxy=find_proxy(host.proxy, address.url, self.around),
            ),
            key_names if key_file is None else (*key_names, key_file),
            (*owner_warning, *address.warnings, *found.warnings, *lacking),
            listed_as,
        )

    def _owner(self) -> Belonging:
        """Whose model it is, and what it is called there."""
        named, model_id = self.keys.provider, self.keys.model or self.keys.name
        if named is not None:
            return Belonging(named, model_id)
        try:
            return belonging(model_id, self.draft.file.providers)
        except UnknownName as unknown:
            key = self.draft.key(f"{self.place}.name")
            whose = f": it is a model of {unknown.owner}" if unknown.owner else ""
            what = f"no provider is known for the model {plain(model_id)} ({key}){whose}"
            remedy = f"write it as provider/model, with one of: {', '.join((*self.draft.file.providers, *PRESETS))}"
            raise fault(self.around.path, what, remedy) from None

    def _key_sources(self, host: Provider) -> tuple[tuple[str, ...], str | None, bool]:
        """The variables, the file, and whether a key must be had."""
        names, file = self.keys.api_key_env, self.keys.api_key_file
        if names is None and file is None:
            return host.key_names, host.key_file, host.needs_key
        return tuple(names or ()), file, True

    def _own_address(self) -> tuple[str | None, str]:
        """The model's own address, as the file or the variable that it names has it, and the key of it."""
        name = None if self.keys.base_url is not None else self.keys.base_url_env
        if name is None:
            return self.keys.base_url, f"{self.place}.base_url"
        key = f"{self.place}.base_url_env"
        return address_in(name, key, self.around), key

    def _chain_breaker(self) -> BreakerKeys | None:
        chains: dict[str, ChainKeys] = self.draft.file.chains
        name = self.keys.name
        holders = (c for c in chains.values() if name in c.peek("models") or name in c.peek("guests"))
        return next((chain.breaker for chain in holders), None)

    def _before_in_vector_spaces(self) -> tuple[str, ...]:
        """The models before this one in chains that say that they share a vector space."""
        chains: dict[str, ChainKeys] = self.draft.file.peek("chains")
        before = (
            name
            for chain in chains.values()
            if chain.peek("kind") == "embeddings" and self.keys.name in chain.peek("models")
            for name in chain.peek("models")[: chain.peek("models").index(self.keys.name)]
        )
        return tuple(dict.fromkeys(before))

    def _refuse_to_send(self, address: Found, key_names: tuple[str, ...]) -> None:
        """A file that was merely found in a folder must not carry keys off to a host of its choice."""
        around = self.around
        if around.named or not address.from_file or around.path.parent == config_folder(around.environ):
            return
        name = sends_known_key_elsewhere(address.url, key_names, around)
        if name is not None:
            what = f"{plain(self.keys.name)} would send {name} to {plain(address.url)}, which is not its provider's"
            raise fault(around.path, what, f"if you trust this file, name it: --config {plain(str(around.path), 200)}")


def _lacking_key(name: str, host: Provider, key_names: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{name} has no key: set {' or '.join(key_names)} ({host.name})",)
