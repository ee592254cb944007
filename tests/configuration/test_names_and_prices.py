"""Names find their providers, and prices are known, configured, or unknown: never zero for want of knowledge."""

from datetime import date

import pytest

from hotspare.configuration import prices
from hotspare.configuration.names import UnknownName, belonging
from hotspare.router.settings import Rates


@pytest.mark.parametrize(
    ("name", "provider", "model_id"),
    [
        ("openai/gpt-4o", "openai", "gpt-4o"),
        ("openrouter/meta-llama/llama-3", "openrouter", "meta-llama/llama-3"),
        ("box/anything", "box", "anything"),
        ("claude-sonnet-4-20250514", "anthropic", "claude-sonnet-4-20250514"),
        ("claude-made-up", "anthropic", "claude-made-up"),
        ("gpt-made-up", "openai", "gpt-made-up"),
        ("o1-made-up", "openai", "o1-made-up"),
        ("o3", "openai", "o3"),
        ("o4-made-up", "openai", "o4-made-up"),
        ("text-embedding-3-small", "openai", "text-embedding-3-small"),
        ("gemini-2.5-pro", "gemini", "gemini-2.5-pro"),
        ("gemini-made-up", "gemini", "gemini-made-up"),
        ("mistral-large-latest", "mistral", "mistral-large-latest"),
        ("deepseek-chat", "deepseek", "deepseek-chat"),
        ("qwen2.5:3b", "ollama", "qwen2.5:3b"),
        ("mistral:7b", "ollama", "mistral:7b"),
        ("gpt-oss:20b", "ollama", "gpt-oss:20b"),
        ("command-r", "cohere", "command-r"),
    ],
)
def test_a_name_finds_its_provider(name, provider, model_id):
    found = belonging(name, {"box", "cohere"})
    assert (found.provider, found.model_id) == (provider, model_id)


@pytest.mark.parametrize("name", ["nobody-knows", "meta-llama/llama-3", "/x", "x/", ":tag", "name:"])
def test_a_name_that_stays_unknown_is_refused(name):
    with pytest.raises(UnknownName):
        belonging(name, ())


def test_a_model_of_a_provider_that_is_not_configured_is_told_whose_it_is():
    with pytest.raises(UnknownName) as unknown:
        belonging("command-r", ())
    assert unknown.value.owner == "cohere"


def test_a_tagged_name_that_the_library_knows_is_warned_of():
    found = belonging("deepseek-r1:7b", ())
    assert found.provider == "deepseek"
    assert "write ollama/deepseek-r1:7b" in found.warning
    assert belonging("qwen2.5:3b", ()).warning == ""


def test_a_listed_price_is_exact_with_its_cache_rates(today):
    rates = prices.listed("claude-sonnet-4-20250514", "anthropic", today)
    assert rates == Rates(
        input=3_000_000, output=15_000_000, cache_read=300_000, cache_write=3_750_000, cache_write_hour=6_000_000
    )


def test_a_price_is_that_of_the_day():
    before, after = (prices.listed("o3", "openai", day) for day in (date(2025, 5, 1), date(2025, 8, 1)))
    assert before is not None
    assert after is not None
    assert before.input > after.input


def test_an_embedding_costs_nothing_for_an_answer_it_does_not_give(today):
    assert prices.listed("text-embedding-3-small", "openai", today) == Rates(input=20_000, output=0)


@pytest.mark.parametrize(("model", "price_id"), [("nobody-knows", "openai"), ("gpt-4o", None), ("gpt-4o", "anthropic")])
def test_an_unlisted_price_is_unknown(model, price_id, today):
    assert prices.listed(model, price_id, today) is None


def test_a_configured_price_wins(read, small):
    content = small.replace(
        'name = "gpt"',
        'name = "gpt"\ninput_usd_per_million_tokens = 0.1\noutput_usd_per_million_tokens = 0\n'
        "cache_read_usd_per_million_tokens = 0.01",
    )
    models = read(content).settings.models
    assert models["gpt"].rates == Rates(input=100_000, output=0, cache_read=10_000)
    assert models["claude"].rates is not None


def test_what_runs_here_has_no_price_unless_one_is_given(read):
    content = '[[models]]\nname = "qwen2.5:3b"\n[chains.main]\nmodels = ["qwen2.5:3b"]\n'
    model = read(content).settings.models["qwen2.5:3b"]
    assert (model.provider, model.needs_key, model.rates) == ("ollama", False, None)


def test_a_model_may_be_named_by_its_provider_alone(read):
    found = read('[[models]]\nname = "openai/gpt-4o"\n[chains.main]\nmodels = ["openai/gpt-4o"]\n')
    endpoint = found.endpoints["openai/gpt-4o"]
    assert (endpoint.provider, endpoint.model_id, endpoint.base_url) == (
        "openai",
        "gpt-4o",
        "https://api.openai.com/v1",
    )
