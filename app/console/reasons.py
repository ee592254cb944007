"""Why a key cannot act now, in one sentence: a disabled key says why."""

from collections.abc import Callable, Mapping

from hotspare.app.action import Action
from hotspare.router.snapshot import ChainView, ModelView, Snapshot

COSTS_OR_CHANGES = frozenset({"prompt", "resend", "move-up", "move-down", "redo", "write"})
"""Actions without a Command of their own that a read-only console does not do either."""


def why_not(
    action: Action,
    snapshot: Snapshot | None,
    model: ModelView | None,
    *,
    lost: bool = False,
    typed: bool = False,
) -> str:
    """The reason, "" where the action can be done.

    Args:
        action: what is wanted.
        snapshot: the newest figures.
        model: what the cursor is on.
        lost: the instance does not answer.
        typed: what it is about was typed, so the cursor does not matter.
    """
    if action.build is None and action.id not in {*COSTS_OR_CHANGES, *_REASONS}:
        return ""
    if snapshot is None:
        return "Nothing is known yet: the instance has not answered."
    if (action.build is not None or action.id in COSTS_OR_CHANGES) and (held := _held(snapshot, lost=lost)):
        return f"{action.title}: {held}"
    reason = _REASONS.get(action.id)
    if reason is None or typed:
        return ""
    if model is None:
        return f"{action.title}: there is no model to choose."
    chain = next(one for one in snapshot.chains if one.name == model.chain)
    return reason(chain, model)


def _held(snapshot: Snapshot, *, lost: bool) -> str:
    """Why nothing can be done there at all."""
    if lost:
        return "the instance does not answer, so nothing can be done there."
    read_only = snapshot.instance.read_only
    return "this instance is read-only (read_only = true under [console])." if read_only else ""


def _one_model(chain: ChainView, _: ModelView) -> str:
    return f"{chain.name} has one model: there is no other to go to." if len(chain.models) < 2 else ""


def _at_top(chain: ChainView, model: ModelView) -> str:
    return f"{model.name} is the first of {chain.name} already." if chain.models[:1] == (model.name,) else ""


def _at_bottom(chain: ChainView, model: ModelView) -> str:
    return f"{model.name} is the last of {chain.name} already." if chain.models[-1:] == (model.name,) else ""


def _nothing_forced(chain: ChainView, _: ModelView) -> str:
    return f"Nothing is forced on {chain.name}." if chain.forced is None else ""


def _already_out(_: ChainView, model: ModelView) -> str:
    return f"{model.name} is {model.state} already; d enables it." if model.state in {"disabled", "draining"} else ""


def _nothing_held(_: ChainView, model: ModelView) -> str:
    if model.state == "ok":
        return f"Nothing is held against {model.name}."
    return f"{model.name} is {model.state} by order; d enables it." if model.state in {"disabled", "draining"} else ""


_REASONS: Mapping[str, Callable[[ChainView, ModelView], str]] = {
    "force": _one_model,
    "skip-primary": _one_model,
    "priorities": _one_model,
    "move-up": _at_top,
    "move-down": _at_bottom,
    "release": _nothing_forced,
    "drain": _already_out,
    "clear": _nothing_held,
}
