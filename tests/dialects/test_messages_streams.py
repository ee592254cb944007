"""Streams for callers of messages: relayed from models of their dialect, written for models of chat."""

import json

import pytest

from hotspare.dialects import anthropic_messages
from hotspare.dialects.call import Call
from hotspare.dialects.exchange import EXCHANGES
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

START = {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 11}}}
TEXT_BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
HELLO = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}}
BLOCK_END = {"type": "content_block_stop", "index": 0}
ENDING = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}
END = {"type": "message_stop"}
PING = {"type": "ping"}


def event(data, named=True):
    head = f"event: {data['type']}\n" if named else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def chunk(delta=None, finish=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return f"data: {json.dumps({'id': 'c1', 'model': 'm', 'choices': choices} | more)}\n\n".encode()


def relayed():
    return EXCHANGES["chat", "anthropic", "anthropic"].stream(Call("anthropic", "chat", {}, "m", stream=True), 1)


def crossed(**fields):
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True} | fields
    call = anthropic_messages.read_request(json.dumps(body).encode(), {})
    return EXCHANGES["chat", "anthropic", "openai"].stream(call, 1)


def read(stream_bytes):
    return [json.loads(part.split(b"data: ", 1)[1]) for part in stream_bytes.split(b"\n\n")[:-1]]


# ------------------------------------------------------------------ relayed
def test_nothing_is_released_before_the_first_content_and_everything_is_kept():
    stream = relayed()
    for quiet in (START, PING, TEXT_BLOCK):
        assert stream.feed(event(quiet)) == b""
        assert not stream.content
    assert stream.feed(event(HELLO)) == b"".join(map(event, (START, PING, TEXT_BLOCK, HELLO)))
    assert stream.feed(event(PING)) == event(PING)
    assert stream.feed(event(BLOCK_END) + event(ENDING)) == event(BLOCK_END) + event(ENDING)
    assert not stream.ended
    assert stream.feed(event(END)) == b""
    assert (stream.ended, stream.complete, stream.failure) == (True, True, None)
    assert stream.tail == event(END)
    assert stream.usage == Usage(input=11, output=7)


def test_the_last_event_goes_out_as_it_came():
    stream = relayed()
    stream.feed(b"".join(map(event, (START, TEXT_BLOCK, HELLO, BLOCK_END, ENDING))))
    stream.feed(event(END | {"metrics": {"latency": 3}}))
    assert stream.tail == event(END | {"metrics": {"latency": 3}})


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t", "name": "f"}}],
        [{"type": "content_block_start", "index": 0, "content_block": {"type": "redacted_thinking", "data": "x"}}],
        [{"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}],
        [{"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{"}}],
    ],
)
def test_reasoning_and_tool_calls_are_content(content):
    stream = relayed()
    stream.feed(event(START) + b"".join(map(event, content)))
    assert stream.content


@pytest.mark.parametrize(
    "quiet",
    [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "E"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": ""}},
        {"type": "novelty"},
    ],
)
def test_what_says_nothing_yet_is_none(quiet):
    stream = relayed()
    assert stream.feed(event(START) + event(quiet)) == b""
    assert not stream.content


def test_a_server_that_leaves_out_the_events_names_is_read_and_put_right():
    stream = relayed()
    sent = (START, TEXT_BLOCK, HELLO, BLOCK_END, ENDING)
    assert stream.feed(b"".join(event(one, named=False) for one in sent)) == b"".join(map(event, sent))


