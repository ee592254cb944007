"""All live figures at one instant, frozen: what the console draws, `status` prints and the remote console receives.

Rates are fractions of 1; money is picodollars; wall times are UTC epoch seconds; `None` is unknown, never zero.
"""

from dataclasses import dataclass
from typing import Literal

ModelState = Literal["ok", "trial", "cooling", "open", "suspended", "no_key", "disabled", "draining"]
LaneCell = Literal["ok", "degraded", "cooling", "open", "disabled", "idle", "unknown"]

LANE_MINUTES = 45


@dataclass(frozen=True, slots=True)
class FiguresView:
    """Sums over Records of kind traffic in one window."""

    requests: int = 0
    answered: int = 0
    primary: int = 0
    """Answered by the model it was meant for."""
    fallback: int = 0
    forced_fallback: int = 0
    failed: int = 0
    mean_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_pico_usd: int = 0
    unpriced_requests: int = 0
    estimated_pico_usd: int = 0
    """The part of the cost that is our guess, where a provider did not tell what was used."""

    @property
    def primary_rate(self) -> float | None:
        return self.primary / self.requests if self.requests else None

    @property
    def fallback_rate(self) -> float | None:
        return self.fallback / self.requests if self.requests else None

    @property
    def answered_rate(self) -> float | None:
        return self.answered / self.requests if self.requests else None


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model of one chain (a model of two chains appears in each)."""

    name: str
    chain: str
    provider: str
    position: int
    """1 is the primary in the effective order."""
    state: ModelState
    reason: str
    """Words: "429, Retry-After", "5 failures in a row (timeout)", "you: cold start"."""
    seconds_left: float | None
    since: float | None
    share: float | None
    """Of the chain's answered requests in the window."""
    calls: int
    answered: int
    p50_ms: float | None
    p95_ms: float | None
    cost_pico_usd: int
    """Of the day."""
    requests_today: int
    answered_today: int
    in_flight: int
    unpriced: bool
    lane: tuple[LaneCell, ...]
    """`LANE_MINUTES` columns, oldest first."""
    checked_at: float | None = None
    """When an attempt at it last ended that told something, of traffic or a probe; None: none did."""
    conditions: tuple[str, ...] = ()
    """How far each trip condition of its breaker is from opening it, in words."""
    same_as: str = ""
    """Models that share one are the same model in several places."""
    input_pico_usd: int | None = None
    """The price of a token that is read, and of one that is written; None: unknown."""
    output_pico_usd: int | None = None
    fallback_share: float | None = None
    """Of the chain's answered requests in the window, those that it answered in the place of another."""
    estimated_pico_usd: int = 0
    """The part of the day's cost that is our guess."""


@dataclass(frozen=True, slots=True)
class ChainView:
    """One chain in its effective order."""

    name: str
    kind: str
    strategy: str
    models: tuple[str, ...]
    primary: str
    forced: str | None
    """The model that is forced; "" when only the primary is skipped; None when nothing is."""
    force_seconds_left: float | None
    figures: FiguresView
    emergency_cache: bool = False
    """When no model can answer, it gives answers again that it gave before."""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A line of the list of requests."""

    id: str
    at: float
    chain: str
    asked: str
    meant: str
    model: str | None
    caller: str
    session: str | None
    kind: str
    verdict: str
    status: int
    fallback: bool
    attempts: int
    reason: str
    evidence: str
    """Why, in a few words: "429, Retry-After 42", "no token in 10.0 s", "skipped, 40 s left"."""
    duration_ms: float
    input_tokens: int
    output_tokens: int
    cost_pico_usd: int
    unpriced: bool
    estimated: bool = False
    """Some of the cost is our guess."""


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A standing decision in force."""

    kind: str
    subject: str
    text: str
    who: str
    at: float
    why: str
    seconds_left: float | None
    durable: bool = True


@dataclass(frozen=True, slots=True)
class SituationView:
    """What is going on, in words; the worst comes first."""

    code: str
    severity: Literal["ok", "note", "warning", "critical"]
    text: str
    since: float | None = None
    key: str = ""
    """The key that helps, "" where none does."""
    key_text: str = ""
    subject: str = ""
    """The model or chain it is about."""


@dataclass(frozen=True, slots=True)
class StoreView:
    """`state` is "ok", or what is wrong in a word."""

    state: str = "ok"
    detail: str = ""
    dropped: int = 0
    path: str = ""
    waiting_bytes: int = 0
    """In the spool and not in the database yet."""
    held: int = 0
    """Records that wait in memory, for want of room in the spool."""
    content: bool = False
    """Prompts and answers are kept."""
    content_dropped: int = 0
    """Requests of which they were not, for want of room."""


@dataclass(frozen=True, slots=True)
class Instance:
    """Which running program this is; fixed from start to end, but for a reload's outcome."""

    name: str
    listen: str
    pid: int
    started_at: float
    version: str
    demo: bool = False
    environment: str = ""
    read_only: bool = False
    config_path: str = ""
    config_refused: str = ""
    screen_lost_at: float | None = None
    """When its terminal went away, wall time; None: it has its screen, or was begun without one."""
    host: str = ""
    """The machine that it is on, where that is another one than the screen's; set by who asks from afar."""


@dataclass(frozen=True, slots=True)
class ConsoleView:
    """Somebody who has a console on this instance."""

    who: str
    """The user, as the system says, and whom it says it acts for."""
    since: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the screen shows without asking the store."""

    at: float
    instance: Instance
    requests_per_minute: int
    callers: int
    window_minutes: int
    window: FiguresView
    usual_mean_ms: float | None
    """Mean response time of the day outside the window."""
    usual_p95_ms: float | None
    today: FiguresView
    today_other_pico_usd: int
    """Cost of probes, drills and test prompts today; it counts toward the limit."""
    daily_limit_pico_usd: int | None
    budget_gone_at: float | None
    """When the day's limit is reached at the rate of the last minutes; None: not today."""
    chains: tuple[ChainView, ...]
    models: tuple[ModelView, ...]
    situations: tuple[SituationView, ...]
    decisions: tuple[DecisionView, ...]
    fallbacks: tuple[RequestRow, ...]
    recent: tuple[RequestRow, ...]
    last_act: str
    """The latest act in a sentence, "" when there was none."""
    last_act_at: float | None
    store: StoreView
    loop_lag_ms: float | None = None
    consoles: tuple[ConsoleView, ...] = ()
    """The other consoles on this instance: all but the one that asks."""
    last_act_kind: str = ""
    """The latest act's id: "force", "undo", "reload" …"""
