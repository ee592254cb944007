"""What both dialects can say survives there and back: requests, whole answers, and streams cut anywhere."""

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.exchange import EXCHANGES

CHAT = EXCHANGES["chat", "openai", "anthropic"]
MESSAGES = EXCHANGES["chat", "anthropic", "openai"]
ANTHROPIC = Endpoint("a", "a", "anthropic", "http://127.0.0.1:1", "m")
OPENAI = Endpoint("o", "o", "openai", "http://127.0.0.1:1/v1", "m")
READERS = {"openai": openai_chat.read_request, "anthropic": anthropic_messages.read_request}

words = st.text(min_size=1, max_size=20).filter(str.strip)
ids = st.from_regex(r"\A[a-zA-Z0-9_-]{1,20}\Z")
names = st.from_regex(r"\A[a-zA-Z][a-zA-Z0-9_-]{0,15}\Z")
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words, lambda inner: st.lists(inner, max_size=3)
)
arguments = st.dictionaries(words, plain_json, max_size=3)
pictures = st.one_of(
    st.builds(
        lambda kind, data: {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{data}"}},
        st.sampled_from(["png", "jpeg", "webp"]),
        st.from_regex(r"\A[A-Za-z0-9+/]{4,12}={0,2}\Z"),
    ),
    st.just({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
)
documents = st.builds(
    lambda name, data: {
        "type": "file",
        "file": {"filename": name, "file_data": f"data:application/pdf;base64,{data}"},
    },
    names,
    st.from_regex(r"\A[A-Za-z0-9+/]{4,12}\Z"),
)
asks = st.one_of(
    words.map(lambda text: {"role": "user", "content": text}),
    st.lists(words.map(lambda text: {"type": "text", "text": text}) | pictures | documents, min_size=2, max_size=4).map(
        lambda parts: {"role": "user", "content": parts}
    ),
)


@st.composite
def rounds(draw):
    """A question, what the assistant says to it, and the results of the tools it asked for, several at once."""
    told = [draw(asks)]
    calls = draw(st.lists(st.tuples(ids, names, arguments), max_size=3, unique_by=lambda call: call[0]))
    text = draw(words if not calls else st.none() | words)
    answer = {"role": "assistant", "content": text}
    if calls:
        answer["tool_calls"] = [
            {"id": one, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
            for one, name, given in calls
        ]
    told.append(answer)
    told += [{"role": "tool", "tool_call_id": one, "content": draw(words)} for one, _, _ in calls]
    return told


@st.composite
def chat_requests(draw):
    """Only what both dialects can say."""
    system = [{"role": "system", "content": text} for text in draw(st.lists(words, max_size=1))]
    told = [message for part in draw(st.lists(rounds(), max_size=3)) for message in part]
    body = {"model": "m", "messages": [*system, *told, draw(asks)], "max_tokens": draw(st.integers(1, 9999))}
    tools = draw(st.lists(names, max_size=3, unique=True))
    if tools:
        schema = {"type": "object", "properties": {"a": {"type": "string"}}}
        body["tools"] = [
            {"type": "function", "function": {"name": name, "description": draw(words), "parameters": schema}}
            for name in tools
        ]
        named = {"type": "function", "function": {"name": tools[0]}}
        body["tool_choice"] = draw(st.sampled_from(["auto", "required", "none", named]))
        if body["tool_choice"] != "none" and draw(st.booleans()):
            body["parallel_tool_calls"] = False
    body |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "temperature": st.sampled_from([0.0, 0.5, 1.0]),
                "stop": st.lists(words, min_size=1, max_size=3),
                "user": words,
                "stream": st.just(True),
            },
        )
    )
    if draw(st.booleans()):
        schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
        form = {"name": "answer", "schema": schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return body


def cross(exchange, dialect, endpoint, body):
    written = exchange.compose(READERS[dialect](json.dumps(body).encode(), {}), endpoint)
    return json.loads(written.body), written.dropped


def comparable(body):
    """A chat request with what may be written in two ways written in one."""
    body = {name: value for name, value in body.items() if name != "stream_options"}
    messages = []
    for message in body["messages"]:
        content = message["content"]
        if isinstance(content, str) or content is None:
            content = [{"type": "text", "text": content}] if content else []
        calls = [
            (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", ())
        ]
        if messages and messages[-1][0] == message["role"] == "user":
            messages[-1][1].extend(content)
        else:
            messages.append((message["role"], list(content), calls, message.get("tool_call_id")))
    return body | {"messages": messages}


@settings(max_examples=50)
@given(chat_requests())
def test_a_chat_request_survives_there_and_back(body):
    there, dropped = cross(CHAT, "openai", ANTHROPIC, body)
    assert dropped == ()
    back, dropped = cross(MESSAGES, "anthropic", OPENAI, there)
    assert dropped == ()
    assert comparable(back) == comparable(body)


@settings(max_examples=30)
@given(chat_requests())
def test_a_messages_request_survives_there_and_back(body):
    first, _ = cross(CHAT, "openai", ANTHROPIC, body)
    there, _ = cross(MESSAGES, "anthropic", OPENAI, first)
    back, _ = cross(CHAT, "openai", ANTHROPIC, there)
    assert back == first


@settings(max_examples=30)
@given(chat_requests())
def test_turns_alternate_and_results_come_first_as_anthropic_demands(body):
    there, _ = cross(CHAT, "openai", ANTHROPIC, body)
    turns = there["messages"]
    assert turns[0]["role"] == "user"
    assert all(one["role"] != other["role"] for one, other in pairwise(turns))
    for turn in turns:
        kinds = (
            [] if isinstance(turn["content"], str) else [block["type"] == "tool_result" for block in turn["content"]]
        )
        assert kinds == sorted(kinds, reverse=True)


# ------------------------------------------------------------------ answers
replies = st.fixed_dictionaries(
    {
        "text": words,
        "calls": st.lists(st.tuples(ids, names, arguments), max_size=3, unique_by=lambda call: call[0]),
        "stop": st.sampled_from(["stop", "length", "content_filter"]),
        "usage": st.tuples(*[st.integers(0, 9999)] * 4),
    }
)


def message_of(told):
    content = [{"type": "text", "text": told["text"]}]
    content += [{"type": "tool_use", "id": one, "name": name, "input": given} for one, name, given in told["calls"]]
    fresh, read, write, output = told["usage"]
    reason = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}[told["stop"]]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": "tool_use" if told["calls"] and reason == "end_turn" else reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": fresh,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": write,
            "output_tokens": output,
        },
    }


