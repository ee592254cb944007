"""A request as one provider takes it, and without what was written for another: nothing else of it changes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.adaptation import Adaptation
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.exchange import EXCHANGES
from hotspare.router.trigger import Incapable

HI = [{"role": "user", "content": "hi"}]
CALL = {"id": "toolu_01", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def at(dialect, adaptation=None, **more):
    adapted = {} if adaptation is None else {"adaptation": adaptation}
    return Endpoint("m", "p", dialect, "http://x", "upstream", **adapted, **more)


def put(dialect, endpoint, **fields):
    """The body that goes up, and what was left out of it."""
    module = openai_chat if dialect == "openai" else anthropic_messages
    body = {"model": "m", "messages": HI, "max_tokens": 9} | fields
    call = module.read_request(msgspec.json.encode(body), {})
    composed = EXCHANGES["chat", dialect, endpoint.dialect].compose(call, endpoint)
    return msgspec.json.decode(composed.body), composed.dropped


def chat(adaptation, **fields):
    return put("openai", at("openai", adaptation), **fields)


def chat_guest(**fields):
    return put("openai", at("openai", guest=True), **fields)


def messages_guest(**fields):
    return put("anthropic", at("anthropic", guest=True), **fields)


# ------------------------------------------------------------------ as a provider takes it
def test_fields_that_are_refused_are_left_out_and_named():
    body, dropped = chat(Adaptation(refuses=frozenset({"seed", "user"})), seed=7, user=None, top_p=0.5)
    assert (body, dropped) == ({"model": "upstream", "messages": HI, "max_tokens": 9, "top_p": 0.5}, ("seed",))


def test_of_fields_only_those_are_kept_that_are_known():
    takes = frozenset({"model", "messages", "max_tokens"})
    body, dropped = chat(Adaptation(takes=takes), seed=7, stop=["x"])
    assert (body.keys(), dropped) == (takes, ("seed", "stop"))


def test_a_field_is_given_under_the_name_that_is_known():
    adaptation = Adaptation(
        takes=frozenset({"model", "messages", "max_tokens", "random_seed"}), renames={"seed": "random_seed"}
    )
    body, dropped = chat(adaptation, seed=7)
    assert (body["random_seed"], "seed" in body, dropped) == (7, False, ())


def test_a_field_that_was_given_under_both_names_keeps_the_one_that_is_known():
    body, _ = chat(Adaptation(renames={"max_completion_tokens": "max_tokens"}), max_completion_tokens=100)
    assert body["max_tokens"] == 9


def test_the_developers_words_are_the_systems_where_that_role_is_unknown():
    told = [{"role": "developer", "content": "be brief"}, *HI]
    body, dropped = chat(Adaptation(developer=False), messages=told)
    assert (body["messages"], dropped) == ([{"role": "system", "content": "be brief"}, *HI], ())
    assert chat(Adaptation(names=False), messages=told)[0]["messages"] == told


def test_names_of_messages_are_left_out_but_for_those_of_tools():
    told = [
        {"role": "user", "content": "x", "name": "ann"},
        {"role": "tool", "tool_call_id": "c", "content": "", "name": "f"},
    ]
    body, dropped = chat(Adaptation(names=False), messages=told)
    assert (body["messages"], dropped) == ([{"role": "user", "content": "x"}, told[1]], ("messages.name",))


def test_ids_of_calls_become_short_and_still_match_their_results():
    told = [
        *HI,
        {"role": "assistant", "tool_calls": [CALL, CALL | {"id": "toolu_02"}, CALL | {"id": "abcDEF123"}]},
        {"role": "tool", "tool_call_id": "toolu_02", "content": "2"},
        {"role": "tool", "tool_call_id": "toolu_01", "content": "1"},
    ]
    body, dropped = chat(Adaptation(short_call_ids=True), messages=told)
    _, assistant, second, first = body["messages"]
    ids = [call["id"] for call in assistant["tool_calls"]]
    assert [second["tool_call_id"], first["tool_call_id"]] == [ids[1], ids[0]]
    assert ids[2] == "abcDEF123"
    assert all(len(one) == 9 and one.isalnum() for one in ids)
    assert len(set(ids)) == 3
    assert dropped == ()


def test_ids_are_short_for_callers_of_anthropics_dialect_too():
    told = [
        *HI,
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_01", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01", "content": "1"}]},
    ]
    adaptation = Adaptation(short_call_ids=True, takes=frozenset({"model", "messages", "max_tokens"}))
    body, dropped = put(
        "anthropic", at("openai", adaptation), messages=told, temperature=0.5, metadata={"user_id": "u"}
    )
    _, assistant, result = body["messages"]
    assert result["tool_call_id"] == assistant["tool_calls"][0]["id"]
    assert len(result["tool_call_id"]) == 9
    assert set(dropped) == {"temperature", "user"}


def test_messages_that_need_no_change_go_up_byte_for_byte():
    raw = b'{"model":"m","messages":[ {"role":"user","content":"the \\"developer\\" and his \\u0041 name"} ]}'
    call = openai_chat.read_request(raw, {})
    everything = Adaptation(developer=False, names=False, short_call_ids=True)
    assert (
        b'[ {"role":"user","content":"the \\"developer\\" and his \\u0041 name"} ]'
        in openai_chat.compose(call, at("openai", everything)).body
    )


def test_messages_that_hold_a_mark_and_need_no_change_go_up_byte_for_byte():
    told = (
        b'[ {"role":"user","content":"x"},{"role":"tool","tool_call_id":"abcDEF123","name":"f","content":"\\u0041"} ]'
    )
    call = openai_chat.read_request(b'{"model":"m","messages":%b}' % told, {})
    everything = Adaptation(developer=False, names=False, short_call_ids=True)
    assert told in openai_chat.compose(call, at("openai", everything)).body


def test_strict_tools_are_not_asked_of_a_model_that_knows_none():
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}
    body, dropped = put("openai", at("anthropic", Adaptation(strict_tools=False)), tools=[tool])
    assert ("strict" in body["tools"][0], dropped) == (False, ("tools.strict",))
    assert put("openai", at("anthropic"), tools=[tool])[0]["tools"][0]["strict"] is True


SAMPLING = Adaptation(refuses=frozenset({"temperature", "top_p", "top_k"}))


@pytest.mark.parametrize("caller", ["openai", "anthropic"])
def test_a_model_that_chooses_for_itself_is_not_told_how(caller):
    body, dropped = put(caller, at("anthropic", SAMPLING), temperature=0.5)
    assert ("temperature" in body, dropped) == (False, ("temperature",))
    body, dropped = put(caller, at("anthropic", SAMPLING, parameters={"temperature": 0.2, "top_k": 4}))
    assert (body.keys() & {"temperature", "top_k"}, dropped) == (set(), ())


@pytest.mark.parametrize("caller", ["openai", "anthropic"])
def test_a_models_own_default_that_it_would_refuse_is_not_sent_nor_reported_to_callers(caller):
    body, dropped = put(caller, at("openai", SAMPLING, parameters={"temperature": 0.2, "seed": 4}))
    assert (body.get("temperature"), body["seed"], dropped) == (None, 4, ())


@pytest.mark.parametrize(("version", "told"), [(None, True), ("2023-06-01", True), ("2026-10-21", False)])
def test_a_models_own_temperature_is_kept_back_from_versions_that_refuse_it(version, told):
    headers = {} if version is None else {"anthropic-version": version}
    body = {"model": "m", "messages": HI, "max_tokens": 9}
    call = anthropic_messages.read_request(msgspec.json.encode(body), headers)
    place = at("anthropic", parameters={"temperature": 0.2, "inference_geo": "eu"})
    sent = msgspec.json.decode(anthropic_messages.compose(call, place).body)
    assert ("temperature" in sent, sent["inference_geo"]) == (told, "eu")


@given(st.dictionaries(st.sampled_from(["seed", "stop", "user", "top_p", "x"]), st.integers(), max_size=5))
def test_what_is_neither_refused_nor_unknown_is_never_touched(fields):
    body, dropped = chat(Adaptation(refuses=frozenset({"seed"}), developer=False, names=False), **fields)
    kept = {name: value for name, value in fields.items() if name != "seed"}
    assert body == {"model": "upstream", "messages": HI, "max_tokens": 9} | kept
    assert dropped == (("seed",) if "seed" in fields else ())


# ------------------------------------------------------------------ written for another provider: OpenAI's dialect
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("store", True),
        ("metadata", {"a": "b"}),
        ("service_tier", "flex"),
        ("prompt_cache_key", "k"),
        ("safety_identifier", "u"),
        ("logit_bias", {"50256": -100}),
        ("reasoning_effort", "low"),
        ("provider", {"order": ["x"]}),
    ],
)
def test_what_only_one_provider_understands_reaches_no_other(field, value):
    body, dropped = chat_guest(**{field: value, "seed": 7})
    assert (field in body, dropped) == (False, (field,))
    assert body["seed"] == 7
    assert put("openai", at("openai"), **{field: value})[0][field] == value


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning_details", "extra_content", "cache_control"])
def test_nor_do_its_marks_inside_of_messages_and_tools(key):
    mark = {key: "canary"}
    schema = {"type": "object", "properties": {key: {"type": "string"}}}
    told = [
        {"role": "user", "content": [{"type": "text", "text": "x"} | mark]} | mark,
        {"role": "assistant", "content": None, "tool_calls": [CALL | mark]} | mark,
    ]
    tools = [{"type": "function", "function": {"name": "f", "parameters": schema}} | mark]
    body, dropped = chat_guest(messages=told, tools=tools)
    assert b"canary" not in msgspec.json.encode(body)
    assert body["tools"][0]["function"]["parameters"] == schema
    assert dropped == (f"messages.{key}", f"tools.{key}")


def test_an_answer_that_is_to_be_continued_is_not_put_to_another_provider():
    told = [*HI, {"role": "assistant", "content": "Once", "prefix": True}]
    with pytest.raises(Incapable) as caught:
        chat_guest(messages=told)
    assert caught.value.part == "messages.prefix"
    assert put("openai", at("openai"), messages=told)[0]["messages"] == told


def test_a_plain_request_goes_to_another_provider_byte_for_byte():
    raw = b'{"model":"m","messages":[ {"role":"user","content":"\\u0041 \\"prefix\\""} ],"seed": 7}'
    call = openai_chat.read_request(raw, {})
    composed = openai_chat.compose(call, at("openai", guest=True))
    assert b'[ {"role":"user","content":"\\u0041 \\"prefix\\""} ]' in composed.body
    assert composed.dropped == ()


# ------------------------------------------------------------------ the same of Anthropic's dialect
CACHED = {"cache_control": {"type": "ephemeral"}}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "canary"}
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {"cache_control": 1}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "r"} | CACHED]}


def test_marks_for_a_cache_reach_no_other_provider_wherever_they_stand():
    told = [{"role": "user", "content": [{"type": "text", "text": "x"} | CACHED]}]
    tool = {"name": "f", "input_schema": {"type": "object", "properties": {"cache_control": {}}}}
    asked = {"system": [{"type": "text", "text": "s"} | CACHED], "tools": [tool | CACHED], "messages": told}
    body, dropped = messages_guest(**asked, cache_control={"type": "ephemeral"})
    assert b"ephemeral" not in msgspec.json.encode(body)
    assert body["tools"] == [tool]
    assert body["system"] == [{"type": "text", "text": "s"}]
    assert dropped == ("cache_control", "tools.cache_control")
    assert put("anthropic", at("anthropic"), **asked)[0] == {"model": "upstream", "max_tokens": 9} | asked


def test_signed_thinking_reaches_no_other_provider_and_arguments_are_not_touched():
    told = [*HI, {"role": "assistant", "content": [THOUGHT, USE]}, {"role": "user", "content": [RESULT | CACHED]}]
    body, dropped = messages_guest(messages=told, thinking={"type": "enabled", "budget_tokens": 1024})
    assert b"canary" not in msgspec.json.encode(body)
    assert body["messages"][1]["content"] == [USE]
    assert body["messages"][2]["content"][0] == {
        "type": "tool_result",
        "tool_use_id": "t1",
        "content": [{"type": "text", "text": "r"}],
    }
    assert "thinking" not in body  # the turn that goes on would have to begin with it
    assert dropped == ("messages.thinking", "cache_control", "thinking")


def test_thinking_is_still_asked_for_where_no_turn_goes_on():
    told = [*HI, {"role": "assistant", "content": [THOUGHT]}, *HI]
    body, dropped = messages_guest(messages=told, thinking={"type": "adaptive"})
    assert (body["messages"], body["thinking"]) == ([*HI, *HI], {"type": "adaptive"})
    assert dropped == ("messages.thinking",)


def test_thinking_is_still_asked_for_once_the_tools_are_answered_and_talked_over():
    told = [*HI, {"role": "assistant", "content": [THOUGHT, USE]}, {"role": "user", "content": [RESULT]}]
    told += [{"role": "assistant", "content": "done"}, *HI]
    body, dropped = messages_guest(messages=told, thinking={"type": "adaptive"})
    assert body["thinking"] == {"type": "adaptive"}
    assert "thinking" not in dropped


def test_what_says_nothing_is_not_reported():
    body, dropped = messages_guest(service_tier=None, mcp_servers=[], context_management={}, tools=[])
    assert (body.keys() & {"service_tier", "mcp_servers", "context_management"}, dropped) == (set(), ())
    body, dropped = chat_guest(metadata={}, store=False, logit_bias=None)
    assert (body.keys() & {"metadata", "store", "logit_bias"}, dropped) == (set(), ())


def test_a_tool_may_say_that_it_is_the_callers_own():
    tool = {"type": "custom", "name": "f", "input_schema": {"type": "object"}}
    assert messages_guest(tools=[tool])[0]["tools"] == [tool]


def test_fields_and_tools_of_beta_features_reach_no_other_provider():
    tool = {"name": "f", "input_schema": {"type": "object"}, "strict": True}
    asked = {
        "context_management": {"edits": []},
        "service_tier": "auto",
        "tools": [tool | {"defer_loading": True}],
        "top_k": 5,
    }
    body, dropped = messages_guest(**asked)
    assert (body["tools"], body["top_k"]) == ([tool], 5)
    assert dropped == ("context_management", "service_tier", "tools.defer_loading")


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ({"messages": [*HI, {"role": "assistant", "content": "Once"}]}, "messages: the last one is the assistant's"),
        ({"mcp_servers": [{"url": "https://x"}]}, "mcp_servers"),
        ({"container": "c1"}, "container"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.web_search_20250305"),
    ],
)
def test_what_cannot_be_left_out_makes_another_provider_incapable(asked, part):
    with pytest.raises(Incapable) as caught:
        messages_guest(**asked)
    assert caught.value.part.startswith(part)
    assert put("anthropic", at("anthropic"), **asked)[1] == ()


def test_a_plain_message_goes_to_another_provider_byte_for_byte():
    raw = (
        b'{"model":"m","max_tokens":9,"messages":[ {"role":"user","content":"\\u0041 \\"cache_control\\""} ],'
        b'"system":"\\"cache_control\\""}'
    )
    call = anthropic_messages.read_request(raw, {})
    composed = anthropic_messages.compose(call, at("anthropic", guest=True))
    assert b'[ {"role":"user","content":"\\u0041 \\"cache_control\\""} ]' in composed.body
    assert b'"system":"\\"cache_control\\""' in composed.body
    assert composed.dropped == ()
