"""Who has a console on this instance. One that looks over the socket says so with each look, and is forgotten when it
looks no more; the instance's own screen says when it comes and when it goes.
"""

from dataclasses import dataclass

from hotspare.router.clock import Clock
from hotspare.router.snapshot import ConsoleView

SCREEN = "screen"
"""The console in the instance's own process."""

GONE_SECONDS = 5.0
"""A console looks four times a second; one that did not for so long has gone, or has lost its way here."""

MOST_CONSOLES = 100


@dataclass(slots=True)
class _Console:
    view: ConsoleView
    looked_at: float | None
    """Monotonic; None for the one that says when it goes."""


class Presence:
    """The consoles of one instance, each under an id that it chose."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._consoles: dict[str, _Console] = {}

    def enter(self, who: str) -> None:
        """The instance's own screen has opened, before an operator called `who`."""
        self._consoles[SCREEN] = _Console(ConsoleView(who, self._clock.wall()), None)

    def leave(self) -> None:
        """The instance's own screen has closed."""
        self._consoles.pop(SCREEN, None)

    def looked(self, console: str, who: str) -> None:
        """A console over the socket has looked."""
        now = self._clock.monotonic()
        known = self._consoles.get(console)
        if known is not None and known.looked_at is not None:
            known.looked_at = now
        elif known is None and len(self._consoles) < MOST_CONSOLES:
            self._consoles[console] = _Console(ConsoleView(who, self._clock.wall()), now)

    def others(self, console: str) -> tuple[ConsoleView, ...]:
        """Everybody but this console ("" for one who is none), who came first first."""
        self._forget()
        return tuple(found.view for key, found in self._consoles.items() if key != console)

    def _forget(self) -> None:
        now = self._clock.monotonic()
        for key, found in list(self._consoles.items()):
            if found.looked_at is not None and now - found.looked_at > GONE_SECONDS:
                del self._consoles[key]
