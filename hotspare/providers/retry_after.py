"""When a provider asks to be left alone, for how long: read from its headers, and never believed beyond a day."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

DAY_SECONDS = 86_400.0


def retry_after_seconds(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds from now, positive; None where nothing usable is said.

    Args:
        headers: with lower-case names.
        wall: UTC epoch seconds, for those who name a date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return sane(milliseconds / 1000)
    told = headers.get("retry-after")
    seconds = _number(told)
    return sane(seconds if seconds is not None else _until(told, wall))


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _until(text: str | None, wall: float) -> float | None:
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).timestamp() - wall
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def sane(seconds: float | None) -> float | None:
    """A pause that can be kept: positive, at most a day; else None."""
    if seconds is None or not math.isfinite(seconds) or seconds <= 0:
        return None
    return min(seconds, DAY_SECONDS)
