import asyncio
import json
from collections import Counter
from random import Random

import pytest

from hotspare.probes.callers import CALLERS
from hotspare.probes.loopback import LoopbackServer
from hotspare.probes.traffic import HOLD_BACK_CAP_SECONDS, HOLD_BACK_SECONDS, IN_FLIGHT, PATH, Traffic, is_whole_stream

STREAM = b'data: {"choices":[]}\n\ndata: [DONE]\n\n'
PLAIN = (("content-type", "application/json"),)


class FakeGateway:
    """Answers as `script(number, asked)` says (status, headers, body), and remembers who asked what."""

    name = "fake gateway"

    def __init__(self, script):
        self.script = script
        self.asked = []
        self.targets = set()
        self.seen = asyncio.Condition()

    def meet(self, reply):
        pass

    async def handle(self, request, reply):
        self.asked.append((request.head.headers, json.loads(request.body)))
        self.targets.add(request.head.first[:2])
        status, headers, body = self.script(len(self.asked), self.asked[-1][1])
        await reply.whole(status, (*PLAIN, *headers), body)
        async with self.seen:
            self.seen.notify_all()

    async def until(self, count):
        async with self.seen:
            await self.seen.wait_for(lambda: len(self.asked) >= count)


def well(_, asked):
    return 200, (("x-hotspare-fallback", "false"),), STREAM if asked.get("stream") else b"{}"


async def run(script, fake_time, count=30, seed=1):
    gateway = FakeGateway(script)
    async with LoopbackServer(gateway) as server:
        async with Traffic(server.port, random=Random(seed), sleep=fake_time.sleep) as traffic:
            async with asyncio.timeout(10):
                await gateway.until(count)
        return gateway, traffic.tally


async def test_three_callers_ask_under_their_names(fake_time):
    gateway, _ = await run(well, fake_time, count=60)
    names = Counter(headers["x-hotspare-caller"] for headers, _ in gateway.asked)
    agents = {headers["x-hotspare-caller"]: headers["user-agent"] for headers, _ in gateway.asked}
    assert set(names) == {"shop-api", "support-bot", "nightly-batch"}
    assert agents == {caller.name: caller.user_agent for caller in CALLERS}
    assert all(headers["x-session-id"].startswith(headers["x-hotspare-caller"]) for headers, _ in gateway.asked)
    assert gateway.targets == {("POST", PATH)}


async def test_plain_and_streamed_requests_are_mixed(fake_time):
    gateway, _ = await run(well, fake_time, count=60)
    streamed = [asked.get("stream", False) for _, asked in gateway.asked]
    assert 5 < sum(streamed) < 55


async def test_a_support_session_sends_along_what_was_said(fake_time):
    gateway, _ = await run(well, fake_time, count=60)
    longest = max(len(asked["messages"]) for _, asked in gateway.asked)
    assert longest == 2 + 2 * 4


async def test_good_answers_are_counted_and_fallbacks_among_them(fake_time):
    def script(number, asked):
        status, _, body = well(number, asked)
        return status, (("x-hotspare-fallback", "true" if number % 3 == 0 else "false"),), body

    _, tally = await run(script, fake_time)
    assert tally.sent >= tally.ok >= 24
    assert tally.failed == tally.held_back == 0
    assert abs(tally.fallback - tally.ok / 3) <= 3


@pytest.mark.parametrize(
    ("status", "body", "held_back"),
    [(500, b"{}", False), (404, b"{}", False), (429, b"{}", True), (503, b"{}", True)],
)
async def test_bad_answers_are_counted_as_failed(fake_time, status, body, held_back):
    _, tally = await run(lambda *_: (status, (), body), fake_time)
    assert tally.ok == 0
    assert tally.failed >= 24
    assert tally.held_back == (tally.failed if held_back else 0)


async def test_a_stream_that_ends_in_an_error_is_failed(fake_time):
    broken = b'data: {"choices":[]}\n\ndata: {"error":{"message":"cut"}}\n\n'
    _, tally = await run(lambda _, asked: (200, (), broken if asked.get("stream") else b"{}"), fake_time, count=60)
    assert tally.failed > 5
    assert tally.ok > 5


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (STREAM, True),
        (STREAM.rstrip(), True),
        (b'data: {"choices":[]}\n\n', False),
        (b"", False),
        (b'data: {"error":{}}\n\ndata: [DONE]\n\n', False),
    ],
)
def test_a_stream_is_whole_with_its_end_and_without_an_error(body, whole):
    assert is_whole_stream(body) is whole


