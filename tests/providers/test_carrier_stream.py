"""Streams: invisible until the first content, never a silent end after it."""

import asyncio
import json

import pytest

from hotspare.dialects import openai_chat
from hotspare.router.trigger import AttemptFailed, Trigger, Usage


async def failure_of(carry, **options) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as caught:
        await carry(stream=True, **options)
    return caught.value


async def read(answer) -> tuple[str, AttemptFailed | None]:
    """The text that the caller gets, and how the stream broke, if it did."""
    wire, broken = b"", None
    try:
        async for piece in answer.pieces():
            wire += piece
    except AttemptFailed as failure:
        broken = failure
    finally:
        await answer.aclose()
    return openai_chat.text_of_piece(wire), broken


async def test_a_stream_is_forwarded_with_its_usage_and_its_end(provider, carry, good_stream):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(*good_stream)
        await x.end_stream()

    provider.does(serve)
    answer = await carry(stream=True, body={"stream_options": {"include_usage": True}})
    assert (answer.content_type, answer.body, answer.status) == ("text/event-stream", None, 200)
    wire = b"".join([piece async for piece in answer.pieces()])
    assert wire + answer.tail == b"".join(good_stream)
    assert answer.usage == Usage(input=11, output=7)


async def test_usage_is_asked_for_and_kept_from_a_caller_that_did_not(provider, carry, good_stream):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(b"".join(good_stream))
        await x.end_stream()

    provider.does(serve)
    answer = await carry(stream=True, body={"stream_options": {"x": 1}})
    wire = b"".join([piece async for piece in answer.pieces()])
    assert provider.seen[0].json["stream_options"] == {"x": 1, "include_usage": True}
    assert b"prompt_tokens" not in wire
    assert answer.usage == Usage(input=11, output=7)


async def test_pieces_go_on_as_they_come(provider, carry, sse):
    more = asyncio.Event()

    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}))
        await more.wait()
        await x.chunk(sse({"content": "two"}, "stop"))
        await x.end_stream()

    provider.does(serve)
    answer = await carry(stream=True)
    pieces = answer.pieces()
    assert openai_chat.text_of_piece(await anext(pieces)) == "one"
    more.set()
    assert openai_chat.text_of_piece(await anext(pieces)) == "two"
    assert [piece async for piece in pieces] == []


async def test_the_end_mark_ends_the_answer_though_the_provider_holds_the_connection(provider, carry, good_stream):
    closed = asyncio.Event()

    async def hold(x):
        await x.begin_stream()
        await x.chunk(*good_stream)
        await x.until_closed()
        closed.set()

    provider.does(hold)
    text, failure = await asyncio.wait_for(read(await carry(stream=True)), 5)
    assert (text, failure) == ("hello world", None)
    await asyncio.wait_for(closed.wait(), 5)


async def silence(x):
    await x.until_closed()


async def pings(x):
    while True:
        await x.chunk(b'data: {"choices": []}\n\n')
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("after", [silence, pings])
async def test_a_missing_end_mark_after_the_reason_to_stop_is_not_waited_for(
    provider, carry, good_stream, monkeypatch, after
):
    monkeypatch.setattr("hotspare.providers.answer.LAST_WORDS_SECONDS", 0.15)
    closed = asyncio.Event()

    async def hold(x):
        try:
            await x.begin_stream()
            await x.chunk(*good_stream[:-2])
            await asyncio.sleep(0.03)
            await x.chunk(good_stream[-2])
            await after(x)
        finally:
            closed.set()

    provider.does(hold)
    answer = await carry(stream=True, silence_seconds=30.0)
    assert await asyncio.wait_for(read(answer), 5) == ("hello world", None)
    assert (answer.usage, answer.tail) == (Usage(input=11, output=7), b"data: [DONE]\n\n")
    await asyncio.wait_for(closed.wait(), 5)


async def cut(x):
    x.writer.close()


async def reset(x):
    await asyncio.sleep(0.02)
    x.reset()


async def clean_end(x):
    await x.end_stream()


async def stall(x):
    await x.until_closed()


async def error_event(x):
    await x.chunk(b'data: {"error": {"message": "Overloaded", "type": "overloaded_error"}}\n\n')
    await x.end_stream()


async def drip(x):
    await x.chunk(b"data: ")
    while True:
        await x.chunk(b"x")
        await asyncio.sleep(0.02)


async def comments(x):
    while True:
        await x.chunk(b": keep-alive\n\n")
        await asyncio.sleep(0.02)


BREAKS = [
    (cut, Trigger.stream_cut),
    (reset, Trigger.stream_cut),
    (clean_end, Trigger.stream_cut),
    (error_event, Trigger.overloaded),
]


