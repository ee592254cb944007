"""Answers of both dialects, judged by what their requests asked for."""

import json

import pytest

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.content.judgement import Rules, judge, judge_refusal
from hotspare.dialects.reading import READINGS
from hotspare.router.trigger import AttemptFailed, Trigger

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MESSAGES = [{"role": "user", "content": "Where?"}]
TOOLS = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("weather", "flights")]
OWN_TOOLS = [{"name": name, "input_schema": SCHEMA} for name in ("weather", "flights")]
PASSING = Rules(content_filter=True, refusal=True, refusal_words=True)
THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
LOOP = "and so on " * 400
REFUSAL = "I'm sorry, but I can't assist with that."


def chat_call(**more):
    body = {"model": "main", "messages": MESSAGES} | more
    return openai_chat.read_request(json.dumps(body).encode(), {})


def messages_call(**more):
    body = {"model": "main", "max_tokens": 9, "messages": MESSAGES} | more
    return anthropic_messages.read_request(json.dumps(body).encode(), {})


JSON_OBJECT = chat_call(response_format={"type": "json_object"})
JSON_SCHEMA = chat_call(response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}})
REQUIRED = chat_call(tools=TOOLS, tool_choice="required")
NAMED = chat_call(tools=TOOLS, tool_choice={"type": "function", "function": {"name": "weather"}})
OWN_SCHEMA = messages_call(output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
OWN_ANY = messages_call(tools=OWN_TOOLS, tool_choice={"type": "any"})
OWN_NAMED = messages_call(tools=OWN_TOOLS, tool_choice={"type": "tool", "name": "weather"})
PLAIN, OWN_PLAIN = chat_call(), messages_call()


def said(text=None, *, calls=(), finish="stop", **more):
    message = {"role": "assistant", "content": text} | more
    if calls:
        message["tool_calls"] = [
            {"id": "c", "type": "function", "function": {"name": name, "arguments": told}} for name, told in calls
        ]
    return {"choices": [{"message": message, "finish_reason": finish}]}


def told(*blocks, stop="end_turn"):
    return {"type": "message", "content": list(blocks), "stop_reason": stop}


def text(words):
    return {"type": "text", "text": words}


def use(name, given):
    return {"type": "tool_use", "id": "t", "name": name, "input": given}


def judged(call, answer, rules=None):
    reading = READINGS[call.dialect]
    return judge(reading.statements(answer), reading.expected(call), rules or Rules())


UNFIT = [
    (JSON_OBJECT, said("It is Paris."), "the answer is not JSON"),
    (JSON_OBJECT, said('["Paris"]'), "the answer is JSON, but no object"),
    (JSON_OBJECT, said('"Paris"'), "the answer is JSON, but no object"),
    (JSON_OBJECT, said('{"city": "Par', finish="length"), "the answer is not JSON"),
    (JSON_SCHEMA, said('{"town": "Paris"}'), "the answer does not fit its schema: $ lacks city"),
    (JSON_SCHEMA, said('{"city": 75}'), "the answer does not fit its schema: $.city is a number, not string"),
    (JSON_SCHEMA, said('```json\n{"city": 75}\n```'), "the answer does not fit its schema"),
    (JSON_OBJECT, said([THINKING, {"type": "text", "text": "Paris"}]), "the answer is not JSON"),
    (JSON_SCHEMA, said("[]"), "the answer does not fit its schema: $ is a list, not object"),
    (REQUIRED, said("It is sunny."), "no tool is called, though one had to be"),
    (REQUIRED, said(calls=[("trains", "{}")]), "the tool trains is called, which the request does not offer"),
    (REQUIRED, said(calls=[("weather", "{}")]), "what the tool weather is given does not fit its schema: $ lacks city"),
    (REQUIRED, said(calls=[("weather", "")]), "what the tool weather is given does not fit its schema"),
    (REQUIRED, said(calls=[("weather", "Paris")]), "what the tool weather is given is not JSON"),
    (REQUIRED, said(calls=[("weather", '["Paris"]')]), "what the tool weather is given is no JSON object"),
    (REQUIRED, said(calls=[("weather", '{"city": "P"}'), ("weather", '{"city":')]), "what the tool weather is given"),
    (NAMED, said(calls=[("flights", '{"city": "Paris"}')]), "the tool flights is called: weather had to be"),
    (OWN_SCHEMA, told(text("It is Paris.")), "the answer is not JSON"),
    (OWN_SCHEMA, told(text('{"town": "Paris"}')), "the answer does not fit its schema: $ lacks city"),
    (OWN_ANY, told(text("It is sunny.")), "no tool is called"),
    (OWN_ANY, told(use("weather", {})), "what the tool weather is given does not fit its schema"),
    (OWN_ANY, told(use("weather", "Paris")), "what the tool weather is given is not JSON"),
    (OWN_ANY, told(use("weather", ["Paris"])), "what the tool weather is given is no JSON object"),
    (OWN_NAMED, told(use("flights", {"city": "Paris"})), "the tool flights is called: weather had to be"),
]

FIT = [
    (PLAIN, said("It is Paris.")),
    (PLAIN, said('{"city": "Par')),
    (PLAIN, said(REFUSAL)),
    (PLAIN, said(None, refusal=REFUSAL)),
    (PLAIN, said("half of it", finish="content_filter")),
    (JSON_OBJECT, said('{"city": "Paris"}')),
    (JSON_OBJECT, said('\n {"city": "東京"}\n')),
    (JSON_OBJECT, said("{}")),
    (JSON_OBJECT, said(None, refusal=REFUSAL)),
    (JSON_OBJECT, said(REFUSAL)),
    (JSON_OBJECT, said(None, finish="content_filter")),
    (JSON_OBJECT, said(calls=[("weather", "{}")], finish="tool_calls")),
    (JSON_OBJECT, said([{"type": "text", "text": '{"city": '}, {"type": "text", "text": '"Paris"}'}])),
    (JSON_OBJECT, said([THINKING, {"type": "text", "text": "{}"}])),
    (JSON_SCHEMA, said('{"city": "Köln", "zip": 50667}')),
    (REQUIRED, said(calls=[("flights", '{"city": "Paris"}')], finish="tool_calls")),
    (REQUIRED, said("Let me look.", calls=[("weather", '{"city": "Paris"}')])),
    (REQUIRED, said(None, tool_calls=[{"id": "c", "type": "custom", "custom": {"name": "x", "input": "y"}}])),
    (NAMED, said(calls=[("weather", '{"city": "São Paulo"}')])),
    (OWN_PLAIN, told(text("C'est Paris."))),
    (OWN_SCHEMA, told(text('{"city": "Paris"}'))),
    (OWN_SCHEMA, told({"type": "thinking", "thinking": "hm"}, text('{"city": '), text('"Paris"}'))),
    (OWN_ANY, told(text("Ich sehe nach."), use("flights", {"city": "Paris"}), stop="tool_use")),
    (OWN_NAMED, told(use("weather", {"city": "Paris"}))),
    (OWN_NAMED, told(stop="refusal")),
]


@pytest.mark.parametrize(("call", "answer", "why"), UNFIT)
def test_what_was_not_asked_for_is_no_answer(call, answer, why):
    with pytest.raises(AttemptFailed) as raised:
        judged(call, answer)
    assert raised.value.trigger is Trigger.invalid_output
    assert raised.value.message.startswith(why)
    assert raised.value.status == 200
    assert judged(call, answer, Rules(output=False)) == ()


@pytest.mark.parametrize(("call", "answer"), FIT)
def test_what_was_asked_for_goes_out_as_it_is(call, answer):
    before = json.dumps(answer)
    assert judged(call, answer) == ()
    assert json.dumps(answer) == before


def test_there_are_enough_of_both():
    assert len(UNFIT) >= 20
    assert len(FIT) >= 20


def test_a_text_is_repaired_where_it_stands():
    answer = said('Here you are:\n```json\n{"city": "Paris",}\n```')
    assert judged(JSON_SCHEMA, answer) == ("code fence and trailing commas",)
    assert answer["choices"][0]["message"]["content"] == '{"city": "Paris"}'


def test_arguments_are_repaired_where_they_stand():
    answer = said(calls=[("weather", '{"city": "Paris",}')])
    assert judged(REQUIRED, answer) == ("trailing commas",)
    assert answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"city": "Paris"}'
    answer = told(use("weather", '{"city": "Paris",}'))
    assert judged(OWN_ANY, answer) == ("trailing commas",)
    assert answer["content"][0]["input"] == {"city": "Paris"}


