"""What speaks for and against whom in the last minutes: failures by model, trigger and kind, and errors by caller.

A fold over Records beside the figures, made only for the situation table, which asks whose fault a trouble is.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from hotspare.router.arrears import Arrears
from hotspare.router.record import Record
from hotspare.router.trigger import Trigger

SPAN_MINUTES = 5

BAD_ANSWERS = frozenset(
    {Trigger.empty, Trigger.malformed, Trigger.refusal, Trigger.loop, Trigger.invalid_output, Trigger.content_filter}
)


@dataclass(slots=True)
class Minute:
    """Counts of one minute. Of attempts: (model, streamed) → calls; (model, streamed, trigger) → failures."""

    number: int
    calls: Counter[tuple[str, bool]] = field(default_factory=Counter)
    failures: Counter[tuple[str, bool, Trigger]] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    callers_failed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sums of the last `SPAN_MINUTES`."""

    calls: Counter[tuple[str, bool]]
    failures: Counter[tuple[str, bool, Trigger]]
    callers: Counter[str]
    callers_failed: Counter[str]

    def failed(self, model: str, triggers: frozenset[Trigger] | None = None) -> int:
        """Failed calls of a model, of some triggers or of all."""
        return sum(
            count
            for (name, _, trigger), count in self.failures.items()
            if name == model and (triggers is None or trigger in triggers)
        )

    def called(self, model: str) -> int:
        return self.calls[model, True] + self.calls[model, False]

    def only_streams(self, model: str) -> bool:
        """Its streams fail, and plain calls, of which there were some, do not."""
        streamed = sum(count for (name, stream, _), count in self.failures.items() if name == model and stream)
        return bool(streamed) and self.calls[model, False] > 0 and streamed == self.failed(model)

    def only_caller(self) -> str:
        """The one caller all errors went to, though others asked too; "" where there is none."""
        hit = [caller for caller, count in self.callers_failed.items() if count]
        return hit[0] if len(hit) == 1 and len(self.callers) > 1 else ""


class Witness:
    """Keeps the minutes."""

    __slots__ = ("_arrears", "_minutes")

    def __init__(self) -> None:
        self._minutes: deque[Minute] = deque(maxlen=SPAN_MINUTES + 1)
        self._arrears = Arrears(self._take_in)

    def fold(self, record: Record) -> None:
        """Take one Record in, if it is of kind traffic."""
        if record.kind == "traffic":
            self._arrears.add(record)

    def _take_in(self, records: Sequence[Record]) -> None:
        for record in records:
            minute = self._minute(int(record.at // 60))
            for attempt in record.attempts:
                if attempt.cancelled or attempt.trigger is Trigger.bad_request:
                    continue
                minute.calls[attempt.model, record.stream] += 1
                if attempt.trigger is not None:
                    minute.failures[attempt.model, record.stream, attempt.trigger] += 1
            if record.verdict in ("answered", "failed"):
                minute.callers[record.caller] += 1
                minute.callers_failed[record.caller] += record.verdict == "failed"

    def _minute(self, number: int) -> Minute:
        for minute in reversed(self._minutes):
            if minute.number == number:
                return minute
        minute = Minute(number)
        if not self._minutes or number > self._minutes[-1].number:
            self._minutes.append(minute)
        return minute  # one that is older than all that are kept counts for nothing any more

    def evidence(self, wall: float) -> Evidence:
        """The sums up to now."""
        self._arrears.settle()
        oldest = int(wall // 60) - SPAN_MINUTES
        kept = [minute for minute in self._minutes if minute.number > oldest]
        return Evidence(
            sum((minute.calls for minute in kept), Counter()),
            sum((minute.failures for minute in kept), Counter()),
            sum((minute.callers for minute in kept), Counter()),
            sum((minute.callers_failed for minute in kept), Counter()),
        )
