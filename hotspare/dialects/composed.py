"""What a model is sent, and what had to be left out of it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from hotspare.dialects.provider_error import one_line
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

Form = TypeVar("Form")

NAMES_SHOWN = 24
NAME_LENGTH = 60

_encode = msgspec.json.Encoder().encode


class Composed(NamedTuple):
    """A body for a model."""

    body: bytes
    dropped: tuple[str, ...] = ()
    """Fields of the request that had no counterpart and were harmless to leave out."""


def named(dropped: Sequence[str]) -> tuple[str, ...]:
    """Names as they go into a header: bounded, whatever a caller made up."""
    shown = tuple(one_line(name, NAME_LENGTH) for name in dropped[:NAMES_SHOWN])
    return (*shown, "…") if len(dropped) > NAMES_SHOWN else shown


class ReadAnswer(NamedTuple):
    """A model's whole answer, in the caller's dialect."""

    body: bytes
    usage: Usage | None
    dimensions: int | None = None
    """Of embeddings: the length of each vector."""


def decode_request(fields: Mapping[str, msgspec.Raw], form: type[Form]) -> Form:
    """A caller's fields, taken apart for another dialect.

    Raises:
        AttemptFailed: they are not what their own dialect says (bad_request).
    """
    try:
        return msgspec.json.decode(_encode(fields), type=form)
    except (msgspec.DecodeError, RecursionError) as error:
        message = f"The request does not read as chat: {error}"
        raise AttemptFailed(Trigger.bad_request, message, status=400) from None
