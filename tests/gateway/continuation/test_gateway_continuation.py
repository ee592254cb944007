"""`on_stream_break = "continue"` on real sockets, read by the official clients of both dialects."""

import asyncio

import anthropic
import openai
import pytest

from hotspare.router.trigger import Action, Trigger

TEXT = "Überraschend: the spare 部品 keeps the line alive 🛟 until morning, naïvely."
DIALECTS = ("openai", "anthropic")
HALVES = {
    "openai": b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"\xf0\x9f',
    "anthropic": b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"\xf0\x9f',
}
"""The beginning of an event that ends in the middle of a character."""


@pytest.mark.parametrize("caller", DIALECTS)
@pytest.mark.parametrize("first", DIALECTS)
@pytest.mark.parametrize("second", DIALECTS)
@pytest.mark.parametrize("pieces", [1, 9, 12])
async def test_a_stream_that_breaks_in_a_word_or_a_character_goes_on_as_one(
    open_house, model, listen, trace, caller, first, second, pieces
):
    breaks = model(first, TEXT, size=4, breaks=pieces, half=HALVES[first])
    goes_on = model(second, TEXT, size=7)
    house = await open_house(breaks, goes_on)
    heard = await listen[caller](house)
    assert heard.text == TEXT
    assert heard.headers["x-hotspare-model"] == "m1"  # they were out before it broke
    record, told = await trace(house)
    assert (record["ok"], record["model"], record["fallback"], record["reason"]) == (True, "m2", True, "stream_cut")
    assert [one["trigger"] for one in told["attempts"]] == ["stream_cut", None]


# ------------------------------------------------------------------ one stream
@pytest.mark.parametrize("first", DIALECTS)
@pytest.mark.parametrize("second", DIALECTS)
async def test_a_chat_caller_sees_one_answer(open_house, model, listen, first, second):
    house = await open_house(model(first, TEXT, breaks=5), model(second, TEXT))
    heard = await listen["openai"](house)
    assert len({(event.id, event.created, event.model) for event in heard.events}) == 1
    choices = [event.choices[0] for event in heard.events if event.choices]
    assert {choice.index for choice in choices} == {0}
    assert [choice.delta.role for choice in choices if choice.delta.role] == ["assistant"]
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    assert choices[-1].finish_reason == "stop"
    (usage,) = [event.usage for event in heard.events if event.usage]
    told = {"openai": 0, "anthropic": 11}[first]  # a chat stream tells its usage at its end, which never came
    assert usage.prompt_tokens == told + 11
    assert heard.events[-1].usage is usage


async def test_usage_that_was_not_asked_for_is_not_told(open_house, model, listen):
    house = await open_house(model("openai", TEXT, breaks=5), model("openai", TEXT))
    heard = await listen["openai"](house, stream_options={})
    assert heard.text == TEXT
    assert all(event.choices for event in heard.events)


@pytest.mark.parametrize("first", DIALECTS)
@pytest.mark.parametrize("second", DIALECTS)
async def test_a_messages_caller_sees_one_answer(open_house, model, listen, first, second):
    house = await open_house(model(first, TEXT, breaks=5), model(second, TEXT))
    heard = await listen["anthropic"](house)
    kinds = [event.type for event in heard.events if event.type not in ("content_block_delta", "ping")]
    assert kinds == ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]
    assert {event.index for event in heard.events if event.type.startswith("content_block")} == {0}
    assert heard.final.id == heard.events[0].message.id
    assert [(block.type, block.text) for block in heard.final.content] == [("text", TEXT)]
    assert heard.final.stop_reason == "end_turn"
    before = {"openai": (0, 0), "anthropic": (11, 1)}[first]
    assert (heard.final.usage.input_tokens, heard.final.usage.output_tokens) == (before[0] + 11, before[1] + 7)


@pytest.mark.parametrize("caller", DIALECTS)
@pytest.mark.parametrize(
    ("how", "trigger"), [("reset", "stream_cut"), ("stall", "stream_stall"), ("error", "overloaded")]
)
async def test_it_goes_on_however_it_broke_off(open_house, model, listen, trace, caller, how, trigger):
    house = await open_house(model(caller, TEXT, breaks=5, how=how), model("anthropic", TEXT), silence_seconds=0.2)
    heard = await listen[caller](house)
    assert heard.text == TEXT
    assert (await trace(house))[1]["attempts"][0]["trigger"] == trigger


