"""What the list of providers says: every preset and the file's own, what each needs by name, never a value."""

import json

import pytest

from hotspare.configuration.check import lines
from hotspare.configuration.check import report as checked
from hotspare.configuration.listing import Need, needs_in_words, report
from hotspare.configuration.load import ConfigurationError
from hotspare.configuration.presets import ON_A_DOUBLE, PRESETS

OWN = (
    '[providers.box]\ndialect = "anthropic"\nbase_url = "https://box.example.com"\napi_key_env = ["BOX", "BOX_2"]\n'
    '[providers.bedrock]\nregion = "eu-west-1"\n'
    '[providers.deepseek]\ndialect = "anthropic"\nbase_url = "https://api.deepseek.com/anthropic"\n'
)


@pytest.fixture
def rows(write, today):
    """The rows by name and pattern of models."""

    def listed(content=None, **environ):
        path = None if content is None else write(content)
        return {(row.name, row.models): row for row in report(path, environ, today)}

    return listed


def test_without_a_file_every_preset_is_listed_and_bedrock_once_for_each_surface(rows):
    found = rows()
    assert [name for name, _ in found] == [*(name for name in PRESETS if name != "bedrock"), "bedrock", "bedrock"]
    assert found["bedrock", "*anthropic.claude-*"].dialect == "anthropic"
    assert found["bedrock", "*"].dialect == "openai"
    assert {row.origin for row in found.values()} == {"preset"}
    assert {row.proved for row in found.values()} == {ON_A_DOUBLE}


def test_a_key_is_told_by_the_name_of_its_variable_and_whether_it_is_there(rows):
    assert rows()["openai", "*"].needs == (Need(("OPENAI_API_KEY",), there=False),)
    assert not rows()["openai", "*"].ready
    found = rows(OPENAI_API_KEY="sk-canary", GOOGLE_API_KEY="canary")
    assert found["openai", "*"].ready
    assert found["gemini", "*"].needs == (Need(("GEMINI_API_KEY", "GOOGLE_API_KEY"), there=True),)
    assert "canary" not in json.dumps([row.as_json() for row in found.values()])


def test_a_key_that_may_be_left_out_keeps_nothing_from_being_ready(rows):
    assert rows()["vllm", "*"].ready
    assert rows()["ollama", "*"].needs == ()
    assert needs_in_words(rows()["vllm", "*"]) == "VLLM_API_KEY if it asks for one"
    assert needs_in_words(rows()["ollama", "*"]) == "nothing"


def test_an_address_that_nobody_gives_is_needed(rows):
    row = rows(AZURE_OPENAI_API_KEY="k")["azure", "*"]
    assert (row.base_url, row.ready) == (None, False)
    assert needs_in_words(row) == "AZURE_OPENAI_API_KEY set, AZURE_OPENAI_ENDPOINT missing"
    row = rows(AZURE_OPENAI_API_KEY="k", AZURE_OPENAI_ENDPOINT="https://x.openai.azure.com")["azure", "*"]
    assert (row.base_url, row.ready) == ("https://x.openai.azure.com/openai/v1", True)


def test_a_region_is_needed_until_it_is_named(rows):
    row = rows(AWS_BEARER_TOKEN_BEDROCK="k")["bedrock", "*"]
    assert (row.base_url, row.ready) == ("https://bedrock-runtime.{region}.amazonaws.com/openai/v1", False)
    assert needs_in_words(row) == "AWS_BEARER_TOKEN_BEDROCK set, AWS_REGION or AWS_DEFAULT_REGION missing"
    row = rows(AWS_BEARER_TOKEN_BEDROCK="k", AWS_DEFAULT_REGION="us-east-1")["bedrock", "*"]
    assert ("us-east-1" in row.base_url, row.ready) == (True, True)
    row = rows(OWN, AWS_BEARER_TOKEN_BEDROCK="k")["bedrock", "*"]
    assert ("eu-west-1" in row.base_url, row.needs) == (True, (Need(("AWS_BEARER_TOKEN_BEDROCK",), there=True),))


def test_a_files_own_providers_follow_and_nothing_is_claimed_of_them(rows):
    found = rows(OWN, BOX_2="k")
    row = found["box", "*"]
    assert (row.origin, row.base_url, row.proved) == ("file", "https://box.example.com", None)
    assert (row.needs, row.ready) == ((Need(("BOX", "BOX_2"), there=True),), True)
    assert (found["bedrock", "*"].origin, found["bedrock", "*"].proved) == ("preset and file", ON_A_DOUBLE)
    assert (found["deepseek", "*"].dialect, found["deepseek", "*"].proved) == ("anthropic", None)
    assert list(found)[-1] == ("box", "*")


def test_the_way_through_a_proxy_is_told_without_its_password(rows):
    found = rows(HTTPS_PROXY="http://user:canary@proxy.example.com:3128", NO_PROXY="groq.com")
    assert found["openai", "*"].proxy == "proxy.example.com:3128"
    assert found["groq", "*"].proxy is None
    assert found["ollama", "*"].proxy is None
    assert "canary" not in repr(found)


def test_a_check_tells_the_way_of_each_model_too(write, today, small):
    found = checked(write(small), {"HTTPS_PROXY": "http://user:canary@proxy.example.com:3128"}, today)
    assert {model.proxy for model in found.models} == {"proxy.example.com:3128"}
    told = "\n".join(lines(found))
    assert "through proxy.example.com:3128" in told
    assert "canary" not in told


def test_a_file_that_cannot_be_understood_is_refused(rows):
    with pytest.raises(ConfigurationError):
        rows("[providers.x\n")
