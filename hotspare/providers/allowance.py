"""What a provider says is left of a key's allowance: nothing, and for how long; or something, which is all we ask.

OpenAI and those like it: `x-ratelimit-remaining-requests` and `-tokens`, reset as "6m0s", "250ms" or seconds.
Anthropic: `anthropic-ratelimit-…-remaining`, reset as RFC 3339. Others: an epoch in seconds or milliseconds.
"""

import re
from collections.abc import Mapping
from datetime import datetime

LONGEST_SECONDS = 86_400.0

_PAIRS = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
)

_ANY = frozenset(remaining for remaining, _ in _PAIRS)

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|h|m|s))+\Z", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?\Z", re.ASCII)
_EPOCH_SECONDS = 1e9
_EPOCH_MILLISECONDS = 1e12


def spent_for_seconds(headers: Mapping[str, str], wall: float) -> float | None:
    """How long the key has nothing left; None where it has, or where nothing sensible is said.

    Args:
        headers: of an answer, names in lower case.
        wall: UTC epoch seconds.
    """
    if _ANY.isdisjoint(headers):
        return None
    longest = None
    for remaining, reset in _PAIRS:
        if headers.get(remaining, "").strip() == "0":
            seconds = _until(headers.get(reset, "").strip(), wall)
            if seconds is not None and seconds > 0 and (longest is None or seconds > longest):
                longest = min(seconds, LONGEST_SECONDS)
    return longest


def _until(told: str, wall: float) -> float | None:
    if _SPAN.match(told):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(told))
    if _NUMBER.match(told):
        number = float(told)
        if number >= _EPOCH_MILLISECONDS:
            return number / 1000.0 - wall
        return number - wall if number >= _EPOCH_SECONDS else number
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return moment.timestamp() - wall if moment.tzinfo is not None else None
