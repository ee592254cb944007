"""A screen on an instance that runs by itself: attached to it, lost, found again, left; with `up` and `down`."""

import json
import os
import signal
import time
import urllib.error
import urllib.request

import pytest

from hotspare.app import background

PATIENCE_SECONDS = 20.0


@pytest.fixture
def config(new_home):
    """Nothing answers behind it: an instance needs no model to run."""
    path = new_home.folder / "hotspare.toml"
    models = "".join(f'[[models]]\nname = "{name}"\nprovider = "box"\nmodel = "m"\n' for name in ("first", "second"))
    path.write_text(
        f'[gateway]\nname = "prod"\nport = 0\n{models}'
        '[providers.box]\ndialect = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
        '[chains.main]\nmodels = ["first", "second"]\nretries = 0\n'
    )
    return str(path)


@pytest.fixture
def ended(new_home):
    """Whatever a test has started in the background is stopped."""
    yield
    new_home.hotspare("down", "--yes")


def test_an_attached_screen_acts_survives_a_kill_and_finds_the_next_run(new_home, config, open_terminal):
    with new_home.running("serve", "--config", config) as process:
        new_home.until_it_runs()
        screen = open_terminal(new_home, "attach", "--as", "ada")
        screen.until("All well")
        screen.press("d", "Disabled first")
        assert "(as ada)" in new_home.hotspare("journal", "--json").json[0]["who"]
        assert "(as ada)" in new_home.hotspare("status", "--json").json["consoles"][0]["who"]
        process.send_signal(signal.SIGKILL)
        process.wait()
        screen.until("it does not run")
        screen.press("d", "can be done there")
    with new_home.running("serve", "--config", config):
        screen.until("started anew")
        os.write(screen.master, b"q")
        assert screen.end() == 0
        screen.read()
        assert b"prod goes on serving" in screen.written
        assert new_home.hotspare("status", "--json").json["pid"]


def test_a_second_start_attaches_and_says_so(new_home, config, open_terminal):
    with new_home.running("serve", "--config", config) as process:
        status = new_home.until_it_runs()
        screen = open_terminal(new_home, "--config", config)
        screen.until(f"prod runs already (pid {status['pid']})")
        refused = new_home.program("serve", "--config", config)
        assert refused.code == 2
        assert f"pid {status['pid']}" in refused.err
        assert "hotspare attach --instance prod" in refused.err
        screen.process.send_signal(signal.SIGHUP)
        assert screen.end() == 0
        assert process.poll() is None


def test_attaching_without_a_terminal_or_an_instance_is_refused_in_a_sentence(new_home, open_terminal):
    assert new_home.program("attach").code == 2
    assert "there is no terminal" in new_home.program("attach").err
    screen = open_terminal(new_home, "attach")
    assert screen.end() == 3
    screen.read()
    assert b"no instance runs" in screen.written


@pytest.mark.usefixtures("ended")
def test_up_starts_in_the_background_once_and_down_stops_it(new_home, config):
    first = new_home.program("up", "--config", config)
    assert first.code == 0, first.err
    status = new_home.hotspare("status", "--json").json
    assert status["listen"] in first.err
    assert "hotspare attach --instance prod" in first.err
    assert "hotspare down --instance prod" in first.err
    assert os.getsid(status["pid"]) == status["pid"]

    second = new_home.program("up", "--config", config)
    assert second.code == 0
    assert f"runs already (pid {status['pid']})" in second.err
    assert new_home.hotspare("status", "--json").json["pid"] == status["pid"]

    assert new_home.hotspare("down").code == 0
    assert new_home.hotspare("down").code == 3


@pytest.mark.usefixtures("ended")
def test_up_attaches_and_leaving_leaves_it_running(new_home, config, open_terminal):
    screen = open_terminal(new_home, "up", "--config", config)
    screen.until("All well")
    os.write(screen.master, b"q")
    assert screen.end() == 0
    assert new_home.hotspare("status", "--json").json["pid"] != screen.process.pid


