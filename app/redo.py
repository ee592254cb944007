"""What a redo does: the act that the latest undo took back, once more, with what is left of its time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hotspare.router.error import HotspareError

LOOKED_AT = 50
"""Entries of the journal that are looked at."""

BY_ITSELF = frozenset({"expired", "reload"})
"""What no operator did, and so stands between no act and its redo."""

_GIVEN: Mapping[str, Callable[[str, list[str]], dict[str, Any]]] = {
    "force": lambda subject, after: {"chain": subject, "model": after[1]},
    "skip-primary": lambda subject, _: {"chain": subject},
    "release": lambda subject, _: {"chain": subject},
    "disable": lambda subject, _: {"model": subject},
    "drain": lambda subject, _: {"model": subject},
    "enable": lambda subject, _: {"model": subject},
    "priorities": lambda subject, after: {"chain": subject, "models": tuple(after)},
}


class NothingToRedo(HotspareError):
    """There is no act that a redo could do again."""


def redo_of(journal: Sequence[Mapping[str, Any]], wall: float) -> tuple[str, dict[str, Any]]:
    """The act to do again and its parameters, as the registry's actions take them.

    Args:
        journal: its newest entries, newest first, in the contract's fields.
        wall: now, UTC epoch seconds.

    Raises:
        NothingToRedo: the latest act was no undo, or the time of what it took back is over.
    """
    acts = [row for row in journal if row["act"] not in BY_ITSELF]
    if not acts or acts[0]["act"] != "undo":
        raise NothingToRedo("there is nothing to redo: the latest act is no undo", "look at: hotspare journal")
    taken = next((row for row in acts if row.get("number") == acts[0].get("undoes")), None)
    if taken is None or taken["act"] not in _GIVEN:
        raise NothingToRedo("what was taken back cannot be done again from here", "look at: hotspare journal")
    until = taken.get("until")
    if until is not None and until <= wall:
        raise NothingToRedo(f"the time of {taken['act']} {taken['subject']} is over", "order it anew")
    given = _GIVEN[taken["act"]](taken["subject"], list(taken.get("after") or []))
    return taken["act"], {**given, "seconds": None if until is None else until - wall}
