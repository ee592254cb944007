"""What is going on, in words, worst first: a table of situations, each a test on the figures and a sentence.

The sentence names the evidence, since when, and how the traffic fares; beside it stands the key that helps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from hotspare.router.candidate import KEY_WANTED, NOT_FOR_THIS_MODEL, REFUSED
from hotspare.router.evidence import BAD_ANSWERS, SPAN_MINUTES, Evidence
from hotspare.router.settings import Budget
from hotspare.router.snapshot import ChainView, DecisionView, FiguresView, ModelView, SituationView, StoreView
from hotspare.router.trigger import Trigger
from hotspare.router.words import clock_time, counted, dollars, percent, seconds_of, span

Severity = Literal["ok", "note", "warning", "critical"]

FALLBACK_TARGET = 0.10
ENOUGH_REQUESTS = 10


@dataclass(frozen=True, slots=True)
class Look:
    """What the table looks at."""

    chains: tuple[ChainView, ...]
    models: tuple[ModelView, ...]
    window: FiguresView
    usual: FiguresView
    today: FiguresView
    other_pico_usd: int
    budget: Budget
    budget_gone_at: float | None
    decisions: tuple[DecisionView, ...]
    store: StoreView
    evidence: Evidence
    cooling_keys: Mapping[str, tuple[int, int]]
    """Of models that some of their keys are held back for: how many, of how many."""
    screen_lost_at: float | None = None

    def of_chain(self, chain: str) -> list[ModelView]:
        return [model for model in self.models if model.chain == chain]


def situations(look: Look) -> tuple[SituationView, ...]:
    """All that hold now; never empty: where nothing is wrong, that is said."""
    found = [view for rule in RULES for view in rule(look)]
    return tuple(found) or (_all_well(look),)


UNREACHABLE = frozenset({Trigger.network})
ENOUGH_FAILURES = 3
BAD_SHARE = 0.2
SLOWER = 2.0


def _our_network(look: Look) -> list[SituationView]:
    """Providers that have nothing to do with each other do not vanish at once: this side is to blame."""
    providers = {model.name: model.provider for model in look.models}
    cut_off = {
        providers[name]
        for name in providers
        if look.evidence.failed(name, UNREACHABLE)
        and look.evidence.failed(name, UNREACHABLE) == look.evidence.called(name)
    }
    called = {providers[name] for name in providers if look.evidence.called(name)}
    if len(cut_off) < 2 or cut_off != called:
        return []
    text = (
        f"None of {len(cut_off)} providers can be reached in {SPAN_MINUTES} min ({', '.join(sorted(cut_off))}): "
        f"look at this machine's network."
    )
    return [SituationView("our_network", "critical", text)]


def _bad_answers(look: Look) -> list[SituationView]:
    found = []
    for model in _once(look.models):
        bad, calls = look.evidence.failed(model.name, BAD_ANSWERS), look.evidence.called(model.name)
        if bad < ENOUGH_FAILURES or bad <= BAD_SHARE * calls:
            continue
        text = f"{model.name} gives bad answers: {bad} of {calls} in {SPAN_MINUTES} min could not be used."
        found.append(SituationView("bad_answers", "warning", text, key="w", key_text="why", subject=model.name))
    return found


def _only_streams(look: Look) -> list[SituationView]:
    return [
        SituationView(
            "only_streams",
            "warning",
            f"Only the streams of {model.name} fail ({look.evidence.failed(model.name)} in {SPAN_MINUTES} min); its "
            f"plain answers come.",
            subject=model.name,
        )
        for model in _once(look.models)
        if look.evidence.failed(model.name) >= ENOUGH_FAILURES and look.evidence.only_streams(model.name)
    ]


def _slow(look: Look) -> list[SituationView]:
    now, usual = look.window.p95_ms, look.usual.p95_ms
    if now is None or usual is None or look.window.answered < ENOUGH_REQUESTS or now <= SLOWER * usual:
        return []
    text = f"Answers are slow: p95 {seconds_of(now)} in 15 min, {seconds_of(usual)} otherwise today."
    return [SituationView("slow", "warning", text, key="w", key_text="why")]


def _last_one(look: Look) -> list[SituationView]:
    found = []
    for chain in look.chains:
        models = look.of_chain(chain.name)
        left = [model for model in models if model.state not in HELD]
        if len(models) > 1 and len(left) == 1:
            held = ", ".join(f"{model.name} {model.state}{_left(model)}" for model in models if model is not left[0])
            text = f"{left[0].name} is the last model of {chain.name} that can answer ({held})."
            found.append(SituationView("last_one", "warning", text, subject=chain.name))
    return found


def _some_keys(look: Look) -> list[SituationView]:
    return [
        SituationView(
            "some_keys",
            "note",
            f"{held} of {of} keys of {model} are held back; it serves with the rest.",
            subject=model,
        )
        for model, (held, of) in look.cooling_keys.items()
    ]


HELD = ("cooling", "open", "suspended", "no_key", "disabled", "draining")
TROUBLE = {
    "cooling": "limited",
    "open": "down",
    "suspended": "failing too often",
    "no_key": "without a usable key",
    "trial": "being tried again",
}


def _no_model(look: Look) -> list[SituationView]:
    found = []
    for chain in look.chains:
        models = look.of_chain(chain.name)
        if all(model.state in HELD for model in models):
            states = "; ".join(f"{model.name} {model.state}{_left(model)}" for model in models)
            but = ", but for what it answered before (emergency cache)" if chain.emergency_cache else ""
            text = f"No model of {chain.name} can answer: {states}. Its callers get errors{but}."
            disabled = next((model.name for model in models if model.state in ("disabled", "draining")), "")
            key = ("d", f"enable {disabled}") if disabled else ("", "")
            found.append(SituationView("no_model", "critical", text, _since(models), *key, chain.name))
    return found


KEY_TROUBLE: Mapping[str, str] = {
    REFUSED: "{provider} refuses the key of {model}{since}: put a valid one in its variable and restart.",
    NOT_FOR_THIS_MODEL: "{provider} does not let its key use {model}{since}: allow it there or change the key.",
    KEY_WANTED: "{provider} asks for a key to serve {model}{since}: name its variable with api_key_env.",
}


def _key_refused(look: Look) -> list[SituationView]:
    return [
        SituationView(
            "key_refused",
            "critical",
            KEY_TROUBLE[model.reason].format(provider=model.provider, model=model.name, since=_since_words(model)),
            model.since,
            subject=model.name,
        )
        for model in _once(look.models)
        if model.state == "no_key" and model.reason in KEY_TROUBLE
    ]


AT_LIMIT = {
    "block": ": requests are refused until midnight",
    "cheapest": ": only the cheapest model is called until midnight",
    "warn": ", over its limit",
}


def _over_budget(look: Look) -> list[SituationView]:
    limit = look.budget.daily
    spent = look.today.cost_pico_usd + look.other_pico_usd
    if limit is None or spent < limit * look.budget.alert_share:
        return []
    refuses = look.budget.at_limit != "warn"
    if spent > limit or (refuses and spent == limit):
        text = f"The day's cost is {dollars(spent)} of {dollars(limit)}{AT_LIMIT[look.budget.at_limit]}."
        return [SituationView("over_budget", "critical", text)]
    gone = f"; at this rate it is gone at {clock_time(look.budget_gone_at)}" if look.budget_gone_at else ""
    text = f"The day's cost is {dollars(spent)} of {dollars(limit)}{gone}."
    return [SituationView("budget_near", "warning", text)]


def _primary_held(look: Look) -> list[SituationView]:
    found = []
    for chain in look.chains:
        models = look.of_chain(chain.name)
        primary = models[0]
        if primary.state not in TROUBLE or all(model.state in HELD for model in models):
            continue
        what = f"{primary.name} is {TROUBLE[primary.state]}{_details(primary)}{_here_only(primary, models)}"
        others = [model for model in models[1:] if model.state not in HELD]
        helps = others and chain.forced is None and primary.state != "no_key"
        key = ("f", "hold it 10 min") if helps else ("", "")
        text = f"{what}. {_stand_in(chain, others, look)}"
        found.append(SituationView(f"primary_{primary.state}", "warning", text, primary.since, *key, primary.name))
    return found


def _here_only(primary: ModelView, models: list[ModelView]) -> str:
    """Whether it is the place and not the model: the same model answers elsewhere, or does not."""
    alike = [model for model in models[1:] if primary.same_as and model.same_as == primary.same_as and model.calls]
    if not alike:
        return ""
    well = [model.name for model in alike if model.state not in HELD]
    return f", in this region only: {well[0]} answers" if well else ", and so is the same model elsewhere"


def _stand_in(chain: ChainView, others: list[ModelView], look: Look) -> str:
    """Who answers instead, and how that goes compared with the usual."""
    if not others:
        return f"No other model of {chain.name} can answer."
    first = max(others, key=lambda model: model.share or 0.0)
    if not chain.figures.requests or first.share is None:
        return f"{first.name} answers {chain.name}."
    share = f"{first.name} answers {percent(first.share)} of {chain.name}"
    fares = [f"{percent(chain.figures.answered / chain.figures.requests)} ok"]
    if look.window.p95_ms is not None and look.usual.p95_ms is not None:
        more = (look.window.p95_ms - look.usual.p95_ms) / 1000
        fares.append(f"p95 {more:+.1f} s")
    return f"{share}: {', '.join(fares)}."


def _other_held(look: Look) -> list[SituationView]:
    return [
        SituationView(
            f"model_{model.state}",
            "warning" if model.state != "cooling" else "note",
            f"{model.name} is {TROUBLE[model.state]}{_details(model)}.",
            model.since,
            subject=model.name,
        )
        for model in _once(look.models)
        if model.position > 1 and model.state in ("open", "suspended", "no_key", "cooling")
    ]


def _much_fallback(look: Look) -> list[SituationView]:
    window = look.window
    if window.requests < ENOUGH_REQUESTS or window.fallback <= FALLBACK_TARGET * window.requests:
        return []
    text = (
        f"{percent(window.fallback / window.requests)} of {counted(window.requests, 'request')} in 15 min fell back "
        f"(target under {percent(FALLBACK_TARGET)}); {percent(window.answered / window.requests)} were answered."
    )
    return [SituationView("fallback_rate", "warning", text, key="w", key_text="why")]


def _many_failed(look: Look) -> list[SituationView]:
    if look.window.requests < ENOUGH_REQUESTS or look.window.failed * 20 <= look.window.requests:
        return []
    only = look.evidence.only_caller()
    whose = f" All of the last {SPAN_MINUTES} min went to {only}." if only else ""
    text = f"{look.window.failed:,} of {counted(look.window.requests, 'request')} in 15 min got an error.{whose}"
    return [SituationView("failed", "critical", text, key="w", key_text="why")]


def _few_failed(look: Look) -> list[SituationView]:
    """Errors among so few requests are no verdict, but nobody is to read that all is well."""
    if look.window.requests >= ENOUGH_REQUESTS or not look.window.failed:
        return []
    asked = counted(look.window.requests, "request")
    text = f"{look.window.failed} of {asked} in 15 min got an error: too few to judge by."
    return [SituationView("few_failed", "note", text, key="w", key_text="why")]


_STORE_IS = {
    "begun anew": "was begun anew",
    "clock set back": "is ahead of the clock",
    "corrupt": "is damaged",
    "damaged": "was damaged",
    "foreign": "is another program's",
    "newer schema": "is of a newer version",
    "no spool": "is without a spool",
    "records lost": "has lost requests",
    "second process": "is shared",
}
"""States that do not read as what the store is."""


def _store_trouble(look: Look) -> list[SituationView]:
    state = look.store.state
    if state == "ok":
        return []
    lost = look.store.dropped if state != "records lost" else 0
    dropped = f" {lost:,} finished requests could not be kept." if lost else ""
    detail = f": {look.store.detail}" if look.store.detail else ""
    text = f"The store {_STORE_IS.get(state, f'is {state}')}{detail}. Traffic goes on.{dropped}"
    return [SituationView("store", "warning", text)]


def _screen_lost(look: Look) -> list[SituationView]:
    if look.screen_lost_at is None:
        return []
    since = clock_time(look.screen_lost_at)
    text = f"The screen is lost: its terminal went away at {since}. It serves on, and ends after five quiet minutes."
    return [SituationView("screen_lost", "note", text, look.screen_lost_at)]


def _ordered(look: Look) -> list[SituationView]:
    return [
        SituationView(
            f"ordered_{decision.kind}",
            "note",
            f"{decision.text}, by {decision.who} since {clock_time(decision.at)}"
            + (f", {span(decision.seconds_left)} left" if decision.seconds_left is not None else ", until lifted")
            + (f': "{decision.why}"' if decision.why else "")
            + ".",
            decision.at,
            "u",
            "undo",
            decision.subject,
        )
        for decision in look.decisions
        if decision.kind != "order"
    ]


def _all_well(look: Look) -> SituationView:
    if not look.window.requests:
        return SituationView("idle", "ok", "All well. No requests in the last 15 minutes.")
    rate = percent(look.window.answered / look.window.requests)
    p95 = "" if look.window.p95_ms is None else f", p95 {seconds_of(look.window.p95_ms)}"
    text = f"All well: {rate} of {counted(look.window.requests, 'request')} in 15 min answered{p95}."
    return SituationView("all_well", "ok", text)


RULES: tuple[Callable[[Look], list[SituationView]], ...] = (
    _no_model,
    _our_network,
    _key_refused,
    _many_failed,
    _over_budget,
    _primary_held,
    _last_one,
    _bad_answers,
    _only_streams,
    _slow,
    _other_held,
    _much_fallback,
    _store_trouble,
    _screen_lost,
    _few_failed,
    _some_keys,
    _ordered,
)
"""From the worst to the mildest; each gives the situations of its kind that hold now."""


def _once(models: tuple[ModelView, ...]) -> list[ModelView]:
    """Each model once, though it may stand in several chains."""
    return list({model.name: model for model in reversed(models)}.values())[::-1]


def _left(model: ModelView) -> str:
    return "" if model.seconds_left is None else f" {span(model.seconds_left)}"


def _since(models: list[ModelView]) -> float | None:
    return max((model.since for model in models if model.since is not None), default=None)


def _since_words(model: ModelView) -> str:
    return "" if model.since is None else f" since {clock_time(model.since)}"


def _details(model: ModelView) -> str:
    parts = [model.reason] if model.reason else []
    if model.since is not None:
        parts.append(f"since {clock_time(model.since)}")
    known = [", ".join(parts)] if parts else []
    if model.seconds_left is not None:
        known.append(f"next try in {span(model.seconds_left)}")
    return f" ({'; '.join(known)})" if known else ""
