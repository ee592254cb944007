"""What an attached screen costs the gateway, and how soon it shows something: the same load without and with screens.

Run by hand: `.venv/bin/python bench/attached.py`. About a minute.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway import Gateway, configuration, job
from processes import OTHER_CORE, Process

CONNECTIONS = 4
REQUESTS = 2000
CHAIN = "calm"
GIVES = "paced-1-16"
"""One event after 16 ms: with four connections about 200 requests a second."""
SCREENS = (0, 1, 4)
PATIENCE_SECONDS = 20.0


class Screen:
    """`hotspare attach` on a terminal of 160x50 that is read all the time."""

    def __init__(self, folder: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        places = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "XDG_STATE_HOME": str(folder)}
        program = str(Path(sys.executable).with_name("hotspare"))
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [program, "attach"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **places, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(slave)
        os.sched_setaffinity(self.process.pid, {OTHER_CORE})
        self.figures_seconds = self._until(b"req/min", began)
        self.bytes = 0
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read_on)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.write(self._master, b"q")
        self.process.wait(PATIENCE_SECONDS)
        self._ended.set()
        self._reader.join()
        os.close(self._master)

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _until(self, text: bytes, began: float) -> float:
        seen = b""
        while text not in seen:
            if time.perf_counter() - began > PATIENCE_SECONDS:
                raise RuntimeError(f"the screen did not show {text!r}: {seen[-500:]!r}")
            seen += self._read()
        return time.perf_counter() - began

    def _read(self) -> bytes:
        return os.read(self._master, 65_536) if select.select([self._master], [], [], 0.1)[0] else b""

    def _read_on(self) -> None:
        while not self._ended.is_set():
            try:
                self.bytes += len(self._read())
            except OSError:
                return


def main() -> None:
    """Print a line for each number of screens."""
    with tempfile.TemporaryDirectory() as name, Process.script("upstream.py") as provider, ExitStack() as stack:
        folder = Path(name)
        load = stack.enter_context(Process.script("load.py"))
        url = f"http://127.0.0.1:{int(provider.line())}"
        gateway = stack.enter_context(Gateway(configuration(folder, {CHAIN: (GIVES, "auto")}, url)))
        load.ask(job(gateway.url, CHAIN, 400, CONNECTIONS, stream=True))
        for number in SCREENS:
            measure(folder, gateway, load, number)


def measure(folder: Path, gateway: Gateway, load: Process, number: int) -> None:
    """One line."""
    with ExitStack() as stack:
        screens = [stack.enter_context(Screen(folder)) for _ in range(number)]
        time.sleep(1.0)
        used, drawn = gateway.cpu_seconds, [screen.cpu_seconds for screen in screens]
        written = sum(screen.bytes for screen in screens)
        result = load.ask(job(gateway.url, CHAIN, REQUESTS, CONNECTIONS, stream=True))
        seconds = result["seconds"]
        rate, share = REQUESTS / seconds, (gateway.cpu_seconds - used) / seconds
        line = f"{number} screens: {rate:.0f} requests/s ({result['bad']} bad), gateway {share:.1%} of a core"
        line += f", p50 {result['p50_ms']:.1f} ms, p99 {result['p99_ms']:.1f} ms"
        if screens:
            drawing = sum(screen.cpu_seconds - before for screen, before in zip(screens, drawn, strict=True))
            kilobytes = (sum(screen.bytes for screen in screens) - written) / 1000
            line += f"; a screen: figures after {screens[0].figures_seconds:.2f} s"
            line += f", {drawing / seconds / number:.1%} of a core, {kilobytes / seconds / number:.0f} kB/s drawn"
        print(line, flush=True)


if __name__ == "__main__":
    main()
