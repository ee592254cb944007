"""An answer that was given, with what it is found by when the same, or nearly the same, is asked for again."""

from dataclasses import dataclass

from hotspare.dialects.likeness import Wording


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One whole answer of a model, as its caller got it. `at` is UTC epoch seconds."""

    likeness: bytes
    chain: str
    model: str
    at: float
    content_type: str
    body: bytes | None
    """None for a stream."""
    sent: tuple[bytes, ...]
    """Of a stream, the pieces that went out."""
    tail: bytes
    wording: Wording | None = None
    """None where no similar request gets it."""

    @property
    def size(self) -> int:
        """Of the answer, in bytes."""
        return len(self.body or b"") + sum(map(len, self.sent))
