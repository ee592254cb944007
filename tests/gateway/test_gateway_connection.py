"""One connection by itself, its time moved by hand: what is waited for, how long, and that nothing stays behind."""

import asyncio
import re
import socket

import pytest

from hotspare.gateway.connection import KEEP_ALIVE_SECONDS, Connection
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.state import State

LIMITS = ConnectionLimits()
GET = b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n"


class Timer:
    def __init__(self, due, act):
        self.due, self.act, self.cancelled = due, act, False

    def cancel(self):
        self.cancelled = True


class Clockwork:
    """A loop that makes real tasks and whose time is moved by hand."""

    def __init__(self):
        self.now, self._timers = 0.0, []

    def time(self):
        return self.now

    def call_later(self, seconds, act):
        self._timers.append(Timer(self.now + seconds, act))
        return self._timers[-1]

    def create_task(self, work, *, name):
        return asyncio.get_running_loop().create_task(work, name=name)

    @property
    def due(self):
        """When something is to happen."""
        return sorted(timer.due for timer in self._timers if not timer.cancelled)

    def fire(self):
        """Go to the next time at which something is to happen, and let it."""
        timer = min((timer for timer in self._timers if not timer.cancelled), key=lambda timer: timer.due)
        timer.cancelled, self.now = True, timer.due
        timer.act()


class Wire:
    """The transport of a connection."""

    def __init__(self):
        self.written, self.untaken, self.reading = b"", 0, True
        self.closing = self.aborted = self.ended = False
        self._socket = socket.socket()

    def get_extra_info(self, _name):
        return self._socket

    def write(self, data):
        self.written += data

    def write_eof(self):
        self.ended = True

    def close(self):
        self.closing = True

    def abort(self):
        self.closing = self.aborted = True

    def is_closing(self):
        return self.closing

    def get_write_buffer_size(self):
        return self.untaken

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


@pytest.fixture
def state():
    return State()


@pytest.fixture
async def made(state):
    """Connections with their wires, as they are when a caller has come."""
    wires = []

    def make(application=None, limits=LIMITS):
        connection, wire = Connection(application or answer, state, Clockwork(), limits), Wire()
        wires.append(wire)
        connection.connection_made(wire)
        return connection, wire

    yield make
    for wire in wires:
        wire._socket.close()


async def answer(cycle, _peer):
    while cycle.more_body:
        if await cycle.read() is None:
            return
    await cycle.whole(200, b"", b"ok")


async def never(_cycle, _peer):
    await asyncio.Event().wait()


async def turned():
    for _ in range(4):
        await asyncio.sleep(0)


# ------------------------------------------------------------------ what is waited for
async def test_each_part_of_a_request_has_its_time(made):
    connection, wire = made(never)
    loop = connection._loop
    assert loop.due == [LIMITS.head_seconds]
    loop.now = 1.0
    connection.data_received(POST[:9])
    assert loop.due == [1.0 + LIMITS.head_seconds]
    loop.now = 2.0
    connection.data_received(POST[9:20])
    assert loop.due == [1.0 + LIMITS.head_seconds]
    connection.data_received(POST[20:])
    assert loop.due == [2.0 + LIMITS.body_seconds]
    loop.now = 3.0
    connection.data_received(b"x")
    assert loop.due == [2.0 + LIMITS.body_seconds]
    connection.data_received(b"yz")
    assert loop.due == []
    assert not wire.closing
    connection.connection_lost(None)


async def test_between_two_requests_a_caller_may_rest_and_then_has_the_time_of_a_head(made):
    connection, wire = made()
    connection.data_received(GET)
    await turned()
    assert wire.written.startswith(b"HTTP/1.1 200")
    assert connection._loop.due == [KEEP_ALIVE_SECONDS]
    connection._loop.now = 5.0
    connection.data_received(GET[:5])
    assert connection._loop.due == [5.0 + LIMITS.head_seconds, KEEP_ALIVE_SECONDS]
    connection.data_received(GET[5:])
    await turned()
    assert connection._loop.due == [KEEP_ALIVE_SECONDS]
    connection._loop.fire()
    assert connection._loop.due == [5.0 + KEEP_ALIVE_SECONDS]
    assert not wire.closing
    connection._loop.fire()
    assert wire.closing


