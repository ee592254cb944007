"""Which connection carries a request: kept ones, replaced ones, and those that are never used again."""

import asyncio
import random

import pytest

from hotspare.providers import http1_connection
from hotspare.providers.http1_connection import IDLE_SECONDS, Connection, Pool
from hotspare.providers.outbox import Outbox
from hotspare.providers.wire import Outgoing, Place
from hotspare.router.trigger import AttemptFailed, Trigger


async def test_a_connection_is_kept_and_used_again(server, fetch, echoing):
    server.does(echoing)
    assert [await fetch(text) for text in (b"one", b"two", b"three")] == [(200, b"one"), (200, b"two"), (200, b"three")]
    assert len(server.lines) == 1


async def test_a_connection_without_tls_never_carries_what_is_for_an_address_with_it(server, fetch, echoing):
    server.does(echoing)
    await fetch(b"one")
    with pytest.raises(AttemptFailed):
        await fetch(b"two", url=server.url.replace("http:", "https:"), connect_seconds=0.5)
    assert len(server.lines) == 2
    assert not any(b"two" in line.received or b"Bearer" in line.received for line in server.lines[1:])
    assert server.lines[0].received.count(b"Bearer") == 1


async def test_a_connection_that_has_more_to_send_when_its_answer_is_whole_is_not_kept(server, fetch, answer, echoing):
    async def answers_at_once(line):
        await line.reader.readuntil(b"\r\n\r\n")
        await line.send(answer(b"too early"))
        line.writer.transport.pause_reading()
        await refused.wait()
        line.writer.transport.resume_reading()
        await line.gone()

    refused = asyncio.Event()
    server.does(answers_at_once, echoing)
    assert await fetch(b"x" * (64 << 20)) == (200, b"too early")
    assert await fetch(b"two") == (200, b"two")
    refused.set()
    assert len(server.lines) == 2


async def test_the_latest_used_of_several_is_used_first(server, fetch, echoing):
    server.does(echoing)
    await asyncio.gather(fetch(b"one"), fetch(b"two"))
    for _ in range(3):
        await fetch(b"again")
    assert sorted(line.received.count(b"again") for line in server.lines) == [0, 3]


@pytest.mark.parametrize(("seconds", "connections"), [(IDLE_SECONDS, 1), (IDLE_SECONDS + 0.01, 2)])
async def test_a_connection_that_was_idle_for_too_long_is_closed_and_not_used(
    server, fetch, echoing, fake_time, seconds, connections
):
    server.does(echoing)
    await fetch(b"one")
    fake_time.seconds += seconds
    assert await fetch(b"two") == (200, b"two")
    assert len(server.lines) == connections
    if connections == 2:
        await server.until_ended(1)


async def test_only_the_connections_that_are_too_old_go(server, fetch, echoing, fake_time):
    server.does(echoing)
    await asyncio.gather(fetch(b"one"), fetch(b"two"))
    fake_time.seconds += IDLE_SECONDS - 1
    await fetch(b"three")
    fake_time.seconds += 2
    await fetch(b"four")
    assert len(server.lines) == 2
    await server.until_ended(1)
    (left,) = [line for line in server.lines if not line.ended.is_set()]
    assert left.received.endswith(b"four")


async def test_no_more_are_kept_than_allowed_and_the_oldest_goes(server, fetch, echoing, monkeypatch, transport):
    monkeypatch.setattr(http1_connection, "IDLE_CONNECTIONS", 2)
    server.does(echoing)
    await asyncio.gather(*(fetch(b"%d" % number) for number in range(3)))
    await server.until_ended(1)
    assert sum(line.ended.is_set() for line in server.lines) == 1
    await asyncio.gather(*(fetch(b"%d" % number) for number in range(2)))
    assert len(server.lines) == 3


async def test_an_answer_that_says_close_ends_its_connection(server, fetch, saying, answer):
    server.does(saying(answer(b"one", "connection: close")), saying(answer(b"two")))
    assert await fetch() == (200, b"one")
    await server.until_ended(1)
    assert await fetch() == (200, b"two")


# ------------------------------------------------------------ an end that comes a moment later


def ending_late(answer, end, go):
    async def script(line):
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        await go.wait()
        await line.send(end)
        await line.send(answer(await line.request()))
        await line.gone()

    return script


async def let_go(send):
    reply = await send()
    assert await anext(reply.chunks()) == b"one"
    await reply.let_go()
    await reply.let_go()
    return reply


