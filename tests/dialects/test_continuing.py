"""What a caller has of a broken stream, and what another model adds to it: wherever it broke, however it is cut."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.anthropic_messages.continuation import prefilled
from hotspare.dialects.begun import Begun, both
from hotspare.dialects.composed import Composed
from hotspare.dialects.continuing import BEGINNINGS, Continuation
from hotspare.dialects.endpoint import Endpoint
from hotspare.router.trigger import Trigger, Usage

encode = msgspec.json.encode
DIALECTS = ("openai", "anthropic")
CALLS = {
    "openai": openai_chat.read_request(
        b'{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}',
        {},
    ),
    "anthropic": anthropic_messages.read_request(
        b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stream":true}', {}
    ),
}
ENDPOINTS = {dialect: Endpoint("m", "p", dialect, "https://p", "m-id") for dialect in DIALECTS}
USAGE = Usage(input=3, output=2)

words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\ufffd"), min_size=1, max_size=30)
sizes = st.integers(1, 7)


def cut(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)]


def chunk(delta, finish=None, **more):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "one"} | more
    return b"data: " + encode({"choices": [choice]} | body) + b"\n\n"


def event(kind, **more):
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), encode({"type": kind} | more))


def said(dialect, pieces):
    """Text as it goes out."""
    if dialect == "openai":
        return [chunk({"role": "assistant", "content": ""}), *(chunk({"content": piece}) for piece in pieces)]
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "one"}
    deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
    return [
        event(
            "message_start", message=message | {"stop_reason": None, "usage": {"input_tokens": 3, "output_tokens": 1}}
        ),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(event("content_block_delta", index=0, delta=delta) for delta in deltas),
    ]


def ended(dialect):
    if dialect == "openai":
        usage = {"prompt_tokens": 3, "completion_tokens": 2}
        told = {"id": "c2", "choices": [], "usage": usage}
        return [chunk({}, "stop"), b"data: " + encode(told) + b"\n\n", b"data: [DONE]\n\n"]
    delta = {"stop_reason": "end_turn"}
    return [
        event("content_block_stop", index=0),
        event("message_delta", delta=delta, usage={"output_tokens": 2}),
        event("message_stop"),
    ]


def begun(dialect, *parts):
    """What is gone on with after these bytes."""
    beginning = BEGINNINGS[dialect]()
    for part in parts:
        beginning.feed(part)
    return beginning.begun()


def go_on(continuation, caller, dialect, parts):
    """What the caller gets of a model's stream, its end included, and what came of it."""
    stream = continuation.stream(CALLS[caller], ENDPOINTS[dialect])
    out = b"".join(stream.feed(part) for part in parts)
    out += stream.close()
    return out + (stream.tail if stream.failure is None else b""), stream.failure


def whole(dialect, *parts):
    """The answer that a caller puts together of all it got."""
    beginning = BEGINNINGS[dialect]()
    for part in parts:
        beginning.feed(part)
    answer = beginning.answer()
    if dialect == "anthropic":
        return "".join(block["text"] for block in answer["content"]), answer["stop_reason"]
    return answer["choices"][0]["message"]["content"], answer["choices"][0]["finish_reason"]


@given(caller=st.sampled_from(DIALECTS), dialect=st.sampled_from(DIALECTS), text=words, data=st.data(), size=sizes)
def test_one_that_is_asked_again_and_says_the_same_makes_it_whole(caller, dialect, text, data, size):
    at = data.draw(st.integers(1, len(text)))
    sent = said(caller, [text[:at]])
    out, failure = go_on(
        Continuation(begun(caller, *sent), prefills=False),
        caller,
        dialect,
        [*said(dialect, cut(text, size)), *ended(dialect)],
    )
    assert failure is None
    assert whole(caller, *sent, out) == (text, "stop" if caller == "openai" else "end_turn")


