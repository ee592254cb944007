"""The Python client against a real server: what an application sees."""

import asyncio
import subprocess
import sys
from contextlib import nullcontext

import pytest

import hotspare
from hotspare import (
    AllModelsFailed,
    FallbackClient,
    FallbackConfig,
    FallbackResult,
    FallbackStrategy,
    HealthTracker,
    SyncFallbackClient,
)
from hotspare.router.error import HotspareError

GPT, MINI = "gpt-4o", "gpt-4o-mini"


def config(*fallbacks, **options):
    return FallbackConfig(GPT, fallbacks or (MINI,), **{"max_retries_per_model": 0, **options})


async def test_an_answer_is_told_with_who_gave_it(provider):
    async with FallbackClient(config=config()) as client:
        result = await client.generate(prompt="hi", temperature=0.2)
    assert isinstance(result, FallbackResult)
    assert (result.text, result.model_used, result.fallback_occurred) == ("hello from gpt-4o", GPT, False)
    assert result.attempts == [GPT]
    assert result.response["choices"][0]["message"]["content"] == result.text
    assert result.total_latency_ms > 0
    assert result.cost_usd == pytest.approx(0.0075), "1,000 tokens in and 500 out"
    (body,) = provider.asked
    assert body == {"model": GPT, "messages": [{"role": "user", "content": "hi"}], "temperature": 0.2}


async def test_a_fallback_answers_when_the_primary_fails(provider):
    provider.says[GPT] = 503
    async with FallbackClient(config(max_retries_per_model=1, timeout_ms=5000)) as client:
        result = await client.generate("hi")
        assert (result.text, result.model_used, result.fallback_occurred) == ("hello from gpt-4o-mini", MINI, True)
        assert result.attempts == [GPT, GPT, MINI]
        assert client.get_fallback_statistics() == {
            "total_requests": 1,
            "fallback_requests": 1,
            "fallback_rate": 1.0,
            "models_used": {MINI: 1},
        }


async def test_when_all_fail_one_exception_says_why_each_did(provider):
    provider.says = {GPT: 503, MINI: 500}
    async with FallbackClient(config()) as client:
        with pytest.raises(AllModelsFailed) as raised:
            await client.generate("hi")
        error = raised.value
        assert error.causes == {GPT: "overloaded 503: told so", MINI: "server_error 500: told so"}
        assert error.message == str(error)
        assert error.retry_after == 60
        assert error.request_id
        assert error.fallback_suggestion
        assert client.get_health_metrics()["overall"] == {"total_requests": 1, "overall_success_rate": 0.0}


async def test_three_failures_make_a_model_unhealthy_and_it_is_skipped(provider):
    provider.says[GPT] = 503
    async with FallbackClient(config()) as client:
        for _ in range(4):
            await client.generate("hi")
        assert provider.models.count(GPT) == 3
        health = client.get_health_metrics()["per_model"]
        assert health[GPT] == {
            "success_count": 0,
            "failure_count": 3,
            "success_rate": 0.0,
            "average_latency_ms": 0.0,
            "is_healthy": False,
        }
        assert (health[MINI]["success_count"], health[MINI]["is_healthy"]) == (4, True)
        assert health[MINI]["average_latency_ms"] > 0


async def test_an_unhealthy_model_is_tried_again_and_one_success_heals_it(provider):
    provider.says[GPT] = 503
    async with FallbackClient(config(health_check_interval_s=0.05)) as client:
        for _ in range(3):
            await client.generate("hi")
        provider.says = {}
        await asyncio.sleep(0.06)
        assert (await client.generate("hi")).model_used == GPT
        assert client.get_health_metrics()["per_model"][GPT]["is_healthy"]


async def test_without_health_tracking_nothing_is_skipped(provider):
    provider.says[GPT] = 429
    async with FallbackClient(config(enable_health_tracking=False)) as client:
        for _ in range(5):
            await client.generate("hi")
    assert provider.models.count(GPT) == 5


async def test_the_fastest_wins_and_the_others_are_ended(provider):
    provider.slow = {GPT: 30.0, MINI: 0.01}
    async with FallbackClient(config(strategy=FallbackStrategy.FASTEST)) as client:
        result = await asyncio.wait_for(client.generate("hi"), 5)
        assert (result.model_used, result.fallback_occurred) == (MINI, False)
        assert sorted(result.attempts) == [GPT, MINI]


async def test_load_is_spread(provider):
    async with FallbackClient(config(strategy="load_balanced")) as client:
        used = {(await client.generate("hi")).model_used for _ in range(40)}
    assert used == {GPT, MINI}


@pytest.mark.parametrize(
    ("wanted", "asked"), [((), 2), (("server_error",), 1), ((429,), 1), (("overloaded",), 2), ((503,), 2)]
)
async def test_only_errors_that_merit_it_are_followed_by_another_call(provider, wanted, asked):
    provider.says[GPT] = 503
    async with FallbackClient(config(retry_on_errors=wanted)) as client:
        with nullcontext() if asked > 1 else pytest.raises(AllModelsFailed, match="does not fall back on overloaded"):
            await client.generate("hi")
    assert len(provider.asked) == asked


async def test_a_timeout_bounds_each_attempt(provider):
    provider.slow[GPT] = 30.0
    async with FallbackClient(config(timeout_ms=50)) as client:
        result = await client.generate("hi")
    assert result.model_used == MINI


