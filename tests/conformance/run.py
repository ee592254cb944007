"""Run a conformance suite for LLM gateways against this checkout's program; everything required must pass, unskipped.

Run by `make conformance`, with the suite's folder; where there is none, that is said and is no failure. The suite has
an environment of its own, made here from its requirements.
"""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parents[2]
PROGRAM = HOUSE / ".venv" / "bin" / "hotspare"
ENVIRONMENT = HOUSE / ".venv-conformance"
REQUIRED = ("core", "strict", "local")
SECONDS = 480
GRACE_SECONDS = 30


def environment(requirements: Path) -> Path:
    """The Python that the suite runs with; made anew where its requirements are others."""
    stamp = ENVIRONMENT / hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    python = ENVIRONMENT / "bin" / "python"
    if not stamp.exists():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        for command in _making(python, requirements):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"conformance: its environment cannot be made: {' '.join(map(str, command))}\n{done.stderr}")
        stamp.touch()
    return python


def _making(python: Path, requirements: Path) -> Iterator[Sequence[str | Path]]:
    if uv := shutil.which("uv"):
        yield [uv, "venv", "--quiet", "--python", sys.executable, ENVIRONMENT]
        yield [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, "-r", requirements]
    else:
        yield [sys.executable, "-m", "venv", ENVIRONMENT]
        yield [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]


def results(suite: Path, further: Sequence[str]) -> dict[str, Any]:
    """What came of the suite; it tells each check as it goes."""
    where = "--config {config} --port {port}"
    with tempfile.TemporaryDirectory(prefix="hotspare-conformance-") as out:
        command: list[str | Path] = [environment(suite / "requirements.txt"), suite / "run.py", "--out", out]
        command += ["--adapter-file", Path(__file__).with_name("adapter.py")]
        command += ["--command", f"{PROGRAM} serve {where}", "--console-command", f"{PROGRAM} {where}"]
        command += [word for level in REQUIRED for word in ("--require", level)]
        _run_bounded([*command, *further])
        found = Path(out) / "results.json"
        if not found.exists():
            sys.exit("conformance: the suite did not get to its end")
        content: dict[str, Any] = json.loads(found.read_text())
        return content


def _run_bounded(command: Sequence[str | Path]) -> None:
    """Interrupted, not killed, when the time is over: the suite then ends the gateways that it has started."""
    with subprocess.Popen(command) as suite:
        try:
            suite.wait(SECONDS)
        except subprocess.TimeoutExpired:
            suite.send_signal(signal.SIGINT)
            suite.wait(GRACE_SECONDS)
            sys.exit(f"conformance: the suite was not done within {SECONDS} s; has it the machine to itself?")


def main() -> None:
    """The first argument is the suite's folder; the others go to the suite."""
    suite, *further = sys.argv[1:]
    if not (Path(suite) / "run.py").is_file():
        print(f"conformance: there is no suite in {suite} (CONFORMANCE_DIR), so it is not run")  # noqa: T201
        return
    checks = results(Path(suite), further)["results"]
    required = [check for check in checks if check["level"] in REQUIRED]
    if wrong := [f"{check['id']} ({check['verdict']})" for check in required if check["verdict"] != "pass"]:
        sys.exit(f"conformance: {len(wrong)} of {len(required)} required checks did not pass: {', '.join(wrong)}")
    print(f"conformance: all {len(required)} required checks pass")  # noqa: T201


if __name__ == "__main__":
    main()
