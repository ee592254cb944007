"""Each wrong file ends with one sentence that names file, line or key, and the remedy; nothing is written."""

import os
from pathlib import Path

import pytest

from hotspare.configuration.load import ConfigurationError, load

GUIDE = '{"claude_model": "claude-sonnet-4-20250514", %s}'


def test_a_missing_file_is_named(tmp_path, environ, today):
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: there is no such file"):
        load(tmp_path / "nowhere.toml", environ, today=today)


def test_a_directory_is_refused(tmp_path, environ, today):
    with pytest.raises(ConfigurationError, match="it is a directory"):
        load(tmp_path, environ, today=today)


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path, environ, today):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match="it is no regular file"):
        load(tmp_path / "pipe", environ, today=today)


def test_a_path_that_cannot_be_one_is_refused(environ, today):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(Path("a\0b"), environ, today=today)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(Path("x" * 5000), environ, today=today)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b" \n\t\n", "it is empty"),
        (b'[gateway]\nname = "\xff"', "line 2 is not UTF-8"),
        (b"[gateway]\n\n\x00", "line 3 holds a NUL byte"),
        (b"# " + b"x" * 1_000_001, "it is larger than 1 MB"),
        (b"[gateway]\nport = \n", "line 2, column 8"),
        (b"[gateway]\nport = [1,\n", "line 2, at its end"),
        (b"[gateway]\nport = 1\nport = 2\n", "this key is given twice"),
        (b"a = " + b"[" * 5000, "it is nested too deeply"),
        (b"a = " + b"9" * 5000, "thousands of digits"),
        (b"# only remarks\n", "there is no model in it"),
        (b"[gateway]\nport = 4001\n", "there is no model in it"),
        (b"hello there", "those are HumanLayer JSON, "),
        (b"key: value\n", "those are HumanLayer JSON, "),
        (b"nodes:\n  - id: analyzer\n", "no node of it has type: model"),
        (b"model_list: [1, 2", "line 1, column 18"),
        (b"model_list:\n  - model_name: a\n", "line 2: the required key model_list[0].litellm_params is missing"),
        (b"default_model: a\ndefault_model: b\n", "line 2: the key default_model is given twice"),
        (b"default_model: a\n---\nb: 1\n", "line 2"),
        (b"fallback_chain: &a [*a]\n", "line 1: it holds too much, or itself"),
        (b"fallback_chain: " + b"[" * 3000, "it is nested too deeply"),
        (b"fallback_chain: []\n", "fallback_chain must not be empty"),
        (b"nodes:\n" + b"# remark\n" * 50_000, "it is longer than 400 kB"),
        (b"[1, 2]", "those are HumanLayer JSON, "),
        (b'{"providers": []}', "those are HumanLayer JSON, "),
        (b"{}", "those are HumanLayer JSON, "),
        (b'{"a" 1}', "line 1, column 6"),
    ],
)
def test_what_is_no_configuration_is_refused(refusal, content, said):
    assert said in refusal(content)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[limits]\nretry = 2", "unknown key limits.retry; did you mean limits.retries?"),
        ("[limits]\nretries = 'many'", "limits.retries must be a whole number, is the text 'many'"),
        ("[limits]\nretries = 1.5", "limits.retries must be a whole number"),
        ("[limits]\nretries = true", "limits.retries must be a whole number, is true"),
        ("[limits]\nretries = -1", "limits.retries must be at least 0, is -1"),
        ("[limits]\nattempt_seconds = 'long'", "limits.attempt_seconds must be a number, is the text 'long'"),
        ("[limits]\nattempt_seconds = -5", "limits.attempt_seconds must be more than 0, is -5"),
        ("[limits]\nattempt_seconds = 0", "limits.attempt_seconds must be more than 0, is 0"),
        ("[limits]\nattempt_seconds = nan", "limits.attempt_seconds must be a finite number, is not a number (NaN)"),
        ("[limits]\nattempt_seconds = inf", "limits.attempt_seconds must be a finite number, is inf"),
        ("[limits]\nattempt_seconds = 1e300", "limits.attempt_seconds must be at most 31536000"),
        ("[limits]\nattempt_seconds = [1]", "limits.attempt_seconds must be a number, is a list"),
        ("[breaker]\nconsecutive_failures = 0", "breaker.consecutive_failures must be at least 1, is 0"),
        ("[breaker]\nfailed_share = 50", "breaker.failed_share must be at most 1, is 50"),
        ("[breaker]\nenabled = 'yes'", "breaker.enabled must be true or false, is the text 'yes'"),
        ("[gateway]\nport = 65536", "gateway.port must be at most 65535, is 65536"),
        ("[gateway]\nport = -1", "gateway.port must be at least 0, is -1"),
        ("[gateway]\nprot = 1", "unknown key gateway.prot; did you mean gateway.port?"),
        ("[gateway]\nhost = '0.0.0.0'", "gateway.host is 0.0.0.0, which others can reach, and no token"),
        ("[gateway]\ntoken_env = 'NOT_SET_HERE'", "gateway.token_env names NOT_SET_HERE, which is empty or not set"),
        ("[gateway]\nname = '../up'", "gateway.name must be at most 64 letters"),
        ("[gateway]\nunknown_model = 'maybe'", "gateway.unknown_model must be 'refuse' or 'default'"),
        ("[budget]\ndaily_usd = 0", "budget.daily_usd must be more than 0"),
        ("[budget]\ntimezone = 'Mars/Olympus'", "budget.timezone: there is no time zone Mars/Olympus"),
        ("[budget]\ntimezone = 'Europe'", "there is no time zone Europe"),
        ("[limit]\nretries = 1", "unknown key limit; did you mean limits?"),
        (
            "[chains.main.breaker]\nopen = 1",
            "unknown key chains.main.breaker.open; did you mean chains.main.breaker.open_seconds?",
        ),
        ("[chains.main.limits]\nretries = 1", "unknown key chains.main.limits"),
        ("[chains.other]\nmodels = []", "chains.other.models is empty"),
        ("[chains.other]\nmodels = 'gpt'", "chains.other.models must be a list, is the text 'gpt'"),
        ("[chains.other]\nkind = 'chat'", "the required key chains.other.models is missing"),
        ("[chains.other]\nmodels = ['gpt', 'gpt']", "chains.other.models holds gpt twice"),
        ("[chains.other]\nmodels = ['gtp']", "chains.other.models holds gtp, which is no model of this file"),
        ("[chains.' ']\nmodels = ['gpt']", "must be a name without blanks around it"),
        ("[[models]]\nname = 'gpt'", "the model gpt is given twice (models[1].name and models[2].name)"),
        ("[[models]]\nmodel = 'x'", "the required key models[2].name is missing"),
        ("[[models]]\nnmae = 'x'", "unknown key models[2].nmae; did you mean models[2].name?"),
        ("[[models]]\nname = 'x'\nprovider = 'acme'", "there is no provider acme"),
        ("[[models]]\nname = 'nobody-knows'", "no provider is known for the model nobody-knows"),
        ("[[models]]\nname = 'grok-4'", "it is a model of x-ai"),
        (
            "[[models]]\nname = 'x'\nbase_url = 'ftp://host'",
            "models[2].base_url must be an address like https://host/v1",
        ),
        (
            "[[models]]\nname = 'x'\nbase_url = 'https://u:p@host'",
            "models[2].base_url must not hold a user or password",
        ),
        ("[[models]]\nname = 'x'\nbase_url = 'https://h:99999'", "models[2].base_url must be an address"),
        ("[[models]]\nname = 'x'\nbase_url = 'https://h/?k=1'", "must be an address without ? and #"),
        ("[[models]]\nname = 'x'\nparameters = { stream = true }", "models[2].parameters must not hold stream"),
        ("[[models]]\nname = 'x'\nparameters = { at = 1979-05-27 }", "models[2].parameters must hold texts, finite"),
        ("[[models]]\nname = 'x'\nparameters = { t = inf }", "models[2].parameters must hold texts, finite"),
        ("[[models]]\nname = 'x'\ninput_usd_per_million_tokens = 3", "output_usd_per_million_tokens is missing"),
        ("[[models]]\nname = 'x'\ncache_read_usd_per_million_tokens = 3", "without the model's other prices"),
        ("[[models]]\nname = 'x'\nprovider = 'openai'\napi_key_file = 'none.key'", "which is not there"),
        (
            "[providers.ourbox]\nbase_url = 'http://h/v1'\n[[models]]\nname = 'ourbox/x'",
            "providers.ourbox.dialect is missing",
        ),
        ("[providers.ourbox]\ndialect = 'openai'\n[[models]]\nname = 'ourbox/x'", "the address of ourbox is missing"),
        ("[providers.ourbox]\ndialect = 'soap'", "providers.ourbox.dialect must be 'openai' or 'anthropic'"),
        ("[providers.openai]\nheaders = { 'a b' = 'c' }", "providers.openai.headers must hold names of HTTP headers"),
        ('[providers.openai]\nheaders = { a = "b\\nc" }', "providers.openai.headers must hold values of printable"),
        ("[providers.openai]\nca_file = 'no.pem'", "providers.openai.ca_file names"),
    ],
)
def test_a_wrong_key_of_our_toml_is_named(refusal, small, line, said):
    sentence = refusal(small + line)
    assert said in sentence
    assert "hotspare.toml" in sentence


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('"fallback_models": [{"model": "gpt-4o"}]', "the required key fallback_models[0].priority is missing"),
        ('"fallback_models": [{"priority": 1}]', "the required key fallback_models[0].model is missing"),
        ('"fallback_models": {}', "fallback_models must be a list, is a table"),
        (
            '"model_config": {"retry_attempts": "many"}',
            "model_config.retry_attempts must be a whole number, is the text 'many'",
        ),
        ('"model_config": {"timeout_seconds": -1}', "model_config.timeout_seconds must be more than 0, is -1"),
        ('"model_config": {"timeout_seconds": NaN}', "model_config.timeout_seconds must be a finite number"),
        ('"model_config": {"timeout_seconds": 1e999}', "model_config.timeout_seconds must be a finite number"),
        ('"model_config": null', "model_config must be a table of names and values, is null"),
        ('"health_check": {"failure_threshold": 0}', "health_check.failure_threshold must be at least 1, is 0"),
        ('"fallback_rules": {"error_threshold_percent": 120}', "error_threshold_percent must be at most 100, is 120"),
        ('"cost_config": {"daily_limit_usd": -1}', "cost_config.daily_limit_usd must be more than 0, is -1"),
        ('"claude_model": "x"', "the key claude_model is given twice"),
        (
            '"fallback_models": [{"model": "claude-sonnet-4-20250514", "priority": 1}]',
            "is given twice (claude_model and fallback_models[0].model)",
        ),
        (
            '"fallback_models": [{"model": "nobody-knows", "priority": 1}]',
            "no provider is known for the model nobody-knows (fallback_models[0].model)",
        ),
        ('"regions": [{"region": ""}]', "regions[0].region must be a name"),
    ],
)
def test_a_wrong_key_of_the_guide_is_named_in_its_own_terms(refusal, rest, said):
    sentence = refusal(GUIDE % rest, "humanlayer.json")
    assert said in sentence
    assert "humanlayer.json" in sentence


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"claude_model": "x",\n "fallback_models" []}', "line 2, column 20"),
        ('{"claude_model": "x"', "humanlayer.json: line 1, column 21"),
        ('{"fallback_models": []}', "the required key claude_model is missing"),
        ('{"claude_model": 5}', "claude_model must be a text, is 5"),
        ('{"claude_model": "x", "a": ' + "[" * 5000, "it is nested too deeply"),
        ('{"claude_model": "x", "a": ' + "9" * 5000 + "}", "this is no JSON"),
        ('// long\n{"claude_model": "x", "a": "' + "x" * 70_000 + '"}', "line 1, column 1"),
    ],
)
def test_a_malformed_file_of_the_guide_is_told_with_its_place(refusal, content, said):
    assert said in refusal(content, "humanlayer.json")


