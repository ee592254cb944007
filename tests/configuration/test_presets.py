"""What is known of each provider: where it is, what it wants, what it cannot do."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from hotspare.configuration.presets import NO_SCHEMAS, PRESETS, SURFACES
from hotspare.dialects.adaptation import AS_IT_IS

ONE = '[[models]]\nname = "m"\nprovider = "{provider}"\nmodel = "{model}"\n[chains.main]\nmodels = ["m"]\n'
AZURE = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://ours.openai.azure.com/"}
BEDROCK = {"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_REGION": "eu-central-1"}
CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.fixture
def loaded(read):
    """A file's only model: for the router, and where it is reached."""

    def load(provider, model, before="", **options):
        found = read(before + ONE.format(provider=provider, model=model), **options)
        return found.settings.models["m"], found.endpoints["m"]

    return load


# ------------------------------------------------------------------ Azure
def test_azure_is_its_users_own_address_and_shows_its_key_in_a_header(loaded):
    _, endpoint = loaded("azure", "our-gpt", environ=AZURE)
    assert endpoint.base_url == "https://ours.openai.azure.com/openai/v1"
    assert (endpoint.authentication, endpoint.api_version) == ("api-key", None)
    assert [key.alias for key in endpoint.keys] == ["AZURE_OPENAI_API_KEY"]


def test_azure_with_a_version_is_asked_by_deployment(loaded):
    _, endpoint = loaded("azure", "our-gpt", '[providers.azure]\napi_version = "2024-10-21"\n', environ=AZURE)
    assert (endpoint.base_url, endpoint.api_version) == ("https://ours.openai.azure.com/openai", "2024-10-21")
    assert endpoint.authentication == "api-key"


def test_azures_address_may_stand_in_the_file_with_or_without_its_path(loaded):
    before = '[providers.azure]\nbase_url = "https://ours.openai.azure.com{path}"\n'
    for path in ("", "/openai/v1"):
        _, endpoint = loaded("azure", "g", before.format(path=path), environ=AZURE)
        assert endpoint.base_url == "https://ours.openai.azure.com/openai/v1"
    deployment = "/openai/deployments/our-gpt"
    _, endpoint = loaded("azure", "g", before.format(path=deployment), environ=AZURE)
    assert endpoint.base_url.endswith(deployment)


def test_azure_without_an_address_is_refused_with_the_remedy(refusal):
    sentence = refusal(ONE.format(provider="azure", model="g"), environ={"AZURE_OPENAI_API_KEY": "k"})
    assert "the address of azure is missing | set AZURE_OPENAI_ENDPOINT, or add providers.azure.base_url" in sentence


# ------------------------------------------------------------------ Bedrock
def test_bedrocks_claude_speaks_anthropics_dialect_and_the_others_openais(loaded):
    model, endpoint = loaded("bedrock", CLAUDE, environ=BEDROCK)
    assert (endpoint.dialect, endpoint.authentication) == ("anthropic", "bearer")
    assert endpoint.base_url == "https://bedrock-mantle.eu-central-1.api.aws/anthropic"
    assert "json_schema" in model.lacks
    model, endpoint = loaded("bedrock", "openai.gpt-oss-20b-1:0", environ=BEDROCK)
    assert (endpoint.dialect, endpoint.authentication) == ("openai", None)
    assert endpoint.base_url == "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"
    assert "json_schema" not in model.lacks
    assert endpoint.provider == "bedrock"


def test_bedrocks_region_is_the_files_before_the_environments(loaded):
    _, endpoint = loaded("bedrock", CLAUDE, '[providers.bedrock]\nregion = "us-west-2"\n', environ=BEDROCK)
    assert "us-west-2" in endpoint.base_url
    environ = {"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_DEFAULT_REGION": "us-east-1"}
    assert "us-east-1" in loaded("bedrock", CLAUDE, environ=environ)[1].base_url


@pytest.mark.parametrize("told", [None, "", "evil.example.com/", "a b"])
def test_bedrock_without_a_region_is_refused_with_the_remedy(refusal, told):
    environ = {"AWS_BEARER_TOKEN_BEDROCK": "k"} | ({} if told is None else {"AWS_REGION": told})
    sentence = refusal(ONE.format(provider="bedrock", model=CLAUDE), environ=environ)
    assert "the region of bedrock is missing | set AWS_REGION, or add providers.bedrock.region" in sentence


