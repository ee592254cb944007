"""How a request ended, as an error for its caller and as a Record for everybody else."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hotspare.router.candidate import CONTEXT, CandidateState
from hotspare.router.plan import Plan
from hotspare.router.record import Ask, Attempt, Candidate, EndedBy, Record, Source, Verdict
from hotspare.router.retry import Running
from hotspare.router.settings import Rates
from hotspare.router.step import Ended, Fail
from hotspare.router.trigger import AttemptFailed, Trigger, Usage
from hotspare.router.words import span

RETRY_AFTER_SECONDS = 60.0
"""What a caller is told where nothing better is known."""

LIMITED = frozenset({Trigger.rate_limit, Trigger.quota})
_FIELDS: Mapping[str, str] = {
    "audio": "messages.content.input_audio",
    "custom_tools": "tools.custom",
    "files": "messages.content.file",
    "images": "messages.content.image",
    "json_object": "response_format",
    "json_schema": "response_format",
    "provider_tools": "tools",
    "search_result": "messages.content.search_result",
    "web_search": "web_search_options",
}
"""Where a request says that it needs something; others are called by the field's own name."""

LASTING = frozenset({"over_budget", "disabled", "draining", "no_key", "incapable", "forced"})
"""What holds a candidate back until somebody does something about it, or the day is over."""

UNBILLED = frozenset(Trigger) - {
    Trigger.timeout,
    Trigger.stream_cut,
    Trigger.stream_stall,
    Trigger.refusal,
    Trigger.loop,
    Trigger.invalid_output,
}
"""Failures that no provider bills when no content has come; after a timeout it may have, and an answer that we rejected
was one.
"""


WORTH_WAITING = frozenset({"rate_limited", "no_model_available", "all_models_failed"})
"""The errors that pass when a model comes back."""

WORTH_RECALLING = WORTH_WAITING | {"deadline_exceeded"}
"""The errors in whose place an answer given before may stand: the models failed, not the request or its budget."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The rule that ended a request, and what it makes of it."""

    verdict: Verdict
    status: int
    ended_by: EndedBy
    reason: str


NO_USAGE = Usage()

FREE = "count_tokens"
"""What a request needs that is billed by nobody."""

SAID_BYTES_PER_TOKEN = 4
"""Of the text of an answer."""

FIRST_CHOICE = Ending("answered", 200, "first_choice", "")
CALLER_LEFT = Ending("caller_left", 499, "caller_left", "")


def cost_of(usage: Usage, rates: Rates | None) -> int | None:
    """Picodollars: each kind of token at its rate; None where the price is unknown."""
    if rates is None:
        return None
    for tokens, others in rates.long:
        rates = others if usage.input > tokens else rates
    read = rates.input if rates.cache_read is None else rates.cache_read
    write = rates.input if rates.cache_write is None else rates.cache_write
    plain = max(0, usage.input - usage.cache_read - usage.cache_write)
    cost = plain * rates.input + usage.cache_read * read + usage.cache_write * write + usage.output * rates.output
    if not usage.cache_write_hour or rates.cache_write_hour is None:
        return cost
    return cost + usage.cache_write_hour * (rates.cache_write_hour - write)