def test_a_misspelt_key_is_told_before_the_one_it_leaves_missing(refusal, small):
    assert "unknown key models[2].nmae" in refusal(small + '[[models]]\nnmae = "x"')


def test_a_key_that_stands_in_the_wrong_table_is_told_where_it_belongs(refusal, small):
    assert "did you mean limits.silence_seconds?" in refusal("silence_second = 3\n" + small)


def test_two_chains_may_not_answer_for_the_same_name(refusal, small):
    more = 'answers = ["claude-*"]\n[chains.other]\nmodels = ["gpt"]\nanswers = ["*-sonnet"]\n'
    assert "two chains answer for the same names: claude-* of main and *-sonnet of other" in refusal(small + more)


def test_a_chain_may_not_answer_for_the_name_of_another(refusal, small):
    assert "two chains answer" in refusal(small + 'answers = ["oth*"]\n[chains.other]\nmodels = ["gpt"]\n')


@pytest.mark.parametrize(
    "secret", ["sk-proj-abcdefghijklmnop", "gsk_abcdefghijklmnop", "AIzaSyA1234567890abcdefghijklmnop", "a b"]
)
@pytest.mark.parametrize("key", ["api_key_env", "token_env", "api_key"])
def test_a_key_in_the_place_of_a_name_is_refused_and_never_repeated(refusal, small, secret, key):
    place = (
        f'[gateway]\n{key} = "{secret}"\n' if key == "token_env" else f'[[models]]\nname = "x"\n{key} = "{secret}"\n'
    )
    sentence = refusal(small + place)
    assert key in sentence
    assert secret not in sentence


