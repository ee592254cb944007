"""One request and its answer: what leaves, in how many writes, and what an application may not say."""

import asyncio

import pytest

from hotspare.gateway.asgi import AsgiExchange
from hotspare.gateway.connection import KEEP_ALIVE_SECONDS, Connection
from hotspare.gateway.cycle import HELD_BYTES, UNREAD_BYTES, Cycle
from hotspare.gateway.flow import Flow
from hotspare.gateway.head import Head
from hotspare.gateway.limits import ConnectionLimits
from hotspare.gateway.lines import WrongMessage
from hotspare.gateway.state import State


class Wire:
    """The socket's side: what was written, and whether it is read from."""

    def __init__(self):
        self.written, self.closing, self.reading = [], False, True
        self.untaken = 0

    def write(self, data):
        self.written.append(data)

    def close(self):
        self.closing = True

    def is_closing(self):
        return self.closing

    def get_write_buffer_size(self):
        return self.untaken

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


def nobody():
    pass


async def turned():
    """The loop has turned, and what was held has left."""
    await asyncio.sleep(0)


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def cycle(wire):
    def made(method="POST", *, version="1.1", keep_alive=True, expects=False, **told):
        state = State()
        state.refresh_date(0.0)
        head = Head(method, "/", b"/", b"", version, [], {}, keep_alive, expects)
        return Cycle(head, wire, Flow(wire), state, **{"answered": nobody, "unsent": nobody} | told)

    return made


