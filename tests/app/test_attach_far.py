"""Attaching through ssh. The `ssh` on the PATH is a program that runs the command here, as sshd does there."""

import asyncio
import json
import os
import signal
import subprocess
from contextlib import aclosing
from pathlib import Path

import pytest

from hotspare.app.admin_client import InstanceGone
from hotspare.app.relay import END, HEAD, frame
from hotspare.app.remote import RemoteBackend
from hotspare.app.ssh import Far, NotAttached, reached
from hotspare.engine.backend import Prompt

PATIENCE_SECONDS = 20.0

SSH = """#!/bin/sh
echo "$@" >> "$0.log"
echo $$ > "$0.pid"
while [ "$1" != -- ]; do shift; done
shift 2
echo "Welcome to this machine"
eval "exec $*"
"""


def put_ssh(folder, text=SSH):
    folder.mkdir(exist_ok=True)
    ssh = folder / "ssh"
    ssh.write_text(text)
    ssh.chmod(0o755)
    return {"PATH": f"{folder}:{Path(os.sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture
def far(demo, tmp_path, monkeypatch):
    """A machine with a demo on it."""
    for name, value in {**demo.environment, **put_ssh(tmp_path / "bin")}.items():
        monkeypatch.setenv(name, value)
    return Far("box")


async def test_figures_acts_and_prompts_go_through_one_ssh_at_once(far, tmp_path):
    async with reached(far, heard=pytest.fail) as way, asyncio.timeout(PATIENCE_SECONDS):
        backend = RemoteBackend(way, who="ada")
        async with aclosing(backend.events()) as events, aclosing(backend.send_prompt(Prompt("hello"))) as prompt:
            seen = [event.kind async for event in prompt]
            snapshot = await backend.snapshot()
            assert len(await backend.query("requests", last=2)) == 2
            assert (await anext(events))["event"] in {"request", "act"}
    assert seen[-1] == "end"
    assert (snapshot.instance.name, snapshot.instance.host) == ("demo at box", "box")
    assert len((tmp_path / "bin" / "ssh.log").read_text().splitlines()) == 1


async def test_a_lost_connection_is_said_and_begun_anew_without_asking_anything(far, tmp_path):
    async with reached(far, heard=pytest.fail) as way, asyncio.timeout(PATIENCE_SECONDS):
        backend = RemoteBackend(way)
        await backend.snapshot()
        os.kill(pid_of(tmp_path), signal.SIGKILL)
        assert await until(backend, answers=False) == "the connection was lost"
        await until(backend, answers=True)
    first, again = (tmp_path / "bin" / "ssh.log").read_text().splitlines()
    assert "BatchMode" not in first
    assert "BatchMode=yes" in again
    assert "--instance demo" in again
    with pytest.raises(ProcessLookupError):
        os.kill(pid_of(tmp_path), 0)


async def until(backend, *, answers):
    """Look until it answers, or until it does not: then the reason."""
    while True:
        try:
            await backend.snapshot()
        except InstanceGone as error:
            if not answers:
                return error.reason
        else:
            if answers:
                return ""
        await asyncio.sleep(0.02)


def pid_of(folder):
    """The ssh that was started last."""
    return int((folder / "bin" / "ssh.pid").read_text())


@pytest.mark.parametrize(
    ("text", "told", "code"),
    [
        ("#!/bin/sh\necho 'box: Permission denied' >&2\nexit 255\n", "ssh did not get to box", 3),
        ("#!/bin/sh\nexit 127\n", "hotspare was not found at box", 3),
        ("#!/bin/sh\necho 'hotspare: no instance runs' >&2\nexit 3\n", "nothing to attach to at box", 3),
        ("#!/bin/sh\necho 'hotspare: several' >&2\nexit 2\n", "nothing to attach to at box", 2),
        ("#!/bin/sh\nexec yes\n", "is no Hotspare", 3),
        ('#!/bin/sh\necho \'{"hotspare-relay": 99, "version": "9"}\'; cat\n', "Hotspare 9", 3),
    ],
)
async def test_no_way_there_is_told_in_a_sentence_with_what_ssh_said(far, tmp_path, text, told, code):
    put_ssh(tmp_path / "bin", text)
    heard = []
    with pytest.raises(NotAttached) as caught:
        async with reached(far, heard=heard.append):
            pass
    assert told in caught.value.title
    assert caught.value.exit_code == code
    assert heard == ([caught.value.words] if ">&2" in text else [])


async def test_without_ssh_it_is_said(far, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(NotAttached, match="no ssh"):
        async with reached(far, heard=pytest.fail):
            pass


def test_a_host_that_looks_like_an_option_is_none():
    command = Far("-oProxyCommand=boom", "a b").command()
    assert command[command.index("--") + 1] == "-oProxyCommand=boom"
    assert command[-1] == "hotspare relay --instance 'a b'"


def test_the_screen_through_ssh_acts_and_names_the_machine(new_home, open_terminal, tmp_path):
    with new_home.running("demo", "--no-screen", "--port", "0"):
        new_home.until_it_runs(requests=1)
        screen = open_terminal(new_home, "attach", "box", "--as", "ada", **put_ssh(tmp_path / "bin"))
        screen.until("claude")
        screen.press("d", "Disabled")
        assert "(as ada)" in new_home.hotspare("journal", "--json").json[0]["who"]
        os.write(screen.master, b"q")
        assert screen.end() == 0
        screen.read()
        assert b"demo at box goes on serving" in screen.written


def test_the_relay_greets_and_says_of_each_channel_that_nobody_answers(new_home):
    with new_home.running("demo", "--no-screen", "--port", "0") as process:
        new_home.until_it_runs()
        program = [os.sys.executable, "-m", "hotspare", "relay"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(program, env=new_home.environment, **pipes) as relay:
            assert json.loads(relay.stdout.readline())["instance"] == "demo"
            process.send_signal(signal.SIGKILL)
            process.wait()
            relay.stdin.write(frame(7, 0, b"GET /snapshot HTTP/1.1\r\n\r\n"))
            relay.stdin.flush()
            channel, kind, length = HEAD.unpack(relay.stdout.read(HEAD.size))
            assert (channel, kind, relay.stdout.read(length)) == (7, END, b"it does not run")
            relay.stdin.close()
            assert relay.wait(PATIENCE_SECONDS) == 0


def test_the_relay_is_no_command_for_a_terminal(new_home, open_terminal):
    screen = open_terminal(new_home, "relay")
    assert screen.end() == 2
    assert "relay" not in new_home.hotspare("--help").out