@pytest.mark.parametrize(
    ("breaks", "trigger"), [*BREAKS, (stall, Trigger.timeout), (drip, Trigger.timeout), (comments, Trigger.timeout)]
)
@pytest.mark.parametrize("begun", [False, True])
async def test_before_the_first_content_a_break_is_a_failed_attempt(provider, carry, sse, breaks, trigger, begun):
    async def serve(x):
        await x.begin_stream()
        if begun:
            await x.chunk(sse({"role": "assistant", "content": ""}))
        await breaks(x)

    provider.does(serve)
    late = trigger is Trigger.timeout
    failure = await failure_of(carry, first_content_seconds=0.15 if late else 10.0)
    assert failure.trigger is trigger
    if late:
        assert failure.message in ("no token in 0.1 s", "no token in 0.2 s")


@pytest.mark.parametrize(("breaks", "status"), [(cut, 200), (error_event, 529)])
async def test_a_stream_that_broke_off_is_known_by_its_status_and_its_id(provider, carry, sse, breaks, status):
    async def serve(x):
        await x.begin_stream("text/event-stream\r\nx-request-id: req_7")
        await x.chunk(sse({"content": "one"}))
        await breaks(x)

    provider.does(serve)
    _, broken = await read(await carry(stream=True))
    assert (broken.status, broken.provider_request_id) == (status, "req_7")


@pytest.mark.parametrize(
    ("breaks", "trigger"),
    [*BREAKS, (stall, Trigger.stream_stall), (drip, Trigger.stream_stall), (comments, Trigger.stream_stall)],
)
async def test_after_the_first_content_the_text_so_far_stands_and_the_break_is_told(
    provider, carry, sse, breaks, trigger
):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}), sse({"content": " two"}))
        await breaks(x)

    provider.does(serve)
    answer = await carry(stream=True, silence_seconds=0.15)
    text, failure = await asyncio.wait_for(read(answer), 5)
    assert text == "one two"
    assert failure is not None
    assert failure.said_bytes == len(text)
    assert failure.trigger is trigger


@pytest.mark.parametrize("breaks", [cut, reset, clean_end, stall])
async def test_an_answer_that_said_it_was_complete_is_whole_whatever_follows(provider, carry, sse, monkeypatch, breaks):
    monkeypatch.setattr("hotspare.providers.answer.LAST_WORDS_SECONDS", 30.0)  # a shorter silence holds all the same

    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "all"}), sse({}, "stop"))
        await breaks(x)

    provider.does(serve)
    answer = await carry(stream=True, silence_seconds=0.1)
    assert await asyncio.wait_for(read(answer), 5) == ("all", None)
    assert answer.tail == b"data: [DONE]\n\n"


async def test_an_error_in_the_same_packet_as_text_does_not_swallow_the_text(provider, carry, sse):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}) + b'data: {"error": {"message": "Overloaded", "code": 503}}\n\n')
        await x.end_stream()

    provider.does(serve)
    text, failure = await read(await carry(stream=True))
    assert text == "one"
    assert failure is not None
    assert (failure.trigger, failure.message) == (Trigger.overloaded, "Overloaded")


async def test_a_stream_that_keeps_talking_outlives_every_limit(provider, carry, sse):
    async def serve(x):
        await x.begin_stream()
        for _ in range(12):
            await x.chunk(sse({"content": "."}))
            await asyncio.sleep(0.03)
        await x.chunk(sse({}, "stop"))
        await x.end_stream()

    provider.does(serve)
    answer = await carry(stream=True, first_content_seconds=0.2, silence_seconds=0.2, attempt_seconds=0.2)
    assert await read(answer) == ("." * 12, None)


async def test_events_without_a_word_are_no_silence(provider, carry):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(b'data: {"type":"content_block_delta","delta":{"text":"one"}}\n\n')
        for _ in range(24):
            await asyncio.sleep(0.03)
            await x.chunk(b'event: ping\ndata: {"type":"ping"}\n\n')
        await x.chunk(b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n')
        await x.end_stream()

    provider.does(serve)
    answer = await carry(stream=True, dialect="anthropic", silence_seconds=0.6)
    assert await read(answer) == ("one", None)


@pytest.mark.parametrize("unreadable", [b"data: {\n\n", b'data: {"a":"\xff"}\n\n', b"data: [1]\n\n"])
async def test_an_event_that_cannot_be_read_is_left_out_and_counted(provider, carry, sse, unreadable):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}), unreadable, unreadable + sse({"content": " two"}, "stop"))
        await x.end_stream()

    provider.does(serve)
    answer = await carry(stream=True)
    assert await read(answer) == ("one two", None)
    assert answer.skipped_events == 2