@pytest.mark.parametrize("before", [[START], [START, TEXT_BLOCK, HELLO]])
def test_an_error_event_is_that_error(before):
    stream = relayed()
    stream.feed(b"".join(map(event, before)))
    stream.feed(b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n')
    assert stream.failure.trigger is Trigger.overloaded
    assert stream.failure.usage == Usage(input=11, begun=True)


def test_a_stream_without_an_end_is_cut_and_one_without_content_is_empty():
    stream = relayed()
    stream.feed(b"".join(map(event, (START, TEXT_BLOCK, HELLO))))
    stream.close()
    assert stream.failure.trigger is Trigger.stream_cut
    stream = relayed()
    stream.feed(b"".join(map(event, (START, ENDING, END))))
    stream.close()
    assert stream.failure.trigger is Trigger.empty


@pytest.mark.parametrize("reason", ["max_tokens", "refusal"])
def test_some_ends_are_an_answer_without_content(reason):
    stream = relayed()
    stream.feed(event(START) + event(ENDING | {"delta": {"stop_reason": reason}}) + event(END))
    assert stream.close() == event(START) + event(ENDING | {"delta": {"stop_reason": reason}})
    assert stream.failure is None


# ------------------------------------------------------------------ written for models of chat
def test_usage_that_is_told_after_the_end_is_in_the_last_events():
    stream = crossed()
    out = stream.feed(chunk({"role": "assistant", "content": ""}))
    assert out == b""
    out = stream.feed(chunk({"content": "hello"}))
    assert [data["type"] for data in read(out)] == ["message_start", "content_block_start", "content_block_delta"]
    out = stream.feed(
        chunk({}, "stop") + chunk(usage={"prompt_tokens": 11, "completion_tokens": 7}) + b"data: [DONE]\n\n"
    )
    assert out == b""
    told = read(stream.tail)
    assert [data["type"] for data in told] == ["content_block_stop", "message_delta", "message_stop"]
    assert told[1]["delta"]["stop_reason"] == "end_turn"
    assert (told[1]["usage"]["input_tokens"], told[1]["usage"]["output_tokens"]) == (11, 7)


def call_of(index, fragment, **begun):
    function = {"arguments": fragment} | ({"name": begun["name"]} if begun else {})
    return chunk({"tool_calls": [{"index": index, "function": function} | ({"id": begun["id"]} if begun else {})]})


def test_calls_that_are_told_in_turns_are_each_put_together():
    stream = crossed()
    out = stream.feed(
        chunk({"content": "look"})
        + call_of(0, "", id="a", name="f")
        + call_of(1, '{"y"', id="b", name="g")
        + call_of(0, '{"x":1}')
        + call_of(1, ":2}")
        + chunk({}, "stop")
    )
    told = read(out + stream.tail)
    begun = {data["index"]: data["content_block"] for data in told if data["type"] == "content_block_start"}
    assert [(block["type"], block.get("id"), block.get("name")) for block in begun.values()] == [
        ("text", None, None),
        ("tool_use", "a", "f"),
        ("tool_use", "b", "g"),
    ]
    arguments = {}
    for data in told:
        if data["type"] == "content_block_delta" and data["delta"]["type"] == "input_json_delta":
            arguments[data["index"]] = arguments.get(data["index"], "") + data["delta"]["partial_json"]
    assert arguments == {1: '{"x":1}', 2: '{"y":2}'}
    assert sorted(data["index"] for data in told if data["type"] == "content_block_stop") == [0, 1, 2]
    assert told[-2]["delta"]["stop_reason"] == "tool_use"


def test_a_server_without_indexes_is_read_by_its_ids():
    stream = crossed()
    calls = [{"id": one, "function": {"name": "f", "arguments": "{}"}} for one in ("a", "b")]
    out = stream.feed(chunk({"tool_calls": calls}) + chunk({}, "tool_calls"))
    begun = [data["content_block"]["id"] for data in read(out) if data["type"] == "content_block_start"]
    assert begun == ["a", "b"]


def test_reasoning_is_shown_to_those_who_asked_and_signed_as_ours():
    pieces = chunk({"reasoning_content": "hm"}) + chunk({"content": "yes"}) + chunk({}, "stop")
    quiet = crossed()
    told = read(quiet.feed(pieces) + quiet.tail)
    assert [data["content_block"]["type"] for data in told if data["type"] == "content_block_start"] == ["text"]
    shown = crossed(thinking={"type": "adaptive"})
    told = read(shown.feed(pieces) + shown.tail)
    assert [data["content_block"]["type"] for data in told if data["type"] == "content_block_start"] == [
        "thinking",
        "text",
    ]
    signed = [data["delta"] for data in told if data.get("delta", {}).get("type") == "signature_delta"]
    assert signed == [{"type": "signature_delta", "signature": "hotspare"}]


IN_PARTS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "h"}, {"type": "text", "text": "m"}]},
    {"type": "text", "text": "yes"},
    {"type": "reference", "text": "no"},
]


def test_content_that_is_told_in_parts_is_read():
    asked = crossed(thinking={"type": "adaptive"})
    told = read(asked.feed(chunk({"content": IN_PARTS[:1]}) + chunk({"content": IN_PARTS[1:]}) + chunk({}, "stop")))
    deltas = [data["delta"] for data in told if data["type"] == "content_block_delta"]
    assert [delta.get("thinking") or delta.get("text") for delta in deltas] == ["hm", None, "yes"]

    exchange = EXCHANGES["chat", "anthropic", "openai"]
    call = anthropic_messages.read_request(b'{"model":"m","messages":[{}],"thinking":{"type":"adaptive"}}', {})
    body = {"choices": [{"message": {"content": IN_PARTS}, "finish_reason": "stop"}]}
    content = json.loads(exchange.answer(call, json.dumps(body).encode(), 1).body)["content"]
    assert [block.get("thinking") or block.get("text") for block in content] == ["hm", "yes"]