async def test_a_head_that_does_not_end_is_refused_and_a_caller_that_says_nothing_is_not_spoken_to(made, state):
    silent, begun = made(), made()
    begun[0].data_received(GET[:5])
    for connection, wire in (silent, begun):
        connection._loop.fire()
        assert (wire.closing, wire.ended) == (connection is silent[0], connection is begun[0])
    assert silent[1].written == b""
    assert begun[1].written.startswith(b"HTTP/1.1 408 ")
    assert state.refused == {"headers_too_slow": 1}
    begun[0].data_received(GET[5:])
    assert not state.tasks
    begun[0]._loop.fire()
    assert begun[1].aborted


async def test_a_body_that_does_not_end_is_refused_once_and_its_work_ends(made, state):
    connection, wire = made()
    connection.data_received(POST + b"x")
    await turned()
    connection._loop.fire()
    await turned()
    assert wire.written.startswith(b"HTTP/1.1 408 ")
    assert wire.written.count(b"HTTP/1.1") == 1
    assert (wire.ended, state.refused) == (True, {"body_too_slow": 1})
    assert not state.tasks


async def test_a_body_that_we_do_not_read_on_has_its_time_again(made, state):
    connection, wire = made(never)
    connection.data_received(POST + b"x")
    connection._flow.pause_reading()
    connection._loop.fire()
    assert connection._loop.due == [2 * LIMITS.body_seconds]
    assert not wire.written
    connection._flow.resume_reading()
    connection._loop.fire()
    assert state.refused == {"body_too_slow": 1}
    await turned()


async def test_an_answer_says_when_it_was_made_to_the_second(made):
    connection, wire = made()
    for now in (0.0, 0.9, 1.0):
        connection._loop.now = now
        connection._state.date_line = connection._state.date_line and b"date: kept\r\n"
        connection.data_received(GET)
        await turned()
    first, second, third = wire.written.split(b"HTTP/1.1 ")[1:]
    assert re.search(rb"\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n", first)
    assert b"\r\ndate: kept\r\n" in second
    assert b"kept" not in third


async def test_a_head_that_does_not_end_behind_a_request_that_runs_has_its_time_too(made, state):
    going = asyncio.Event()

    async def late(cycle, _peer):
        await going.wait()
        await cycle.whole(200, b"", b"ok")

    connection, wire = made(late)
    connection.data_received(GET + GET[:5])
    assert connection._loop.due == [LIMITS.head_seconds]
    connection._loop.fire()
    going.set()
    await turned()
    assert wire.written.count(b"HTTP/1.1") == 1
    assert wire.closing
    assert state.refused == {"headers_too_slow": 1}


# ------------------------------------------------------------------ one that leaves
@pytest.mark.parametrize("sent", [b"", GET[:5], POST, POST + b"x", POST + b"xyz", GET + GET[:5], b"no request\r\n\r\n"])
async def test_nothing_is_waited_for_of_a_caller_that_has_left(made, state, sent):
    connection, _ = made()
    if sent:
        connection.data_received(sent)
        await turned()
    connection.connection_lost(None)
    await turned()
    assert connection._loop.due == []
    assert not state.tasks
    assert not state.connections


async def test_a_request_whose_caller_leaves_before_its_work_begins_leaves_nothing_behind(made, state):
    connection, _ = made(never)
    connection.data_received(GET)
    connection.connection_lost(None)
    await turned()
    assert not state.tasks


async def test_nobody_watches_whether_a_caller_that_has_left_takes_its_answer(made):
    connection, wire = made(never)
    connection.data_received(GET)
    wire.untaken = 9
    connection.pause_writing()
    assert len(connection._loop.due) == 1
    connection.connection_lost(None)
    assert connection._loop.due == []
    await turned()


async def test_work_that_goes_on_after_its_answer_is_not_ended_by_a_caller_that_leaves(made, state):
    going, done = asyncio.Event(), []

    async def tidies(cycle, _peer):
        await cycle.whole(200, b"", b"ok")
        await going.wait()
        done.append("tidied")

    connection, _ = made(tidies)
    connection.data_received(GET)
    await turned()
    connection.connection_lost(None)
    await turned()
    going.set()
    await turned()
    assert done == ["tidied"]
    assert not state.tasks