@given(caller=st.sampled_from(DIALECTS), text=words, data=st.data(), size=sizes)
def test_one_that_is_given_the_beginning_makes_it_whole(caller, text, data, size):
    at = data.draw(st.integers(1, len(text)))
    sent = said(caller, [text[:at]])
    continuation = Continuation(begun(caller, *sent), prefills=True)
    asked = continuation.put(Composed(encode({"messages": [{"role": "user", "content": "hi"}]})))
    last = msgspec.json.decode(asked.body)["messages"][-1]
    given_to_it = last["content"] if last["role"] == "assistant" else ""
    assert continuation.prefills is bool(given_to_it)
    rest = [*said("anthropic", cut(text[len(given_to_it) :], size)), *ended("anthropic")]
    out, failure = go_on(continuation, caller, "anthropic", rest)
    assert failure is None
    assert whole(caller, *sent, out)[0] == text


@given(caller=st.sampled_from(DIALECTS), dialect=st.sampled_from(DIALECTS), text=words, other=words, size=sizes)
def test_nothing_of_another_answer_goes_out(caller, dialect, text, other, size):
    out, failure = go_on(
        Continuation(Begun(text), prefills=False),
        caller,
        dialect,
        [*said(dialect, cut(other, size)), *ended(dialect)],
    )
    if other.startswith(text):
        assert failure is None
    else:
        assert (out, failure.trigger) == (b"", Trigger.invalid_output)


def test_what_differs_says_how_much_was_the_same():
    _, failure = go_on(
        Continuation(Begun("abcdef"), prefills=False), "openai", "openai", said("openai", ["abc", "xyz"])
    )
    assert "only 3 of 6 characters" in failure.message


def test_a_tool_that_is_called_before_the_text_is_said_is_another_answer():
    call = {"index": 0, "id": "1", "function": {"name": "look", "arguments": "{}"}}
    parts = [*said("openai", ["ab"]), chunk({"tool_calls": [call]})]
    out, failure = go_on(Continuation(Begun("abc"), prefills=False), "openai", "openai", parts)
    assert (out, failure.trigger) == (b"", Trigger.invalid_output)


def test_that_it_has_begun_is_heard_before_there_is_news():
    continuation = Continuation(Begun("abc"), prefills=False)
    assert not continuation.heard
    stream = continuation.stream(CALLS["openai"], ENDPOINTS["openai"])
    start, *rest = said("openai", ["ab", "cd"])
    stream.feed(start)
    assert not continuation.heard
    stream.feed(rest[0])
    assert (continuation.heard, stream.content) == (True, False)
    stream.feed(rest[1])
    assert stream.content


# ------------------------------------------------------------------ what there is to go on with
def test_a_chat_answer_goes_on_under_its_own_name():
    assert begun("openai", *said("openai", ["He", "llo"])) == Begun("Hello", id="c1", model="one", created=7)


def test_a_frame_that_tells_nothing_is_told_as_nothing():
    odd = chunk({"content": "a"}, id=None, model=None, created="now")
    assert begun("openai", odd) == Begun("a", id="", model="", created=0)


@pytest.mark.parametrize(
    "more",
    [
        [chunk({}, "stop")],
        [chunk({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}}]})],
        [chunk({"refusal": "no"})],
        [chunk({"audio": {"id": "1"}})],
        [chunk({"function_call": {"name": "f"}})],
        [chunk({"content": "half \ufffd"})],
        [b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n'],
    ],
    ids=["a reason", "a call", "a refusal", "audio", "a function", "half a character", "a second choice"],
)
def test_more_than_text_is_nothing_to_go_on_with_in_chat(more):
    assert begun("openai", *said("openai", ["a"]), *more) is None