def test_a_text_in_several_blocks_is_repaired_into_the_first():
    answer = told(text('Sure: {"city": '), text('"Paris"}'))
    assert judged(OWN_SCHEMA, answer) == ("text around it",)
    assert [block["text"] for block in answer["content"]] == ['{"city": "Paris"}', ""]


def test_a_list_is_repaired_where_the_schema_wants_one():
    schema = {"type": "array", "items": {"type": "integer"}}
    call = chat_call(response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}})
    answer = said("Sure: [1, 2]")
    assert judged(call, answer) == ("text around it",)
    assert answer["choices"][0]["message"]["content"] == "[1, 2]"


def test_nothing_is_repaired_where_the_chain_says_so():
    with pytest.raises(AttemptFailed):
        judged(JSON_OBJECT, said('{"city": "Paris",}'), Rules(repair=False))


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_what_ends_at_the_callers_own_limit_is_what_it_asked_for(name):
    cut = said('{"city": "Par', finish="length")
    assert judged(chat_call(response_format={"type": "json_object"}, **{name: 5}), cut) == ()
    assert judged(OWN_SCHEMA, told(text('{"city": "Par'), stop="max_tokens")) == ()
    with pytest.raises(AttemptFailed):
        judged(chat_call(response_format={"type": "json_object"}, **{name: None}), cut)
    with pytest.raises(AttemptFailed):
        judged(chat_call(response_format={"type": "json_object"}, **{name: 5}), said('{"city": "Par'))


