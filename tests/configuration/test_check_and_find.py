"""What `hotspare check` says, and which file is taken where none is named."""

import json
from pathlib import Path

import pytest

from hotspare.configuration import check
from hotspare.configuration.finding import find
from hotspare.configuration.load import ConfigurationError, load

GUIDE = json.dumps(
    {"claude_model": "claude-sonnet-4-20250514", "fallback_models": [{"model": "o3", "priority": 1}], "x": 1}
)


def test_the_report_names_provider_address_and_key_of_every_model(write, small, environ, today):
    content = small.replace('name = "gpt"', 'name = "gpt"\napi_key_env = ["OPENAI_API_KEY", "SECOND"]')
    content += '[[models]]\nname = "qwen2.5:3b"\n'
    report = check.report(write(content), environ, today).as_json()
    rows = {row["name"]: (row["provider"], row["base_url"], row["api_key_env"]) for row in report["models"]}
    assert rows == {
        "claude": ("anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY"),
        "gpt": ("openai", "https://api.openai.com/v1", ("OPENAI_API_KEY", "SECOND")),
        "qwen2.5:3b": ("ollama", "http://127.0.0.1:11434/v1", None),
    }
    assert report["chains"] == (
        {"name": "main", "kind": "chat", "models": ("claude", "gpt"), "answers": (), "guests": ()},
    )
    assert json.loads(json.dumps(report))["keys"][0].keys() == {"key", "state", "note"}
    assert "a-secret" not in json.dumps(report)


def test_the_text_holds_every_key_with_what_came_of_it(write, environ, today):
    text = list(check.lines(check.report(write(GUIDE), environ, today)))
    assert "in force          fallback_models[0].priority" in text
    assert "ignored           x" in text
    assert "chain main: claude-sonnet-4-20250514 ▸ o3" in text
    assert text[-1] == "keys: 1 ignored, 3 in force"


def test_a_file_without_keys_around_can_be_checked(write, today, environ):
    del environ["ANTHROPIC_API_KEY"], environ["OPENAI_API_KEY"]
    report = check.report(write(GUIDE), environ, today)
    assert report.warnings[0].startswith("it cannot be run here: no model of any chain can be called; set one of")
    assert any("key OPENAI_API_KEY (not set)" in line for line in check.lines(report))


def test_a_limit_that_is_short_for_a_model_that_reasons_is_said(write, environ, today):
    warnings = check.report(write(GUIDE), environ, today).warnings
    assert (
        "o3 may reason for minutes; in main it has first_content_seconds 30 and attempt_seconds 30: is that enough?"
        in warnings
    )
    assert not any("claude" in warning for warning in warnings)


def test_a_limit_that_is_long_enough_is_not_mentioned(write, environ, today):
    patient = json.loads(GUIDE)
    patient["fallback_models"][0]["timeout_seconds"] = 180
    warnings = check.report(write(json.dumps(patient)), environ, today).warnings
    assert not any("reason for minutes" in warning for warning in warnings)


# ------------------------------------------------------------------ find
@pytest.fixture
def places(tmp_path, environ):
    folder = tmp_path / "here"
    return folder, (
        folder / "hotspare.toml",
        Path(environ["XDG_CONFIG_HOME"]) / "hotspare" / "hotspare.toml",
        Path(environ["HOME"]) / ".humanlayer" / "humanlayer.json",
    )


def test_the_nearest_file_is_taken(places, environ):
    folder, files = places
    for file in reversed(files):
        file.parent.mkdir(parents=True)
        file.write_text("x")
        assert find(environ, folder) == file


def test_no_file_anywhere_says_how_to_begin(places, environ):
    with pytest.raises(ConfigurationError, match="no configuration found") as none:
        find(environ, places[0])
    assert "hotspare demo" in none.value.hint
    assert "hotspare init" in none.value.hint
    assert none.value.exit_code == 2


def test_a_found_file_of_the_users_own_folder_is_trusted(places, environ, today):
    path = places[1][1]
    path.parent.mkdir(parents=True)
    path.write_text(
        '[[models]]\nname = "m"\nprovider = "openai"\nbase_url = "https://proxy.example.com/v1"\n'
        '[chains.main]\nmodels = ["m"]\n'
    )
    assert load(path, environ, named=False, today=today).endpoints["m"].base_url == "https://proxy.example.com/v1"
