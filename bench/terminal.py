"""A pseudo-terminal that is read all the time, with a program in it: what is drawn, how soon, and at what cost."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

from processes import Measured, places

PATIENCE_SECONDS = 20.0
SHOWN_OF_THE_REST = 500
KEPT_BYTES = 200_000
WIDTH, HEIGHT = 180, 50
COLOURS = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Terminal(Measured):
    """One program on a terminal of 180x50, on one core where there are several."""

    def __init__(self, command: list[str], folder: Path, *, core: int) -> None:
        """Start it; everything that it keeps is in the folder."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self._seen, self._lock, self.bytes = b"", threading.Lock(), 0
        self.began = time.perf_counter()
        environment = os.environ | places(folder) | COLOURS
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        super().__init__(process, core)
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def close(self) -> None:
        self._ended.set()
        self._reader.join()
        os.close(self._master)

    @property
    def memory_mb(self) -> float:
        """What it holds in memory, also what it shares with others."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def type(self, keys: bytes) -> None:
        """Press keys, and forget what was drawn before."""
        with self._lock:
            self._seen = b""
        os.write(self._master, keys)

    def press(self, key: bytes, wanted: bytes) -> float:
        """Milliseconds from the key to the last byte of what it leads to."""
        began = time.perf_counter()
        self.type(key)
        return self.until(wanted, began) * 1000

    def until(self, text: bytes, began: float | None = None) -> float:
        """Seconds from then (else its start) until the text was drawn."""
        since = self.began if began is None else began
        while True:
            with self._lock:
                if text in self._seen:
                    return time.perf_counter() - since
            if time.perf_counter() - since > PATIENCE_SECONDS:
                raise RuntimeError(f"the screen did not show {text!r}: {self._seen[-SHOWN_OF_THE_REST:]!r}")
            time.sleep(0.0005)

    def _read(self) -> None:
        while not self._ended.is_set():
            try:
                data = os.read(self._master, 65_536) if select.select([self._master], [], [], 0.1)[0] else b""
            except OSError:
                return
            with self._lock:
                self.bytes += len(data)
                self._seen = (self._seen + data)[-KEPT_BYTES:]