@pytest.mark.parametrize(("told", "waited"), [("3", 3.0), ("60", HOLD_BACK_CAP_SECONDS), ("soon", HOLD_BACK_SECONDS)])
async def test_a_caller_that_is_told_to_wait_waits_a_little(fake_time, told, waited):
    await run(lambda *_: (503, (("retry-after", told),), b"{}"), fake_time)
    assert fake_time.slept.count(waited) > 20


async def test_no_caller_has_more_than_its_places_open(fake_time):
    in_flight, most = Counter(), Counter()
    full = asyncio.Event()

    class Hanging(FakeGateway):
        async def handle(self, request, reply):  # it never answers
            name = request.head.headers["x-hotspare-caller"]
            in_flight[name] += 1
            most[name] = max(most[name], in_flight[name])
            if sum(in_flight.values()) == IN_FLIGHT * len(CALLERS):
                full.set()
            await asyncio.Event().wait()

    async with (
        LoopbackServer(Hanging(well)) as server,
        Traffic(server.port, random=Random(1), sleep=fake_time.sleep) as traffic,
    ):
        async with asyncio.timeout(10):
            await full.wait()
        for _ in range(200):
            await asyncio.sleep(0)
        assert traffic.tally.sent == IN_FLIGHT * len(CALLERS)
    assert set(most.values()) == {IN_FLIGHT}


async def test_a_gateway_that_is_away_is_counted_and_waited_for(fake_time, unused_tcp_port):
    enough = asyncio.Event()

    async def sleep(seconds):
        fake_time.slept.append(seconds)
        if fake_time.slept.count(HOLD_BACK_SECONDS) > 5:
            enough.set()
        await asyncio.sleep(0)

    async with Traffic(unused_tcp_port, random=Random(1), sleep=sleep) as traffic, asyncio.timeout(10):
        await enough.wait()
    assert traffic.tally.failed > 5
    assert traffic.tally.ok == 0


async def test_a_higher_rate_makes_the_gaps_shorter():
    gaps = {}
    for rate in (1.0, 4.0):
        gaps[rate] = []

        async def sleep(seconds, rate=rate):
            gaps[rate].append(seconds)
            await asyncio.Event().wait()

        async with Traffic(1, random=Random(1), rate=rate, sleep=sleep):
            for _ in range(5):
                await asyncio.sleep(0)
    assert gaps[4.0] == pytest.approx([gap / 4 for gap in gaps[1.0]])
    assert len(gaps[1.0]) == 3


async def test_closing_twice_is_closing_once(fake_time):
    async with Traffic(1, random=Random(1), sleep=fake_time.sleep) as traffic:
        await traffic.aclose()
        sent = traffic.tally.sent
    assert traffic.tally.sent == sent


async def test_a_fault_in_a_caller_is_not_kept_quiet():
    async def sleep(_):
        raise LookupError("mine")

    traffic = await Traffic(1, random=Random(1), sleep=sleep).__aenter__()
    for _ in range(5):
        await asyncio.sleep(0)
    with pytest.raises(ExceptionGroup):
        await traffic.aclose()


async def test_closing_stops_at_once_and_leaves_no_task(fake_time):
    class Hanging(FakeGateway):
        async def handle(self, request, reply):  # it never answers
            self.asked.append(request)
            async with self.seen:
                self.seen.notify_all()
            await asyncio.Event().wait()

    before = asyncio.all_tasks()
    gateway = Hanging(well)
    async with LoopbackServer(gateway) as server:
        async with Traffic(server.port, random=Random(1), sleep=fake_time.sleep) as traffic:
            await gateway.until(3)
        named = [task.get_name() for task in asyncio.all_tasks() - before]
        assert [name for name in named if name != gateway.name] == []
        sent = traffic.tally.sent
        await asyncio.sleep(0)
        assert traffic.tally.sent == sent
    assert asyncio.all_tasks() == before
