"""What a caller has of a stream that broke off: all that is known of the answer when another model goes on with it."""

from dataclasses import dataclass

from hotspare.router.trigger import Usage

HALF_A_CHARACTER = "\ufffd"
"""Where a model's token ended inside a character, servers send this; the other half would have to come next."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer of which nothing but text, and perhaps the reasoning before it, has gone out."""

    text: str
    """All of it, never empty."""
    id: str = ""
    model: str = ""
    """As the answer calls itself; every event that follows has to say the same."""
    created: int = 0
    blocks: int = 0
    """Of a message: how many content blocks were begun."""
    open: bool = False
    """Of a message: the last of them has not ended."""
    usage: Usage | None = None
    """What the attempts that gave it have used, as far as they told."""


def in_whole_characters(text: str) -> bool:
    """Whether there is text, and it can be gone on with."""
    return bool(text) and not text.endswith(HALF_A_CHARACTER)


def both(before: Usage | None, after: Usage | None) -> Usage | None:
    """What two attempts have used together; one that told nothing counts for nothing."""
    if before is None or after is None:
        return before or after
    return Usage(
        input=before.input + after.input,
        output=before.output + after.output,
        cache_read=before.cache_read + after.cache_read,
        cache_write=before.cache_write + after.cache_write,
        reasoning=before.reasoning + after.reasoning,
        cache_write_hour=before.cache_write_hour + after.cache_write_hour,
    )
