"""Compile chains: each one's models in order, with the limits that hold for each of them there."""

from typing import TypeVar

from hotspare.configuration import rules
from hotspare.configuration.draft import Draft
from hotspare.configuration.model import ChainKeys, LimitKeys, ModelKeys, TaskKeys
from hotspare.router.settings import HEDGE_EXTRA_SHARE, Chain, OnStreamBreak, Sorting, Strategy, Task
from hotspare.router.trigger import Action, Trigger

T = TypeVar("T")


def chains_of(draft: Draft) -> dict[str, Chain]:
    """The router's chains."""
    models = {model.name: model for model in draft.file.models}
    return {name: _chain(name, keys, models, draft) for name, keys in draft.file.chains.items()}


def _chain(name: str, keys: ChainKeys, models: dict[str, ModelKeys], draft: Draft) -> Chain:
    tasks: list[TaskKeys] = _of_strategy("task", keys, "tasks", [])
    general = draft.file.limits
    return Chain(
        name=name,
        models=tuple(keys.models),
        limits={model: rules.limits(models[model], keys, general) for model in (*keys.models, *keys.guests)},
        answers=tuple(keys.answers),
        guests=tuple(keys.guests),
        kind=keys.kind,
        equivalent=keys.equivalent,
        strategy=keys.strategy,
        fallbacks_by=_fallbacks_by(keys),
        latency_threshold_seconds=keys.latency_threshold_seconds,
        hedge_extra_share=_of_strategy("hedged", keys, "hedge_extra_share", HEDGE_EXTRA_SHARE),
        score=_of_strategy("load_balanced", keys, "score", ""),
        weights=_of_strategy("weighted", keys, "weights", {}),
        tasks=tuple(_task(task, keys, models, general) for task in tasks),
        affinity=keys.affinity,
        deadline_seconds=rules.deadline_seconds(keys, general),
        fallback_on_rate_limit=keys.fallback_on_rate_limit,
        fallback_on_timeout=keys.fallback_on_timeout,
        fallback_on_error=keys.fallback_on_error,
        actions=_actions(keys),
        emergency_cache=keys.emergency_cache,
        emergency_cache_embeddings=keys.emergency_cache_embeddings or "",
        stream_delivery=keys.stream_delivery,
        on_stream_break=_on_stream_break(keys),
        check_output=keys.check_output,
        repair_output=_repair_output(keys),
        check_loop=keys.check_loop,
        check_refusal=_check_refusal(keys),
    )


def _actions(keys: ChainKeys) -> dict[Trigger, Action]:
    """Where the chain does otherwise than the table of triggers says."""
    filtered = {Trigger.content_filter: Action.next} if keys.on_content_filter == "next" else {}
    return filtered | {trigger: Action[action] for trigger, action in keys.triggers.items()}


def _repair_output(keys: ChainKeys) -> bool:
    """Only what is checked can be found broken."""
    if keys.check_output:
        return keys.repair_output
    keys.leave_key("repair_output", "it belongs to check_output = true")
    return True


def _check_refusal(keys: ChainKeys) -> bool:
    """Only where refusals are passed on at all."""
    named = keys.triggers.get(Trigger.refusal) or keys.triggers.get(Trigger.content_filter)
    if (named or keys.on_content_filter) != "stop":
        return keys.check_refusal
    keys.leave_key("check_refusal", 'it belongs to on_content_filter = "next"')
    return True


def _on_stream_break(keys: ChainKeys) -> OnStreamBreak:
    """Of what is held until it is whole, no caller has a part."""
    if keys.stream_delivery == "live" or keys.peek("on_stream_break") == "error":
        return keys.on_stream_break
    keys.leave_key("on_stream_break", 'it belongs to stream_delivery = "live"')
    return "error"


def _of_strategy(strategy: Strategy, keys: ChainKeys, name: str, without: T) -> T:
    """A key that means something under one strategy only; under another it is as if it were not there."""
    if keys.strategy == strategy or keys.peek(name) == without:
        found: T = getattr(keys, name)
        return found
    keys.leave_key(name, f'it belongs to strategy = "{strategy}"')
    return without


def _fallbacks_by(keys: ChainKeys) -> tuple[Sorting, ...]:
    """By cost before latency, where both are asked for."""
    asked: dict[Sorting, bool] = {
        "cost": keys.cost_aware_fallback or keys.strategy == "cost",
        "latency": keys.performance_aware_fallback or keys.strategy == "latency",
    }
    return tuple(name for name, wanted in asked.items() if wanted)


def _task(task: TaskKeys, keys: ChainKeys, models: dict[str, ModelKeys], general: LimitKeys) -> Task:
    match = task.match
    return Task(
        start=task.start,
        limits={
            model: rules.with_timeout(rules.limits(models[model], keys, general), task.attempt_seconds)
            for model in (*keys.models, *keys.guests)
        },
        header=None if match.header is None else match.header.lower(),
        metadata=match.metadata,
        equals=match.equals or "",
        prompt_tokens_below=match.prompt_tokens_below,
    )
