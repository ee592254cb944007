"""Who asks: the caller's name as it tells it. What it tells is untrusted: it reaches screens, logs and the database."""

from collections.abc import Mapping
from contextlib import suppress

_LONGEST = 64
_REMEMBERED = 256
UNKNOWN = "unknown"


class CallerNames:
    """Names of callers by what their headers say; the few that come again and again are worked out once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def name(self, headers: Mapping[str, str]) -> str:
        """`x-hotspare-caller`, else the product in the User-Agent, else "unknown"."""
        told = headers.get("x-hotspare-caller")
        if told is not None:
            return clean(_text(told)) or UNKNOWN
        agent = headers.get("user-agent", "")
        name = self._known.get(agent)
        if name is None:
            name = _product(agent) or UNKNOWN
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[agent] = name
        return name


def clean(text: str) -> str:
    """Text as one short line without control characters."""
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text.strip()[:_LONGEST].rstrip()


def _text(value: str) -> str:
    """A header's value: it was read as latin-1, and UTF-8 is mostly meant."""
    if not value.isascii():
        with suppress(UnicodeError):
            return value.encode("latin-1").decode()
    return value


def _product(agent: str) -> str:
    """The first product of a User-Agent without its version: "OpenAI/Python" of itself, "curl" of "curl/8.5"."""
    product = clean(_text(agent.split(maxsplit=1)[0])) if agent.strip() else ""
    name, slash, version = product.rpartition("/")
    return name if slash and version[:1].isdigit() else product