def test_what_a_test_leaves_in_the_background_ends_with_it(new_home, config):
    assert new_home.program("up", "--config", config).code == 0
    new_home.end()
    assert new_home.hotspare("status", "--json").json["pid"] is None


def test_up_tells_the_servers_own_last_words_and_exit_code(demo, new_home, config):
    port = demo.hotspare("status", "--json").json["listen"].rsplit(":", 1)[1]
    done = new_home.program("up", "--config", config, "--port", port)
    assert done.code == 2
    assert f"Port {port} is in use" in done.err
    assert "--port" in done.err
    assert "state/hotspare" not in done.err


def test_last_words_are_the_last_sentence_with_its_hint_and_code(tmp_path):
    words = tmp_path / "prod.out"
    words.write_text("hotspare: warning: first\n  no matter\nhotspare: the store is damaged\n  mend it\n  or move it\n")
    error = background._ended(words, 70)
    assert (error.title, error.hint, error.exit_code) == ("the store is damaged", "mend it or move it", 70)
    words.write_text("Killed\n")
    error = background._ended(words, -9)
    assert str(words) in error.hint
    assert error.exit_code == 1


def test_a_second_start_from_another_file_says_from_which_it_runs(new_home, config):
    other = new_home.folder / "other.toml"
    other.write_text((new_home.folder / "hotspare.toml").read_text())
    with new_home.running("serve", "--config", config):
        new_home.until_it_runs()
        assert "from " not in new_home.hotspare("up", "--config", config).err
        assert f"from {config}" in new_home.hotspare("up", "--config", str(other)).err


def test_down_asks_after_a_request_of_the_last_minute(new_home, config):
    with new_home.running("serve", "--config", config) as process:
        listen = new_home.until_it_runs()["listen"]
        body = json.dumps({"model": "main", "messages": [{"role": "user", "content": "hello"}]}).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"http://{listen}/v1/chat/completions", body, headers)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
        caught.value.close()
        assert "1 request a minute, 0 run now" in new_home.hotspare("down").err
        assert process.poll() is None
        assert new_home.hotspare("down", "--yes").code == 0
        assert process.wait(PATIENCE_SECONDS) == 0


def test_down_asks_while_applications_are_served(demo):
    before = demo.hotspare("status", "--json").json["pid"]
    done = demo.hotspare("down")
    assert done.code == 4
    assert "requests a minute" in done.err
    assert "--yes" in done.err
    assert demo.hotspare("status", "--json").json["pid"] == before


def test_a_server_on_a_terminal_that_hangs_up_serves_on_and_says_so(new_home, config, open_terminal):
    screen = open_terminal(new_home, "serve", "--config", config)
    screen.until("serving 127.0.0.1")
    assert new_home.until_it_runs()["screen_lost_at"] is None
    screen.process.send_signal(signal.SIGHUP)
    lost_at = new_home.until(lambda: new_home.hotspare("status", "--json").json["screen_lost_at"])
    assert abs(lost_at - time.time()) < PATIENCE_SECONDS
    screen.process.send_signal(signal.SIGTERM)
    assert screen.end() == 0


def test_an_instance_left_to_serve_says_so_when_its_terminal_goes_after_all(new_home, config, open_terminal):
    screen = open_terminal(new_home, "demo", "--port", "0")
    screen.until("claude")
    new_home.until_it_runs(requests=1)
    screen.press("q", "Keep serving")
    screen.press("k", "comes back to it")
    left = new_home.until_it_runs()
    assert left["screen_lost_at"] is None
    assert left["consoles"] == []
    screen.process.send_signal(signal.SIGHUP)
    new_home.until(lambda: new_home.hotspare("status", "--json").json["screen_lost_at"])
    screen.process.send_signal(signal.SIGTERM)
    assert screen.end() == 0
