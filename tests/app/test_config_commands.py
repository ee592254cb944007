"""`hotspare config show` and `config write`, against an instance that runs and one that has ended."""

import json

import pytest

CONFIG = """# what we run
[gateway]
name = "prod"
port = 0
[[models]]
name = "one"        # the good one
provider = "ollama"
[[models]]
name = "two"
provider = "ollama"
[chains.main]
models = ["one", "two"]
"""


@pytest.fixture
def config(new_home):
    path = new_home.folder / "hotspare.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def served(new_home, config):
    with new_home.running("serve", "--config", str(config)) as process:
        new_home.until_it_runs()
        yield process


def shown(home, *arguments):
    done = home.hotspare("config", "show", "--origin", "--json", *arguments)
    return {row["key"]: (row["value"], row["origin"]) for row in done.json}


def test_decisions_are_shown_over_the_file_and_written_into_it_once_that_is_said(new_home, config, served):
    new_home.hotspare("priorities", "main", "two,one")
    new_home.hotspare("disable", "one", "--why", "for good", "--for", "ever", "--yes")
    new_home.hotspare("force", "main", "two", "--for", "10m")
    found = shown(new_home)
    assert found["chains.main.models"][1].startswith("override by ")
    assert found["models[0].name"] == ("one", "line 6")

    looked = new_home.hotspare("config", "write")
    assert (looked.code, config.read_text()) == (4, CONFIG)
    assert '+models = ["two", "one"]' in looked.out
    assert "config write --yes" in looked.err
    assert "not written: main forced to two: it ends by itself" in looked.err

    written = new_home.hotspare("config", "write", "--yes")
    assert written.code == 0
    assert config.read_text() == CONFIG.replace('["one", "two"]', '["two", "one"]').replace(
        'provider = "ollama"\n[[models]]', 'provider = "ollama"\nenabled = false\n[[models]]'
    )
    assert len(list(new_home.folder.glob("hotspare.toml.*.bak"))) == 1
    new_home.until(lambda: "reload" in {row["act"] for row in new_home.hotspare("journal", "--json").json})
    again = new_home.hotspare("config", "write", "--json")
    assert (again.code, again.json["diff"], again.json["written"]) == (0, [], False)


def test_a_read_only_instance_writes_nothing(new_home, config):
    config.write_text(CONFIG + "[console]\nread_only = true\n")
    with new_home.running("serve", "--config", str(config)):
        new_home.until_it_runs()
        refused = new_home.hotspare("config", "write", "--yes")
    assert refused.code == 4
    assert "read-only" in refused.err


def test_what_holds_is_shown_without_an_instance(new_home, config):
    new_home.environment["HOTSPARE_LIMITS__RETRIES"] = "7"
    found = shown(new_home, "--config", str(config))
    assert found["limits.retries"] == (7, "HOTSPARE_LIMITS__RETRIES")
    assert found["gateway.port"] == (0, "line 4")
    done = new_home.hotspare("--port", "5001", "config", "show", "--origin", "--config", str(config))
    assert any(line.split() == ["gateway.port", "5001", "--port"] for line in done.out.splitlines())


def test_the_schema_is_printed_as_json(new_home):
    done = new_home.hotspare("schema")
    assert done.code == 0
    assert "chains" in json.loads(done.out)["properties"]