async def test_an_answer_that_ends_just_after_it_is_let_go_leaves_its_connection_in_use(
    server, send, fetch, answer, until
):
    go = asyncio.Event()
    server.does(ending_late(answer, b"0\r\n\r\n", go))
    reply = await let_go(send)
    go.set()
    await until(lambda: reply._exchange.over)
    await reply.let_go()
    await reply.aclose()
    assert await fetch(b"two") == (200, b"two")
    assert len(server.lines) == 1


@pytest.mark.parametrize("end", [b"1\r\nx\r\n", b"1\r\nx\r\n0\r\n\r\n", b"nonsense\r\n", b"0\r\n\r\nx"])
async def test_an_answer_that_goes_on_after_it_is_let_go_ends_its_connection(server, send, fetch, answer, echoing, end):
    go = asyncio.Event()
    server.does(ending_late(answer, end, go), echoing)
    await let_go(send)
    go.set()
    await server.until_ended(1)
    assert await fetch(b"two") == (200, b"two")


async def test_an_answer_whose_end_does_not_come_is_not_waited_for_long(server, send, monkeypatch):
    monkeypatch.setattr(http1_connection, "LINGER_SECONDS", 0.02)

    async def never(line):
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        await line.gone()

    server.does(never)
    await let_go(send)
    await asyncio.sleep(0)
    assert not server.lines[0].ended.is_set()
    await server.until_ended(1)


async def test_an_answer_that_was_let_go_does_not_end_what_comes_after_it(server, send, answer, monkeypatch, until):
    monkeypatch.setattr(http1_connection, "LINGER_SECONDS", 0.02)
    go = asyncio.Event()
    server.does(ending_late(answer, b"0\r\n\r\n", go))
    first = await let_go(send)
    go.set()
    await until(lambda: first._exchange.over)
    second = await send(b"two")
    await asyncio.sleep(0.04)
    assert b"".join([piece async for piece in second.chunks()]) == b"two"
    assert len(server.lines) == 1


async def test_a_held_back_answer_is_read_on_when_it_is_let_go(server, send, answer, until, monkeypatch):
    monkeypatch.setattr(http1_connection, "LINGER_SECONDS", 60)
    body = b"x" * 3_000_000

    async def script(line):
        await line.request()
        await line.send(answer(body))
        await line.gone()

    server.does(script)
    reply = await send()
    await until(lambda: reply._exchange._connection._paused)
    await reply.let_go()
    await server.until_ended(1)


# ------------------------------------------------------------ a kept connection that dies


async def closes(line):
    line.writer.close()


async def resets(line):
    line.reset()


async def begins(line):
    await line.send(b"H")


async def announces(line):
    await line.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def dying(answer, end):
    async def script(line):
        await line.request()
        await line.send(answer(b"one"))
        await line.request()
        await end(line)

    return script


@pytest.mark.parametrize("end", [closes, resets])
async def test_a_kept_connection_that_dies_before_a_byte_of_the_answer_is_replaced(server, fetch, answer, echoing, end):
    server.does(dying(answer, end), echoing)
    await fetch(b"one")
    assert await fetch(b"two") == (200, b"two")
    assert [line.received.count(b"two") for line in server.lines] == [1, 1]


@pytest.mark.parametrize("end", [begins, announces])
async def test_it_is_not_replaced_once_a_byte_of_an_answer_was_heard(server, fetch, answer, echoing, end):
    server.does(dying(answer, end), echoing)
    await fetch(b"one")
    with pytest.raises(AttemptFailed) as caught:
        await fetch(b"two")
    assert caught.value.trigger is Trigger.network
    assert len(server.lines) == 1


async def test_it_is_replaced_only_once(server, fetch, answer):
    async def dies(line):
        await line.request()

    server.does(dying(answer, closes), dies)
    await fetch(b"one")
    with pytest.raises(AttemptFailed, match="closed before an answer came"):
        await fetch(b"two")
    assert len(server.lines) == 2


async def test_a_new_connection_that_dies_is_not_replaced(server, fetch):
    async def dies(line):
        await line.request()

    server.does(dies)
    with pytest.raises(AttemptFailed, match="closed before an answer came"):
        await fetch()
    assert len(server.lines) == 1


async def test_a_kept_connection_that_ended_is_forgotten_at_once(server, fetch, transport, answer, until):
    async def once(line):
        await line.request()
        await line.send(answer(b"one"))

    server.does(once)
    await fetch()
    await server.until_ended(1)
    (pool,) = transport._pools.values()
    await until(lambda: not (pool._idle or pool._open))
    assert await fetch() == (200, b"one")