@pytest.mark.parametrize("caller", DIALECTS)
async def test_what_goes_on_may_break_off_and_be_gone_on_with(open_house, model, listen, caller):
    house = await open_house(
        model("anthropic", TEXT, breaks=4), model("anthropic", TEXT, size=5, breaks=3), model("openai", TEXT)
    )
    heard = await listen[caller](house)
    assert heard.text == TEXT
    final = heard.final or heard.events[-1]
    assert final.usage.model_dump().get("input_tokens", final.usage.model_dump().get("prompt_tokens")) == 33


async def test_both_attempts_are_accounted_for(open_house, model, listen, trace):
    house = await open_house(model("anthropic", TEXT, breaks=5), model("anthropic", TEXT))
    await listen["openai"](house)
    record, told = await trace(house)
    first, second = told["attempts"]
    assert (first["input_tokens"], first["output_tokens"]) == (11, 6), "what it said until then: 23 bytes"
    assert (first["estimated"], second["estimated"]) == (True, False)
    assert (second["input_tokens"], second["output_tokens"]) == (11, 7)
    assert first["cost_usd"] == pytest.approx((11 * 3 + 6 * 15) / 1e6)
    assert second["cost_usd"] == pytest.approx((11 * 3 + 7 * 15) / 1e6)
    assert record["cost_usd"] == pytest.approx(first["cost_usd"] + second["cost_usd"])
    assert first["first_content_ms"] < second["first_content_ms"]


# ------------------------------------------------------------------ how the next model is asked
async def test_a_model_that_takes_it_is_given_the_beginning_without_blanks_at_its_end(open_house, model, listen):
    text = "One two.\n\nThree four."
    goes_on = model("anthropic", text)
    house = await open_house(model("openai", text, size=10, breaks=1), goes_on)
    assert (await listen["openai"](house)).text == text
    assert goes_on.asked[0]["messages"] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "One two."},
    ]


@pytest.mark.parametrize("caller", DIALECTS)
async def test_any_other_is_asked_again_as_it_was(open_house, model, listen, caller):
    goes_on = model("openai", TEXT)
    house = await open_house(model("openai", TEXT, breaks=5), goes_on)
    assert (await listen[caller](house)).text == TEXT
    assert goes_on.asked[0]["messages"] == [{"role": "user", "content": "hi"}]


async def test_one_that_refuses_the_beginning_is_asked_again_at_once_and_from_then_on_only_so(
    open_house, model, listen, trace
):
    goes_on = model("anthropic", TEXT, prefill="refuses")
    house = await open_house(model("anthropic", TEXT, breaks=5), goes_on)
    assert (await listen["anthropic"](house)).text == TEXT
    assert [body["messages"][-1]["role"] for body in goes_on.asked] == ["assistant", "user"]
    assert [one["model"] for one in (await trace(house))[1]["attempts"]] == ["m1", "m2"]
    assert (await listen["anthropic"](house)).text == TEXT
    assert [body["messages"][-1]["role"] for body in goes_on.asked[2:]] == ["user"]


