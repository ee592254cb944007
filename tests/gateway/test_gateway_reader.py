"""Whole answers that nobody takes: the connection goes, whether or not its request has ended long ago."""

import asyncio
import socket

import pytest

from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.reader import ReaderWatch

LARGE = b'{"text":"' + b"w" * 16_000_000 + b'"}'


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
async def test_an_answer_that_is_not_taken_is_given_up_also_when_its_request_is_over(
    open_gateway, fake, chat, monkeypatch, connection
):
    place = await open_gateway(limits=ConnectionLimits(reader_seconds=0.3))
    monkeypatch.setattr(type(place.engine), "_main", _large)
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setblocking(False)
        await loop.sock_connect(raw, ("127.0.0.1", place.port))
        await loop.sock_sendall(raw, fake.request("POST", "/v1/chat/completions", chat(), connection=connection))
        async with asyncio.timeout(5):
            await place.engine.ended.wait()
            place.gateway._traffic._state.emptied.clear()
            await place.gateway._traffic._state.emptied.wait()


async def test_the_last_few_bytes_of_an_answer_are_not_waited_for_for_ever(open_gateway, fake, chat, monkeypatch):
    place = await open_gateway(limits=ConnectionLimits(reader_seconds=0.3))
    monkeypatch.setattr(type(place.engine), "_main", _small)
    for server in place.gateway._traffic._servers:
        for listening in server.sockets:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.setblocking(False)
        await loop.sock_connect(raw, ("127.0.0.1", place.port))
        await loop.sock_sendall(raw, fake.request("POST", "/v1/chat/completions", chat(), connection="close"))
        async with asyncio.timeout(5):
            await place.engine.ended.wait()
            [connection] = place.gateway._traffic._state.connections
            assert not connection._flow.write_paused
            assert connection._transport.get_write_buffer_size()
            place.gateway._traffic._state.emptied.clear()
            await place.gateway._traffic._state.emptied.wait()


async def _large(engine, call, delivery):
    await delivery.whole(engine.told, engine.answer(LARGE))


async def _small(engine, call, delivery):
    await delivery.whole(engine.told, engine.answer(LARGE[:60_000]))


class FakeTransport:
    """Holds so many bytes; has no socket that knows more."""

    def __init__(self):
        self.size = 100

    def get_write_buffer_size(self):
        return self.size

    def get_extra_info(self, _):
        return self

    def fileno(self):
        raise OSError

    def getsockopt(self, *_):
        raise OSError


class FakeHandle:
    def __init__(self, loop, when, act):
        self.loop, self.when, self.act = loop, when, act

    def cancel(self):
        self.loop.due.remove(self)


class FakeLoop:
    """Time that is moved by hand."""

    def __init__(self):
        self.now = 0.0
        self.due = []

    def time(self):
        return self.now

    def call_later(self, seconds, act):
        self.due.append(FakeHandle(self, self.now + seconds, act))
        return self.due[-1]

    def pass_time(self, seconds):
        until = self.now + seconds
        while (handle := next((due for due in self.due if due.when <= until), None)) is not None:
            self.due.remove(handle)
            self.now = max(self.now, handle.when)
            handle.act()
        self.now = until


class Watched:
    def __init__(self):
        self.loop, self.transport, self.given_up = FakeLoop(), FakeTransport(), 0
        self.watch = ReaderWatch(self.loop, self.transport, 120.0, self._give_up)

    def _give_up(self):
        self.given_up += 1


@pytest.fixture
def watched():
    return Watched()


def test_a_caller_has_its_whole_time(watched):
    watched.watch.begin()
    watched.loop.pass_time(119.0)
    assert not watched.given_up
    watched.loop.pass_time(1.0)
    assert watched.given_up == 1


def test_nothing_is_looked_at_again_once_it_is_given_up(watched):
    watched.watch.begin()
    watched.loop.pass_time(10_000.0)
    assert watched.given_up == 1
    assert not watched.loop.due


def test_a_caller_that_takes_a_byte_in_a_while_is_never_given_up(watched):
    watched.watch.begin()
    for _ in range(20):
        watched.loop.pass_time(100.0)
        watched.transport.size -= 1
    assert not watched.given_up


def test_a_caller_that_took_and_was_given_as_much_again_has_progressed(watched):
    watched.watch.begin()
    for _ in range(20):
        watched.loop.pass_time(100.0)
        watched.watch.progressed()
    assert not watched.given_up


def test_a_caller_that_has_taken_everything_is_watched_no_longer(watched):
    watched.watch.begin()
    watched.transport.size = 0
    watched.loop.pass_time(30.0)
    assert not watched.loop.due


def test_to_begin_again_gives_no_more_time(watched):
    watched.watch.begin()
    watched.loop.pass_time(100.0)
    watched.watch.begin()
    watched.loop.pass_time(20.0)
    assert watched.given_up == 1


def test_a_caller_has_its_whole_time_from_when_it_took_something(watched):
    watched.watch.begin()
    watched.loop.pass_time(31.0)
    watched.watch.progressed()
    watched.loop.pass_time(119.0)
    assert not watched.given_up
    watched.loop.pass_time(30.0)
    assert watched.given_up == 1


def test_time_in_which_the_whole_process_stood_still_is_nobody_s_fault(watched):
    watched.watch.begin()
    watched.loop.pass_time(31.0)
    watched.loop.now += 1_000.0  # no look was made meanwhile
    watched.loop.pass_time(1.0)
    assert not watched.given_up
    watched.loop.pass_time(120.0)
    assert watched.given_up == 1


def test_a_watch_that_is_stopped_gives_nobody_up(watched):
    watched.watch.begin()
    watched.watch.stop()
    watched.loop.pass_time(1000.0)
    assert not watched.given_up


async def test_what_the_system_holds_counts_as_not_taken():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        sent = ours.send(b"w" * 50_000)
        transport = FakeTransport()
        transport.fileno, transport.getsockopt = ours.fileno, ours.getsockopt
        watch = ReaderWatch(asyncio.get_running_loop(), transport, 1.0, lambda: None)
        before = watch._untaken()
        theirs.recv(sent)
        assert watch._untaken() < before
