"""Start what is measured, read what it uses, and end it: only what was started here, by its process id."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
PROGRAM = str(Path(sys.executable).with_name("hotspare"))
START_SECONDS = 20.0
STOP_SECONDS = 10.0
MEASURED_CORE, OTHER_CORE = 0, 1


def places(folder: Path) -> dict[str, str]:
    """The environment of a program that keeps everything in one folder."""
    return {"BENCH_KEY": "sk-bench", **dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"), str(folder))}


class Measured:
    """One process, on one core where there are several, and ended with its block."""

    def __init__(self, process: subprocess.Popen[Any], core: int) -> None:
        self._process = process
        self.pid = process.pid
        if (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self.pid, {core})

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.alive:
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.close()

    def close(self) -> None:
        """Let go of what was used to speak with it."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    # ------------------------------------------------------------ what it uses
    @property
    def cpu_seconds(self) -> float:
        """User and system time of all its threads."""
        return sum(self.threads.values())

    @property
    def threads(self) -> dict[str, float]:
        """The same by thread, the first one first."""
        return {task.name: _thread_seconds(task) for task in sorted(Path(f"/proc/{self.pid}/task").iterdir())}

    @property
    def memory_mb(self) -> float:
        """Its share of memory, what is shared with others counted in proportion."""
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{self.pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0


class Process(Measured):
    """One that is spoken with in lines. The measured one has a core to itself where there are two."""

    def __init__(
        self,
        command: list[str],
        *,
        measured: bool = False,
        quiet: bool = False,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            text=True,
            env=os.environ | (environment or {}),
        )
        super().__init__(process, MEASURED_CORE if measured else OTHER_CORE)

    @classmethod
    def script(cls, name: str, *arguments: str, measured: bool = False) -> Self:
        """A script of this folder."""
        return cls([sys.executable, str(HERE / name), *arguments], measured=measured)

    def line(self) -> str:
        """The next line that it prints."""
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise RuntimeError(f"process {self.pid} ended before its time")
        return str(line)

    def ask(self, question: Any) -> Any:
        """A line of JSON in, a line of JSON out."""
        self.tell(question)
        return self.answer()

    def tell(self, question: Any) -> None:
        """A line of JSON in."""
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()

    def answer(self) -> Any:
        """A line of JSON out."""
        return json.loads(self.line())


def _thread_seconds(task: Path) -> float:
    return int((task / "schedstat").read_text().split()[0]) / 1e9
