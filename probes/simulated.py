"""A simulated model: a real HTTP server on loopback that speaks a provider's wire format and has bad spells of its own.

It validates like a provider, answers at a human pace, and is told nothing of the program it serves. What it does at a
time is decided in `behaviour.py`; here it is carried out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from random import Random
from types import TracebackType
from typing import Self

import msgspec

from hotspare.probes import http11, texts
from hotspare.probes.behaviour import Plan, Speed, allowance_share, plan
from hotspare.probes.filled import filled
from hotspare.probes.loopback import BODY_LIMIT_BYTES, Headers, LoopbackServer, Reply, Request, Severed
from hotspare.probes.shapes import Allowance, AskedBody, Said, Shape, tokens_of
from hotspare.probes.spells import SpellInForce, Timetable
from hotspare.router.clock import Clock

Sleep = Callable[[float], Awaitable[None]]

REQUESTS_A_MINUTE = 1_000
TOKENS_A_MINUTE = 400_000

_JSON: Headers = (("content-type", "application/json"),)
_EVENTS: Headers = (("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))

_TROUBLES: Mapping[int, str] = {
    429: "Rate limit reached for {model}. Please try again in {seconds}s.",
    500: "The server had an error while processing your request. Sorry about that!",
    503: "The engine for {model} is currently overloaded. Please try again later.",
}

_decode = msgspec.json.Decoder(AskedBody).decode


@dataclass(frozen=True, slots=True)
class SimulatedSpec:
    """One simulated model as it is when it is well, and the timetable of when it is not."""

    model_id: str
    shape: Shape
    key: str | None = field(repr=False)
    """The one API key that it accepts; None: it asks for none. Made up, like everything here."""
    speed: Speed
    timetable: Timetable = field(default_factory=Timetable)


class Refused(Exception):
    """The request gets an error for an answer."""

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


@dataclass(frozen=True, slots=True)
class _Turn:
    """One request's share of chance and time, and what every answer to it carries."""

    plan: Plan
    random: Random
    request_id: str
    headers: Headers


