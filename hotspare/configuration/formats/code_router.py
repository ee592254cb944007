"""claude-code-router's config.json: its providers, and its routes as chains.

Its long-context route is a task of the default chain; the others are chains that callers ask for by name.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from hotspare.configuration.addresses import is_loopback
from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault, plain
from hotspare.configuration.formats.foreign import Foreign, validated
from hotspare.configuration.formats.json_text import is_object, parse
from hotspare.configuration.formats.parameters import KEY_ITSELF, WITHOUT_A_KEY
from hotspare.configuration.formats.translation import Translation
from hotspare.configuration.values import Address, AtLeastOne, Milliseconds, Name, Port, Retries

FORMAT = "claude-code-router JSON"
CHAIN = "main"
TOKEN = "HOTSPARE_TOKEN"  # noqa: S105 - the name of a variable
TIMEOUTS = ("limits.attempt_seconds", "limits.first_content_seconds")
LONG_CONTEXT_TOKENS = 60_000
ASKED = "claude-*"
"""What an agent command line asks for."""

ROUTES = ("background", "think", "webSearch", "image")

_KEYS = re.compile(r"""["'](Providers|Router)["']\s*+:""")
_VARIABLE = re.compile(r"\$\{?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}?\Z")
_ENDPOINTS = (("/chat/completions", "openai"), ("/v1/messages", "anthropic"))


class Host(Foreign):
    name: Name
    api_base_url: Address
    api_key: str | None = None
    models: list[Name] = Field(default_factory=list)
    transformer: dict[str, Any] | None = None


class Fallback(Foreign):
    mode: str | None = None
    models: list[Name] = Field(default_factory=list)
    retryCount: Retries | None = None  # noqa: N815 - theirs


class Routes(Foreign):
    default: Name | None = None
    background: Name | None = None
    think: Name | None = None
    longContext: Name | None = None  # noqa: N815 - theirs
    longContextThreshold: AtLeastOne | None = None  # noqa: N815 - theirs
    webSearch: Name | None = None  # noqa: N815 - theirs
    image: Name | None = None
    fallback: Fallback | None = None
    rules: list[dict[str, Any]] | None = None


class Config(Foreign):
    """The whole file."""

    Providers: list[Host] = Field(default_factory=list)
    Router: Routes = Field(default_factory=Routes)
    APIKEY: str | None = None
    HOST: Name | None = None
    PORT: Port | None = None
    API_TIMEOUT_MS: Annotated[Milliseconds, Field(gt=0)] | None = None


def recognises(text: str) -> bool:
    """A JSON object with a key that only this router's has."""
    return is_object(text) and bool(_KEYS.search(text))


def read(path: Path, text: str) -> Draft:
    """See `Format`."""
    config = validated(path, Config, *parse(path, text))
    to = Translation()
    _surface(config, to)
    for i, host in enumerate(config.Providers):
        _provider(f"Providers[{i}].", host, to)
    _routes(path, config, to)
    _fallback(path, config, to)
    return to.draft(path, FORMAT, config, ())


def _surface(config: Config, to: Translation) -> None:
    for theirs, ours in (("HOST", "gateway.host"), ("PORT", "gateway.port")):
        if (value := getattr(config, theirs)) is not None:
            to.put(ours, value)
            to.came(theirs, ours)
    to.put("gateway.unknown_model", "default")
    if config.APIKEY is not None:
        found = _VARIABLE.match(config.APIKEY)
        to.put("gateway.token_env", found["name"] if found else TOKEN)
        to.came("APIKEY", "gateway.token_env", changed="" if found else f"a key itself is not taken: set {TOKEN} to it")
    if config.API_TIMEOUT_MS is not None:
        for ours in TIMEOUTS:
            to.put(ours, config.API_TIMEOUT_MS / 1000)
        to.came("API_TIMEOUT_MS", *TIMEOUTS)


def _provider(theirs: str, host: Host, to: Translation) -> None:
    url, dialect = host.api_base_url, "openai"
    for ending, spoken in _ENDPOINTS:
        if url.endswith(ending):
            url, dialect = url.removesuffix(ending), spoken
    table: dict[str, Any] = {"dialect": dialect, "base_url": url}
    ours = f"providers.{host.name}"
    to.came(f"{theirs}name", f"{ours}.base_url")
    to.came(f"{theirs}api_base_url", f"{ours}.base_url", f"{ours}.dialect")
    found = _VARIABLE.match(host.api_key or "")
    if found:
        table["api_key_env"] = found["name"]
        to.came(f"{theirs}api_key", f"{ours}.api_key_env")
    elif host.api_key is not None and is_loopback(urlsplit(url).hostname or ""):
        to.unsupported[f"{theirs}api_key"] = WITHOUT_A_KEY
    elif host.api_key is not None:
        table["api_key_env"] = f"{re.sub(r'[^A-Za-z0-9]', '_', host.name).upper()}_API_KEY"
        to.came(f"{theirs}api_key", f"{ours}.api_key_env", changed=f"{KEY_ITSELF}: here {table['api_key_env']}")
    to.content.setdefault("providers", {})[host.name] = table
    for name in host.models:
        _model(f"{host.name},{name}", to)
    to.came(f"{theirs}models", *(f"{to.model(f'{host.name}/{name}')}name" for name in host.models))
    if host.transformer is not None:
        to.unsupported[f"{theirs}transformer"] = "requests are translated by the provider's dialect"


def _model(target: str, to: Translation) -> str:
    """`provider,model`, or `provider/model` of later versions, as a model of ours."""
    provider, _, model = target.partition(",") if "," in target else target.partition("/")
    name = f"{provider.strip()}/{model.strip()}"
    place = to.model(name)
    to.put(f"{place}provider", provider.strip())
    to.put(f"{place}model", model.strip())
    return name


def _routes(path: Path, config: Config, to: Translation) -> None:
    routes = config.Router
    if routes.default is None:
        raise fault(path, "Router.default is missing", 'name the model that serves: "provider,model"')
    first = _target(path, "Router.default", routes.default, config, to)
    _chain(CHAIN, [first], "Router.default", to)
    to.chain(CHAIN, "answers", [ASKED])
    if routes.longContext is not None:
        _long_context(path, first, config, to)
    for name in ROUTES:
        target = getattr(routes, name)
        if target is not None:
            model = _target(path, f"Router.{name}", target, config, to)
            _chain(name, list(dict.fromkeys([model, first])), f"Router.{name}", to)
            to.changed[f"Router.{name}"] = f"nothing chooses it by itself: ask for the model {name}"
    if routes.rules is not None:
        to.unsupported["Router.rules"] = 'rules: see strategy = "task" of a chain'


def _chain(name: str, models: list[str], theirs: str, to: Translation) -> None:
    to.chain(name, "models", models, theirs)


def _long_context(path: Path, first: str, config: Config, to: Translation) -> None:
    """Long prompts start at a model of their own: short ones are the task."""
    routes = config.Router
    long = _target(path, "Router.longContext", routes.longContext or "", config, to)
    if long == first:
        to.came("Router.longContext", f"chains.{CHAIN}.models")
        to.unsupported["Router.longContextThreshold"] = "both routes are one model"
        return
    threshold = routes.longContextThreshold or LONG_CONTEXT_TOKENS
    to.chain(CHAIN, "models", [long, first], "Router.longContext")
    to.chain(CHAIN, "strategy", "task")
    to.chain(CHAIN, "tasks", [{"match": {"prompt_tokens_below": threshold}, "start": first}])
    to.came("Router.longContextThreshold", f"chains.{CHAIN}.tasks[0].match.prompt_tokens_below")


def _target(path: Path, theirs: str, target: str, config: Config, to: Translation) -> str:
    provider = (target.partition(",") if "," in target else target.partition("/"))[0].strip()
    if provider not in {host.name for host in config.Providers}:
        raise fault(path, f"{theirs} names the provider {plain(provider)}, which is not in Providers", "add it there")
    return _model(target, to)


def _fallback(path: Path, config: Config, to: Translation) -> None:
    """Later versions have a chain of models; ours goes on sooner, without their pauses."""
    fallback = config.Router.fallback
    if fallback is None:
        return
    chains = to.content["chains"]
    targets = [_target(path, "Router.fallback.models", target, config, to) for target in fallback.models]
    for name in list(chains):
        if targets:
            models = list(dict.fromkeys([*chains[name]["models"], *targets]))
            to.chain(name, "models", models, "Router.fallback.models", "Router.fallback.mode")
            to.changed["Router.fallback.models"] = "each hop comes at once, without a pause before it"
        if fallback.retryCount is not None:
            to.chain(name, "retries", fallback.retryCount, "Router.fallback.retryCount")
    for key in _unmapped(fallback, targets):
        to.unsupported[f"Router.fallback.{key}"] = "there are no models to fall back to"


def _unmapped(fallback: Fallback, targets: list[str]) -> Iterator[str]:
    if not targets:
        yield from fallback.model_fields_set & {"mode", "models"}
