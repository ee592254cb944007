"""A caller's messages request: read, handed to models of its dialect byte for byte, and written for models of chat."""

import json

import msgspec
import pytest

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.call import InvalidRequest
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.exchange import EXCHANGES
from hotspare.dialects.schema import closed, is_strict
from hotspare.dialects.token_estimate import estimate_tokens, text_size
from hotspare.router.trigger import AttemptFailed, Incapable, Trigger

HI = [{"role": "user", "content": "hi"}]


def read(headers=None, **fields):
    body = {"model": "claude-x", "max_tokens": 9, "messages": HI} | fields
    return anthropic_messages.read_request(json.dumps(body).encode(), headers or {})


def place(dialect="anthropic", parameters=None, base_url="http://127.0.0.1:1"):
    return Endpoint("main", "fake", dialect, base_url, "their-name", parameters=parameters or {})


def own(parameters=None, /, **fields):
    written = EXCHANGES["chat", "anthropic", "anthropic"].compose(read(**fields), place("anthropic", parameters))
    return json.loads(written.body)


def for_chat(parameters=None, base_url="http://127.0.0.1:1/v1", /, **fields):
    written = EXCHANGES["chat", "anthropic", "openai"].compose(read(**fields), place("openai", parameters, base_url))
    return json.loads(written.body), set(written.dropped)


# ------------------------------------------------------------------ reading
def test_our_wishes_are_taken_out_and_the_session_is_found():
    call = read(force_fallback=True, preferred_fallback="gpt", metadata={"user_id": "u"}, stream=True)
    assert (call.wish_force, call.wish_preferred, call.session, call.stream) == (True, "gpt", "u", True)
    assert not {"force_fallback", "preferred_fallback"} & set(own(force_fallback=True, preferred_fallback="gpt"))


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (b"{}", "model"),
        (b'{"model": "m"}', "messages"),
        (b'{"model": "m", "messages": []}', "messages"),
        (b'{"model": "m", "messages": [{}], "stream": "yes"}', "stream"),
        (b"[]", ""),
    ],
)
def test_what_is_no_messages_request_is_said(body, parameter):
    with pytest.raises(InvalidRequest) as caught:
        anthropic_messages.read_request(body, {})
    assert caught.value.parameter == parameter


def test_only_headers_of_this_dialect_are_passed_on():
    headers = {"anthropic-beta": "b", "anthropic-version": "v", "openai-beta": "o", "x-api-key": "secret"}
    assert dict(read(headers).passed_headers) == {"anthropic-beta": "b", "anthropic-version": "v"}
    assert read({"anthropic-beta": "b" * 1024}).passed_headers
    for unfit in ("b" * 1025, "a\tb", "ü", ""):
        assert not read({"anthropic-beta": unfit}).passed_headers


PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aaaa"}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": [PICTURE]}


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({}, set()),
        ({"tools": [{"name": "f", "input_schema": {}}]}, {"tools"}),
        ({"tools": [{"type": "custom", "name": "f", "input_schema": {}}]}, {"tools"}),
        ({"tools": []}, set()),
        ({"tools": [{"type": "web_search_20250305", "name": "w"}]}, {"tools", "provider_tools"}),
        ({"tools": [{"type": "mcp_toolset", "mcp_server_name": "s"}]}, {"tools", "provider_tools"}),
        ({"messages": [{"role": "user", "content": [PICTURE]}]}, {"images"}),
        ({"messages": [{"role": "user", "content": [RESULT]}]}, {"tools", "images"}),
        ({"messages": [{"role": "user", "content": '{"type": "image"}'}]}, set()),
        ({"messages": [{"role": "user", "content": [{"type": "document"}]}]}, {"files"}),
        ({"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}]}, {"provider_tools"}),
        ({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": PICTURE}]}]}, {"tools"}),
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, {"json_schema"}),
        ({"output_config": {"effort": "low"}}, set()),
        ({"output_format": {"type": "json_schema", "schema": {}}}, {"json_schema"}),
        ({"output_format": None}, set()),
        ({"mcp_servers": [{"name": "s"}]}, {"mcp_servers"}),
        ({"mcp_servers": []}, set()),
    ],
)
def test_what_a_request_needs_of_a_model(fields, needs):
    assert read(**fields).needs == needs


# ------------------------------------------------------------------ the same dialect
def test_the_caller_s_values_go_up_byte_for_byte():
    raw = (
        b'{"model":"x","max_tokens":9,"messages":[ {"role":"user","content":"\\u00e9  "} ],"top_k":1.50,"new":{"a":[]}}'
    )
    written = EXCHANGES["chat", "anthropic", "anthropic"].compose(anthropic_messages.read_request(raw, {}), place())
    assert written.body == raw.replace(b'"model":"x"', b'"model":"their-name"')
    assert written.dropped == ()


def test_defaults_fill_silence_but_never_make_a_request_that_would_be_refused():
    defaults = {"temperature": 0.2, "top_p": 0.5, "max_tokens": 99, "seed": 7, "top_k": 3}
    told = own(defaults)
    assert (told["temperature"], told["max_tokens"], told["top_k"]) == (0.2, 9, 3)
    assert not {"seed", "top_p"} & set(told)
    assert "temperature" not in own(defaults, top_p=0.1)
    thinking = own(defaults, thinking={"type": "enabled", "budget_tokens": 5})
    assert not {"temperature", "top_p", "top_k"} & set(thinking)


def test_reasoning_of_other_models_is_taken_out_before_anthropic_sees_it():
    ours = {"type": "thinking", "thinking": "hm", "signature": "hotspare"}
    theirs = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    text = {"type": "text", "text": "yes"}
    messages = [
        *HI,
        {"role": "assistant", "content": [ours, theirs, text]},
        *HI,
        {"role": "assistant", "content": [ours]},
    ]
    assert own(messages=messages)["messages"] == [*HI, {"role": "assistant", "content": [theirs, text]}, *HI]
    mention = [{"role": "user", "content": 'say "hotspare"'}]
    assert own(messages=mention)["messages"] == mention


def test_a_question_for_the_number_of_tokens_gets_no_defaults():
    raw = json.dumps({"model": "x", "messages": HI}).encode()
    call = anthropic_messages.read_count_request(raw, {})
    exchange = EXCHANGES["count_tokens", "anthropic", "anthropic"]
    assert json.loads(exchange.compose(call, place("anthropic", {"max_tokens": 5})).body) == {
        "model": "their-name",
        "messages": HI,
    }
    assert exchange.answer(call, b'{"input_tokens": 7}', 1).body == b'{"input_tokens": 7}'
    with pytest.raises(AttemptFailed):
        exchange.answer(call, b'{"tokens": 7}', 1)


def test_an_estimate_grows_with_words_and_not_with_the_bytes_of_pictures():
    def estimate(content):
        raw = json.dumps({"model": "x", "messages": [{"role": "user", "content": content}]}).encode()
        return estimate_tokens(anthropic_messages.read_count_request(raw, {}))

    assert estimate("x") >= 1
    assert 900 < estimate("word " * 800) < 1100
    picture = [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "a" * 1_000_000}}]
    assert 1600 <= estimate(picture) < 1700


def test_what_is_attached_to_a_request_counts_as_a_text_of_some_length():
    def size(content):
        raw = json.dumps({"model": "x", "messages": [{"role": "user", "content": content}]}).encode()
        call = openai_chat.read_request(raw, {})
        assert call.size_bytes == len(raw)
        return text_size(call) - len(raw)

    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "a" * 1_000_000}}
    assert size("data:image/png;base64," + "a" * 1000) == 0, "a text that says so is a text"
    assert size([picture]) == 6400 - 1_000_000
    assert size([picture, picture]) == 2 * (6400 - 1_000_000)
    linked = {"type": "image_url", "image_url": {"url": "https://pictures.example/a.png"}}
    assert size([linked]) == 0


