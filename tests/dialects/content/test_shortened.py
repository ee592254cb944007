import msgspec
import pytest

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.content.shortened import is_shortened
from hotspare.router.trigger import Usage

encode = msgspec.json.encode


def chat(**fields):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]} | fields
    return openai_chat.read_request(encode(body), {})


def chat_answer(reason, text="half"):
    return encode({"choices": [{"message": {"content": text}, "finish_reason": reason}]})


def messages(max_tokens):
    body = {"model": "m", "max_tokens": max_tokens, "messages": [{"role": "user", "content": "hi"}]}
    return anthropic_messages.read_request(encode(body), {})


def message(reason):
    return encode({"type": "message", "content": [{"type": "text", "text": "half"}], "stop_reason": reason})


@pytest.mark.parametrize(
    ("call", "body", "shortened"),
    [
        (chat(), chat_answer("length"), True),
        (chat(), chat_answer("stop"), False),
        (chat(), chat_answer("stop", 'it said "length"'), False),
        (chat(), b'{"choices": "length"', False),
        (chat(), b'["length"]', False),
        (chat(max_tokens=8), chat_answer("length"), False),
        (chat(max_tokens=9), chat_answer("length"), True),
        (chat(max_completion_tokens=9), chat_answer("length"), True),
        (chat(max_completion_tokens=8, max_tokens=9), chat_answer("length"), False),
        (chat(max_tokens=None), chat_answer("length"), True),
        (messages(8), message("max_tokens"), False),
        (messages(9), message("max_tokens"), True),
        (messages(9), message("model_context_window_exceeded"), True),
        (messages(9), message("end_turn"), False),
    ],
)
def test_an_answer_is_shortened_by_a_limit_that_is_not_the_callers(call, body, shortened):
    assert is_shortened(call, body, Usage(input=1, output=8)) is shortened


def test_where_the_tokens_are_not_told_the_callers_limit_is_taken_for_it():
    assert not is_shortened(chat(max_tokens=9), chat_answer("length"), None)
    assert is_shortened(chat(), chat_answer("length"), None)


def test_what_is_no_chat_has_no_length():
    asked = encode({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    call = anthropic_messages.read_count_request(asked, {})
    assert not is_shortened(call, message("max_tokens"), None)
