"""Call models: one attempt from the request's body to its first content or its whole answer, within its limits.

Every limit is kept here, none is left to the HTTP library. Nothing of a provider's words leaves unredacted, and no
connection outlives its attempt.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial

from hotspare.dialects import openai_embeddings
from hotspare.dialects.alike import said_bytes
from hotspare.dialects.call import Call
from hotspare.dialects.composed import Composed
from hotspare.dialects.continuing import Continuation
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.exchange import Exchange
from hotspare.dialects.stream import AnswerStream
from hotspare.providers.address import Address, addresses_of
from hotspare.providers.allowance import spent_for_seconds
from hotspare.providers.answer import StreamedAnswer, WholeAnswer
from hotspare.providers.continuing import Continuing
from hotspare.providers.failure import failure_of_status, made_presentable, request_id_in
from hotspare.providers.limit import Limit, Watch
from hotspare.providers.redaction import Redactor
from hotspare.providers.silence import Silence
from hotspare.providers.transports import Transports
from hotspare.providers.vectors import VectorLengths
from hotspare.providers.wire import Outgoing, Reply
from hotspare.router.clock import Clock
from hotspare.router.record import Ask
from hotspare.router.settings import Limits
from hotspare.router.step import Try
from hotspare.router.trigger import AttemptFailed, Trigger

ANSWER_BYTES = 16 * 1024 * 1024
ERROR_BYTES = 64 * 1024
ERROR_SECONDS = 2.0
"""How long the words of an error are waited for; its status is known already."""


_BLANK = b"\xef\xbb\xbf \t\r\n"
_PLAIN = (b"{", b"[", b"<")
"""How a body begins that is JSON or HTML where events were due: no line of events does."""


@dataclass(slots=True)
class _Attempt:
    """What the steps of one attempt hand on to each other. Times are monotonic seconds."""

    request_id: str
    call: Call
    address: Address
    exchange: Exchange
    composed: Composed
    limits: Limits
    began: float
    due: float
    limit: Limit
    continuation: Continuation | None

    def expired(self) -> AttemptFailed:
        """Its time is up before there was anything for the caller."""
        what = "no token" if self.call.stream else "no answer"
        return AttemptFailed(Trigger.timeout, f"{what} in {max(0.0, self.due - self.began):.1f} s")

    def silent(self, silence: Silence) -> AttemptFailed:
        """It went silent while it said what the caller has already."""
        return AttemptFailed(Trigger.stream_stall, f"{silence.words} while it said again what was sent")


class ProviderCarrier:
    """Calls the models of one configuration (`engine.protocols.Carrier`)."""

    def __init__(self, endpoints: Mapping[str, Endpoint], *, clock: Clock | None = None) -> None:
        self._transports = Transports()
        self._clock = clock or Clock()
        self._watch = Watch(self._clock.monotonic)
        self._vectors = VectorLengths()
        self._endpoints: Mapping[str, Endpoint] = {}
        self._addresses: dict[tuple[str, str], Address] = {}
        self._continuing = Continuing()
        self.reload(endpoints)

    def reload(self, endpoints: Mapping[str, Endpoint]) -> None:
        """Reach these models from now on; those of before too, as long as requests under way may still go there: until
        the reload after this one. Attempts that run are left alone.
        """
        before, self._endpoints = self._endpoints, endpoints
        self._transports.prepare(endpoints.values())
        self._vectors.expect(endpoints.values())
        self._redactor = Redactor((*before.values(), *endpoints.values()))
        self._addresses = _addresses(before) | _addresses(endpoints)
        self._guests = {
            place: address.for_guest() for place, address in self._addresses.items() if address.endpoint.guest_in
        }
        self._providers = {name: endpoint.provider for name, endpoint in (*before.items(), *endpoints.items())}

    async def call(
        self, attempt: Try, ask: Ask, call: Call, continuation: Continuation | None = None
    ) -> WholeAnswer | StreamedAnswer:
        """Carry one attempt out (`engine.protocols.Carrier`)."""
        address = self._address(attempt, ask)
        if call.begun is not None and continuation is None:
            return await self._continuing.call(address.endpoint, call.begun, partial(self.call, attempt, ask, call))
        limit = Limit(self._watch)
        reply: Reply | None = None
        begun = False
        try:
            state = self._prepare(attempt, ask.id, call, address, limit, continuation)
            with limit.until(state.due, state.expired):
                reply = await self._transports.reaching(address.endpoint).send(
                    Outgoing(address.place_for(call, ask.via), state.composed.body, attempt.limits.connect_seconds)
                )
                answer = None
                if continuation is None and 200 <= reply.status < 300:
                    answer = await self._read(state, reply)
            if answer is None:
                answer = await self._read_further(state, reply, continuation)
            begun = call.stream and isinstance(answer, StreamedAnswer)
        except AttemptFailed as failure:
            if reply is not None:
                failure.status = failure.status or reply.status
                failure.provider_request_id = request_id_in(reply.headers)
            raise made_presentable(failure, call, address.endpoint, self._redactor, ask.id) from None
        finally:
            if not begun and reply is not None and not reply.whole:
                await reply.aclose()
        return answer

    async def aclose(self) -> None:
        """Close all connections."""
        self._watch.close()
        await self._transports.aclose()

    def _address(self, attempt: Try, ask: Ask) -> Address:
        """The model's, as the request's own provider's or as another's in its place."""
        place = (attempt.model, attempt.key)
        guest = self._guests.get(place)
        if guest is None:
            return self._addresses[place]
        if ask.start is not None:
            written_for_it = self._providers.get(ask.start) == guest.endpoint.provider
        else:
            written_for_it = ask.chain not in guest.endpoint.guest_in
        return self._addresses[place] if written_for_it else guest

    def _prepare(
        self,
        attempt: Try,
        request_id: str,
        call: Call,
        address: Address,
        limit: Limit,
        continuation: Continuation | None,
    ) -> _Attempt:
        exchange = address.exchange_for(call)
        composed = exchange.compose(call, address.endpoint)
        allowed = attempt.limits.first_content_seconds if call.stream else attempt.limits.attempt_seconds
        now = self._clock.monotonic()
        return _Attempt(
            request_id=request_id,
            call=call,
            address=address,
            exchange=exchange,
            composed=composed if continuation is None else continuation.put(composed),
            limits=attempt.limits,
            began=now,
            due=min(now + allowed, attempt.deadline),
            limit=limit,
            continuation=continuation,
        )

    async def _read(self, state: _Attempt, reply: Reply) -> WholeAnswer | StreamedAnswer:
        if state.call.stream:
            return await self._stream(state, reply)
        body = reply.at_hand()
        return self._whole(state, reply, await _gathered(reply.chunks()) if body is None else body)

    async def _read_further(
        self, state: _Attempt, reply: Reply, continuation: Continuation | None
    ) -> WholeAnswer | StreamedAnswer:
        """What is not to be there in the time of a first content: the words of an error, or what is said again."""
        if continuation is not None and 200 <= reply.status < 300:
            return await self._stream_on(state, reply, continuation)
        body = reply.at_hand()
        body = await self._words_of_error(state, reply) if body is None else body[:ERROR_BYTES]
        raise failure_of_status(reply.status, reply.headers, body, self._clock.wall())

    async def _words_of_error(self, state: _Attempt, reply: Reply) -> bytes:
        """As much of the body as comes soon; the status says the rest."""
        due = min(state.due, self._clock.monotonic() + ERROR_SECONDS)
        body = bytearray()
        try:
            with state.limit.until(due, state.expired):
                async for chunk in reply.chunks():
                    body += chunk
                    if len(body) >= ERROR_BYTES:
                        break
        except AttemptFailed:
            pass
        return bytes(body[:ERROR_BYTES])

    def _whole(self, state: _Attempt, reply: Reply, body: bytes) -> WholeAnswer:
        wall = self._clock.wall()
        read = state.exchange.answer(state.call, body, int(wall))
        if read.dimensions is not None:
            asked = openai_embeddings.asked_dimensions(state.call)
            self._vectors.check(state.address.endpoint, asked, read.dimensions, read.usage)
        streamed = state.exchange.streamed(state.call, read.body) if state.call.stream else None
        return WholeAnswer(
            status=200,
            usage=read.usage,
            dropped=state.composed.dropped,
            provider_request_id=request_id_in(reply.headers),
            spent_seconds=spent_for_seconds(reply.headers, wall),
            body=None if state.call.stream else read.body,
            streamed=streamed,
            tail=state.exchange.tail if state.call.stream else b"",
            said_bytes=said_bytes(read.body) if read.usage is None and state.call.operation == "chat" else 0,
        )

    async def _stream(self, state: _Attempt, reply: Reply) -> WholeAnswer | StreamedAnswer:
        stream = state.exchange.stream(state.call, int(self._clock.wall()))
        body = reply.at_hand()
        if body is not None:
            return self._stream_at_hand(state, reply, stream, body.lstrip(_BLANK))
        chunks = reply.chunks()
        try:
            head = await _head(chunks)
            if head.startswith(_PLAIN):
                return self._whole(state, reply, await _gathered(chunks, head))
            first = stream.feed(head)
            while not (stream.content or stream.ended):
                chunk = await anext(chunks, None)
                first = stream.close() if chunk is None else stream.feed(chunk)
        except AttemptFailed as failure:
            raise _in_a_stream(failure, stream) from None
        return self._begun(state, reply, chunks, stream, first)

    def _stream_at_hand(
        self, state: _Attempt, reply: Reply, stream: AnswerStream, body: bytes
    ) -> WholeAnswer | StreamedAnswer:
        """All of it came with its head: where nothing is wrong with it, nothing has to be waited for."""
        if body.startswith(_PLAIN):
            return self._whole(state, reply, body)
        streamed = stream.feed(body) + stream.close()
        if stream.failure is not None:
            return self._begun(state, reply, reply.chunks(), stream, streamed)
        return WholeAnswer(
            status=reply.status,
            usage=stream.usage,
            dropped=state.composed.dropped,
            provider_request_id=request_id_in(reply.headers),
            spent_seconds=spent_for_seconds(reply.headers, self._clock.wall()),
            streamed=streamed,
            tail=stream.tail,
            said_bytes=stream.said_bytes,
            skipped_events=stream.skipped,
        )

    async def _stream_on(self, state: _Attempt, reply: Reply, continuation: Continuation) -> StreamedAnswer:
        """What follows in a stream that broke off. To say again what was sent may take long: from the model's first
        word on the bound is on silence.
        """
        stream, chunks, first = continuation.stream(state.call, state.address.endpoint), reply.chunks(), b""
        silence = Silence(state.limits.silence_seconds, self._clock.monotonic)
        due, failed = state.due, state.expired
        try:
            while not (stream.content or stream.ended):
                events = stream.events
                with state.limit.until(due, failed):
                    chunk = await anext(chunks, None)
                first = stream.close() if chunk is None else stream.feed(chunk)
                if continuation.heard and stream.events > events:
                    silence.heard(stream.said_bytes)
                    due, failed = silence.due(), partial(state.silent, silence)
        except AttemptFailed as failure:
            raise _in_a_stream(failure, stream) from None
        return self._begun(state, reply, chunks, stream, first)

    def _begun(
        self, state: _Attempt, reply: Reply, chunks: AsyncIterator[bytes], stream: AnswerStream, first: bytes
    ) -> StreamedAnswer:
        if not stream.content:
            first = stream.close()
        if not stream.content and stream.failure is not None:
            raise stream.failure
        call, endpoint, request_id = state.call, state.address.endpoint, state.request_id
        return StreamedAnswer(
            reply,
            chunks,
            stream,
            first,
            limit=state.limit,
            silence_seconds=state.limits.silence_seconds,
            monotonic=self._clock.monotonic,
            made_presentable=lambda failure: made_presentable(failure, call, endpoint, self._redactor, request_id),
            dropped=state.composed.dropped,
            provider_request_id=request_id_in(reply.headers),
            spent_seconds=spent_for_seconds(reply.headers, self._clock.wall()),
        )


def _in_a_stream(failure: AttemptFailed, stream: AnswerStream) -> AttemptFailed:
    """What broke an answer whose head had come."""
    failure.usage = failure.usage or stream.usage
    failure.said_bytes = failure.said_bytes or stream.said_bytes
    if failure.trigger is Trigger.network:
        failure.trigger = Trigger.stream_cut
    return failure


def _addresses(endpoints: Mapping[str, Endpoint]) -> dict[tuple[str, str], Address]:
    return {(name, alias): address for name, endpoint in endpoints.items() for alias, address in addresses_of(endpoint)}


async def _gathered(chunks: AsyncIterator[bytes], head: bytes = b"") -> bytes:
    """A whole body, of which `head` was read.

    Raises:
        AttemptFailed: it is too large, or broke off.
    """
    pieces, size = [head], len(head)
    async for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > ANSWER_BYTES:
            raise AttemptFailed(Trigger.malformed, f"the answer exceeds {ANSWER_BYTES >> 20} MB")
    return b"".join(pieces)


async def _head(chunks: AsyncIterator[bytes]) -> bytes:
    """The body from its first telling byte on; byte-order marks and blanks before it say nothing."""
    async for chunk in chunks:
        head = chunk.lstrip(_BLANK)
        if head:
            return head
    return b""
