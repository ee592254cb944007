"""A request before it is routed (Ask) and after it has ended (Record). The trace is a rendering of the Record."""

from dataclasses import dataclass
from typing import Literal

from hotspare.router.trigger import Trigger
from hotspare.router.value import value

RequestKind = Literal["traffic", "test", "probe", "drill"]

Skip = Literal[
    "disabled",
    "draining",
    "no_key",
    "incapable",
    "over_budget",
    "cooling",
    "open",
    "suspended",
    "busy",
    "forced",
]
"""Why a candidate was not called; `forced` is the primary passed over by an operator's or a caller's order."""

Source = Literal["model", "cache", "estimate"]
"""Who gave what the caller got; an estimate is our own, of a prompt's tokens, where no model would count them."""

Verdict = Literal["answered", "failed", "caller_fault", "caller_left"]

EndedBy = Literal[
    "first_choice",
    "fallback",
    "exhausted",
    "no_candidate",
    "deadline",
    "stream_broken",
    "not_allowed",
    "bad_request",
    "content_filter",
    "caller_left",
    "cache",
    "estimate",
]
"""The rule that ended a request; `not_allowed` is an error that the chain's settings do not fall back on."""


@dataclass(slots=True)
class Ask:
    """A request as routing sees it. `at` is UTC epoch seconds; `read_at` and `deadline` are monotonic seconds."""

    id: str
    chain: str
    asked: str
    """The name the caller put into `model`."""
    caller: str
    at: float
    read_at: float
    deadline: float
    dialect: str = "openai"
    kind: RequestKind = "traffic"
    session: str | None = None
    stream: bool = False
    needs: frozenset[str] = frozenset()
    size_bytes: int = 0
    """Of its body; what is attached to it (pictures, files, sound) counts as a text of some length."""
    start: str | None = None
    """A model of the chain that the caller named: it first, then all others in order."""
    task: int | None = None
    """Which of its chain's task rules fits it, from 0."""
    only: bool = False
    """With `start`: that model and no other (a test prompt to one model)."""
    wish_force: bool = False
    wish_preferred: str | None = None
    wait_seconds: float = 0.0
    """How long the caller would rather wait than be told that no model can answer."""
    via: str = ""
    """The marks of the gateways it has come through, this one's last: what goes up with it."""


@value
class Candidate:
    """A model that was considered, in order. `skip` is None for one that could be called."""

    model: str
    skip: Skip | None = None
    seconds_left: float | None = None
    by: str = ""
    """Who or what holds it back: an operator's name, "file", "caller", "breaker", "provider", or the field it lacks."""


@value
class Attempt:
    """One call of one model. Times are milliseconds since the request was read."""

    number: int
    model: str
    key: str
    trigger: Trigger | None
    """None: it served, or was cancelled."""
    cancelled: bool
    status: int | None
    message: str
    provider_request_id: str | None
    started_ms: float
    first_content_ms: float | None
    ended_ms: float
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_pico_usd: int | None
    """None: unknown, for want of a price; never zero for want of knowledge."""
    queued_ms: float = 0.0
    """How long it stood in its model's line before it started."""
    estimated: bool = False
    """Its provider did not tell all of what it used: tokens, and so the cost, are our guess from what went each way."""


@value
class Record:
    """One finished request, frozen. Written once; every figure anywhere is a fold over Records."""

    id: str
    at: float
    kind: RequestKind
    chain: str
    asked: str
    meant: str
    """The model that the strategy put first before eligibility was looked at."""
    model: str | None
    """The model that answered."""
    caller: str
    session: str | None
    dialect: str
    stream: bool
    verdict: Verdict
    status: int
    fallback: bool
    """Answered by another model than the one it was meant for."""
    forced: bool
    """An operator's force or skip, or a caller's wish, was in effect."""
    source: Source
    reason: str
    """The trigger or the skip that made it a fallback, or that it failed by; empty for a first choice."""
    ended_by: EndedBy
    duration_ms: float
    first_content_ms: float | None
    input_tokens: int
    output_tokens: int
    cost_pico_usd: int
    """The known cost of all attempts."""
    unpriced: bool
    """At least one attempt used tokens whose price is unknown."""
    candidates: tuple[Candidate, ...]
    attempts: tuple[Attempt, ...]
    estimated: bool = False
    """At least one attempt is."""
    waited_ms: float = 0.0
    """How long its caller waited for a model to come back, as it wished."""
    cache_age_seconds: float | None = None
    """How long before it the answer was given that it got from the cache."""
    cache_similarity: float | None = None
    """Of the request that was so answered; 1: it was the same."""
