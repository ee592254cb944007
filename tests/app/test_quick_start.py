"""What a command loads, and how it ends when there is nothing to speak to."""

import subprocess
import sys

import pytest

HEAVY = ("textual", "httptools", "starlette", "httpx", "pydantic", "aiosqlite", "plotext", "genai_prices", "asyncio")


def loaded_by(home, *arguments):
    script = (
        "import sys\nfrom hotspare.app.command import run\n"
        f"run({list(arguments)!r})\nprint(*sys.modules, file=sys.__stderr__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=home.environment, capture_output=True, text=True, check=True, timeout=20
    )
    return {name.split(".")[0] for name in done.stderr.split("\n")[-2].split()}


def test_status_loads_no_screen_no_server_and_no_database(demo):
    assert not loaded_by(demo, "status").intersection(HEAVY)


def test_help_and_version_load_no_screen_and_no_server(new_home):
    assert not loaded_by(new_home, "--version").intersection(HEAVY)
    assert not loaded_by(new_home, "--help").difference({"asyncio"}).intersection(HEAVY)


def test_that_nothing_runs_and_nothing_is_configured_is_said_without_a_database(new_home):
    assert not loaded_by(new_home, "status").intersection(HEAVY)


@pytest.mark.parametrize(
    "arguments", [("force", "main", "gpt"), ("disable", "gpt"), ("undo",), ("prompt", "hi"), ("requests", "--follow")]
)
def test_acts_need_a_running_instance(new_home, arguments):
    done = new_home.hotspare(*arguments)
    assert done.code == 3
    assert done.out == ""
    assert done.err.startswith("hotspare: no instance runs\n")


@pytest.mark.parametrize("arguments", [("status",), ("requests", "--json"), ("store", "path"), ("logs", "path")])
def test_looking_where_nothing_runs_and_nothing_is_kept_says_so(new_home, arguments):
    done = new_home.hotspare(*arguments)
    assert done.code == 3
    assert done.out == ""
    assert done.err.startswith("hotspare: no instance runs")


def test_a_mistyped_command_is_a_usage_error_that_names_the_nearest(new_home):
    done = new_home.hotspare("statsu")
    assert done.code == 2
    assert "did you mean status?" in done.err


def test_without_any_configuration_the_console_says_what_to_do(new_home):
    done = new_home.hotspare()
    assert done.code == 2
    assert "hotspare demo" in done.err


def test_the_version_is_said(new_home):
    done = new_home.program("--version")
    assert done.code == 0
    assert done.out.startswith("hotspare ")


def test_every_command_has_help(new_home):
    listed = new_home.hotspare("--help").out
    for name in ("demo", "serve", "status", "explain", "force", "undo", "prompt", "check", "store", "logs"):
        assert name in listed
        assert "Usage:" in new_home.hotspare(name, "--help").out


def test_completion_knows_the_commands(new_home):
    done = new_home.program(_HOTSPARE_COMPLETE="bash_complete", COMP_WORDS="hotspare sta", COMP_CWORD="1")
    assert "status" in done.out
