"""Where the gateway listens, what it says when it cannot, and how it stops."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from hotspare.gateway.listening import CannotListen, bind_tcp, bind_unix, port_of
from hotspare.gateway.port_holder import holder_of


async def test_both_loopbacks_are_served_on_one_port(place, fake):
    bound = place.gateway._traffic._servers
    addresses = {server.sockets[0].getsockname()[0] for server in bound}
    assert "127.0.0.1" in addresses
    assert addresses <= {"127.0.0.1", "::1"}
    if "::1" in addresses:
        reader, writer = await asyncio.open_connection("::1", place.port)
        writer.write(fake.request("GET", "/health/live", host="[::1]"))
        assert (await fake.read_answer(reader)).status == 204
        writer.close()
        await writer.wait_closed()


async def test_a_busy_port_says_who_holds_it_and_which_flag_changes_it(place, open_gateway):
    with pytest.raises(CannotListen) as caught:
        bind_tcp("127.0.0.1", place.port)
    assert caught.value.title == f"Port {place.port} is in use by {_own_name()}, pid {os.getpid()}."
    assert "--port" in caught.value.hint


def test_a_port_that_only_the_other_loopback_holds_is_busy():
    try:
        held = socket.socket(socket.AF_INET6)
        held.bind(("::1", 0))
    except OSError:
        return  # no ::1 here: nothing can be held there
    with held:
        held.listen()
        with pytest.raises(CannotListen):
            bind_tcp("127.0.0.1", held.getsockname()[1])


def test_a_failed_start_leaves_nothing_bound():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(CannotListen):
            bind_tcp("127.0.0.1", port)
    for bound in bind_tcp("127.0.0.1", port):
        bound.close()


def test_a_host_that_is_not_ours_is_told():
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1"):
        bind_tcp("192.0.2.1", 0)


def test_nobody_holds_a_free_port(tmp_path):
    sockets = bind_tcp("127.0.0.1", 0)
    port = port_of(sockets)
    for bound in sockets:
        bound.close()
    assert holder_of(port) == ""
    assert holder_of(port, proc=tmp_path) == ""


def test_the_listening_sockets_are_made_for_tcp_without_delay():
    sockets = bind_tcp("127.0.0.1", 0)
    for bound in sockets:
        assert bound.proto == socket.IPPROTO_TCP
        assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        bound.close()


async def test_another_address_needs_a_token(open_gateway):
    with pytest.raises(CannotListen, match="use your keys"):
        await open_gateway(host="0.0.0.0")


def _own_name():
    return Path("/proc/self/comm").read_text().strip()


# ------------------------------------------------------------------ the instance socket
async def test_the_instance_socket_is_private(open_gateway):
    place = await open_gateway(unix=True)
    assert stat.S_IMODE(place.socket_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.socket_path.parent.stat().st_mode) == 0o700


def test_a_wide_folder_is_narrowed(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    before = os.umask(0o022)
    os.umask(before)
    bind_unix(folder / "a.sock").close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert os.umask(before) == before


def test_the_instance_socket_is_nobody_elses_from_its_first_moment(tmp_path, monkeypatch):
    modes = []
    narrow = Path.chmod

    def noted(path, mode):
        modes.append(stat.S_IMODE(path.stat().st_mode))
        narrow(path, mode)

    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setattr(Path, "chmod", noted)
    before = os.umask(0o000)
    try:
        bind_unix(tmp_path / "run" / "a.sock").close()
    finally:
        os.umask(before)
    assert not modes[-1] & 0o077


def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(CannotListen, match="belongs to another user"):
        bind_unix(tmp_path / "a.sock")


def test_a_stale_socket_is_replaced(tmp_path):
    path = tmp_path / "a.sock"
    bind_unix(path).close()
    assert path.exists()
    bind_unix(path).close()


def test_a_socket_that_is_answered_stays(tmp_path):
    path = tmp_path / "a.sock"
    with bind_unix(path):
        with pytest.raises(CannotListen, match="answers on"):
            bind_unix(path)
        assert path.exists()


def test_a_file_in_the_sockets_place_stays(tmp_path):
    path = tmp_path / "a.sock"
    path.write_text("mine")
    with pytest.raises(CannotListen, match="no socket"):
        bind_unix(path)
    assert path.read_text() == "mine"


async def test_a_taken_instance_socket_frees_the_port_again(open_gateway):
    first = await open_gateway(unix=True)
    with pytest.raises(CannotListen):
        await open_gateway(unix=True)
    assert first.socket_path.exists()


# ------------------------------------------------------------------ stopping
async def test_stopping_lets_what_runs_finish(open_gateway, chat):
    place = await open_gateway()
    asked = asyncio.create_task(place.ask("POST", "/v1/chat/completions", chat("slow")))
    await place.engine.begun.wait()
    stopping = asyncio.create_task(place.gateway.stop(5.0))
    await asyncio.sleep(0.02)
    assert place.engine.draining
    assert not stopping.done()
    with pytest.raises(OSError):  # noqa: PT011  # refused or reset, as the system has it
        await place.ask("GET", "/health/live")
    place.engine.go_on.set()
    answer = await asked
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    async with asyncio.timeout(1):
        await stopping


async def test_stopping_ends_what_takes_too_long(open_gateway, fake, chat):
    place = await open_gateway()
    async with place.connection() as (reader, writer):
        writer.write(fake.request("POST", "/v1/chat/completions", chat("quiet", stream=True)))
        await place.engine.begun.wait()
        async with asyncio.timeout(2):
            await place.gateway.stop(0.05)
        assert place.engine.cancelled == 1
        assert not (await reader.read()).endswith(b"0\r\n\r\n")  # a cut, which no client takes for an end


async def test_stopping_does_not_wait_for_idle_connections(open_gateway, fake):
    place = await open_gateway()
    async with place.connection() as (reader, writer):
        writer.write(fake.request("GET", "/health/live"))
        await fake.read_answer(reader)
        async with asyncio.timeout(1):
            await place.gateway.stop(30.0)
            assert await reader.read() == b""


async def test_stopping_removes_the_instance_socket(open_gateway):
    place = await open_gateway(unix=True)
    async with asyncio.timeout(2):
        await place.gateway.stop(1.0)
    assert not place.socket_path.exists()


async def test_stopping_leaves_the_socket_of_a_successor(open_gateway):
    place = await open_gateway(unix=True)
    place.socket_path.unlink()
    successor = bind_unix(place.socket_path)
    await place.gateway.stop(0.0)
    assert place.socket_path.exists()
    successor.close()


def test_a_path_that_is_too_long_for_a_socket_is_said_to_be_that(tmp_path):
    with pytest.raises(CannotListen, match="its path is too long for a socket") as refused:
        bind_unix(tmp_path / ("x" * 110 + ".sock"))
    assert "TMPDIR" in refused.value.hint
