import asyncio
import os
from pathlib import Path
from random import Random

import pytest

from hotspare.probes import client
from hotspare.probes.loopback import LoopbackServer
from hotspare.probes.parts import PARTS
from hotspare.probes.scenario import DemoWorld
from hotspare.router.settings import PICO_PER_USD

PRIMARY, SECOND = PARTS[0], PARTS[1]
SECONDS = [tenth / 10 for tenth in range(3000)]


@pytest.fixture
def world(fake_time):
    def make(seed=1):
        return DemoWorld(fake_time.clock, Random(seed), sleep=fake_time.sleep)

    return make


def configured(world):
    return world.configuration(store_path=Path("demo.db"), port=4100)


async def test_the_configuration_leads_to_the_simulated_models_alone(world):
    async with world() as demo:
        endpoints = configured(demo).endpoints
    assert list(endpoints) == ["claude", "gpt-5", "haiku", "local"]
    assert all(endpoint.base_url.startswith("http://127.0.0.1:") for endpoint in endpoints.values())
    assert len({endpoint.base_url.split("/v1")[0] for endpoint in endpoints.values()}) == 4
    assert endpoints["claude"].dialect == "anthropic"
    assert not endpoints["claude"].base_url.endswith("/v1")
    assert endpoints["gpt-5"].base_url.endswith("/v1")


async def test_every_endpoint_answers_with_its_key_and_model(world):
    async with world() as demo:
        assert await ask_all(demo) == [200, 200, 200, 200]


async def test_the_settings_name_only_what_exists(world):
    async with world() as demo:
        configuration = configured(demo)
    chain = configuration.settings.chains["main"]
    assert chain.models == tuple(configuration.settings.models) == tuple(configuration.endpoints)
    assert set(chain.limits) == set(chain.models)
    for name, model in configuration.settings.models.items():
        assert model.keys == tuple(key.alias for key in configuration.endpoints[name].keys)
        assert model.needs_key == bool(model.keys)
    assert [name for name, model in configuration.settings.models.items() if not model.enabled] == ["local"]


async def test_a_request_costs_what_can_be_seen(world):
    async with world() as demo:
        settings = configured(demo).settings
    assert settings.budget.daily == 100 * PICO_PER_USD
    rates = settings.models["claude"].rates
    assert (rates.input, rates.output) == (15_000_000, 75_000_000)
    assert 700 * rates.input + 60 * rates.output > PICO_PER_USD // 100


async def test_the_demo_is_called_so_and_keeps_its_port_and_store(world):
    async with world() as demo:
        configuration = configured(demo)
    assert (configuration.name, configuration.path) == ("demo", None)
    assert (configuration.gateway.host, configuration.gateway.port) == ("127.0.0.1", 4100)
    assert configuration.store.path == Path("demo.db")


def test_the_first_bad_spell_begins_within_eight_seconds():
    assert PRIMARY.timetable.at(0) is None
    assert min(second for second in SECONDS if PRIMARY.timetable.at(second)) <= 8


def test_fallback_cooldown_and_breaker_can_all_be_seen_within_twenty_seconds():
    early = [PRIMARY.timetable.at(second) for second in SECONDS if second < 20]
    kinds = {now.spell.kind for now in early if now}
    assert kinds == {"rate_limit", "overloaded"}
    overloaded_seconds = sum(1 for now in early if now and now.spell.kind == "overloaded") / 10
    assert overloaded_seconds >= 8


def test_the_primary_goes_through_its_spells_about_once_a_minute():
    begun = [spell.at_seconds for spell in PRIMARY.timetable.spells]
    kinds = [spell.kind for spell in PRIMARY.timetable.spells]
    assert kinds == ["rate_limit", "overloaded", "slow", "cut", "rate_limit"]
    well = [later - earlier for earlier, later in zip(begun[1:], [*begun[2:], 255 + begun[0]], strict=True)]
    assert all(45 <= gap <= 75 for gap in well)


