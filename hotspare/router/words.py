"""Codes and numbers into words, only when somebody looks. Times of day are UTC."""

import time

from hotspare.router.candidate import CandidateState
from hotspare.router.record import Attempt, Record
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.trigger import Trigger


def clock_time(wall: float) -> str:
    """As "02:37"."""
    return time.strftime("%H:%M", time.gmtime(wall))


def span(seconds: float) -> str:
    """As "38 s", "9 min", "2 h": as much as a glance needs; "<1 s" of what is due."""
    if seconds < 100:
        return f"{seconds:.0f} s" if round(seconds) > 0 else "<1 s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.0f} h"


def seconds_of(milliseconds: float) -> str:
    """As "1.9 s"."""
    return f"{milliseconds / 1000:.1f} s"


def counted(number: int, thing: str) -> str:
    """As "1 request", "4,210 requests"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def percent(share: float) -> str:
    """As "98.9 %", "100 %"; never rounded up to a whole or down to a nothing that it is not."""
    tenths = round(share * 1000)
    if tenths >= 1000 and share < 1:
        tenths = 999
    if tenths == 0 and share > 0:
        tenths = 1
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"


def dollars(pico_usd: int) -> str:
    """As "$41.20", "$0.0031": two digits where there are dollars, four below; less than that is said to be less."""
    usd = pico_usd / PICO_PER_USD
    if usd >= 0.1 or usd == 0:
        return f"${usd:,.2f}"
    return f"${usd:.4f}" if usd >= 0.0001 else "<$0.0001"


HTTP_WORDS = {
    Trigger.timeout: "timed out",
    Trigger.network: "network",
    Trigger.stream_cut: "stream cut",
    Trigger.stream_stall: "stream went silent",
    Trigger.empty: "empty answer",
    Trigger.malformed: "malformed answer",
    Trigger.refusal: "refusal",
    Trigger.loop: "loop",
    Trigger.invalid_output: "not what was asked for",
}


def failure_words(attempt: Attempt) -> str:
    """Why one attempt did not serve: "429, Retry-After 42", "no token in 10.0 s"."""
    if attempt.trigger is None:
        return "cancelled" if attempt.cancelled else attempt.message or "ok"
    if attempt.trigger in HTTP_WORDS:
        return attempt.message or HTTP_WORDS[attempt.trigger]
    return f"{attempt.status}, {attempt.message}" if attempt.status is not None else attempt.message


def evidence(record: Record) -> str:
    """What made a request a fallback, or fail, in a few words."""
    skipped = next((one for one in record.candidates if one.model == record.meant and one.skip is not None), None)
    if skipped is not None and skipped.skip == "forced":
        return f"by {skipped.by}"
    if skipped is not None:
        left = "" if skipped.seconds_left is None else f", {span(skipped.seconds_left)} left"
        return f"skipped{left}"
    tries = [attempt for attempt in record.attempts if attempt.trigger is not None and attempt.model == record.meant]
    tries = tries or [attempt for attempt in record.attempts if attempt.trigger is not None]
    return failure_words(tries[-1]) if tries else ""


def state_reason(state: CandidateState, now: float) -> str:
    """Why a model is in the state it is in."""
    if state.decided is not None:
        return f"by {state.decided_by}"
    held = state.unready(now)
    if held is None:
        return state.breaker.reason
    if held.skip == "cooling":
        return next(entry.reason for entry in state.cooldowns.values() if entry.until > now)
    if held.skip in ("open", "suspended"):
        return state.breaker.reason
    return held.by


def state_since(state: CandidateState, now: float) -> float | None:
    """Since when it is held back, monotonic; None where that is not known or nothing holds it."""
    held = state.unready(now)
    if state.decided is not None or (held is None and state.breaker.state == "closed"):
        return None
    if held is None:
        return state.breaker.since
    if held.skip == "cooling":
        return min(entry.since for entry in state.cooldowns.values() if entry.until > now)
    if held.skip in ("open", "suspended"):
        return state.breaker.since
    return min(state.keys.since.values(), default=None)