async def test_an_end_that_the_loop_has_not_told_of_is_seen(server, fetch, saying, answer, echoing):
    server.does(saying(answer(b"one")), echoing)
    await fetch()
    server.lines[0].finish_now()
    assert await fetch(b"two") == (200, b"two")
    assert b"two" not in server.lines[0].received


# ------------------------------------------------------------ bytes that nobody asked for

SURPLUS = [
    b"x",
    b"garbage\r\n\r\n",
    b"HTTP/1.1 500 Stale\r\ncontent-type: text/stale\r\ncontent-length: 5\r\n\r\nSTALE",
    b"HTTP/1.1 500 Stale\r\ncontent-ty",
    b"HTTP/1.1 100 Continue\r\n\r\n",
]


@pytest.mark.parametrize("surplus", SURPLUS)
async def test_bytes_behind_an_answer_change_nothing_of_it_and_end_its_connection(
    server, send, fetch, saying, answer, echoing, surplus
):
    server.does(saying(answer(b"one", "content-type: text/plain") + surplus), echoing)
    reply = await send()
    assert (reply.status, reply.headers["content-type"], reply.headers["content-length"]) == (200, "text/plain", "3")
    assert b"".join([piece async for piece in reply.chunks()]) == b"one"
    await server.until_ended(1)
    assert await fetch(b"two") == (200, b"two")
    assert len(server.lines) == 2


async def test_blank_lines_behind_an_answer_harm_nobody(server, fetch, saying, answer):
    server.does(saying(answer(b"one") + b"\r\n", answer(b"two")))
    assert [await fetch(), await fetch()] == [(200, b"one"), (200, b"two")]


@pytest.mark.parametrize("surplus", SURPLUS)
async def test_bytes_while_idle_end_the_connection(server, fetch, answer, echoing, surplus):
    more = asyncio.Event()

    async def late(line):
        await line.request()
        await line.send(answer(b"one"))
        await more.wait()
        await line.send(surplus)
        await line.gone()

    server.does(late, echoing)
    assert await fetch() == (200, b"one")
    more.set()
    await server.until_ended(1)
    assert await fetch(b"two") == (200, b"two")


@pytest.mark.parametrize("surplus", SURPLUS)
async def test_bytes_that_the_loop_has_not_told_of_are_seen(server, fetch, saying, answer, echoing, surplus):
    server.does(saying(answer(b"one")), echoing)
    assert await fetch() == (200, b"one")
    server.lines[0].now(surplus)
    assert await fetch(b"two") == (200, b"two")
    assert b"two" not in server.lines[0].received


async def test_surplus_behind_chunks_ends_the_connection_too(server, fetch, saying, answer, echoing):
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n"
    server.does(saying(chunked + answer(b"STALE")), echoing)
    assert await fetch() == (200, b"one")
    assert await fetch(b"two") == (200, b"two")
    assert len(server.lines) == 2


async def test_what_a_server_says_before_it_is_asked_is_no_answer(server, transport, until):
    async def eager(line):
        await line.send(an_early_answer)
        await line.gone()

    an_early_answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nSTALE"
    server.does(eager)
    place = Place(server.url)
    connection = await transport._connect(transport._way(place), Outgoing(place, b"", 5.0))
    await until(lambda: connection.closed)
    for _ in range(5):
        await asyncio.sleep(0)
    exchange = connection.begin(b"POST / HTTP/1.1\r\n\r\n", at_once=True)
    with pytest.raises(AttemptFailed, match="closed before an answer came"):
        await exchange.head()


async def test_what_comes_before_a_request_has_left_is_no_answer_to_it(server, transport, fetch, echoing):
    server.does(echoing)
    assert await fetch(b"one") == (200, b"one")
    (pool,) = transport._pools.values()
    (connection,) = pool._open
    asking = asyncio.create_task(fetch(b"two"))
    await asyncio.sleep(0)  # it has the connection, and the loop has yet to turn
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nSTALE")
    assert await asking == (200, b"two")
    assert connection.closed
    assert [b"two" in line.received for line in server.lines] == [False, True]


