"""The programs of examples/python, run as a user would, against a server on loopback."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def run(provider, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")  # nobody listens there

    async def run(name, *arguments):
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            str(EXAMPLES / "python" / name),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(EXAMPLES.parent)},
        )
        out, err = await program.communicate()
        return program.returncode, out.decode(), err.decode()

    return run


async def test_in_order(run):
    code, out, err = await run("sequential.py", "hi")
    assert (code, err) == (0, "")
    assert out.startswith("hello from gpt-4o\n-- gpt-4o (a fallback), after claude-sonnet-4-20250514")


async def test_in_order_and_all_fail(run, provider):
    provider.says = {"gpt-4o": 400 + 29, "gpt-4o-mini": 400 + 29}
    code, out, err = await run("sequential.py", "hi")
    assert (code, out) == (1, "")
    assert err.startswith("no model could answer (claude-sonnet-4-20250514: network")


async def test_a_race(run, provider):
    provider.slow["gpt-4o"] = 20.0
    code, out, _ = await run("fastest.py")
    assert code == 0
    assert "hello from gpt-4o-mini\n-- gpt-4o-mini was first of gpt-4o, claude-sonnet-4-20250514, gpt-4o-mini" in out


async def test_load_that_is_spread(run):
    code, out, _ = await run("load_balanced.py")
    assert code == 0
    assert "100% ok" in out
    assert "fallback rate: 0%" in out


async def test_a_file(run, tmp_path):
    path = tmp_path / "humanlayer.json"
    path.write_text('{"claude_model": "gpt-4o"}')
    code, out, _ = await run("from_file.py", str(path))
    assert (code, out) == (0, "hello from gpt-4o\n-- gpt-4o\n")


async def test_a_file_that_is_not_named_is_asked_for(run):
    assert await run("from_file.py") == (
        1, "", "which configuration? python examples/python/from_file.py FILE [PROMPT]\n",
    )  # fmt: skip


async def test_a_file_that_is_not_there_is_said(run):
    code, out, err = await run("from_file.py", "nowhere.json")
    assert (code, out) == (1, "")
    assert err == "nowhere.json: there is no such file; name one that exists\n"


@pytest.mark.parametrize("name", ["sequential.py", "fastest.py", "load_balanced.py"])
async def test_without_a_key_the_one_that_is_missing_is_said(run, monkeypatch, name):
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.delenv("OPENAI_API_KEY")
    code, out, err = await run(name)
    assert (code, out) == (1, "")
    assert err.startswith("FallbackConfig: no model of any chain can be called; set one of ")
    assert "OPENAI_API_KEY" in err


@pytest.mark.parametrize("name", ["fastest.py", "load_balanced.py"])
async def test_when_all_fail_it_is_said_without_a_traceback(run, provider, name):
    provider.says = {"gpt-4o": 400 + 29, "gpt-4o-mini": 400 + 29}
    code, out, err = await run(name)
    assert (code, out) == (1, "")
    assert err.startswith("no model could answer (")
    assert err.count("\n") == 1
