import asyncio

import pytest

from hotspare.probes import http11
from hotspare.probes.http11 import BodyTooLarge, BrokenMessage


def reader_of(data, limit=http11.HEAD_LIMIT_BYTES):
    reader = asyncio.StreamReader(limit=limit)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def test_a_head_is_read_with_lower_case_names():
    head = await http11.read_head(reader_of(b"POST /v1 HTTP/1.1\r\nContent-Length:  3 \r\nX-A: b:c\r\n\r\nabc"))
    assert head.first == ("POST", "/v1", "HTTP/1.1")
    assert head.headers == {"content-length": "3", "x-a": "b:c"}


async def test_a_peer_that_closes_between_messages_is_no_error():
    assert await http11.read_head(reader_of(b"")) is None


@pytest.mark.parametrize(
    "data",
    [b"POST / HT", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"GET / HTTP/1.1\r\n x: y\r\n\r\n"],
)
async def test_what_is_no_head_is_refused(data):
    with pytest.raises(BrokenMessage):
        await http11.read_head(reader_of(data))


async def test_a_head_beyond_the_limit_is_refused():
    with pytest.raises(BrokenMessage, match="more than"):
        await http11.read_head(reader_of(b"GET / HTTP/1.1\r\nx: " + b"y" * 500 + b"\r\n\r\n", limit=100))


@pytest.mark.parametrize(
    ("first", "keeps"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200\r\n\r\n", True),
    ],
)
async def test_who_keeps_a_connection(first, keeps):
    assert (await http11.read_head(reader_of(first))).keeps_alive is keeps


async def test_a_chunked_body_is_joined_and_its_trailers_are_passed_over():
    data = http11.chunk(b"ab") + b"A;ext=1\r\n0123456789\r\n0\r\nx-trailer: 1\r\n\r\nrest"
    reader = reader_of(data)
    assert await http11.read_body(reader, {"transfer-encoding": "Chunked"}, 100) == b"ab0123456789"
    assert await reader.read() == b"rest"


async def test_a_body_ends_at_its_length():
    reader = reader_of(b"abcdef")
    assert await http11.read_body(reader, {"content-length": "4"}, 4) == b"abcd"
    assert await reader.read() == b"ef"


@pytest.mark.parametrize("length", ["-1", "four", "", "1_0"])
async def test_a_length_that_is_no_number_is_refused(length):
    with pytest.raises(BrokenMessage):
        await http11.read_body(reader_of(b"abcdefghijkl"), {"content-length": length}, 100)


@pytest.mark.parametrize("headers", [{"content-length": "5"}, {"transfer-encoding": "chunked"}])
async def test_a_body_beyond_the_limit_is_refused(headers):
    with pytest.raises(BodyTooLarge):
        await http11.read_body(reader_of(b"5\r\nabcde\r\n0\r\n\r\n"), headers, 4)


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        ({"content-length": "5"}, b"abc"),
        ({"transfer-encoding": "chunked"}, b"5\r\nabc"),
        ({"transfer-encoding": "chunked"}, b"2\r\nabcd\r\n0\r\n\r\n"),
        ({"transfer-encoding": "chunked"}, b"2\r\nab\r\n"),
        ({"transfer-encoding": "chunked"}, b"zz\r\nab\r\n"),
    ],
)
async def test_a_body_that_is_cut_or_misframed_is_refused(headers, data):
    with pytest.raises(BrokenMessage):
        await http11.read_body(reader_of(data), headers, 100)
