"""What `/metrics` says: every family, its labels and where its values come from, as one table (docs/metrics.md).

Counters are the fold over Records since the process started; gauges are one Snapshot. Nothing is counted here. A label
holds names of the configuration or words of ours, never what a caller sent: nobody outside can make series.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, Protocol, TypeAlias, get_args

from hotspare.engine.backend import Backend
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.snapshot import ChainView, ModelState, ModelView, Snapshot
from hotspare.router.totals import Durations, Totals, Used

CALLABLE: frozenset[ModelState] = frozenset({"ok", "trial"})


class Engine(Protocol):
    """What the metrics need of the engine."""

    @property
    def totals(self) -> Totals: ...
    @property
    def in_flight(self) -> int: ...


class Surface(Protocol):
    """What the metrics need of the gateway's connections."""

    @property
    def connections(self) -> Collection[object]: ...
    @property
    def refused(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What one scrape looks at."""

    totals: Totals
    snapshot: Snapshot
    surface: Surface
    in_flight: int


Value: TypeAlias = float | Durations
Samples: TypeAlias = Iterable[tuple[tuple[str, ...], Value]]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `read` gives its label values, in the order of `labels`, and what stands beside them."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    text: str
    read: Callable[[Seen], Samples]


def _used(of: Callable[[Used], float]) -> Callable[[Seen], Samples]:
    return lambda seen: ((labels, of(used)) for labels, used in seen.totals.used.items())


def _models(of: Callable[[ModelView], float]) -> Callable[[Seen], Samples]:
    return lambda seen: (((model.name,), of(model)) for model in models_once(seen.snapshot))


def _one(of: Callable[[Seen], float]) -> Callable[[Seen], Samples]:
    return lambda seen: (((), of(seen)),)


def _states(seen: Seen) -> Samples:
    for model in models_once(seen.snapshot):
        for state in get_args(ModelState):
            yield (model.name, state), float(model.state == state)


def _tokens(seen: Seen) -> Samples:
    for labels, used in seen.totals.used.items():
        yield (*labels, "input"), used.input_tokens
        yield (*labels, "output"), used.output_tokens


def _chains(of: Callable[[ChainView, Snapshot], float]) -> Callable[[Seen], Samples]:
    return lambda seen: (((chain.name,), of(chain, seen.snapshot)) for chain in seen.snapshot.chains)


def _is_ready(chain: ChainView, snapshot: Snapshot) -> float:
    return float(any(model.chain == chain.name and model.state in CALLABLE for model in snapshot.models))


def _model_info(seen: Seen) -> Samples:
    for model in models_once(seen.snapshot):
        yield (model.name, model.provider), 1.0


def _situations(seen: Seen) -> Samples:
    """Without their subjects: one of them may be a caller's name."""
    counts = Counter((situation.code, situation.severity) for situation in seen.snapshot.situations)
    yield from counts.items()


def _usd(of: Callable[[Snapshot], int | None]) -> Callable[[Seen], Samples]:
    def read(seen: Seen) -> Samples:
        pico = of(seen.snapshot)
        return () if pico is None else (((), pico / PICO_PER_USD),)

    return read


def _info(seen: Seen) -> Samples:
    instance = seen.snapshot.instance
    yield (instance.name, instance.version), 1.0


def models_once(snapshot: Snapshot) -> Iterable[ModelView]:
    """A model of several chains is one model."""
    seen: dict[str, ModelView] = {}
    for model in snapshot.models:
        seen.setdefault(model.name, model)
    return seen.values()


FAMILIES: tuple[Family, ...] = (
    Family(
        "hotspare_requests_total",
        "counter",
        ("chain", "model", "outcome"),
        "Requests of callers that have ended. `model` is the one that answered, empty where none did; `outcome` is "
        "`answered`, `failed`, `caller_fault` or `caller_left`. Without the last two, this is what `status` counts.",
        lambda seen: seen.totals.requests.items(),
    ),
    Family(
        "hotspare_fallbacks_total",
        "counter",
        ("chain", "meant", "model", "reason"),
        "Requests answered by another model than the one they were meant for; `reason` is the trigger or the skip "
        "that caused it.",
        lambda seen: seen.totals.fallbacks.items(),
    ),
    Family(
        "hotspare_request_duration_seconds",
        "histogram",
        ("chain", "model"),
        "From the request read to the last byte, of answered requests of callers.",
        lambda seen: seen.totals.durations.items(),
    ),
    Family(
        "hotspare_time_to_first_token_seconds",
        "histogram",
        ("chain", "model"),
        "From the request read to the first content of its answer, of answered streams of callers.",
        lambda seen: seen.totals.first_contents.items(),
    ),
    Family(
        "hotspare_requests_refused_total",
        "counter",
        ("code",),
        "Requests that were refused before a chain was entered, by the `code` of the error (`invalid_token`, "
        "`model_not_allowed`, `body_too_large`, `draining` …). They are in no other figure.",
        lambda seen: (((code,), count) for code, count in seen.surface.refused.items()),
    ),
    Family(
        "hotspare_attempts_total",
        "counter",
        ("chain", "model", "outcome"),
        "Calls of models for requests of callers; `outcome` is `served`, `cancelled` or the trigger "
        "(`rate_limit`, `timeout` …).",
        lambda seen: seen.totals.attempts.items(),
    ),
    Family(
        "hotspare_tokens_total",
        "counter",
        ("kind", "chain", "model", "token_type"),
        "Tokens as the providers counted them, our guess where they did not say; `token_type` is `input` or `output`; "
        "`kind` is `traffic`, `test`, `probe` or `drill`.",
        _tokens,
    ),
    Family(
        "hotspare_cost_usd_total",
        "counter",
        ("kind", "chain", "model"),
        "Known cost of all attempts, abandoned ones included.",
        _used(lambda used: used.cost_pico_usd / PICO_PER_USD),
    ),
    Family(
        "hotspare_estimated_cost_usd_total",
        "counter",
        ("kind", "chain", "model"),
        "The part of hotspare_cost_usd_total that is our guess: the provider did not say what was used (streams that "
        "broke off, races that were lost, callers that left, servers that never tell).",
        _used(lambda used: used.estimated_pico_usd / PICO_PER_USD),
    ),
    Family(
        "hotspare_unpriced_attempts_total",
        "counter",
        ("kind", "chain", "model"),
        "Attempts whose cost is unknown, for want of a price.",
        _used(lambda used: used.unpriced),
    ),
    Family(
        "hotspare_model_state",
        "gauge",
        ("model", "state"),
        "1 for the state that the model is in, 0 for the others.",
        _states,
    ),
    Family(
        "hotspare_model_in_flight",
        "gauge",
        ("model",),
        "Calls of the model that are under way.",
        _models(lambda model: model.in_flight),
    ),
    Family(
        "hotspare_model_info",
        "gauge",
        ("model", "provider"),
        "Always 1: whose each model is.",
        _model_info,
    ),
    Family(
        "hotspare_chain_ready",
        "gauge",
        ("chain",),
        "1 while a model of the chain may be called, else 0: its callers get errors then.",
        _chains(_is_ready),
    ),
    Family(
        "hotspare_chain_forced",
        "gauge",
        ("chain",),
        "1 while an operator's force or skipped primary holds, else 0.",
        _chains(lambda chain, _snapshot: float(chain.forced is not None)),
    ),
    Family(
        "hotspare_situations",
        "gauge",
        ("code", "severity"),
        "What is going on, as the console's line of situations has it; `severity` is `ok`, `note`, `warning` or "
        "`critical`.",
        _situations,
    ),
    Family(
        "hotspare_today_cost_usd",
        "gauge",
        (),
        "What all attempts cost since the operator's midnight, probes and test prompts included: what the daily limit "
        "is measured by.",
        _usd(lambda snapshot: snapshot.today.cost_pico_usd + snapshot.today_other_pico_usd),
    ),
    Family(
        "hotspare_daily_limit_usd",
        "gauge",
        (),
        "The limit of a day's cost; absent where there is none.",
        _usd(lambda snapshot: snapshot.daily_limit_pico_usd),
    ),
    Family(
        "hotspare_connections",
        "gauge",
        (),
        "Connections of callers that are open, idle ones included.",
        _one(lambda seen: len(seen.surface.connections)),
    ),
    Family(
        "hotspare_requests_in_flight",
        "gauge",
        (),
        "Requests of any kind that are being served.",
        _one(lambda seen: seen.in_flight),
    ),
    Family(
        "hotspare_store_waiting_bytes",
        "gauge",
        (),
        "What the spool holds that is not in the database yet.",
        _one(lambda seen: seen.snapshot.store.waiting_bytes),
    ),
    Family(
        "hotspare_store_held_records",
        "gauge",
        (),
        "Records that wait in memory because the spool has no room: they would not survive a kill.",
        _one(lambda seen: seen.snapshot.store.held),
    ),
    Family(
        "hotspare_store_dropped_records_total",
        "counter",
        (),
        "Records that are lost.",
        _one(lambda seen: seen.snapshot.store.dropped),
    ),
    Family(
        "hotspare_store_ok",
        "gauge",
        (),
        "1 while the store keeps everything as it should, else 0.",
        _one(lambda seen: float(seen.snapshot.store.state == "ok")),
    ),
    Family(
        "hotspare_event_loop_lag_seconds",
        "gauge",
        (),
        "How late the event loop was at its last tick, once a second.",
        _one(lambda seen: (seen.snapshot.loop_lag_ms or 0.0) / 1000.0),
    ),
    Family(
        "hotspare_start_time_seconds",
        "gauge",
        (),
        "When the process started, in seconds since 1970. All counters begin there.",
        _one(lambda seen: seen.snapshot.instance.started_at),
    ),
    Family("hotspare_info", "gauge", ("instance", "version"), "Always 1.", _info),
)


class Metrics:
    """Answers scrapes."""

    def __init__(self, engine: Engine, backend: Backend, surface: Surface) -> None:
        self._engine = engine
        self._backend = backend
        self._surface = surface
        self._render: Callable[[Seen], bytes] | None = None

    async def text(self) -> bytes:
        """All families in Prometheus's text format."""
        if self._render is None:
            # It costs a tenth of a second: no start pays for it, and no request waits for the first scrape.
            module = await asyncio.to_thread(import_module, "hotspare.gateway.exposition")
            self._render = module.render
        snapshot = await self._backend.snapshot()
        return self._render(Seen(self._engine.totals, snapshot, self._surface, self._engine.in_flight))
