"""Whether two patterns of names can match the same name. `*` stands for any text, `?` for one character."""

from functools import cache


@cache
def overlap(one: str, other: str) -> bool:
    """Whether some name matches both patterns."""
    reachable = {0}
    for character in (*one, ""):
        reachable = _closed(reachable, other)
        if character == "":
            return len(other) in reachable
        reachable = _step(reachable, character, other)
        if not reachable:
            return False
    return False


def _closed(places: set[int], pattern: str) -> set[int]:
    """Places in `pattern`, with those behind a `*` that stands for nothing."""
    closed = set(places)
    for place in range(min(places), len(pattern)):
        if place in closed and pattern[place] == "*":
            closed.add(place + 1)
    return closed


def _step(places: set[int], character: str, pattern: str) -> set[int]:
    """Where one character of the first pattern can take us in the second."""
    if character == "*":
        return set(range(min(places), len(pattern) + 1))
    after: set[int] = set()
    for place in places:
        if place == len(pattern):
            continue
        if pattern[place] == "*":
            after.add(place)
        elif "?" in (character, pattern[place]) or character == pattern[place]:
            after.add(place + 1)
    return after
