"""Which rows of a list of requests are shown: words that all must match.

`timeout` looks everywhere; `model:gpt-5` looks in one column; `!` in front excludes; `>5s` asks for slow
ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hotspare.router.snapshot import RequestRow

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
