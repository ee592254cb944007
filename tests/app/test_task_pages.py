"""The pages by task tell the truth: their commands run against the demo, their configurations load."""

import re
import shlex
import shutil
from datetime import date
from pathlib import Path

import pytest

from hotspare.configuration.load import load

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "tasks").glob("*.md"))
KEYS = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY_2"), "a-secret")
MODELS = {"claude": "anthropic/claude-sonnet-4-20250514", "gpt": "openai/gpt-4o", "gemini": "gemini/gemini-2.5-flash"}


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def commands(page):
    return [line for block in blocks(page, "sh") for line in block.splitlines() if line.strip()]


@pytest.fixture
def folder(demo):
    """The demo's folder, with the files that the pages speak of."""
    shutil.copy(ROOT / "examples" / "litellm.yaml", demo.folder)
    shutil.copy(ROOT / "examples" / "development.toml", demo.folder / "hotspare.toml")
    yield demo
    for name in ("hotspare.toml", "litellm.yaml"):
        (demo.folder / name).unlink(missing_ok=True)
    demo.hotspare("release", "main")
    for model in ("claude", "gpt-5", "haiku"):
        demo.hotspare("enable", model)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_does_what_it_says(page, folder):
    said = commands(page)
    assert said
    folder.environment |= KEYS
    for line in said:
        program, *arguments = shlex.split(line)
        assert program == "hotspare"
        done = _run(folder, arguments)
        assert done.code == 0, f"{line}: {done.err}"
        assert "went wrong" not in done.err


def _run(home, arguments):
    if arguments[0] == "import":
        (home.folder / "hotspare.toml").unlink()
    if arguments[:2] == [
        "config",
        "write",
    ]:  # a demo has no file: what would be written is shown, and refused until --yes
        done = home.hotspare(*arguments)
        done.code = 0 if done.code in (0, 4) else done.code
        return done
    if arguments[:2] == ["config", "show"]:
        arguments = [*arguments, "--config", "hotspare.toml"]
    if arguments[0] == "doctor":
        arguments = [*arguments, "--port", "0"]
    if arguments[0] == "prompt":
        return _until_well(home, arguments)
    return home.hotspare(*arguments)


def _until_well(home, arguments):
    """The demo's models have bad spells, of some seconds each: then a prompt says so and ends with 1."""
    for _ in range(4):
        done = home.hotspare(*arguments)
        if done.code != 1:
            break
        assert "no model could answer" in done.err
    return done


def test_every_configuration_of_the_pages_loads(tmp_path):
    path = tmp_path / "hotspare.toml"
    (tmp_path / "openai.key").write_text("sk-of-a-file")
    (tmp_path / "openai.key").chmod(0o600)
    for page in PAGES:
        for block in blocks(page, "toml"):
            path.write_text(_completed(block))
            assert load(path, KEYS | {"HOME": str(tmp_path)}, today=date(2026, 11, 21)).settings.chains


def _completed(block):
    """With the models that it names and does not show, and a chain where it shows none."""
    models = re.findall(r'^name = "(.*?)"', block, re.MULTILINE)
    if "[chains." not in block:
        block += f"[chains.main]\nmodels = {(models or ['claude'])!r}\n".replace("'", '"')
    named = set(re.findall(r'"(\w+)"', re.search(r"^models = (.*)$", block, re.MULTILINE)[1]))
    return block + "".join(f'[[models]]\nname = "{n}"\nmodel = "{MODELS[n]}"\n' for n in sorted(named - set(models)))


def test_the_pages_link_to_what_is_there():
    for page in (*PAGES, ROOT / "docs" / "docetl.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
