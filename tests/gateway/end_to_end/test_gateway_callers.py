"""Callers with tokens of their own, through the whole house: what each may use, what it sees, and who it is."""

import anthropic
import msgspec
import openai
import pytest

from hotspare.configuration.compiled import CallerSettings, GatewaySettings

MESSAGES = [{"role": "user", "content": "hi"}]
SHOP, DESK, GATE = "shop-token", "desk-token", "gate-token"


@pytest.fixture
async def house(open_house):
    """Two chains; the shop may use one of them, the desk both, and the gateway has a token without a name."""
    callers = (CallerSettings("shop", SHOP, ("side",)), CallerSettings("desk", DESK))
    return await open_house(chains={"side": ("beta",)}, callers=callers, token=GATE)


@pytest.fixture
def ask(house, place_of):
    place = place_of(house)

    async def asked(method, path, body=b"", token=None, **headers):
        return await place.ask(method, path, body, authorization=token and f"Bearer {token}", **headers)

    return asked


async def test_a_caller_is_the_name_of_its_token_and_its_chain_serves_it(ask, house, rows, chat):
    answer = await ask("POST", "/v1/chat/completions", chat("side"), SHOP, x_hotspare_caller="desk", user_agent="x/1")
    assert (answer.status, answer.headers["x-hotspare-model"]) == (200, "beta")
    [row] = await rows(house)
    assert (row["caller"], row["chain"]) == ("shop", "side")


async def test_a_model_of_its_chain_is_served_through_that_chain(ask, house, rows, chat):
    assert (await ask("POST", "/v1/chat/completions", chat("beta"), SHOP)).status == 200
    assert [row["chain"] for row in await rows(house)] == ["side"]


@pytest.mark.parametrize("name", ["main", "alpha", "gpt-4o"])
async def test_what_its_token_does_not_open_is_403_and_nobody_is_called(ask, house, rows, chat, name):
    answer = await ask("POST", "/v1/chat/completions", chat(name), SHOP)
    assert (answer.status, answer.error["code"], answer.error["param"]) == (403, "model_not_allowed", "model")
    assert answer.error["type"] == "permission_error"
    assert "It opens: side, beta." in answer.error["message"]
    assert not house.alpha.seen + house.beta.seen
    assert not await rows(house)


async def test_a_wish_cannot_lead_out_of_its_chain(ask, house, chat):
    wish = await ask("POST", "/v1/chat/completions", chat("side", preferred_fallback="alpha"), SHOP)
    assert wish.status == 400
    assert not house.alpha.seen


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
async def test_the_refusal_has_the_shape_of_the_callers_dialect(ask, path, chat):
    answer = await ask("POST", path, chat("main", max_tokens=5), SHOP)
    body = msgspec.json.decode(answer.body)
    assert (answer.status, body["type"], body["error"]["type"]) == (403, "error", "permission_error")


async def test_both_clients_see_it_as_a_refused_permission(house):
    base = f"http://127.0.0.1:{house.port}"
    async with openai.AsyncOpenAI(base_url=f"{base}/v1", api_key=SHOP, max_retries=2) as client:
        with pytest.raises(openai.PermissionDeniedError):
            await client.chat.completions.create(model="main", messages=MESSAGES)
        assert [model.id async for model in client.models.list()] == ["side", "beta"]
    async with anthropic.AsyncAnthropic(base_url=base, api_key=SHOP, max_retries=2) as client:
        with pytest.raises(anthropic.PermissionDeniedError):
            await client.messages.create(model="main", max_tokens=5, messages=MESSAGES)
        message = await client.messages.create(model="side", max_tokens=5, messages=MESSAGES)
        assert message.content[0].text == "whole from beta"


async def test_a_caller_sees_its_chains_and_their_models_alone(ask, house):
    async def told(path, token):
        return msgspec.json.decode((await ask("GET", path, token=token)).body)

    assert [model["id"] for model in (await told("/v1/models", SHOP))["data"]] == ["side", "beta"]
    assert [model["id"] for model in (await told("/v1/models", DESK))["data"]] == ["main", "side", "alpha", "beta"]
    assert (await ask("GET", "/v1/models/alpha", token=SHOP)).status == 404
    assert (await ask("GET", "/v1/models/alpha", token=DESK)).status == 200
    assert [model["model"] for model in (await told("/health/models", SHOP))["models"]] == ["beta"]
    assert [chain["chain"] for chain in (await told("/health", SHOP))["chains"]] == ["side"]
    assert [chain["chain"] for chain in (await told("/health", GATE))["chains"]] == ["main", "side"]