async def test_what_was_used_before_a_stream_broke_is_known(provider, carry):
    async def serve(x):
        await x.begin_stream()
        usage = b'{"input_tokens":3,"output_tokens":1,"cache_read_input_tokens":4}'
        await x.chunk(b'data: {"type":"message_start","message":{"id":"m","usage":' + usage + b"}}\n\n")
        x.writer.close()

    provider.does(serve)
    failure = await failure_of(carry, dialect="anthropic")
    assert failure.trigger is Trigger.stream_cut
    assert (failure.usage.input, failure.usage.cache_read) == (7, 4)


PING = b'event: ping\ndata: {"type":"ping"}\n\n'
EMPTY = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"text":""}}\n\n'
UNREADABLE = b"data: {\n\n"


@pytest.mark.parametrize(
    ("wordless", "passed_on"), [(PING, True), (PING, False), (EMPTY, True), (UNREADABLE, True), (UNREADABLE, False)]
)
async def test_events_without_a_word_are_not_borne_for_ever(provider, carry, wordless, passed_on):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(b'data: {"type":"content_block_delta","delta":{"text":"one"}}\n\n')
        while True:
            await asyncio.sleep(0.01)
            await x.chunk(wordless)

    provider.does(serve)
    answer = await carry(stream=True, dialect="anthropic", silence_seconds=0.05)
    pieces = answer.pieces()
    async with asyncio.timeout(5):
        if passed_on:
            await pieces.pass_on(lambda _: True)
        with pytest.raises(AttemptFailed, match="in the middle of the stream") as found:
            async for _ in pieces:
                pass
    assert found.value.trigger is Trigger.stream_stall


async def test_a_slow_caller_is_not_the_provider_s_silence(provider, carry, sse):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}))
        await asyncio.sleep(0.25)
        await x.chunk(sse({"content": " two"}, "stop"))
        await x.end_stream()

    provider.does(serve)
    answer = await carry(stream=True, silence_seconds=0.1, first_content_seconds=0.1)
    pieces = answer.pieces()
    await anext(pieces)
    await asyncio.sleep(0.3)
    assert openai_chat.text_of_piece(await anext(pieces)) == " two"
    await pieces.aclose()


async def test_json_in_answer_to_a_stream_request_is_turned_into_a_stream(provider, carry, good_answer):
    provider.does(lambda x: x.answer(good_answer))
    answer = await carry(stream=True)
    assert answer.body is None
    assert await read(answer) == ("hello world", None)
    assert (answer.tail, answer.usage.output) == (b"data: [DONE]\n\n", 7)


@pytest.mark.parametrize(
    ("body", "trigger"),
    [
        (b'{"error": {"message": "no", "type": "server_error"}}', Trigger.server_error),
        (b"<html>", Trigger.malformed),
        (b"", Trigger.stream_cut),
        (b'{"choices": []}', Trigger.empty),
    ],
)
async def test_a_plain_body_that_is_no_answer_is_a_failure(provider, carry, body, trigger):
    provider.does(lambda x: x.answer(body, content_type="text/event-stream"))
    assert (await failure_of(carry)).trigger is trigger


async def test_an_event_too_large_to_hold_ends_the_attempt(provider, carry, monkeypatch):
    monkeypatch.setattr("hotspare.dialects.sse.EVENT_BYTES", 100_000)

    async def flood(x):
        await x.begin_stream()
        await x.chunk(b"data: ")
        while True:
            await x.chunk(b"x" * 65536)

    provider.does(flood)
    assert (await failure_of(carry)).trigger is Trigger.malformed


async def test_a_status_instead_of_a_stream_is_that_status(provider, carry):
    provider.does(lambda x: x.answer(b'{"error": {"message": "slow down"}}', 429, extra="retry-after: 30\r\n"))
    failure = await failure_of(carry)
    assert (failure.trigger, failure.retry_after_seconds) == (Trigger.rate_limit, 30.0)
    assert failure.message == "Retry-After 30 s: slow down"


async def test_leaving_in_the_middle_closes_the_connection(provider, carry, sse):
    closed = asyncio.Event()

    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}))
        await x.until_closed()
        closed.set()

    provider.does(serve)
    answer = await carry(stream=True)

    async def consume():
        async for _ in answer.pieces():
            pass

    task = asyncio.create_task(consume())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await answer.aclose()
    await answer.aclose()
    await asyncio.wait_for(closed.wait(), 5)


