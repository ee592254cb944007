"""`hotspare init` writes a file that runs; `hotspare doctor` finds what keeps one from running. Real calls."""

import os
import socket
import tomllib

import pytest
from upstream import Upstream, completion

from hotspare.app import doctor

GOOD = "sk-good-key-0123456789"


class Locked(Upstream):
    """A provider that answers the good key only, and tells which other one it got."""

    def answer(self, asked):
        key = asked.headers["authorization"]
        if key != f"Bearer {GOOD}":
            asked.end({"error": {"message": f"not {key}"}}, 401)
        elif asked.path.endswith("/embeddings"):
            data = [{"object": "embedding", "index": 0, "embedding": [0.1]}]
            asked.end({"object": "list", "model": "m", "data": data})
        else:
            asked.end(completion("h", asked.body["model"]))


@pytest.fixture
def address():
    with Locked() as upstream:
        yield upstream.url


@pytest.fixture
def config(new_home, address):
    path = new_home.folder / "hotspare.toml"
    path.write_text(
        f'[gateway]\nport = 0\n[providers.box]\ndialect = "openai"\nbase_url = "{address}"\n'
        'api_key_env = ["ONE", "TWO"]\n'
        '[[models]]\nname = "m"\nprovider = "box"\n[[models]]\nname = "v"\nprovider = "box"\n'
        '[chains.main]\nmodels = ["m"]\n[chains.vectors]\nkind = "embeddings"\nmodels = ["v"]\n'
    )
    new_home.environment["ONE"] = GOOD
    return path


def findings(done):
    return {row["what"]: (row["state"], row["found"]) for row in done.json}


# ------------------------------------------------------------------ init
def test_the_providers_named_become_a_chain_that_can_be_checked(new_home):
    done = new_home.hotspare(
        "init", "--provider", "openai/gpt-4o-mini=OWN", "--provider", "ollama", "--port", "4010"
    )  # fmt: skip
    assert done.code == 0
    path = new_home.folder / "hotspare.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    content = tomllib.loads(path.read_text())
    assert content["gateway"] == {"port": 4010}
    assert content["models"][0] == {"name": "gpt-4o-mini", "provider": "openai", "api_key_env": "OWN"}
    assert content["chains"]["main"]["models"] == ["gpt-4o-mini", "llama3.2:3b"]
    assert "gpt-4o-mini has no key: set OWN (openai)" in done.err
    assert new_home.hotspare("check", "hotspare.toml").code == 0


def test_without_a_name_those_are_taken_whose_keys_are_there(new_home):
    new_home.environment |= {"ANTHROPIC_API_KEY": "sk-a", "GEMINI_API_KEY": "sk-g"}
    assert new_home.hotspare("init", "--yes").code == 0
    found = tomllib.loads((new_home.folder / "hotspare.toml").read_text())
    assert [model["provider"] for model in found["models"]] == ["anthropic", "gemini"]


def test_without_a_name_and_a_key_it_says_how_to_name_one(new_home):
    done = new_home.hotspare("init")
    assert done.code == 2
    assert "hotspare init --provider ollama/" in done.err
    assert not (new_home.folder / "hotspare.toml").exists()


def test_a_file_that_is_there_is_left_alone(new_home):
    (new_home.folder / "hotspare.toml").write_text("mine")
    assert new_home.hotspare("init", "--provider", "ollama").code == 4
    assert (new_home.folder / "hotspare.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("acme", "there is no provider acme"),
        ("azure", "which model of azure?"),
        ("openai/gpt-4o=sk-0123456789abcdef", "must be the name of an environment variable, not a key itself"),
    ],
)
def test_what_cannot_be_is_said(new_home, name, said):
    done = new_home.hotspare("init", "--provider", name)
    assert done.code == 2
    assert said in done.err
    assert "0123456789abcdef" not in done.err


def test_a_terminal_is_asked(new_home, open_terminal):
    terminal = open_terminal(new_home, "init", OPENAI_API_KEY="sk-x")
    terminal.until("[openai]")
    os.write(terminal.master, b"ollama/qwen2.5:3b, openai\r")
    assert terminal.end() == 0
    found = tomllib.loads((new_home.folder / "hotspare.toml").read_text())
    assert found["chains"]["main"]["models"] == ["qwen2.5:3b", "gpt-4o"]


