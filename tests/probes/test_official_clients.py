"""The providers' own clients, directly at the simulated models: the shapes are what they expect."""

import json

import anthropic
import openai
import pytest

ASKED = [{"role": "user", "content": "When do I get my refund?"}]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def openai_client(model):
    return openai.AsyncOpenAI(base_url=f"{model.origin}/v1", api_key="demo-key", max_retries=0)


def anthropic_client(model):
    return anthropic.AsyncAnthropic(base_url=model.origin, api_key="demo-key", max_retries=0)


async def test_openai_reads_a_plain_answer(simulated):
    async with simulated("openai") as model, openai_client(model) as client:
        answer = await client.chat.completions.create(model="model-1", messages=ASKED)
    assert answer.choices[0].message.content.endswith((".", "?"))
    assert answer.usage.prompt_tokens > 5
    assert answer._request_id.startswith("req_")


async def test_openai_reads_a_stream_with_usage(simulated):
    async with simulated("openai") as model, openai_client(model) as client:
        stream = await client.chat.completions.create(
            model="model-1", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    assert chunks[-1].usage.completion_tokens > 10
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]).endswith((".", "?"))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limit", openai.RateLimitError),
        ("overloaded", openai.InternalServerError),
        ("errors", openai.InternalServerError),
        ("refuse", openai.APIConnectionError),
    ],
)
async def test_openai_names_the_trouble(simulated, always, kind, error):
    async with simulated("openai", always(kind)) as model, openai_client(model) as client:
        with pytest.raises(error):
            await client.chat.completions.create(model="model-1", messages=ASKED)


async def test_openai_names_what_the_caller_did_wrong(simulated):
    async with simulated("openai") as model, openai_client(model) as client:
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="model-2", messages=ASKED)
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="other").chat.completions.create(model="model-1", messages=ASKED)


async def test_anthropic_reads_a_plain_answer(simulated):
    async with simulated("anthropic") as model, anthropic_client(model) as client:
        answer = await client.messages.create(model="model-1", messages=ASKED, max_tokens=200, system="Be brief.")
    assert answer.content[0].text.endswith((".", "?"))
    assert answer.stop_reason == "end_turn"
    assert answer.usage.output_tokens > 10


async def test_anthropic_reads_a_stream(simulated):
    async with (
        simulated("anthropic") as model,
        anthropic_client(model) as client,
        client.messages.stream(model="model-1", messages=ASKED, max_tokens=8) as stream,
    ):
        pieces = [text async for text in stream.text_stream]
        final = await stream.get_final_message()
    assert "".join(pieces) == final.content[0].text
    assert (final.stop_reason, final.usage.output_tokens) == ("max_tokens", 8)


@pytest.mark.parametrize(("kind", "status"), [("rate_limit", 429), ("overloaded", 529), ("errors", 500)])
async def test_anthropic_names_the_trouble(simulated, always, kind, status):
    async with simulated("anthropic", always(kind)) as model, anthropic_client(model) as client:
        with pytest.raises(anthropic.APIStatusError) as raised:
            await client.messages.create(model="model-1", messages=ASKED, max_tokens=8)
    assert raised.value.status_code == status
    assert raised.value.request_id.startswith("req_")


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


async def test_openai_gets_the_json_that_it_asks_for(simulated):
    wanted = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
    async with simulated("openai") as model, openai_client(model) as client:
        whole = await client.chat.completions.create(model="model-1", messages=ASKED, response_format=wanted)
        stream = await client.chat.completions.create(
            model="model-1", messages=ASKED, response_format={"type": "json_object"}, stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert set(json.loads(whole.choices[0].message.content)) == {"city"}
    assert set(json.loads(text)) == {"answer"}


async def test_anthropic_gets_the_json_that_it_asks_for(simulated):
    wanted = {"format": {"type": "json_schema", "schema": SCHEMA}}
    async with simulated("anthropic") as model, anthropic_client(model) as client:
        answer = await client.messages.create(
            model="model-1", max_tokens=1000, messages=ASKED, extra_body={"output_config": wanted}
        )
    assert set(json.loads(answer.content[0].text)) == {"city"}
