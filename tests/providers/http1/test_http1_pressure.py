"""A reader that is behind holds its server back, and neither ever waits for the other for good."""

import asyncio

import pytest

from hotspare.providers.http1_exchange import BUFFERED_BYTES, Exchange
from hotspare.router.trigger import AttemptFailed

MEGABYTE = bytes(range(256)) * 4096


def paused(reply) -> bool:
    return reply._exchange._connection._paused


async def all_of(reply) -> bytes:
    return b"".join([piece async for piece in reply.chunks()])


def sending(megabytes, end, head=b""):
    async def script(line):
        line.sent = 0
        await line.request()
        await line.send(head or b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (megabytes << 20))
        for _ in range(megabytes):
            await line.send(MEGABYTE)
            line.sent += 1
        await end(line)

    return script


async def stays(line):
    await line.gone()


async def ends(line):
    pass


async def test_a_hundred_megabytes_that_nobody_reads_are_held_back_and_then_come(server, send, until):
    server.does(sending(100, stays))
    reply = await send()
    await until(lambda: paused(reply))
    for _ in range(200):
        await asyncio.sleep(0)
    held = server.lines[0].sent
    assert held < 40  # the kernel's own buffers
    assert reply._exchange._buffered_bytes < 3 * BUFFERED_BYTES
    total = most = 0
    async for piece in reply.chunks():
        total += len(piece)
        most = max(most, len(piece))
    assert total == 100 << 20
    assert most < 3 * BUFFERED_BYTES


async def test_what_was_held_back_is_in_order_and_its_connection_is_kept(server, send, fetch, answer, until):
    async def again(line):
        await line.send(answer(await line.request()))
        await line.gone()

    server.does(sending(3, again))
    reply = await send()
    await until(lambda: paused(reply))
    assert await all_of(reply) == MEGABYTE * 3
    assert await fetch(b"two") == (200, b"two")


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_a_server_that_ends_while_it_is_held_back_is_read_to_the_end(server, send, head, until):
    server.does(sending(2, ends, head))
    reply = await send()
    await until(lambda: paused(reply))
    assert await all_of(reply) == MEGABYTE * 2


async def test_a_server_that_resets_while_it_is_held_back_is_an_error(server, send, until):
    now = asyncio.Event()

    async def resets(line):
        await now.wait()
        line.reset()

    server.does(sending(1, resets, b"HTTP/1.1 200 OK\r\n\r\n"))
    reply = await send()
    await until(lambda: paused(reply))
    now.set()
    await server.until_ended(1)
    async with asyncio.timeout(5):
        with pytest.raises(AttemptFailed, match="cut short"):
            await all_of(reply)


async def test_a_held_back_answer_that_is_left_is_ended(server, send, until):
    server.does(sending(100, ends))
    reply = await send()
    await until(lambda: paused(reply))
    await reply.aclose()
    await server.until_ended(1)
    assert server.lines[0].sent < 40


async def test_the_last_of_a_body_waits_for_nobody(server, send, fetch, answer, until):
    """An answer that ends in the very packet that fills the buffer leaves its connection readable."""
    body = b"x" * (BUFFERED_BYTES + 1)

    async def script(line):
        for _ in range(2):
            await line.request()
            await line.send(answer(body))
        await line.gone()

    server.does(script)
    reply = await send()
    await until(lambda: reply._exchange.whole or paused(reply))
    if paused(reply):  # it came in more than one packet, and the last is still to come
        assert await all_of(reply) == body
    async with asyncio.timeout(5):
        assert await fetch() == (200, body)
    assert len(server.lines) == 1


async def test_reading_an_earlier_answer_does_not_let_the_next_on_its_connection_flow(server, send, answer, until):
    async def script(line):
        await line.request()
        await line.send(answer(b"one"))
        await sending(100, stays)(line)

    server.does(script)
    early = await send()
    await until(lambda: early._exchange.whole)
    late = await send()
    await until(lambda: paused(late))
    assert await all_of(early) == b"one"
    assert paused(late)
    assert len(server.lines) == 1


@pytest.mark.parametrize(("length", "full"), [(BUFFERED_BYTES, False), (BUFFERED_BYTES + 1, True)])
async def test_a_reader_is_behind_with_more_than_the_bound_until_it_has_read_it(fake_connection, length, full):
    exchange = Exchange(fake_connection)
    exchange.feed(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * length)
    assert exchange.full is full
    assert len(await exchange.read()) == length
    exchange.feed(b"x")
    assert not exchange.full
