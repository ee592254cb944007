"""The router: live state behind a few methods, all synchronous, owned by one event loop.

`now` is monotonic seconds, `wall` UTC epoch seconds; both are handed in, as are randomness and the operator's midnight.
"""

from collections.abc import Callable, Collection, Mapping
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from hotspare.router.candidate import CandidateState, Keys
from hotspare.router.change import Asked, Changes, is_declared, is_there
from hotspare.router.command import Change, ClearModel, Command, Decision, JournalEntry, Refusal, Slot
from hotspare.router.evidence import Witness
from hotspare.router.live import Live, Past
from hotspare.router.parking import Parking
from hotspare.router.plan import Plan, Planner
from hotspare.router.pulse import Pulse
from hotspare.router.purse import purse
from hotspare.router.record import Ask, Record
from hotspare.router.settings import Budget, Settings
from hotspare.router.snapshot import Instance, Snapshot, StoreView
from hotspare.router.standing import Standing
from hotspare.router.view import Viewer, lane_state
from hotspare.router.walk import Walk


class Router:
    """Decides, remembers, and says how things are.

    Attributes:
        epoch: grows whenever a breaker, a cooldown, a key or a decision changes.
    """

    def __init__(self, settings: Settings, *, random: Random, midnight: Callable[[float], float]) -> None:
        self.settings = settings
        self.epoch = 0
        self.standing = Standing()
        self.live = Live(midnight)
        self.witness = Witness()
        self.states: dict[str, CandidateState] = {}
        self.parking = Parking({}, self.states)
        self._keys: dict[str, Keys] = {}
        self._purse = purse(settings.budget, self.live)
        self._random = random
        self._planner = Planner(settings, self.states, self.standing, Pulse(self.live), random)
        self._latest: Change | None = None
        self._obey(settings, frozenset(settings.models))

    def _obey(self, settings: Settings, renewed: Collection[str]) -> None:
        """Go by these settings. What is known of a model is kept, unless it is renewed or another provider's."""
        for name, model in settings.models.items():
            keys = self._keys.setdefault(model.provider, Keys())
            state = self.states.get(name)
            if state is None or name in renewed or state.model.provider != model.provider:
                self.states[name] = CandidateState(model, keys)
            else:
                state.obey(model)
        for name in [name for name in self.states if name not in settings.models]:
            del self.states[name]
        self.parking.obey({chain.name: chain.models for chain in settings.chains.values()}, self.states)
        self._go_by(settings)

    def _go_by(self, settings: Settings) -> None:
        """Have all that looks at the settings look at these."""
        self.settings = settings
        before, self._planner = (
            self._planner,
            Planner(settings, self.states, self.standing, Pulse(self.live), self._random),
        )
        self._planner.take_over(before)
        self._changes = Changes(settings, self.states, self.standing)
        self._viewer = Viewer(settings, self.states, self.standing, self.live, self.witness)

    # ------------------------------------------------------------ requests
    def resolve(self, asked: str) -> tuple[str, str | None] | None:
        """The chain for a name that a caller asks for, and the model it starts at; None: the name is unknown."""
        settings = self.settings
        if asked in settings.chains:
            return asked, None
        for chain in settings.chains.values():
            if any(fnmatchcase(asked, pattern) for pattern in chain.answers):
                return chain.name, None
        holder = settings.chain_of_model(asked)
        if holder is not None:
            return holder.name, asked
        return None if settings.default_chain is None else (settings.default_chain, None)

    def open(self, ask: Ask, now: float) -> Walk:
        """A Walk for one request."""
        return self.walk(ask, self._planner.plan(ask, now))

    def walk(self, ask: Ask, plan: Plan) -> Walk:
        """A Walk under a given plan."""
        return Walk(ask, self.settings.chains[ask.chain], plan, self._random, self._changed, self.parking, self._purse)

    def fold(self, record: Record) -> None:
        """Take one finished Record, of this run or an earlier one, into the live figures."""
        self.live.fold(record)
        self.witness.fold(record)
        self._planner.fold(record)
        if self._purse is not None:
            self._purse.fold(record)

    def take_up(self, past: Past) -> None:
        """Take what Records of an earlier run came to into the live figures, in their place."""
        self.live.take_up(past)
        if self._purse is not None:
            self._purse.take_up(past.sessions)

    def _changed(self) -> None:
        self.epoch += 1

    # ------------------------------------------------------------ decisions
    def change(
        self,
        command: Command,
        *,
        who: str,
        why: str,
        now: float,
        wall: float,
        latest: JournalEntry | None,
        confirmed: bool,
    ) -> Change | Refusal:
        """What a command would change; nothing is changed yet. `latest` is what an undo would take back."""
        return self._changes.work_out(command, Asked(who, why, wall, now, latest, confirmed))

    def commit(self, change: Change, *, now: float, wall: float) -> None:
        """Put a change in force."""
        self._latest = change
        if change.slot is not None:
            self.standing.put(change.slot, change.after, now=now, wall=wall)
            self._apply(change.slot)
        elif change.act == ClearModel.act:
            self.states[change.subject].clear(now)
        self._changed()

    def tick(self, now: float, wall: float) -> tuple[Change, ...]:
        """Let time pass: lift expired decisions (returned, for the journal), and note each model's state."""
        expired = self.standing.expire(now=now, wall=wall)
        for change in expired:
            if change.slot is not None:
                self._apply(change.slot)
        if expired:
            self._changed()
        self.parking.look(now)
        self.live.mark(wall, ((name, lane_state(state, now)) for name, state in self.states.items()))
        return expired

    def reload(
        self,
        settings: Settings,
        *,
        file: str,
        renewed: Collection[str],
        midnight: Callable[[float], float],
        now: float,
        wall: float,
    ) -> tuple[Change, ...]:
        """Go by other settings from the next request on; those under way keep their plan, their models and their chain.

        Args:
            settings: all of them.
            file: what they were read from.
            renewed: models that are reached otherwise than before: nothing is held against them.
            midnight: as of the router.
            now: monotonic seconds.
            wall: UTC epoch seconds.

        Returns:
            For the journal: the reload itself, and the decisions that it lifts, as what they are about is gone or the
            file says the same by now.
        """
        for keys in self._keys.values():
            keys.refused.clear()
            keys.since.clear()
        self._obey(settings, renewed)
        self.live.keep_days(midnight)
        self._budget_anew(settings.budget)
        lifted = self._lift_what_is_over(now, wall)
        for name in self.states:
            self._apply(Slot("model", name))
        self.parking.look(now)
        self._latest = Change("reload", file, "hotspare", wall)
        self._changed()
        return (self._latest, *lifted)

    def reprice(self, settings: Settings) -> None:
        """Go by other prices from the next call on; nothing else in the settings is other than before."""
        for name, model in settings.models.items():
            self.states[name].model = model
        self._go_by(settings)
        self._changed()

    def _budget_anew(self, budget: Budget) -> None:
        fresh = purse(budget, self.live)
        if fresh is not None and self._purse is not None:
            self._purse.obey(budget)
        else:
            self._purse = fresh

    def _lift_what_is_over(self, now: float, wall: float) -> list[Change]:
        """Decisions that the file leaves nothing to decide about."""
        over = [(slot, made, why) for slot, made in self.standing.decisions.items() if (why := self._over(slot, made))]
        for slot, _, _ in over:
            self.standing.put(slot, None, now=now, wall=wall)
        return [Change("expired", slot.subject, "hotspare", wall, why, slot, made, None) for slot, made, why in over]

    def _over(self, slot: Slot, decision: Decision) -> str:
        """Why a decision need not stand, given the file; "" where it must."""
        if not is_there(self.settings, slot, decision):
            return "no longer in the file"
        return "the file says so itself now" if is_declared(self.settings, slot, decision) else ""

    def _apply(self, slot: Slot) -> None:
        """Carry a decision about a model over to its state."""
        if slot.kind != "model" or slot.subject not in self.states:
            return
        state = self.states[slot.subject]
        decision = self.standing.get(slot)
        if decision is not None and decision.value[0] == "enabled":
            state.decide(None)
        elif decision is not None:
            state.decide("draining" if decision.value[0] == "draining" else "disabled", decision.who)
        else:
            state.decide(None if state.model.enabled else "disabled", "file")
        state.decided_until = self.standing.expiry(slot)

    # ------------------------------------------------------------ looking, and over restarts
    def snapshot(self, *, now: float, wall: float, instance: Instance, store: StoreView) -> Snapshot:
        """All live figures at this instant."""
        return self._viewer.snapshot(now, wall, instance, store, self._latest)

    def memory(self, *, now: float, wall: float) -> dict[str, Any]:
        """What the next start must know of cooldowns, breakers and refused keys: JSON, with wall times."""
        found = {name: state.memory(now, wall) for name, state in self.states.items()}
        return {name: memory for name, memory in found.items() if memory}

    def restore(
        self, *, decisions: Mapping[Slot, Decision], memory: Mapping[str, Any], now: float, wall: float
    ) -> tuple[Change, ...]:
        """Take up what an earlier run decided and knew, save what has ended meanwhile.

        Returns:
            For the journal: the decisions that the file of today lifts, as a reload does.
        """
        self.standing.take_up(decisions, now=now, wall=wall)
        lifted = self._lift_what_is_over(now, wall)
        for slot in decisions:
            self._apply(slot)
        for name, state in self.states.items():
            if name in memory:
                state.remember(memory[name], now, wall)
        self.live.roll(wall)
        self._changed()
        return tuple(lifted)
