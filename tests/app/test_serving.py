"""Instances of a configuration file: how they begin, what they keep over a kill, and how they end."""

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from upstream import Upstream, completion


class Gated(Upstream):
    """A model. While `gate` is clear it holds its answers back; `waiting` says that one is held."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        super().__init__()

    def answer(self, asked):
        self.waiting.set()
        self.gate.wait(20)
        asked.end(completion("hi"))

    def close(self):
        self.gate.set()
        super().close()


@pytest.fixture
def upstream():
    with Gated() as found:
        yield found


@pytest.fixture
def config(new_home, upstream):
    models = "".join(f'[[models]]\nname = "{name}"\nprovider = "box"\nmodel = "m"\n' for name in ("first", "second"))
    path = new_home.folder / "hotspare.toml"
    path.write_text(
        f'[gateway]\nname = "prod"\nport = 0\n{models}'
        f'[providers.box]\ndialect = "openai"\nbase_url = "{upstream.url}"\n'
        '[chains.main]\nmodels = ["first", "second"]\n'
    )
    return str(path)


def ask(home, listen):
    body = json.dumps({"model": "main", "messages": [{"role": "user", "content": "hello"}]}).encode()
    request = urllib.request.Request(f"http://{listen}/v1/chat/completions", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        answer.read()
        return answer.headers["x-hotspare-model"]


def end(process, number=signal.SIGTERM):
    process.send_signal(number)
    return process.wait(15)


def test_a_configuration_is_served_and_ends_well_on_a_signal(new_home, config):
    with new_home.running("serve", "--config", config) as process:
        status = new_home.until_it_runs()
        assert status["name"] == "prod"
        assert status["config"]["path"].endswith("hotspare.toml")
        assert ask(new_home, status["listen"]) == "first"
        assert end(process) == 0
    assert new_home.hotspare("force", "main", "second").code == 3


def test_nothing_acknowledged_is_lost_by_a_kill_and_decisions_stand_after_it(new_home, config):
    with new_home.running("serve", "--config", config) as process:
        listen = new_home.until_it_runs()["listen"]
        assert new_home.hotspare("disable", "first", "--why", "cold").code == 0
        served = [ask(new_home, listen) for _ in range(20)]
        end(process, signal.SIGKILL)
    assert set(served) == {"second"}

    left = new_home.hotspare("status", "--json")
    assert left.code == 0
    assert "no instance runs" in left.err
    assert left.json["pid"] is None
    assert left.json["requests"] == 20
    assert {row["name"]: row["state"] for row in left.json["models"]}["first"] == "disabled"
    assert len(new_home.hotspare("requests", "--last", "50", "--json").json) == 20
    assert new_home.hotspare("journal", "--json").json[0]["why"] == "cold"
    assert new_home.hotspare("store", "path").out.strip().endswith(".db")

    with new_home.running("serve", "--config", config) as process:
        status = new_home.until_it_runs()
        assert status["requests"] == 20
        assert ask(new_home, status["listen"]) == "second"
        assert end(process) == 0


def test_what_is_left_can_be_looked_at_from_a_shell_without_the_keys_and_the_token(new_home, config):
    path = Path(config)
    text = path.read_text().replace('dialect = "openai"', 'dialect = "openai"\napi_key_env = "BOX_KEY"')
    path.write_text(text.replace("port = 0", 'port = 0\ntoken_env = "GATE_TOKEN"'))
    with new_home.running("serve", "--config", config, BOX_KEY="sk-1", GATE_TOKEN="the-gates-token") as process:
        new_home.until_it_runs()
        assert new_home.hotspare("disable", "first").code == 0
        end(process, signal.SIGKILL)

    for command in (["status"], ["models"], ["requests"], ["journal"], ["store", "path"], ["logs", "path"]):
        left = new_home.hotspare("--config", config, *command)
        assert left.code == 0, left.err
    assert "sk-1" not in left.out
    assert new_home.hotspare("serve", "--config", config).code == 2


def asking(home, listen):
    """A request on its way, and a list for what comes of it."""
    got = []

    def run():
        try:
            got.append(ask(home, listen))
        except (OSError, urllib.error.URLError) as error:
            got.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, got


def test_what_runs_is_finished_before_the_end(new_home, config, upstream):
    with new_home.running("serve", "--config", config) as process:
        listen = new_home.until_it_runs()["listen"]
        upstream.gate.clear()
        thread, got = asking(new_home, listen)
        assert upstream.waiting.wait(10)
        process.send_signal(signal.SIGTERM)
        new_home.until(lambda: refuses(listen))
        assert process.poll() is None
        upstream.gate.set()
        assert process.wait(15) == 0
        thread.join(10)
    assert got == ["first"]


def refuses(listen):
    """Whether new requests are turned away."""
    try:
        with urllib.request.urlopen(f"http://{listen}/health/ready", timeout=5):
            return False
    except urllib.error.HTTPError as error:
        with error:
            return error.code == 503
    except OSError:
        return True


def test_a_second_signal_does_not_wait_for_what_runs(new_home, config, upstream):
    with new_home.running("serve", "--config", config) as process:
        listen = new_home.until_it_runs()["listen"]
        upstream.gate.clear()
        thread, got = asking(new_home, listen)
        assert upstream.waiting.wait(10)
        process.send_signal(signal.SIGTERM)
        new_home.until(lambda: refuses(listen))
        asked_at = time.monotonic()
        assert end(process) == 0
        assert time.monotonic() - asked_at < 10
        thread.join(10)
    assert got != ["first"]


def test_without_a_terminal_the_console_is_a_status_line_a_second(new_home, config):
    with new_home.running("--config", config) as process:
        line = process.stdout.readline()
        assert "req/min" in line
        assert end(process) == 0
        assert "hotspare status --instance prod" in process.stderr.read()


def test_the_demo_leaves_nothing_behind(new_home):
    done = new_home.program("demo", "--no-screen", "--seconds", "0.5", "--port", "0", TMPDIR=str(new_home.folder))
    assert done.code == 0
    assert "nothing leaves this machine" in done.err
    kept = [path.name for path in new_home.folder.rglob("*") if path.is_file()]
    assert kept == []


def test_the_demo_reads_no_configuration_and_no_environment(new_home):
    (new_home.folder / "hotspare.toml").write_text("this is no TOML")
    poison = {"OPENAI_API_KEY": "sk-real", "OPENAI_BASE_URL": "http://127.0.0.1:1", "ANTHROPIC_BASE_URL": "nonsense"}
    with new_home.running("demo", "--no-screen", "--port", "0", **poison) as process:
        status = new_home.until_it_runs(requests=2)
        assert status["ok"] >= 1
        assert end(process) == 0


@pytest.mark.parametrize("text", ["", "[gateway]\nport = 0\n", "this is no TOML"])
def test_a_bad_configuration_ends_with_one_sentence_and_writes_nothing(new_home, text):
    path = new_home.folder / "bad.toml"
    path.write_text(text)
    done = new_home.hotspare("serve", "--config", str(path))
    assert done.code == 2
    assert done.out == ""
    assert "bad.toml" in done.err
    assert not (new_home.folder / "state").exists()


def test_check_tells_chains_models_and_what_comes_of_every_key(new_home, config):
    done = new_home.hotspare("check", config, "--json")
    assert done.code == 0
    assert [chain["name"] for chain in done.json["chains"]] == ["main"]
    assert done.json["models"][0].keys() >= {"name", "provider", "base_url", "api_key_env"}
    states = {"in force", "not yet in force", "ignored", "not supported"}
    assert all(row["key"] and row["state"] in states for row in done.json["keys"])
    assert "chain main" in new_home.hotspare("check", config).out


def test_check_says_no_where_serve_would_not_begin(new_home, config):
    path = Path(config)
    path.write_text(path.read_text().replace('dialect = "openai"', 'dialect = "openai"\napi_key_env = "BOX_KEY"'))
    checked = new_home.hotspare("check", config, "--json")
    assert checked.code == 1
    assert checked.json["runnable"] is False
    assert "cannot be run here" in new_home.hotspare("check", config).out
    assert new_home.hotspare("serve", "--config", config).code == 2
    new_home.environment["BOX_KEY"] = "sk-1"
    assert new_home.hotspare("check", config).code == 0


def test_a_state_folder_that_cannot_be_made_is_told_with_what_to_set(new_home):
    (new_home.folder / "file").touch()
    done = new_home.program("demo", XDG_STATE_HOME=str(new_home.folder / "file" / "state"), XDG_RUNTIME_DIR="")
    assert done.code == 2
    assert "file/state/hotspare cannot be made: not a directory" in done.err
    assert "XDG_STATE_HOME" in done.err


def test_what_a_killed_demo_left_is_cleared_away_by_the_next(new_home):
    temporary = new_home.folder / "temporary"
    temporary.mkdir()
    with new_home.running("demo", "--no-screen", "--port", "0", TMPDIR=str(temporary)) as process:
        new_home.until_it_runs()
        end(process, signal.SIGKILL)
    [left] = temporary.iterdir()
    with new_home.running("demo", "--no-screen", "--port", "0", TMPDIR=str(temporary)) as process:
        new_home.until_it_runs()
        assert left not in temporary.iterdir()
        assert end(process) == 0
    assert list(temporary.iterdir()) == []


def test_a_read_only_instance_refuses_acts(new_home, config):
    with Path(config).open("a", encoding="utf-8") as file:
        file.write("[console]\nread_only = true\n")
    with new_home.running("serve", "--config", config) as process:
        new_home.until_it_runs()
        for act in (("disable", "first", "--yes"), ("prompt", "hello"), ("resend", "any", "--yes")):
            done = new_home.hotspare(*act)
            assert done.code == 4
            assert "read-only" in done.err
        assert end(process) == 0


def test_the_instance_socket_is_for_its_owner_alone(new_home, config):
    with new_home.running("serve", "--config", config) as process:
        new_home.until_it_runs()
        [socket] = (new_home.folder / "run" / "hotspare").glob("*.sock")
        assert socket.stat().st_mode & 0o777 == 0o600
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        assert end(process) == 0
        assert not socket.exists()
