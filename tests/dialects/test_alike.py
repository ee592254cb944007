"""Events that go on unread: the caller gets what reading each would have given it, and few are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.dialects.alike import Alike
from hotspare.dialects.call import Call
from hotspare.dialects.exchange import EXCHANGES
from hotspare.dialects.stream import LESSONS
from hotspare.router.trigger import Trigger

END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


def stream_of(dialect="openai"):
    call = Call(dialect, "chat", {}, "m", stream=True, wants_usage=False)
    return EXCHANGES["chat", dialect, dialect].stream(call, 1_700_000_000)


def raw(inside, field="content", more=""):
    """An event whose text is put into its string as it is."""
    return (
        f'data: {{"id":"1","choices":[{{"index":0,"delta":{{"{field}":"'.encode()
        + inside
        + b'"}}]%b}\n\n' % more.encode()
    )


def told(stream):
    failure = stream.failure and (stream.failure.trigger, stream.failure.message)
    return stream.content, stream.ended, stream.complete, stream.events, stream.skipped, stream.usage, failure


def given_to(stream, pieces):
    out = b"".join([stream.feed(piece) for piece in pieces])
    return out + stream.close(), told(stream)


@pytest.fixture
def counted(monkeypatch):
    """A stream, and the events that are read of it."""
    stream, read = stream_of(), []
    reader = stream._reader

    class Counted:
        usage = property(lambda _: reader.usage)
        stop = property(lambda _: reader.stop)

        def read(self, event):
            read.append(event)
            return reader.read(event)

    stream._reader = Counted()
    return stream, read


ODD_INSIDES = (
    rb"\u00e9",
    rb"\ud83d\ude00",
    rb"\ud83d",
    rb"\x",
    b'"',
    b"\\",
    b'","role":"x',
    b'"},"finish_reason":"stop","x":{"y":"',
)
FIELDS = ("content", "reasoning_content", "arguments")
ENDINGS = ("", ',"usage":null', ',"usage":{"prompt_tokens":1}', ',"obfuscation":"a"')
ODD_EVENTS = (
    END,
    DONE,
    b"data: {\n\n",
    b": still there\n\n",
    b"event: error\ndata: {}\n\n",
    b'data: {"error":"x"}\n\n',
    b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n',
)
INSIDES = st.one_of(
    st.text(max_size=12).map(lambda text: json.dumps(text)[1:-1].encode()),
    st.text(max_size=12).map(lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "replace")),
    st.binary(max_size=6).filter(lambda data: b"\n" not in data and b"\r" not in data),
    st.sampled_from(ODD_INSIDES),
)
EVENTS = st.one_of(
    st.builds(raw, INSIDES, st.sampled_from(["content", "reasoning", "arguments", "role"])),
    st.builds(raw, INSIDES, more=st.sampled_from(ENDINGS)),
    st.sampled_from(ODD_EVENTS),
)


@given(events=st.lists(EVENTS, max_size=12), whole=st.booleans(), cut=st.integers(1, 200))
def test_the_caller_gets_what_reading_each_event_would_have_given_it(events, whole, cut):
    events = [raw(b"a"), *events, *([END] if whole else [])]
    reading = stream_of()
    reading._lessons = 0
    data = b"".join(events)
    read = given_to(reading, [data])
    assert read == given_to(stream_of(), [data])
    assert read == given_to(stream_of(), events)
    assert read == given_to(stream_of(), [data[at : at + cut] for at in range(0, len(data), cut)])


@given(words=st.lists(st.text(max_size=12), min_size=1), cut=st.integers(1, 200), field=st.sampled_from(FIELDS))
def test_how_much_was_said_is_known_of_events_that_went_on_unread(words, cut, field):
    insides = [json.dumps(word, ensure_ascii=False)[1:-1].encode("utf-8", "replace") for word in words]
    data = raw(b"first") + b"".join(raw(inside, field) for inside in insides)
    said = len(b"first") + sum(map(len, insides))
    for pieces in ([data], [data[at : at + cut] for at in range(0, len(data), cut)]):
        stream = stream_of()
        given_to(stream, pieces)
        assert stream.said_bytes == said
        assert stream.failure.said_bytes == said


def test_padding_is_not_taken_for_something_said():
    stream = stream_of()
    events = [raw(b"word", more=f',"obfuscation":"{"x" * 30}"') for _ in range(100)]
    stream.feed(b"".join(events))
    assert stream.said_bytes == 400


@pytest.mark.parametrize("more", ["", ',"obfuscation":"abc"'])
@pytest.mark.parametrize("field", ["content", "refusal", "role"])
def test_as_much_was_said_wherever_chunks_are_cut(field, more):
    events = [raw(b"first"), *(raw(b"word", field, more) for _ in range(9))]
    said = set()
    for pieces in (events, [b"".join(events)], [b"".join(events[:4]), b"".join(events[4:])]):
        stream = stream_of()
        given_to(stream, pieces)
        said.add(stream.said_bytes)
    assert len(said) == 1


def test_of_events_that_are_alike_few_are_read(counted):
    stream, read = counted
    words = [raw(b"word %d" % at) for at in range(50)]
    assert stream.feed(b"".join([raw(b"first"), *words, END, DONE])) == b"".join([raw(b"first"), *words, END])
    assert len(read) == 3
    assert stream.events == 53


@pytest.mark.parametrize("inside", [b"", b"plain", "naïve 🙂".encode(), rb"\n\t\"\\\/", rb"caf\u00e9", rb"\uFFFF"])
def test_any_text_is_like_any_other(counted, inside):
    stream, read = counted
    stream.feed(raw(b"first"))
    assert stream.feed(raw(inside)) == raw(inside)
    assert len(read) == 1


@pytest.mark.parametrize("inside", [b"\x01", b"\x1f", rb"\a", rb"\u12", rb"\ud800", b'"', b"\xff", b"\xed\xa0\x80"])
def test_text_that_may_be_none_is_read(counted, inside):
    stream, read = counted
    stream.feed(raw(b"first"))
    stream.feed(raw(inside))
    assert len(read) == 2


def test_noise_beside_the_text_makes_no_difference(counted):
    stream, read = counted
    for noise in ("", "abc", "x" * 40):
        event = raw(b"word", more=f',"obfuscation":"{noise}"')
        assert stream.feed(event) == event
    assert len(read) == 1


def test_noise_before_the_text_makes_no_difference_either(counted):
    stream, read = counted
    for noise in (b"", b"abc", b"x" * 40):
        event = raw(b"word").replace(b'{"id"', b'{"obfuscation":"%b","id"' % noise)
        assert stream.feed(event) == event
    assert len(read) == 1


def test_what_follows_an_event_with_noise_is_read(counted):
    stream, read = counted
    event = raw(b"word", more=',"obfuscation":"abc"')
    stream.feed(event)
    assert stream.feed(event + END) == event + END
    assert stream.complete
    assert len(read) == 2


@pytest.mark.parametrize("together", [True, False])
def test_one_quote_is_not_the_end_of_two_strings(counted, together):
    stream, read = counted
    events = [raw(b"a"), raw(b"").replace(b'""', b'"'), raw(b"b")]
    given = [b"".join(events)] if together else events
    assert b"".join(map(stream.feed, given)) == events[0] + events[2]
    assert (len(read), stream.skipped) == (2, 1)


def test_what_comes_inside_an_event_is_a_part_of_it(counted):
    stream, read = counted
    stream.feed(raw(b"a"))
    assert stream.feed(b"data: {") == stream.feed(raw(b"b")) == b""
    assert (len(read), stream.skipped) == (2, 1)


def test_all_choices_of_an_event_say_something():
    stream = stream_of()
    choices = b'{"index":0,"delta":{"content":"abc"}},{"index":1,"delta":{"content":"de"}}'
    event = b'data: {"id":"content","choices":[%b]}\n\n' % choices
    stream.feed(event)
    assert stream.said_bytes == 5
    assert stream.feed(event) == event
    assert stream.said_bytes == 10


@pytest.mark.parametrize(
    "other", [raw(b"a")[:-3] + b" }\n\n", raw(b"a")[:-2] + b"]\n\n", raw(b"a", more=',"x":1'), raw(b"a", "role"), END]
)
def test_what_differs_elsewhere_is_read(counted, other):
    stream, read = counted
    stream.feed(raw(b"a"))
    stream.feed(other)
    assert len(read) == 2


def test_an_event_that_cannot_be_read_is_left_out_among_its_likes():
    stream = stream_of()
    bad = raw(b"c")[:-4] + b"\n\n"
    assert stream.feed(raw(b"a") + raw(b"b") + bad + raw(b"d")) == raw(b"a") + raw(b"b") + raw(b"d")
    assert (stream.events, stream.skipped) == (4, 1)


def test_a_stream_in_which_no_event_is_like_another_is_given_up_on(counted):
    stream, read = counted
    events = [raw(b"word", more=f',"at":{at}') for at in range(LESSONS + 5)]
    events.append(events[-1])
    for event in events:
        assert stream.feed(event) == event
    assert len(read) == len(events)


def test_one_likeness_takes_the_place_of_another(counted):
    stream, read = counted
    for _ in range(LESSONS + 1):
        stream.feed(raw(b"a") + raw(b"b") + raw(b"c", "reasoning") + raw(b"d", "reasoning"))
    assert len(read) == 2 * (LESSONS + 1)


@pytest.mark.parametrize("cut", [1, 7, 100, 1000])
def test_wherever_chunks_are_cut_events_that_are_alike_go_on_unread(counted, cut):
    stream, read = counted
    data = raw(b"first") + b"".join([raw(b"word %d" % at) for at in range(50)]) + END
    assert b"".join([stream.feed(data[at : at + cut]) for at in range(0, len(data), cut)]) == data
    assert len(read) <= 3


def test_a_long_event_in_small_pieces_is_read_as_one(counted):
    stream, read = counted
    data = raw(b"x" * 20_000)
    assert b"".join([stream.feed(data[at : at + 100]) for at in range(0, len(data), 100)]) == data
    assert len(read) == 1


def test_nothing_is_alike_before_there_is_content(counted):
    stream, read = counted
    assert stream.feed(raw(b"") + raw(b"")) == b""
    assert stream.feed(raw(b"a")) == raw(b"") + raw(b"") + raw(b"a")
    assert len(read) == 3


def test_deltas_of_a_message_are_alike():
    stream = stream_of("anthropic")
    name = b"event: content_block_delta\n"
    delta = name + b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}\n\n'
    assert stream.feed(delta % b"a" + delta % b"b" + delta % b"c") == delta % b"a" + delta % b"b" + delta % b"c"
    assert stream._alike.run(delta % b"d", 0) == (len(delta) - 1, 1)
    stream.close()
    assert stream.failure.trigger is Trigger.stream_cut


def test_an_event_without_text_has_no_likeness():
    assert not Alike(b'data: {"choices":[]}')
    assert Alike(b'data: {"choices":[{"delta":{"content":"a"}}]}')
