"""A carrier that is told of other models: those of before stay callable for requests under way, and secret."""

import asyncio
import json

import pytest

from hotspare.dialects import openai_chat
from hotspare.dialects.endpoint import ApiKey, Endpoint
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.record import Ask
from hotspare.router.settings import Limits
from hotspare.router.step import Try
from hotspare.router.trigger import AttemptFailed

BODY = json.dumps({"model": "main", "messages": [{"role": "user", "content": "hi"}]}).encode()


def place(provider, name, secret):
    return Endpoint(name, "fake", "openai", f"{provider.url}/v1", f"{name}-id", (ApiKey("KEY", secret),))


@pytest.fixture
async def carrier(provider):
    found = ProviderCarrier({"old": place(provider, "old", "secret-of-before")})
    yield found
    await found.aclose()


async def called(carrier, model):
    now = asyncio.get_running_loop().time()
    ask = Ask("r1", "main", "main", "tests", 0.0, now, now + 5)
    return await carrier.call(Try(1, model, "KEY", Limits(), now + 5), ask, openai_chat.read_request(BODY, {}))


async def test_a_new_model_is_reached_and_one_of_before_until_the_reload_after(provider, carrier, good_answer):
    provider.does(lambda x: x.answer(good_answer))
    carrier.reload({"new": place(provider, "new", "secret-of-now")})
    assert (await called(carrier, "new")).status == (await called(carrier, "old")).status == 200
    carrier.reload({"new": place(provider, "new", "secret-of-now")})
    with pytest.raises(KeyError):
        await called(carrier, "old")


async def test_a_key_that_was_replaced_is_no_longer_sent(provider, carrier, good_answer):
    provider.does(lambda x: x.answer(good_answer))
    carrier.reload({"old": place(provider, "old", "secret-of-now")})
    await called(carrier, "old")
    assert provider.seen[0].headers["authorization"] == "Bearer secret-of-now"


async def test_secrets_of_before_and_of_now_are_hidden(provider, carrier):
    words = json.dumps({"error": {"message": "not secret-of-before nor secret-of-now"}}).encode()
    provider.does(lambda x: x.answer(words, status=500))
    carrier.reload({"old": place(provider, "old", "secret-of-now")})
    with pytest.raises(AttemptFailed) as failed:
        await called(carrier, "old")
    assert "secret-of" not in failed.value.message
