"""Streams in both dialects: however their bytes are cut, the caller gets the same."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspare.dialects import openai_chat
from hotspare.dialects.call import Call
from hotspare.dialects.exchange import EXCHANGES
from hotspare.dialects.sse import EventTooLarge, ServerSentEvent, SseParser
from hotspare.router.trigger import Trigger, Usage

TEXT = "naïve — 日本語 🙂🏽 \u200b\u202e \x1b[2J end"
PIECES = [TEXT[at : at + 3] for at in range(0, len(TEXT), 3)]


def chunk(delta, finish=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c1", "model": "m", "choices": choices} | more


CHAT = [
    *[chunk({"role": "assistant", "content": ""})],
    *[chunk({"content": piece}) for piece in PIECES],
    chunk({}, "stop"),
    chunk(
        None, usage={"prompt_tokens": 11, "completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 2}}
    ),
]
MESSAGES = [
    {"type": "message_start", "message": {"id": "m1", "model": "m", "usage": {"input_tokens": 11, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    *[{"type": "content_block_delta", "delta": {"type": "text_delta", "text": piece}} for piece in PIECES],
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]


def encode(events, *, end="\n", space=" ", mark=b"", comments=False, fields=False, indent=None, done=True):
    out = []
    for event in [*events, *(["[DONE]"] if done else [])]:
        data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False, indent=indent)
        lines = [": keep-alive", ""] if comments else []
        lines += [f"id:{space}7", f"retry:{space}3000"] if fields else []
        lines += [f"data:{space}{line}" for line in data.split("\n")]
        out.append(end.join(lines) + end * 2)
    return mark + "".join(out).encode()


def stream_of(dialect, *, wants_usage=False):
    call = Call("openai", "chat", {}, "m", stream=True, wants_usage=wants_usage)
    return EXCHANGES["chat", "openai", dialect].stream(call, 1_700_000_000)


def forward(dialect, pieces, *, wants_usage=False):
    stream = stream_of(dialect, wants_usage=wants_usage)
    out = b""
    for piece in pieces:
        out += stream.feed(piece)
        if stream.ended:
            break
    return stream, out + stream.close()


RECORDED = {
    "openai": encode(CHAT),
    "anthropic": encode(MESSAGES, done=False),
}


def cuts_of(data, positions):
    edges = [0, *sorted(positions), len(data)]
    return [data[one:other] for one, other in pairwise(edges)]


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@settings(max_examples=40)
@given(data=st.data())
def test_however_a_recorded_answer_is_cut_its_text_usage_and_end_are_the_same(dialect, end, data):
    recorded = RECORDED[dialect].replace(b"\n", end.encode())
    positions = data.draw(st.lists(st.integers(0, len(recorded)), max_size=40))
    whole_stream, whole = forward(dialect, [recorded], wants_usage=True)
    cut_stream, cut = forward(dialect, cuts_of(recorded, positions), wants_usage=True)
    assert cut == whole
    assert openai_chat.text_of_piece(cut) == TEXT
    assert cut_stream.usage == whole_stream.usage
    assert (cut_stream.usage.input, cut_stream.usage.output) == (11, 7)
    assert cut_stream.failure is None
    assert cut_stream.complete


@pytest.mark.parametrize(
    "style",
    [
        {},
        {"end": "\r\n"},
        {"end": "\r"},
        {"comments": True},
        {"mark": b"\xef\xbb\xbf"},
        {"indent": 2},
        {"space": ""},
        {"fields": True},
        {"done": False},
        {"end": "\r\n", "comments": True, "fields": True, "indent": 1, "space": "", "mark": b"\xef\xbb\xbf"},
    ],
)
@pytest.mark.parametrize("bytewise", [False, True])
def test_every_legal_way_to_write_events_is_read(style, bytewise):
    recorded = encode(CHAT, **style)
    pieces = [recorded[at : at + 1] for at in range(len(recorded))] if bytewise else [recorded]
    stream, out = forward("openai", pieces)
    assert openai_chat.text_of_piece(out) == TEXT
    assert stream.failure is None
    assert b"\x1b" not in out
    relayed = [json.loads(event.removeprefix(b"data: ")) for event in out.removesuffix(b"\n\n").split(b"\n\n")]
    assert relayed == CHAT[:-1]


def test_events_are_relayed_byte_for_byte():
    odd = b'data: {"choices" : [{"delta":{"content":"\\u00e9"}, "x": 1.0e-7, "finish_reason":"stop"}] }\n\n'
    assert forward("openai", [odd])[1] == odd


def test_nothing_is_released_before_the_first_content():
    stream = stream_of("openai")
    assert stream.feed(encode([chunk({"role": "assistant", "content": ""})], done=False)) == b""
    assert not stream.content
    released = stream.feed(encode([chunk({"content": "x"})], done=False))
    assert released.count(b"data: ") == 2


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"reasoning_content": "x"},
        {"reasoning": "x"},
        {"refusal": "no"},
        {"content": None, "tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]},
        {"content": [{"type": "thinking"}]},
    ],
)
def test_content_is_text_reasoning_refusal_or_a_tool_call(delta):
    stream = stream_of("openai")
    stream.feed(encode([chunk(delta)], done=False))
    assert stream.content


@pytest.mark.parametrize(
    "delta", [{"role": "assistant"}, {"content": ""}, {"content": None, "tool_calls": []}, {"reasoning": ""}, {}]
)
def test_a_role_or_nothing_is_not_content(delta):
    stream = stream_of("openai")
    stream.feed(encode([chunk(delta)], done=False))
    assert not stream.content


@pytest.mark.parametrize(
    ("events", "done", "trigger"),
    [
        ([], False, Trigger.stream_cut),
        ([chunk({"role": "assistant"})], False, Trigger.stream_cut),
        ([chunk({"content": "x"})], False, Trigger.stream_cut),
        ([chunk({"content": "x"})], True, None),
        ([chunk({"content": "x"}, "stop")], False, None),
        ([chunk({"content": "x"}, "")], False, Trigger.stream_cut),
        ([chunk({}, "stop")], True, Trigger.empty),
        ([], True, Trigger.empty),
        ([chunk({}, "length")], True, None),
        ([chunk({}, "content_filter")], False, None),
    ],
)
def test_how_a_chat_stream_ended(events, done, trigger):
    stream, _ = forward("openai", [encode(events, done=done)])
    assert (stream.failure and stream.failure.trigger) is trigger


def test_nothing_that_follows_the_end_is_forwarded():
    late = encode([chunk({"content": "late"})], done=False)
    assert b"late" not in forward("openai", [encode([chunk({"content": "x"}, "stop")]) + late])[1]
    assert b"late" not in forward("openai", [encode([{"error": {"message": "m"}}], done=False) + late])[1]


def test_words_after_a_choice_has_ended_do_not_begin_it_again():
    events = [chunk({"content": "x"}), chunk({}, "stop"), chunk({"content": ""})]
    assert forward("openai", [encode(events, done=False)])[0].failure is None


def test_an_answer_that_ends_without_content_by_the_caller_s_limit_is_released_whole():
    events = encode([chunk({"role": "assistant"}), chunk({}, "length")], done=False)
    assert forward("openai", [events])[1] == events


def test_two_choices_are_complete_when_both_are():
    def both(index, delta, finish=None):
        return {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}

    begun = [both(0, {"content": "a"}), both(1, {"content": "b"}), both(0, {}, "stop")]
    assert forward("openai", [encode(begun, done=False)])[0].failure.trigger is Trigger.stream_cut
    assert forward("openai", [encode([*begun, both(1, {}, "stop")], done=False)])[0].failure is None


@pytest.mark.parametrize(
    "bad",
    [
        b'data: {"id": "x", "choi\n\n',
        b'data: {"choices":[{"delta":{"content":"\xff\xfe\xc3("}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"a\x1bb"}}]}\n\n',
        b"data: 17\n\n",
        b"data: " + b"[" * 5000 + b"\n\n",
    ],
)
def test_an_event_that_cannot_be_read_is_left_out_and_counted(bad):
    stream, out = forward("openai", [encode(CHAT[:3], done=False), bad, encode(CHAT[3:])])
    assert openai_chat.text_of_piece(out) == TEXT
    assert (stream.skipped, stream.failure) == (1, None)
    assert b"\x1b" not in out


@pytest.mark.parametrize(
    ("dialect", "error", "trigger"),
    [
        ("openai", b'data: {"error": {"message": "m", "type": "server_error"}}\n\n', Trigger.server_error),
        ("openai", b'data: {"error": {"message": "m", "code": 429}}\n\n', Trigger.rate_limit),
        ("openai", b'data: {"error": {"message": "m", "code": "rate_limit_exceeded"}}\n\n', Trigger.rate_limit),
        ("openai", b'data: {"error": "out of memory"}\n\n', Trigger.server_error),
        ("openai", b'event: error\ndata: {"message": "m", "type": "overloaded_error"}\n\n', Trigger.overloaded),
        ("openai", b'data: {"error": {"message": "m", "code": "invalid_api_key"}}\n\n', Trigger.auth),
        (
            "anthropic",
            b'data: {"type":"error","error":{"type":"overloaded_error","message":"m"}}\n\n',
            Trigger.overloaded,
        ),
        (
            "anthropic",
            b'data: {"type":"error","error":{"type":"rate_limit_error","message":"m"}}\n\n',
            Trigger.rate_limit,
        ),
        ("anthropic", b'data: {"type":"error","error":{"type":"api_error","message":"m"}}\n\n', Trigger.server_error),
    ],
)
def test_an_error_event_is_the_failure_it_stands_for(dialect, error, trigger):
    stream = stream_of(dialect)
    assert stream.feed(error) == b""
    assert stream.failure.trigger is trigger
    assert stream.ended


def test_an_error_that_is_null_is_none():
    assert forward("openai", [encode([chunk({"content": "x"}, "stop", error=None)])])[0].failure is None


@pytest.mark.parametrize(("wants_usage", "times"), [(False, 0), (True, 1)])
@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_the_usage_event_reaches_who_asked_for_it_once(dialect, wants_usage, times):
    stream, out = forward(dialect, [RECORDED[dialect]], wants_usage=wants_usage)
    assert out.count(b'"prompt_tokens"') == times
    assert stream.usage is not None


def test_usage_that_comes_twice_counts_once():
    events = [*CHAT[:-1], chunk({}, usage={"prompt_tokens": 1, "completion_tokens": 2}), CHAT[-1]]
    assert forward("openai", [encode(events)])[0].usage == Usage(input=11, output=7, reasoning=2)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("refusal", "content_filter")],
)
def test_an_anthropic_stop_reason_is_told_in_chat_s_words(reason, finish):
    events = [*MESSAGES[:-2], {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {}}, MESSAGES[-1]]
    _, out = forward("anthropic", [encode(events, done=False)])
    assert json.loads(out.split(b"\n\n")[-2][6:])["choices"][0]["finish_reason"] == finish


def test_an_anthropic_stream_without_its_stop_was_cut():
    stream, out = forward("anthropic", [encode(MESSAGES[:-2], done=False)])
    assert stream.failure.trigger is Trigger.stream_cut
    assert openai_chat.text_of_piece(out) == TEXT


def test_one_event_is_bounded(monkeypatch):
    monkeypatch.setattr("hotspare.dialects.sse.EVENT_BYTES", 1000)
    parser = SseParser()
    parser.feed(b"data: " + b"x" * 900)
    with pytest.raises(EventTooLarge):
        parser.feed(b"y" * 100)
    lines = SseParser()
    for _ in range(200):
        lines.feed(b"data:\n")
    with pytest.raises(EventTooLarge):
        lines.feed(b"data:\n")


@pytest.mark.parametrize("cut", [1, 4, 8, 12])
def test_a_long_stream_of_small_events_is_not(monkeypatch, cut):
    monkeypatch.setattr("hotspare.dialects.sse.EVENT_BYTES", 100)
    parser, event = SseParser(), b"data: 12345\n\n"
    assert sum(len(parser.feed(event[:cut]) + parser.feed(event[cut:])) for _ in range(100)) == 100


def test_lines_that_are_no_data_make_no_event():
    assert SseParser().feed(b": c\n\nid: 1\n\nevent: x\n\nretry: 5\n\nfoo\n\n") == []
    assert SseParser().feed(b"event: x\ndata: 1\ndata: 2\n\n") == [ServerSentEvent(b"x", b"1\n2")]