@pytest.mark.parametrize("told", ["evil.example.com", "us east", "-x", "x-", "US"])
def test_a_region_that_is_none_is_refused(refusal, told):
    sentence = refusal(f'[providers.bedrock]\nregion = "{told}"\n' + ONE.format(provider="bedrock", model=CLAUDE))
    assert "providers.bedrock.region must be the name of a region" in sentence


@pytest.mark.parametrize("told", ["2024 10", "?x", ""])
def test_a_version_that_is_none_is_refused(refusal, told):
    sentence = refusal(f'[providers.azure]\napi_version = "{told}"\n' + ONE.format(provider="azure", model="g"))
    assert "providers.azure.api_version must be a version" in sentence


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("https://bedrock-mantle.eu-west-1.api.aws/anthropic", True),
        ("https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1", True),
        ("http://bedrock-mantle.eu-west-1.api.aws/anthropic", False),
        ("https://bedrock-mantle.evil.com.api.aws/anthropic", False),
        ("https://bedrock-mantle.eu-west-1.api.aws.evil.com/anthropic", False),
        ("https://evil.com/bedrock-mantle.eu-west-1.api.aws", False),
    ],
)
def test_a_file_that_was_merely_found_sends_bedrocks_key_to_bedrock_alone(read, refusal, address, sent):
    before = f'[providers.bedrock]\nbase_url = "{address}"\n'
    content = before + ONE.format(provider="bedrock", model=CLAUDE)
    if sent:
        assert read(content, named=False, environ=BEDROCK).endpoints["m"].base_url == address
    else:
        assert "would send AWS_BEARER_TOKEN_BEDROCK" in refusal(content, named=False, environ=BEDROCK)


# ------------------------------------------------------------------ the others
def test_what_a_preset_lacks_and_how_it_is_put_reaches_the_model(loaded):
    model, endpoint = loaded("groq", "llama", environ={"GROQ_API_KEY": "k"})
    assert {"logprobs", "n"} <= model.lacks
    assert not endpoint.adaptation.names


def test_of_a_preset_that_speaks_another_dialect_by_the_file_nothing_is_presumed(loaded):
    before = '[providers.deepseek]\ndialect = "anthropic"\nbase_url = "https://api.deepseek.com/anthropic"\n'
    model, endpoint = loaded("deepseek", "deepseek-chat", before, environ={"DEEPSEEK_API_KEY": "k"})
    assert endpoint.adaptation is AS_IT_IS
    assert "json_schema" not in model.lacks


def test_a_provider_of_the_file_is_given_its_key_as_it_wants_it(loaded):
    before = '[providers.box]\ndialect = "anthropic"\nbase_url = "https://b"\nauthentication = "bearer"\n'
    assert loaded("box", "m", before)[1].authentication == "bearer"


def test_models_before_structured_answers_are_not_sent_strict_tools(loaded):
    _, old = loaded("anthropic", "claude-3-5-haiku-20241022")
    _, new = loaded("anthropic", "claude-haiku-4-5")
    assert (old.adaptation.strict_tools, new.adaptation.strict_tools) == (False, True)


@pytest.mark.parametrize(
    ("model", "old"),
    [
        ("claude-opus-4-1-20250805", True),
        ("anthropic.claude-sonnet-4-20250514-v1:0", True),
        ("claude-sonnet-4-5", False),
        ("claude-opus-4-6", False),
        ("claude-haiku-4-5-20251001", False),
        ("claude-opus-5", False),
    ],
)
def test_which_of_anthropics_models_have_structured_answers(model, old):
    assert any(fnmatchcase(model, pattern) for pattern in NO_SCHEMAS) is old


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("claude-opus-4-7", True),
        ("claude-opus-5", True),
        ("claude-haiku-5-5-20260801", True),
        ("us.anthropic.claude-opus-4-8", True),
        ("claude-opus-4-6", False),
        ("claude-sonnet-4-5-20250929", False),
        ("claude-sonnet-4-20250514", False),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", False),
        ("claude-3-5-haiku-20241022", False),
        ("some-other-model", False),
    ],
)
def test_which_of_anthropics_models_refuse_to_be_told_how_to_choose(loaded, model, refused):
    _, endpoint = loaded("anthropic", model)
    assert ("temperature" in endpoint.adaptation.refuses) is refused


