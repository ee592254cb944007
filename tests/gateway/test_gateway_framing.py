"""A request ends in one place or it is refused: nothing that came with it is ever read as another request."""

import asyncio
import time

import pytest

from hotspare.gateway.framing import is_ambiguous
from hotspare.gateway.limits import ConnectionLimits

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
INNER = b"GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
LENGTH, CHUNKED = b"content-length: %d\r\n", b"transfer-encoding: chunked\r\n"


async def _everything(place, data):
    """All that is ever said to these bytes; the connection must end by itself."""
    async with place.connection() as (reader, writer), asyncio.timeout(5):
        writer.write(data)
        return await reader.read()


@pytest.mark.parametrize(
    "framing",
    [
        LENGTH + CHUNKED,
        CHUNKED + LENGTH,
        LENGTH + b"Transfer-Encoding: Chunked\r\n",
        LENGTH + b"TRANSFER-ENCODING:\tchunked \r\n",
        LENGTH + b"x-between: 1\r\n" + CHUNKED,
        LENGTH + b"transfer-encoding: xchunked\r\n",
        LENGTH + b"transfer-encoding: identity\r\n",
        LENGTH + b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: x, chunked\r\n",
        b"transfer-encoding: gzip, chunked\r\n",
        b"transfer-encoding: gzip\r\n" + CHUNKED,
        b"transfer-encoding: x\r\n" + CHUNKED,
        CHUNKED + CHUNKED,
        CHUNKED + b"transfer-encoding: identity\r\n",
        b"transfer-encoding: chunked, chunked\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"transfer-encoding: identity\r\n",
        b"transfer-encoding: chunked;q=1\r\n",
        b'transfer-encoding: "chunked"\r\n',
        b"transfer-encoding: \x0bchunked\r\n",
        b"transfer-encoding: \r\n",
        b"transfer-encoding :chunked\r\n",
        b"transfer-encoding:\r\n chunked\r\n",
        b"transfer-encoding: x,\r\n\tchunked\r\n",
        b"x: 1\r\n transfer-encoding: chunked\r\n",
        b"x: 1\rtransfer-encoding: chunked\r\n",
        LENGTH + LENGTH,
        LENGTH + b"content-length: 1\r\n",
        b"content-length: %d, %d\r\n",
        b"content-length: +%d\r\n",
        b"content-length: 0x1\r\n",
        b"content-length:\r\n %d\r\n",
        b"connection: upgrade\r\nupgrade: h2c\r\ntransfer-encoding: x, chunked\r\n",
    ],
)
async def test_a_request_that_ends_in_two_places_is_refused_and_the_connection_closed(open_gateway, chat, framing):
    place = await open_gateway(limits=ConnectionLimits(linger_seconds=0.1))
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(chat()), chat())
    framing = framing.replace(b"%d", str(len(body)).encode())
    said = await _everything(place, HEAD + framing + b"\r\n" + body + INNER)
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close\r\n" in said
    assert said.count(b"HTTP/1.1") == 1
    assert not place.engine.calls


async def test_chunks_in_http_1_0_are_refused(open_gateway, chat):
    place = await open_gateway(limits=ConnectionLimits(linger_seconds=0.1))
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(chat()), chat())
    said = await _everything(place, HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + CHUNKED + b"\r\n" + body)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert not place.engine.calls


@pytest.mark.parametrize("spelling", [b"transfer-encoding: chunked\r\n", b"Transfer-Encoding:\tCHUNKED \r\n"])
async def test_chunks_alone_are_taken_however_they_are_spelled(place, chat, spelling):
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(chat()), chat())
    assert (await place.talk(HEAD + spelling + b"\r\n" + body)).status == 200


async def test_a_doubtful_request_behind_a_good_one_ends_the_connection_after_the_good_ones_answer(place, fake, chat):
    good = fake.request("POST", "/v1/chat/completions", chat("slow"))
    async with place.connection() as (reader, writer), asyncio.timeout(5):
        writer.write(good + HEAD + b"transfer-encoding: x, chunked\r\n\r\n0\r\n\r\n" + INNER)
        await place.engine.begun.wait()
        place.engine.go_on.set()
        assert (await fake.read_answer(reader)).status == 200
        assert await reader.read() == b""
    assert len(place.engine.calls) == 1


def test_a_body_may_take_twenty_seconds():
    assert ConnectionLimits().body_seconds == 20.0


@pytest.mark.parametrize("framing", [b"content-length: 5000\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n1388\r\n"])
async def test_a_body_that_comes_byte_by_byte_for_ever_is_cut_at_its_limit_with_a_408(open_gateway, fake, framing):
    place = await open_gateway(limits=ConnectionLimits(body_seconds=0.3, linger_seconds=0.1))
    async with place.connection() as (reader, writer):
        writer.write(HEAD + framing + b'{"model":')
        began = time.monotonic()
        answered = asyncio.create_task(fake.read_answer(reader))
        while not answered.done():
            writer.write(b" ")
            await asyncio.wait([answered], timeout=0.02)
        took = time.monotonic() - began
        answer = await answered
        assert (answer.status, answer.error["code"]) == (408, "body_too_slow")
        assert answer.headers["connection"] == "close"
        assert 0.25 < took < 2.0
        async with asyncio.timeout(3):
            assert await reader.read() == b""
    assert not place.engine.calls


async def test_a_stream_to_http_1_0_comes_without_chunks_and_ends_with_the_connection(place, chat):
    body = chat(stream=True)
    head = HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + LENGTH % len(body)
    said = await _everything(place, head + b"\r\n" + body)
    told, _, stream = said.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in told
    assert b"connection: close" in told
    assert stream.startswith(b"data: ")
    assert stream.endswith(b"data: [DONE]\n\n")


async def test_headers_that_say_nothing_of_the_end_may_come_twice(place, chat):
    body = chat()
    twice = b"x-note: 1\r\nx-note: 2\r\n"
    answer = await place.talk(HEAD + twice + LENGTH % len(body) + b"\r\n" + body)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("lines", "ambiguous"),
    [
        ([("content-length", "5")], False),
        ([("content-length", " 5\t")], False),
        ([("content-length", "+5")], True),
        ([("content-length", "5\N{SUPERSCRIPT TWO}")], True),
        ([("content-length", "")], True),
        ([("content-length", "5"), ("content-length", "5")], True),
        ([("content-length", "5"), ("x-note", "1"), ("x-note", "2")], False),
        ([("transfer-encoding", "chunked"), ("content-length", "5")], True),
        ([("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], True),
        ([("transfer-encoding", "chunked"), ("x-note", "1"), ("x-note", "2")], False),
    ],
)
def test_the_end_is_judged_here_too_and_not_by_the_parser_alone(lines, ambiguous):
    came = [(name.encode(), value.encode("latin-1")) for name, value in lines]
    assert is_ambiguous(dict(lines), came, "1.1") is ambiguous