async def test_an_anthropic_stream_reaches_the_caller_as_chunks(provider, carry):
    def event(kind, **more):
        return f"event: {kind}\ndata: {json.dumps({'type': kind} | more)}\n\n".encode()

    async def serve(x):
        await x.begin_stream()
        usage = {"input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 4}
        await x.chunk(event("message_start", message={"id": "msg_1", "model": "claude", "usage": usage}))
        await x.chunk(event("ping"))
        await x.chunk(event("content_block_delta", index=0, delta={"type": "text_delta", "text": "hé"}))
        await x.chunk(event("content_block_delta", index=0, delta={"type": "text_delta", "text": "llo"}))
        await x.chunk(event("message_delta", delta={"stop_reason": "max_tokens"}, usage={"output_tokens": 9}))
        await x.chunk(event("message_stop"))
        await x.until_closed()

    provider.does(serve)
    answer = await carry(stream=True, dialect="anthropic", body={"stream_options": {"include_usage": True}})
    wire = b"".join([piece async for piece in answer.pieces()])
    chunks = [json.loads(line[6:]) for line in wire.split(b"\n\n") if line]
    assert [chunk["choices"][0]["delta"] for chunk in chunks[:3]] == [
        {"role": "assistant", "content": "hé"},
        {"content": "llo"},
        {},
    ]
    assert chunks[2]["choices"][0]["finish_reason"] == "length"
    assert (chunks[3]["choices"], chunks[3]["usage"]["prompt_tokens"]) == ([], 7)
    assert {(chunk["id"], chunk["model"]) for chunk in chunks} == {("msg_1", "claude")}
    assert answer.usage == Usage(input=7, output=9, cache_read=4)


async def test_the_provider_s_own_words_in_a_broken_stream_are_redacted(provider, carry, sse):
    error = {"error": {"message": "key sk-test-canary-0123456789abcdef is over", "type": "server_error"}}

    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "one"}), b"data: " + json.dumps(error).encode() + b"\n\n")

    provider.does(serve)
    _, failure = await read(await carry(stream=True))
    assert failure is not None
    assert failure.message == "key [key hidden] is over"


async def test_a_stream_that_said_its_end_leaves_its_connection_in_use(
    provider, carry, good_stream, good_answer, request
):
    """Most servers send the end of the body a moment after the last event."""
    read, sent, asked_again = asyncio.Event(), asyncio.Event(), []

    async def stream(exchange):
        await exchange.begin_stream()
        for event in good_stream:
            await exchange.chunk(event)
        await read.wait()
        await exchange.end_stream()
        sent.set()
        asked_again.append(await exchange.reader.read(1))

    provider.does(stream, lambda x: x.answer(good_answer))
    answer = await carry(stream=True)
    assert [piece async for piece in answer.pieces()]
    await answer.aclose()
    read.set()
    await sent.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    assert (await carry()).body == good_answer
    assert asked_again == [b"" if "httpx" in request.node.name else b"P"]


async def test_a_stream_that_comes_with_its_head_is_all_there(request, provider, carry, good_stream):
    provider.does(
        lambda x: x.answer(b"".join(good_stream), content_type="text/event-stream", extra="x-request-id: 7\r\n")
    )
    answer = await carry(stream=True)
    pieces = b"".join([piece async for piece in answer.pieces()])
    if request.node.callspec.params["carry"] == "auto":
        assert answer.streamed == pieces
    assert pieces == b"".join(good_stream[:4])
    assert (answer.tail, answer.usage, answer.said_bytes) == (good_stream[-1], Usage(input=11, output=7), 11)
    assert (answer.status, answer.content_type, answer.provider_request_id) == (200, "text/event-stream", "7")


@pytest.mark.parametrize(
    "events",
    [
        (("hello", None), ("", "stop")),
        (("hello", None), (" world", None)),
        (("hello", None), b'data: {"error": {"message": "Overloaded", "code": 503}}\n\n'),
        (("hello", None), b"data: {nonsense\n\n", (" world", "stop"), b"data: [DONE]\n\n"),
        (("", None), ("", "length")),
        (("", None), ("", "stop"), b"data: [DONE]\n\n"),
        (("", None),),
        (b"\r\n\xef\xbb\xbf", ("hello", "stop")),
        (("hello", "stop"), b"data: [DONE]"),
        (b'data: {"error": {"message": "Overloaded", "code": 503}}\n\n',),
    ],
)
async def test_what_came_with_the_head_says_what_it_would_have_said_later(provider, carry, sse, events):
    wire = [event if isinstance(event, bytes) else sse({"content": event[0]}, event[1]) for event in events]

    async def in_time(x):
        await x.begin_stream()
        for event in wire:
            await x.chunk(event)
            await asyncio.sleep(0.01)
        await x.end_stream()

    async def heard():
        try:
            text, failure = await read(await carry(stream=True))
        except AttemptFailed as broken:
            text, failure = None, broken
        return text, failure and (failure.trigger, failure.message, failure.status, failure.said_bytes)

    provider.does(in_time, lambda x: x.answer(b"".join(wire), content_type="text/event-stream"))
    assert await heard() == await heard()
