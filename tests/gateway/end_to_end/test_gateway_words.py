"""Prompts and answers on their way into the store, where that was chosen; and nowhere else."""

import asyncio

import openai
import pytest

from hotspare.store.contents import ContentRules

MESSAGES = [{"role": "user", "content": "my word is xylophone"}]


def client_of(house):
    return openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{house.port}/v1", api_key="unused", max_retries=0, timeout=10)


async def kept(house, wanted):
    """What is kept of all requests, once it is so many."""
    async with asyncio.timeout(5):
        while True:
            rows = [
                await house.store.query("explain", {"id": row["id"]}) for row in await house.store.query("requests", {})
            ]
            found = [(row["prompt"], row["answer"]) for [row] in rows if row["prompt"] is not None]
            if len(found) >= wanted:
                return found
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("streamed", [False, True])
async def test_what_was_asked_and_answered_is_kept_as_the_caller_got_it(open_house, streamed):
    house = await open_house(content=ContentRules())
    house.alpha.status = 429
    async with client_of(house) as client:
        answer = await client.chat.completions.create(model="main", messages=MESSAGES, stream=streamed)
        if streamed:
            assert [chunk async for chunk in answer]
    said = "stream from beta" if streamed else "whole from beta"
    assert await kept(house, 1) == [("user: my word is xylophone", said)]


async def test_a_request_that_fails_keeps_its_prompt(open_house):
    house = await open_house(content=ContentRules())
    house.alpha.status = house.beta.status = 429
    async with client_of(house) as client:
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model="main", messages=MESSAGES)
    assert await kept(house, 1) == [("user: my word is xylophone", "")]


async def test_without_it_no_word_is_anywhere(open_house, tmp_path):
    house = await open_house()
    async with client_of(house) as client:
        await client.chat.completions.create(model="main", messages=MESSAGES)
    await house.store.flush()
    await house.store.close()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"xylophone" in path.read_bytes()]
