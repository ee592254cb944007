"""Whole answers and errors, read and written."""

import json

import anthropic
import httpx
import msgspec
import openai
import pytest

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.call import Call
from hotspare.dialects.errors import error_body, error_event
from hotspare.dialects.exchange import EXCHANGES
from hotspare.dialects.provider_error import one_line, read_error
from hotspare.router.trigger import AttemptFailed, Trigger, Usage


def message(**more):
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]
    usage = {"input_tokens": 1, "output_tokens": 5, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 4}
    told = {"id": "msg_1", "type": "message", "model": "claude-x", "content": content, "usage": usage}
    return json.dumps(told | {"stop_reason": "end_turn"} | more).encode()


def for_chat(body):
    return EXCHANGES["chat", "openai", "anthropic"].answer(Call("openai", "chat", {}, "m"), body, 1_700_000_000)


def test_an_anthropic_message_becomes_a_chat_completion_that_the_client_reads():
    answer = for_chat(message())
    read = openai.types.chat.ChatCompletion.model_validate_json(answer.body)
    assert (read.id, read.model, read.created) == ("msg_1", "claude-x", 1_700_000_000)
    assert (read.choices[0].message.content, read.choices[0].finish_reason) == ("hello", "stop")
    assert (read.usage.prompt_tokens, read.usage.completion_tokens, read.usage.total_tokens) == (7, 5, 12)
    assert read.usage.prompt_tokens_details.cached_tokens == 2
    assert json.loads(answer.body)["choices"][0]["message"]["reasoning_content"] == "hm"
    assert answer.usage == Usage(input=7, output=5, cache_read=2, cache_write=4)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_tokens", "length"), ("stop_sequence", "stop"), ("refusal", "content_filter"), ("novelty", "stop")],
)
def test_an_anthropic_stop_reason_is_told_in_chat_s_words(reason, finish):
    body = for_chat(message(stop_reason=reason)).body
    assert json.loads(body)["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize(
    ("body", "trigger"),
    [
        (b"", Trigger.empty),
        (b"<html>", Trigger.malformed),
        (b'{"type": "message"}', Trigger.malformed),
        (message(content=[]), Trigger.empty),
        (message(content="text"), Trigger.malformed),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}', Trigger.overloaded),
        (message()[:-9], Trigger.malformed),
    ],
)
def test_what_is_no_message_is_a_failure(body, trigger):
    with pytest.raises(AttemptFailed) as caught:
        for_chat(body)
    assert caught.value.trigger is trigger
    with pytest.raises(AttemptFailed) as caught:
        anthropic_messages.read_answer(body)
    assert caught.value.trigger is trigger


def chat(message, finish="stop", **more):
    return json.dumps({"id": "c", "choices": [{"message": message, "finish_reason": finish}]} | more).encode()


@pytest.mark.parametrize(
    "said",
    [
        {"content": "x"},
        {"content": None, "tool_calls": [{"id": "c"}]},
        {"content": None, "refusal": "no"},
        {"content": None, "audio": {"id": "a"}},
        {"content": [{"type": "text", "text": "x"}]},
        {"content": "\\"},
        {"content": "\\n"},
    ],
)
def test_content_of_any_kind_is_an_answer(said):
    assert openai_chat.read_answer(chat(said)).body == chat(said)


@pytest.mark.parametrize(
    "said",
    [
        {"content": "", "reasoning_content": "hm"},
        {"content": None, "reasoning": "The user wants a summary."},
        {"content": " \n\t"},
        {"content": "\n\n", "tool_calls": []},
    ],
)
def test_reasoning_and_blanks_are_no_answer_unless_a_limit_cut_it_short(said):
    with pytest.raises(AttemptFailed) as raised:
        openai_chat.read_answer(chat(said))
    assert raised.value.trigger is Trigger.empty
    assert openai_chat.read_answer(chat(said, "length")).body == chat(said, "length")


@pytest.mark.parametrize(
    "block", [{"type": "text", "text": " \n"}, {"type": "thinking", "thinking": "hm"}, {"type": "redacted_thinking"}]
)
def test_a_message_of_reasoning_and_blanks_is_no_answer(block):
    body = {"type": "message", "content": [block], "stop_reason": "end_turn"}
    with pytest.raises(AttemptFailed) as raised:
        anthropic_messages.read_answer(json.dumps(body).encode())
    assert raised.value.trigger is Trigger.empty
    limited = json.dumps(body | {"stop_reason": "max_tokens"}).encode()
    assert anthropic_messages.read_answer(limited).body == limited


def test_a_models_refusal_is_a_refusal_in_the_other_dialect_too():
    reply = openai_chat.tell_answer(chat({"content": None, "refusal": "I can't."}))
    assert json.loads(anthropic_messages.write_answer(reply, thinks=False))["stop_reason"] == "refusal"


def test_an_error_in_a_200_is_that_error():
    body = chat({"content": "x"}, error={"message": "m", "code": "rate_limit_exceeded"})
    with pytest.raises(AttemptFailed, match="m") as caught:
        openai_chat.read_answer(body)
    assert caught.value.trigger is Trigger.rate_limit


def test_a_byte_order_mark_is_taken_off():
    assert openai_chat.read_answer(b"\xef\xbb\xbf\n" + chat({"content": "x"})).body == chat({"content": "x"})


@pytest.mark.parametrize(
    "usage", [None, [], "much", {"prompt_tokens": "x"}, {"prompt_tokens": -5}, {"prompt_tokens": True}]
)
def test_usage_that_is_odd_costs_no_answer(usage):
    read = openai_chat.read_answer(chat({"content": "x"}, usage=usage))
    assert read.usage in (None, Usage())


