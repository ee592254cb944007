"""The official client, unchanged, through the real engine, router and carrier to a provider on loopback."""

import asyncio

import anthropic
import openai
import pytest

from hotspare.gateway import admin_wire
from hotspare.gateway.admin_wire import ApplyMessage
from hotspare.router.command import ForceModel, JournalEntry

MESSAGES = [{"role": "user", "content": "hi"}]


async def test_a_plain_answer(house, client, rows):
    answer = await client.chat.completions.with_raw_response.create(model="main", messages=MESSAGES)
    assert answer.parse().choices[0].message.content == "whole from alpha"
    assert answer.headers["x-hotspare-model"] == "alpha"
    assert answer.headers["x-hotspare-fallback"] == "false"
    [row] = await rows(house)
    assert answer.headers["x-hotspare-request-id"] == row["id"]
    assert (row["caller"], row["input_tokens"], row["output_tokens"]) == ("AsyncOpenAI/Python", 3, 2)


async def test_a_fallback_is_told_in_the_headers(house, client):
    house.alpha.status = 429
    answer = await client.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)
    assert answer.parse().choices[0].message.content == "whole from beta"
    assert answer.headers["x-hotspare-model"] == "beta"
    assert answer.headers["x-hotspare-fallback"] == "true"
    assert answer.headers["x-hotspare-attempts"] == "2"


async def test_a_stream(house, client, rows):
    stream = await client.chat.completions.create(model="main", messages=MESSAGES, stream=True)
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "stream from alpha"
    assert all(chunk.usage is None for chunk in chunks)
    [row] = await rows(house)
    assert row["output_tokens"] == 2


async def test_a_wish_reaches_the_router_and_not_the_provider(house, client):
    answer = await client.chat.completions.create(model="main", messages=MESSAGES, extra_body={"force_fallback": True})
    assert answer.choices[0].message.content == "whole from beta"
    assert "force_fallback" not in house.beta.seen[0][1]


async def test_the_list_of_models(client):
    assert [model.id async for model in client.models.list()] == ["main", "alpha", "beta"]
    assert (await client.models.retrieve("beta")).owned_by == "beta"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gamma")


async def test_an_unknown_model_is_the_clients_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        await client.chat.completions.create(model="nobody", messages=MESSAGES)
    assert caught.value.code == "model_not_found"
    assert "main" in caught.value.message


async def test_when_all_are_rate_limited_the_client_raises_its_rate_limit_error_with_the_time(house, client, rows):
    house.alpha.status = house.beta.status = 429
    with pytest.raises(openai.RateLimitError) as caught:
        await client.chat.completions.create(model="main", messages=MESSAGES)
    assert 38 <= int(caught.value.response.headers["retry-after"]) <= 40
    [row] = await rows(house)
    assert caught.value.body["request_id"] == row["id"]


async def test_a_stream_left_early_ends_the_call_upstream(house, client, rows):
    house.alpha.hold = True
    stream = await client.chat.completions.create(model="main", messages=MESSAGES, stream=True)
    await anext(aiter(stream))
    await stream.close()
    async with asyncio.timeout(2):
        await house.alpha.left.wait()
        await house.engine.drained(2)
    [row] = await rows(house)
    assert row["verdict"] == "caller_left"


async def test_anthropics_client_is_served_by_a_model_of_the_other_dialect(house):
    async with anthropic.AsyncAnthropic(
        base_url=f"http://127.0.0.1:{house.port}", api_key="unused", max_retries=0
    ) as client:
        message = await client.messages.create(model="main", max_tokens=5, messages=MESSAGES)
    assert message.content[0].text == "whole from alpha"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (3, 2)


async def test_a_command_over_the_instance_socket_steers_the_next_request(house, client, tmp_path, fake):
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "run" / "house.sock"))
    body = admin_wire.encode_apply(ApplyMessage(ForceModel("main", "beta"), why="test", confirmed=True))
    writer.write(fake.request("POST", "/apply", body))
    outcome = admin_wire.decode_outcome((await fake.read_answer(reader)).body)
    writer.close()
    await writer.wait_closed()
    assert isinstance(outcome, JournalEntry)
    answer = await client.chat.completions.create(model="main", messages=MESSAGES)
    assert answer.choices[0].message.content == "whole from beta"
