"""What a call costs is what the price library says of the same answer, for every kind of token, to the last digit."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from genai_prices import data_snapshot

from hotspare.configuration import prices
from hotspare.configuration.repricing import changed_rates, repriced
from hotspare.dialects.anthropic_messages.answer import read_usage as read_anthropic
from hotspare.dialects.openai_chat.answer import read_usage as read_openai
from hotspare.router.outcome import cost_of
from hotspare.router.settings import Rates

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
READ = {"anthropic": read_anthropic, "openai": read_openai}


def by_the_library(provider_id, model_id, usage, at=NOW):
    """Picodollars."""
    provider, model = data_snapshot.get_snapshot().find_provider_model(model_id, None, provider_id, None)
    flavor = "chat" if provider_id == "openai" else "default"
    _, extracted = provider.extract_usage({"model": model_id, "usage": usage}, api_flavor=flavor)
    calculated = model.calc_price(extracted, provider, genai_request_timestamp=at)
    return int((calculated.total_price * 10**12).to_integral_value())


def by_us(provider_id, model_id, usage, at=NOW):
    return cost_of(READ[provider_id](json.dumps(usage).encode()), prices.listed(model_id, provider_id, at))


def anthropic(given, answered, read=0, written=0, hour=0):
    usage = {"input_tokens": given, "output_tokens": answered}
    usage |= {"cache_read_input_tokens": read, "cache_creation_input_tokens": written + hour}
    return usage | {"cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": hour}}


def openai(given, answered, cached=0, reasoning=0):
    usage = {"prompt_tokens": given, "completion_tokens": answered, "total_tokens": given + answered}
    usage["prompt_tokens_details"] = {"cached_tokens": cached}
    return usage | {"completion_tokens_details": {"reasoning_tokens": reasoning}}


@pytest.mark.parametrize("model", ["claude-sonnet-4-20250514", "claude-opus-4-6", "claude-3-5-haiku-20241022"])
@pytest.mark.parametrize(
    "usage",
    [
        anthropic(1234, 567),
        anthropic(3, 567, read=45_000),
        anthropic(3, 567, read=45_000, written=2_100),
        anthropic(3, 567, read=45_000, hour=2_100),
        anthropic(3, 567, read=45_000, written=700, hour=1_400),
    ],
    ids=["plain", "read", "written", "for an hour", "all"],
)
def test_anthropics_cache_is_paid_as_the_library_says(model, usage):
    assert by_us("anthropic", model, usage) == by_the_library("anthropic", model, usage) > 0


@pytest.mark.parametrize("model", ["gpt-4o", "o3", "gpt-5", "gpt-4.1-mini"])
@pytest.mark.parametrize(
    "usage",
    [openai(1234, 567), openai(50_000, 567, cached=49_920), openai(1234, 5670, reasoning=5120)],
    ids=["plain", "cached", "reasoning"],
)
def test_openais_cache_and_reasoning_are_paid_as_the_library_says(model, usage):
    assert by_us("openai", model, usage) == by_the_library("openai", model, usage) > 0


@pytest.mark.parametrize("tokens", [199_999, 200_000, 200_001, 900_000])
def test_all_of_a_long_prompt_is_dearer(tokens):
    usage = anthropic(tokens - 50_000, 100, read=50_000)
    assert by_us("anthropic", "claude-sonnet-4-5", usage) == by_the_library("anthropic", "claude-sonnet-4-5", usage)
    usage = openai(tokens + 72_000, 100)
    assert by_us("openai", "gpt-5.4", usage) == by_the_library("openai", "gpt-5.4", usage)


def test_the_longest_tier_that_fits_counts():
    usage = read_openai(json.dumps(openai(11, 1)).encode())
    rates = Rates(1, 0, long=((5, Rates(2, 0)), (10, Rates(3, 0)), (11, Rates(4, 0))))
    assert cost_of(usage, rates) == 33


def test_every_price_of_the_library_is_a_whole_number_of_picodollars():
    """Else sums would not be exact."""
    for provider in data_snapshot.get_snapshot().providers:
        for model in provider.models:
            price = model.get_prices(NOW)
            for of in (price.input_mtok, price.output_mtok, price.cache_read_mtok, price.cache_write_mtok):
                for usd in (getattr(of, "base", of), *(tier.price for tier in getattr(of, "tiers", ()))):
                    if usd is not None and provider.id in ("openai", "anthropic", "google", "deepseek", "mistral"):
                        assert usd * 10**6 == (usd * 10**6).to_integral_value(), (provider.id, model.id, Decimal(usd))


# ------------------------------------------------------------------ by the day, and by the hour
def test_a_price_is_that_of_the_moment():
    night, day = (prices.listed("deepseek-chat", "deepseek", NOW.replace(hour=hour)) for hour in (20, 12))
    assert night is not None
    assert day is not None
    assert night.output * 2 == day.output
    assert day == prices.listed("deepseek-chat", "deepseek", NOW.date()), "of a day its noon is meant"


FILE = """
[[models]]
name = "o3"
[[models]]
name = "claude-sonnet-4-20250514"
[[models]]
name = "own"
model = "o3"
provider = "openai"
input_usd_per_million_tokens = 1
output_usd_per_million_tokens = 2
[[models]]
name = "qwen2.5:3b"
[chains.main]
models = ["o3", "claude-sonnet-4-20250514", "own", "qwen2.5:3b"]
"""
BEFORE, AFTER = datetime(2025, 6, 9, 23, 59, tzinfo=UTC), datetime(2025, 6, 10, tzinfo=UTC)


def test_only_what_changed_is_told_and_what_the_file_says_stays(read):
    configuration = read(FILE)
    now = configuration.settings.models
    assert changed_rates(configuration, AFTER) == {}, "it was read later, and nothing has changed since"
    assert changed_rates(configuration, BEFORE) == {"o3": prices.listed("o3", "openai", date(2025, 6, 9))}
    old = repriced(configuration, changed_rates(configuration, BEFORE))
    assert old.settings.models["o3"].rates.output == 5 * now["o3"].rates.output
    assert {name: model for name, model in old.settings.models.items() if name != "o3"} == {
        name: model for name, model in now.items() if name != "o3"
    }
    assert old.settings.chains is configuration.settings.chains
    assert changed_rates(old, BEFORE) == {}
    assert changed_rates(old, AFTER) == {"o3": now["o3"].rates}
