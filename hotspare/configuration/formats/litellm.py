"""LiteLLM's config.yaml: a chain for each group of deployments, with the groups that it falls back to behind it.

Deployments become models, groups become chains. What both places of settings say is merged, the router's own first.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault, plain
from hotspare.configuration.formats.foreign import validated
from hotspare.configuration.formats.litellm_groups import Groups, Member
from hotspare.configuration.formats.litellm_keys import Deployment, Proxy
from hotspare.configuration.formats.litellm_settings import settings
from hotspare.configuration.formats.parameters import KEY_ITSELF, NOT_SENT, REFERENCE, WITHOUT_A_KEY, reach
from hotspare.configuration.formats.providers import model_named, provider_named
from hotspare.configuration.formats.translation import Row, Translation, row
from hotspare.configuration.formats.yaml_text import parse, top_key

FORMAT = "LiteLLM config.yaml"

recognises = top_key("model_list")

_REST = ("first_content_seconds", "silence_seconds")


def _million(value: float) -> float:
    return round(value * 1_000_000, 9)


PARAMS: tuple[Row, ...] = (
    row("timeout", "attempt_seconds", *_REST),
    row("stream_timeout", *_REST),
    row("max_retries", "retries"),
    row("num_retries", "retries"),
    row("max_parallel_requests", "max_concurrent"),
    row("input_cost_per_token", "input_usd_per_million_tokens", by=_million),
    row("output_cost_per_token", "output_usd_per_million_tokens", by=_million),
    row("custom_llm_provider", "provider", by=provider_named),
)

INFO: tuple[Row, ...] = (
    row("max_input_tokens", "context_tokens"),
    row("input_cost_per_token", "input_usd_per_million_tokens", by=_million),
    row("output_cost_per_token", "output_usd_per_million_tokens", by=_million),
)

NO_LIMIT = "calls and tokens a minute are not counted here; a 429 lets the model cool instead"


def read(path: Path, text: str) -> Draft:
    """See `Format`."""
    content, lines = parse(path, text)
    proxy = validated(path, Proxy, content, lines)
    to = Translation()
    members = list(_members(proxy, to))
    if not members:
        raise fault(path, "no model of model_list can be called by a name of its own", "name models, not patterns")
    _refuse_twins(path, members)
    groups = Groups(proxy, members, to)
    for member in members:
        _model(member, to)
    groups.write_chains()
    settings(proxy, to)
    return to.draft(path, FORMAT, proxy, groups.warnings)


def _members(proxy: Proxy, to: Translation) -> Iterator[Member]:
    """The deployments, each with a name: its group's; in a group of several its id, or the group's with a number."""
    names = [deployment.model_name for deployment in proxy.model_list]
    for i, deployment in enumerate(proxy.model_list):
        group = deployment.model_name
        if "*" in group or "*" in deployment.litellm_params.model:
            _leave(f"model_list[{i}].", deployment, to)
            continue
        alone = names.count(group) == 1
        name = group if alone else deployment.model_info.id or f"{group}-{names[: i + 1].count(group)}"
        yield Member(i, name, group, deployment)


def _leave(theirs: str, deployment: Deployment, to: Translation) -> None:
    """A pattern stands for models that nobody has named."""
    to.unsupported[f"{theirs}model_name"] = "a pattern: name each model that it stands for"
    for key in deployment.litellm_params.model_fields_set | set(deployment.litellm_params.__pydantic_extra__ or ()):
        to.unsupported[f"{theirs}litellm_params.{key}"] = "of a pattern"
    for key in deployment.model_info.model_fields_set:
        to.unsupported[f"{theirs}model_info.{key}"] = "of a pattern"


def _refuse_twins(path: Path, members: list[Member]) -> None:
    names = [member.name for member in members]
    for member in members:
        if names.count(member.name) > 1:
            what = f"two models would be named {plain(member.name)} (one is model_list[{member.index}])"
            raise fault(path, what, "give them different ids: model_info: {id: …}")


def _model(member: Member, to: Translation) -> None:
    """One deployment. Where times stand in both places, the stream's own is taken for streams."""
    theirs, place = f"model_list[{member.index}].", to.model(member.name)
    params, info = member.deployment.litellm_params, member.deployment.model_info
    to.put(f"{place}model", params.model if params.custom_llm_provider else model_named(params.model))
    to.came(f"{theirs}litellm_params.model", f"{place}name", f"{place}model")
    to.came(f"{theirs}model_name", f"{place}name")
    to.take(info, INFO, f"{theirs}model_info.", place)
    to.take(params, PARAMS, f"{theirs}litellm_params.", place)
    for key in ("api_key", "api_base", "base_url"):
        _reached(key, getattr(params, key), f"{theirs}litellm_params.{key}", place, to)
    _own_server(member, f"{theirs}litellm_params.", place, to)
    if info.id is not None:
        to.came(f"{theirs}model_info.id", f"{place}name")
    for key in ("rpm", "tpm"):
        to.changed.setdefault(f"{theirs}litellm_params.{key}", NO_LIMIT)
    _sent(member, f"{theirs}litellm_params.", place, to)
    _providers_own(member, f"{theirs}litellm_params.", to)


def _reached(key: str, value: str | None, theirs: str, place: str, to: Translation) -> None:
    ours = f"{place}{'api_key_env' if key == 'api_key' else 'base_url'}"
    if value is not None and not reach(value, theirs, ours, to):
        to.unsupported[theirs] = KEY_ITSELF


def _own_server(member: Member, theirs: str, place: str, to: Translation) -> None:
    """A server of the user's own that speaks OpenAI's dialect, with a key for show: OpenAI's key is not its to see."""
    params = member.deployment.litellm_params
    address, key = params.api_base or params.base_url or "", params.api_key or REFERENCE
    model = params.model.removeprefix("openai/")
    if key.startswith(REFERENCE) or _host(address) in ("", OPENAI):
        return
    if model == params.model and params.custom_llm_provider not in ("openai", "custom_openai"):
        return
    name = re.sub(r"[^a-z0-9]+", "-", urlsplit(address).netloc.rpartition("@")[2].lower())
    to.content.setdefault("providers", {})[name] = {"dialect": "openai", "base_url": address}
    to.put(f"{place}provider", name)
    to.put(f"{place}model", model)
    to.unsupported[f"{theirs}api_key"] = WITHOUT_A_KEY


def _host(address: str) -> str:
    """Where an address leads; "" where it is a reference or none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


OPENAI = "api.openai.com"

PROVIDERS_OWN = {"aws_region_name": ("bedrock", "region"), "api_version": ("azure", "api_version")}
"""What LiteLLM says of a deployment and we of its provider."""


def _providers_own(member: Member, theirs: str, to: Translation) -> None:
    extra = member.deployment.litellm_params.__pydantic_extra__ or {}
    for key, (provider, ours) in PROVIDERS_OWN.items():
        if key not in extra:
            continue
        value, table = extra[key], to.content.setdefault("providers", {}).setdefault(provider, {})
        if table.setdefault(ours, value) == value:
            to.came(theirs + key, f"providers.{provider}.{ours}")
        else:
            to.unsupported[theirs + key] = f"another deployment says {table[ours]}: define a provider for this one"


def _sent(member: Member, theirs: str, place: str, to: Translation) -> None:
    """What LiteLLM does not keep for itself goes to the model."""
    extra = member.deployment.litellm_params.__pydantic_extra__ or {}
    sent = {name: value for name, value in extra.items() if name not in NOT_SENT}
    if sent:
        to.put(f"{place}parameters", sent)
    for name in sent:
        to.came(theirs + name, f"{place}parameters")