@pytest.mark.parametrize(
    "more",
    [
        {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000},
        {"tools": [{"name": "look", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}},
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": ""}]},
    ],
    ids=["thinking", "a tool that must be called", "a beginning of the caller's"],
)
async def test_where_the_request_does_not_go_with_a_beginning_none_is_given(open_house, model, listen, more):
    goes_on = model("anthropic", TEXT)
    house = await open_house(model("anthropic", TEXT, breaks=5), goes_on)
    assert (await listen["anthropic"](house, **more)).text == TEXT
    wanted = more.get("messages", [{"role": "user", "content": "hi"}])
    assert goes_on.asked[0]["messages"] == wanted


@pytest.mark.parametrize("second", DIALECTS)
@pytest.mark.parametrize("caller", DIALECTS)
async def test_an_answer_that_had_said_all_only_ends(open_house, model, listen, caller, second):
    text = "All of it."
    house = await open_house(model(caller, text, size=5, breaks=2), model(second, text))
    heard = await listen[caller](house)
    assert heard.text == text
    if caller == "anthropic":
        assert heard.final.stop_reason == "end_turn"
    else:
        assert heard.events[-2].choices[0].finish_reason == "stop"


async def test_reasoning_before_the_text_is_the_first_models_alone(open_house, model, listen):
    house = await open_house(
        model("anthropic", TEXT, reasoning="I think", breaks=5), model("openai", TEXT, reasoning="Or rather")
    )
    heard = await listen["anthropic"](house, thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000)
    assert [block.type for block in heard.final.content] == ["thinking", "text"]
    assert heard.final.content[0].thinking == "I think"
    assert heard.final.content[1].text == TEXT


@pytest.mark.parametrize("caller", DIALECTS)
async def test_a_tool_that_the_next_model_calls_after_the_text_is_called(open_house, model, listen, caller):
    house = await open_house(model(caller, TEXT, breaks=5), model("anthropic", TEXT, calls=("look", '{"at": 1}')))
    if caller == "anthropic":
        tools = [{"name": "look", "input_schema": {"type": "object"}}]
        heard = await listen[caller](house, tools=tools)
        text, call = heard.final.content
        assert (text.text, call.name, call.input) == (TEXT, "look", {"at": 1})
        assert heard.final.stop_reason == "tool_use"
        return
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    heard = await listen[caller](house, tools=tools)
    calls = [
        event.choices[0].delta.tool_calls[0]
        for event in heard.events
        if event.choices and event.choices[0].delta.tool_calls
    ]
    assert (heard.text, calls[0].function.name) == (TEXT, "look")
    assert "".join(call.function.arguments or "" for call in calls) == '{"at": 1}'


async def test_a_block_that_had_ended_stays_as_it_is(open_house, model, listen):
    ended = len(TEXT) // 4 + 2  # the end of the text's block, and not yet the beginning of the next
    house = await open_house(
        model("anthropic", TEXT, calls=("see", "{}"), breaks=ended),
        model("openai", f"{TEXT} And more.", calls=("look", '{"at": 1}')),
    )
    heard = await listen["anthropic"](house)
    assert [block.type for block in heard.final.content] == ["text", "text", "tool_use"]
    assert [block.text for block in heard.final.content[:2]] == [TEXT, " And more."]
    stops = [event.index for event in heard.events if event.type == "content_block_stop"]
    assert stops == [0, 1, 2]


async def test_a_caller_that_leaves_meanwhile_ends_the_call(open_house, model):
    goes_on = model("openai", TEXT, breaks=2, how="stall")
    house = await open_house(model("openai", TEXT, breaks=5), goes_on)
    asked = {"model": "main", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    stream = await house.chat.chat.completions.create(**asked)
    while not goes_on.asked:
        await anext(stream)
        await asyncio.sleep(0.01)
    await stream.close()
    await asyncio.wait_for(goes_on.left.wait(), 2)


async def test_the_middle_of_an_answer_is_not_taken_for_a_refusal(open_house, model, listen):
    text = "He shrugged. I'm sorry, but I can't help with that."
    house = await open_house(
        model("openai", text, size=13, breaks=1),
        model("openai", text, size=100),
        actions={Trigger.content_filter: Action.next, Trigger.refusal: Action.next},
    )
    assert (await listen["openai"](house)).text == text


# ------------------------------------------------------------------ what is not gone on with
@pytest.fixture
def hear_it_break(listen):
    """Ask, and tell which text came before the error event."""

    async def chat(house, came, **more):
        asked = {"model": "main", "messages": [{"role": "user", "content": "hi"}], "stream": True} | more
        async for event in await house.chat.chat.completions.create(**asked):
            came += [choice.delta.content or "" for choice in event.choices]

    async def messages(house, came, **more):
        asked = {"model": "main", "max_tokens": 2000, "messages": [{"role": "user", "content": "hi"}], "stream": True}
        async for event in await house.messages.messages.create(**asked | more):
            came.append(getattr(event.delta, "text", "") if event.type == "content_block_delta" else "")

    def hearing(ask):
        async def hear(house, **more):
            came = []
            with pytest.raises((openai.APIError, anthropic.APIError), match="broke off"):
                await ask(house, came, **more)
            return "".join(came)

        return hear

    return {"openai": hearing(chat), "anthropic": hearing(messages)}


@pytest.mark.parametrize("caller", DIALECTS)
@pytest.mark.parametrize("second", DIALECTS)
async def test_another_answer_is_never_glued_on_and_the_next_model_has_its_turn(
    open_house, model, listen, trace, caller, second
):
    house = await open_house(
        model(caller, TEXT, breaks=5),
        model(second, "Überraschend: quite another answer, and a long one.", prefill="refuses"),
        model("openai", TEXT),
    )
    assert (await listen[caller](house)).text == TEXT
    attempts = (await trace(house))[1]["attempts"]
    assert [one["trigger"] for one in attempts] == ["stream_cut", "invalid_output", None]
    assert "answers otherwise" in attempts[1]["message"]
    assert attempts[1]["first_content_ms"] is None
    assert attempts[1]["estimated"]
    assert attempts[1]["cost_usd"] > 0


@pytest.mark.parametrize("caller", DIALECTS)
@pytest.mark.parametrize(
    "other", ["Something else.", TEXT[:10], "", TEXT[:19] + "!"], ids=["another", "shorter", "nothing", "a sign"]
)
async def test_where_no_model_goes_on_the_caller_is_told(open_house, model, hear_it_break, trace, caller, other):
    house = await open_house(model(caller, TEXT, breaks=5), model("openai", other))
    assert await hear_it_break[caller](house) == TEXT[:20]
    record, _ = await trace(house)
    assert (record["ok"], record["reason"]) == (False, "invalid_output")


@pytest.mark.parametrize("caller", DIALECTS)
async def test_a_chain_that_does_not_ask_for_it_tells_the_caller(open_house, model, hear_it_break, caller):
    goes_on = model("openai", TEXT)
    house = await open_house(model(caller, TEXT, breaks=5), goes_on, on_stream_break="error")
    assert await hear_it_break[caller](house) == TEXT[:20]
    assert goes_on.asked == []


SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
JSON = {"type": "json_schema", "json_schema": {"name": "it", "schema": SCHEMA}}


@pytest.mark.parametrize(
    ("caller", "broken", "more"),
    [
        ("openai", {"breaks": 20, "calls": ("look", '{"at"')}, {}),
        ("anthropic", {"breaks": 21, "calls": ("look", '{"at"')}, {}),
        ("openai", {"breaks": 0, "reasoning": "I think"}, {}),
        ("anthropic", {"breaks": 0, "reasoning": "I think"}, {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ("openai", {"breaks": 3}, {"response_format": {"type": "json_object"}}),
        ("openai", {"breaks": 3}, {"response_format": JSON}),
        ("anthropic", {"breaks": 3}, {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}),
        ("openai", {"breaks": 3}, {"n": 2}),
        ("openai", {"breaks": 3}, {"logprobs": True}),
        ("openai", {"text": "half a \ufffd", "size": 8, "breaks": 1}, {}),
        ("anthropic", {"text": "half a \ufffd", "size": 8, "breaks": 1}, {}),
    ],
    ids=[
        "a call (chat)", "a call (messages)", "reasoning (chat)", "reasoning (messages)", "JSON", "a schema (chat)",
        "a schema (messages)", "two choices", "log probabilities", "half a character (chat)",
        "half a character (messages)",
    ],
)  # fmt: skip
async def test_more_than_text_is_never_put_together(open_house, model, hear_it_break, caller, broken, more):
    text = broken.pop("text", TEXT)
    goes_on = model(caller, text)
    house = await open_house(model(caller, text, **broken), goes_on)
    await hear_it_break[caller](house, **more)
    assert goes_on.asked == []


@pytest.mark.parametrize("caller", DIALECTS)
async def test_an_answer_that_has_said_why_it_stopped_is_whole(open_house, model, listen, caller):
    goes_on = model("openai", TEXT)
    house = await open_house(model(caller, TEXT, breaks=20, stops=True), goes_on)
    assert (await listen[caller](house)).text == TEXT
    assert goes_on.asked == []


# ------------------------------------------------------------------ time
async def test_to_say_again_what_was_sent_may_take_longer_than_a_first_word_may(open_house, model, listen):
    house = await open_house(
        model("openai", TEXT, size=20, breaks=3),
        model("openai", TEXT, size=12, pause=0.1),
        first_content_seconds=0.35,
        silence_seconds=0.35,
    )
    assert (await listen["openai"](house)).text == TEXT


async def test_one_that_goes_silent_while_it_says_it_again_has_stalled(open_house, model, listen, trace):
    house = await open_house(
        model("openai", TEXT, size=20, breaks=3),
        model("openai", TEXT, size=10, breaks=2, how="stall"),
        model("anthropic", TEXT),
        silence_seconds=0.2,
    )
    assert (await listen["openai"](house)).text == TEXT
    attempts = (await trace(house))[1]["attempts"]
    assert [one["trigger"] for one in attempts] == ["stream_cut", "stream_stall", None]


async def test_one_that_never_says_a_word_is_given_up_in_time(open_house, model, listen, trace):
    house = await open_house(
        model("openai", TEXT, breaks=3),
        model("openai", "", breaks=0, how="stall"),
        model("anthropic", TEXT),
        first_content_seconds=0.2,
    )
    assert (await listen["openai"](house)).text == TEXT
    attempts = (await trace(house))[1]["attempts"]
    assert [one["trigger"] for one in attempts] == ["stream_cut", "timeout", None]
