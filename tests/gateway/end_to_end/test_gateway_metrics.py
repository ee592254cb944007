"""`GET /metrics`: what it counts is what `status` says and what the store keeps, and its page names every metric."""

import asyncio
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import openai
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hotspare.engine.backend import Prompt
from hotspare.gateway.metrics import FAMILIES
from hotspare.router.command import ForceModel
from hotspare.router.settings import PICO_PER_USD, Budget

MESSAGES = [{"role": "user", "content": "hi"}]
PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


class Scraped:
    """One scrape, as Prometheus reads it."""

    def __init__(self, text):
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def sum(self, name, **labels):
        """All samples of that name that have these labels, added up."""
        found = [s for s in self.samples if s.name == name and labels.items() <= s.labels.items()]
        return sum(sample.value for sample in found)


@pytest.fixture
def scrape(fake):
    async def get(house, **headers):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        try:
            writer.write(fake.request("GET", "/metrics", **headers))
            answer = await fake.read_answer(reader)
        finally:
            writer.close()
            await writer.wait_closed()
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Scraped(answer.body.decode())

    return get


async def _send(client, count, **fields):
    for _ in range(count):
        with suppress(openai.APIStatusError):
            answer = await client.chat.completions.create(model="main", messages=MESSAGES, **fields)
            if fields.get("stream"):
                _ = [chunk async for chunk in answer]


async def _leave(client):
    stream = await client.chat.completions.create(model="main", messages=MESSAGES, stream=True)
    await anext(aiter(stream))
    await stream.close()


async def _a_mixed_hour(house, client):
    """Answers, streams, a caller's fault, a departure, a rate limit with its fallbacks, failures, a test prompt."""
    await _send(client, 7)
    await _send(client, 5, stream=True)
    house.alpha.hold = True
    await _leave(client)
    await house.engine.drained(2)
    house.alpha.hold, house.alpha.status = False, 400
    await _send(client, 2)
    house.alpha.status = 429
    await _send(client, 4)
    house.beta.status = 500
    await _send(client, 3)
    house.beta.status = 200
    async for _ in house.backend.send_prompt(Prompt("hello", chain="main")):
        pass


async def test_metrics_status_and_the_rows_of_the_store_agree(house, client, scrape, rows):
    await _a_mixed_hour(house, client)
    found = await scrape(house)
    today = (await house.backend.snapshot()).today
    kept = await rows(house, kind="traffic", last=1000)

    requests = "hotspare_requests_total"
    assert found.sum(requests) == len(kept) == 22
    counted = found.sum(requests, outcome="answered") + found.sum(requests, outcome="failed")
    assert counted == today.requests == sum(row["verdict"] in ("answered", "failed") for row in kept) == 19
    for outcome in ("answered", "failed", "caller_fault", "caller_left"):
        assert found.sum(requests, outcome=outcome) == sum(row["verdict"] == outcome for row in kept) > 0
    for model in ("alpha", "beta"):
        assert found.sum(requests, model=model) == sum(row["model"] == model for row in kept) > 0
    assert found.sum("hotspare_fallbacks_total") == today.fallback == sum(row["fallback"] for row in kept) == 4
    assert found.sum("hotspare_attempts_total") == sum(row["attempts"] for row in kept)
    for way, name in (("input", "input_tokens"), ("output", "output_tokens")):
        told = found.sum("hotspare_tokens_total", kind="traffic", token_type=way)
        assert told == getattr(today, name) == sum(row[name] for row in kept) > 0
    cost = found.sum("hotspare_cost_usd_total", kind="traffic")
    assert (
        cost
        == pytest.approx(today.cost_pico_usd / PICO_PER_USD)
        == pytest.approx(sum(row["cost_usd"] or 0 for row in kept))
    )
    assert cost > 0
    duration = "hotspare_request_duration_seconds"
    assert found.sum(f"{duration}_count") == found.sum(f"{duration}_bucket", le="+Inf") == today.answered == 16
    seconds = sum(row["duration_ms"] for row in kept if row["ok"]) / 1000
    assert found.sum(f"{duration}_sum") == pytest.approx(seconds, abs=1e-5)  # kept rounded to a microsecond


