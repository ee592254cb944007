"""A chain's own table of triggers compiles to the router's actions; a word that is none is refused with its place."""

from datetime import date

import pytest

from hotspare.configuration.load import ConfigurationError, load
from hotspare.router.trigger import Action, Trigger

TEXT = """
[[models]]
name = "a"
provider = "openai"
model = "gpt-4o"
[chains.main]
models = ["a"]
"""


def loaded(tmp_path, more):
    file = tmp_path / "hotspare.toml"
    file.write_text(TEXT + more)
    return load(file, {"OPENAI_API_KEY": "k", "HOME": str(tmp_path)}, today=date(2026, 11, 21))


def test_triggers_become_actions_and_are_in_force(tmp_path):
    found = loaded(tmp_path, 'triggers = { timeout = "retry", model_missing = "stop" }')
    chain = found.settings.chains["main"]
    assert chain.action(Trigger.timeout) is Action.retry
    assert chain.action(Trigger.model_missing) is Action.stop
    assert chain.action(Trigger.network) is Action.retry
    assert {key.state for key in found.keys} == {"in force"}


def test_a_content_filter_may_go_on_to_the_next_model(tmp_path):
    chain = loaded(tmp_path, 'on_content_filter = "next"').settings.chains["main"]
    assert chain.action(Trigger.content_filter) is Action.next
    assert loaded(tmp_path, "").settings.chains["main"].action(Trigger.content_filter) is Action.stop


@pytest.mark.parametrize("more", ['triggers = { timeot = "retry" }', 'triggers = { timeout = "again" }'])
def test_an_unknown_word_is_refused_with_its_place(tmp_path, more):
    with pytest.raises(ConfigurationError, match=r"chains\.main\.triggers"):
        loaded(tmp_path, more)
