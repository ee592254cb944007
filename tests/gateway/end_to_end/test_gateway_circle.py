"""A model's base_url that leads back to the gateway: the caller gets its error, and nothing goes round."""

import asyncio
import socket

import openai
import pytest

MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.fixture
def free_port():
    def find():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            return taken.getsockname()[1]

    return find


async def _ask(house, **fields):
    async with (
        openai.AsyncOpenAI(
            base_url=f"http://127.0.0.1:{house.port}/v1", api_key="unused", max_retries=0, timeout=10
        ) as client,
        asyncio.timeout(10),
    ):
        return await client.chat.completions.with_raw_response.create(model="main", messages=MESSAGES, **fields)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_model_that_is_the_gateway_itself_gets_its_caller_an_error_and_no_endless_loop(
    open_house, free_port, rows, stream
):
    port = free_port()
    house = await open_house(port=port, ports={"alpha": port, "beta": port})
    with pytest.raises(openai.APIStatusError) as caught:
        await _ask(house, stream=stream)
    assert caught.value.status_code == 503
    [row] = await rows(house)  # the ones that came back never became requests
    assert row["verdict"] == "failed"
    [explained] = await rows(house, "explain", id=row["id"])
    assert [(attempt["model"], attempt["status"]) for attempt in explained["attempts"]] == [
        ("alpha", 508),
        ("beta", 508),
    ]
    assert "circle" in explained["attempts"][0]["message"]


async def test_a_model_that_is_the_gateway_itself_falls_back_to_one_that_is_not(open_house, free_port):
    port = free_port()
    house = await open_house(port=port, ports={"alpha": port})
    answer = await _ask(house)
    assert answer.parse().choices[0].message.content == "whole from beta"


async def test_two_gateways_that_lead_to_each_other_end_it_too(open_house, free_port, rows):
    port = free_port()
    second = await open_house("second", ports={"alpha": port, "beta": port})
    first = await open_house("first", port=port, ports={"alpha": second.port, "beta": second.port})
    with pytest.raises(openai.APIStatusError):
        await _ask(first)
    assert [row["verdict"] for row in await rows(first)] == ["failed"]
    assert 1 <= len(await rows(second)) <= 2


async def test_a_gateway_behind_a_gateway_serves(open_house):
    second = await open_house("second")
    first = await open_house("first", ports={"alpha": second.port})
    answer = await _ask(first)
    assert answer.parse().choices[0].message.content == "whole from alpha"
    headers, _ = second.alpha.seen[0]
    assert headers["x-hotspare-via"] == f"{first.engine.run} {second.engine.run}"
    assert not first.alpha.seen


async def test_a_provider_gets_our_mark_and_no_request_id_of_ours(house):
    await _ask(house)
    await _ask(house)
    marks = [headers["x-hotspare-via"] for headers, _ in house.alpha.seen]
    assert marks == [house.engine.run] * 2  # one mark a run, so that the header lines of a model stay the same