def test_one_choice_that_serves_is_enough():
    broken, whole = said("Paris")["choices"][0], said('{"city": "Paris"}')["choices"][0]
    assert judged(JSON_OBJECT, {"choices": [broken, whole]}) == ()
    with pytest.raises(AttemptFailed):
        judged(JSON_OBJECT, {"choices": [broken, broken]})


@pytest.mark.parametrize(
    ("call", "answer", "trigger"),
    [
        (PLAIN, said(None, refusal=REFUSAL), "refusal"),
        (JSON_OBJECT, said(None, refusal=REFUSAL), "refusal"),
        (PLAIN, said(REFUSAL), "refusal"),
        (JSON_OBJECT, said(REFUSAL), "refusal"),
        (PLAIN, said("half of it", finish="content_filter"), "content_filter"),
        (PLAIN, said(None, finish="content_filter"), "content_filter"),
        (OWN_PLAIN, told(text("half of it"), stop="refusal"), "content_filter"),
        (OWN_PLAIN, told(text(REFUSAL)), "refusal"),
    ],
)
def test_a_refusal_is_passed_on_only_where_the_chain_says_so(call, answer, trigger):
    assert judged(call, answer) == ()
    with pytest.raises(AttemptFailed) as raised:
        judged(call, answer, PASSING)
    assert raised.value.trigger == trigger


def test_words_are_no_refusal_where_the_chain_does_not_look_at_them():
    rules = Rules(content_filter=True, refusal=True)
    assert judged(PLAIN, said(REFUSAL), rules) == ()
    with pytest.raises(AttemptFailed) as raised:
        judged(JSON_OBJECT, said(REFUSAL), rules)
    assert raised.value.trigger is Trigger.invalid_output


def test_a_tool_call_is_no_refusal_whatever_is_said_beside_it():
    assert judged(PLAIN, said(REFUSAL, calls=[("weather", "{}")]), PASSING) == ()
    assert judged(PLAIN, said(None, calls=[("weather", "{}")], refusal=""), PASSING) == ()


