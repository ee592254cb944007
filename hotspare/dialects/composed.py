"""What a model is sent, and what had to be left out of it."""

from typing import NamedTuple

from hotspare.router.trigger import Usage


class Composed(NamedTuple):
    """A body for a model."""

    body: bytes
    dropped: tuple[str, ...] = ()
    """Fields of the request that had no counterpart and were harmless to leave out."""


class ReadAnswer(NamedTuple):
    """A model's whole answer, in the caller's dialect."""

    body: bytes
    usage: Usage | None
