"""Who asks: the name of its token, else as it tells it. What it tells is untrusted: it reaches screens, logs and the
database, and it may not pass for a caller that has a token of its own.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

_LONGEST = 64
_READ = 256
"""Characters of a header that are looked at."""
MOST_NAMES = 1_000
RENEWED_SECONDS = 3_600.0
UNKNOWN = "unknown"
OTHERS = "others"


class CallerNames:
    """Names of callers by what their headers say, each worked out once. Whoever makes up a name for each request is
    one of the "others" soon: what is kept of callers must not grow with what they say.

    Args:
        taken: names that only the token of that name gives.
        clock: monotonic seconds.
    """

    def __init__(self, taken: Iterable[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._taken = frozenset(name.casefold() for name in taken)
        self._clock = clock
        self._told: dict[str, str] = {}
        self._agents: dict[str, str] = {}
        self._renewed_at = clock()

    def name(self, headers: Mapping[str, str]) -> str:
        """`x-hotspare-caller`, else the product in the User-Agent, else "unknown"."""
        told = headers.get("x-hotspare-caller")
        if told is not None:
            told = told[:_READ]
            return self._told.get(told) or self._learned(self._told, told, clean(_text(told)))
        agent = headers.get("user-agent", "")[:_READ]
        return self._agents.get(agent) or self._learned(self._agents, agent, _product(agent))

    def _learned(self, names: dict[str, str], said: str, name: str) -> str:
        if not name or name.casefold() in self._taken:
            name = UNKNOWN
        if len(names) >= MOST_NAMES:
            if self._clock() - self._renewed_at < RENEWED_SECONDS:
                return OTHERS
            self._renewed_at = self._clock()
            self._told.clear()
            self._agents.clear()
        names[said] = name
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
