"""A Portkey config: targets, nested or not, under a strategy, as one chain with its fallbacks and weights."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault
from hotspare.configuration.formats.foreign import Foreign, validated
from hotspare.configuration.formats.json_text import is_object, parse
from hotspare.configuration.formats.parameters import KEY_ITSELF
from hotspare.configuration.formats.providers import provider_named
from hotspare.configuration.formats.translation import Translation
from hotspare.configuration.presets import PRESETS
from hotspare.configuration.values import Address, AtLeastOne, Milliseconds, Name, Percent, Retries, Weight

FORMAT = "Portkey JSON"
CHAIN = "main"
TIMEOUTS = ("attempt_seconds", "first_content_seconds", "silence_seconds")

_KEYS = re.compile(r"""["'](targets|override_params|virtual_key)["']\s*+:""")


class Breaking(Foreign):
    failure_threshold: AtLeastOne | None = None
    failure_threshold_percentage: Percent | None = None
    minimum_requests: AtLeastOne | None = None
    cooldown_interval: Annotated[Milliseconds, Field(gt=0)] | None = None


class Strategy(Foreign):
    mode: str = "single"
    on_status_codes: list[int] | None = None
    cb_config: Breaking | None = None
    conditions: list[dict[str, Any]] | None = None
    default: str | None = None


class Retry(Foreign):
    attempts: Retries | None = None
    on_status_codes: list[int] | None = None
    use_retry_after_header: bool | None = None


class Target(Foreign):
    """One target; with targets of its own it is a group."""

    name: Name | None = None
    provider: Name | None = None
    api_key: str | None = None
    virtual_key: str | None = None
    custom_host: Address | None = None
    override_params: dict[str, Any] = Field(default_factory=dict)
    weight: Weight | None = None
    request_timeout: Annotated[Milliseconds, Field(gt=0)] | None = None
    strategy: Strategy | None = None
    retry: Retry | None = None
    cache: dict[str, Any] | None = None
    targets: list["Target"] = Field(default_factory=list)


BREAKER: Mapping[str, tuple[str, float]] = {
    "failure_threshold": ("consecutive_failures", 1),
    "failure_threshold_percentage": ("failed_share", 100),
    "minimum_requests": ("minimum_calls", 1),
    "cooldown_interval": ("open_seconds", 1000),
}


def recognises(text: str) -> bool:
    """A JSON object with a key that only Portkey's has."""
    return is_object(text) and bool(_KEYS.search(text))


def read(path: Path, text: str) -> Draft:
    """See `Format`."""
    config = validated(path, Target, *parse(path, text))
    to = Translation()
    reading = _Reading(to)
    groups = [reading.group(target, place) for target, place in _inner(config, "")] or [reading.group(config, "")]
    names = list(dict.fromkeys(name for group in groups for name, _ in group))
    if not names:
        raise fault(path, "no target of it names a model", 'give each override_params: {"model": …}')
    to.chain(CHAIN, "models", names)
    _spread(config, groups, to)
    reading.whole(config, "")
    to.put("gateway.unknown_model", "default")
    return to.draft(path, FORMAT, config, ())


Weighted = list[tuple[str, float]]


def _inner(target: Target, place: str) -> Iterator[tuple[Target, str]]:
    yield from ((inner, f"{place}targets[{i}].") for i, inner in enumerate(target.targets))


def _spread(config: Target, groups: list[Weighted], to: Translation) -> None:
    """Weights: those of the targets, or those of the group that comes first."""
    mode = "single" if config.strategy is None else config.strategy.mode
    if mode == "loadbalance":
        weights = {group[0][0]: t.weight or 1.0 for group, t in zip(groups, config.targets, strict=True) if group}
        keys = [f"{place}weight" for target, place in _inner(config, "") if target.weight is not None]
    else:
        first = config.targets[0] if config.targets else config
        spread = first.strategy is not None and first.strategy.mode == "loadbalance"
        weights = dict(groups[0]) if spread else {}
        keys = [f"{place}weight" for t, place in _inner(first, "targets[0].") if spread and t.weight is not None]
    if len(weights) > 1:
        to.chain(CHAIN, "strategy", "weighted", *(["strategy.mode"] if config.strategy else []))
        to.chain(CHAIN, "weights", weights, *keys)
        for key in keys:
            to.unsupported.pop(key, None)
    elif config.strategy is not None:
        note = "" if mode in ("fallback", "single", "loadbalance") else f"{mode} is not supported: in the order written"
        to.chain(CHAIN, "strategy", "priority", "strategy.mode", changed=note)


class _Reading:
    """Goes through the targets, and names a model for each that can be called."""

    def __init__(self, to: Translation) -> None:
        self._to = to

    def group(self, target: Target, place: str) -> Weighted:
        """The models of a target, with their weights, in order."""
        if not target.targets:
            name = self._model(target, place)
            return [] if name is None else [(name, 1.0 if target.weight is None else target.weight)]
        if place:
            self._nested(target, place)
        return [member for inner, where in _inner(target, place) for member in self.group(inner, where)]

    def _nested(self, target: Target, place: str) -> None:
        for key in target.model_fields_set - {"targets", "strategy", "weight"}:
            self._leave(target, place, key, "of a group of targets")
        if target.strategy is not None:
            mode = target.strategy.mode
            note = "" if mode == "fallback" else f"{mode} inside a chain: spread where it comes first, else in order"
            self._to.came(f"{place}strategy.mode", f"chains.{CHAIN}.models", changed=note)

    def _model(self, target: Target, place: str) -> str | None:
        model = target.override_params.get("model")
        if not isinstance(model, str):
            for key in target.model_fields_set - {"targets", "strategy", "retry", "cache"}:
                self._to.unsupported[place + key] = "the target names no model: give override_params.model"
            return None
        own = self._provider(target, place)
        name = self._name(target, model, own)
        ours = self._to.model(name)
        self._to.put(f"{ours}model", model)
        self._to.came(f"{place}override_params", f"{ours}name", f"{ours}model", f"chains.{CHAIN}.models")
        if own is not None:
            self._set(f"{place}provider", f"{ours}provider", own)
        if target.name is not None:
            self._to.came(f"{place}name", f"{ours}name")
        self._rest(target, place, ours)
        return name

    def _provider(self, target: Target, place: str) -> str | None:
        """Ours; None where it is to follow from the model's name, as for the names that users give at Portkey."""
        if target.provider is None:
            return None
        own = provider_named(target.provider.lstrip("@"))
        if target.provider.startswith("@") and own not in PRESETS:
            self._to.unsupported[f"{place}provider"] = "a name kept at Portkey: the provider follows from the model's"
            return None
        return own

    def _name(self, target: Target, model: str, provider: str | None) -> str:
        """The target's own name, else its model's; with its provider's where another has that."""
        known = {entry["name"] for entry in self._to.content.get("models", ())}
        wanted = [target.name or model, f"{provider or 'other'}/{model}"]
        wanted += [f"{model}-{n}" for n in range(2, len(known) + 3)]
        return next(name for name in wanted if name not in known)

    def _set(self, theirs: str, ours: str, value: Any) -> None:
        self._to.put(ours, value)
        self._to.came(theirs, ours)

    def _rest(self, target: Target, place: str, ours: str) -> None:
        parameters = {name: value for name, value in target.override_params.items() if name != "model"}
        if parameters:
            self._set(f"{place}override_params", f"{ours}parameters", parameters)
        if target.custom_host is not None:
            self._set(f"{place}custom_host", f"{ours}base_url", target.custom_host)
        if target.request_timeout is not None and place:
            for name in TIMEOUTS:
                self._set(f"{place}request_timeout", ours + name, target.request_timeout / 1000)
        if target.retry is not None and target.retry.attempts is not None and place:
            self._set(f"{place}retry.attempts", f"{ours}retries", target.retry.attempts)
        self._left(target, place)

    def _left(self, target: Target, place: str) -> None:
        if target.api_key is not None:
            self._to.unsupported[f"{place}api_key"] = KEY_ITSELF
        if target.virtual_key is not None:
            self._to.unsupported[f"{place}virtual_key"] = "the key is Portkey's to keep: name a variable that holds it"
        if target.weight is not None:
            self._to.unsupported[f"{place}weight"] = "only the first group of a chain is spread"
        if place:
            for key in ("cache", "strategy"):
                self._leave(target, place, key, "of one target only")
            for key in ("on_status_codes", "use_retry_after_header"):
                self._to.unsupported[f"{place}retry.{key}"] = "triggers decide, and a Retry-After is always heeded"

    def _leave(self, target: Target, place: str, key: str, why: str) -> None:
        value = getattr(target, key)
        if isinstance(value, Foreign):
            for inner in value.model_fields_set:
                self._to.unsupported[f"{place}{key}.{inner}"] = why
        elif value is not None:
            self._to.unsupported[place + key] = why

    def whole(self, config: Target, place: str) -> None:
        """What holds for the chain."""
        to, retry, strategy = self._to, config.retry, config.strategy
        if retry is not None and retry.attempts is not None:
            to.chain(CHAIN, "retries", retry.attempts, f"{place}retry.attempts")
        for key in ("on_status_codes", "use_retry_after_header"):
            to.unsupported[f"retry.{key}"] = "triggers decide, and a Retry-After is always heeded"
        if config.request_timeout is not None:
            for name in TIMEOUTS:
                to.chain(CHAIN, name, config.request_timeout / 1000, "request_timeout")
        to.unsupported["cache"] = "answers are not reused while models can be called (see emergency_cache)"
        if strategy is not None:
            _statuses(strategy, to)
            _breaker(strategy, to)


def _statuses(strategy: Strategy, to: Translation) -> None:
    """Which statuses lead to the next target, as our three flags."""
    for key in ("conditions", "default"):
        to.unsupported[f"strategy.{key}"] = 'conditional targets: see strategy = "task" of a chain'
    codes = strategy.on_status_codes
    if codes is None:
        return
    flags = {
        "fallback_on_rate_limit": 429 in codes,
        "fallback_on_timeout": bool({408, 504} & set(codes)),
        "fallback_on_error": any(code >= 500 for code in codes),
    }
    for name, value in flags.items():
        to.chain(CHAIN, name, value, "strategy.on_status_codes", changed="as rate limits, timeouts and other errors")


def _breaker(strategy: Strategy, to: Translation) -> None:
    if strategy.cb_config is None:
        return
    for theirs, (ours, divisor) in BREAKER.items():
        value = getattr(strategy.cb_config, theirs)
        if value is not None:
            to.chain(
                CHAIN, f"breaker.{ours}", value if divisor == 1 else value / divisor, f"strategy.cb_config.{theirs}"
            )
