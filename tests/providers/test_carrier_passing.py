"""A stream that is passed on: what the caller gets, and how it ends, are the same as when its pieces are fetched."""

import asyncio

import pytest

from hotspare.dialects import openai_chat
from hotspare.router.trigger import AttemptFailed, Trigger, Usage


class Taker:
    """A caller's side: takes what comes, but not the pieces of these numbers."""

    def __init__(self, *refused: int) -> None:
        self.taken, self.asked, self._refused = [], 0, refused
        self.came = asyncio.Event()

    def __call__(self, piece: bytes) -> bool:
        self.asked += 1
        self.came.set()
        if self.asked in self._refused:
            return False
        self.taken.append(piece)
        return True


async def handed_over(answer, taker, *, at_leisure=0.0) -> AttemptFailed | None:
    """As whoever serves a caller does it: pass on what can be, wait with what cannot; how the stream broke off."""
    pieces = answer.pieces()
    try:
        while True:
            await pieces.pass_on(taker)
            piece = await anext(pieces)
            await asyncio.sleep(at_leisure)
            taker.taken.append(piece)
    except StopAsyncIteration:
        return None
    except AttemptFailed as failure:
        return failure
    finally:
        await pieces.aclose()


def said(taker) -> str:
    return openai_chat.text_of_piece(b"".join(taker.taken))


def serving(*events, seconds=0.0, end=True):
    async def serve(x):
        await x.begin_stream()
        for event in events:
            await x.chunk(event)
            await asyncio.sleep(seconds)
        if end:
            await x.end_stream()

    return serve


@pytest.mark.parametrize("refused", [(), (1,), (2,), (1, 2, 3, 4)])
@pytest.mark.parametrize("seconds", [0.0, 0.01])
async def test_the_caller_gets_the_whole_stream_in_order(provider, carry, sse, good_stream, refused, seconds):
    words = [sse({"content": f"{n} "}) for n in range(20)]
    events = [good_stream[0], *words, *good_stream[1:]]
    provider.does(serving(*events, seconds=seconds))
    answer, taker = await carry(stream=True), Taker(*refused)
    assert await handed_over(answer, taker) is None
    provider.does(serving(b"".join(events)))
    fetched = b"".join([piece async for piece in (await carry(stream=True)).pieces()])
    assert b"".join(taker.taken) == fetched
    assert b"prompt_tokens" not in fetched
    assert answer.usage == Usage(input=11, output=7)


async def test_silence_in_the_middle_is_a_stall_after_all_that_came(provider, carry, sse):
    async def serve(x):
        await x.begin_stream()
        for n in range(3):
            await x.chunk(sse({"content": str(n)}))
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)

    provider.does(serve)
    answer, taker = await carry(stream=True, silence_seconds=0.25), Taker()
    failure = await handed_over(answer, taker)
    assert (failure.trigger, said(taker)) == (Trigger.stream_stall, "012")
    assert failure.message == "nothing for 0.2 s in the middle of the stream"


async def test_each_event_begins_the_silence_anew(provider, carry, sse):
    events = [sse({"content": str(n)}) for n in range(8)]
    provider.does(serving(*events, sse({}, "stop"), seconds=0.06))
    answer, taker = await carry(stream=True, silence_seconds=0.3), Taker()
    assert await handed_over(answer, taker) is None
    assert said(taker) == "01234567"


async def test_bytes_that_complete_no_event_are_silence(provider, carry, sse):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}))
        for _ in range(200):
            await x.chunk(b": still there\n")
            await asyncio.sleep(0.05)

    provider.does(serve)
    answer, taker = await carry(stream=True, silence_seconds=0.3), Taker()
    async with asyncio.timeout(5):
        failure = await handed_over(answer, taker)
    assert (failure.trigger, said(taker)) == (Trigger.stream_stall, "one")


async def test_a_slow_caller_is_not_the_provider_s_silence(provider, carry, sse):
    words = [sse({"content": str(n)}) for n in range(4)]
    provider.does(serving(*words, sse({}, "stop"), seconds=0.05))
    answer, taker = await carry(stream=True, silence_seconds=0.2), Taker(2)
    assert await handed_over(answer, taker, at_leisure=0.4) is None
    assert said(taker) == "0123"


async def test_a_stream_that_is_cut_is_told_after_all_that_came(provider, carry, sse):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}))
        await asyncio.sleep(0.05)
        await x.chunk(sse({"content": "two"}))
        await x.chunk(sse({"content": "three"}).removesuffix(b"\n\n"))
        x.writer.close()

    provider.does(serve)
    taker = Taker()
    failure = await handed_over(await carry(stream=True), taker)
    assert (failure.trigger, said(taker)) == (Trigger.stream_cut, "onetwothree")


async def test_an_error_event_ends_the_stream_with_it(provider, carry, sse):
    error = b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n'
    provider.does(serving(sse({"content": "one"}), error, sse({"content": "two"}), seconds=0.03))
    taker = Taker()
    failure = await handed_over(await carry(stream=True), taker)
    assert (failure.trigger, said(taker)) == (Trigger.server_error, "one")


async def test_a_malformed_event_is_left_out(provider, carry, sse):
    events = sse({"content": "one"}), b"data: {nonsense\n\n", sse({"content": "two"}), sse({}, "stop")
    provider.does(serving(*events, seconds=0.03))
    answer, taker = await carry(stream=True), Taker()
    assert await handed_over(answer, taker) is None
    assert (said(taker), answer.skipped_events) == ("onetwo", 1)


async def test_a_model_that_has_stopped_is_waited_for_no_longer_than_its_last_words_take(provider, carry, sse):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}))
        await asyncio.sleep(0.05)
        await x.chunk(sse({}, "stop"))
        await asyncio.sleep(30)

    provider.does(serve)
    answer, taker = await carry(stream=True, silence_seconds=20.0), Taker()
    async with asyncio.timeout(5):
        assert await handed_over(answer, taker) is None
    assert said(taker) == "one"


async def test_leaving_in_the_middle_closes_the_connection(provider, carry, sse):
    closed = asyncio.Event()

    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}))
        await x.until_closed()
        closed.set()

    provider.does(serve)
    answer, taker = await carry(stream=True), Taker()
    task = asyncio.create_task(handed_over(answer, taker))
    await taker.came.wait()
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(closed.wait(), 5)