# ------------------------------------------------------------------ written for chat
def test_nothing_that_means_something_to_anthropic_alone_reaches_another():
    mark = {"cache_control": {"type": "ephemeral"}}
    told, dropped = for_chat(
        system=[{"type": "text", "text": "be brief"} | mark],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "hi"} | mark]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "text", "text": "yes"},
                ],
            },
            *HI,
        ],
        thinking={"type": "enabled", "budget_tokens": 1024},
        top_k=5,
        context_management={"edits": []},
        output_config={"effort": "low"},
    )
    assert told["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": "hi"},
    ]
    assert set(told) == {"model", "messages", "max_tokens"}
    assert dropped == {
        "thinking", "top_k", "context_management", "output_config.effort", "cache_control", "messages.thinking",
    }  # fmt: skip


def test_results_of_tools_become_messages_and_their_pictures_follow():
    results = [
        {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "seen"}, PICTURE]},
        {"type": "tool_result", "tool_use_id": "b", "content": [PICTURE], "is_error": True},
        {"type": "tool_result", "tool_use_id": "c"},
        {"type": "text", "text": "and now?"},
    ]
    told, dropped = for_chat(messages=[{"role": "user", "content": results}])
    *tools, user = told["messages"]
    assert [(message["tool_call_id"], message["content"]) for message in tools] == [
        ("a", "seen"),
        ("b", "See the picture that follows."),
        ("c", ""),
    ]
    assert [part["type"] for part in user["content"]] == ["image_url", "image_url", "text"]
    assert user["content"][0]["image_url"]["url"] == "data:image/png;base64,aaaa"
    assert dropped == {"messages.is_error"}


def test_each_server_gets_the_limit_by_the_name_it_knows():
    assert for_chat({}, "https://api.openai.com/v1")[0]["max_completion_tokens"] == 9
    assert for_chat({}, "http://127.0.0.1:8000/v1")[0]["max_tokens"] == 9
    assert "max_completion_tokens" not in for_chat({"max_completion_tokens": 5})[0]


def test_a_schema_is_strict_where_it_can_be():
    def form(schema):
        told, _ = for_chat(output_config={"format": {"type": "json_schema", "schema": schema}})
        return told["response_format"]["json_schema"]["strict"]

    whole = {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}
    assert form(whole) is True
    assert form(whole | {"required": []}) is False
    assert form(whole | {"properties": {"a": {"type": "object"}}}) is False
    assert form({"enum": [{"type": "object"}]}) is True


def test_a_schema_is_found_under_its_former_name():
    schema = {"type": "object"}
    asked = {"type": "json_schema", "schema": schema}
    told, dropped = for_chat(output_format=asked)
    assert (told["response_format"]["json_schema"]["schema"], dropped) == (schema, set())
    newer = {"type": "json_schema", "schema": {"type": "string"}}
    told, _ = for_chat(output_format=asked, output_config={"format": newer})
    assert told["response_format"]["json_schema"]["schema"] == {"type": "string"}


def test_however_many_fields_a_caller_makes_up_the_header_that_names_them_stays_small():
    _, dropped = for_chat(**{f"made-up-{number}" * 20: 1 for number in range(500)})
    assert len(dropped) == 25
    assert sum(map(len, dropped)) < 2000


def test_a_schema_without_end_is_refused_and_not_followed():
    deep = msgspec.Raw(b'{"a":' * 100_000)
    for read_schema in (is_strict, closed):
        with pytest.raises(Incapable, match="nested too deeply"):
            read_schema(deep)


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [{"type": "web_search_20250305", "name": "w"}]},
        {"messages": [*HI, {"role": "assistant", "content": "{"}]},
        {"messages": [{"role": "user", "content": [{"type": "novelty"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file", "file_id": "f"}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "url", "url": "u"}}]}]},
        {"messages": [{"role": "narrator", "content": "x"}]},
    ],
)
def test_what_cannot_be_carried_is_named_and_another_model_may_serve(fields):
    with pytest.raises(Incapable) as caught:
        for_chat(**fields)
    assert caught.value.trigger is Trigger.unclassified
    assert caught.value.part.split(".")[0].split(":")[0] in ("tools", "messages")


def test_what_no_model_could_read_is_the_caller_s_fault():
    with pytest.raises(AttemptFailed) as caught:
        for_chat(messages=[{"role": "user", "content": 7}])
    assert (caught.value.trigger, caught.value.status) == (Trigger.bad_request, 400)
