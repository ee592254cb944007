"""Whether an answer repeats itself without end. Bounded cost: only its last few thousand characters are looked at."""

LONGEST_PIECE = 400
"""Characters of what is repeated."""
FEWEST_TIMES = 8
FEWEST_CHARACTERS = 1200
"""Of the repetition as a whole."""

_NEEDLE = 200


def repeats(text: str) -> bool:
    """Whether the text ends in one piece over and over, character by character."""
    tail = text[-(LONGEST_PIECE * FEWEST_TIMES) :]
    end = len(tail)
    before = tail.rfind(tail[-_NEEDLE:], max(0, end - _NEEDLE - LONGEST_PIECE), end - 1)
    if before < 0:
        return False
    period = end - _NEEDLE - before
    fewest = max(FEWEST_CHARACTERS, period * FEWEST_TIMES)
    return end >= fewest and tail[period - fewest :] == tail[-fewest:-period]