def calling(dialect, **fields):
    raw = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]} | fields).encode()
    return READERS[dialect](raw, {})


@settings(max_examples=30)
@given(replies)
def test_an_answer_survives_there_and_back(told):
    message = message_of(told)
    chat = CHAT.answer(calling("openai"), json.dumps(message).encode(), 1)
    back = MESSAGES.answer(calling("anthropic"), chat.body, 1)
    assert json.loads(back.body) == message
    assert chat.usage == back.usage


# ------------------------------------------------------------------ streams
def assembled_message(stream):
    """What a client of messages makes of a stream."""
    blocks, fragments, message = [], {}, None
    for event in stream.split(b"\n\n")[:-1]:
        data = json.loads(event.split(b"data: ", 1)[1])
        match data["type"]:
            case "message_start":
                message = data["message"]
            case "content_block_start":
                assert data["index"] == len(blocks)
                blocks.append(dict(data["content_block"]))
            case "content_block_delta" if data["delta"]["type"] == "input_json_delta":
                fragments[data["index"]] = fragments.get(data["index"], "") + data["delta"]["partial_json"]
            case "content_block_delta" if data["delta"]["type"] == "text_delta":
                blocks[data["index"]]["text"] += data["delta"]["text"]
            case "message_delta":
                message |= data["delta"] | {"usage": data["usage"]}
    for at, text in fragments.items():
        blocks[at]["input"] = json.loads(text)
    return message | {"content": blocks}


def forward(exchange, call, data, positions=()):
    stream = exchange.stream(call, 1)
    edges = [0, *sorted(positions), len(data)]
    out = b"".join(stream.feed(data[one:other]) for one, other in pairwise(edges))
    out += stream.close()
    assert stream.failure is None
    return out + stream.tail, stream.usage


@settings(max_examples=30)
@given(replies, st.data())
def test_a_stream_survives_there_and_back_however_it_is_cut(told, data):
    message = message_of(told)
    source = anthropic_messages.events_of_answer(json.dumps(message).encode()) + anthropic_messages.TAIL
    cuts = data.draw(st.lists(st.integers(0, len(source)), max_size=20))
    asks_chat = calling("openai", stream=True, stream_options={"include_usage": True})
    chat, usage = forward(CHAT, asks_chat, source, cuts)
    assert chat == forward(CHAT, asks_chat, source)[0]
    cuts = data.draw(st.lists(st.integers(0, len(chat)), max_size=20))
    back, usage_back = forward(MESSAGES, calling("anthropic", stream=True), chat, cuts)
    assert assembled_message(back) == message
    assert usage == usage_back


@settings(max_examples=30)
@given(replies)
def test_the_same_dialect_s_stream_is_what_came(told):
    message = message_of(told)
    source = anthropic_messages.events_of_answer(json.dumps(message).encode()) + anthropic_messages.TAIL
    exchange = EXCHANGES["chat", "anthropic", "anthropic"]
    out, usage = forward(exchange, calling("anthropic", stream=True), source)
    assert out == source
    assert usage.output == told["usage"][3]
