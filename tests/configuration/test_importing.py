"""What `hotspare import` writes means the same as the file it was made from, and every key is accounted for."""

import dataclasses
import json
from pathlib import Path

import pytest

from hotspare.configuration import formats, importing
from hotspare.configuration.load import ConfigurationError, load
from hotspare.configuration.toml_text import written

EXAMPLES = Path(__file__).parents[2] / "examples"

PORTKEY = {
    "strategy": {"mode": "fallback", "on_status_codes": [429]},
    "targets": [
        {"strategy": {"mode": "loadbalance"}, "targets": [
            {"provider": "openai", "override_params": {"model": "gpt-4o", "temperature": 0.0}, "weight": 2},
            {"provider": "openai", "override_params": {"model": "o3"}, "weight": 1}]},
        {"provider": "anthropic", "virtual_key": "vk", "override_params": {"model": "claude-sonnet-4-20250514"}},
    ],
}  # fmt: skip
ROUTER = {
    "Providers": [{"name": "deepseek", "api_base_url": "https://api.deepseek.com/chat/completions", "models": ["a"]}],
    "Router": {"default": "deepseek,a", "longContext": "deepseek,b", "think": "deepseek,b"},
}


def texts():
    found = {path.name: path.read_text() for path in EXAMPLES.iterdir() if path.suffix in (".json", ".yaml")}
    return found | {"portkey.json": json.dumps(PORTKEY), "router.json": json.dumps(ROUTER)}


@pytest.fixture(params=sorted(texts()))
def foreign(request, write):
    return write(texts()[request.param], request.param)


@pytest.fixture
def environ(environ):
    return environ | {"GEMINI_API_KEY": "a-secret-of-gemini", "DEEPSEEK_API_KEY": "a-secret-of-deepseek"}


def comparable(found):
    return dataclasses.replace(found, name="", path=None, format="", keys=(), store=None, warnings=(), files=())


def test_what_is_written_means_what_was_read(foreign, environ, today):
    before = load(foreign, environ, today=today)
    ours = foreign.with_name("ours.toml")
    ours.write_text(importing.imported(foreign, environ, today).text)
    after = load(ours, environ, today=today)
    assert comparable(after) == comparable(before)
    assert after.format == "Hotspare TOML"


def test_every_key_has_one_of_three_fates(foreign, environ, today):
    found = importing.imported(foreign, environ, today)
    assert {key.fate for key in found.keys} <= {"taken", "changed", "not supported"}
    checked = {key.key for key in load(foreign, environ, today=today).keys}
    assert {key.key for key in found.keys} == checked
    assert all(key.note for key in found.keys if key.fate != "taken")
    assert all(not key.becomes for key in found.keys if key.fate == "not supported")


def test_no_key_has_to_be_there(foreign, environ, today):
    without = {name: value for name, value in environ.items() if not name.endswith("_KEY")}
    assert importing.imported(foreign, without, today).text


def test_no_address_has_to_be_there(write, environ, today):
    path = write(
        "model_list:\n  - {model_name: a, litellm_params: {model: openai/x, api_base: os.environ/UNSET}}\n", "l.yaml"
    )
    text = importing.imported(path, environ, today).text
    assert 'base_url_env = "UNSET"' in text
    assert "invalid" not in text


def test_a_report_says_what_a_key_became_and_how_it_changed(environ, today):
    found = importing.imported(EXAMPLES / "litellm.yaml", environ, today)
    fates = {key.key: (key.fate, key.becomes) for key in found.keys}
    assert fates["litellm_settings.num_retries"] == ("taken", ("limits.retries",))
    assert fates["router_settings.allowed_fails"] == ("changed", ("breaker.consecutive_failures",))
    text = list(importing.lines(found))
    assert text[0].endswith("litellm.yaml: LiteLLM config.yaml")
    assert any(line.startswith("changed") and "failures in a row, and not within a minute" in line for line in text)
    assert text[-1].startswith("keys: 4 changed, ")


def test_what_a_pipeline_does_besides_is_not_supported(environ, today):
    found = importing.imported(EXAMPLES / "docetl.yaml", environ, today)
    fates = {key.key: key.fate for key in found.keys}
    assert fates["datasets"] == fates["operations[0].prompt"] == "not supported"


def test_our_own_file_is_not_converted(environ, today):
    with pytest.raises(ConfigurationError, match="is Hotspare TOML already"):
        importing.imported(EXAMPLES / "hotspare.toml", environ, today)


def test_our_own_example_survives_being_written_anew(write, environ, today):
    path = EXAMPLES / "hotspare.toml"
    draft = formats.read(path, path.read_text())
    again = formats.read(path, written(draft.file.model_dump(exclude_unset=True), "anew"))
    assert again.file == draft.file


def test_numbers_that_go_up_to_a_model_keep_their_kind():
    model = {"name": "m", "parameters": {"temperature": 0.0, "stop": None, "n": 1}, "retries": 2, "queue_seconds": 3.0}
    text = written({"models": [model], "limits": {"silence_seconds": 5.0}})
    assert "parameters = {temperature = 0.0, n = 1}" in text
    assert "silence_seconds = 5\n" in text
    assert "queue_seconds = 3\nretries = 2" in text
