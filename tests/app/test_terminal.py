"""The installed program on a real (pseudo) terminal."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("hotspare")
PATIENCE_SECONDS = 25.0


class Terminal:
    """A terminal of 80x24 with the program in it."""

    def __init__(self, home, *arguments):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.written = b""
        self.process = subprocess.Popen(
            [PROGRAM, *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            cwd=home.folder,
            env={**home.environment, "TERM": "xterm-256color"},
            start_new_session=True,
        )

    def read(self):
        if select.select([self.master], [], [], 0.05)[0]:
            self.written += os.read(self.master, 65_536)

    def until(self, text, since=0):
        give_up = time.monotonic() + PATIENCE_SECONDS
        while text.encode() not in self.written[since:]:
            assert time.monotonic() < give_up, f"{text!r} was not drawn: {self.written[-2000:]!r}"
            assert self.process.poll() is None, self.written[-2000:]
            self.read()

    def press(self, keys, then):
        since = len(self.written)
        os.write(self.master, keys.encode())
        self.until(then, since)

    def end(self):
        give_up = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < give_up:
            self.read()
        return self.process.poll()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal(new_home):
    found = Terminal(new_home, "demo", "--port", "0")
    yield found
    found.close()


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
