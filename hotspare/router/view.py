"""The Snapshot: live state and figures put together for whoever looks. Reads everything, changes nothing."""

from collections.abc import Mapping, Reversible

from hotspare.router.candidate import CandidateState
from hotspare.router.command import Change, Decision, Slot
from hotspare.router.evidence import Witness
from hotspare.router.figures import Figures, ModelFigures
from hotspare.router.live import WINDOW_MINUTES, Live
from hotspare.router.record import Record
from hotspare.router.settings import Chain, Settings
from hotspare.router.situation import Look, situations
from hotspare.router.snapshot import (
    ChainView,
    DecisionView,
    Instance,
    LaneCell,
    ModelState,
    ModelView,
    RequestRow,
    Snapshot,
    StoreView,
)
from hotspare.router.standing import Standing
from hotspare.router.words import clock_time, evidence, state_reason, state_since

SHOWN_ROWS = 60
MOMENT_SECONDS = 60.0

NO_FIGURES = Figures()
NO_MODEL_FIGURES = ModelFigures()


def model_state(state: CandidateState, now: float) -> ModelState:
    """The one word for a model: what holds it back longest, "trial" where one call is being let through."""
    if state.decided is not None:
        return "draining" if state.decided == "draining" else "disabled"
    held = state.unready(now)
    if held is None:
        return "ok" if state.breaker.state == "closed" else "trial"
    if held.skip in ("no_key", "cooling", "open", "suspended"):
        return held.skip
    return "ok"


LANE_STATES: Mapping[ModelState, LaneCell] = {
    "ok": "idle",
    "trial": "degraded",
    "cooling": "cooling",
    "open": "open",
    "suspended": "open",
    "no_key": "disabled",
    "disabled": "disabled",
    "draining": "disabled",
}


def lane_state(state: CandidateState, now: float) -> LaneCell:
    """What a model's state adds to the lane's column of this minute."""
    return LANE_STATES[model_state(state, now)]


def row_of(record: Record) -> RequestRow:
    """A Record as a line of a list."""
    return RequestRow(
        id=record.id,
        at=record.at,
        chain=record.chain,
        asked=record.asked,
        meant=record.meant,
        model=record.model,
        caller=record.caller,
        session=record.session,
        kind=record.kind,
        verdict=record.verdict,
        status=record.status,
        fallback=record.fallback,
        attempts=len(record.attempts),
        reason=record.reason,
        evidence=evidence(record),
        duration_ms=record.duration_ms,
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        cost_pico_usd=record.cost_pico_usd,
        unpriced=record.unpriced,
        estimated=record.estimated,
    )


