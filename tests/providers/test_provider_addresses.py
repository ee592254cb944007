"""Requests go where the providers' own clients send theirs, with the key shown as they show it."""

import asyncio
import json

import anthropic
import openai
import pytest

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.adaptation import Adaptation
from hotspare.dialects.endpoint import ApiKey, Endpoint
from hotspare.providers.address import addresses_of
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.record import Ask
from hotspare.router.settings import Limits
from hotspare.router.step import Try

KEY = ApiKey("K", "the-key")
HI = [{"role": "user", "content": "hi"}]
AUTHENTICATION = ("authorization", "api-key", "x-api-key")


@pytest.fixture
def deaf(provider):
    """A provider that only notes what it is asked."""
    provider.does(lambda exchange: exchange.answer(b'{"error":{"message":"no"}}', 400))
    return provider


async def asked_by(client):
    if isinstance(client, openai.AsyncOpenAI):
        asking = client.chat.completions.create(model="our-model", messages=HI)
    else:
        asking = client.messages.create(model="our-model", messages=HI, max_tokens=9)
    with pytest.raises((anthropic.BadRequestError, openai.BadRequestError)):
        await asking
    await client.close()


def what_matters(exchange):
    shown = {name: exchange.headers[name] for name in AUTHENTICATION if name in exchange.headers}
    return exchange.line, shown, exchange.json["model"]


async def ours(endpoint):
    module = openai_chat if endpoint.dialect == "openai" else anthropic_messages
    body = {"model": "m", "messages": HI, "max_tokens": 9}
    carrier = ProviderCarrier({"m": endpoint})
    now = asyncio.get_running_loop().time()
    try:
        ask = Ask("r", "main", "m", "tests", 0.0, now, now + 5)
        call = module.read_request(json.dumps(body).encode(), {})
        with pytest.raises(Exception, match="no"):
            await carrier.call(Try(1, "m", "K", Limits(), now + 5), ask, call)
    finally:
        await carrier.aclose()


def endpoint_at(base_url, dialect="openai", **more):
    return Endpoint("m", "p", dialect, base_url, "our-model", (KEY,), **more)


async def test_azures_deployments_are_asked_as_its_own_client_asks_them(deaf):
    await asked_by(
        openai.AsyncAzureOpenAI(azure_endpoint=deaf.url, api_key="the-key", api_version="2024-10-21", max_retries=0)
    )
    await ours(endpoint_at(deaf.url + "/openai", authentication="api-key", api_version="2024-10-21"))
    theirs, mine = map(what_matters, deaf.seen)
    assert mine == theirs
    assert mine[0] == "POST /openai/deployments/our-model/chat/completions?api-version=2024-10-21 HTTP/1.1"
    assert mine[1] == {"api-key": "the-key"}


async def test_bedrocks_claude_is_asked_as_anthropics_client_for_it_asks(deaf):
    client = anthropic.AsyncAnthropicBedrockMantle(
        api_key="the-key", aws_region="us-east-1", base_url=deaf.url + "/anthropic", max_retries=0
    )
    await asked_by(client)
    await ours(endpoint_at(deaf.url + "/anthropic", "anthropic", authentication="bearer"))
    theirs, mine = map(what_matters, deaf.seen)
    assert mine == theirs
    assert mine[0] == "POST /anthropic/v1/messages HTTP/1.1"
    assert mine[1]["authorization"] == "Bearer the-key"
    assert "x-api-key" not in mine[1]


async def test_openai_is_asked_as_its_client_asks(deaf):
    await asked_by(openai.AsyncOpenAI(api_key="the-key", base_url=deaf.url + "/v1", max_retries=0))
    await ours(endpoint_at(deaf.url + "/v1"))
    theirs, mine = map(what_matters, deaf.seen)
    assert mine == theirs


async def test_anthropic_is_asked_where_its_client_asks_with_the_key_in_the_header_that_every_version_has(deaf):
    await asked_by(anthropic.AsyncAnthropic(api_key="the-key", base_url=deaf.url, max_retries=0))
    await ours(endpoint_at(deaf.url, "anthropic"))
    (their_line, _, _), (line, shown, _) = map(what_matters, deaf.seen)
    assert (line, shown) == (their_line, {"x-api-key": "the-key"})


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("https://a/openai", "/openai/deployments/our-model/chat/completions?api-version=v1"),
        ("https://a/openai/v1", "/openai/v1/chat/completions?api-version=v1"),
        ("https://a/openai/deployments/d", "/openai/deployments/d/chat/completions?api-version=v1"),
    ],
)
def test_a_version_goes_into_the_query_and_the_deployment_into_the_path(base_url, path):
    ((_, address),) = addresses_of(endpoint_at(base_url, api_version="v1"))
    assert address.urls["chat"] == "https://a" + path


def test_a_deployments_name_cannot_lead_elsewhere():
    endpoint = Endpoint("m", "p", "openai", "https://a/openai", "../x?y#z", (KEY,), api_version="v1")
    ((_, address),) = addresses_of(endpoint)
    assert address.urls["embeddings"] == "https://a/openai/deployments/..%2Fx%3Fy%23z/embeddings?api-version=v1"


@pytest.mark.parametrize(("own_version", "version"), [(False, "2026-10-21"), (True, "2023-06-01")])
async def test_a_server_that_may_not_have_the_callers_version_is_asked_in_ours(deaf, own_version, version):
    adaptation = Adaptation(own_version=own_version)
    endpoints = {"m": Endpoint("m", "p", "anthropic", deaf.url, "x", (KEY,), adaptation=adaptation)}
    await carried(endpoints, "m", headers={"anthropic-version": "2026-10-21", "anthropic-beta": "b"})
    (seen,) = deaf.seen
    assert (seen.headers["anthropic-version"], seen.headers["anthropic-beta"]) == (version, "b")


# ------------------------------------------------------------------ whose request it is
async def carried(endpoints, model, chain="main", start=None, headers=None, dialect="anthropic", **fields):
    carrier = ProviderCarrier(endpoints)
    now = asyncio.get_running_loop().time()
    ask = Ask("r", chain, "asked", "tests", 0.0, now, now + 5, start=start)
    module = openai_chat if dialect == "openai" else anthropic_messages
    body = {"model": "m", "messages": HI, "max_tokens": 9} | fields
    call = module.read_request(json.dumps(body).encode(), headers or {})
    try:
        with pytest.raises(Exception, match="no"):
            await carrier.call(Try(1, model, "K", Limits(), now + 5), ask, call)
    finally:
        await carrier.aclose()


@pytest.mark.parametrize(
    ("chain", "start", "written_for_it"),
    [("main", None, False), ("other", None, True), ("main", "guest", True), ("other", "host", False)],
)
async def test_beta_headers_and_marks_go_only_to_the_provider_they_were_written_for(deaf, chain, start, written_for_it):
    guest = Endpoint("guest", "b", "anthropic", deaf.url, "x", (KEY,), guest_in=frozenset({"main"}))
    endpoints = {"host": Endpoint("host", "a", "anthropic", deaf.url, "x", (KEY,)), "guest": guest}
    headers = {"anthropic-beta": "context-1m", "x-request-id": "r7", "idempotency-key": "i"}
    await carried(endpoints, "guest", chain, start, headers, cache_control={"type": "ephemeral"})
    (seen,) = deaf.seen
    assert ("anthropic-beta" in seen.headers) is written_for_it
    assert ("idempotency-key" in seen.headers) is written_for_it
    assert ("cache_control" in seen.json) is written_for_it
    assert seen.headers["x-request-id"] == "r7"
    assert seen.headers["anthropic-version"] == "2023-06-01"
