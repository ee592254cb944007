"""The examples run as they are, and ours documents every key there is."""

import re
import tomllib
from pathlib import Path

import pytest

from hotspare.configuration.formats.humanlayer import Guide
from hotspare.configuration.formats.json_text import parse
from hotspare.configuration.load import load
from hotspare.configuration.model import File
from hotspare.configuration.section import keys_of, outline
from hotspare.router.settings import BreakerRules, Limits

AROUND = {
    "GEMINI_API_KEY": "a-secret-of-gemini",
    "SHOP_TOKEN": "a-token-of-the-shop",
    "BACK_OFFICE_TOKEN": "a-token-of-the-office",
}
EXAMPLES = Path(__file__).parents[2] / "examples"


def with_everything() -> str:
    """Our example with the keys that it leaves out."""
    text = (EXAMPLES / "hotspare.toml").read_text()
    return re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE)


def templates(section) -> set[str]:
    """The keys of a file without their places in lists and tables."""
    found = {re.sub(r"\[\d+\]", "[]", key.path) for key in keys_of(section)}
    return {re.sub(r"^(chains|providers)\.[^.]+", r"\1.*", path) for path in found}


def test_our_example_runs_without_a_warning(environ, today):
    found = load(EXAMPLES / "hotspare.toml", environ, today=today)
    assert found.warnings == ()
    assert found.settings.chains["main"].models == ("claude", "gpt", "local")


def test_our_example_documents_every_key():
    documented = File.model_validate(tomllib.loads(with_everything()))
    assert templates(documented) == set(outline(File))


def test_our_example_shows_the_defaults_where_it_shows_a_limit(environ, today):
    found = load(EXAMPLES / "hotspare.toml", environ, today=today)
    assert found.settings.chains["main"].limits["claude"] == Limits()
    assert found.settings.models["claude"].breaker == BreakerRules()


def test_the_guides_example_has_comments_and_runs_as_it_is(environ, today):
    path = EXAMPLES / "humanlayer.json"
    assert "//" in path.read_text()
    found = load(path, environ, today=today)
    assert found.settings.chains["main"].models[0] == "claude-sonnet-4-20250514"
    assert not [key for key in found.keys if key.state == "ignored"]


def test_the_guides_example_shows_every_key_but_those_of_regions():
    path = EXAMPLES / "humanlayer.json"
    guide = Guide.model_validate(parse(path, path.read_text())[0])
    assert set(outline(Guide)) - templates(guide) == {
        "regions[].region",
        "regions[].primary_model",
        "regions[].api_endpoint",
    }


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.[jty]*[nl]")), ids=lambda path: path.name)
def test_every_example_runs_without_a_warning(path, environ, today):
    found = load(path, environ | AROUND, today=today)
    assert found.warnings == () or path.name == "humanlayer.json"
    assert found.format != "Hotspare TOML" or not [key for key in found.keys if key.state == "ignored"]