def test_reasoning_before_the_text_does_not_matter_and_alone_is_nothing_in_chat():
    assert begun("openai", chunk({"reasoning_content": "hm"})) is None
    assert begun("openai", chunk({"reasoning_content": "hm"}), chunk({"content": "a"})).text == "a"
    assert begun("openai", b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n') is None
    assert begun("openai") is None


def block(at, **block):
    return event("content_block_start", index=at, content_block=block)


def stop(at):
    return event("content_block_stop", index=at)


def test_a_message_goes_on_in_its_open_block_or_after_one_that_ended():
    sent = said("anthropic", ["He", "llo"])
    assert begun("anthropic", *sent) == Begun("Hello", blocks=1, open=True)
    assert begun("anthropic", *sent, stop(0)) == Begun("Hello", blocks=1, open=False)
    assert begun("anthropic", *sent, stop(0), block(1, type="text", text=" you")) == Begun(
        "Hello you", blocks=2, open=True
    )


@pytest.mark.parametrize(
    "more",
    [
        [event("message_delta", delta={"stop_reason": "end_turn"}, usage={})],
        [stop(0), block(1, type="tool_use", id="1", name="f", input={})],
        [stop(0), block(1, type="server_tool_use", id="1", name="f", input={}), block(2, type="text", text="b")],
        [stop(0), block(1, type="thinking", thinking="hm")],
        [event("content_block_delta", index=0, delta={"type": "text_delta", "text": "\ufffd"})],
    ],
    ids=["a reason", "a call", "the provider's tool", "thinking", "half a character"],
)
def test_more_than_text_is_nothing_to_go_on_with_in_messages(more):
    assert begun("anthropic", *said("anthropic", ["a"]), *more) is None


def test_thinking_before_the_text_does_not_matter_and_alone_is_nothing_in_messages():
    start = said("anthropic", [])[0]
    thought = [start, block(0, type="thinking", thinking="hm"), stop(0), block(1, type="redacted_thinking", data="x")]
    assert begun("anthropic", *thought) is None
    assert begun("anthropic", *thought, stop(1), block(2, type="text", text="a")) == Begun("a", blocks=3, open=True)
    assert begun("anthropic", start) is None
    assert begun("anthropic", start, block(0, type="text")) is None


# ------------------------------------------------------------------ how it is asked
def asked(text="a b \n", **more):
    body = encode({"model": "m", "messages": [{"role": "user", "content": "hi"}]} | more)
    return prefilled(body, text)


def test_the_beginning_is_the_assistants_last_message_without_the_blanks_at_its_end():
    assert msgspec.json.decode(asked(max_tokens=5)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "a b"}],
        "max_tokens": 5,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"thinking": {"type": "adaptive"}},
        {"tool_choice": {"type": "any"}},
        {"tool_choice": {"type": "tool", "name": "f"}},
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "So"}]},
        {"messages": []},
        {"text": " \n"},
    ],
)
def test_where_a_beginning_would_be_refused_there_is_none(more):
    assert asked(**more) is None


@pytest.mark.parametrize(
    "more",
    [
        {"thinking": {"type": "disabled"}},
        {"thinking": None},
        {"tool_choice": {"type": "auto"}},
        {"tool_choice": {"type": "none"}},
        {"tool_choice": {}},
    ],
)
def test_what_changes_nothing_does_not_stand_in_the_way(more):
    assert asked(**more) is not None


# ------------------------------------------------------------------ usage
def test_usage_is_the_sum_of_what_was_told():
    one, two = Usage(1, 2, 3, 4, 5), Usage(10, 20, 30, 40, 50)
    assert both(one, two) == Usage(11, 22, 33, 44, 55)
    assert (both(one, None), both(None, two), both(None, None)) == (one, two, None)


@pytest.mark.parametrize(("before", "told"), [(None, 3), (USAGE, 6)])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_chat_caller_is_told_the_usage_once_and_last(dialect, before, told):
    parts = [*said(dialect, ["abc"]), *ended(dialect)]
    out, _ = go_on(Continuation(Begun("a", usage=before), prefills=False), "openai", dialect, parts)
    *events, usage, done, _ = out.split(b"\n\n")
    assert (b"usage" in b"".join(events), done) == (False, b"data: [DONE]")
    assert msgspec.json.decode(usage.removeprefix(b"data: "))["usage"]["prompt_tokens"] == told
