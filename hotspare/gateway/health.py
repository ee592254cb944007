"""What the gateway says of itself to programs: its health, its models' health, and what may be asked for.

Rendered from one Snapshot; nothing here judges. Words are the router's.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hotspare.gateway.metrics import CALLABLE, models_once
from hotspare.router.snapshot import ModelState, ModelView, Snapshot

_STATUS: Mapping[ModelState, str] = {
    "ok": "healthy",
    "trial": "unhealthy",
    "open": "unhealthy",
    "suspended": "unhealthy",
    "cooling": "cooling",
    "no_key": "no_key",
    "disabled": "disabled",
    "draining": "draining",
}
"""Unhealthy is the callers' word for a model that its breaker holds back; the others are said as they are."""


def of_chains(snapshot: Snapshot, names: frozenset[str]) -> Snapshot:
    """What it says of some chains and of their models."""
    chains = tuple(chain for chain in snapshot.chains if chain.name in names)
    models = tuple(model for model in snapshot.models if model.chain in names)
    subjects = {*(chain.name for chain in chains), *(model.name for model in models)}
    situations = tuple(situation for situation in snapshot.situations if situation.subject in subjects)
    return replace(snapshot, chains=chains, models=models, situations=situations)


def health(snapshot: Snapshot, *, draining: bool) -> dict[str, Any]:
    """The gateway as a whole."""
    ready = {chain.name: _is_ready(snapshot, chain.name) for chain in snapshot.chains}
    status = "draining" if draining else "ok" if all(ready.values()) else "degraded" if any(ready.values()) else "down"
    return {
        "status": status,
        "instance": snapshot.instance.name,
        "version": snapshot.instance.version,
        "situation": [situation.text for situation in snapshot.situations],
        "chains": [{"chain": name, "ready": is_ready} for name, is_ready in ready.items()],
        "store": snapshot.store.state,
    }


def readiness(snapshot: Snapshot, *, draining: bool) -> tuple[int, dict[str, Any], float | None]:
    """Whether a request sent now could be answered: status, body, and in how many seconds it might be."""
    if draining:
        return 503, {"ready": False, "reason": "draining"}, None
    if any(model.state in CALLABLE for model in snapshot.models):
        return 200, {"ready": True}, None
    ends = [model.seconds_left for model in snapshot.models if model.seconds_left is not None]
    return 503, {"ready": False, "reason": "no model available"}, min(ends, default=None)


def models_health(snapshot: Snapshot) -> dict[str, Any]:
    """Every model's state. `until`, `checked_at`: UTC. What is not known is null."""
    return {"models": [_model_health(snapshot, model) for model in models_once(snapshot)]}


def models_list(snapshot: Snapshot) -> list[dict[str, Any]]:
    """What a caller may name in `model`, chains first, then their models. Each as both OpenAI and Anthropic list them:
    their fields do not meet, but for `type`, which OpenAI's clients pass over.
    """
    created = int(snapshot.instance.started_at)
    stamp = _utc(created)
    owners = {chain.name: "hotspare" for chain in snapshot.chains}
    for model in snapshot.models:
        owners.setdefault(model.name, model.provider)
    openai = {"object": "model", "created": created}
    anthropic = {"type": "model", "created_at": stamp, "lifecycle": "active"}
    return [
        {"id": name, **openai, "owned_by": owner, **anthropic, "display_name": name} for name, owner in owners.items()
    ]


def page_of_models(listed: list[dict[str, Any]]) -> dict[str, Any]:
    """All of them, on the one page that there is."""
    first, last = (listed[0]["id"], listed[-1]["id"]) if listed else (None, None)
    return {"object": "list", "data": listed, "has_more": False, "first_id": first, "last_id": last}


def _is_ready(snapshot: Snapshot, chain: str) -> bool:
    return any(model.state in CALLABLE for model in snapshot.models if model.chain == chain)


def _model_health(snapshot: Snapshot, model: ModelView) -> dict[str, Any]:
    well = model.state == "ok"
    return {
        "model": model.name,
        "provider": model.provider,
        "status": _STATUS[model.state],
        "reason": None if well else model.state,
        "until": None if model.seconds_left is None else _utc(snapshot.at + model.seconds_left),
        "success_rate": model.answered / model.calls if model.calls else None,
        "latency_ms": model.p50_ms,
        "checked_at": None if model.checked_at is None else _utc(model.checked_at),
        "error": None if well else model.reason or None,
    }


def _utc(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
