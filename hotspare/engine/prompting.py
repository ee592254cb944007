"""Follow one test prompt: what the walk does becomes route lines, the answer text, the Record one closing line.

Text waits for a reader that is slow, as an answer would for any caller. Text of models is passed on as it came: whoever
shows it makes it harmless first.
"""

import asyncio

from hotspare.dialects.spoken import answer_of
from hotspare.engine.backend import PromptEvent
from hotspare.engine.protocols import Answer, Told
from hotspare.router.clock import Clock
from hotspare.router.record import Candidate, Record
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.step import Event, Fail, Failed, Step, Try, Wait
from hotspare.router.words import dollars, span

TEXTS_AHEAD = 64
"""Pieces of text that may wait for the reader."""


class PromptFollower:
    """The caller's side of a test prompt (its Delivery) and its narrator (its Watcher) in one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: asyncio.Queue[PromptEvent | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(TEXTS_AHEAD)
        self._called: dict[int, Try] = {}
        self._closing = PromptEvent("end", "")

    async def next(self) -> PromptEvent | None:
        """The next event; None when there are no more."""
        event = await self._events.get()
        if event is not None and event.kind == "text":
            self._room.release()
        return event

    def close(self) -> None:
        """Nothing more will come."""
        self._events.put_nowait(None)

    # ------------------------------------------------------------ watching
    def moved(self, event: Event, steps: tuple[Step, ...]) -> None:
        """Say what failed and what is called now."""
        tries = [step for step in steps if isinstance(step, Try)]
        if isinstance(event, Failed):
            self._route(self._failure(event, steps))
        elif tries:
            self._route(f"calling {' and '.join(step.model for step in tries)}")
        self._called.update((step.n, step) for step in tries)

    def kept(self, record: Record) -> None:
        """Say who was passed over, and make the closing line."""
        for candidate in record.candidates:
            if candidate.skip is not None:
                self._route(_passed_over(candidate))
        self._closing = PromptEvent("end", _figures(record), record.id)

    def _route(self, text: str) -> None:
        self._events.put_nowait(PromptEvent("route", text))

    def _failure(self, event: Failed, steps: tuple[Step, ...]) -> str:
        failed, failure = self._called[event.n], event.failure
        status = "" if failure.status is None else f" ({failure.status})"
        told = f"{failed.model}: {failure.trigger}{status}"
        for step in steps:
            if isinstance(step, Try):
                return f"{told}, {_next(failed, step)}"
            if isinstance(step, Wait):
                return f"{told}, again in {max(0.0, step.until - self._clock.monotonic()):.1f} s"
        return told

    # ------------------------------------------------------------ being the caller
    async def whole(self, told: Told, answer: Answer) -> None:
        """A whole answer: the provider could not stream, or has streamed it all at once."""
        del told
        await self._say(answer_of(answer.body, () if answer.streamed is None else (answer.streamed,)))
        await self.end(b"")

    async def begin(self, told: Told, answer: Answer) -> None:
        """Nothing to say yet."""

    async def begin_early(self, request_id: str) -> None:
        """Nothing to say yet."""

    async def keep_alive(self) -> None:
        """Nothing to say yet."""

    async def piece(self, data: bytes) -> None:
        """The text in a piece of the stream; waits while the reader is far behind."""
        await self._say(answer_of(None, (data,)))

    async def _say(self, text: str) -> None:
        if text:
            await self._room.acquire()
            self._events.put_nowait(PromptEvent("text", text))

    def take(self, data: bytes) -> bool:
        """Never: a slow reader is waited for."""
        del data
        return False

    async def end(self, tail: bytes) -> None:
        """The closing line."""
        del tail
        self._events.put_nowait(self._closing)

    async def broken(self, told: Told, fail: Fail) -> None:
        """The answer broke off."""
        await self.error(told, fail)

    async def error(self, told: Told, fail: Fail) -> None:
        """No answer."""
        self._events.put_nowait(PromptEvent("error", fail.message, told.request_id))


def _next(failed: Try, step: Try) -> str:
    if step.model != failed.model:
        return f"next {step.model}"
    return "again" if step.key == failed.key else f"again with key {step.key}"


def _passed_over(candidate: Candidate) -> str:
    by = f" by {candidate.by}" if candidate.by else ""
    left = "" if candidate.seconds_left is None else f", {span(candidate.seconds_left)} left"
    return f"{candidate.model}: passed over, {candidate.skip}{by}{left}"


def _figures(record: Record) -> str:
    """Who answered, how fast, and what it cost."""
    first = "" if record.first_content_ms is None else f"first token {record.first_content_ms:.0f} ms, "
    tokens = f"{record.input_tokens} tokens in, {record.output_tokens} out"
    return f"{record.model}: {first}total {record.duration_ms:.0f} ms, {tokens}, {_cost(record)}, request {record.id}"


def _cost(record: Record) -> str:
    pico = record.cost_pico_usd
    if record.unpriced:
        return f"at least {_small(pico)}" if pico else "cost unknown"
    return f"about {_small(pico)}" if record.estimated else _small(pico)


def _small(pico: int) -> str:
    """Dollars, also where one prompt costs less than a hundredth of a cent."""
    return dollars(pico) if pico == 0 or pico >= 10**8 else f"${pico / PICO_PER_USD:.8f}"