def _body(data=b"", *, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


def _start(*headers, status=200):
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


async def test_a_whole_answer_leaves_in_one_write(cycle, wire):
    answering = cycle()
    asgi = AsgiExchange(answering)
    await asgi.send(_start((b"content-length", b"2")))
    assert wire.written == []
    await asgi.send(_body(b"ok"))
    await turned()
    [sent] = wire.written
    assert sent.startswith(b"HTTP/1.1 200 OK\r\ndate: ")
    assert sent.endswith(b"\r\ncontent-length: 2\r\n\r\nok")
    assert answering.response_complete
    assert not wire.closing


async def test_the_head_of_a_stream_leaves_at_once(cycle, wire):
    answering = cycle()
    asgi = AsgiExchange(answering)
    await asgi.send(_start())
    [head] = wire.written
    assert head.endswith(b"transfer-encoding: chunked\r\n\r\n")
    await asgi.send(_body(b"", more=True))
    await asgi.send(_body(b"one", more=True))
    await asgi.send(_body(b"two"))
    await turned()
    assert wire.written[1:] == [b"3\r\none\r\n", b"3\r\ntwo\r\n0\r\n\r\n"]


async def test_a_stream_may_end_without_a_last_word(cycle, wire):
    answering = cycle()
    asgi = AsgiExchange(answering)
    await asgi.send(_start())
    await asgi.send(_body())
    await turned()
    assert wire.written[1:] == [b"0\r\n\r\n"]


async def test_head_has_the_headers_of_the_answer_and_nothing_more(cycle, wire):
    answering = cycle("HEAD")
    asgi = AsgiExchange(answering)
    await asgi.send(_start((b"content-length", b"5")))
    await asgi.send(_body(b"12345"))
    await turned()
    assert b"".join(wire.written).endswith(b"content-length: 5\r\n\r\n")
    assert answering.response_complete


async def test_no_content_has_no_body_and_no_chunks(cycle, wire):
    answering = cycle()
    asgi = AsgiExchange(answering)
    await asgi.send(_start(status=204))
    await asgi.send(_body())
    await turned()
    [sent] = wire.written
    assert sent.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"chunked" not in sent


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\nx: y", b"a\rx: y", b"a\0"])
async def test_no_header_holds_another(cycle, wire, value):
    with pytest.raises(WrongMessage):
        await AsgiExchange(cycle()).send(_start((b"x-told", value)))
    assert wire.written == []


@pytest.mark.parametrize("data", [b"1", b"123"])
async def test_a_body_is_as_long_as_was_said(cycle, wire, data):
    answering = cycle()
    asgi = AsgiExchange(answering)
    await asgi.send(_start((b"content-length", b"2")))
    with pytest.raises(WrongMessage):
        await asgi.send(_body(data))
    assert wire.written == []


async def test_a_body_may_come_in_parts(cycle, wire):
    answering = cycle()
    asgi = AsgiExchange(answering)
    await asgi.send(_start((b"content-length", b"2")))
    await asgi.send(_body(b"o", more=True))
    assert not answering.response_complete
    await asgi.send(_body(b"k"))
    await turned()
    assert b"".join(wire.written).endswith(b"\r\n\r\nok")


@pytest.mark.parametrize("messages", [[_body(b"x")], [_start(), _start()], [_start(), _body(), _body()]])
async def test_what_has_no_place_in_an_answer_is_an_error(cycle, messages):
    answering = cycle()
    asgi = AsgiExchange(answering)
    *before, misplaced = messages
    for message in before:
        await asgi.send(message)
    with pytest.raises(WrongMessage):
        await asgi.send(misplaced)


@pytest.mark.parametrize("says", ["the caller", "the application"])
async def test_the_last_answer_says_so_and_closes(cycle, wire, says):
    answering = cycle(keep_alive=says != "the caller")
    asgi = AsgiExchange(answering)
    closing = [(b"connection", b"close")] if says == "the application" else []
    await asgi.send(_start((b"content-length", b"0"), *closing))
    await asgi.send(_body())
    assert b"connection: close\r\n" in wire.written[0]
    assert wire.closing


async def test_the_body_comes_as_far_as_it_is_there(cycle):
    asking = cycle()
    asgi = AsgiExchange(asking)
    asking.body(b"one")
    asking.body(b"two")
    assert await asgi.receive() == {"type": "http.request", "body": b"onetwo", "more_body": True}
    waiting = asyncio.ensure_future(asgi.receive())
    await asyncio.sleep(0)
    assert not waiting.done()
    asking.body_ended()
    assert await waiting == {"type": "http.request", "body": b"", "more_body": False}


async def test_whoever_waits_for_more_hears_that_the_caller_left(cycle):
    asking = cycle()
    asgi = AsgiExchange(asking)
    waiting = asyncio.ensure_future(asgi.receive())
    await asyncio.sleep(0)
    asking.disconnected = True
    asking.tell()
    assert await waiting == {"type": "http.disconnect"}


async def test_a_body_nobody_asks_for_is_not_read_on(cycle, wire):
    asking = cycle()
    asgi = AsgiExchange(asking)
    asking.body(bytes(UNREAD_BYTES))
    assert wire.reading
    asking.body(b"x")
    assert not wire.reading
    assert len((await asgi.receive())["body"]) == UNREAD_BYTES + 1
    assert wire.reading


async def test_a_caller_that_asks_first_is_told_to_go_on_once(cycle, wire):
    asking = cycle(expects=True)
    asgi = AsgiExchange(asking)
    asking.body(b"x")
    await asgi.receive()
    asking.body(b"y")
    await asgi.receive()
    assert wire.written == [b"HTTP/1.1 100 Continue\r\n\r\n"]


async def test_a_caller_that_is_refused_at_once_is_not_told_to_go_on(cycle, wire):
    refusing = cycle(expects=True)
    asgi = AsgiExchange(refusing)
    await asgi.send(_start((b"content-length", b"0"), status=401))
    await asgi.send(_body())
    await asgi.receive()
    await turned()
    assert b"100 Continue" not in b"".join(wire.written)


async def test_nothing_is_sent_to_a_caller_that_left(cycle, wire):
    answering = cycle()
    asgi = AsgiExchange(answering)
    answering.disconnected = True
    await asgi.send(_start())
    assert wire.written == []


# ------------------------------------------------------------------ as our own applications use it
@pytest.mark.parametrize("begun", [False, True])
async def test_nothing_that_our_applications_say_is_sent_to_a_caller_that_left(cycle, wire, begun):
    answering = cycle()
    if begun:
        await answering.begin(200, b"")
        answering.flush()
    answering.disconnected = True
    before = len(wire.written)
    if begun:
        await answering.end(b"x")
        await turned()
    else:
        await answering.whole(200, b"", b"x")
        await answering.stream(200, b"", b"x", b"")
        await answering.begin(200, b"")
        answering.flush()
        assert not answering.response_started
    assert len(wire.written) == before
    assert not answering.response_complete


async def test_the_body_of_a_request_that_has_its_answer_is_nobody_s(cycle):
    answered = cycle()
    answered.body(b"x")
    answered.body_ended()
    await answered.whole(413, b"", b"")
    assert answered.at_hand() is None
    assert await answered.read() is None


@pytest.mark.parametrize("over", ["left", "answered"])
async def test_nobody_waits_for_the_body_of_a_request_that_is_over(cycle, over):
    asking = cycle()
    if over == "left":
        asking.disconnected = True
    else:
        await asking.whole(413, b"", b"")
    async with asyncio.timeout(5):
        assert await asking.read() is None


async def test_a_connection_that_closes_is_not_told_to_go_on(cycle, wire):
    asking = cycle(expects=True)
    asking.body_ended()
    wire.close()
    await asking.read()
    assert wire.written == []


async def test_a_whole_answer_has_its_length_and_leaves_in_one_write(cycle, wire):
    answering = cycle()
    await answering.whole(200, b"x-told: 1\r\n", b"ok")
    await turned()
    [sent] = wire.written
    assert sent.endswith(b"x-told: 1\r\ncontent-length: 2\r\n\r\nok")
    assert answering.response_started
    assert answering.response_complete


async def test_head_gets_the_length_and_not_the_body(cycle, wire):
    await cycle("HEAD").whole(200, b"", b"12345")
    await turned()
    assert wire.written[0].endswith(b"content-length: 5\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
async def test_what_has_no_body_has_no_length(cycle, wire, status):
    await cycle().whole(status, b"", b"x")
    await turned()
    assert b"content-length" not in wire.written[0]
    assert wire.written[0].endswith(b"\r\n\r\n")


async def test_an_answer_begins_once(cycle):
    answering = cycle()
    await answering.begin(200, b"")
    with pytest.raises(WrongMessage):
        await answering.begin(200, b"")
    with pytest.raises(WrongMessage):
        await answering.whole(200, b"", b"x")


async def test_a_stream_is_told_piece_by_piece(cycle, wire):
    answering = cycle()
    await answering.begin(200, b"")
    assert answering.take(b"one")
    await answering.piece(b"two")
    assert answering.take(b"")
    await answering.end(b"last")
    await turned()
    assert b"".join(wire.written).endswith(b"chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n4\r\nlast\r\n0\r\n\r\n")
    assert answering.response_complete


async def test_a_stream_that_is_all_there_leaves_in_one_write(cycle, wire):
    answering = cycle()
    await answering.begin(200, b"")
    answering.take(b"one")
    await answering.end(b"two")
    assert not wire.written
    await turned()
    [sent] = wire.written
    assert sent.endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


async def test_answers_of_one_turn_leave_together_in_the_order_they_were_given(wire, cycle):
    first, second = cycle(), cycle()
    second._state = first._state
    await first.whole(200, b"", b"one")
    await second.whole(200, b"", b"two")
    assert not wire.written
    await turned()
    assert [sent[-3:] for sent in wire.written] == [b"one", b"two"]


async def test_what_is_larger_than_is_held_leaves_at_once(cycle, wire):
    await cycle().whole(200, b"", bytes(HELD_BYTES))
    assert len(wire.written) == 1
    await turned()
    assert len(wire.written) == 1


async def test_a_whole_stream_is_one_chunk_in_one_write(cycle, wire):
    answering = cycle()
    await answering.stream(200, b"x-told: 1\r\n", b"all ", b"of it")
    await turned()
    [sent] = wire.written
    assert sent.endswith(b"x-told: 1\r\ntransfer-encoding: chunked\r\n\r\n9\r\nall of it\r\n0\r\n\r\n")
    assert answering.response_started
    assert answering.response_complete


async def test_a_whole_stream_has_no_chunks_in_http_1_0_and_ends_with_the_connection(cycle, wire):
    await cycle(version="1.0", keep_alive=False).stream(200, b"", b"all ", b"of it")
    [sent] = wire.written
    assert b"chunked" not in sent
    assert sent.endswith(b"\r\n\r\nall of it")
    assert wire.closing


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_head_gets_nothing_of_a_whole_stream(cycle, wire, version):
    await cycle("HEAD", version=version).stream(200, b"", b"all ", b"of it")
    await turned()
    [sent] = wire.written
    assert sent.endswith(b"\r\n\r\n")
    assert b"all" not in sent


async def test_a_whole_stream_for_a_caller_that_left_goes_nowhere(cycle, wire):
    answering = cycle()
    answering.disconnected = True
    await answering.stream(200, b"", b"all ", b"of it")
    await turned()
    assert not wire.written


async def test_the_last_answer_of_a_connection_leaves_before_it_closes(cycle, wire):
    await cycle(keep_alive=False).whole(200, b"", b"last")
    assert wire.closing
    assert wire.written[0].endswith(b"last")


@pytest.mark.parametrize(("untaken", "told"), [(0, []), (1, ["unsent"])])
async def test_what_a_caller_has_not_taken_is_watched_from_the_moment_it_was_sent(cycle, wire, untaken, told):
    heard = []
    await cycle(unsent=lambda: heard.append("unsent")).whole(200, b"", b"x")
    wire.untaken = untaken
    assert heard == []
    await turned()
    assert heard == told


async def test_a_beginning_waits_for_nothing_but_the_loop_to_turn(cycle, wire):
    answering = cycle()
    await answering.begin(200, b"")
    answering.take(b"one")
    assert not wire.written
    await asyncio.sleep(0)
    assert wire.written[0].endswith(b"\r\n\r\n3\r\none\r\n")
    answering.take(b"two")
    assert wire.written[1:] == [b"3\r\ntwo\r\n"]


async def test_no_more_than_a_bound_of_a_beginning_is_held(cycle, wire):
    answering = cycle()
    await answering.begin(200, b"")
    answering.take(bytes(HELD_BYTES // 2))
    assert not wire.written
    answering.take(bytes(HELD_BYTES // 2))
    assert len(wire.written) == 1
    answering.take(b"x")
    assert len(wire.written) == 2


@pytest.mark.parametrize("gone", ["disconnected", "closing"])
async def test_a_beginning_for_a_caller_that_left_meanwhile_goes_nowhere(cycle, wire, gone):
    answering = cycle()
    await answering.begin(200, b"")
    answering.disconnected, wire.closing = gone == "disconnected", gone == "closing"
    await asyncio.sleep(0)
    assert not wire.written


async def test_http_1_0_knows_no_chunks(cycle, wire):
    answering = cycle(version="1.0", keep_alive=False)
    await answering.begin(200, b"")
    answering.take(b"one")
    await answering.end(b"two")
    [sent] = wire.written
    assert b"chunked" not in sent
    assert sent.endswith(b"\r\n\r\nonetwo")
    assert wire.closing


async def test_what_the_caller_cannot_take_now_is_not_taken_and_waits_as_a_piece(cycle, wire):
    answering = cycle()
    await answering.begin(200, b"")
    answering.flush()
    answering._flow.pause_writing()
    assert not answering.take(b"one")
    waiting = asyncio.ensure_future(answering.piece(b"one"))
    await asyncio.sleep(0)
    assert len(wire.written) == 1
    answering._flow.resume_writing()
    await waiting
    assert wire.written[1:] == [b"3\r\none\r\n"]


@pytest.mark.parametrize("answer", ["whole", "stream", "begin", "end"])
async def test_an_answer_waits_for_a_caller_that_takes_nothing(cycle, wire, answer):
    answering = cycle()
    if answer == "end":
        await answering.begin(200, b"")
        answering.flush()
    answering._flow.pause_writing()
    arguments = {
        "whole": (200, b"", b"x"),
        "stream": (200, b"", b"x", b"y"),
        "begin": (200, b""),
        "end": (b"x",),
    }[answer]
    waiting = asyncio.ensure_future(getattr(answering, answer)(*arguments))
    await asyncio.sleep(0)
    assert not waiting.done()
    before = len(wire.written)
    answering._flow.resume_writing()
    await waiting
    answering.flush()
    assert len(wire.written) == before + 1


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_head_gets_nothing_of_a_stream_that_comes_in_pieces(cycle, wire, version):
    answering = cycle("HEAD", version=version)
    await answering.begin(200, b"")
    answering.flush()
    await answering.piece(b"one")
    await answering.end(b"two")
    await turned()
    [sent] = wire.written
    assert sent.endswith(b"\r\n\r\n")
    assert answering.response_complete


async def test_a_status_that_no_standard_names_is_sent_as_a_number(cycle, wire):
    answering = cycle()
    await answering.whole(529, b"", b"")
    await turned()
    assert wire.written[0].startswith(b"HTTP/1.1 529 \r\n")


async def test_whoever_waits_for_more_of_a_body_hears_that_the_answer_is_complete(cycle):
    refusing = cycle()
    reading = asyncio.ensure_future(refusing.read())
    await asyncio.sleep(0)
    await refusing.whole(413, b"", b"")
    async with asyncio.timeout(5):
        assert await reading is None


async def test_an_answer_that_ends_after_its_connection_was_told_enough_tells_it_nothing(cycle):
    told = []
    answering = cycle(answered=lambda: told.append("answered"))
    answering.part()
    await answering.whole(200, b"", b"")
    assert told == []


async def test_pieces_for_a_caller_that_left_are_taken_and_go_nowhere(cycle, wire):
    answering = cycle()
    await answering.begin(200, b"")
    answering.flush()
    answering._flow.pause_writing()
    answering.disconnected = True
    assert answering.take(b"one")
    await answering.piece(b"two")
    await answering.end(b"three")
    assert len(wire.written) == 1


@pytest.mark.parametrize("comes", ["a piece", "the end"])
async def test_whoever_reads_wakes_when_something_comes(cycle, comes):
    asking = cycle()
    reading = asyncio.ensure_future(asking.read())
    await asyncio.sleep(0)
    if comes == "a piece":
        asking.body(b"one")
    else:
        asking.body_ended()
    async with asyncio.timeout(5):
        assert await reading == (b"one" if comes == "a piece" else b"")


async def test_the_body_is_at_hand_once_all_of_it_has_come(cycle):
    asking = cycle()
    asking.body(b"one")
    assert asking.at_hand() is None
    asking.body(b"two")
    asking.body_ended()
    assert asking.at_hand() == b"onetwo"


async def test_the_body_of_a_caller_that_waits_to_be_told_to_go_on_is_to_be_read(cycle, wire):
    asking = cycle(expects=True)
    asking.body(b"one")
    asking.body_ended()
    assert asking.at_hand() is None
    assert await asking.read() == b"one"
    assert wire.written == [b"HTTP/1.1 100 Continue\r\n\r\n"]


async def test_the_body_of_a_caller_that_left_is_nobody_s(cycle):
    asking = cycle()
    asking.body_ended()
    asking.disconnected = True
    assert asking.at_hand() is None
    assert await asking.read() is None


class Clockwork:
    """A loop whose time is moved by hand; it makes no tasks."""

    def __init__(self):
        self.now, self.due = 0.0, None

    def time(self):
        return self.now

    def call_later(self, delay, act):
        self.due = (self.now + delay, act)
        return self

    def cancel(self):
        self.due = None

    def fire(self):
        (self.now, act), self.due = self.due, None
        act()


@pytest.fixture
def resting(wire):
    connection = Connection(None, State(), Clockwork(), ConnectionLimits())
    connection._transport = wire
    connection._rest()
    return connection


def test_a_connection_that_rests_for_its_time_is_closed(resting, wire):
    resting._loop.fire()
    assert resting._loop.now == KEEP_ALIVE_SECONDS
    assert wire.closing


def test_the_time_counts_from_the_last_answer(resting, wire):
    resting._loop.now = 60.0
    resting._rest()
    resting._loop.fire()
    assert (resting._loop.now, wire.closing) == (KEEP_ALIVE_SECONDS, False)
    resting._loop.fire()
    assert (resting._loop.now, wire.closing) == (60.0 + KEEP_ALIVE_SECONDS, True)


def test_a_connection_that_works_does_not_rest(resting, wire):
    resting._idle_since = None
    resting._loop.fire()
    assert resting._loop.due is None
    assert not wire.closing