async def test_the_last_connection_that_goes_is_told_to_who_waits_for_it(made, state):
    first, second = made()[0], made()[0]
    first.connection_lost(None)
    assert not state.emptied.is_set()
    second.connection_lost(OSError())
    assert state.emptied.is_set()


# ------------------------------------------------------------------ several requests
async def test_requests_behind_one_another_are_answered_in_turn(made, state):
    going, order = asyncio.Event(), []

    async def in_order(cycle, _peer):
        order.append(cycle.head.path)
        if len(order) == 1:
            await going.wait()
        await cycle.whole(200, b"", cycle.head.raw_path)

    connection, wire = made(in_order)
    connection.data_received(b"".join(b"GET /%d HTTP/1.1\r\nhost: a\r\n\r\n" % number for number in range(3)))
    await turned()
    assert (order, wire.reading, wire.written) == (["/0"], False, b"")
    going.set()
    for _ in range(3):
        await turned()
    assert order == ["/0", "/1", "/2"]
    assert [part[-2:] for part in wire.written.split(b"HTTP/1.1 ")[1:]] == [b"/0", b"/1", b"/2"]
    assert wire.reading
    assert not state.tasks


async def test_what_makes_no_sense_behind_a_request_ends_the_connection_after_its_answer(made, state):
    going = asyncio.Event()

    async def late(cycle, _peer):
        await going.wait()
        await cycle.whole(200, b"", b"ok")

    connection, wire = made(late)
    connection.data_received(GET)
    connection.data_received(GET + b"no request\r\n\r\n")
    await turned()
    assert (wire.written, wire.closing) == (b"", False)
    going.set()
    await turned()
    assert wire.written.count(b"HTTP/1.1") == 1
    assert wire.written.endswith(b"ok")
    assert b"connection: close\r\n" in wire.written
    assert wire.closing
    assert not state.tasks
    assert state.refused == {"malformed_http": 1}


async def test_nothing_is_carried_out_behind_a_request_that_was_said_to_be_the_last(made):
    asked = []

    async def counts(cycle, _peer):
        asked.append(cycle.head.path)
        await cycle.whole(200, b"", b"ok")

    connection, wire = made(counts)
    connection.data_received(b"GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" + GET)
    for _ in range(3):
        await turned()
    assert asked == ["/last"]
    assert wire.closing
    assert wire.written.count(b"HTTP/1.1") == 1


async def test_an_answer_waits_while_its_caller_takes_nothing(made):
    connection, wire = made()
    connection.pause_writing()
    connection.data_received(GET)
    await turned()
    assert wire.written == b""
    connection.resume_writing()
    await turned()
    assert wire.written.endswith(b"ok")


