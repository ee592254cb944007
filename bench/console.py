"""What the console costs itself: first frame, a core's share idle and busy, loop lag, key to paint, bytes, memory.

Run by hand: `.venv/bin/python bench/console.py`. About a minute. The gateway is in the console's process, on a terminal
of 160x50 that is read all the time; busy means 200 requests a second through it, so its share holds the traffic's too:
`bench/attached.py` tells what a screen alone costs. The first frame is written before server and store are loaded.
"""

import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway import configuration, job
from processes import Process

CHAIN, GIVES, CONNECTIONS = "calm", "paced-1-16", 4
SECONDS, REQUESTS = 8.0, 2400
SCREENS = ((b"2", b"held back at"), (b"7", b"frames dropped"), (b"1", b"primary ok"))
FREEZE = ((b" ", b"FROZEN"), (b" ", b"req/min"))
"""Keys, and what is painted after each that was not there before it."""
PRESSES = 40
PATIENCE_SECONDS = 20.0


class Console:
    """`hotspare --config` on a pseudo-terminal, with its gateway."""

    def __init__(self, config: Path) -> None:
        self.folder = config.parent
        self.port = _free_port()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        places = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"), str(self.folder))
        self._environment = {**os.environ, **places, "BENCH_KEY": "sk-bench", "TERM": "xterm-256color"}
        self._program = str(Path(sys.executable).with_name("hotspare"))
        command = [self._program, "--config", str(config), "--port", str(self.port)]
        self._seen, self._lock, self.bytes = b"", threading.Lock(), 0
        began = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=self._environment, start_new_session=True
        )
        os.close(slave)
        os.sched_setaffinity(self.process.pid, {0})
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.first_frame_seconds = self.until(b"quits", began)
        self.figures_seconds = self.until(b"req/min", began)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        self._ended.set()
        self._reader.join()
        os.close(self._master)

    @property
    def cpu_seconds(self) -> float:
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) / 1e9 for task in tasks)

    @property
    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def about(self) -> dict[str, object]:
        """What the instance says of itself."""
        done = subprocess.run(
            [self._program, "about", "--json"], env=self._environment, capture_output=True, check=True
        )
        found: dict[str, object] = json.loads(done.stdout)
        return found

    def press(self, key: bytes, wanted: bytes) -> float:
        """Milliseconds from the key to the last byte of what it leads to."""
        with self._lock:
            self._seen = b""
        began = time.perf_counter()
        os.write(self._master, key)
        return self.until(wanted, began) * 1000

    def until(self, text: bytes, began: float) -> float:
        while True:
            with self._lock:
                if text in self._seen:
                    return time.perf_counter() - began
            if time.perf_counter() - began > PATIENCE_SECONDS:
                raise RuntimeError(f"the screen did not show {text!r}: {self._seen[-500:]!r}")
            time.sleep(0.0005)

    def _read(self) -> None:
        while not self._ended.is_set():
            try:
                data = os.read(self._master, 65_536) if select.select([self._master], [], [], 0.1)[0] else b""
            except OSError:
                return
            with self._lock:
                self.bytes += len(data)
                self._seen = (self._seen + data)[-200_000:]


def over_time(console: Console, name: str, seconds: float) -> None:
    """A line of what it uses while nothing is pressed."""
    cpu, written, began, lags = console.cpu_seconds, console.bytes, time.perf_counter(), []
    while (passed := time.perf_counter() - began) < seconds:
        time.sleep(min(1.0, seconds - passed))
        if lag := console.about()["loop_lag_ms"]:
            lags.append(float(str(lag)))
    passed = time.perf_counter() - began
    share, rate = (console.cpu_seconds - cpu) / passed, (console.bytes - written) / passed / 1000
    worst = f"{max(lags):.1f}" if lags else "-"
    print(f"{name}: {share:.1%} of a core, {rate:.1f} kB/s, loop lag at worst {worst} ms, {console.memory_mb:.0f} MB")


def keys(console: Console, name: str) -> None:
    """Lines of how long keys take to be seen."""
    for what, presses in (("a key", FREEZE), ("another screen", SCREENS)):
        times = []
        for place in range(PRESSES):
            time.sleep(0.07)
            times.append(console.press(*presses[place % len(presses)]))
        times = sorted(times[len(presses) :])  # each screen is made at its first key
        median, p95 = statistics.median(times), times[int(len(times) * 0.95)]
        print(f"{name}: {what} is seen after {median:.1f} ms, p95 {p95:.1f} ms, at most {times[-1]:.1f} ms")


def main() -> None:
    """Idle, then with traffic."""
    with tempfile.TemporaryDirectory() as name, Process.script("upstream.py") as provider:
        url = f"http://127.0.0.1:{int(provider.line())}"
        config = configuration(Path(name), {CHAIN: (GIVES, "auto")}, url)
        with Process.script("load.py") as load, Console(config) as console:
            print(f"first frame {console.first_frame_seconds:.2f} s, figures {console.figures_seconds:.2f} s")
            time.sleep(3.0)
            over_time(console, "idle", SECONDS)
            keys(console, "idle")
            traffic = f"http://127.0.0.1:{console.port}/v1/chat/completions"
            busy = job(traffic, CHAIN, REQUESTS, CONNECTIONS, stream=True)
            load.tell(busy)
            time.sleep(1.0)
            over_time(console, "busy", SECONDS)
            print("load:", load.answer())
            load.tell(busy)
            keys(console, "busy")
            load.answer()


def _free_port() -> int:
    import socket  # noqa: PLC0415 - one use

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
