"""`hotspare import`, as it is typed: data on standard output, narration on standard error."""

import tomllib
from pathlib import Path

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "litellm.yaml")


def test_without_a_target_the_configuration_is_the_output_and_the_report_the_narration(new_home):
    done = new_home.hotspare("import", EXAMPLE)
    assert done.code == 0
    assert set(tomllib.loads(done.out)["chains"]) == {"main", "backup", "long"}
    assert "keys: 4 changed, " in done.err


def test_with_a_target_the_report_is_the_output_and_the_file_can_be_checked(new_home):
    done = new_home.hotspare("import", EXAMPLE, "-o", "ours.toml")
    assert done.out.splitlines()[-1].startswith("keys: 4 changed, ")
    assert "written: ours.toml" in done.err
    assert (new_home.folder / "ours.toml").stat().st_mode & 0o777 == 0o600
    assert "chain main: main-1" in new_home.hotspare("check", "ours.toml").out


def test_a_file_that_is_there_is_written_over_only_when_that_is_said(new_home):
    target = new_home.folder / "ours.toml"
    target.write_text("mine")
    refused = new_home.hotspare("import", EXAMPLE, "-o", "ours.toml")
    assert (refused.code, target.read_text()) == (4, "mine")
    assert "--yes" in refused.err
    assert new_home.hotspare("import", EXAMPLE, "-o", "ours.toml", "--yes").code == 0
    assert "[chains.main]" in target.read_text()


def test_a_target_that_cannot_be_written_is_said_in_a_sentence(new_home):
    done = new_home.hotspare("import", EXAMPLE, "-o", "nowhere/ours.toml")
    assert (done.code, done.out) == (2, "")
    assert "nowhere/ours.toml: it cannot be written: No such file or directory" in done.err


def test_scripts_get_the_text_and_every_keys_fate(new_home):
    found = new_home.hotspare("import", EXAMPLE, "--json").json
    assert found["format"] == "LiteLLM config.yaml"
    assert tomllib.loads(found["text"])["limits"]["retries"] == 2
    assert {key["fate"] for key in found["keys"]} == {"taken", "changed"}
