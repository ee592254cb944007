"""Reading a caller's chat request, and writing it for a model of the same dialect."""

import json

import msgspec
import pytest

from hotspare.dialects import openai_chat
from hotspare.dialects.call import InvalidRequest
from hotspare.dialects.endpoint import Endpoint

MESSAGES = [{"role": "user", "content": "hi"}]


def request(headers=None, /, **fields):
    return openai_chat.read_request(json.dumps({"model": "m", "messages": MESSAGES} | fields).encode(), headers or {})


def endpoint(**more):
    return Endpoint("main", "fake", "openai", "http://127.0.0.1:1/v1", "upstream", **more)


def sent(call, place=None):
    return json.loads(openai_chat.compose(call, place or endpoint()).body)


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (b"hello", ""),
        (b"", ""),
        (b"[]", ""),
        (b"null", ""),
        (b'"x"', ""),
        (b"17", ""),
        (b'{"model": "m", "messages": [', ""),
        (b'{"model":"m"} x', ""),
        (b'{"model": "\xff\xfe", "messages": []}', ""),
        ('{"model": "m"}'.encode("utf-16"), ""),
        (b'{"model":"m","messages":[{}],"x":NaN}', ""),
        (b'{"model":"m","messages":[{}],"x":-Infinity}', ""),
        (b'{"model":"m","messages":[{"content":"\\ud800"}]}', ""),
        (b'{"model":"m","messages":[{"content":"\\ud800, and more text"}]}', ""),
        (b'{"model":"m","messages":[{"content":"a\x1bb"}]}', ""),
        (b"[" * 200_000 + b"]" * 200_000, ""),
        (b'{"model":"m","messages":[{}],"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}", ""),
        (b'{"model":"m","messages":"{\\"role\\":1}"}', "messages"),
        (b'{"model":"m","messages":{"0":{}}}', "messages"),
        (b'{"messages":[{}]}', "model"),
        (b'{"model":"","messages":[{}]}', "model"),
        (b'{"model":["m"],"messages":[{}]}', "model"),
        (b'{"model":null,"messages":[{}]}', "model"),
        (b'{"model":"m"}', "messages"),
        (b'{"model":"m","messages":null}', "messages"),
        (b'{"model":"m","messages":"hi"}', "messages"),
        (b'{"model":"m","messages":[]}', "messages"),
        (b'{"model":"m","messages":[ ]}', "messages"),
        (b'{"model":"m","messages":[7]}', "messages"),
        (b'{"model":"m","messages":[{}],"stream":"yes"}', "stream"),
        (b'{"model":"m","messages":[{}],"stream_options":7}', "stream_options"),
        (b'{"model":"m","messages":[{}],"force_fallback":"yes"}', "force_fallback"),
        (b'{"model":"m","messages":[{}],"preferred_fallback":7}', "preferred_fallback"),
        (b'{"model":' + b"9" * 100_000 + b',"messages":[{}]}', "model"),
    ],
)
def test_what_is_no_request_is_refused_and_the_field_at_fault_is_named(body, parameter):
    with pytest.raises(InvalidRequest) as caught:
        openai_chat.read_request(body, {})
    assert caught.value.parameter == parameter
    assert caught.value.title.endswith(".")


def test_values_that_we_do_not_know_go_up_byte_for_byte():
    raw = (
        b'{"model":"m", "messages":[ {"role":"user","content":"\\u00e9 \xc3\xa9"} ],"x" : {"model": "n", "f": 1.0e-07}}'
    )
    body = openai_chat.compose(openai_chat.read_request(raw, {}), endpoint()).body
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    assert bytes(fields["messages"]).strip() == b'[ {"role":"user","content":"\\u00e9 \xc3\xa9"} ]'
    assert bytes(fields["x"]).strip() == b'{"model": "n", "f": 1.0e-07}'
    assert bytes(fields["model"]) == b'"upstream"'


def test_every_character_of_a_prompt_survives():
    text = "日本語 🙂🏽 \u202eabc\u202c z\u200bw \x00 \x1b[31m é"
    assert sent(request(messages=[{"role": "user", "content": text}]))["messages"][0]["content"] == text


def test_our_wishes_are_taken_out_and_kept():
    call = request(force_fallback=True, preferred_fallback="gpt")
    assert (call.wish_force, call.wish_preferred) == (True, "gpt")
    assert not {"force_fallback", "preferred_fallback"} & set(sent(call))


def test_our_wishes_may_be_headers():
    call = request({"x-hotspare-force-fallback": "true", "x-hotspare-preferred-fallback": "gpt"})
    assert (call.wish_force, call.wish_preferred) == (True, "gpt")
    for silent in ("false", "FALSE ", ""):
        assert not request({"x-hotspare-force-fallback": silent}).wish_force


@pytest.mark.parametrize("value", ["no", "1", "yes", "truee"])
def test_a_wish_in_a_header_that_cannot_be_understood_is_refused_as_it_is_in_the_body(value):
    with pytest.raises(InvalidRequest, match="true or false") as caught:
        request({"x-hotspare-force-fallback": value})
    assert caught.value.parameter == "x-hotspare-force-fallback"


def test_a_wish_that_is_null_is_no_wish():
    call = request(force_fallback=None, preferred_fallback=None)
    assert (call.wish_force, call.wish_preferred) == (False, None)