@pytest.mark.parametrize(
    ("call", "answer"), [(PLAIN, said(LOOP, finish="length")), (OWN_PLAIN, told(text(LOOP), stop="max_tokens"))]
)
def test_a_loop_up_to_the_limit_is_no_answer(call, answer):
    with pytest.raises(AttemptFailed) as raised:
        judged(call, answer)
    assert raised.value.trigger is Trigger.loop
    assert judged(call, answer, Rules(loop=False)) == ()


def test_a_loop_in_what_a_tool_is_given_is_one_too():
    with pytest.raises(AttemptFailed) as raised:
        judged(PLAIN, said(calls=[("weather", '{"city": "' + LOOP)], finish="length"))
    assert raised.value.trigger is Trigger.loop


def test_what_repeats_itself_and_then_stops_is_an_answer():
    assert judged(PLAIN, said(LOOP)) == ()


THOUGHT = {"type": "thinking", "thinking": "hm"}
EMPTY = [
    (PLAIN, said("")),
    (PLAIN, said(" ")),
    (PLAIN, said(" \n")),
    (PLAIN, said("\t\r\n")),
    (PLAIN, said("\u00a0\u2003")),
    (PLAIN, said("\u3000")),
    (PLAIN, said(None)),
    (PLAIN, said([])),
    (PLAIN, said([{"type": "text", "text": ""}])),
    (PLAIN, said([{"type": "text", "text": " "}, {"type": "text", "text": "\n"}])),
    (PLAIN, said("", reasoning_content="hm")),
    (PLAIN, said(None, reasoning="hm")),
    (PLAIN, said([THINKING])),
    (PLAIN, said(None, calls=[])),
    (JSON_OBJECT, said("")),
    (JSON_OBJECT, said("", finish="tool_calls")),
    (OWN_PLAIN, told()),
    (OWN_PLAIN, told(text(""))),
    (OWN_PLAIN, told(text(" "), text("\n"))),
    (OWN_PLAIN, told(THOUGHT)),
    (OWN_PLAIN, told(THOUGHT, text("\n"))),
    (OWN_PLAIN, told(stop="stop_sequence")),
]
NOT_EMPTY = [
    (PLAIN, said(".")),
    (PLAIN, said("0")),
    (PLAIN, said("-")),
    (PLAIN, said("null")),
    (PLAIN, said("\u200b")),
    (PLAIN, said("  ok  ")),
    (PLAIN, said("\u597d")),
    (PLAIN, said("\U0001f44d")),
    (PLAIN, said("``````")),
    (PLAIN, said([{"type": "text", "text": "no"}])),
    (PLAIN, said([{"type": "text", "text": ""}, {"type": "text", "text": "!"}])),
    (PLAIN, said([THINKING, {"type": "text", "text": "yes"}])),
    (PLAIN, said("yes", reasoning_content="hm")),
    (PLAIN, said(None, calls=[("weather", "{}")])),
    (PLAIN, said("", calls=[("weather", "{}")], finish="tool_calls")),
    (PLAIN, said(None, refusal="I can't.")),
    (PLAIN, said(None, audio={"id": "a", "data": ""})),
    (PLAIN, said("", finish="length")),
    (JSON_OBJECT, said("{}")),
    (OWN_PLAIN, told(text("ok"))),
    (OWN_PLAIN, told(THOUGHT, text("ok"))),
    (OWN_PLAIN, told({"type": "server_tool_use", "id": "s"})),
]


def test_there_are_enough_empty_answers_and_enough_others():
    assert len(EMPTY) >= 20
    assert len(NOT_EMPTY) >= 20


@pytest.mark.parametrize(("call", "answer"), NOT_EMPTY)
def test_the_least_that_is_said_is_an_answer(call, answer):
    judged(call, answer)


@pytest.mark.parametrize(("call", "answer"), EMPTY)
def test_nothing_but_reasoning_and_blanks_is_no_answer(call, answer):
    with pytest.raises(AttemptFailed) as raised:
        judged(call, answer)
    assert raised.value.trigger is Trigger.empty


def test_nothing_is_an_answer_where_a_limit_cut_it_short():
    assert judged(PLAIN, said("", reasoning_content="hm", finish="length")) == ()
    assert judged(OWN_PLAIN, told({"type": "server_tool_use", "id": "s"})) == ()