def test_a_secret_in_the_place_of_a_number_is_not_repeated(refusal, small):
    assert "sk-proj" not in refusal(small + '[limits]\nretries = "sk-proj-abcdefghijklmnop"\n')


def test_control_characters_do_not_reach_the_terminal(refusal, small):
    assert "\x1b" not in refusal(small + '[limits]\n"\\u001b[31mred" = 1\n')


def test_no_model_that_could_be_called_is_refused_with_the_keys_to_set(refusal, small):
    sentence = refusal(small, environ={"ANTHROPIC_API_KEY": "", "OPENAI_API_KEY": " "})
    assert "no model of any chain can be called" in sentence
    assert "ANTHROPIC_API_KEY, OPENAI_API_KEY" in sentence


def test_a_file_that_disables_every_model_is_refused(refusal):
    content = '{"claude_model": "claude-sonnet-4-20250514", "claude_model_enabled": false}'
    assert "no model of any chain can be called | enable a model" in refusal(content, "guide.json")


def test_a_port_flag_out_of_range_is_refused(refusal, small):
    assert "--port must be from 0 to 65535, is 70000" in refusal(small, port=70000)


def test_nothing_is_written(read, refusal, small, tmp_path):
    refusal("[gateway]\nprot = 1")
    read(small)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["hotspare.toml", "project"]


