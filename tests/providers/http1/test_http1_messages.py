"""What is an answer and what is not, byte by byte on a real socket."""

import asyncio

import pytest

from hotspare.providers.http1_exchange import Exchange
from hotspare.providers.wire import HEADER_BYTES
from hotspare.router.trigger import AttemptFailed, Trigger

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
TWO = OK + b"content-length: 2\r\n\r\nhi"


def ending(raw):
    """A script: answer the first request with these bytes, and end."""

    async def script(line):
        await line.request()
        await line.send(raw)

    return script


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", 200, b"hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (OK + b"\r\nuntil the end", 200, b"until the end"),
        (OK + b"\r\n", 200, b""),
        (OK + b"content-length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nhi", 200, b"hi"),
        (OK + b"x-empty:\r\ncontent-length: 2\r\n\r\nhi", 200, b"hi"),
        (OK + b"upgrade: h2\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\nhi", 200, b"hi"),
        (CHUNKED + b'1;a=b;c="d"\r\nh\r\n1\r\ni\r\n0\r\n\r\n', 200, b"hi"),
        (b"\r\n" + TWO, 200, b"hi"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + TWO, 200, b"hi"),
        (b"HTTP/1.1 103 Early\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + TWO, 200, b"hi"),
        (b"HTTP/1.1 204 None\r\n\r\n", 204, b""),
        (b"HTTP/1.1 204 None\r\ncontent-length: 2\r\n\r\nhi", 204, b""),
        (b"HTTP/1.1 304 Same\r\ncontent-length: 2\r\n\r\n", 304, b""),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\nhi", 503, b"hi"),
    ],
)
async def test_answers(server, fetch, raw, status, body):
    server.does(ending(raw))
    assert await fetch() == (status, body)


