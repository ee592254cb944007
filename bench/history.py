"""The figures of earlier runs, a line of JSON each, and whether today's are worse. Only ratios are compared.

Microseconds of two machines, or of one on two days, say nothing; what the gateway takes beside a pass-through does.
"""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("history.jsonl")
GROWTH = 1.2
"""A ratio over so many times the committed one fails the check."""


def kind_of_machine() -> str:
    """What runs may be compared: the same system, processor, number of cores and Python."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def line(figures: dict[str, Any]) -> dict[str, Any]:
    """Today's."""
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": _git("rev-parse", "--short", "HEAD").strip(),
        "machine": kind_of_machine(),
        "load": round(os.getloadavg()[0], 2),
        "figures": figures,
    }


def append(entry: dict[str, Any]) -> None:
    """Keep it."""
    with PATH.open("a") as file:
        file.write(json.dumps(entry) + "\n")


def committed() -> list[dict[str, Any]]:
    """The committed lines of this kind of machine, oldest first."""
    text = _git("show", f"HEAD:bench/{PATH.name}")
    entries = [json.loads(one) for one in text.splitlines()]
    return [entry for entry in entries if entry["machine"] == kind_of_machine()]


def compared(today: dict[str, Any], before: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By the name of each load of today that has a ratio: the latest of those lines that has it too."""
    return {
        name: entry
        for entry in before
        for name, figures in today["figures"].items()
        if "ratio" in figures and "ratio" in entry["figures"].get(name, {})
    }


def grown(today: dict[str, Any], before: list[dict[str, Any]]) -> list[str]:
    """A sentence for each ratio that has grown too much."""
    found = []
    for name, entry in compared(today, before).items():
        ratio, old = today["figures"][name]["ratio"], entry["figures"][name]["ratio"]
        if ratio > GROWTH * old:
            found.append(f"{name}: {ratio:.2f} times the pass-through, {old:.2f} at {entry['commit']}")
    return found


def _git(*arguments: str) -> str:
    done = subprocess.run(("git", *arguments), cwd=PATH.parent, capture_output=True, text=True, check=False)
    return done.stdout
