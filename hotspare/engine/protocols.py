"""What the engine needs of its neighbours, in its own words: someone who calls models, someone who keeps Records,
someone who keeps decisions, and the caller's side of an answer.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from hotspare.dialects.call import Call
from hotspare.dialects.kept import KeptAnswer
from hotspare.router.command import Change, JournalEntry
from hotspare.router.record import Ask, Record
from hotspare.router.snapshot import StoreView
from hotspare.router.step import Fail, Try
from hotspare.router.trigger import Usage
from hotspare.router.value import value


class Answer(Protocol):
    """What an attempt gave: a whole body, or a stream that has begun. Everything in the caller's dialect."""

    @property
    def status(self) -> int: ...
    @property
    def content_type(self) -> str: ...
    @property
    def body(self) -> bytes | None:
        """The whole answer; None for a stream."""

    @property
    def dropped(self) -> tuple[str, ...]:
        """Fields of the request that had no counterpart and were harmless to leave out."""

    @property
    def provider_request_id(self) -> str | None: ...
    @property
    def spent_seconds(self) -> float | None:
        """How long the key that was used has nothing left, where the provider says so."""

    @property
    def usage(self) -> Usage | None:
        """Known once the answer has ended; None where the provider told none."""

    @property
    def said_bytes(self) -> int:
        """How much text has come, for whoever must guess what was used; may be 0 where the provider tells all."""

    @property
    def skipped_events(self) -> int:
        """Events of the provider's stream that could not be read and were left out."""

    @property
    def tail(self) -> bytes:
        """The bytes that end a whole stream (`data: [DONE]`), held back until its Record is kept."""

    @property
    def streamed(self) -> bytes | None:
        """All of a stream that is over, without its tail; None where `pieces` are to be awaited, and for a body."""

    def pieces(self) -> AsyncIterator[bytes]:
        """The stream, from its first byte on, without its tail.

        Raises:
            AttemptFailed: it broke off (stream_cut, stream_stall, server_error …).
        """

    async def aclose(self) -> None:
        """Stop at once: the connection to the provider is closed unless the answer was whole. Idempotent."""


class Passing(Protocol):
    """Pieces of a stream that need not be fetched one by one: what `Answer.pieces` gives may be this."""

    async def pass_on(self, take: Callable[[bytes], bool]) -> None:
        """Hand pieces to `take` the moment they come, until the stream is over or `take` takes one no more; that one
        and what follows, also why the stream broke off, is for whoever iterates.
        """


class Carrier(Protocol):
    """Calls models."""

    async def call(self, attempt: Try, ask: Ask, call: Call) -> Answer:
        """Carry one attempt to its first content event (a stream) or to its whole answer, within `attempt.limits`
        and before `attempt.deadline`. Cancelling it closes the connection to the provider at once.

        Raises:
            AttemptFailed: nothing came that could go to the caller.
        """


class Recorder(Protocol):
    """Keeps Records. No method waits, raises, or loses silently."""

    def append(self, record: Record) -> Awaitable[None] | None:
        """Keep one Record, so that it survives a kill -9 of this process. What is given back, if anything, is to be
        waited for before the answer's end goes out; it never raises.
        """

    def remember(self, memory: Mapping[str, Any]) -> None:
        """Keep the router's memory (cooldowns, breakers) for the next start; the latest one counts."""

    def view(self) -> StoreView:
        """How the store is."""


class ContentKeeper(Protocol):
    """Keeps prompts and answers, where that is wished for."""

    def content(self, request_id: str, at: float, call: Call, body: bytes | None, pieces: tuple[bytes, ...]) -> None:
        """Keep what was asked and answered: a whole body, or the pieces of a stream. Neither waits nor raises."""

    def answer(self, kept: KeptAnswer) -> None:
        """Keep an answer for the emergency cache of the next start. Neither waits nor raises."""


class Journal(Protocol):
    """Keeps decisions."""

    async def write(self, change: Change) -> JournalEntry:
        """Make a change durable before it is acknowledged. Where that is impossible now, the entry says
        `durable=False` and is written when it can be.
        """

    async def latest(self) -> JournalEntry | None:
        """The newest change that sets a slot and was not undone, and is no undo itself."""


class History(Protocol):
    """Answers questions about what was."""

    async def query(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One of the views: "requests", "explain", "journal", "errors", "slow", "history", "figures". The store's
        `history` says what each gives and which parameters it knows.

        Raises:
            ValueError: no such view, or a parameter it does not know.
        """


@value
class Told:
    """What the caller is told beside the answer (the `x-hotspare-*` headers)."""

    request_id: str
    model: str | None
    fallback: bool
    attempts: int
    source: str = "model"
    notice: str = ""
    notice_text: str = ""
    dropped: Sequence[str] = ()
    cache_age_seconds: float | None = None
    cache_similarity: float | None = None
    repaired: bool = False
    """The model's answer was put right before it went out."""


class Delivery(Protocol):
    """The caller's side of one answer. Exactly one of `whole`, `error`, or `begin … end` happens; in the last, the
    beginning is one of two and the end is `end` or `broken`.
    """

    async def whole(self, told: Told, answer: Answer) -> None:
        """A whole answer: its body, or all of its stream."""

    async def begin(self, told: Told, answer: Answer) -> None:
        """A stream begins: status and headers go out."""

    async def begin_early(self, request_id: str) -> None:
        """A stream begins, in place of `begin`, before it is known who answers it: status and headers go out."""

    async def keep_alive(self) -> None:
        """A sign of life, which is no part of the answer, in a stream that has begun and has no piece yet."""

    async def piece(self, data: bytes) -> None:
        """A piece of the stream. Returns when the caller can take more."""

    def take(self, data: bytes) -> bool:
        """As `piece`, if the caller can take it now; False if it has to be waited for."""

    async def end(self, tail: bytes) -> None:
        """The stream ends well."""

    async def broken(self, told: Told, fail: Fail) -> None:
        """The stream that has begun cannot be finished: an error event in the caller's dialect, then the end."""

    async def error(self, told: Told, fail: Fail) -> None:
        """There is no answer: an error in the caller's dialect (or the provider's own, where `fail.relay`)."""
