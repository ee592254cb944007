"""Moments of the past as an operator writes them: "2h" (ago), "14:10", "2026-11-21 14:10". All in UTC."""

from datetime import UTC, datetime, time, timedelta

from hotspare.app.duration import DurationNotUnderstood, parse_duration
from hotspare.router.error import HotspareError


class MomentNotUnderstood(HotspareError, ValueError):
    """Text that says no moment."""


def parse_moment(text: str, wall: float) -> float:
    """The moment in UTC epoch seconds. A time of day without a date is the latest one that has been.

    Args:
        text: a length of time before now, a time of day, a date, or both (ISO 8601; another zone only as an offset).
        wall: now, UTC epoch seconds.

    Raises:
        MomentNotUnderstood: it says none.
    """
    words = text.strip()
    now = datetime.fromtimestamp(wall, UTC)
    if words.lower() == "now":
        return wall
    try:
        if (ago := parse_duration(words)) is not None:
            return wall - ago
    except DurationNotUnderstood:
        pass
    try:
        if ":" in words and "-" not in words:
            today = datetime.combine(now.date(), time.fromisoformat(words), UTC)
            return (today if today <= now else today - timedelta(days=1)).timestamp()
        said = datetime.fromisoformat(words)
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        hint = "write 2h (ago), 14:10, or 2026-11-21 14:10 (UTC)"
        raise MomentNotUnderstood(f"{text!r} is no moment", hint) from None