async def test_a_body_that_comes_after_its_answer_is_thrown_away_and_read_on(made):
    async def refuses(cycle, _peer):
        await cycle.whole(413, b"", b"")

    connection, wire = made(refuses)
    connection.data_received(b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 200000\r\n\r\n")
    await turned()
    for _ in range(20):
        connection.data_received(bytes(10_000))
    assert wire.reading
    assert not connection._cycle._body
    connection.data_received(GET)
    await turned()
    assert wire.written.count(b"HTTP/1.1 413") == 2


# ------------------------------------------------------------------ what makes no sense
NONSENSE = b"no request\r\n\r\n"
CHUNKED = b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"


async def test_what_makes_no_sense_after_an_answer_is_answered_behind_it(made, state):
    connection, wire = made()
    connection.data_received(GET)
    await asyncio.sleep(0)  # the answer is held until the loop has turned
    connection.data_received(NONSENSE)
    await turned()
    first, second = wire.written.split(b"HTTP/1.1 ")[1:]
    assert (first[:4], second[:4]) == (b"200 ", b"400 ")
    assert wire.ended
    assert connection._loop.due == [LIMITS.linger_seconds, KEEP_ALIVE_SECONDS]
    assert state.refused == {"malformed_http": 1}


async def test_what_makes_no_sense_where_nothing_runs_is_answered_and_read_on_for_a_while(made):
    connection, wire = made()
    connection._flow.pause_reading()
    connection.data_received(NONSENSE)
    assert wire.written.startswith(b"HTTP/1.1 400 ")
    assert (wire.reading, wire.ended, wire.closing) == (True, True, False)
    assert connection._loop.due == [LIMITS.linger_seconds]
    connection.data_received(GET)
    await turned()
    assert wire.written.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("behind", [NONSENSE, CHUNKED + b"nonsense\r\n"])
async def test_what_makes_no_sense_behind_a_request_that_runs_waits_for_its_answer(made, state, behind):
    going = asyncio.Event()

    async def late(cycle, _peer):
        await going.wait()
        await cycle.whole(200, b"", b"ok")

    connection, wire = made(late)
    connection.data_received(GET)
    await turned()
    connection.data_received(behind[: len(CHUNKED)])
    connection.data_received(behind[len(CHUNKED) :])
    await turned()
    assert (wire.written, wire.closing, wire.ended) == (b"", False, False)
    assert connection._loop.due == []
    going.set()
    await turned()
    assert wire.written.count(b"HTTP/1.1") == 1
    assert wire.written.endswith(b"ok")
    assert wire.closing
    assert not state.tasks


@pytest.mark.parametrize("said", ["nothing", "a beginning", "all"])
async def test_a_body_that_makes_no_sense_is_answered_where_its_request_has_no_answer_yet(made, state, said):
    async def speaks(cycle, _peer):
        if said == "a beginning":
            await cycle.begin(200, b"")
        elif said == "all":
            await cycle.whole(200, b"", b"ok")
        await asyncio.Event().wait()

    connection, wire = made(speaks)
    connection.data_received(CHUNKED)
    await turned()
    connection.data_received(b"nonsense\r\n")
    await turned()
    assert wire.written.count(b"HTTP/1.1") == 1
    if said == "nothing":
        assert wire.written.startswith(b"HTTP/1.1 400 ")
        assert b'"type":"error"' in wire.written  # as its path's dialect says it
    assert (wire.ended, wire.closing) == ((True, False) if said == "nothing" else (False, True))
    assert len(state.tasks) == (said == "all")
    connection.connection_lost(None)
    for task in tuple(state.tasks):
        task.cancel()
    await turned()


# ------------------------------------------------------------------ the server ends
async def test_a_server_that_ends_sends_what_is_held_before_it_closes(made):
    connection, wire = made()
    connection.data_received(GET)
    await asyncio.sleep(0)
    assert wire.written == b""
    connection.shutdown()
    assert wire.written.endswith(b"ok")
    assert wire.closing


async def test_a_server_that_waits_no_longer_ends_the_connection(made):
    connection, wire = made(never)
    connection.data_received(GET)
    connection.abort()
    assert wire.aborted
    connection.connection_lost(None)
    await turned()


async def test_a_connection_that_rests_is_closed_when_the_server_ends(made):
    connection, wire = made()
    connection.data_received(GET)
    await turned()
    connection.shutdown()
    assert wire.closing


async def test_a_server_that_ends_closes_who_waits_and_lets_the_others_have_their_answer(made):
    going = asyncio.Event()

    async def late(cycle, _peer):
        await going.wait()
        await cycle.whole(200, b"", b"ok")

    (resting, silent), (working, wire) = made(), made(late)
    working.data_received(GET)
    await turned()
    resting.shutdown()
    working.shutdown()
    assert (silent.closing, wire.closing) == (True, False)
    going.set()
    await turned()
    assert wire.written.endswith(b"ok")
    assert b"connection: close\r\n" in wire.written
    assert wire.closing


async def test_an_answer_that_is_never_completed_ends_with_the_connection(made, state):
    async def half(cycle, _peer):
        await cycle.begin(200, b"")

    connection, wire = made(half)
    connection.data_received(GET)
    await turned()
    assert wire.aborted
    assert not state.tasks


async def test_an_error_of_ours_is_answered_where_nothing_was_said_and_else_ends_the_connection(made, caplog):
    async def fails(cycle, _peer):
        if cycle.head.path == "/said":
            await cycle.begin(200, b"")
        raise RuntimeError("ours")

    (first, told), (second, cut) = made(fails), made(fails)
    first.data_received(GET)
    second.data_received(GET.replace(b"/x", b"/said"))
    await turned()
    assert told.written.startswith(b"HTTP/1.1 500 ")
    assert (told.aborted, cut.aborted) == (False, True)
    assert len(caplog.records) == 2
