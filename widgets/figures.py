"""How figures are written: one place, so that a number looks the same in every panel. Unknown is "-", never 0."""

from datetime import UTC, datetime

from hotspare.router.settings import PICO_PER_USD

UNKNOWN = "-"
ESTIMATED = "~"
"""Before a cost that is a guess, in part or whole: a provider did not tell what was used."""


def percent(share: float | None, digits: int = 1) -> str:
    """A fraction of 1: "98.9 %". Never rounded up to 100 or down to 0 where that would hide something."""
    if share is None:
        return UNKNOWN
    hundred = share * 100
    text = f"{hundred:.{digits}f}"
    if hundred < 100 and float(text) >= 100:
        text = f"{100 - 10**-digits:.{digits}f}"
    if hundred > 0 and float(text) == 0:
        text = f"{10**-digits:.{digits}f}"
    if text in {"100.0", "0.0"}:
        text = text[:-2]
    return f"{text} %"


def share(value: float | None) -> str:
    """A fraction of 1, as short as it goes: "97 %", and one digit where whole numbers hide the rest."""
    if value is None:
        return UNKNOWN
    return percent(value, 0 if value < 0.985 or value >= 1 else 1)


def seconds(milliseconds: float | None) -> str:
    """A duration: "40 ms", "1.9 s", "120 s"."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 95:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 99_950:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds / 1000:,.0f} s"


def pico_of(dollars: float) -> int:
    """What a row tells in USD, as money is counted here."""
    return round(dollars * PICO_PER_USD)


def usd(pico: int | None, *, estimated: bool | int = False) -> str:
    """Money, with as many digits as it takes to see that it is not nothing; "~$0.0007" where some of it is a guess."""
    if pico is None:
        return UNKNOWN
    value, about = pico / PICO_PER_USD, ESTIMATED if estimated else ""
    if value == 0 or abs(value) >= 0.095:
        return about + (f"${value:,.2f}" if abs(value) < 9_999.5 else f"${value:,.0f}")
    return f"{about}${value:.4f}" if abs(value) >= 0.0001 else "<$0.0001"


def known_usd(pico: int, *, unpriced: bool, estimated: bool | int = False) -> str:
    """What is known of a cost: "$0.0007+" where a part of it is not, "no price" where nothing is."""
    if not unpriced:
        return usd(pico, estimated=estimated)
    return f"{usd(pico, estimated=estimated)}+" if pico else "no price"


def count(number: int) -> str:
    """A whole number with its thousands marked."""
    return f"{number:,}"


def left(remaining: float | None) -> str:
    """Time until something ends: "38 s", "12 min", "3 h"; "<1 s" of what is due."""
    if remaining is None:
        return ""
    if remaining < 99.5:
        return f"{round(remaining)} s" if round(remaining) > 0 else "<1 s"
    if remaining < 99.5 * 60:
        return f"{round(remaining / 60)} min"
    if remaining < 48 * 3600:
        return f"{round(remaining / 3600)} h"
    return f"{round(remaining / 86_400)} d"


def elapsed(duration: float) -> str:
    """Time since something began, as a counter: "00:42", "1:02:03"."""
    whole = max(0, int(duration))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def clock(at: float) -> str:
    """A time of day in UTC with seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def minute(at: float) -> str:
    """A time of day in UTC, to the minute."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M")


def day(at: float) -> str:
    """A day in UTC: "8 Mar"."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day} {moment:%b}"


def span(minutes: int) -> str:
    """The length of a window: "15 min", "6 h", "7 d"."""
    if minutes % 1440 == 0 and minutes > 1440:
        return f"{minutes // 1440} d"
    return f"{minutes} min" if minutes % 60 or minutes < 60 else f"{minutes // 60} h"
