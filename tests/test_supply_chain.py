"""What is installed is what was locked, and nothing of it runs by itself when Python starts."""

import re
import site
from importlib.metadata import version
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt")

_OWN_STARTERS = frozenset({"distutils-precedence.pth", "_virtualenv.pth"})
"""Of setuptools and of the makers of environments: they run code, and are known to."""


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_locked_to_one_version_by_its_hashes(name):
    lines = [line for line in (HOUSE / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
    packages = [line for line in lines if not line.startswith(" ")]
    assert packages
    for line in packages:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==[^ ]+( ; .*)? \\$", line), line
    locked = "\n".join(lines)
    for entry in re.split(r"\n(?=\S)", locked):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in locked


def test_nothing_that_is_installed_runs_code_when_python_starts():
    starters = [path for folder in site.getsitepackages() for path in Path(folder).glob("*.pth")]
    running = {
        path.name
        for path in starters
        if any(line.startswith(("import ", "import\t")) for line in path.read_text().splitlines())
    }
    assert running <= _OWN_STARTERS


def test_starlette_takes_the_path_from_the_request_and_not_from_its_host():
    """Before 1.0.1 a Host header could stand in for another path (CVE-2026-48710)."""
    assert tuple(map(int, version("starlette").split(".")[:3])) >= (1, 0, 1)
