"""Whoever stops waiting ends the connection at once, wherever the wait is, and nothing is left of it."""

import asyncio

import pytest

HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"


async def steps(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def cancelled(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def silent(line):
    await line.request()
    await line.gone()


async def halfway(line):
    await line.request()
    await line.send(HALF)
    await line.gone()


async def test_while_waiting_for_the_head(server, send, until):
    server.does(silent)
    task = asyncio.create_task(send())
    await until(lambda: server.lines and server.lines[0].received)
    await cancelled(task)
    await server.until_ended(1)


async def test_while_waiting_for_the_head_on_a_kept_connection(server, send, fetch, answer, until):
    async def script(line):
        await line.request()
        await line.send(answer(b"one"))
        await line.request()
        await line.gone()

    server.does(script)
    await fetch()
    task = asyncio.create_task(send(b"two"))
    await until(lambda: b"two" in server.lines[0].received)
    await cancelled(task)
    await server.until_ended(1)
    assert len(server.lines) == 1  # it is not replaced either


async def test_while_waiting_for_the_body(server, send):
    server.does(halfway)
    reply = await send()
    chunks = reply.chunks()
    assert await anext(chunks) == b"half"
    task = asyncio.ensure_future(anext(chunks))
    await steps(3)
    await cancelled(task)
    await reply.aclose()
    await reply.aclose()
    await server.until_ended(1)


async def test_leaving_a_body_unread(server, send):
    server.does(halfway)
    reply = await send()
    await reply.aclose()
    await server.until_ended(1)


async def test_while_connecting(send, full_port):
    task = asyncio.create_task(send(url=f"http://127.0.0.1:{full_port}/"))
    await steps(5)
    assert not task.done()
    await cancelled(task)


async def test_while_looking_up_a_name(send):
    task = asyncio.create_task(send(url="http://localhost:9/"))
    await asyncio.sleep(0)
    await cancelled(task)


async def test_in_a_handshake(server, send, until):
    async def mute(line):
        line.received += await line.reader.read(1)
        await line.gone()

    server.does(mute)
    task = asyncio.create_task(send(url=f"https://127.0.0.1:{server.port}/"))
    await until(lambda: server.lines and server.lines[0].received)
    await cancelled(task)
    await server.until_ended(1)
    assert b"Bearer" not in server.lines[0].received


@pytest.mark.parametrize("kept", ["kept", "new"])
async def test_at_any_step(server, fetch, transport, answer, kept):
    """Cancelled after the n-th step of the loop, for every n until it is done before; on new connections and kept."""

    async def script(line):
        while True:
            body = await line.request()
            await line.send(answer(body)[:30])
            await asyncio.sleep(0)
            await line.send(answer(body)[30:])

    server.does(script)
    for count in range(200):
        if kept == "new":
            transport._pools.clear()
        task = asyncio.create_task(fetch(b"asked %d" % count))
        await steps(count)
        if task.done():
            break
        await cancelled(task)
        assert all(pool._open == set(pool._idle) for pool in transport._pools.values())
        assert await fetch(b"next %d" % count) == (200, b"next %d" % count)
    assert task.done()
    assert count > 3