def estimate_of(ask: Ask, state: CandidateState, told: Usage | None, said_bytes: int) -> Usage:
    """What a call used whose provider did not tell, or only what it had read: guessed from what went each way."""
    output = -(-said_bytes // SAID_BYTES_PER_TOKEN)
    if told is None:
        return Usage(state.tokens_of(ask), output)
    return replace(told, output=max(told.output, output), begun=False)


def attempt_of(
    ask: Ask,
    number: int,
    running: Running,
    ended: float,
    usage: Usage | None,
    told: AttemptFailed | Ended | None,
    *,
    cancelled: bool,
    said_bytes: int = 0,
) -> Attempt:
    """The account of one attempt. `told` is what the provider said at its end; None where it was cancelled before.

    Its values are given by place, as those of the Record: by name, so many of them cost three times as much.
    """
    failure = told if isinstance(told, AttemptFailed) else None
    lane, first, read = running.lane, running.first_content, ask.read_at
    model = lane.state.model
    unbilled = failure is not None and (not failure.sent or (first is None and failure.trigger in UNBILLED))
    estimated = (usage is None or usage.begun) and not unbilled and FREE not in ask.needs
    tokens = estimate_of(ask, lane.state, usage, said_bytes) if estimated else usage or NO_USAGE
    return Attempt(
        number,
        model.name,
        lane.key or "",
        None if failure is None else failure.trigger,
        cancelled,
        None if told is None else told.status,
        "" if told is None else told.message,
        None if told is None else told.provider_request_id,
        (running.started - read) * 1000.0,
        None if first is None else (first - read) * 1000.0,
        (ended - read) * 1000.0,
        tokens.input,
        tokens.output,
        tokens.cache_read,
        tokens.cache_write,
        tokens.reasoning,
        0 if tokens is NO_USAGE else cost_of(tokens, model.rates),
        running.queued_seconds * 1000.0,
        estimated,
    )


def candidates_of(plan: Plan, skipped: Mapping[str, Candidate], attempts: Sequence[Attempt]) -> tuple[Candidate, ...]:
    """Every candidate in the order it was, or would have been, looked at."""
    called = tuple([attempt.model for attempt in attempts])
    if skipped:
        return _candidates(plan, skipped, called)
    alike = plan.candidates.get(called)
    if alike is None:
        alike = plan.candidates[called] = _candidates(plan, skipped, called)
    return alike


def _candidates(plan: Plan, skipped: Mapping[str, Candidate], called: Sequence[str]) -> tuple[Candidate, ...]:
    names = [state.model.name for state in plan.order]
    return tuple(skipped.get(name) or Candidate(name, by="" if name in called else "not reached") for name in names)


def graceful(
    plan: Plan,
    skipped: Mapping[str, Candidate],
    failures: Sequence[tuple[str, AttemptFailed]],
    ended_by: EndedBy,
    now: float,
) -> Fail:
    """The error for a request that no model could answer: 429 where every candidate is rate limited, 400 where none of
    them could do what it asks for, else 503.
    """
    if _too_long(plan, skipped, failures):
        told = "the request is longer than any model of this chain takes"
        failure = failures[-1][1] if failures else None
        return Fail(
            400, "context_length_exceeded", told, None, "shorten it, or ask another chain",
            Trigger.context_length, failure, relay=failure is not None,
        )  # fmt: skip
    lacking = _lacking(plan, skipped, failures)
    if lacking:
        told = f"no model of this chain can serve what the request asks for: {', '.join(lacking)}"
        return Fail(400, "incapable", told, None, "leave that out, or ask another chain")
    if _nothing_affordable(plan, skipped):
        why = dict.fromkeys(candidate.by for candidate in skipped.values() if candidate.skip == "over_budget")
        told = f"no model may be paid for ({', '.join(why)})"
        return Fail(429, "insufficient_quota", told, None, "raise the limit, or wait until it begins anew")
    limited = _all_limited(plan, skipped, failures)
    seconds, returning = _earliest_return(plan.order, now)
    codes: Mapping[EndedBy, str] = {"deadline": "deadline_exceeded", "no_candidate": "no_model_available"}
    code = "rate_limited" if limited else codes.get(ended_by, "all_models_failed")
    return Fail(
        status=429 if limited else 503,
        code=code,
        message=_message(skipped, failures, ended_by),
        retry_after_seconds=seconds,
        suggestion=f"{returning} returns in {seconds:.0f} s" if returning else f"retry in {seconds:.0f} s",
        trigger=failures[-1][1].trigger if failures else None,
    )


def _lacking(
    plan: Plan, skipped: Mapping[str, Candidate], failures: Sequence[tuple[str, AttemptFailed]]
) -> tuple[str, ...]:
    """What the request holds that no candidate can be asked for; none where any other reason stood in the way."""
    parts = {model: "" for model, _ in failures}
    for name, candidate in skipped.items():
        parts[name] = _FIELDS.get(candidate.by, candidate.by) if candidate.skip == "incapable" else ""
    found = [parts.get(state.model.name, "") for state in plan.order]
    return tuple(dict.fromkeys(found)) if found and all(found) else ()


def _too_long(plan: Plan, skipped: Mapping[str, Candidate], failures: Sequence[tuple[str, AttemptFailed]]) -> bool:
    """Whether the request fits into no model's context, and nothing else stood in the way."""
    last = {model: failure.trigger for model, failure in failures}

    def for_this(model: str) -> bool:
        skip = skipped.get(model)
        return last.get(model) is Trigger.context_length or (skip is not None and skip.by == CONTEXT)

    return all(for_this(state.model.name) for state in plan.order)


def _nothing_affordable(plan: Plan, skipped: Mapping[str, Candidate]) -> bool:
    """Whether money is what is lacking: nothing else that passes by itself stood in the way, and nothing was called."""
    skips = {None if (skip := skipped.get(state.model.name)) is None else skip.skip for state in plan.order}
    return "over_budget" in skips and skips <= LASTING


def _all_limited(plan: Plan, skipped: Mapping[str, Candidate], failures: Sequence[tuple[str, AttemptFailed]]) -> bool:
    last = {model: failure.trigger for model, failure in failures}
    considered = [state.model.name for state in plan.order if state.model.name != plan.excluded]
    return bool(considered) and all(
        last[name] in LIMITED if name in last else name in skipped and skipped[name].skip == "cooling"
        for name in considered
    )


def _earliest_return(order: Sequence[CandidateState], now: float) -> tuple[float, str]:
    """Seconds until the first candidate may be called again, and which; a nameless minute where that is not known."""
    best, name = (RETRY_AFTER_SECONDS if any(_may_be_ready(state, now) for state in order) else math.inf), ""
    for state in order:
        until = state.decided_until if state.decided is not None else getattr(state.unready(now), "until", None)
        if until is not None and until - now < best:
            best, name = max(1.0, until - now), state.model.name
    return (best, name) if best < math.inf else (RETRY_AFTER_SECONDS, "")


def _may_be_ready(state: CandidateState, now: float) -> bool:
    """Nothing of known length holds it back: it may answer the next request."""
    held = state.unready(now)
    return state.decided is None and (held is None or held.skip == "busy")


def _message(skipped: Mapping[str, Candidate], failures: Sequence[tuple[str, AttemptFailed]], ended_by: EndedBy) -> str:
    failed = Counter(
        f"{model}: {failure.trigger}" + (f" ({failure.status})" if failure.status is not None else "")
        for model, failure in failures
    )
    parts = [text if times == 1 else f"{text}, {times} times" for text, times in failed.items()]
    for candidate in skipped.values():
        left = "" if candidate.seconds_left is None else f", {span(candidate.seconds_left)} left"
        parts.append(f"{candidate.model}: {candidate.skip}{left}")
    what = "the deadline passed before any model answered" if ended_by == "deadline" else "no model could answer"
    return what + (f" ({'; '.join(parts)})" if parts else "")


def record_of(
    ask: Ask,
    plan: Plan,
    ending: Ending,
    source: Source,
    *,
    model: str | None,
    fallback: bool,
    attempts: Sequence[Attempt],
    skipped: Mapping[str, Candidate],
    now: float,
) -> Record:
    """The finished request, frozen."""
    answered = ending.verdict == "answered"
    first_content_ms, input_tokens, output_tokens, cost_pico_usd, unpriced = None, 0, 0, 0, False
    estimated = False
    for attempt in attempts:
        input_tokens += attempt.input_tokens
        output_tokens += attempt.output_tokens
        cost_pico_usd += attempt.cost_pico_usd or 0
        unpriced |= attempt.cost_pico_usd is None
        estimated |= attempt.estimated
        if attempt.model == model and not attempt.cancelled:
            first_content_ms = attempt.first_content_ms
    return Record(
        ask.id,
        ask.at,
        ask.kind,
        ask.chain,
        ask.asked,
        plan.meant,
        model if answered else None,
        ask.caller,
        ask.session,
        ask.dialect,
        ask.stream,
        ending.verdict,
        ending.status,
        answered and fallback,
        plan.forced,
        source,
        str(ending.reason),
        ending.ended_by,
        (now - ask.read_at) * 1000.0,
        first_content_ms,
        input_tokens,
        output_tokens,
        cost_pico_usd,
        unpriced,
        candidates_of(plan, skipped, attempts),
        tuple(attempts),
        estimated,
    )


def answered_by_estimate(record: Record) -> Record:
    """The Record of a failure in whose place the caller got an estimate."""
    return replace(record, verdict="answered", status=200, source="estimate", ended_by="estimate")


def since_first_content(record: Record) -> Record:
    """The Record of an answer that several models gave one after the other: its first content was the first one's."""
    firsts = (attempt.first_content_ms for attempt in record.attempts if not attempt.cancelled)
    return replace(record, first_content_ms=next((first for first in firsts if first is not None), None))
