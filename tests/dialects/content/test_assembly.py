"""A stream is put together to the answer that it tells, wherever its bytes are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.reading import READINGS

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Köln"}'}}
CHAT = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    "choices": [
        {
            "index": 0,
            "logprobs": None,
            "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": "Schön", "reasoning_content": "hm", "tool_calls": [CALL]},
        },
        {
            "index": 1,
            "logprobs": None,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": None, "refusal": "no"},
        },
    ],
}
MESSAGE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "Schön 😀"},
        {"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Köln"}},
        {"type": "tool_use", "id": "u", "name": "time", "input": {}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 4},
}
STREAMS = {
    "openai": (CHAT, openai_chat.chunks_of_answer(json.dumps(CHAT).encode(), wants_usage=True) + openai_chat.TAIL),
    "anthropic": (
        MESSAGE,
        anthropic_messages.events_of_answer(json.dumps(MESSAGE).encode()) + anthropic_messages.TAIL,
    ),
}


@pytest.mark.parametrize("dialect", STREAMS)
@given(sizes=st.lists(st.integers(1, 300), max_size=30))
def test_what_is_streamed_is_the_answer_again(dialect, sizes):
    answer, stream = STREAMS[dialect]
    assembly = READINGS[dialect].assembly()
    for size in sizes:
        assembly.feed(stream[:size])
        stream = stream[size:]
    assembly.feed(stream)
    assert assembly.answer() == answer


def chunk(**delta):
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


def test_pieces_of_text_and_of_calls_are_joined_in_order():
    assembly = READINGS["openai"].assembly()
    assembly.feed(chunk(role="assistant") + chunk(content="It ") + chunk(content="is."))
    for index, told in (
        (0, {"name": "a", "arguments": ""}),
        (1, {"name": "b"}),
        (0, {"arguments": "{"}),
        (0, {"arguments": "}"}),
    ):
        assembly.feed(chunk(tool_calls=[{"index": index, "id": f"c{index}", "function": told}]))
    assembly.feed(chunk(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]))
    assembly.feed(chunk(content=[{"type": "text", "text": " So."}]))
    assembly.feed(b": a comment\n\ndata: [DONE]\n\n")
    [choice] = assembly.answer()["choices"]
    assert choice["message"]["content"] == "It is. So."
    assert choice["message"]["reasoning_content"] == "hm"
    calls = [call["function"] for call in choice["message"]["tool_calls"]]
    assert calls == [{"name": "a", "arguments": "{}"}, {"name": "b", "arguments": ""}]
    assert choice["finish_reason"] is None


def test_calls_without_an_index_are_told_apart_by_their_ids():
    assembly = READINGS["openai"].assembly()
    for told in (
        {"id": "x", "function": {"name": "a"}},
        {"function": {"arguments": "1"}},
        {"id": "y", "function": {"name": "b"}},
    ):
        assembly.feed(chunk(tool_calls=[told]))
    [choice] = assembly.answer()["choices"]
    assert [call["function"]["name"] for call in choice["message"]["tool_calls"] if call["function"]["name"]] == [
        "a",
        "b",
    ]


def test_what_a_tool_is_given_stays_text_where_it_is_no_json():
    def event(**told):
        return b"data: " + json.dumps(told).encode() + b"\n\n"

    assembly = READINGS["anthropic"].assembly()
    block = {"type": "tool_use", "id": "t", "name": "weather", "input": {}}
    assembly.feed(event(type="content_block_start", index=0, content_block=block))
    for part in ('{"city": ', '"Paris",}'):
        assembly.feed(
            event(type="content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": part})
        )
    assert assembly.answer()["content"][0]["input"] == '{"city": "Paris",}'


@pytest.mark.parametrize("dialect", STREAMS)
@pytest.mark.parametrize(
    "data", [b"data: {\n\n", b'data: {"choices": 3, "type": 3}\n\n', b'data: {"usage": "\xff"}\n\n']
)
def test_what_cannot_be_read_is_said(dialect, data):
    with pytest.raises(ValueError, match=r"."):
        READINGS[dialect].assembly().feed(data)