def test_an_answer_to_be_streamed_keeps_its_tool_calls_and_its_usage():
    calls = [{"id": "a", "function": {"name": "f", "arguments": "{}"}}, {"id": "b"}]
    body = chat({"content": None, "tool_calls": calls}, "tool_calls", usage={"prompt_tokens": 1})
    events = openai_chat.chunks_of_answer(body, wants_usage=True).split(b"\n\n")
    first, last, usage = (json.loads(event[6:]) for event in events if event)
    assert [call["index"] for call in first["choices"][0]["delta"]["tool_calls"]] == [0, 1]
    assert first["choices"][0]["finish_reason"] is None
    assert last["choices"][0]["finish_reason"] == "tool_calls"
    assert usage["usage"] == {"prompt_tokens": 1}
    assert len(openai_chat.chunks_of_answer(body, wants_usage=False).split(b"\n\n")) == 3


TOLD = {"message": "all is down", "code": "all_models_failed", "retry_after_seconds": 7.5, "suggestion": "gpt"}


@pytest.mark.parametrize(
    ("status", "openai_type", "anthropic_type"),
    [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error"),
        (404, "not_found_error", "not_found_error"),
        (429, "rate_limit_error", "rate_limit_error"),
        (503, "server_error", "overloaded_error"),
        (500, "server_error", "api_error"),
    ],
)
def test_an_error_has_all_its_fields_in_the_caller_s_shape(status, openai_type, anthropic_type):
    for dialect, kind in (("openai", openai_type), ("anthropic", anthropic_type)):
        told = json.loads(error_body(dialect, status=status, request_id="r1", parameter="model", **TOLD))
        assert told["error"] == {
            "message": "all is down",
            "type": kind,
            "code": "all_models_failed",
            "param": "model",
            "retry_after": 7.5,
            "fallback_suggestion": "gpt",
            "request_id": "r1",
        }
        assert told.get("type") == ("error" if dialect == "anthropic" else None)


def test_control_characters_in_a_message_do_not_reach_the_wire():
    assert b"\x1b" not in error_event("openai", status=503, code="x", message="a\x1b[2Jb\n\ndata: c")
    assert error_event("openai", status=503, code="x", message="\n\n").count(b"\n\n") == 1


def _reply(event):
    headers = {"content-type": "text/event-stream"}
    return httpx.Response(200, headers=headers, content=event, request=httpx.Request("POST", "http://127.0.0.1/"))


def test_the_official_openai_client_raises_on_our_error_event():
    event = error_event("openai", status=503, code="stream_broken", message="broke off")
    client = openai.OpenAI(api_key="x", base_url="http://127.0.0.1")
    stream = openai.Stream(cast_to=openai.types.chat.ChatCompletionChunk, response=_reply(event), client=client)
    with pytest.raises(openai.APIError, match="broke off"):
        list(stream)


def test_the_official_anthropic_client_raises_on_our_error_event():
    event = error_event("anthropic", status=503, code="stream_broken", message="broke off")
    client = anthropic.Anthropic(api_key="x", base_url="http://127.0.0.1")
    stream = anthropic.Stream(cast_to=anthropic.types.RawMessageStreamEvent, response=_reply(event), client=client)
    with pytest.raises(anthropic.APIStatusError, match="broke off"):
        list(stream)


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (b'{"error": {"message": "m", "code": "c"}}', "m", "c"),
        (b'{"error": {"message": "m", "code": 502}}', "m", "502"),
        (b'{"error": "model not found"}', "model not found", ""),
        (b'{"detail": "Not Found"}', "Not Found", ""),
        (b'{"object": "error", "message": "too long", "code": 400}', "too long", "400"),
        (b'{"error": {"message": ["odd"]}}', "", ""),
        (b"Service \x1b[31mUnavailable\r\n", "Service [31mUnavailable", ""),
        (b"\xff\xfe", "\ufffd\ufffd", ""),
        (b"[1]", "", ""),
        (b'[{"error": {"message": "no", "code": 400, "status": "INVALID_ARGUMENT"}}]', "no", "400"),
        (b'[{"error": {"message": "a"}}, {"error": {"message": "b"}}]', "", ""),
        (
            b'{"object":"error","message":{"detail":[{"loc":["body","seed"],"msg":"Extra inputs"},{"msg":"x"}]}}',
            "body.seed: Extra inputs; x",
            "",
        ),
        (b'{"detail": [{"loc": ["body", 0], "msg": "m"}, 7]}', "body.0: m", ""),
        (b'{"detail": [[]], "message": {"detail": 7}}', "", ""),
        (b'{"message": "Input is too long", "__type": "ValidationException"}', "Input is too long", ""),
        (b"", "", ""),
        (b"[" * 100_000, "[" * 499 + "…", ""),
    ],
)
def test_errors_of_every_shape_are_read(body, message, code):
    error = read_error(body)
    assert (error.message, error.code) == (message, code)


@pytest.mark.parametrize(
    ("details", "seconds"),
    [
        ([{"@type": "x"}, {"retryDelay": "34s"}], 34.0),
        ([{"retryDelay": "0.847655010s"}], 0.84765501),
        ([{"retryDelay": "34"}, {"retryDelay": 7}, {"retryDelay": "-1s"}, 7], None),
        ({"retryDelay": "34s"}, None),
        (None, None),
    ],
)
def test_a_pause_may_be_asked_for_in_the_body(details, seconds):
    body = msgspec.json.encode([{"error": {"message": "m", "details": details}}])
    assert read_error(body).retry_seconds == seconds


def test_foreign_text_is_one_bounded_line():
    assert one_line("a\n\tb\u202e  c\x9b") == "a b c"
    assert len(one_line("x" * 10_000)) == 500