@pytest.mark.parametrize(
    ("raw", "trigger", "words"),
    [
        (b"", Trigger.network, "closed before an answer came"),
        (b"HTTP/1.1 2", Trigger.network, "closed before an answer came"),
        (OK + b"content-length: 2\r\n", Trigger.network, "closed before an answer came"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", Trigger.network, "closed before an answer came"),
        (OK + b"content-length: 9\r\n\r\n", Trigger.network, "cut short"),
        (OK + b"content-length: 9\r\n\r\nhi", Trigger.network, "cut short"),
        (CHUNKED, Trigger.network, "cut short"),
        (CHUNKED + b"2\r\nhi\r\n", Trigger.network, "cut short"),
        (CHUNKED + b"2\r\nhi\r\n0\r\n", Trigger.network, "cut short"),
        (CHUNKED + b"2\r\nhi\r\n0\r\nx-trailer: 1\r\n", Trigger.network, "cut short"),
        (b"220 mail.test ESMTP\r\n", Trigger.malformed, "not HTTP"),
        (b"<html>no</html>", Trigger.malformed, "not HTTP"),
        (b"POST / HTTP/1.1\r\n\r\n", Trigger.malformed, "not HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x16", Trigger.malformed, "not HTTP"),
        (b"HTTP/1.1 20 OK\r\n\r\n", Trigger.malformed, "not HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", Trigger.malformed, "not HTTP"),
        (b"HTTP/1.1 200 OK\ncontent-length: 2\n\nhi", Trigger.malformed, "not HTTP"),
        (b"HTTP/1.1 099 Odd\r\n\r\nhi", Trigger.malformed, "status is 99,"),
        (b"HTTP/1.1 000 Odd\r\ncontent-length: 2\r\n\r\nhi", Trigger.malformed, "status is 0,"),
        (b"HTTP/1.1 101 Go\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", Trigger.malformed, "status is 101,"),
        (b"HTTP/1.1 101 Go\r\n\r\n" + TWO, Trigger.malformed, "status is 101,"),
        (OK + b"content-length: 2\r\ncontent-length: 2\r\n\r\nhi", Trigger.malformed, "not HTTP"),
        (OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\nhi!", Trigger.malformed, "not HTTP"),
        (OK + b"content-length: 2, 2\r\n\r\nhi", Trigger.malformed, "not HTTP"),
        (OK + b"content-length: -2\r\n\r\nhi", Trigger.malformed, "not HTTP"),
        (OK + b"content-length: +2\r\n\r\nhi", Trigger.malformed, "not HTTP"),
        (OK + b"content-length: 0x2\r\n\r\nhi", Trigger.malformed, "not HTTP"),
        (OK + b"content-length:\r\n\r\nhi", Trigger.malformed, "not HTTP"),
        (OK + b"content-length: 99999999999999999999\r\n\r\nhi", Trigger.malformed, "not HTTP"),
        (OK + b"content-length : 2\r\n\r\nhi", Trigger.malformed, "not HTTP"),
        (OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", Trigger.malformed, "not HTTP"),
        (OK + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n", Trigger.malformed, "not HTTP"),
        (OK + b"transfer-encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", Trigger.malformed, "transfer encoding"),
        (OK + b"transfer-encoding: xchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", Trigger.malformed, "transfer encoding"),
        (OK + b"transfer-encoding: chunked, gzip\r\n\r\nhi", Trigger.malformed, "transfer encoding"),
        (OK + b"header without colon\r\n\r\n", Trigger.malformed, "not HTTP"),
        (OK + b": nameless\r\n\r\n", Trigger.malformed, "not HTTP"),
        (OK + b"x-folded: one\r\n two\r\ncontent-length: 0\r\n\r\n", Trigger.malformed, "not HTTP"),
        (OK + b"x-nul: a\0b\r\ncontent-length: 0\r\n\r\n", Trigger.malformed, "not HTTP"),
        (OK + b"x\0-nul: a\r\ncontent-length: 0\r\n\r\n", Trigger.malformed, "not HTTP"),
        (CHUNKED + b"-2\r\nhi\r\n0\r\n\r\n", Trigger.malformed, "not HTTP"),
        (CHUNKED + b"zz\r\nhi\r\n0\r\n\r\n", Trigger.malformed, "not HTTP"),
        (CHUNKED + b"fffffffffffffffff\r\nhi\r\n0\r\n\r\n", Trigger.malformed, "not HTTP"),
        (CHUNKED + b"2\r\nhi!!0\r\n\r\n", Trigger.malformed, "not HTTP"),
    ],
)
async def test_what_is_no_answer_is_named_and_ends_its_connection(server, fetch, raw, trigger, words):
    async def script(line):
        await line.request()
        await line.send(raw)
        if trigger is Trigger.malformed:
            await line.gone()

    server.does(script)
    with pytest.raises(AttemptFailed, match=words) as caught:
        await fetch()
    assert caught.value.trigger is trigger
    await server.until_ended(1)


async def test_repeated_headers_are_joined_and_names_are_in_lower_case(server, send):
    server.does(ending(OK + b"X-One: a\r\nx-two:  b \r\nX-ONE: c\r\ncontent-length: 0\r\n\r\n"))
    headers = (await send()).headers
    assert dict(headers) == {"x-one": "a, c", "x-two": "b", "content-length": "0"}


async def test_headers_of_an_interim_answer_are_not_those_of_the_answer(server, send):
    server.does(ending(b"HTTP/1.1 103 Early\r\nlink: </x>\r\ncontent-type: text/early\r\n\r\n" + TWO))
    assert dict((await send()).headers) == {"content-length": "2"}


async def test_trailers_are_no_headers(server, send):
    trailers = b"content-type: text/late\r\ncontent-encoding: gzip\r\nx-late: 1\r\n"
    server.does(ending(CHUNKED + b"2\r\nhi\r\n0\r\n" + trailers + b"\r\n"))
    reply = await send()
    assert b"".join([piece async for piece in reply.chunks()]) == b"hi"
    assert dict(reply.headers) == {"transfer-encoding": "chunked"}


async def test_a_connection_is_kept_over_chunks_with_trailers_interim_answers_and_answers_without_a_body(
    server, fetch, saying
):
    chunks = CHUNKED + b"2\r\nhi\r\n0\r\nx-late: 1\r\n\r\n"
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    old = b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nhi"
    server.does(saying(chunks, interim + TWO, b"HTTP/1.1 204 None\r\n\r\n", old, TWO))
    assert [(await fetch())[0] for _ in range(5)] == [200, 200, 204, 200, 200]
    assert len(server.lines) == 1


@pytest.mark.parametrize(
    "raw", [b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", OK + b"connection: close\r\ncontent-length: 2\r\n\r\nhi"]
)
async def test_a_connection_that_its_server_will_not_keep_is_ended(server, fetch, saying, raw):
    server.does(saying(raw))
    await fetch()
    await server.until_ended(1)


@pytest.mark.parametrize("raw", [OK + b"\r\nhalf", CHUNKED + b"4\r\nhalf\r\n", OK + b"content-length: 9\r\n\r\nhalf"])
async def test_a_reset_in_a_body_is_an_error_after_what_came_before_it(server, send, raw):
    read = asyncio.Event()

    async def script(line):
        await line.request()
        await line.send(raw)
        await read.wait()
        line.reset()

    server.does(script)
    reply = await send()
    chunks = reply.chunks()
    assert await anext(chunks) == b"half"
    read.set()
    for _ in range(2):  # and it stays one
        with pytest.raises(AttemptFailed, match="cut short") as caught:
            await anext(chunks)
        assert caught.value.trigger is Trigger.network


async def test_a_reset_before_an_answer_has_its_name(server, fetch):
    async def script(line):
        await line.request()
        line.reset()

    server.does(script)
    with pytest.raises(AttemptFailed, match="the connection was reset"):
        await fetch()


@pytest.mark.parametrize("then", ["waits", "ends"])
async def test_an_answer_that_comes_before_the_request_is_all_sent_is_read_and_its_connection_not_kept(
    server, fetch, answer, then
):
    async def early(line):
        await line.reader.readuntil(b"\r\n\r\n")
        line.writer.transport.pause_reading()
        await line.send(answer(b"too large", status="413 Large"))
        if then == "waits":
            await asyncio.sleep(0.05)
        line.writer.close()

    server.does(early)
    assert await fetch(b" " * 30_000_000) == (413, b"too large")


async def test_what_a_server_half_closes_is_over_though_it_never_reads_the_request(server, fetch):
    async def deaf(line):
        await line.reader.readuntil(b"\r\n\r\n")
        line.writer.transport.pause_reading()
        line.finish_now()
        await asyncio.Event().wait()

    server.does(deaf)
    async with asyncio.timeout(2):
        with pytest.raises(AttemptFailed, match="closed before an answer came"):
            await fetch(b" " * 30_000_000)


# ------------------------------------------------------------ bounds


async def test_headers_up_to_their_bound_are_taken(server, send):
    value = "v" * (HEADER_BYTES - 1000)
    server.does(ending(OK + f"x-long: {value}\r\ncontent-length: 0\r\n\r\n".encode()))
    assert (await send()).headers["x-long"] == value


LONG = b"x-long: " + b"v" * HEADER_BYTES
MANY = b"".join(b"x-%d:\r\n" % number for number in range(3000))


@pytest.mark.parametrize(
    "raw",
    [
        OK + LONG + b"\r\ncontent-length: 2\r\n\r\nhi",
        OK + MANY + b"content-length: 2\r\n\r\nhi",
        OK + b"a: " * 30_000,
        OK[:-2] + b"!" * HEADER_BYTES,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3000,
    ],
    ids=["one long", "many empty", "one that never ends", "the first line", "interim answers"],
)
@pytest.mark.parametrize("packet_bytes", [1 << 20, 4000])
async def test_headers_over_their_bound_are_refused_however_they_come(server, send, raw, packet_bytes):
    async def script(line):
        await line.request()
        await line.send(*(raw[at : at + packet_bytes] for at in range(0, len(raw), packet_bytes)))
        await line.gone()

    server.does(script)
    with pytest.raises(AttemptFailed, match="headers exceed 64 KB") as caught:
        await send()
    assert caught.value.trigger is Trigger.malformed
    await server.until_ended(1)


def head_of(cost: int) -> bytes:
    """One header that counts so much: its name, its value, and 32."""
    return OK + b"x: " + b"v" * (cost - 33) + b"\r\n\r\n"


@pytest.mark.parametrize(("cost", "over"), [(HEADER_BYTES, False), (HEADER_BYTES + 1, True)])
def test_the_bound_of_headers(fake_connection, cost, over):
    exchange = Exchange(fake_connection)
    exchange.feed(head_of(cost))
    assert exchange.over is over


def test_the_bound_of_what_is_no_body(fake_connection):
    exchange = Exchange(fake_connection)
    begin = b"HTTP/1.1 200 "
    exchange.feed(begin + b"x" * (HEADER_BYTES - len(begin)))
    assert not exchange.over
    exchange.feed(b"x")
    assert exchange.over


def test_an_exchange_lingers_once_and_only_while_it_is_not_over(fake_connection):
    exchange = Exchange(fake_connection)
    exchange.feed(CHUNKED)
    exchange.let_go()
    exchange.let_go()
    assert fake_connection.asked == ["linger"]
    exchange.feed(b"0\r\n\r\n")
    assert exchange.reusable
    another = Exchange(fake_connection)
    another.feed(TWO)
    another.let_go()
    assert fake_connection.asked == ["linger"]


@pytest.mark.parametrize("begin", [b"2\r\nhi\r\n0\r\nx-late: ", b"2\r\nhi\r\n0\r\n", b"2\r\nhi\r\n1;ext="])
async def test_trailers_and_chunk_lines_without_end_are_refused(server, fetch, begin):
    async def script(line):
        await line.request()
        await line.send(CHUNKED + begin)
        while True:
            await line.send(b"x" * 1000 if begin.endswith((b" ", b"=")) else b"x-late: 1\r\n" * 100)

    server.does(script)
    with pytest.raises(AttemptFailed, match="headers exceed 64 KB"):
        await fetch()


async def test_a_long_stream_of_small_chunks_is_no_endless_chunk_line(server, fetch):
    server.does(ending(CHUNKED + b"1\r\nx\r\n" * 30_000 + b"0\r\n\r\n"))
    assert await fetch() == (200, b"x" * 30_000)


async def test_headers_that_drip_are_ended_by_the_caller_s_limit(server, send):
    async def script(line):
        await line.request()
        await line.send(OK)
        while True:
            await line.send(b"x-drip: 1\r\n")
            await asyncio.sleep(0.01)

    server.does(script)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await send()
    await server.until_ended(1)
