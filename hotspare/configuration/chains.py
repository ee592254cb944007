"""Compile chains: each one's models in order, with the limits that hold for each of them there."""

from hotspare.configuration import rules
from hotspare.configuration.draft import Draft
from hotspare.configuration.model import ChainKeys, ModelKeys
from hotspare.router.settings import Chain
from hotspare.router.trigger import Action, Trigger


def chains_of(draft: Draft) -> dict[str, Chain]:
    """The router's chains."""
    models = {model.name: model for model in draft.file.models}
    return {name: _chain(name, keys, models, draft) for name, keys in draft.file.chains.items()}


def _chain(name: str, keys: ChainKeys, models: dict[str, ModelKeys], draft: Draft) -> Chain:
    _only_so_far(keys)
    general = draft.file.limits
    return Chain(
        name=name,
        models=tuple(keys.models),
        limits={model: rules.limits(models[model], keys, general) for model in keys.models},
        answers=tuple(keys.answers),
        kind=keys.kind,
        equivalent=keys.equivalent,
        strategy=keys.only("strategy", "priority"),
        deadline_seconds=rules.deadline_seconds(keys, general),
        fallback_on_rate_limit=keys.fallback_on_rate_limit,
        fallback_on_timeout=keys.fallback_on_timeout,
        fallback_on_error=keys.fallback_on_error,
        actions=_actions(keys),
        stream_delivery=keys.stream_delivery,
    )


def _actions(keys: ChainKeys) -> dict[Trigger, Action]:
    """Where the chain does otherwise than the table of triggers says."""
    filtered = {Trigger.content_filter: Action.next} if keys.on_content_filter == "next" else {}
    return filtered | {trigger: Action[action] for trigger, action in keys.triggers.items()}


def _only_so_far(keys: ChainKeys) -> None:
    """What the router does anyway: a file that asks for just that gets it."""
    keys.only("on_stream_break", "error")
    keys.only("affinity", "none")
    keys.only("score", "")
    for switch in ("emergency_cache", "cost_aware_fallback", "performance_aware_fallback"):
        keys.only(switch, done=False)
    keys.only("weights", {})
    keys.only("tasks", [])
    keys.only("regions", [])
