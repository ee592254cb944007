"""The console's way to an instance in another process, against one that runs."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from hotspare.app.admin_client import InstanceGone
from hotspare.app.remote import RemoteBackend
from hotspare.app.way import SocketWay
from hotspare.engine.backend import Prompt
from hotspare.gateway import admin_wire
from hotspare.router.command import DisableModel, EnableModel, JournalEntry, Refusal
from hotspare.router.error import HotspareError


def socket_of(home):
    [socket] = Path(home.environment["XDG_RUNTIME_DIR"], "hotspare").glob("*.sock")
    return socket


@pytest.fixture
def backend(demo):
    return RemoteBackend(SocketWay(socket_of(demo)), who="ada")


async def test_a_snapshot_comes_whole(backend):
    snapshot = await backend.snapshot()
    assert snapshot.instance.demo
    assert snapshot.models[0].name == "claude"
    assert len(snapshot.models[0].lane) > 1


async def test_the_past_can_be_asked_for(backend):
    rows = await backend.query("requests", last=2)
    assert len(rows) == 2


async def test_a_question_that_is_none_is_refused_in_a_sentence(backend):
    with pytest.raises(HotspareError, match="nonsense"):
        await backend.query("nonsense")


async def test_a_command_is_carried_out_or_refused(backend):
    done = await backend.apply(DisableModel("local"), who="somebody", why="a test")
    assert isinstance(done, JournalEntry)
    assert "somebody" in done.change.who
    refused = await backend.apply(EnableModel("no-such-model"), who="somebody")
    assert isinstance(refused, Refusal)


async def test_a_prompt_is_followed_from_its_route_to_its_end(backend):
    async with aclosing(backend.send_prompt(Prompt("hello", model="haiku"))) as events:
        seen = [event async for event in events]
    assert {"route", "text"} <= {event.kind for event in seen}
    assert seen[-1].kind == "end"
    assert seen[-1].request_id


async def test_events_come_as_they_happen(backend):
    async with aclosing(backend.events()) as events:
        first = await anext(events)
    assert first["event"] in {"request", "act"}


async def test_an_instance_that_is_gone_is_said_to_be_gone(tmp_path):
    with pytest.raises(InstanceGone, match="does not run"):
        await RemoteBackend(SocketWay(tmp_path / "nobody.sock")).snapshot()


async def test_consoles_know_of_each_other_and_not_of_themselves(demo):
    one, two = (RemoteBackend(SocketWay(socket_of(demo)), who=who) for who in ("grace", "alan"))
    await one.snapshot()
    seen = " ".join(console.who for console in (await two.snapshot()).consoles)
    assert "as grace" in seen
    assert "as alan" not in seen
    assert "as alan" in " ".join(console.who for console in (await one.snapshot()).consoles)
    assert "as grace" in demo.hotspare("status").out


class Silent:
    """A way to an instance that takes a call and says nothing."""

    where = "nowhere"

    async def connect(self):
        return asyncio.StreamReader(), self

    def write(self, data):
        pass

    def close(self):
        pass


@pytest.mark.looptime
async def test_an_instance_that_is_silent_is_lost_in_seconds():
    with pytest.raises(InstanceGone, match="no answer within 3 s"):
        await RemoteBackend(Silent()).snapshot()


class Told:
    """A way to an instance that answers with what it is given."""

    where, host = "here", ""

    def __init__(self, snapshot):
        self.snapshot = snapshot

    async def connect(self):
        body, reader = admin_wire.encode(self.snapshot), asyncio.StreamReader()
        reader.feed_data(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        return reader, self

    def write(self, data):
        pass

    def close(self):
        pass


async def test_figures_told_in_the_same_words_are_the_same_figures(backend):
    way = Told(await backend.snapshot())
    here = RemoteBackend(way)
    first = await here.snapshot()
    assert first == way.snapshot
    assert await here.snapshot() is first
    way.snapshot = replace(way.snapshot, callers=first.callers + 1)
    assert await here.snapshot() == way.snapshot