async def test_a_conversation_and_its_parameters_go_as_they_are(provider):
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    provider.says[GPT] = '{"said": "hi"}'
    async with FallbackClient(config()) as client:
        result = await client.generate(messages=messages, max_tokens=5, response_format={"type": "json_object"})
    assert result.text == '{"said": "hi"}'
    (body,) = provider.asked
    assert body["messages"] == messages
    assert (body["max_tokens"], body["response_format"]) == (5, {"type": "json_object"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "either a prompt or messages"),
        ({"prompt": "a", "messages": []}, "either a prompt or messages"),
        ({"prompt": "a", "model": "nobody"}, "no chain or model named 'nobody'"),
        ({"prompt": "a", "stream": True}, "whole answers"),
        ({"prompt": "a", "tools": object()}, "cannot be sent"),
    ],
)
async def test_what_cannot_be_asked_is_said_at_once(provider, given, said):
    async with FallbackClient(config()) as client:
        with pytest.raises(ValueError, match=said):
            await client.generate(**given)
    assert not provider.asked


async def test_one_of_the_models_can_be_named(provider):
    async with FallbackClient(config()) as client:
        assert (await client.generate("hi", model=MINI)).model_used == MINI
        assert provider.models == [MINI]


@pytest.mark.parametrize(
    "options",
    [{"strategy": "best"}, {"fallback_models": "gpt"}, {"retry_on_errors": ["nonsense"]}, {"retry_on_errors": [200]}],
)
def test_a_config_that_cannot_be_followed_is_refused(options):
    with pytest.raises(ValueError, match=r".") as raised:
        FallbackConfig(GPT, **options)
    assert isinstance(raised.value, HotspareError)
    assert raised.value.hint


def test_a_model_that_nobody_knows_is_refused_when_the_client_is_made(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with pytest.raises(HotspareError, match="FallbackConfig: no provider is known for the model nobody-knows-it"):
        FallbackClient(FallbackConfig("nobody-knows-it"))


async def test_any_file_makes_a_config(provider, tmp_path):
    path = tmp_path / "humanlayer.json"
    path.write_text('{"claude_model": "gpt-4o", "fallback_models": [{"model": "gpt-4o-mini", "priority": 1}]}')
    found = FallbackConfig.from_file(path)
    assert (found.primary_model, list(found.fallback_models)) == (GPT, [MINI])
    provider.says[GPT] = 400 + 29
    async with FallbackClient(found) as client:
        assert (await client.generate("hi")).model_used == MINI


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(HotspareError):
        FallbackConfig.from_file("/nowhere/at/all.toml")


async def test_without_await_it_is_the_same_from_any_thread(provider):
    def ask():
        with SyncFallbackClient(config()) as client:
            result = client.generate("hi")
            assert client.get_fallback_statistics()["total_requests"] == 1
            assert client.get_health_metrics()["overall"]["overall_success_rate"] == 1.0
            provider.says = {GPT: 503, MINI: 503}
            with pytest.raises(AllModelsFailed):
                client.generate("hi")
        client.close()
        with pytest.raises(RuntimeError, match="closed"):
            client.generate("hi")
        return result.text

    assert await asyncio.to_thread(ask) == "hello from gpt-4o"


async def test_a_request_that_is_cancelled_ends_its_call(provider):
    provider.slow[GPT] = 30.0
    async with FallbackClient(config()) as client:
        request = asyncio.ensure_future(client.generate("hi"))
        await provider.came.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert client._engine.in_flight == 0
        assert client.get_fallback_statistics()["total_requests"] == 0


def test_health_is_counted_as_it_is_told():
    tracker = HealthTracker()
    assert tracker.is_healthy("gpt")
    for _ in range(3):
        assert tracker.is_healthy("gpt")
        tracker.record_failure("gpt")
    assert not tracker.is_healthy("gpt")
    tracker.record_success("gpt", 200.0)
    tracker.record_success("gpt", 100.0)
    health = tracker.get("gpt")
    assert (health.success_count, health.failure_count, health.success_rate) == (2, 3, 0.4)
    assert (health.average_latency_ms, health.consecutive_failures, health.is_healthy) == (150.0, 0, True)


def test_the_client_loads_no_screen_server_or_database():
    script = (
        "import sys, hotspare; assert 'hotspare.client' not in sys.modules; hotspare.FallbackClient;"
        "print([name for name in ('textual', 'uvicorn', 'starlette', 'aiosqlite', 'sqlite3', 'plotext', 'hotspare.app',"
        " 'hotspare.store', 'hotspare.gateway', 'hotspare.widgets', 'hotspare.probes') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_no_other():
    assert all(getattr(hotspare, name) is not None for name in hotspare.__all__)
    assert set(hotspare.__all__) <= set(dir(hotspare))
    with pytest.raises(AttributeError):
        hotspare.Nothing  # noqa: B018


CACHING = """
[limits]
retries = 0
[providers.box]
dialect = "openai"
base_url = "http://127.0.0.1:{port}/v1"
[[models]]
name = "big"
provider = "box"
[chains.main]
models = ["big"]
emergency_cache = true
"""


async def test_an_answer_of_the_emergency_cache_is_marked(provider, tmp_path):
    path = tmp_path / "hotspare.toml"
    path.write_text(CACHING.format(port=provider.port))
    async with FallbackClient(FallbackConfig.from_file(path)) as client:
        first = await client.generate("hi", model="main")
        provider.says["big"] = 500
        again = await client.generate("hi", model="main")
        with pytest.raises(AllModelsFailed):
            await client.generate("ho", model="main")
    assert (first.from_cache, first.cache_similarity, first.cache_age_seconds) == (False, None, None)
    assert (again.from_cache, again.cache_similarity, again.text) == (True, 1.0, first.text)
    assert 0 <= again.cache_age_seconds < 30
    assert (again.model_used, again.fallback_occurred) == ("big", True)