# ------------------------------------------------------------------ doctor
def test_all_is_well(new_home, config):
    done = new_home.hotspare("doctor", "--json")
    found = findings(done)
    assert done.code == 0
    assert found["configuration"][0] == found["key of m"][0] == found["port"][0] == found["store"][0] == "ok"
    assert found["clock"][0] == found["day"][0] == "ok"
    assert found["terminal"][0] == "warning"


def test_each_model_is_called_with_each_of_its_keys_if_that_is_allowed(new_home, config):
    new_home.environment["TWO"] = "sk-bad-key-0123456789"
    done = new_home.hotspare("doctor", "--call", "--json")
    found = findings(done)
    assert done.code == 1
    assert found["call of m with ONE"][0] == found["call of v with ONE"][0] == "ok"
    assert found["call of m with TWO"][0] == "wrong"
    assert found["call of m with TWO"][1].startswith("auth: ")
    assert "sk-bad" not in done.out


def test_nothing_is_called_unless_that_is_allowed(new_home, config):
    assert not any(what.startswith("call") for what in findings(new_home.hotspare("doctor", "--json")))


def test_a_model_that_cannot_be_reached_is_said_with_a_remedy(new_home, config, address):
    config.write_text(config.read_text().replace(address, "http://127.0.0.1:9/v1"))
    row = next(row for row in new_home.hotspare("doctor", "--call", "--json").json if row["what"].startswith("call"))
    assert row["state"] == "wrong"
    assert row["found"].startswith("network: ")
    assert "can be reached from here" in row["remedy"]


def test_a_key_that_is_missing_keeps_it_from_serving_only_where_all_are(new_home, config):
    del new_home.environment["ONE"]
    done = new_home.hotspare("doctor", "--json")
    assert (done.code, findings(done)["key of m"]) == (1, ("wrong", "there is none"))
    config.write_text(
        config.read_text() + '[[models]]\nname = "free"\nprovider = "ollama"\n[chains.b]\nmodels = ["free"]\n'
    )
    done = new_home.hotspare("doctor", "--json")
    assert (done.code, findings(done)["key of m"][0]) == (0, "warning")


def test_a_port_that_is_taken_is_said(new_home, config):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = new_home.hotspare("doctor", "--json", "--port", str(taken.getsockname()[1]))
    assert (done.code, findings(done)["port"][0]) == (1, "wrong")


def test_a_store_that_cannot_be_written_is_said(new_home, config):
    (new_home.folder / "file").write_text("")
    config.write_text(config.read_text() + '[store]\npath = "file/h.db"\n')
    done = new_home.hotspare("doctor", "--json")
    assert (done.code, findings(done)["store"][0]) == (1, "wrong")


def test_no_configuration_is_a_finding_too(new_home):
    done = new_home.hotspare("doctor")
    assert done.code == 1
    assert "no configuration found" in done.out
    assert "hotspare init" in done.out


@pytest.mark.parametrize(
    ("size", "environ", "encoding", "state"),
    [
        ((120, 40), {"TERM": "xterm"}, "UTF-8", "ok"),
        ((80, 24), {"TERM": "xterm"}, "UTF-8", "ok"),
        ((79, 24), {"TERM": "xterm"}, "UTF-8", "warning"),
        ((80, 23), {"TERM": "xterm"}, "UTF-8", "warning"),
        ((120, 40), {"TERM": "dumb"}, "UTF-8", "warning"),
        ((120, 40), {}, "UTF-8", "warning"),
        ((120, 40), {"TERM": "xterm"}, "ANSI_X3.4-1968", "warning"),
        ((0, 0), {"TERM": "xterm"}, "UTF-8", "ok"),
    ],
)
def test_what_a_terminal_must_be(size, environ, encoding, state):
    assert doctor._terminal(os.terminal_size(size), environ, lambda: encoding).state == state