@pytest.mark.parametrize("provider", ["openai", "azure"])
@pytest.mark.parametrize(
    ("model", "refuses", "renames"),
    [
        ("gpt-4o", False, False),
        ("o3-mini", True, True),
        ("gpt-5", True, True),
        ("gpt-5-2025-08-07", True, True),
        ("gpt-5-mini-2025-08-07", True, True),
        ("gpt-5-chat-latest", False, True),
        ("gpt-5.2", False, True),
        ("gpt-oss-120b", False, False),
    ],
)
def test_what_openais_reasoning_models_are_not_told(loaded, provider, model, refuses, renames):
    _, endpoint = loaded(provider, model, environ=AZURE)
    assert ("temperature" in endpoint.adaptation.refuses) is refuses
    assert (endpoint.adaptation.renames == {"max_tokens": "max_completion_tokens"}) is renames


def test_a_server_of_ones_own_is_asked_as_it_is_told_whatever_its_models_are_called(loaded):
    _, endpoint = loaded("box", "o3", '[providers.box]\ndialect = "openai"\nbase_url = "https://b/v1"\n')
    assert endpoint.adaptation is AS_IT_IS


def test_the_page_tells_of_every_preset_and_its_keys():
    page = (Path(__file__).parents[2] / "docs" / "providers.md").read_text()
    told = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    assert told.keys() == PRESETS.keys()
    assert all(key in told[name] for name, preset in PRESETS.items() for key in preset.key_names)


def test_every_preset_can_be_looked_for(loaded):
    environ = AZURE | BEDROCK | {name: "k" for preset in PRESETS.values() for name in preset.key_names}
    for name, preset in PRESETS.items():
        _, endpoint = loaded(name, "some-model", environ=environ)
        assert (endpoint.provider, endpoint.dialect) == (name, preset.dialect)
        assert "{" not in endpoint.base_url
    assert SURFACES.keys() <= PRESETS.keys()


# ------------------------------------------------------------------ whose request it is
THREE = (
    '[[models]]\nname = "a"\nprovider = "anthropic"\n[[models]]\nname = "b"\nprovider = "box"\n'
    '[[models]]\nname = "c"\nprovider = "openai"\n[[models]]\nname = "d"\nprovider = "groq"\n'
    '[providers.box]\ndialect = "anthropic"\nbase_url = "https://b"\n'
    '[chains.main]\nmodels = ["a", "b", "c", "d"]\n[chains.other]\nmodels = ["b", "a"]\n'
)


def test_a_model_is_a_guest_where_another_providers_of_its_dialect_comes_first(read):
    found = read(THREE, environ={"GROQ_API_KEY": "k"}).endpoints
    assert {name: set(endpoint.guest_in) for name, endpoint in found.items()} == {
        "a": {"other"},
        "b": {"main"},
        "c": set(),
        "d": {"main"},
    }


@pytest.mark.parametrize(
    ("provider", "model", "takes"),
    [
        ("anthropic", "claude-3-5-haiku-20241022", True),
        ("anthropic", "claude-sonnet-4-20250514", True),
        ("anthropic", "claude-opus-4-1", True),
        ("anthropic", "claude-sonnet-4-5-20250929", True),
        ("anthropic", "claude-opus-4-6", False),
        ("anthropic", "claude-sonnet-4-6", False),
        ("anthropic", "claude-opus-5", False),
        ("openai", "gpt-4o", False),
    ],
)
def test_models_that_take_the_beginning_of_their_answer_are_known(loaded, provider, model, takes):
    keys = {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"}
    assert loaded(provider, model, environ=keys)[1].adaptation.prefills is takes


def test_a_model_of_another_house_that_speaks_the_dialect_is_not_presumed_to(loaded):
    before = '[providers.box]\ndialect = "anthropic"\nbase_url = "https://b"\n'
    assert not loaded("box", "kimi", before)[1].adaptation.prefills