async def test_a_request_that_is_given_up_before_it_has_left_never_does(server, transport, fetch, echoing):
    server.does(echoing)
    await fetch(b"one")
    (pool,) = transport._pools.values()
    exchange = pool.idle().begin(b"POST /two HTTP/1.1\r\n\r\n", at_once=False)
    exchange.abandon()
    assert await fetch(b"three") == (200, b"three")
    assert not any(b"two" in line.received for line in server.lines)


async def test_a_request_is_not_sent_to_a_server_that_has_hung_up_before_it_left(server, transport, fetch, echoing):
    server.does(echoing)
    await fetch(b"one")
    (pool,) = transport._pools.values()
    (connection,) = pool._open
    asking = asyncio.create_task(fetch(b"two"))
    await asyncio.sleep(0)
    connection.eof_received()
    assert await asking == (200, b"two")
    assert [b"two" in line.received for line in server.lines] == [False, True]


async def test_requests_of_one_turn_leave_together_each_on_its_own_connection(server, fetch, echoing):
    server.does(echoing)
    texts = [b"%d" % number for number in range(5)]
    for _ in range(2):
        assert await asyncio.gather(*map(fetch, texts)) == [(200, text) for text in texts]
    assert len(server.lines) == 5


# ------------------------------------------------------------ several at once


async def test_an_answer_read_late_is_not_mixed_with_the_next_on_its_connection(server, send, saying, answer, until):
    first, second = b"1" * 200_000, b"2" * 200_000
    server.does(saying(answer(first), answer(second)))
    early = await send()
    await until(lambda: early._exchange.whole)
    late = await send()
    assert b"".join([piece async for piece in late.chunks()]) == second
    assert b"".join([piece async for piece in early.chunks()]) == first
    await early.aclose()
    assert len(server.lines) == 1


async def test_leaving_an_answer_that_is_whole_does_not_end_the_next_on_its_connection(server, send, answer, until):
    go = asyncio.Event()

    async def script(line):
        await line.request()
        await line.send(answer(b"one"))
        await line.request()
        await go.wait()
        await line.send(answer(b"two"))
        await line.gone()

    server.does(script)
    early = await send()
    await until(lambda: early._exchange.whole)
    waiting = asyncio.create_task(send())
    await asyncio.sleep(0)
    await early.aclose()
    go.set()
    late = await waiting
    assert b"".join([piece async for piece in late.chunks()]) == b"two"


async def test_two_hundred_at_once_each_get_their_own_answer(server, fetch):
    chance = random.Random(7)

    async def script(line):
        while True:
            body = await line.request()
            cut = chance.randrange(1, len(body))
            await line.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            await line.send(b"%x\r\n%b\r\n" % (cut, body[:cut]))
            await asyncio.sleep(0)
            await line.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body) - cut, body[cut:]))

    server.does(script)
    bodies = [b"request %d " % number + bytes([number]) * chance.randrange(20_000) for number in range(200)]
    for _ in range(2):
        answers = await asyncio.gather(*(fetch(body) for body in bodies))
        assert answers == [(200, body) for body in bodies]
    assert len(server.lines) <= 200


# ------------------------------------------------------------ the end of it all


async def test_closing_ends_what_is_idle_and_what_is_in_use(server, transport, send, fetch, answer, until):
    async def no_head(line):
        await line.request()
        await line.gone()

    async def half_body(line):
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await line.gone()

    async def idle(line):
        await line.request()
        await line.send(answer(b"one"))
        await line.gone()

    server.does(no_head, half_body, idle)
    waiting = asyncio.create_task(send())
    await until(lambda: server.lines and server.lines[0].received)
    reply = await send()
    chunks = reply.chunks()
    assert await anext(chunks) == b"half"
    assert await fetch() == (200, b"one")
    await transport.aclose()
    with pytest.raises(AttemptFailed):
        await waiting
    with pytest.raises(AttemptFailed, match="cut short"):  # no end of a body that ends with its connection
        await anext(chunks)
    await server.until_ended(3)
    assert len(server.lines) == 3


def test_a_connection_that_is_gone_when_its_making_is_over_is_not_held(fake_time):
    pool = Pool(fake_time, Outbox())
    gone = Connection(pool)
    gone.closed = True
    pool.take_in(gone)
    assert not pool._open


async def test_a_connection_made_after_the_closing_is_not_used(server, transport, fetch, echoing):
    server.does(echoing)
    sending = asyncio.create_task(fetch())
    await asyncio.sleep(0)
    await transport.aclose()
    with pytest.raises(AttemptFailed):
        await sending
    assert not any(line.received for line in server.lines)
