"""Running instances, as their users have them: the installed program in a process of its own, in folders of its own."""

import asyncio
import contextlib
import fcntl
import io
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hotspare.app import command, instance

PROGRAM = Path(sys.executable).with_name("hotspare")
PATIENCE_SECONDS = 20.0

# looptime asks for the thread's event loop before each test; where the first one is not async, Python would make a loop
# for it that nobody closes.
asyncio.set_event_loop(None)


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Home:
    """A user's folders, with nothing of the user who runs the tests in them."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        runtime = self.folder / "run"
        runtime.mkdir(mode=0o700, parents=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "default",
        }

    def hotspare(self, *arguments: str) -> Done:
        """Run one command to its end, in this process: what it says and does is the same, and no interpreter starts."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = command.run(arguments)
        return Done(code, out.getvalue(), err.getvalue())

    def program(self, *arguments: str, **environment: str) -> Done:
        """Run one command to its end, as the installed program."""
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def running(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """Run one command beside the test; whatever still runs at the end is killed."""
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.communicate()

    def until(self, found: Callable[[], Any]) -> Any:
        """What `found` gives as soon as it gives something."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            if value := found():
                return value
            time.sleep(0.05)
        raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain for {found}")

    def until_it_runs(self, *, requests: int = 0) -> dict[str, Any]:
        """The status of the instance, once it serves and has had so many requests."""

        def found() -> dict[str, Any] | None:
            done = self.hotspare("status", "--json")
            return done.json if done.code == 0 and done.json["pid"] and done.json["requests"] >= requests else None

        return self.until(found)

    def end(self) -> None:
        """Kill what runs here in the background, which no test has at hand."""
        folders = [path.parent for path in self.folder.rglob("*.instance")]

        def gone() -> bool:
            left = [note for folder in folders for note in instance.running(folder)]
            for note in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(note.pid, signal.SIGKILL)
            return not left

        self.until(gone)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Folders for the demo that runs."""
    return Home(tmp_path_factory.mktemp("home") / "user")


@pytest.fixture
def new_home() -> Iterator[Home]:
    """Folders for one test, however it ends; near the root, for the path of a socket is bounded."""
    with tempfile.TemporaryDirectory(prefix="home-") as folder:
        home = Home(Path(folder) / "user")
        yield home
        home.end()


@pytest.fixture(scope="session")
def demo(home: Home) -> Iterator[Home]:
    """A demo that runs while the tests speak to it."""
    with home.running("demo", "--no-screen", "--port", "0"):
        home.until_it_runs(requests=3)
        yield home


class Terminal:
    """A terminal of 80x24 with the program in it."""

    def __init__(self, home, *arguments, **environment):
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
            env={**home.environment, "TERM": "xterm-256color", **environment},
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
def open_terminal() -> Iterator[Callable[..., Terminal]]:
    """Start the program in a terminal of its own; all are closed at the end."""
    opened: list[Terminal] = []

    def start(home: Home, *arguments: str, **environment: str) -> Terminal:
        opened.append(Terminal(home, *arguments, **environment))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()