async def test_a_situation_of_others_is_not_told(ask, house, chat):
    house.alpha.status = 429
    await ask("POST", "/v1/chat/completions", chat("main"), DESK)
    house.alpha.status = 200
    assert b"alpha" in (await ask("GET", "/health", token=DESK)).body
    assert b"alpha" not in (await ask("GET", "/health", token=SHOP)).body


async def test_metrics_are_for_those_who_may_use_every_chain(ask):
    refused = await ask("GET", "/metrics", token=SHOP)
    assert (refused.status, refused.error["code"]) == (403, "metrics_not_allowed")
    assert (await ask("GET", "/metrics", token=DESK)).status == 200
    assert (await ask("GET", "/metrics", token=GATE)).status == 200


@pytest.mark.parametrize("told", ["desk", "Desk", " desk ", "de\u200bsk"])
async def test_nobody_passes_for_a_caller_without_its_token(ask, house, rows, chat, told):
    assert (await ask("POST", "/v1/chat/completions", chat("main"), GATE, x_hotspare_caller=told)).status == 200
    assert (
        await ask("POST", "/v1/chat/completions", chat("main"), GATE, user_agent=told.strip() + "/1.0")
    ).status == 200
    assert [row["caller"] for row in await rows(house)] == ["unknown", "unknown"]


async def test_whoever_has_the_token_without_a_name_says_who_it_is(ask, house, rows, chat):
    assert (await ask("POST", "/v1/chat/completions", chat("main"), GATE, x_hotspare_caller="night-job")).status == 200
    assert [row["caller"] for row in await rows(house)] == ["night-job"]


async def test_each_token_is_taken_in_either_header_and_no_other_one_is(ask, chat):
    body = chat("side")
    for token in (SHOP, DESK, GATE):
        assert (await ask("POST", "/v1/chat/completions", body, token)).status == 200
        assert (await ask("POST", "/v1/messages", chat("side", max_tokens=5), x_api_key=token)).status == 200
    for wrong in ("shop-toke", "shop-tokens", "SHOP-TOKEN", "shop", "desk-token-", ""):
        assert (await ask("POST", "/v1/chat/completions", body, wrong)).status == 401
        assert (await ask("POST", "/v1/messages", body, x_api_key=wrong)).status == 401
    assert (await ask("GET", "/health/live")).status == 204
    assert (await ask("GET", "/metrics")).status == 401


async def test_callers_alone_close_the_gateway_too(open_house, place_of, chat):
    house = await open_house("callers", callers=(CallerSettings("shop", SHOP),))
    place = place_of(house)
    assert (await place.ask("POST", "/v1/chat/completions", chat("main"))).status == 401
    assert (await place.ask("POST", "/v1/chat/completions", chat("main"), x_api_key=SHOP)).status == 200


async def test_a_token_never_goes_up_to_a_provider(ask, house, chat):
    await ask("POST", "/v1/chat/completions", chat("side"), SHOP, x_api_key=SHOP, x_secret=SHOP, cookie=SHOP)
    await ask("POST", "/v1/messages", chat("side", max_tokens=5), SHOP, x_api_key=SHOP)
    assert len(house.beta.seen) == 2
    assert SHOP not in repr(house.beta.seen)
    assert {headers["authorization"] for headers, _ in house.beta.seen} == {"bearer sk-1"}


async def test_a_token_that_is_taken_back_opens_nothing_from_the_next_request_on(house, place_of, fake, chat):
    body = chat("side")
    async with place_of(house).connection() as (reader, writer):
        asked = fake.request("POST", "/v1/chat/completions", body, x_api_key=SHOP)
        writer.write(asked)
        assert (await fake.read_answer(reader)).status == 200
        house.gateway.obey(GatewaySettings(callers=(CallerSettings("desk", DESK, ("main",)),)))
        writer.write(asked)
        assert (await fake.read_answer(reader)).status == 401
        writer.write(fake.request("POST", "/v1/chat/completions", body, x_api_key=DESK))
        assert (await fake.read_answer(reader)).status == 403
