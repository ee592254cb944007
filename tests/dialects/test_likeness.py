import json

import pytest

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.likeness import likeness, wording

BODY = {"model": "main", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.5}


def of(chain="main", **changes):
    return likeness(chain, openai_chat.read_request(json.dumps(BODY | changes).encode(), {}))


def saying(text):
    return of(messages=[{"role": "user", "content": text}])


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gpt"},
        {"user": "u1"},
        {"metadata": {"session_id": "s"}},
        {"service_tier": "auto"},
        {"messages": [{"content": "hi", "role": "user"}]},
        {"force_fallback": True},
    ],
)
def test_what_changes_no_answer_makes_no_difference(changes):
    assert of(**changes) == of()


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": [{"role": "user", "content": "ho"}]},
        {"messages": [{"role": "system", "content": "hi"}]},
        {"temperature": 0.6},
        {"max_tokens": 5},
        {"stream": True},
        {"tools": []},
        {"response_format": {"type": "json_object"}},
        {"chain": "other"},
    ],
)
def test_what_may_change_it_does(changes):
    assert of(**changes) != of()


def test_moments_and_ids_are_left_out_and_dates_are_not():
    one = "It is 2026-11-21T12:00:01Z, request 123e4567-e89b-12d3-a456-426614174000: what is new?"
    two = "It is 2026-11-22 08:30:59.123+02:00, request 00000000-0000-0000-0000-00000000ABCD: what is new?"
    assert saying(one) == saying(two)
    assert saying("What happened on 2024-05-01?") != saying("What happened on 2024-05-02?")
    assert saying("at 12:30?") != saying("at 12:31?")


def test_dialects_are_not_mixed():
    body = json.dumps({**BODY, "max_tokens": 5}).encode()
    crossed = likeness("main", anthropic_messages.read_request(body, {}))
    assert crossed != likeness("main", openai_chat.read_request(body, {}))


def told(content, **more):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]
    return wording("main", openai_chat.read_request(json.dumps(BODY | {"messages": messages} | more).encode(), {}))


def test_a_wording_is_the_last_message_and_all_the_rest():
    assert told("hi").text == "hi"
    assert told("hi").form == told("ho").form == told([{"type": "text", "text": "hi"}]).form
    assert told([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]).text == "a\nb"
    assert told("hi", temperature=1).form != told("hi").form
    assert told("at 2026-11-21T10:00:00Z, what?").text == "at , what?"


def test_a_wording_of_the_other_dialect():
    body = {"model": "main", "max_tokens": 5, "system": "s", "messages": [{"role": "user", "content": "hi"}]}
    one = wording("main", anthropic_messages.read_request(json.dumps(body).encode(), {}))
    other = wording("main", anthropic_messages.read_request(json.dumps(body | {"system": "t"}).encode(), {}))
    assert one.text == other.text == "hi"
    assert one.form != other.form


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": [{"role": "assistant", "content": "hi"}]},
        {"messages": [{"role": "tool", "tool_call_id": "c", "content": "hi"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example"}}]}]},
        {"messages": [{"role": "user", "content": ""}]},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"functions": [{"name": "f"}]},
    ],
)
def test_what_has_no_wording(changes):
    assert wording("main", openai_chat.read_request(json.dumps(BODY | changes).encode(), {})) is None


def test_no_tools_are_none():
    assert told("hi", tools=[]) is not None
