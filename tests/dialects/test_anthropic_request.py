"""A chat request written for an Anthropic model."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.dialects import openai_chat
from hotspare.dialects.endpoint import Endpoint
from hotspare.dialects.exchange import EXCHANGES
from hotspare.router.trigger import AttemptFailed, Trigger


def composed(parameters=None, /, **fields):
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]} | fields).encode()
    place = Endpoint("main", "fake", "anthropic", "http://127.0.0.1:1", "claude-x", parameters=parameters or {})
    call = openai_chat.read_request(body, {})
    written = EXCHANGES["chat", "openai", "anthropic"].compose(call, place)
    return json.loads(written.body), written.dropped


def refused(**fields):
    with pytest.raises(AttemptFailed) as caught:
        composed(**fields)
    return caught.value


def test_a_plain_question_has_all_that_the_dialect_requires_and_nothing_else():
    body, dropped = composed()
    assert body == {"model": "claude-x", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]}
    assert dropped == ()


def test_system_and_developer_prompts_stand_apart_and_turns_alternate():
    body, _ = composed(
        messages=[
            {"role": "system", "content": "be brief"},
            {"role": "developer", "content": [{"type": "text", "text": "be kind"}]},
            {"role": "user", "content": "one"},
            {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": ""}]},
            {"role": "assistant", "content": "three"},
            {"role": "assistant", "content": None},
            {"role": "user", "content": "four"},
        ]
    )
    assert body["system"] == "be brief\n\nbe kind"
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": "three"},
        {"role": "user", "content": "four"},
    ]


def test_a_lone_system_prompt_becomes_the_question():
    body, _ = composed(messages=[{"role": "system", "content": "say hello"}])
    assert body["messages"] == [{"role": "user", "content": "say hello"}]
    assert "system" not in body


def test_limits_and_sampling_are_carried():
    body, dropped = composed(max_completion_tokens=7, temperature=1.7, stop=["a", " "], user="u1", stream=True)
    assert (body["max_tokens"], body["temperature"], body["stop_sequences"]) == (7, 1.0, ["a"])
    assert (body["metadata"], body["stream"]) == ({"user_id": "u1"}, True)
    assert dropped == ("stop",)
    assert composed(max_tokens=5, stop="x", top_p=0.5)[0]["stop_sequences"] == ["x"]
    assert composed(top_p=0.5)[0]["top_p"] == 0.5


def test_temperature_and_top_p_do_not_go_together():
    body, dropped = composed(temperature=0.3, top_p=0.5)
    assert ("top_p" in body, dropped) == (False, ("top_p",))
    assert composed(temperature=0.3, top_p=1)[1] == ()
    body, dropped = composed({"temperature": 0.3}, top_p=0.5)
    assert ("temperature" in body, body["top_p"], dropped) == (False, 0.5, ())
    assert "top_p" not in composed({"top_p": 0.5}, temperature=0.3)[0]


def test_an_id_that_anthropic_would_refuse_is_made_one_that_it_takes_for_call_and_result_alike():
    function = {"name": "f", "arguments": "{}"}
    ids = ["functions.f:0", "functions.f:1", "functions_f_0", ""]
    calls = [{"id": one, "type": "function", "function": function} for one in ids]
    results = [{"role": "tool", "tool_call_id": one, "content": "x"} for one in ids]
    body, _ = composed(
        messages=[{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": calls}, *results]
    )
    asked, told = body["messages"][1]["content"], body["messages"][2]["content"]
    written = [block["id"] for block in asked]
    assert written == [block["tool_use_id"] for block in told]
    assert len(set(written)) == 4
    assert all(re.fullmatch("[A-Za-z0-9_-]+", one) for one in written)
    assert written[2] == "functions_f_0"


def test_what_is_left_out_is_named_unless_it_says_nothing():
    harmless = {"n": 1, "logprobs": False, "presence_penalty": None, "response_format": {"type": "text"}}
    _, dropped = composed(seed=7, logit_bias={"1": 2}, metadata={"a": "b"}, api_base="http://x", **harmless)
    assert set(dropped) == {"seed", "logit_bias", "metadata", "api_base"}


def test_a_model_s_defaults_are_carried_in_either_dialect_s_words():
    defaults = {"temperature": 0.1, "max_tokens": 99, "top_k": 5, "seed": 7}
    body, _ = composed(defaults)
    assert (body["temperature"], body["max_tokens"], body["top_k"]) == (0.1, 99, 5)
    assert "seed" not in body
    assert composed(defaults, max_completion_tokens=3)[0]["max_tokens"] == 3
    assert composed({"max_completion_tokens": 99}, max_tokens=3)[0]["max_tokens"] == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [{"type": "custom", "custom": {"name": "x"}}]},
        {"tool_choice": {"type": "allowed_tools"}},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/svg,x"}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "type": "custom"}]}]},
        {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "I begin:"}]},
        {"messages": [{"role": "user", "content": [{"type": "novelty"}]}]},
        {"messages": [{"role": "narrator", "content": "x"}]},
        {"messages": [{"role": "assistant", "content": "I begin"}]},
        {"response_format": {"type": "json_schema"}},
    ],
)
def test_what_cannot_be_carried_fails_for_this_model_and_not_for_the_caller(fields):
    assert refused(**fields).trigger is Trigger.unclassified


def test_what_no_model_could_read_is_the_caller_s_fault():
    failure = refused(messages=[{"role": "user", "content": 7}])
    assert (failure.trigger, failure.status) == (Trigger.bad_request, 400)


TURN = st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(min_size=1).filter(str.strip))


@given(st.lists(TURN, max_size=8))
def test_every_text_conversation_keeps_its_words_in_order(turns):
    turns = [("user", "first"), *turns, ("user", "last")]
    body, _ = composed(messages=[{"role": role, "content": text} for role, text in turns])
    roles = [turn["role"] for turn in body["messages"]]
    assert all(one != other for one, other in pairwise(roles))
    carried = []
    for turn in body["messages"]:
        content = turn["content"]
        texts = [content] if isinstance(content, str) else [part["text"] for part in content]
        carried += [(turn["role"], text) for text in texts]
    assert carried == [turn for turn in turns if turn[0] != "system"]
    assert body.get("system", "") == "\n\n".join(text for role, text in turns if role == "system")