@pytest.mark.parametrize(
    ("headers", "fields", "session"),
    [
        ({"x-session-id": "h"}, {"user": "u"}, "h"),
        ({}, {"user": "u", "metadata": {"session_id": "s"}}, "u"),
        ({}, {"metadata": {"session_id": "s", "user_id": "i"}}, "s"),
        ({}, {"metadata": {"user_id": "i"}}, "i"),
        ({}, {"user": " u "}, "u"),
        ({}, {"user": " ", "metadata": {"user_id": "i"}}, "i"),
        ({}, {"metadata": {"user_id": 7}, "user": ["x"]}, None),
        ({}, {"metadata": "text"}, None),
        ({}, {}, None),
        ({"x-session-id": "x" * 1000}, {}, "x" * 200),
    ],
)
def test_the_session_is_found_where_callers_put_it(headers, fields, session):
    assert request(headers, **fields).session == session


TOOL = {"type": "function", "function": {"name": "f"}}
IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]
MENTION = [{"role": "user", "content": 'what is {"type": "image_url"} and "tool_calls"?'}]
MENTION_OF_CUSTOM = {"type": "function", "function": {"name": "f", "parameters": {"default": {"type": "custom"}}}}
TOOL_TURN = [{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "c1", "content": "y"}]


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({}, set()),
        ({"tools": [TOOL]}, {"tools"}),
        ({"tools": [], "tool_choice": "none", "functions": None}, set()),
        ({"tool_choice": "required"}, {"tools"}),
        ({"functions": [{}]}, {"tools", "functions"}),
        ({"tools": [TOOL, {"type": "custom", "custom": {"name": "g"}}]}, {"tools", "custom_tools"}),
        ({"tools": [MENTION_OF_CUSTOM]}, {"tools"}),
        ({"messages": TOOL_TURN}, {"tools"}),
        ({"messages": [{"role": "assistant", "content": None, "tool_calls": [TOOL]}]}, {"tools"}),
        ({"messages": IMAGE}, {"images"}),
        ({"messages": MENTION}, set()),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}, {"type": "file"}]}]}, {"audio", "files"}),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, {"json_schema"}),
        ({"response_format": {"type": "json_object"}}, {"json_object"}),
        ({"response_format": {"type": "text"}}, set()),
        ({"n": 2}, {"n"}),
        ({"n": 1}, set()),
        ({"modalities": ["text", "audio"]}, {"audio"}),
        ({"logprobs": True}, {"logprobs"}),
    ],
)
def test_what_a_request_needs_of_a_model(fields, needs):
    assert request(**fields).needs == needs


def test_a_stream_asks_for_usage_without_losing_the_caller_s_own_options():
    call = request(stream=True, stream_options={"include_obfuscation": False})
    assert not call.wants_usage
    assert sent(call)["stream_options"] == {"include_obfuscation": False, "include_usage": True}


@pytest.mark.parametrize("options", [None, {"include_usage": False}, {}])
def test_usage_that_was_not_asked_for_is_known_as_such(options):
    call = request(stream=True, stream_options=options)
    assert not call.wants_usage
    assert sent(call)["stream_options"]["include_usage"] is True


def test_a_server_that_rejects_stream_options_is_not_given_ours():
    assert "stream_options" not in sent(request(stream=True), endpoint(stream_usage=False))
    kept = {"include_usage": True}
    assert sent(request(stream=True, stream_options=kept), endpoint(stream_usage=False))["stream_options"] == kept


def test_a_whole_answer_has_its_usage_unasked():
    call = request()
    assert call.wants_usage
    assert "stream_options" not in sent(call)


def test_a_model_s_defaults_fill_only_what_the_request_leaves_out():
    place = endpoint(parameters={"temperature": 0.2, "max_tokens": 9, "top_k": 3})
    body = sent(request(temperature=1, max_completion_tokens=5), place)
    assert (body["temperature"], body["max_completion_tokens"], body["top_k"]) == (1, 5, 3)
    assert "max_tokens" not in body


def test_only_harmless_headers_of_the_caller_are_kept():
    headers = {"openai-beta": "a", "authorization": "Bearer x", "cookie": "c", "accept": "b\x00ad", "traceparent": "t"}
    assert request(headers).passed_headers == (("openai-beta", "a"), ("traceparent", "t"))


def test_a_simple_request_reads_as_one():
    call = openai_chat.read_request(openai_chat.simple_request("m", "hé?", max_tokens=5, stream=True), {})
    assert (call.model, call.stream) == ("m", True)
    assert sent(call)["messages"] == [{"role": "user", "content": "hé?"}]


@pytest.mark.parametrize(
    ("told", "seconds"), [("30", 30.0), (" 0.5 ", 0.5), ("0", 0.0), (None, 0.0), ("999999", 999999.0)]
)
def test_how_long_a_caller_can_wait_is_read(told, seconds):
    headers = {} if told is None else {"x-hotspare-wait": told}
    assert openai_chat.read_request(b'{"model":"main","messages":[{}]}', headers).wait_seconds == seconds


@pytest.mark.parametrize("told", ["", "soon", "-1", "1e3", "nan", "inf", "1.", "\u0661", "9999999", "1 2"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(told):
    with pytest.raises(InvalidRequest) as raised:
        openai_chat.read_request(b'{"model":"main","messages":[{}]}', {"x-hotspare-wait": told})
    assert "x-hotspare-wait" in raised.value.title
