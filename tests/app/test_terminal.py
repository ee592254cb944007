"""The installed program on a real (pseudo) terminal."""

import os
import select
import signal
import termios
import time

import pytest

PATIENCE_SECONDS = 25.0


@pytest.fixture
def terminal(new_home, open_terminal):
    return open_terminal(new_home, "demo", "--port", "0")


def is_as_before(terminal):
    while select.select([terminal.master], [], [], 0.1)[0]:
        terminal.read()
    left_alternate_screen = terminal.written.rindex(b"\x1b[?1049l") > terminal.written.rindex(b"\x1b[?1049h")
    cursor_is_shown = terminal.written.rindex(b"\x1b[?25h") > terminal.written.rindex(b"\x1b[?25l")
    return left_alternate_screen and cursor_is_shown and termios.tcgetattr(terminal.slave) == terminal.before


def test_the_demo_is_drawn_steered_and_left_with_the_terminal_as_it_was(terminal, new_home):
    terminal.until("claude")
    terminal.until("nothing leaves this machine")
    new_home.until_it_runs(requests=1)
    assert len(new_home.hotspare("status", "--json").json["consoles"]) == 1
    terminal.press("d", "Disabled")
    states = {row["name"]: row["state"] for row in new_home.hotspare("models", "--json").json}
    assert "claude" in states
    assert "disabled" in {states["claude"], states["gpt-5"]}
    terminal.press("u", "Took back")
    terminal.press("\x03", "Stop once")  # Ctrl-C is no back door: it asks as q does
    os.write(terminal.master, b"\x03s")
    assert terminal.end() == 0
    assert is_as_before(terminal)
    assert b"Traceback" not in terminal.written


def test_a_signal_ends_the_console_with_the_terminal_as_it_was(terminal, new_home):
    terminal.until("claude")
    new_home.until_it_runs()
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == 0
    assert is_as_before(terminal)


def test_a_terminal_that_hangs_up_does_not_end_the_instance(terminal, new_home):
    terminal.until("claude")
    before = new_home.until_it_runs(requests=1)
    assert before["screen_lost_at"] is None
    terminal.process.send_signal(signal.SIGHUP)
    after = new_home.until_it_runs(requests=before["requests"] + 2)
    assert abs(after["screen_lost_at"] - time.time()) < PATIENCE_SECONDS
    assert "screen_lost_at" in new_home.hotspare("status").out
    assert "screen lost" in new_home.hotspare("status", "--oneline").out
    assert terminal.process.poll() is None
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == 0


def test_what_is_wrong_with_a_configuration_is_told_on_the_terminal_as_it_was(new_home, open_terminal):
    file = new_home.folder / "hotspare.toml"
    file.write_text("[gateway]\nprt = 4000\n")
    terminal = open_terminal(new_home, "--config", str(file))
    assert terminal.end() == 2
    assert is_as_before(terminal)
    frames, _, after = terminal.written.partition(b"\x1b[?1049l")
    assert b"starting: reading" in frames
    assert b"unknown key gateway.prt" in after
    assert b"Traceback" not in terminal.written


def test_a_console_without_any_configuration_draws_no_screen(new_home, open_terminal):
    terminal = open_terminal(new_home)
    assert terminal.end() == 2
    assert b"no configuration found" in terminal.written
    assert b"1049h" not in terminal.written


def test_a_screen_that_fails_before_anything_serves_is_told_in_a_sentence(new_home, open_terminal, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['hotspare.app.console.desk'] = None\n")
    terminal = open_terminal(new_home, "demo", "--port", "0", PYTHONPATH=str(tmp_path))
    assert terminal.end() == 70
    assert is_as_before(terminal)
    assert b"something went wrong that should not have" in terminal.written.partition(b"\x1b[?1049l")[2]
    assert b"Traceback" not in terminal.written