def test_a_slow_spell_is_slower_than_every_limit_and_a_good_answer_is_not():
    for part in PARTS:
        slow = [spell for spell in part.timetable.spells if spell.kind in {"slow", "stall"}]
        limits = part.limits
        for spell in slow:
            assert spell.extra_seconds >= 8 > max(limits.first_content_seconds, limits.attempt_seconds)
        assert part.speed.first_token_seconds * 3 < limits.first_content_seconds


def test_the_chain_has_always_one_that_is_well():
    for second in SECONDS:
        assert not all(part.timetable.at(second) for part in PARTS)


def test_the_second_is_unwell_only_while_the_primary_is():
    for second in SECONDS:
        if SECOND.timetable.at(second):
            assert PRIMARY.timetable.at(second)


async def test_the_spells_now_are_told_by_model(world, fake_time):
    fake_time.now = 1000.0
    async with world() as demo:
        assert demo.spell_now() == {}
        fake_time.now = 1005.0
        assert {name: now.spell.kind for name, now in demo.spell_now().items()} == {"claude": "rate_limit"}
        fake_time.now = 1086.0
        assert set(demo.spell_now()) == {"claude", "gpt-5"}


async def test_traffic_runs_until_the_world_ends(world):
    before = asyncio.all_tasks()
    heard = asyncio.Event()

    class Gateway:
        name = "fake gateway"

        def meet(self, reply):
            pass

        async def handle(self, request, reply):
            heard.set()
            await reply.whole(200, (), b"{}")

    async with LoopbackServer(Gateway()) as server:
        async with world() as demo, asyncio.timeout(10):
            traffic = await demo.start_traffic(server.port)
            await heard.wait()
        sent = traffic.tally.sent
        for _ in range(20):
            await asyncio.sleep(0)
        assert traffic.tally.sent == sent > 0
    assert asyncio.all_tasks() == before


async def test_a_world_with_the_same_chance_is_the_same(world):
    async def bodies(seed):
        async with world(seed) as demo:
            endpoint = configured(demo).endpoints["gpt-5"]
            port = int(endpoint.base_url.split(":")[2].split("/")[0])
            body = f'{{"model":"{endpoint.model_id}","messages":[{{"role":"user","content":"Where is my parcel?"}}]}}'
            headers = {"authorization": f"Bearer {endpoint.keys[0].secret}"}
            path = "/v1/chat/completions"
            return [(await client.post(port, path, headers, body.encode(), 5)).body for _ in range(4)]

    assert await bodies(5) == await bodies(5)
    assert await bodies(5) != await bodies(6)


async def ask_all(demo):
    statuses = []
    for endpoint in configured(demo).endpoints.values():
        secret = endpoint.keys[0].secret if endpoint.keys else ""
        headers = {"authorization": f"Bearer {secret}", "anthropic-version": "2023-06-01"}
        port, _, version = endpoint.base_url.removeprefix("http://127.0.0.1:").partition("/")
        path = f"/{version}/chat/completions" if version else "/v1/messages"
        body = f'{{"model":"{endpoint.model_id}","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}]}}'
        statuses.append((await client.post(int(port), path, headers, body.encode(), 5)).status)
    return statuses


async def test_nothing_is_read_from_the_environment(world, monkeypatch):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HTTPS_PROXY", "HTTP_PROXY", "ANTHROPIC_BASE_URL"):
        monkeypatch.setenv(name, "http://nonsense.invalid:1")
    async with world() as poisoned:
        first = configured(poisoned)

    def refuse(*_):
        raise AssertionError("the demo reads the environment")

    monkeypatch.setattr(type(os.environ), "__getitem__", refuse)
    monkeypatch.setattr(os, "getenv", refuse)
    async with world() as blind:
        second = configured(blind)
        assert await ask_all(blind) == [200, 200, 200, 200]
    assert "nonsense" not in repr(first)
    assert [key.secret for endpoint in first.endpoints.values() for key in endpoint.keys] == [
        key.secret for endpoint in second.endpoints.values() for key in endpoint.keys
    ]
    assert all("nonsense" not in endpoint.base_url for endpoint in first.endpoints.values())


async def test_no_key_is_shown(world):
    async with world() as demo:
        shown = repr((configured(demo), PARTS, [part.spec for part in PARTS]))
    assert "demo-not-a-key" not in shown
