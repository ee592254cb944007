"""The official clients, unchanged, through the whole gateway to models of their own dialect and of the other."""

import json

import anthropic
import openai
import pytest

HI = [{"role": "user", "content": "hi"}]
CALLS = [("call_1", "weather", {"city": "Paris"}), ("call_2", "weather", {"city": "Oslo"})]
PICTURE = "iVBORw0KGgo="
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
MESSAGES_TOOL = {"name": "weather", "description": "d", "input_schema": {"type": "object", "properties": {}}}


def seen_headers(fake):
    return fake.seen[-1][1]


# ------------------------------------------------------------------ Anthropic's client
@pytest.mark.parametrize(("chain", "model"), [("only-claude", "claude"), ("only-gpt", "gpt")])
async def test_a_message(house, messages, chain, model):
    answer = await messages.messages.with_raw_response.create(model=chain, max_tokens=50, messages=HI, system="brief")
    message = await answer.parse()
    assert (message.content[0].text, message.stop_reason) == (f"from {model}", "end_turn")
    assert (message.usage.input_tokens, message.usage.cache_read_input_tokens, message.usage.output_tokens) == (7, 4, 7)
    assert answer.headers["x-hotspare-model"] == model
    await house.store.flush()
    [row] = await house.store.query("requests", {})
    assert (row["input_tokens"], row["output_tokens"], row["caller"]) == (11, 7, "AsyncAnthropic/Python")


@pytest.mark.parametrize(("chain", "model"), [("only-claude", "claude"), ("only-gpt", "gpt")])
async def test_a_message_as_a_stream(house, messages, chain, model):
    async with messages.messages.stream(model=chain, max_tokens=50, messages=HI) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        message = await stream.get_final_message()
    assert text == f"from {model}"
    assert (message.stop_reason, message.usage.output_tokens, message.usage.cache_read_input_tokens) == (
        "end_turn",
        7,
        4,
    )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("chain", "model"), [("only-claude", "claude"), ("only-gpt", "gpt")])
async def test_a_message_with_several_tools_at_once(house, messages, chain, model, stream):
    fake = getattr(house, model)
    fake.text, fake.calls = "let me look", CALLS
    asked = {"model": chain, "max_tokens": 50, "messages": HI, "tools": [MESSAGES_TOOL], "tool_choice": {"type": "any"}}
    if stream:
        async with messages.messages.stream(**asked) as streamed:
            message = await streamed.get_final_message()
    else:
        message = await messages.messages.create(**asked)
    assert message.stop_reason == "tool_use"
    assert message.content[0].text == "let me look"
    assert [(block.id, block.name, block.input) for block in message.content[1:]] == CALLS

    results = [{"type": "tool_result", "tool_use_id": one, "content": "sunny"} for one, _, _ in CALLS]
    back = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]}
    assert fake.asked["tool_choice"] == ("required" if model == "gpt" else {"type": "any"})
    fake.text, fake.calls = "sunny in both", []
    asked |= {"tool_choice": {"type": "auto"}, "messages": [*HI, back, {"role": "user", "content": results}]}
    final = await messages.messages.create(**asked)
    assert final.content[0].text == "sunny in both"
    if model == "gpt":
        told = fake.asked["messages"]
        assert [call["id"] for call in told[1]["tool_calls"]] == ["call_1", "call_2"]
        assert [(message["role"], message["tool_call_id"]) for message in told[2:]] == [
            ("tool", "call_1"),
            ("tool", "call_2"),
        ]


async def test_a_picture_from_anthropic_s_client_reaches_a_model_of_openai_s(house, messages):
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "what is it?"}]
    await messages.messages.create(model="only-gpt", max_tokens=5, messages=[{"role": "user", "content": content}])
    assert house.gpt.asked["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
        {"type": "text", "text": "what is it?"},
    ]


