"""Numbers that a provider told, whatever stands there."""

from typing import Any


def count(value: Any) -> int:
    """A number of tokens; never negative."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e12
    return int(value) if usable else 0