def test_of_a_beginning_only_a_refusal_is_known():
    reading = READINGS["openai"]
    judge_refusal(reading.statements(said("")), PASSING)
    judge_refusal(reading.statements(said(REFUSAL)), PASSING)
    judge_refusal(reading.statements(said(None, refusal="I")), Rules())
    with pytest.raises(AttemptFailed):
        judge_refusal(reading.statements(said(None, refusal="I")), PASSING)


@pytest.mark.parametrize(
    "call",
    [
        PLAIN,
        OWN_PLAIN,
        chat_call(tools=TOOLS),
        chat_call(tools=TOOLS, tool_choice="auto"),
        chat_call(tools=TOOLS, tool_choice="none"),
        chat_call(tool_choice=None, response_format=None),
        chat_call(response_format={"type": "text"}),
        chat_call(response_format={"type": 7}),
        chat_call(response_format="json"),
        chat_call(tools="x", tool_choice="required"),
        messages_call(tools=OWN_TOOLS, tool_choice={"type": "auto"}),
        messages_call(tools=OWN_TOOLS, tool_choice={"type": "none"}),
        messages_call(output_config={"effort": "low"}),
        messages_call(output_config=3),
    ],
)
def test_what_asks_for_nothing_special_or_for_nonsense_expects_nothing(call):
    assert READINGS[call.dialect].expected(call) is None


def test_a_schema_that_is_missing_leaves_an_object():
    call = chat_call(response_format={"type": "json_schema"})
    assert judged(call, said('{"any": 1}')) == ()
    with pytest.raises(AttemptFailed):
        judged(call, said("[]"))


@pytest.mark.parametrize(
    "answer", [{}, {"choices": None}, {"choices": [None, 3, {"message": 3}]}, {"content": [3, None]}]
)
def test_odd_answers_are_not_judged(answer):
    for call in (JSON_OBJECT, REQUIRED):
        assert judged(call, answer) == ()


@pytest.mark.parametrize(
    ("call", "answer", "trigger", "message"),
    [
        (PLAIN, said(""), Trigger.empty, "the answer has no content"),
        (PLAIN, said(REFUSAL), Trigger.refusal, "the model declines in words"),
        (PLAIN, said(None, refusal="No."), Trigger.refusal, "the model declines"),
        (PLAIN, said("x", finish="content_filter"), Trigger.content_filter, "the provider's filter ended the answer"),
        (PLAIN, said(LOOP, finish="length"), Trigger.loop, "the answer repeats itself up to its limit"),
    ],
)
def test_each_reason_is_told_in_words(call, answer, trigger, message):
    with pytest.raises(AttemptFailed) as failed:
        judged(call, answer, PASSING)
    assert (failed.value.trigger, failed.value.message, failed.value.status) == (trigger, message, 200)


def test_what_was_repaired_in_any_choice_is_told_once():
    fenced = '```json\n{"city": "Paris"}\n```'
    worded = 'Here: {"city": "Rome"} as asked'
    first, second, third = (said(words)["choices"][0] for words in (fenced, worded, fenced))
    both = judged(JSON_SCHEMA, {"choices": [first, second, third]})
    assert len(both) == 2
    assert set(both) == {*judged(JSON_SCHEMA, said(fenced)), *judged(JSON_SCHEMA, said(worded))}


def test_the_last_tool_call_is_looked_at_for_a_loop_and_no_other():
    loop = json.dumps({"city": LOOP})
    calls = [("weather", loop), ("weather", '{"city": "Rome"}')]
    assert judged(PLAIN, said("x", calls=calls, finish="length")) == ()
    with pytest.raises(AttemptFailed, match="repeats itself"):
        judged(PLAIN, said("x", calls=[("weather", LOOP)], finish="length"))


def test_the_name_of_a_tool_that_was_not_offered_is_told_shortened():
    with pytest.raises(AttemptFailed) as failed:
        judged(REQUIRED, said(None, calls=[("n" * 200, "{}")]))
    assert "n" * 70 not in failed.value.message
    assert "n" * 50 in failed.value.message
    assert failed.value.message.endswith("which the request does not offer")