async def test_a_failed_attempt_is_counted_by_its_trigger(house, client, scrape):
    house.alpha.status = 429
    await _send(client, 2)
    found = await scrape(house)
    assert found.sum("hotspare_attempts_total", model="alpha", outcome="rate_limit") == 1
    assert found.sum("hotspare_attempts_total", model="beta", outcome="served") == 2
    assert found.sum("hotspare_fallbacks_total", meant="alpha", model="beta", reason="rate_limit") == 1
    assert found.sum("hotspare_fallbacks_total", meant="alpha", model="beta", reason="cooling") == 1
    assert found.sum("hotspare_model_state", model="alpha", state="cooling") == 1
    assert found.sum("hotspare_model_state", model="alpha") == 1
    assert found.sum("hotspare_model_state", model="beta", state="ok") == 1


async def test_a_test_prompt_counts_what_it_used_and_nothing_else(house, scrape):
    async for _ in house.backend.send_prompt(Prompt("hello", chain="main")):
        pass
    found = await scrape(house)
    assert found.sum("hotspare_requests_total") == found.sum("hotspare_attempts_total") == 0
    assert found.sum("hotspare_tokens_total", kind="test", model="alpha", token_type="output") == 2
    assert found.sum("hotspare_cost_usd_total", kind="test") > 0


async def test_what_is_under_way_is_told(house, client, scrape):
    house.alpha.hold = True
    stream = await client.chat.completions.create(model="main", messages=MESSAGES, stream=True)
    await anext(aiter(stream))
    found = await scrape(house)
    assert found.sum("hotspare_requests_in_flight") == 1
    assert found.sum("hotspare_model_in_flight", model="alpha") == 1
    assert found.sum("hotspare_model_in_flight", model="beta") == 0
    await stream.close()
    await house.engine.drained(2)
    assert (await scrape(house)).sum("hotspare_requests_in_flight") == 0


async def test_streams_tell_how_long_their_first_content_took(house, client, scrape):
    await _send(client, 2)
    await _send(client, 3, stream=True)
    found, first = await scrape(house), "hotspare_time_to_first_token_seconds"
    assert found.sum(f"{first}_count", chain="main", model="alpha") == 3
    assert 0 < found.sum(f"{first}_sum") <= found.sum("hotspare_request_duration_seconds_sum")


async def test_chains_models_and_what_is_going_on_are_told(house, client, scrape):
    calm = await scrape(house)
    assert calm.sum("hotspare_chain_ready", chain="main") == 1
    assert calm.sum("hotspare_chain_forced", chain="main") == 0
    assert calm.sum("hotspare_model_info", model="alpha", provider="alpha") == 1
    assert calm.sum("hotspare_situations", severity="critical") == 0
    house.alpha.status = house.beta.status = 429
    await _send(client, 2)
    await house.backend.apply(ForceModel("main", "beta"), who="ana", confirmed=True)
    found = await scrape(house)
    assert found.sum("hotspare_chain_ready", chain="main") == 0
    assert found.sum("hotspare_chain_forced", chain="main") == 1
    told = {situation.code: situation.severity for situation in (await house.backend.snapshot()).situations}
    assert told
    for code, severity in told.items():
        assert found.sum("hotspare_situations", code=code, severity=severity) >= 1


async def test_the_days_cost_is_told_and_its_limit_where_there_is_one(house, client, scrape):
    await _send(client, 2)
    async for _ in house.backend.send_prompt(Prompt("hello", chain="main")):
        pass
    found, now = await scrape(house), await house.backend.snapshot()
    spent = now.today.cost_pico_usd + now.today_other_pico_usd
    assert found.sum("hotspare_today_cost_usd") == pytest.approx(spent / PICO_PER_USD)
    assert now.today_other_pico_usd > 0
    assert not found.families["hotspare_daily_limit_usd"].samples


async def test_the_days_limit_is_told_where_there_is_one(open_house, scrape):
    house = await open_house(budget=Budget(daily=5 * PICO_PER_USD))
    assert (await scrape(house)).sum("hotspare_daily_limit_usd") == 5