def test_only_the_first_choice_is_told():
    stream = crossed()
    other = json.dumps(
        {"choices": [{"index": 1, "delta": {"content": "other"}}, {"index": 0, "delta": {"content": "one"}}]}
    )
    told = read(stream.feed(f"data: {other}\n\n".encode()))
    assert [data["delta"]["text"] for data in told if data["type"] == "content_block_delta"] == ["one"]


def test_a_chat_stream_that_ends_without_content_still_names_its_role():
    call = Call("openai", "chat", {}, "m", stream=True)
    stream = EXCHANGES["chat", "openai", "anthropic"].stream(call, 1)
    stream.feed(event(START) + event(ENDING | {"delta": {"stop_reason": "refusal"}}))
    first, last, _usage = read(stream.close())
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert last["choices"][0]["finish_reason"] == "content_filter"


def test_reasoning_alone_lets_the_stream_begin():
    stream = crossed()
    assert [data["type"] for data in read(stream.feed(chunk({"reasoning_content": "hm"})))] == ["message_start"]
    assert stream.content


def test_a_whole_answer_is_streamed_to_who_asked_for_a_stream():
    exchange = EXCHANGES["chat", "anthropic", "openai"]
    call = anthropic_messages.read_request(
        b'{"model":"m","messages":[{}],"stream":true,"thinking":{"type":"enabled"}}', {}
    )
    message = {
        "content": "yes",
        "reasoning_content": "hm",
        "tool_calls": [{"function": {"name": "f", "arguments": ""}}],
    }
    body = {"id": "c", "model": "m", "choices": [{"message": message, "finish_reason": "stop"}]}
    read_answer = exchange.answer(call, json.dumps(body).encode(), 1)
    told = read(exchange.streamed(call, read_answer.body) + exchange.tail)
    blocks = [data["content_block"]["type"] for data in told if data["type"] == "content_block_start"]
    assert blocks == ["thinking", "text", "tool_use"]
    assert (told[-2]["delta"]["stop_reason"], told[-1]["type"]) == ("tool_use", "message_stop")


def test_an_answer_that_cannot_be_taken_apart_is_not_streamed():
    with pytest.raises(AttemptFailed) as caught:
        anthropic_messages.events_of_answer(b"[" * 100_000)
    assert caught.value.trigger is Trigger.malformed


def test_fragments_before_any_call_say_nothing():
    stream = EXCHANGES["chat", "openai", "anthropic"].stream(Call("openai", "chat", {}, "m", stream=True), 1)
    fragment = {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": ""}}
    tool = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    begin = {"type": "content_block_start", "index": 0, "content_block": tool}
    assert stream.feed(event(START) + event(fragment | {"delta": fragment["delta"] | {"partial_json": "{"}})) == b""
    assert stream.feed(event(begin)).count(b"data: ") == 1
    assert stream.feed(event(fragment)) == b""


@pytest.mark.parametrize(
    ("thinking", "kinds"),
    [(None, ["text"]), ({"type": "disabled"}, ["text"]), ({"type": "enabled"}, ["thinking", "text"])],
)
def test_reasoning_of_a_whole_answer_is_shown_to_those_who_asked(thinking, kinds):
    request = {"model": "m", "messages": [{}], "thinking": thinking}
    call = anthropic_messages.read_request(json.dumps(request).encode(), {})
    body = {"choices": [{"message": {"content": "yes", "reasoning": "hm"}, "finish_reason": "stop"}]}
    answer = json.loads(EXCHANGES["chat", "anthropic", "openai"].answer(call, json.dumps(body).encode(), 1).body)
    assert [block["type"] for block in answer["content"]] == kinds


@pytest.mark.parametrize("arguments", ["", "{", "[1]", '"x"'])
def test_arguments_that_are_no_object_become_one(arguments):
    message = {"content": None, "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": arguments}}]}
    body = json.dumps({"id": "c", "choices": [{"message": message, "finish_reason": "tool_calls"}]}).encode()
    call = anthropic_messages.read_request(b'{"model":"m","messages":[{}]}', {})
    answer = json.loads(EXCHANGES["chat", "anthropic", "openai"].answer(call, body, 1).body)
    assert answer["content"][0]["input"] == ({"arguments": arguments} if arguments else {})


def test_an_answer_that_chat_itself_would_not_take_is_none():
    call = anthropic_messages.read_request(b'{"model":"m","messages":[{}]}', {})
    body = json.dumps({"choices": [{"message": {"content": ["odd"]}}]}).encode()
    with pytest.raises(AttemptFailed) as caught:
        EXCHANGES["chat", "anthropic", "openai"].answer(call, body, 1)
    assert caught.value.trigger is Trigger.malformed
