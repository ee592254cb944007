"""Decide how a simulated model answers one request: how fast, with which status, whole or broken.

Pure: a function of the timetable, the time, the model's speed and the request's own random numbers; waiting and writing
are the server's (`simulated.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil, inf, log
from random import Random
from typing import Literal

from hotspare.probes.spells import SpellInForce, SpellKind, Timetable

RETRY_AFTER_CAP_SECONDS = 20
"""A longer wait than this is asked of nobody, so that a watcher sees the model come back."""

SLOWEST_TIMES_MEDIAN = 3.0
"""The tail of the latencies is cut here: outside its spells a simulated model keeps within any sane limit."""

NEARING_SECONDS = 60.0
"""From so long before a rate limit on, the allowance that answers tell of shrinks."""

Ending = Literal["whole", "cut", "stall", "reset"]


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model answers: the median of its time to first token and its spread (sigma of a log-normal)."""

    first_token_seconds: float
    tokens_per_second: float
    spread: float = 0.3


@dataclass(frozen=True, slots=True)
class Plan:
    """How one request will be answered."""

    first_token_seconds: float
    token_seconds: float
    status: int = 200
    retry_after_seconds: int | None = None
    ending: Ending = "whole"
    given_share: float = 1.0
    """The share of the answer that is sent before it is cut or falls silent."""
    silent_seconds: float = 0.0


Effect = Callable[[Plan, SpellInForce], Plan]


def _rate_limit(plan: Plan, now: SpellInForce) -> Plan:
    wait = min(max(1, ceil(now.seconds_left)), RETRY_AFTER_CAP_SECONDS)
    return replace(plan, status=429, retry_after_seconds=wait)


EFFECTS: Mapping[SpellKind, Effect] = {
    "rate_limit": _rate_limit,
    "overloaded": lambda plan, _: replace(plan, status=503),
    "errors": lambda plan, _: replace(plan, status=500),
    "slow": lambda plan, now: replace(plan, first_token_seconds=plan.first_token_seconds + now.spell.extra_seconds),
    "cut": lambda plan, _: replace(plan, ending="cut", given_share=0.5),
    "stall": lambda plan, now: replace(plan, ending="stall", given_share=0.5, silent_seconds=now.spell.extra_seconds),
    "refuse": lambda plan, _: replace(plan, ending="reset"),
}


def plan(timetable: Timetable, at_seconds: float, speed: Speed, random: Random) -> Plan:
    """How a request that arrives at this time is answered.

    Args:
        timetable: the model's spells.
        at_seconds: since the timetable's start.
        speed: the model's, when it is well.
        random: the request's own random numbers.
    """
    late = random.lognormvariate(log(speed.first_token_seconds), speed.spread)
    well = Plan(
        first_token_seconds=min(late, speed.first_token_seconds * SLOWEST_TIMES_MEDIAN),
        token_seconds=random.uniform(0.85, 1.2) / speed.tokens_per_second,
    )
    hit = random.random()
    now = timetable.at(at_seconds)
    if now is None or hit >= now.spell.share:
        return well
    return EFFECTS[now.spell.kind](well, now)


def allowance_share(timetable: Timetable, at_seconds: float) -> float:
    """The share of its rate limit that a model says is left: it shrinks as a rate limit comes near."""
    wait = timetable.seconds_until("rate_limit", at_seconds)
    return 0.95 if wait == inf else min(0.95, wait / NEARING_SECONDS)