class SimulatedModel:
    """`async with SimulatedModel(...) as model:` serves at `model.origin` until the block is left."""

    def __init__(
        self, spec: SimulatedSpec, *, clock: Clock, started_at: float, seed: int, sleep: Sleep = asyncio.sleep
    ) -> None:
        """A model whose timetable began at the monotonic time `started_at`; its chance comes from `seed` alone."""
        self.spec = spec
        self.name = f"simulated {spec.model_id}"
        self._clock = clock
        self._started_at = started_at
        self._seed = seed
        self._sleep = sleep
        self._numbers = count(1)
        self._server = LoopbackServer(self)

    @property
    def origin(self) -> str:
        """The address to reach it at, without a path."""
        return f"http://127.0.0.1:{self._server.port}"

    def spell_now(self) -> SpellInForce | None:
        """The spell in force."""
        return self.spec.timetable.at(self._seconds())

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    def meet(self, reply: Reply) -> None:
        """Turn a connection away where all of them are."""
        now = self.spell_now()
        if now is not None and now.spell.kind == "refuse" and now.spell.share == 1:
            reply.reset()

    async def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request as the timetable has it."""
        turn = self._turn()
        if turn.plan.ending == "reset":
            reply.reset()
        shape = self.spec.shape
        try:
            asked = self._read(request)
            self._admit(asked, turn.plan)
        except Refused as refused:
            body = shape.error(refused.status, refused.message, turn.request_id)
            await reply.whole(refused.status, (*_JSON, *refused.headers, *turn.headers), body)
            return
        said = self._say(asked, turn.random)
        await self._sleep(turn.plan.first_token_seconds)
        await (self._stream if asked.stream else self._whole)(said, turn, reply)

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._started_at

    def _turn(self) -> _Turn:
        random = Random(f"{self._seed}/{next(self._numbers)}")
        at_seconds = self._seconds()
        planned = plan(self.spec.timetable, at_seconds, self.spec.speed, random)
        request_id = f"req_{random.getrandbits(96):024x}"
        allowance = self.spec.shape.allowance(self._allowance(at_seconds))
        return _Turn(planned, random, request_id, ((self.spec.shape.id_header, request_id), *allowance))

    def _allowance(self, at_seconds: float) -> Allowance:
        share = allowance_share(self.spec.timetable, at_seconds)
        now = self.spec.timetable.at(at_seconds)
        reset_seconds = 1 if now is None else max(1, round(now.seconds_left))
        return Allowance(
            requests_limit=REQUESTS_A_MINUTE,
            requests_left=round(share * REQUESTS_A_MINUTE),
            tokens_limit=TOKENS_A_MINUTE,
            tokens_left=round(share * TOKENS_A_MINUTE),
            reset_seconds=reset_seconds,
            reset_at=self._clock.wall() + reset_seconds,
        )

    def _read(self, request: Request) -> AskedBody:
        shape = self.spec.shape
        method, target, _ = request.head.first
        if target.partition("?")[0] != shape.path:
            raise Refused(404, f"There is nothing at {target}.")
        if method != "POST":
            raise Refused(405, f"{shape.path} is asked by POST.")
        if self.spec.key is not None and shape.key(request.head.headers) != self.spec.key:
            raise Refused(401, "The API key is not the one that this simulated model was given.")
        if request.body is None:
            raise Refused(413, f"The body is larger than {BODY_LIMIT_BYTES} bytes.")
        try:
            asked = _decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise Refused(400, f"The body could not be read: {fault}") from None
        objection = shape.objection(asked, request.head.headers)
        if objection is not None:
            raise Refused(400, objection)
        return asked

    def _admit(self, asked: AskedBody, planned: Plan) -> None:
        if asked.model != self.spec.model_id:
            raise Refused(404, f"The model `{asked.model}` does not exist or you do not have access to it.")
        if planned.status == HTTPStatus.OK:
            return
        wait = planned.retry_after_seconds
        told = _TROUBLES[planned.status].format(model=asked.model, seconds=wait)
        status = self.spec.shape.overloaded_status if planned.status == 503 else planned.status
        raise Refused(status, told, () if wait is None else (("retry-after", str(wait)),))

    def _say(self, asked: AskedBody, random: Random) -> Said:
        tokens = tokens_of(_answer(asked, random))
        limit = len(tokens) if asked.token_limit is None else asked.token_limit
        return Said(
            id=f"{random.getrandbits(72):018x}",
            model=asked.model,
            tokens=tuple(tokens[:limit]),
            ended="stop" if len(tokens) <= limit else "length",
            input_tokens=asked.input_tokens,
            created=int(self._clock.wall()),
            wants_usage=asked.stream_options is not None and asked.stream_options.include_usage,
        )

    async def _whole(self, said: Said, turn: _Turn, reply: Reply) -> None:
        await self._sleep(turn.plan.token_seconds * len(said.tokens))
        body = self.spec.shape.whole(said)
        await reply.begin(200, (*_JSON, ("content-length", str(len(body))), *turn.headers))
        given = int(len(body) * turn.plan.given_share)
        await reply.piece(body[:given])
        await self._break(turn.plan)
        await reply.piece(body[given:])

    async def _stream(self, said: Said, turn: _Turn, reply: Reply) -> None:
        shape = self.spec.shape
        pieces = list(said.pieces())
        given = max(1, int(len(pieces) * turn.plan.given_share))
        await reply.begin(200, (*_EVENTS, *turn.headers))
        await reply.piece(http11.chunk(shape.opening(said)))
        for number, piece in enumerate(pieces, start=1):
            await reply.piece(http11.chunk(shape.piece(said, piece)))
            await self._sleep(turn.plan.token_seconds * len(tokens_of(piece)))
            if number == given:
                await self._break(turn.plan)
        await reply.piece(http11.chunk(shape.closing(said)) + http11.chunk(b""))

    async def _break(self, planned: Plan) -> None:
        """What becomes of the answer after its given share: nothing worse than a pause, or its end."""
        if planned.ending == "cut":
            raise Severed
        if planned.ending == "stall":
            await self._sleep(planned.silent_seconds)


def _answer(asked: AskedBody, random: Random) -> str:
    """Words, or JSON where that is asked for."""
    words, schema = texts.answer(asked.prompt, random), asked.json_schema
    return words if schema is None else msgspec.json.encode(filled(schema, words)).decode()
