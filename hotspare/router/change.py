"""Work out what a command would change: a Change (before, after, and so its inverse), or a refusal with its reason.

Pure: it reads the standing decisions and the models, and changes nothing. Each command sets one slot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from hotspare.router.candidate import CandidateState
from hotspare.router.command import (
    Change,
    ClearModel,
    Command,
    Decision,
    DisableModel,
    DrainModel,
    EnableModel,
    ForceModel,
    JournalEntry,
    Refusal,
    Release,
    SetPriorities,
    SkipPrimary,
    Slot,
    Undo,
)
from hotspare.router.settings import Chain, Settings
from hotspare.router.standing import Standing, in_order


@dataclass(frozen=True, slots=True)
class Asked:
    """Who orders it, why and when, and what may be undone."""

    who: str
    why: str
    wall: float
    now: float
    latest: JournalEntry | None
    confirmed: bool


class Changes:
    """Turns commands into Changes; see the module."""

    __slots__ = ("_settings", "_standing", "_states")

    def __init__(self, settings: Settings, states: Mapping[str, CandidateState], standing: Standing) -> None:
        self._settings = settings
        self._states = states
        self._standing = standing

    def work_out(self, command: Command, asked: Asked) -> Change | Refusal:
        match command:
            case ForceModel():
                return self._force(command, asked)
            case SkipPrimary():
                return self._skip_primary(command, asked)
            case DisableModel() | DrainModel():
                return self._take_out(command, asked)
            case EnableModel():
                return self._enable(command, asked)
            case SetPriorities():
                return self._priorities(command, asked)
            case _:
                return self._lift(command, asked)

    def _lift(self, command: Release | ClearModel | Undo, asked: Asked) -> Change | Refusal:
        match command:
            case Release():
                return self._release(command, asked)
            case ClearModel():
                return self._clear(command, asked)
            case Undo():
                return self._undo(asked)
            case _:
                assert_never(command)

    # ------------------------------------------------------------ one command each
    def _force(self, command: ForceModel, asked: Asked) -> Change | Refusal:
        chain = self._chain(command.chain)
        if isinstance(chain, Refusal):
            return chain
        if command.model not in chain.models:
            return Refusal(f"{command.model} is no model of {chain.name}", f"it has {', '.join(chain.models)}")
        if not chain.falls_back and command.model != self._standing.order(chain.name, chain.models)[0]:
            return _no_other(chain)
        if command.until is None and not asked.confirmed:
            return Refusal(
                f"forcing {command.model} with no end would hold {chain.name} off its primary until somebody lifts it",
                "give it a time, or confirm",
                needs_confirmation=True,
            )
        notes = self._cannot_serve(command.model, asked)
        return self._set(command.act, Slot("force", chain.name), ("force", command.model), command.until, asked, notes)

    def _cannot_serve(self, model: str, asked: Asked) -> tuple[str, ...]:
        state = self._states[model]
        skip = state.decided
        if skip is None:
            held = state.unready(asked.now)
            skip = None if held is None else held.skip
        if skip is None:
            return ()
        remedy = f"enable {model}" if skip in ("disabled", "draining") else f"clear {model}"
        return (f"{model} cannot serve now ({skip}): the others follow, never the primary; to lift that: {remedy}",)

    def _skip_primary(self, command: SkipPrimary, asked: Asked) -> Change | Refusal:
        chain = self._chain(command.chain)
        if isinstance(chain, Refusal):
            return chain
        if not chain.falls_back:
            return _no_other(chain)
        order = self._standing.order(chain.name, chain.models)
        if not self._others_ready(order[1:], asked) and not asked.confirmed:
            return Refusal(
                f"no other model of {chain.name} can serve now: without {order[0]} its callers get errors",
                needs_confirmation=True,
            )
        if command.until is None and not asked.confirmed:
            return Refusal(
                f"with no end {order[0]} stays out of {chain.name} until somebody lifts it",
                "give it a time, or confirm",
                needs_confirmation=True,
            )
        return self._set(command.act, Slot("force", chain.name), ("skip_primary",), command.until, asked)

    def _take_out(self, command: DisableModel | DrainModel, asked: Asked) -> Change | Refusal:
        if command.model not in self._states:
            return self._no_model(command.model)
        for chain in self._settings.chains.values():
            others = tuple(name for name in chain.models if name != command.model)
            if command.model in chain.models and not self._others_ready(others, asked) and not asked.confirmed:
                return Refusal(
                    f"{command.model} is the last model of {chain.name} that can serve: its callers would get errors",
                    needs_confirmation=True,
                )
        value = "disabled" if isinstance(command, DisableModel) else "draining"
        return self._set(command.act, Slot("model", command.model), (value,), command.until, asked)

    def _enable(self, command: EnableModel, asked: Asked) -> Change | Refusal:
        state = self._states.get(command.model)
        if state is None:
            return self._no_model(command.model)
        slot = Slot("model", command.model)
        if state.decided is None:
            return Refusal(f"{command.model} is enabled already", "to lift a cooldown or an open breaker: clear")
        if state.model.enabled:
            return self._put(command.act, slot, None, asked)
        return self._set(command.act, slot, ("enabled",), None, asked)

    def _priorities(self, command: SetPriorities, asked: Asked) -> Change | Refusal:
        chain = self._chain(command.chain)
        if isinstance(chain, Refusal):
            return chain
        if (fault := self._fault(command, chain)) is not None:
            return fault
        order = command.models + tuple(name for name in chain.models if name not in command.models)
        slot = Slot("order", chain.name)
        if order == self._standing.order(chain.name, chain.models):
            return Refusal(f"{chain.name} has this order already")
        if order == chain.models:
            return self._put(command.act, slot, None, asked)
        return self._set(command.act, slot, order, None, asked)

    def _fault(self, command: SetPriorities, chain: Chain) -> Refusal | None:
        if unknown := [name for name in command.models if name not in chain.models]:
            return Refusal(f"{unknown[0]} is no model of {chain.name}", f"it has {', '.join(chain.models)}")
        if not command.models or len(set(command.models)) != len(command.models):
            return Refusal("priorities name each model once, at least one", f"{chain.name}: {','.join(chain.models)}")
        first = self._standing.order(chain.name, chain.models)[0]
        return None if chain.falls_back or command.models[0] == first else _no_other(chain)

    def _release(self, command: Release, asked: Asked) -> Change | Refusal:
        chain = self._chain(command.chain)
        if isinstance(chain, Refusal):
            return chain
        slot = Slot("force", chain.name)
        if self._standing.get(slot) is None:
            return Refusal(f"nothing is forced on {chain.name}")
        return self._put(command.act, slot, None, asked)

    def _clear(self, command: ClearModel, asked: Asked) -> Change | Refusal:
        if command.model not in self._states:
            return self._no_model(command.model)
        return Change(command.act, command.model, asked.who, asked.wall, asked.why)

    def _undo(self, asked: Asked) -> Change | Refusal:
        """The inverse of the latest change, if what it put is still what stands."""
        entry = asked.latest
        if entry is None or entry.change.slot is None:
            return Refusal("there is nothing to undo")
        change = entry.change
        stands = self._standing.get(entry.change.slot)
        if stands != change.after:
            since = "it stands no longer" if stands is None else f"{stands.who} acted on {change.subject} since"
            return Refusal(f"{change.act} {change.subject} cannot be undone: {since}", "look at: hotspare journal")
        if change.before is not None and not is_there(self._settings, entry.change.slot, change.before):
            return Refusal(f"{change.act} {change.subject} cannot be undone: it is no longer in the file")
        return Change(
            act="undo",
            subject=f"{change.act} {change.subject}",
            who=asked.who,
            at=asked.wall,
            why=asked.why,
            slot=change.slot,
            before=change.after,
            after=change.before,
            undoes=entry.number,
        )

    # ------------------------------------------------------------ shared
    def _set(
        self,
        act: str,
        slot: Slot,
        value: tuple[str, ...],
        until: float | None,
        asked: Asked,
        notes: tuple[str, ...] = (),
    ) -> Change | Refusal:
        if until is not None and until <= asked.wall:
            return Refusal("that time is over already", "give a time in the future: --for 10m")
        return self._put(act, slot, Decision(value, asked.who, asked.wall, asked.why, until), asked, notes)

    def _put(
        self, act: str, slot: Slot, decision: Decision | None, asked: Asked, notes: tuple[str, ...] = ()
    ) -> Change:
        before = self._standing.get(slot)
        return Change(act, slot.subject, asked.who, asked.wall, asked.why, slot, before, decision, notes)

    def _chain(self, name: str) -> Chain | Refusal:
        chain = self._settings.chains.get(name)
        return chain or Refusal(f"there is no chain {name}", f"chains: {', '.join(self._settings.chains)}")

    def _no_model(self, name: str) -> Refusal:
        return Refusal(f"there is no model {name}", f"models: {', '.join(self._settings.models)}")

    def _others_ready(self, names: tuple[str, ...], asked: Asked) -> bool:
        states = [self._states[name] for name in names]
        return any(state.decided is None and state.unready(asked.now) is None for state in states)


def is_there(settings: Settings, slot: Slot, decision: Decision) -> bool:
    """Whether the settings have what a decision is about."""
    if slot.kind == "model":
        return slot.subject in settings.models
    chain = settings.chains.get(slot.subject)
    if chain is None:
        return False
    return slot.kind == "order" or decision.value[0] == "skip_primary" or decision.value[1] in chain.models


def is_declared(settings: Settings, slot: Slot, decision: Decision) -> bool:
    """Whether the file has come to say for itself what was decided for good."""
    if decision.until is not None:
        return False
    match slot.kind, decision.value:
        case "order", names:
            declared = settings.chains[slot.subject].models
            return in_order(names, declared) == declared
        case "model", ("disabled" | "enabled" as word,):
            return settings.models[slot.subject].enabled == (word == "enabled")
    return False


def _no_other(chain: Chain) -> Refusal:
    return Refusal(
        f"{chain.name} gives embeddings of its first model alone: vectors of another cannot be compared with them",
        f"where its models do share one vector space: equivalent = true under chains.{chain.name}",
    )
