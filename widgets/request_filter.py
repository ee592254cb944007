"""Which rows of a list of requests are shown: words that all must match.

`timeout` looks everywhere; `model:gpt-5` looks in one column; `!` in front excludes; `>5s` asks for slow
ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hotspare.router.snapshot import RequestRow
from hotspare.router.trigger import Trigger

_Test: TypeAlias = Callable[[RequestRow], bool]

COLUMNS: Mapping[str, Callable[[RequestRow], str]] = {
    "model": lambda row: f"{row.model or ''} {row.meant}",
    "trigger": lambda row: row.reason,
    "caller": lambda row: row.caller,
    "chain": lambda row: row.chain,
    "status": lambda row: str(row.status),
    "session": lambda row: row.session or "",
    "kind": lambda row: row.kind,
    "id": lambda row: row.id,
}

TRIGGERS = frozenset(trigger.value for trigger in Trigger)
TEXT_COLUMNS = frozenset({"caller", "chain", "session", "id"})
"""Columns in which the store looks for a text."""
STATUS_DIGITS = 3


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """A filter as it was typed; the empty one lets everything through."""

    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.text.split())

    def keep(self, rows: tuple[RequestRow, ...]) -> tuple[RequestRow, ...]:
        """The rows that match every word."""
        tests = [_test(word) for word in self.text.lower().split()]
        return tuple(row for row in rows if all(test(row) for test in tests)) if tests else rows

    def for_store(self) -> tuple[dict[str, Any], "RequestFilter"]:
        """What the store can be asked for, and the rest, which is left to `keep`.

        The store compares whole values where the screen looks for a part, so only that is asked of it which loses
        nothing: exact numbers and triggers, and the text of names as a text.
        """
        asked: dict[str, Any] = {}
        rest: list[str] = []
        for word in self.text.lower().split():
            column, colon, value = word.partition(":")
            if column == "trigger" and value in TRIGGERS and "trigger" not in asked:
                asked["trigger"] = value
            elif word in TRIGGERS and "trigger" not in asked:
                asked["trigger"] = word
            elif column == "status" and value.isdigit() and len(value) == STATUS_DIGITS:
                asked["status"] = int(value)
                rest.append(word)
            elif colon and column in TEXT_COLUMNS and value and "text" not in asked:
                asked["text"] = value
                rest.append(word)
            else:
                rest.append(word)
        return asked, RequestFilter(" ".join(rest))


def _test(word: str) -> _Test:
    if word.startswith("!") and len(word) > 1:
        inner = _test(word[1:])
        return lambda row: not inner(row)
    seconds = _seconds(word)
    if seconds is not None:
        return lambda row: row.duration_ms > seconds * 1000
    column, colon, value = word.partition(":")
    look = COLUMNS.get(column)
    if colon and look is not None:
        return lambda row: value in look(row).lower()
    return lambda row: word in _everything(row)


def _seconds(word: str) -> float | None:
    if not word.startswith(">"):
        return None
    try:
        return float(word[1:].removesuffix("s"))
    except ValueError:
        return None


def _everything(row: RequestRow) -> str:
    return " ".join((*(look(row) for look in COLUMNS.values()), row.asked, row.evidence, row.verdict)).lower()
