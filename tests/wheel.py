"""Prove that an install works: build the wheel, install it into a clean environment, and use it in a folder that holds
a user's own app.py, store.py and router.py. Run by `make wheel`; needs the package registry for the dependencies.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
ROOMS = ("router", "dialects", "providers", "configuration", "engine", "gateway", "store", "probes", "widgets", "app")
USERS_FILES = ("app.py", "store.py", "router.py")
SECONDS = 300


def run(arguments: Sequence[str | Path], folder: Path) -> str:
    """Run one program, show what it says if it fails, and give its standard output."""
    # No module of the checkout, no setting and no key of whoever runs this may reach the installed program.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HOTSPARE"))}
    environment = {**kept, "XDG_STATE_HOME": str(folder / "state"), "XDG_RUNTIME_DIR": str(folder / "run")}
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def require(fact: object, otherwise: str) -> None:
    """End with one sentence unless the fact holds."""
    if not fact:
        sys.exit(f"wheel: {otherwise}")


def build(folder: Path) -> Path:
    """The wheel, built with what is installed here."""
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, HOUSE], folder)
    return next(folder.glob("*.whl"))


def look_inside(wheel: Path) -> None:
    """One import name, every package typed, every style sheet there."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    require(tops == {"hotspare"}, f"it installs {sorted(tops)}, which must be hotspare alone")
    for room in ROOMS:
        require(f"hotspare/{room}/py.typed" in names, f"hotspare/{room} has no py.typed")
    for top in ("app", "widgets", "store", "probes"):
        for sheet in (HOUSE / top).rglob("*.tcss"):
            require(f"hotspare/{sheet.relative_to(HOUSE).as_posix()}" in names, f"{sheet.name} is missing")
    require(not any("tests/" in name for name in names), "it holds tests")


def install(wheel: Path, folder: Path) -> Path:
    """A clean environment with the wheel in it; its programs' folder."""
    environment = folder / "environment"
    python = environment / "bin" / "python"
    if uv := shutil.which("uv"):
        run([uv, "venv", "--quiet", "--python", sys.executable, environment], folder)
        run([uv, "pip", "install", "--quiet", "--python", python, wheel], folder)
    else:
        run([sys.executable, "-m", "venv", environment], folder)
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel], folder)
    return python.parent


def use(programs: Path, folder: Path) -> None:
    """The installed program beside a user's own modules: neither may see the other's."""
    for name in USERS_FILES:
        (folder / name).write_text("MINE = True\n")
    (folder / "run").mkdir(mode=0o700)
    python, hotspare = programs / "python", programs / "hotspare"
    require(run([hotspare, "--version"], folder).startswith("hotspare "), "--version says nothing")
    said = run([hotspare, "demo", "--no-screen", "--seconds", "3", "--port", "0"], folder)
    require("req/min" in said, f"the demo said: {said!r}")
    run([python, "-c", "import hotspare"], folder)
    mine = "import app, store, router; assert app.MINE and store.MINE and router.MINE"
    run([python, "-c", mine], folder)
    run([python, "-c", f"import hotspare.app.command; {mine}"], folder)


def main() -> None:
    """Build, look, install, use; the first thing that is not so ends it."""
    with tempfile.TemporaryDirectory(prefix="hotspare-wheel-") as name:
        folder = Path(name)
        wheel = build(folder)
        look_inside(wheel)
        (folder / "user").mkdir()
        use(install(wheel, folder), folder / "user")
    print("wheel: built, installed beside a user's own app.py, store.py and router.py, and used")  # noqa: T201


if __name__ == "__main__":
    main()
