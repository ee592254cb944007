"""A changed file takes force while requests run; one that is wrong does not. A real process, real sockets."""

import http.client
import json
import signal
import threading

import pytest
from upstream import Upstream

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def event(text, reason=None):
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return f"data: {json.dumps({**CHUNK, 'choices': [choice]})}\n\n".encode()


class Speaker(Upstream):
    """A model that says a word, waits for `gate`, and ends. It knows which keys it was called with."""

    def __init__(self):
        self.gate = threading.Event()
        self.keys = []
        super().__init__()

    def answer(self, asked):
        self.keys.append(asked.headers["authorization"])
        asked.begin(200, content_type="text/event-stream", connection="close")
        asked.wfile.write(event(f"{asked.body['model']} begins "))
        self.gate.wait(20)
        asked.wfile.write(event("and ends", "stop") + b"data: [DONE]\n\n")

    def close(self):
        self.gate.set()
        super().close()


@pytest.fixture
def upstream():
    with Speaker() as found:
        yield found


@pytest.fixture
def config(new_home, upstream):
    path = new_home.folder / "hotspare.toml"
    (new_home.folder / "box.key").write_text("first-key")
    (new_home.folder / "box.key").chmod(0o600)
    path.write_text(
        '[gateway]\nname = "prod"\nport = 0\n'
        '[[models]]\nname = "one"\nprovider = "box"\n[[models]]\nname = "two"\nprovider = "box"\n'
        f'[providers.box]\ndialect = "openai"\nbase_url = "{upstream.url}"\napi_key_file = "box.key"\n'
        '[chains.main]\nmodels = ["one", "two"]\n'
    )
    return path


@pytest.fixture
def served(new_home, config):
    with new_home.running("serve", "--config", str(config)) as process:
        process.listen = new_home.until_it_runs()["listen"]
        yield process


def begin(listen):
    """Ask for a stream; the connection, and the answer as far as its first event."""
    connection = http.client.HTTPConnection(listen, timeout=20)
    body = json.dumps({"model": "main", "stream": True, "messages": [{"role": "user", "content": "hello"}]})
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    return connection, answer, answer.readline()


def ask(listen, upstream):
    upstream.gate.set()
    connection, answer, _ = begin(listen)
    connection.close()
    return answer.headers["x-hotspare-model"]


def status_config(home):
    return home.hotspare("status", "--json").json["config"]


def change(config, old, new):
    """As editors do: another file is moved over the old one."""
    beside = config.with_suffix(".new")
    text = config.read_text()
    assert old in text
    beside.write_text(text.replace(old, new))
    beside.replace(config)


def models(home):
    return [row["name"] for row in home.hotspare("models", "--json").json]


def test_a_change_takes_force_and_a_stream_survives_it(new_home, config, served, upstream):
    connection, answer, first = begin(served.listen)
    assert b"one begins" in first
    assert new_home.hotspare("disable", "two", "--why", "kept").code == 0
    change(config, 'models = ["one", "two"]', 'models = ["two"]\nanswers = ["gpt-*"]')
    change(config, '[[models]]\nname = "one"\nprovider = "box"\n', "")
    new_home.until(lambda: models(new_home) == ["two"])
    upstream.gate.set()
    rest = answer.read()
    connection.close()
    assert b"and ends" in rest
    assert rest.rstrip().endswith(b"data: [DONE]")
    assert new_home.hotspare("models", "--json").json[0]["state"] == "disabled"
    assert new_home.hotspare("enable", "two").code == 0
    assert ask(served.listen, upstream) == "two"
    assert "reload" in {entry["act"] for entry in new_home.hotspare("journal", "--json").json}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "two"', 'nam = "two"', "unknown key models[1].nam; did you mean models[1].name?"),
        ('models = ["one", "two"]', 'models = ["one", "three"]', "holds three, which is no model of this file"),
        ("[chains.main]", "[chains.main", "line 14"),
        ('api_key_file = "box.key"', 'api_key_file = "gone.key"', "gone.key, which is not there"),
    ],
)
def test_a_change_that_is_wrong_is_refused_as_a_whole_until_it_is_right(
    new_home, config, served, upstream, old, new, said
):
    change(config, old, f"{new}\n# and more")
    refused = new_home.until(lambda: status_config(new_home)["refused"])
    assert said in refused
    assert ask(served.listen, upstream) == "one"
    change(config, f"{new}\n# and more", old)
    new_home.until(lambda: status_config(new_home)["refused"] is None)
    served.send_signal(signal.SIGTERM)
    told = served.communicate()[1]
    assert "the changed configuration is refused, the one before stays in force" in told
    assert "configuration taken up" in told


def test_a_key_that_is_rotated_in_its_file_is_used_from_then_on(new_home, config, served, upstream):
    ask(served.listen, upstream)
    key = config.with_name("box.key")
    beside = config.with_name("beside.key")
    beside.write_text("second-key")
    beside.chmod(0o600)
    beside.replace(key)
    new_home.until(lambda: any(row["act"] == "reload" for row in new_home.hotspare("journal", "--json").json))
    ask(served.listen, upstream)
    assert upstream.keys == ["Bearer first-key", "Bearer second-key"]


def test_callers_and_tokens_change_while_it_serves(new_home, config, served, upstream):
    change(config, 'name = "prod"', 'name = "prod"\nallowed_hosts = ["gateway.internal"]')
    new_home.until(lambda: any(row["act"] == "reload" for row in new_home.hotspare("journal", "--json").json))
    connection = http.client.HTTPConnection(served.listen, timeout=20)
    connection.request("GET", "/v1/models", headers={"host": "gateway.internal"})
    assert connection.getresponse().status == 200
    connection.close()


def test_what_waits_for_a_restart_is_said_and_the_rest_takes_force(new_home, config, served, upstream):
    change(config, "port = 0", 'port = 4999\n[console]\nenvironment = "staging"')
    new_home.until(lambda: any(row["act"] == "reload" for row in new_home.hotspare("journal", "--json").json))
    assert ask(served.listen, upstream) == "one"
    served.send_signal(signal.SIGTERM)
    assert "gateway.port is as it was until the next start" in served.communicate()[1]