async def test_connections_and_refusals_are_told(house, client, scrape, place_of):
    place = place_of(house)
    await place.ask("GET", "/nowhere")
    await place.ask("GET", "/health", host="evil.example")
    await place.talk(b"GET\r\n\r\n")
    async with place.connection(), place.connection() as (_reader, writer):
        writer.write(b"GET /health HTTP/1.1\r\n")
        await place.ask("GET", "/health/live")
        found = await scrape(house)
    refused = "hotspare_requests_refused_total"
    assert found.sum("hotspare_connections") == 3
    assert found.sum(refused, code="not_found") == found.sum(refused, code="host_not_allowed") == 1
    assert found.sum(refused, code="malformed_http") == 1
    assert found.sum("hotspare_requests_total") == 0


async def test_callers_cannot_make_series_whatever_they_say(house, client, scrape, place_of, chat):
    place = place_of(house)
    await place.ask("POST", "/v1/chat/completions", chat("main"))
    before = {(sample.name, *sorted(sample.labels.items())) for sample in (await scrape(house)).samples}
    hostile = 'x"} 1\\n# HELP'
    for number in range(40):
        said = f"{hostile}{number}"
        body = chat("main", user=said, metadata={"session_id": said})
        await place.ask(
            "POST", "/v1/chat/completions", body, x_hotspare_caller=said, x_session_id=said, user_agent=said
        )
        await place.ask("POST", "/v1/chat/completions", chat(f"gpt-{said}"))
    after = {(sample.name, *sorted(sample.labels.items())) for sample in (await scrape(house)).samples}
    assert {series for series in after - before if series[0] != "hotspare_situations"} == set()
    for number in range(3):
        await place.ask("POST", "/v1/chat/completions", chat(f"{hostile}{number}"))
        await place.ask("GET", f"/{number}")
    new = {(sample.name, *sorted(sample.labels.items())) for sample in (await scrape(house)).samples} - after
    assert {series for series in new if series[0] != "hotspare_situations"} == {
        ("hotspare_requests_refused_total", ("code", code)) for code in ("model_not_found", "not_found")
    }


async def test_the_store_is_told(house, client, scrape, rows):
    await _send(client, 1)
    assert (await scrape(house)).sum("hotspare_store_waiting_bytes") > 0
    await rows(house)
    found = await scrape(house)
    assert found.sum("hotspare_store_waiting_bytes") == 0
    assert found.sum("hotspare_store_ok") == 1
    assert found.sum("hotspare_store_dropped_records_total") == 0


async def test_records_of_an_earlier_run_are_in_todays_figures_and_in_no_counter(house, client, scrape, rows):
    await _send(client, 2)
    await rows(house)
    house.engine.router.live.day.chains.clear()
    fresh = type(house.engine)(
        router=house.engine.router, carrier=None, recorder=house.store, journal=house.store, clock=house.engine.clock
    )
    await fresh.restore({}, {}, house.store.records(0.0))
    assert (await house.backend.snapshot()).today.requests == 2
    assert not fresh.totals.requests


async def test_metrics_need_the_token(open_house, scrape, fake):
    house = await open_house(token="s3cret")
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(fake.request("GET", "/metrics"))
    assert (await fake.read_answer(reader)).status == 401
    writer.close()
    await writer.wait_closed()
    assert (await scrape(house, authorization="Bearer s3cret")).sum("hotspare_info", instance="house") == 1


async def test_many_first_scrapes_at_once_are_all_answered(house, scrape):
    found = await asyncio.gather(*(scrape(house) for _ in range(8)))
    assert {len(scraped.families) for scraped in found} == {len(FAMILIES)}


async def test_every_family_has_our_prefix_and_its_words(house, client, scrape):
    await _a_mixed_hour(house, client)
    found = await scrape(house)
    for family in FAMILIES:
        told = found.families[family.name.removesuffix("_total")]
        assert family.name.startswith("hotspare_")
        assert (told.type, told.documentation) == (family.kind, family.text)
        for sample in told.samples:
            assert sample.labels.keys() - {"le"} == set(family.labels)


def test_the_page_names_every_metric_as_it_is():
    cells = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `hotspare_")]
    expected = [
        [f"`{family.name}`", family.kind, ", ".join(f"`{label}`" for label in family.labels) or "none", family.text]
        for family in FAMILIES
    ]
    assert cells == expected


def test_starting_the_gateway_does_not_load_prometheus():
    program = "import sys, hotspare.gateway.facade; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
