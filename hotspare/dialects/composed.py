"""What a model is sent, and what had to be left out of it."""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import msgspec

from hotspare.router.trigger import AttemptFailed, Trigger, Usage

Form = TypeVar("Form")

_encode = msgspec.json.Encoder().encode


class Composed(NamedTuple):
    """A body for a model."""

    body: bytes
    dropped: tuple[str, ...] = ()
    """Fields of the request that had no counterpart and were harmless to leave out."""


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
