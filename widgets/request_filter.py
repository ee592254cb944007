"""Which rows of a list are shown: words that all must match.

`timeout` looks everywhere; `model:gpt-5` looks in one column; `!` in front excludes; `>5s` asks for slow ones; `/re/`,
`~re` and `model:~re` are regular expressions. Of a journal or a file's keys all words look everywhere.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hotspare.router.snapshot import RequestRow
from hotspare.router.trigger import Trigger

_Test: TypeAlias = Callable[[RequestRow], bool]
_Found: TypeAlias = Callable[[str], bool]
"""Whether a text has it."""

_WORD = re.compile(r"!?(?:[a-z]+:)?/(?:[^/\\]|\\.)+/(?=\s|$)|\S+")

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

    @property
    def words(self) -> Sequence[str]:
        """One by one; a regular expression between slashes is one."""
        return _WORD.findall(self.text)

    @property
    def fault(self) -> str:
        """What is no regular expression though it looks like one, "" where there is none; it is looked for as it is."""
        return next((word for word in self.words if _expression(_bare(word)) is False), "")

    def finds(self, text: str) -> bool:
        """Whether a text has every word, or has not those with `!` before them."""
        return all(_finds(word.removeprefix("!"))(text) != word.startswith("!") for word in self.words if word != "!")

    def keep(self, rows: tuple[RequestRow, ...]) -> tuple[RequestRow, ...]:
        """The rows that match every word."""
        tests = [_test(word) for word in self.words]
        return tuple(row for row in rows if all(test(row) for test in tests)) if tests else rows

    def for_store(self) -> tuple[dict[str, Any], "RequestFilter"]:
        """What the store can be asked for, and the rest, which is left to `keep`.

        The store compares whole values where the screen looks for a part, so only that is asked of it which loses
        nothing: exact numbers and triggers, and the text of names as a text.
        """
        asked: dict[str, Any] = {}
        rest: list[str] = []
        for word in self.words:
            column, colon, value = word.lower().partition(":")
            if column == "trigger" and value in TRIGGERS and "trigger" not in asked:
                asked["trigger"] = value
            elif word.lower() in TRIGGERS and "trigger" not in asked:
                asked["trigger"] = word.lower()
            elif column == "status" and value.isdigit() and len(value) == STATUS_DIGITS:
                asked["status"] = int(value)
                rest.append(word)
            elif colon and column in TEXT_COLUMNS and value and _expression(value) is None and "text" not in asked:
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
    look = COLUMNS.get(column.lower())
    if colon and look is not None:
        found_there = _finds(value)
        return lambda row: found_there(look(row))
    found = _finds(word)
    return lambda row: found(_everything(row))


def _finds(word: str) -> _Found:
    """How a text is looked for: a regular expression as one, all else as a part, without regard to case."""
    expression = _expression(word)
    if expression:
        return lambda text: expression.search(text) is not None
    low = word.lower()
    return lambda text: low in text.lower()


def _expression(word: str) -> re.Pattern[str] | Literal[False] | None:
    """The regular expression that is meant, None where none is, False where it is none."""
    if word.startswith("~") and len(word) > 1:
        meant = word[1:]
    elif word.startswith("/") and word.endswith("/") and len(word) > 2:
        meant = word[1:-1]
    else:
        return None
    try:
        return re.compile(meant, re.IGNORECASE)
    except re.error:
        return False


def _bare(word: str) -> str:
    """A word without `!` and its column."""
    column, colon, value = word.removeprefix("!").partition(":")
    return value if colon and column.lower() in COLUMNS else word.removeprefix("!")


def _seconds(word: str) -> float | None:
    if not word.startswith(">"):
        return None
    try:
        return float(word[1:].removesuffix("s"))
    except ValueError:
        return None


def _everything(row: RequestRow) -> str:
    return " ".join((*(look(row) for look in COLUMNS.values()), row.asked, row.evidence, row.verdict))