async def test_an_agent_s_names_find_its_chain_and_fall_back_across(house, messages):
    house.claude.status = 529
    answer = await messages.messages.with_raw_response.create(
        model="claude-of-tomorrow",
        max_tokens=5,
        messages=HI,
        thinking={"type": "adaptive"},
        extra_headers={"anthropic-beta": "context-1m-2025-08-07"},
    )
    assert (await answer.parse()).content[0].text == "from gpt"
    assert (answer.headers["x-hotspare-fallback"], answer.headers["x-hotspare-dropped"]) == ("true", "thinking")
    assert seen_headers(house.claude)["anthropic-beta"] == "context-1m-2025-08-07"
    assert not [name for name in seen_headers(house.gpt) if name.startswith(("anthropic", "x-api-key"))]
    assert seen_headers(house.claude)["x-api-key"] == "sk-claude"


async def test_the_other_token_header_is_as_good(house):
    client = anthropic.AsyncAnthropic(
        base_url=f"http://127.0.0.1:{house.port}", auth_token="the-gateways-token", api_key=None, max_retries=0
    )
    async with client:
        answer = await client.messages.create(model="agents", max_tokens=5, messages=HI)
    assert answer.content[0].text == "from claude"
    assert "authorization" not in seen_headers(house.claude)


async def test_tokens_are_counted_by_anthropic_and_guessed_where_nobody_counts(house, messages):
    asked = {"messages": HI, "system": "be brief"}
    counted = await messages.messages.with_raw_response.count_tokens(model="main", **asked)
    assert (await counted.parse()).input_tokens == 42
    assert house.claude.asked == {"model": "claude-id", **asked}
    assert house.gpt.seen == []
    guessed = await messages.messages.with_raw_response.count_tokens(model="only-gpt", **asked)
    assert 1 <= (await guessed.parse()).input_tokens < 30
    assert (guessed.headers["x-hotspare-estimated"], "x-hotspare-estimated" in counted.headers) == ("true", False)
    house.claude.status = 529
    failing = await messages.messages.with_raw_response.count_tokens(model="main", **asked)
    assert failing.headers["x-hotspare-estimated"] == "true"
    assert (failing.headers["x-hotspare-source"], "x-hotspare-notice" in failing.headers) == ("estimate", False)
    house.claude.status = 400
    with pytest.raises(anthropic.BadRequestError):
        await messages.messages.count_tokens(model="main", **asked)


async def test_counting_tokens_is_no_request_of_traffic(house, messages):
    await messages.messages.count_tokens(model="main", messages=HI)
    await house.store.flush()
    assert [row["kind"] for row in await house.store.query("requests", {})] == ["probe"]
    kept = len(await house.store.query("requests", {}))
    await messages.messages.count_tokens(model="only-gpt", messages=HI)
    await house.store.flush()
    assert len(await house.store.query("requests", {})) == kept


async def test_a_guess_is_kept_as_what_the_caller_got_and_an_error_as_an_error(house, messages):
    house.claude.status = 529
    await messages.messages.count_tokens(model="main", messages=HI)
    house.claude.status = 400
    with pytest.raises(anthropic.BadRequestError):
        await messages.messages.count_tokens(model="main", messages=HI)
    await house.store.flush()
    ids = [row["id"] for row in await house.store.query("requests", {})]
    refused, guessed = [(await house.store.query("explain", {"id": one}))[0] for one in ids]
    told = ("status", "verdict", "source", "ended_by", "model")
    assert [guessed[name] for name in told] == [200, "answered", "estimate", "estimate", None]
    assert guessed["reason"]
    assert [refused[name] for name in told] == [400, "caller_fault", "model", "bad_request", None]


async def test_both_clients_list_the_models(chat, messages):
    names = [model.id async for model in chat.models.list()]
    listed = [model async for model in messages.models.list()]
    assert names == [model.id for model in listed]
    assert {"main", "agents", "gpt", "claude"} <= set(names)
    assert (listed[0].type, listed[0].display_name) == ("model", "main")
    assert (await messages.models.retrieve("gpt")).id == "gpt"
    with pytest.raises(anthropic.NotFoundError) as caught:
        await messages.models.retrieve("nobody")
    assert caught.value.body["type"] == "error"


