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


def test_what_answers_are_judged_by_is_in_force(tmp_path):
    found = loaded(tmp_path, "check_output = false\ncheck_loop = false")
    chain = found.settings.chains["main"]
    assert (chain.check_output, chain.check_loop) == (False, False)
    assert loaded(tmp_path, "repair_output = false").settings.chains["main"].repair_output is False
    passing = loaded(tmp_path, 'on_content_filter = "next"\ncheck_refusal = false')
    assert passing.settings.chains["main"].check_refusal is False
    for each in (found, passing):
        assert {key.state for key in each.keys} == {"in force"}


def test_all_that_may_be_judged_is_judged_unless_the_file_says_otherwise(tmp_path):
    chain = loaded(tmp_path, "").settings.chains["main"]
    assert (chain.check_output, chain.repair_output, chain.check_loop, chain.check_refusal) == (True,) * 4
    assert not chain.passes_on(Trigger.refusal)
    assert not chain.passes_on(Trigger.content_filter)


def test_refusals_are_passed_on_as_the_filters_are_unless_the_table_names_them(tmp_path):
    def passed_on(more):
        chain = loaded(tmp_path, more).settings.chains["main"]
        return chain.passes_on(Trigger.content_filter), chain.passes_on(Trigger.refusal)

    assert passed_on('on_content_filter = "next"') == (True, True)
    assert passed_on('on_content_filter = "next"\ntriggers = { refusal = "stop" }') == (True, False)
    assert passed_on('triggers = { refusal = "next" }') == (False, True)
    assert passed_on('triggers = { content_filter = "next" }') == (True, True)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("check_refusal = true", "check_refusal"),
        ("check_output = false\nrepair_output = false", "repair_output"),
        ('stream_delivery = "whole"\non_stream_break = "continue"', "on_stream_break"),
    ],
)
def test_a_key_that_means_nothing_where_it_stands_says_so(tmp_path, more, key):
    states = {found.key: found.state for found in loaded(tmp_path, more).keys}
    assert states[f"chains.main.{key}"] == "ignored"


def test_a_broken_stream_may_be_gone_on_with(tmp_path):
    found = loaded(tmp_path, 'on_stream_break = "continue"')
    assert found.settings.chains["main"].on_stream_break == "continue"
    assert {key.state for key in found.keys} == {"in force"}
    assert loaded(tmp_path, "").settings.chains["main"].on_stream_break == "error"
    whole = loaded(tmp_path, 'stream_delivery = "whole"\non_stream_break = "continue"')
    assert whole.settings.chains["main"].on_stream_break == "error"


@pytest.mark.parametrize("more", ['triggers = { timeot = "retry" }', 'triggers = { timeout = "again" }'])
def test_an_unknown_word_is_refused_with_its_place(tmp_path, more):
    with pytest.raises(ConfigurationError, match=r"chains\.main\.triggers"):
        loaded(tmp_path, more)