class Viewer:
    """Makes Snapshots."""

    __slots__ = ("_live", "_rows", "_settings", "_standing", "_states", "_witness")

    def __init__(
        self,
        settings: Settings,
        states: Mapping[str, CandidateState],
        standing: Standing,
        live: Live,
        witness: Witness,
    ) -> None:
        self._settings = settings
        self._states = states
        self._standing = standing
        self._live = live
        self._witness = witness
        self._rows: dict[str, RequestRow] = {}

    def snapshot(
        self, now: float, wall: float, instance: Instance, store: StoreView, latest: Change | None
    ) -> Snapshot:
        live = self._live
        live.roll(wall)
        by_chain = live.chain_window(wall)
        window, today = _sum(by_chain), _sum(live.day.chains)
        usual = _sum(live.day.chains)
        usual.merge(window, -1)
        chains = tuple(self._chain(chain, by_chain, now) for chain in self._settings.chains.values())
        models = self._models(chains, now, wall)
        window_view, today_view, usual_view = window.view(), today.view(), usual.view()
        decisions = self._decisions(now)
        gone_at = self._budget_gone_at(today, window, wall)
        look = Look(
            chains=chains,
            models=models,
            window=window_view,
            usual=usual_view,
            today=today_view,
            other_pico_usd=live.day.other_pico_usd,
            budget=self._settings.budget,
            budget_gone_at=gone_at,
            decisions=decisions,
            store=store,
            evidence=self._witness.evidence(wall),
            cooling_keys=self._cooling_keys(now),
            screen_lost_at=instance.screen_lost_at,
        )
        return Snapshot(
            at=wall,
            instance=instance,
            requests_per_minute=live.per_minute(wall),
            callers=live.callers(wall),
            window_minutes=WINDOW_MINUTES,
            window=window_view,
            usual_mean_ms=usual_view.mean_ms,
            usual_p95_ms=usual_view.p95_ms,
            today=today_view,
            today_other_pico_usd=live.day.other_pico_usd,
            daily_limit_pico_usd=self._settings.budget.daily,
            budget_gone_at=gone_at,
            chains=chains,
            models=models,
            situations=situations(look),
            decisions=decisions,
            fallbacks=self._listed(live.fallbacks),
            recent=self._listed(live.recent),
            last_act=_act_words(latest),
            last_act_at=None if latest is None else latest.at,
            last_act_kind="" if latest is None else latest.act,
            store=store,
        )

    # ------------------------------------------------------------ parts
    def _chain(self, chain: Chain, windows: Mapping[str, Figures], now: float) -> ChainView:
        order = self._standing.order(chain.name, chain.models)
        slot = Slot("force", chain.name)
        force = self._standing.get(slot)
        forced = None if force is None else force.value[1] if force.value[0] == "force" else ""
        left = self._standing.seconds_left(slot, now)
        figures = windows.get(chain.name, NO_FIGURES).view()
        return ChainView(
            chain.name, chain.kind, chain.strategy, order, order[0], forced, left, figures, chain.emergency_cache
        )

    def _models(self, chains: tuple[ChainView, ...], now: float, wall: float) -> tuple[ModelView, ...]:
        windows = self._live.model_window(wall)
        views = []
        for chain in chains:
            names = chain.models + self._settings.chains[chain.name].guests
            served = sum(windows.get(name, NO_MODEL_FIGURES).served for name in names)
            for position, name in enumerate(names, 1):
                figures = windows.get(name, NO_MODEL_FIGURES)
                views.append(self._model(name, chain.name, position, figures, served, now, wall))
        return tuple(views)

    def _model(
        self, name: str, chain: str, position: int, figures: ModelFigures, served: int, now: float, wall: float
    ) -> ModelView:
        state = self._states[name]
        held = state.unready(now)
        until = state.decided_until if state.decided is not None else None if held is None else held.until
        since = state_since(state, now)
        decision = self._standing.get(Slot("model", name))
        if state.decided is not None and decision is not None:
            since = now - (wall - decision.at)
        day = self._live.day.models.get(name, NO_MODEL_FIGURES)
        return ModelView(
            name=name,
            chain=chain,
            provider=state.model.provider,
            position=position,
            state=model_state(state, now),
            reason=_why(state_reason(state, now), decision),
            seconds_left=None if until is None else max(0.0, until - now),
            since=None if since is None else wall - (now - since),
            share=figures.served / served if served else None,
            fallback_share=figures.instead / served if served else None,
            calls=figures.calls,
            answered=figures.answered,
            p50_ms=figures.durations.percentile(0.5),
            p95_ms=figures.durations.percentile(0.95),
            cost_pico_usd=day.cost_pico_usd,
            requests_today=day.calls,
            answered_today=day.answered,
            in_flight=state.in_flight,
            unpriced=day.unpriced > 0 or state.model.rates is None,
            lane=self._live.lane(name, wall),
            checked_at=self._live.checked.get(name),
            conditions=state.breaker.distances(now),
            same_as=state.model.same_as,
            input_pico_usd=None if state.model.rates is None else state.model.rates.input,
            output_pico_usd=None if state.model.rates is None else state.model.rates.output,
            estimated_pico_usd=day.estimated_pico_usd,
        )

    def _decisions(self, now: float) -> tuple[DecisionView, ...]:
        return tuple(
            DecisionView(
                kind=slot.kind,
                subject=slot.subject,
                text=decision_words(slot, decision),
                who=decision.who,
                at=decision.at,
                why=decision.why,
                seconds_left=self._standing.seconds_left(slot, now),
            )
            for slot, decision in self._standing.decisions.items()
        )

    def _cooling_keys(self, now: float) -> Mapping[str, tuple[int, int]]:
        """Of models with several keys, of which some but not all are held back: how many, and of how many."""
        found = {}
        for name, state in self._states.items():
            held = len(state.names) - sum(state.free_key(now, frozenset(state.names) - {key}) is not None
                                          for key in state.names)  # fmt: skip
            if 0 < held < len(state.names):
                found[name] = (held, len(state.names))
        return found

    def _listed(self, records: Reversible[Record]) -> tuple[RequestRow, ...]:
        """The newest first; each Record is put into words once."""
        newest = [record for _, record in zip(range(SHOWN_ROWS), reversed(records), strict=False)]
        rows = tuple(self._rows.get(record.id) or row_of(record) for record in newest)
        for row in rows:
            self._rows[row.id] = row
        if len(self._rows) > SHOWN_ROWS * 8:
            self._rows = {row.id: row for row in rows}
        return rows

    def _budget_gone_at(self, today: Figures, window: Figures, wall: float) -> float | None:
        limit = self._settings.budget.daily
        if limit is None or not window.cost_pico_usd:
            return None
        left = limit - today.cost_pico_usd - self._live.day.other_pico_usd
        seconds = min(max(wall - self._live.first, MOMENT_SECONDS), WINDOW_MINUTES * 60)
        gone = wall + max(0, left) / (window.cost_pico_usd / seconds)
        return gone if gone < self._live.next_midnight else None


def decision_words(slot: Slot, decision: Decision) -> str:
    """As "disabled local", "claude skipped on main", "main forced to gpt-5", "main ordered gpt-5, claude"."""
    match slot.kind, decision.value:
        case "model", (word, *_):
            return f"{slot.subject} {word}"
        case "force", ("skip_primary", *_):
            return f"{slot.subject}: primary skipped"
        case "force", (_, model):
            return f"{slot.subject} forced to {model}"
        case _:
            return f"{slot.subject} in order {', '.join(decision.value)}"


PAST = {
    "force": "forced {value} in {subject}",
    "skip-primary": "skipped the primary of {subject}",
    "release": "lifted the force of {subject}",
    "disable": "disabled {subject}",
    "drain": "drained {subject}",
    "enable": "enabled {subject}",
    "priorities": "ordered {subject}: {value}",
    "clear": "cleared {subject}",
    "reload": "took up {subject}",
    "undo": "took back: {subject}",
}


def _act_words(change: Change | None) -> str:
    """As: you disabled local until 03:09: "cold start"."""
    if change is None:
        return ""
    after = change.after
    value = "" if after is None else after.value[-1] if change.act == "force" else ", ".join(after.value)
    done = PAST.get(change.act, "{act} {subject}").format(act=change.act, subject=change.subject, value=value)
    end = "" if after is None or after.until is None else f" until {clock_time(after.until)}"
    why = f': "{change.why}"' if change.why else ""
    return f"{change.who} {done}{end}{why}"


def _why(reason: str, decision: Decision | None) -> str:
    return f"{reason}: {decision.why}" if decision is not None and decision.why else reason


def _sum(chains: Mapping[str, Figures]) -> Figures:
    total = Figures()
    for figures in chains.values():
        total.merge(figures)
    return total
