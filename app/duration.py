"""Lengths of time as an operator writes and reads them: "10m", "2h", "ever"."""

import re
from collections.abc import Mapping

from hotspare.router.error import HotspareError


class DurationNotUnderstood(HotspareError, ValueError):
    """Text that says no length of time."""


_UNITS: Mapping[str, float] = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(?:(\d{1,9}(?:\.\d{1,3})?)([smhd]?))", re.ASCII)
LONGEST_SECONDS = 366 * 86_400.0


def parse_duration(text: str) -> float | None:
    """The seconds that "90", "10m", "1h30m" or "2h" say; None for "ever".

    Raises:
        DurationNotUnderstood: it says no time, none at all, or more than a year.
    """
    words = text.strip().lower().replace(" ", "")
    if words in {"ever", "forever"}:
        return None
    pieces = _DURATION.findall(words)
    total = sum(float(number) * _UNITS[unit or "s"] for number, unit in pieces)
    if "".join(number + unit for number, unit in pieces) != words or not 0 < total <= LONGEST_SECONDS:
        raise DurationNotUnderstood(f"{text!r} is no length of time", "write 90s, 10m, 2h, or ever")
    return total


def duration_text(seconds: float | None) -> str:
    """The shortest text that `parse_duration` reads back."""
    if seconds is None:
        return "ever"
    for unit in ("d", "h", "m"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{seconds:.0f}s"


def spoken(seconds: float) -> str:
    """As "10 min", in a sentence."""
    text = duration_text(seconds)
    names = {"s": "s", "m": "min", "h": "h", "d": "d"}
    return f"{text[:-1]} {names[text[-1]]}"
