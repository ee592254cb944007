"""What is known of a broken stream when another model is to go on with it."""

import asyncio

import msgspec
import pytest

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.engine import passage
from hotspare.engine.continuing import CONTINUED_BYTES, begun_of, may_be_continued
from hotspare.engine.handover import REMEMBERED_BYTES, Handover


def chat(**fields):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True} | fields
    return openai_chat.read_request(msgspec.json.encode(body), {})


def chunk(text):
    return b"data: " + msgspec.json.encode({"choices": [{"index": 0, "delta": {"content": text}}]}) + b"\n\n"


EMPTY = len(chunk(""))


def filled(size):
    """A piece of so many bytes."""
    return chunk("x" * (size - EMPTY))


async def test_what_was_sent_is_read_up_to_a_bound():
    parts = [filled(1024 * 1024)] * 4
    assert sum(map(len, parts)) == CONTINUED_BYTES
    found = await begun_of(chat(), parts)
    assert len(found.text) == CONTINUED_BYTES - 4 * EMPTY
    assert await begun_of(chat(), [*parts, b"\n"]) is None


async def test_a_long_one_is_read_with_others_having_their_turn():
    turns = 0

    async def others():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(others())
    await begun_of(chat(), [filled(32 * 1024)] * 32)
    task.cancel()
    assert 5 < turns < 30


@pytest.mark.parametrize(
    "sent", [b"data: {\n\n", b'data: {"choices": 7}\n\n', b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n']
)
async def test_what_cannot_be_read_is_not_gone_on_with(sent):
    assert await begun_of(chat(), [chunk("a"), sent]) is None


def test_requests_for_text_may_be_continued():
    assert may_be_continued(chat())
    assert may_be_continued(chat(tools=[{"type": "function", "function": {"name": "look"}}]))
    assert not may_be_continued(chat(stream=False))
    assert not may_be_continued(chat(n=2))
    asked = msgspec.json.encode({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    assert not may_be_continued(anthropic_messages.read_count_request(asked, {}))


@pytest.mark.looptime
@pytest.mark.parametrize(("on_stream_break", "kept"), [("continue", 5), ("error", 0)])
async def test_pieces_are_remembered_up_to_a_bound_where_they_may_be_gone_on_with(
    make_bench, plays, monkeypatch, on_stream_break, kept
):
    made = []
    monkeypatch.setattr(
        passage, "Handover", lambda *args, **options: made.append(Handover(*args, **options)) or made[-1]
    )
    bench = make_bench(on_stream_break=on_stream_break)
    bench.script(claude=plays.stream(*[b"x" * 1024 * 1024] * 8))
    await bench.serve(streamed=True)
    assert len(made[0].sent) == kept
    assert REMEMBERED_BYTES > CONTINUED_BYTES
