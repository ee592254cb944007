"""Have another model go on with a stream that broke off, or say that it does not.

A model that takes the beginning of its answer goes on from there. Any other is asked again: its answer has to begin
with what was sent, and only what follows is told. Pure, as all of this room.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.anthropic_messages.continuation import MessageBeginning, MessageContinuation, prefilled
from hotspare.dialects.begun import Begun
from hotspare.dialects.call import Call
from hotspare.dialects.composed import Composed
from hotspare.dialects.endpoint import DialectName, Endpoint
from hotspare.dialects.openai_chat.continuation import ChunkBeginning, ChunkContinuation
from hotspare.dialects.sse import ServerSentEvent
from hotspare.dialects.stream import AnswerStream, EventReader, EventWriter, Piece, StopReason, Told
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

NEVER_CONTINUED = frozenset({"audio", "json_object", "json_schema", "logprobs", "n"})
"""What requests may need whose answers cannot be put together of two: JSON, several choices, figures on each token."""


class Beginning(Protocol):
    """A stream as far as it has gone out."""

    def feed(self, data: bytes) -> None:
        """Take a part of it.

        Raises:
            ValueError, EventTooLarge: it can't be read.
        """

    def begun(self) -> Begun | None:
        """What there is to go on with; None where it is nothing, or more than text."""


BEGINNINGS: Mapping[DialectName, Callable[[], Beginning]] = {"openai": ChunkBeginning, "anthropic": MessageBeginning}
"""By the caller's dialect."""

Teller: TypeAlias = Callable[[Callable[[str, str], None]], EventReader]

_TELLERS: Mapping[DialectName, Teller] = {
    "openai": openai_chat.ChunkTeller,
    "anthropic": anthropic_messages.MessageTeller,
}
"""By the model's dialect."""


class Rest:
    """Reads a model's stream, and tells what follows the `expected` text (`stream.EventReader`).

    Attributes:
        heard: the model has begun to answer, whether or not any of it is news.
    """

    __slots__ = ("_at", "_expected", "_teller", "heard")

    def __init__(self, teller: EventReader, expected: str) -> None:
        self._teller = teller
        self._expected = expected
        self._at = 0
        self.heard = False

    @property
    def usage(self) -> Usage | None:
        return self._teller.usage

    @property
    def stop(self) -> StopReason | None:
        return self._teller.stop

    def read(self, event: ServerSentEvent) -> Told:
        """What an event says that the caller does not have yet.

        Raises:
            AttemptFailed: it is an error, or another answer (invalid_output).
            ValueError: it is not what it should be.
        """
        told = self._teller.read(event)
        self.heard = self.heard or bool(told.pieces)
        told.pieces = [new for piece in told.pieces if (new := self._new(piece)) is not None]
        if told.stop is not None and self._at < len(self._expected):
            raise self._otherwise()
        told.content = bool(told.pieces) or told.stop is not None
        return told

    def _new(self, piece: Piece) -> Piece | None:
        """Reasoning is never news: what the caller has was another model's."""
        if piece.kind == "reasoning":
            return None
        if self._at == len(self._expected):
            return piece
        covered = min(len(piece.text), len(self._expected) - self._at)
        if piece.kind != "text" or not self._expected.startswith(piece.text[:covered], self._at):
            raise self._otherwise()
        self._at += covered
        return piece._replace(text=piece.text[covered:]) if covered < len(piece.text) else None

    def _otherwise(self) -> AttemptFailed:
        told = f"it answers otherwise: only {self._at} of {len(self._expected)} characters are as they were sent"
        return AttemptFailed(Trigger.invalid_output, told)


class Continuation:
    """One call of a model that goes on. `prefills`: it may be given the beginning of its answer."""

    __slots__ = ("_begun", "_expected", "_rest", "prefills")

    def __init__(self, begun: Begun, *, prefills: bool) -> None:
        self._begun = begun
        self._expected = begun.text
        self._rest: Rest | None = None
        self.prefills = prefills

    @property
    def heard(self) -> bool:
        """The model has begun to answer, whether or not any of it is news."""
        return self._rest is not None and self._rest.heard

    def put(self, composed: Composed) -> Composed:
        """The request as it goes to the model. Where it takes no beginning after all, `prefills` turns False."""
        body = prefilled(composed.body, self._begun.text) if self.prefills else None
        if body is None:
            self.prefills = False
            return composed
        self._expected = self._begun.text[len(self._begun.text.rstrip()) :]
        return composed._replace(body=body)

    def stream(self, call: Call, endpoint: Endpoint) -> AnswerStream:
        """The model's stream, as what follows in the caller's."""
        self._rest = Rest(_TELLERS[endpoint.dialect](_nameless), self._expected)
        return AnswerStream(self._rest, self._writer(call))

    def _writer(self, call: Call) -> EventWriter:
        if call.dialect == "openai":
            return ChunkContinuation(self._begun, wants_usage=call.wants_usage)
        return MessageContinuation(self._begun)


def _nameless(_id: str, _model: str) -> None:
    """The answer is called as it was when it began."""
