"""When an operator's day began, in any time zone, also on the days of 23 and 25 hours. Times are UTC epoch seconds."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from hotspare.configuration.error import ConfigurationError, plain

LOCAL = "local"


def midnight(timezone: str) -> Callable[[float], float]:
    """The function that gives the midnight at or before a time.

    Args:
        timezone: a name like "Europe/Berlin", or "local" for this machine's.

    Raises:
        ConfigurationError: there is no such time zone.
    """
    if timezone == LOCAL:
        return _local
    zone = _zone(timezone)
    return lambda wall: _begin(datetime.fromtimestamp(wall, zone)).timestamp()


def _zone(timezone: str) -> tzinfo:
    if timezone.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # unknown, no path inside the database, a folder of it
        raise ConfigurationError(
            f"there is no time zone {plain(timezone)}", 'write one like "Europe/Berlin", "UTC" or "local"'
        ) from None


def _local(wall: float) -> float:
    here = datetime.fromtimestamp(wall, UTC).astimezone()
    return _begin(here).replace(tzinfo=None).timestamp()  # without a zone: this machine's rules of that very day


def _begin(moment: datetime) -> datetime:
    """The first instant of the day; where midnight comes twice the first, where it is skipped what follows the gap."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
