"""A body that is passed on: the moment it comes, as far as it is taken, and never otherwise than it would be read."""

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.providers.http1 import Http1Reply
from hotspare.providers.http1_exchange import BUFFERED_BYTES, Exchange
from hotspare.router.trigger import AttemptFailed

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Sink:
    """Takes so many pieces."""

    def __init__(self, takes: int = 1_000) -> None:
        self.taken: list[bytes] = []
        self._takes = takes

    def __call__(self, piece: bytes) -> bool:
        self.taken.append(piece)
        return len(self.taken) < self._takes


class Connection:
    def resume(self, exchange):
        """Nothing is paused."""

    def linger(self, exchange):
        """Nothing lingers."""

    def end(self, exchange):
        """Nothing is open."""


async def begun(exchange, sink):
    """The passing, as far as it goes without more bytes."""
    passing = asyncio.ensure_future(exchange.pass_to(sink))
    await asyncio.sleep(0)
    return passing


async def test_what_comes_is_handed_on_before_the_loop_turns():
    exchange, sink = Exchange(Connection()), Sink()
    exchange.feed(HEAD)
    passing = await begun(exchange, sink)
    awaited = exchange._waiter
    exchange.feed(chunk(b"one") + chunk(b"two"))
    assert sink.taken == [b"onetwo"]
    assert exchange._waiter is awaited
    assert not awaited.done()
    exchange.feed(chunk(b"three"))
    assert sink.taken == [b"onetwo", b"three"]
    await asyncio.sleep(0)
    assert not passing.done()
    exchange.feed(b"0\r\n\r\n")
    await passing
    assert exchange.whole


async def test_what_had_come_before_is_handed_on_first():
    exchange, sink = Exchange(Connection()), Sink()
    exchange.feed(HEAD + chunk(b"one"))
    passing = await begun(exchange, sink)
    exchange.feed(chunk(b"two") + b"0\r\n\r\n")
    await passing
    assert sink.taken == [b"one", b"two"]


@pytest.mark.parametrize("takes", [1, 2])
async def test_a_sink_that_has_had_enough_gets_no_more_and_the_rest_is_there_to_read(takes):
    exchange, sink = Exchange(Connection()), Sink(takes)
    exchange.feed(HEAD + chunk(b"one"))
    passing = await begun(exchange, sink)
    exchange.feed(chunk(b"two"))
    exchange.feed(chunk(b"three") + b"0\r\n\r\n")
    await passing
    assert sink.taken == [b"one", b"two"][:takes]
    rest = await exchange.read() if not exchange.over or exchange._pieces else b""
    assert b"".join(sink.taken) + rest == b"onetwothree"


@pytest.mark.parametrize("came", [chunk(b"one"), chunk(b"one") + b"0\r\n\r\n"])
async def test_what_a_sink_raises_is_its_reader_s_to_hear(came):
    def sink(piece):
        raise ZeroDivisionError(piece)

    exchange = Exchange(Connection())
    exchange.feed(HEAD)
    passing = await begun(exchange, sink)
    exchange.feed(came)
    exchange.feed(b"")
    with pytest.raises(ZeroDivisionError):
        await passing


async def test_a_sink_that_raises_when_nobody_listens_any_more_disturbs_nobody():
    def sink(piece):
        raise ZeroDivisionError(piece)

    exchange = Exchange(Connection())
    exchange.feed(HEAD)
    passing = await begun(exchange, sink)
    exchange._waiter.cancel()
    exchange.feed(chunk(b"one"))
    with pytest.raises(asyncio.CancelledError):
        await passing


async def test_a_body_that_breaks_off_is_a_failure_after_what_came():
    exchange, sink = Exchange(Connection()), Sink()
    exchange.feed(HEAD)
    passing = await begun(exchange, sink)
    exchange.feed(chunk(b"one"))
    exchange.lost(None)
    with pytest.raises(AttemptFailed, match="cut short"):
        await passing
    assert sink.taken == [b"one"]


async def test_what_is_no_http_is_a_failure_after_what_came():
    exchange, sink = Exchange(Connection()), Sink()
    exchange.feed(HEAD)
    passing = await begun(exchange, sink)
    exchange.feed(chunk(b"one") + b"nonsense\r\n")
    with pytest.raises(AttemptFailed, match="not HTTP"):
        await passing
    assert sink.taken == [b"one"]


async def test_a_passing_that_is_cancelled_hands_on_nothing_more():
    exchange, sink = Exchange(Connection()), Sink()
    exchange.feed(HEAD)
    passing = await begun(exchange, sink)
    passing.cancel()
    await asyncio.wait([passing])
    exchange.feed(chunk(b"one"))
    assert not sink.taken
    assert await exchange.read() == b"one"


async def test_a_reader_that_was_behind_is_not_any_more_once_all_is_passed_on():
    exchange, sink = Exchange(Connection()), Sink()
    exchange.feed(HEAD + chunk(bytes(BUFFERED_BYTES + 1)))
    assert exchange.full
    await begun(exchange, sink)
    assert not exchange.full
    exchange.feed(chunk(bytes(BUFFERED_BYTES + 1)))
    assert not exchange.full


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 400), max_size=8), takes=st.integers(1, 6))
async def test_what_is_passed_on_and_then_read_is_the_body_wherever_it_was_cut(data, cuts, takes):
    raw = HEAD + b"".join(chunk(data[at : at + 7]) for at in range(0, len(data), 7)) + b"0\r\n\r\n"
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    exchange, sink = Exchange(Connection()), Sink(takes)
    passing = None
    for begin, end in itertools.pairwise(places):
        exchange.feed(raw[begin:end])
        if passing is None and exchange.status:
            passing = await begun(exchange, sink)
        await asyncio.sleep(0)
    await passing
    rest = b""
    while piece := await exchange.read():
        rest += piece
    assert b"".join(sink.taken) + rest == data


async def test_an_encoded_body_is_not_passed_on_and_not_at_hand(server, send, until):
    async def script(line):
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc")
        await line.gone()

    server.does(script)
    reply, sink = await send(), Sink()
    await until(lambda: reply.whole)
    await reply.pass_to(sink)
    assert not sink.taken
    assert reply.at_hand() is None


async def test_a_whole_body_is_at_hand_and_one_under_way_is_not(server, send, answer, until):
    more = asyncio.Event()

    async def script(line):
        await line.request()
        await line.send(answer(b"one!")[:-1])
        await more.wait()
        await line.send(b"!")
        await line.gone()

    server.does(script)
    reply = await send()
    assert isinstance(reply, Http1Reply)
    assert not reply.whole
    assert reply.at_hand() is None
    more.set()
    await until(lambda: reply.whole)
    assert reply.at_hand() == b"one!"
