"""What the operator has chosen to look at: it changes no traffic, and it is lost with the screen."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal

from hotspare.router.snapshot import RequestRow, Snapshot
from hotspare.widgets import figures
from hotspare.widgets.request_filter import RequestFilter
from hotspare.widgets.timeline import Happened, changes

RANGES_MINUTES = (15, 60, 360, 1440, 10_080)
MINUTE = 60.0
MOST_SEEN = 500
KEPT_DURATIONS = 240
READABLE_PER_MINUTE = 300
LISTS_SECONDS = 0.9
"""Where requests come faster than they can be read, their lists move once a second: not all rows at each look."""


class Durations:
    """The latest durations of something that the console does again and again."""

    def __init__(self) -> None:
        self._milliseconds: deque[float] = deque(maxlen=KEPT_DURATIONS)

    def add(self, seconds: float) -> None:
        self._milliseconds.append(seconds * 1000)

    def words(self) -> str:
        """As "0.8 ms, 19 of 20 within 1.9 ms"; "-" where there are none."""
        if not self._milliseconds:
            return "-"
        kept = sorted(self._milliseconds)
        return f"{self._milliseconds[-1]:.1f} ms, 19 of 20 within {kept[int(len(kept) * 0.95)]:.1f} ms"


@dataclass(slots=True)
class ViewState:
    """Selection lives in the lists themselves; here is the rest."""

    latest: Snapshot | None = None
    """The newest figures, also while frozen."""
    frozen: Snapshot | None = None
    entries: Literal["fallbacks", "requests"] = "fallbacks"
    range_index: int = 1
    starting: str = ""
    """What is being done while there are no figures yet."""
    ends_at: float | None = None
    """Where the range ends, wall time; None: now."""
    watched_since: float | None = None
    """When the first figures came, wall time."""
    lists_at: float = 0.0
    """Of when the lists of requests are, wall time."""
    seen: deque[Happened] = field(default_factory=lambda: deque(maxlen=MOST_SEEN))
    """What models and the configuration did since then."""
    looked_at: float = 0.0
    """When the instance was last asked for its figures, wall time."""
    lost_since: float | None = None
    """When the instance that does not answer now last did, wall time."""
    lost_reason: str = ""
    pulls: Durations = field(default_factory=Durations)
    """How long it took to get the figures."""
    draws: Durations = field(default_factory=Durations)
    """How long it took to make the lines of the screen."""

    def take(self, snapshot: Snapshot) -> Snapshot | None:
        """Keep the newest figures, and what changed; gives the ones before."""
        before, self.latest = self.latest, self._readable(snapshot)
        if before is None:
            self.watched_since = snapshot.at
        elif before is not snapshot:
            self.seen.extend(changes(before, snapshot))
        return before

    def _readable(self, snapshot: Snapshot) -> Snapshot:
        """These figures, with the former lists of requests while those were shown for less than a second."""
        former = self.latest
        held = 0 <= snapshot.at - self.lists_at < LISTS_SECONDS
        if former is None or not held or snapshot.requests_per_minute <= READABLE_PER_MINUTE:
            self.lists_at = snapshot.at
            return snapshot
        return replace(snapshot, recent=former.recent, fallbacks=former.fallbacks)

    @property
    def shown(self) -> Snapshot | None:
        """What the panels below the header show."""
        return self.frozen or self.latest

    @property
    def range_minutes(self) -> int:
        return RANGES_MINUTES[self.range_index]

    @property
    def lost_words(self) -> str:
        """How old what is shown is and why, where the instance does not answer; else ""."""
        if self.lost_since is None:
            return ""
        seconds = max(0.0, self.looked_at - self.lost_since)
        ago = (
            "just now"
            if seconds < 1
            else f"{seconds:.0f} s ago"
            if seconds < MINUTE
            else f"{figures.elapsed(seconds)} ago"
        )
        shown = f", showing {figures.clock(self.shown.at)} UTC" if self.shown else ""
        return f"Lost {ago}{shown}, trying again: {self.lost_reason}"

    def move_range(self, steps: int) -> bool:
        """Look at more or less time; False at the end of the list."""
        wanted = self.range_index + steps
        self.range_index = min(max(wanted, 0), len(RANGES_MINUTES) - 1)
        return wanted == self.range_index

    def range_of(self, shown: Snapshot) -> tuple[float, float]:
        """From when to when the range goes, wall times."""
        end = shown.at if self.ends_at is None else self.ends_at
        return end - self.range_minutes * MINUTE, end

    def shift_range(self, steps: int) -> bool:
        """Look half a range earlier or later; False where that would be after now."""
        shown = self.shown
        if shown is None:
            return True
        wanted = self.range_of(shown)[1] + steps * self.range_minutes * MINUTE / 2
        was_now = self.ends_at is None
        self.ends_at = None if wanted > shown.at - MINUTE else wanted // MINUTE * MINUTE
        return not (was_now and self.ends_at is None)

    def range_words(self) -> str:
        """The range for a title: "last 1 h", or "1 h up to 14:10 UTC"."""
        span = figures.span(self.range_minutes)
        if self.ends_at is None or self.shown is None:
            return f"last {span}"
        day = figures.day(self.ends_at)
        other = "" if day == figures.day(self.shown.at) else f"{day}, "
        return f"{span} up to {other}{figures.minute(self.ends_at)} UTC"

    def newer_than_frozen(self) -> int:
        """How many requests came since the picture was frozen, as far as the recent ones tell."""
        if self.frozen is None or self.latest is None:
            return 0
        return sum(row.at > self.frozen.at for row in self.latest.recent)

    def rows(self, snapshot: Snapshot, entries: str, wanted: RequestFilter) -> tuple[tuple[RequestRow, ...], int]:
        """The rows of a list that pass the filter, and how many there are without it.

        They come in the order of their ends; a list whose times jump to and fro is hard to read, so here they stand in
        the order of their times.
        """
        ended = snapshot.fallbacks if entries == "fallbacks" else snapshot.recent
        every = tuple(sorted(ended, key=lambda row: row.at, reverse=True))
        return wanted.keep(every), len(every)
