"""The environment says a key otherwise than the file, a flag otherwise than both, and what holds can be looked at."""

import pytest

from hotspare.configuration.model import File
from hotspare.configuration.overlay import TABLES
from hotspare.configuration.section import outline
from hotspare.configuration.show import shown


def test_a_variable_wins_over_the_file_and_a_flag_over_both(read, small):
    content = "[gateway]\nport = 4001\n" + small
    assert read(content).gateway.port == 4001
    assert read(content, environ={"HOTSPARE_GATEWAY__PORT": "4002"}).gateway.port == 4002
    assert read(content, environ={"HOTSPARE_GATEWAY__PORT": "4002"}, port=4003).gateway.port == 4003


@pytest.mark.parametrize(
    ("variable", "text", "found"),
    [
        ("LIMITS__RETRIES", "7", lambda found: found.settings.chains["main"].limits["gpt"].retries == 7),
        ("BREAKER__OPEN_SECONDS", "2.5", lambda found: found.settings.models["gpt"].breaker.open_seconds == 2.5),
        ("CONSOLE__READ_ONLY", "true", lambda found: found.console.read_only),
        ("CONSOLE__ENVIRONMENT", "production", lambda found: found.console.environment == "production"),
        ("GATEWAY__NAME", "42", lambda found: found.name == "42"),
        ("GATEWAY__ALLOWED_HOSTS", '["a.b"]', lambda found: found.gateway.allowed_hosts == ("a.b",)),
        ("BUDGET__DAILY_USD", "3", lambda found: found.settings.budget.daily == 3 * 10**12),
    ],
)
def test_a_variable_is_read_as_its_key(read, small, variable, text, found):
    assert found(read(small, environ={f"HOTSPARE_{variable}": text}))


def test_a_variable_leaves_the_rest_of_its_table(read, small):
    found = read("[limits]\nretries = 1\nsilence_seconds = 9\n" + small, environ={"HOTSPARE_LIMITS__RETRIES": "0"})
    limits = found.settings.chains["main"].limits["gpt"]
    assert (limits.retries, limits.silence_seconds) == (0, 9)


@pytest.mark.parametrize("content", ["default_model: gpt-4o\n", '{"claude_model": "claude-sonnet-4-20250514"}'])
def test_variables_hold_for_foreign_files_too(read, content, states):
    found = read(content, "foreign", environ={"HOTSPARE_GATEWAY__PORT": "4002"})
    assert found.gateway.port == 4002
    assert states(found)["gateway.port"] == "in force"


def test_the_account_says_which_variable_it_was(read, small):
    found = read(small, environ={"HOTSPARE_GATEWAY__PORT": "4002"})
    assert {key.key: key.note for key in found.keys}["gateway.port"] == "from HOTSPARE_GATEWAY__PORT"


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("HOTSPARE_GATEWAY__PROT", "1", "HOTSPARE_GATEWAY__PROT names no key; did you mean HOTSPARE_GATEWAY__PORT?"),
        ("HOTSPARE_MODELS__NAME", "a", "HOTSPARE_MODELS__NAME names no key"),
        ("HOTSPARE_GATEWAY__PORT", "70000", "HOTSPARE_GATEWAY__PORT: port must be at most 65535"),
        ("HOTSPARE_LIMITS__RETRIES", "many", "HOTSPARE_LIMITS__RETRIES: retries must be a whole number"),
    ],
)
def test_a_variable_that_does_not_fit_is_refused(refusal, small, variable, text, said):
    assert said in refusal(small, environ={variable: text})


@pytest.mark.parametrize("variable", ["HOTSPARE_TOKEN", "HOTSPARE", "OTHER__GATEWAY__PORT"])
def test_other_variables_are_nobodys_business(read, small, variable):
    assert read(small, environ={variable: "x"}).gateway.port == 4000


# ------------------------------------------------------------------ config show
def test_what_holds_is_shown_with_where_it_comes_from(write, small, environ, today):
    content = "[gateway]\nport = 4001\n[limits]\nretries = 1\n" + small
    around = environ | {"HOTSPARE_LIMITS__SILENCE_SECONDS": "8", "OPENAI_BASE_URL": "https://eu.example.com/v1"}
    found = {key.key: (key.value, key.origin) for key in shown(write(content), around, today, port=5000)}
    assert found["gateway.port"] == (5000, "--port")
    assert found["limits.retries"] == (1, "line 4")
    assert found["limits.silence_seconds"] == (8, "HOTSPARE_LIMITS__SILENCE_SECONDS")
    assert found["limits.attempt_seconds"] == (120.0, "default")
    assert found["breaker.consecutive_failures"] == (5, "default")
    assert found["chains.main.models"] == (["claude", "gpt"], "line 14")
    assert found["models[0].base_url"] == ("https://api.anthropic.com", "preset")
    assert found["models[1].base_url"] == ("https://eu.example.com/v1", "OPENAI_BASE_URL")
    assert found["models[1].api_key_env"] == (["OPENAI_API_KEY"], "preset")


def test_every_key_of_the_plain_tables_is_shown(write, small, environ, today):
    found = {key.key for key in shown(write(small), environ, today)}
    assert {key for key in outline(File) if key.split(".")[0] in TABLES} <= found


def test_a_foreign_files_values_come_from_its_own_keys(write, environ, today):
    path = write('{"claude_model": "claude-sonnet-4-20250514", "cost_config": {"daily_limit_usd": 7}}', "h.json")
    found = {key.key: (key.value, key.origin) for key in shown(path, environ, today)}
    assert found["budget.daily_usd"] == (7, "cost_config.daily_limit_usd")
    assert found["gateway.unknown_model"] == ("default", "the format")


def test_secrets_are_not_shown(write, small, environ, today):
    content = small + '[providers.box]\ndialect = "openai"\nbase_url = "http://h/v1"\nheaders = { x-key = "hush" }\n'
    content += '[[alerts.webhooks]]\nurl = "https://hooks.example.com/hush"\n'
    found = shown(write(content), environ, today)
    assert "hush" not in repr(found)
    assert "a-secret" not in repr([key.value for key in found])
    assert any(key.value == "https://hooks.example.com/…" for key in found)