# ------------------------------------------------------------------ OpenAI's client
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("chain", "model"), [("only-claude", "claude"), ("only-gpt", "gpt")])
async def test_a_completion(house, chat, chain, model, stream):
    asked = {"model": chain, "messages": HI}
    if not stream:
        answer = await chat.chat.completions.create(**asked)
        text, finish, usage = answer.choices[0].message.content, answer.choices[0].finish_reason, answer.usage
    else:
        opened = await chat.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in opened]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        finish, usage = chunks[-2].choices[0].finish_reason, chunks[-1].usage
    assert (text, finish) == (f"from {model}", "stop")
    assert (usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens_details.cached_tokens) == (11, 7, 4)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("chain", "model"), [("only-claude", "claude"), ("only-gpt", "gpt")])
async def test_a_completion_with_several_tools_at_once(house, chat, chain, model, stream):
    fake = getattr(house, model)
    fake.text, fake.calls = "", CALLS
    asked = {"model": chain, "messages": HI, "tools": [CHAT_TOOL], "tool_choice": "required"}
    if stream:
        async with chat.chat.completions.stream(**asked) as streamed:
            completion = await streamed.get_final_completion()
    else:
        completion = await chat.chat.completions.create(**asked)
    choice = completion.choices[0]
    assert choice.finish_reason == "tool_calls"
    told = [(call.id, call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls]
    assert told == CALLS

    results = [{"role": "tool", "tool_call_id": one, "content": "sunny"} for one, _, _ in CALLS]
    calls = [call.model_dump(include={"id", "type", "function"}) for call in choice.message.tool_calls]
    back = {"role": "assistant", "content": None, "tool_calls": calls}
    assert fake.asked["tool_choice"] == ("required" if model == "gpt" else {"type": "any"})
    fake.text, fake.calls = "sunny in both", []
    asked |= {"tool_choice": "auto", "messages": [*HI, back, *results]}
    final = await chat.chat.completions.create(**asked)
    assert final.choices[0].message.content == "sunny in both"
    if model == "claude":
        blocks = [block for turn in fake.asked["messages"][1:] for block in turn["content"]]
        assert [block.get("id") or block["tool_use_id"] for block in blocks] == ["call_1", "call_2"] * 2


async def test_a_picture_from_openai_s_client_reaches_a_model_of_anthropic_s(house, chat):
    url = {"url": f"data:image/png;base64,{PICTURE}", "detail": "high"}
    content = [{"type": "image_url", "image_url": url}, {"type": "text", "text": "what is it?"}]
    answer = await chat.chat.completions.with_raw_response.create(
        model="only-claude", messages=[{"role": "user", "content": content}], seed=7
    )
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    assert house.claude.asked["messages"][0]["content"][0] == {"type": "image", "source": source}
    assert set(answer.headers["x-hotspare-dropped"].split(", ")) == {"seed", "messages.image_url.detail"}
    assert house.claude.asked["max_tokens"] == 4096


async def test_a_schema_reaches_a_model_of_anthropic_s(house, chat):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": True}}
    house.claude.text = '{"a": "b"}'
    answer = await chat.chat.completions.create(model="only-claude", messages=HI, response_format=form)
    assert answer.choices[0].message.content == '{"a": "b"}'
    assert house.claude.asked["output_config"] == {
        "format": {"type": "json_schema", "schema": schema | {"additionalProperties": False}}
    }


async def test_what_one_model_cannot_do_another_does_and_what_none_can_is_named(house, chat):
    answer = await chat.chat.completions.create(
        model="claude", messages=HI, n=2, extra_body={"preferred_fallback": "gpt"}
    )
    assert answer.choices[0].message.content == "from gpt"
    assert house.claude.seen == []
    for asked, field in (
        ({"n": 2}, "n"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [*HI, {"role": "assistant", "content": "I begin:"}]}, "messages"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            await chat.chat.completions.create(**{"model": "only-claude", "messages": HI} | asked)
        assert caught.value.code == "incapable"
        assert field in caught.value.message.partition("asks for: ")[2]
    assert house.claude.seen == []


# ------------------------------------------------------------------ embeddings
@pytest.mark.parametrize("encoding", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}])
async def test_vectors(house, chat, encoding):
    answer = await chat.embeddings.create(model="vectors", input=["one", "two"], **encoding)
    assert [item.index for item in answer.data] == [0, 1]
    assert answer.usage.prompt_tokens == 5
    if encoding.get("encoding_format") != "base64":
        assert [item.embedding for item in answer.data] == [house.small.vector] * 2


