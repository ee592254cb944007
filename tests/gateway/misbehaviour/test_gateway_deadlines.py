"""Whatever a provider does or leaves undone, a caller has its first byte or its error inside the deadline.

The limits here are short; what is measured is the wire.
"""

import asyncio
from types import SimpleNamespace

import pytest

from hotspare.router.settings import Limits

LIMITS = Limits(connect_seconds=5.0, first_content_seconds=0.6, silence_seconds=0.3, attempt_seconds=0.6, retries=1)
DEADLINE_SECONDS = 1.0
SLACK_SECONDS = 0.8
"""For a machine with other things to do. Four attempts at their own limits would take 2.4 s."""

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
CHOICE = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'


def chunk(piece):
    return b"%x\r\n%b\r\n" % (len(piece), piece)


MISBEHAVIOURS = {
    "says nothing": (b"", b""),
    "drips its head": (b"HTTP/1.1 200 OK\r\nx-a: ", b"a"),
    "says go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "gives a head only": (STREAM, b""),
    "drips an event": (STREAM + chunk(b"data: "), chunk(b"x")),
    "drips a body": (JSON + chunk(b"{"), chunk(b" ")),
    "drips the size of a chunk": (JSON + b"1", b"0"),
    "comments": (STREAM, chunk(b": keep-alive\n\n")),
    "says nothing in events": (STREAM, chunk(CHOICE % b"")),
    "fails slowly": (b"HTTP/1.1 500 X\r\ncontent-length: 9999\r\n\r\n", b" "),
    "limits slowly": (b"HTTP/1.1 429 X\r\nretry-after: 1\r\ncontent-length: 9999\r\n\r\n", b""),
    "talks, then drips": (STREAM + chunk(CHOICE % b"half"), chunk(b"x")),
}
"""What a provider sends, and what it goes on to send for ever."""


def plays(first, then):
    async def play(line):
        await line.send(first)
        if then:
            await line.for_ever(then)
        await line.gone()

    return play


async def hangs_up(line):
    line.reset()


@pytest.fixture
def measure(ask):
    """Ask, and say when the first byte and the last one came, in seconds."""

    async def run(house, *, stream):
        loop = asyncio.get_running_loop()
        async with ask(house, stream=stream) as (reader, writer), asyncio.timeout(10):
            began = loop.time()
            body = first = await reader.read(1)
            first_seconds = loop.time() - began
            while not body.endswith((b"\r\n0\r\n\r\n", b"}", b"}}")):
                body += await reader.read(65536)
                assert len(body) < 100_000
            ended_seconds = loop.time() - began
            writer.write_eof()
        assert first
        return SimpleNamespace(first=first_seconds, ended=ended_seconds, body=body)

    return run


@pytest.fixture
def outcome(open_house, measure):
    """What is wrong with how a request ends whose four models all do the same; "" where nothing is."""

    async def run(delivery, *plays, ports=()):
        house = await open_house(
            *plays,
            ports=ports,
            limits=LIMITS,
            deadline_seconds=DEADLINE_SECONDS,
            stream_delivery="whole" if delivery == "whole" else "live",
        )
        told = await measure(house, stream=delivery != "plain")
        async with asyncio.timeout(5):
            await house.engine.drained(2)
            for provider in house.providers:
                for line in provider.lines:
                    await line.closed.wait()
        [record] = house.records
        if max(told.first, told.ended) > DEADLINE_SECONDS + SLACK_SECONDS:
            return f"first byte after {told.first:.1f} s, last after {told.ended:.1f} s"
        return "" if record.verdict == "failed" else record.verdict

    return run


@pytest.mark.parametrize("delivery", ["plain", "live", "whole"])
async def test_no_misbehaviour_outlives_the_deadline(outcome, blackhole, delivery):
    told = await asyncio.gather(
        *(outcome(delivery, *[plays(*play)] * 4) for play in MISBEHAVIOURS.values()),
        outcome(delivery, *[hangs_up] * 4),
        outcome(delivery, ports=(blackhole,) * 4),
    )
    names = [*MISBEHAVIOURS, "hangs up", "never connects"]
    assert {name: wrong for name, wrong in zip(names, told, strict=True) if wrong} == {}


async def test_the_attempt_s_own_limits_hold_before_the_deadline(open_house, measure):
    house = await open_house(plays(*MISBEHAVIOURS["drips an event"]), limits=LIMITS, deadline_seconds=30.0)
    told = await measure(house, stream=True)
    assert told.first < LIMITS.first_content_seconds + SLACK_SECONDS
    [attempt] = house.records[0].attempts
    assert attempt.trigger == "timeout"


async def test_a_provider_that_talks_for_ever_gets_its_caller_a_first_byte_in_time(open_house, ask):
    """Held until it is whole, which it never is: the caller's connection lives all the same."""
    talks = plays(STREAM, chunk(CHOICE % b"more "))
    house = await open_house(talks, limits=LIMITS, deadline_seconds=DEADLINE_SECONDS, stream_delivery="whole")
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with ask(house) as (reader, _), asyncio.timeout(10):
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        assert loop.time() - began < DEADLINE_SECONDS + SLACK_SECONDS
        await reader.readuntil(b": keep-alive\n\n")
        assert house.engine.in_flight == 1
    async with asyncio.timeout(5):
        await house.providers[0].lines[0].closed.wait()
