"""The README tells the truth: its table of keys is the registry's, and its configuration and commands exist."""

import re
from datetime import date
from pathlib import Path

import click

from hotspare.app.actions import as_rows
from hotspare.app.command import hotspare
from hotspare.configuration.load import load

README = (Path(__file__).parents[2] / "README.md").read_text()


def table():
    lines = ["| key | what it does | the same as a command |", "|---|---|---|"]
    for row in as_rows():
        keys = " ".join(f"`{key}`" for key in row["keys"])
        lines.append(f"| {keys} | {row['title']} | {'`' + row['command'] + '`' if row['command'] else ''} |")
    return "\n".join(lines)


def test_the_table_of_keys_is_the_registrys():
    assert table() in README


def test_the_configuration_it_shows_loads_without_a_warning(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "hotspare.toml"
    file.write_text(text)
    keys = {"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "b", "HOME": str(tmp_path)}
    configuration = load(file, keys, today=date(2026, 11, 21))
    assert configuration.warnings == ()
    assert configuration.settings.chains["main"].models == ("claude", "gpt")


def test_every_command_it_names_exists():
    (sentence,) = re.findall(r"for scripts: (.*?)\. They reach", README, re.DOTALL)
    named = {words.split()[0] for words in re.findall(r"`([^`]+)`", sentence)}
    assert len(named) > 20
    assert named <= set(hotspare.list_commands(click.Context(hotspare)))


def test_every_file_it_links_to_is_there():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parents[2] / link).exists(), link