async def test_vectors_of_another_model_are_given_only_where_they_are_equivalent(house, chat):
    house.small.status = 503
    with pytest.raises(openai.InternalServerError):
        await chat.embeddings.create(model="vectors", input="x")
    assert house.large.seen == []
    answer = await chat.embeddings.with_raw_response.create(model="space", input="x")
    assert answer.headers["x-hotspare-model"] == "large"
    with pytest.raises(openai.InternalServerError):
        await chat.embeddings.create(model="vectors", input="x", extra_body={"force_fallback": True})


async def test_vectors_of_another_length_never_take_their_place(house, chat):
    await chat.embeddings.create(model="space", input="x")
    house.small.status, house.large.vector = 503, [1.0, 2.0, 3.0]
    with pytest.raises(openai.InternalServerError, match="invalid_output"):
        await chat.embeddings.create(model="space", input="x")


async def test_a_name_that_is_asked_at_the_wrong_path_is_told_the_right_one(chat, messages):
    with pytest.raises(openai.BadRequestError, match="/v1/chat/completions"):
        await chat.embeddings.create(model="main", input="x")
    with pytest.raises(openai.BadRequestError, match="/v1/embeddings"):
        await chat.chat.completions.create(model="vectors", messages=HI)
    with pytest.raises(anthropic.BadRequestError, match="/v1/embeddings"):
        await messages.messages.create(model="small", max_tokens=5, messages=HI)
    with pytest.raises(openai.NotFoundError):
        await chat.embeddings.create(model="nobody", input="x")


# ------------------------------------------------------------------ errors
ERRORS = [(400, "BadRequestError"), (429, "RateLimitError"), (529, "InternalServerError"), (401, "InternalServerError")]


@pytest.mark.parametrize("chain", ["only-gpt", "only-claude"])
@pytest.mark.parametrize(("status", "kind"), ERRORS)
async def test_a_provider_s_error_is_the_right_exception_of_either_client(house, chat, messages, chain, status, kind):
    house.gpt.status = house.claude.status = status
    with pytest.raises(openai.APIStatusError) as caught:
        await chat.chat.completions.create(model=chain, messages=HI)
    assert isinstance(caught.value, getattr(openai, kind))
    with pytest.raises(anthropic.APIStatusError) as caught:
        await messages.messages.create(model=chain, max_tokens=5, messages=HI)
    assert isinstance(caught.value, getattr(anthropic, kind))
    assert caught.value.body["type"] == "error"
    assert caught.value.body["error"]["message"]


@pytest.mark.parametrize("chain", ["only-gpt", "only-claude"])
async def test_a_stream_that_breaks_off_is_an_error_of_either_client(house, chat, messages, chain):
    house.gpt.cut = house.claude.cut = True
    opened = await chat.chat.completions.create(model=chain, messages=HI, stream=True)
    with pytest.raises(openai.APIError, match="broke off"):
        [chunk async for chunk in opened]
    with pytest.raises(anthropic.APIStatusError, match="broke off"):
        async with messages.messages.stream(model=chain, max_tokens=5, messages=HI) as stream:
            await stream.get_final_message()


async def test_our_own_refusals_are_in_the_client_s_shape(house, messages):
    client = anthropic.AsyncAnthropic(base_url=f"http://127.0.0.1:{house.port}", api_key="wrong", max_retries=0)
    async with client:
        with pytest.raises(anthropic.AuthenticationError) as caught:
            await client.messages.create(model="agents", max_tokens=5, messages=HI)
    assert caught.value.body["error"]["type"] == "authentication_error"
    with pytest.raises(anthropic.NotFoundError) as caught:
        await messages.messages.create(model="nobody", max_tokens=5, messages=HI)
    assert caught.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.BadRequestError) as caught:
        await messages.messages.create(model="agents", max_tokens=5, messages=[])
    assert caught.value.body["error"]["param"] == "messages"
    with pytest.raises(anthropic.RequestTooLargeError) as caught:
        await messages.messages.create(
            model="agents", max_tokens=5, messages=[{"role": "user", "content": "x" * 200_000}]
        )
    assert caught.value.body["error"]["type"] == "request_too_large"