@pytest.mark.parametrize("url", ["htp://user:passw0rd@host", "http://user:passw0rd@host:99999/x"])
def test_a_password_in_an_address_that_does_not_fit_is_not_repeated(read, url):
    with pytest.raises(ConfigurationError) as refused:
        read(f"[[models]]\nname = 'a'\nprovider = 'openai'\nbase_url = '{url}'\n[chains.main]\nmodels = ['a']\n")
    assert "models[0].base_url must be an address" in refused.value.title
    assert "passw0rd" not in refused.value.title + refused.value.hint


def test_a_traceback_of_an_application_says_what_to_do(read):
    with pytest.raises(ConfigurationError) as refused:
        read("[gateway]\nprot = 1\n")
    assert refused.value.__notes__ == [refused.value.hint]


def test_a_misspelt_provider_is_named_with_its_line_and_the_nearest_right_one(refusal):
    sentence = refusal('[[models]]\nname = "x"\nprovider = "antropic"\n[chains.main]\nmodels = ["x"]\n')
    assert "line 3: there is no provider antropic (models[0].provider); did you mean anthropic?" in sentence


@pytest.mark.parametrize(
    ("table", "listed"),
    [
        ("[console]\nzzz = 1\n", "console may hold environment, read_only"),
        ("[[models]]\nname = 'x'\nzzz = 1\n", "models[0] may hold what docs/config.md and `hotspare schema` list"),
    ],
)
def test_what_a_table_may_hold_is_listed_where_that_is_a_glance(refusal, table, listed):
    assert listed in refusal(table)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[gateway]\nport = 1\nport = 2\n", "line 3, column 9: this key is given twice"),
        ("[chains.main]\nmodels = []\n[chains.main]\n", "line 3, column 13: the table chains.main is given twice"),
    ],
)
def test_what_stands_twice_is_said_in_plain_words(refusal, content, said):
    assert said in refusal(content)
