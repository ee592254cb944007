"""A caller that stays and stops reading: it slows the provider, takes little memory, and is given up in time."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from hotspare.gateway.limits import ConnectionLimits

MEGABYTE = 1 << 20
IMPATIENT = ConnectionLimits(reader_seconds=0.4)


@asynccontextmanager
async def _caller(house, request):
    """A socket that has asked, and of which nobody reads. Its own buffer is small."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, ("127.0.0.1", house.port))
        await loop.sock_sendall(raw, request)
        yield raw


@pytest.fixture
def stream(fake, chat):
    return fake.request("POST", "/v1/chat/completions", chat(stream=True))


async def _settled(house):
    """How much the provider has got rid of, once it gets rid of no more."""
    before = -1
    async with asyncio.timeout(10):
        while house.alpha.written != before or not before:
            before = house.alpha.written
            await asyncio.sleep(0.1)
    return before


async def test_a_caller_that_does_not_read_stops_the_provider(open_house, stream):
    house = await open_house()
    house.alpha.flood = True
    async with _caller(house, stream):
        assert await _settled(house) < 24 * MEGABYTE  # what the buffers of four sockets take
        [connection] = house.gateway._traffic._state.connections
        assert connection._transport.get_write_buffer_size() < MEGABYTE
        assert house.engine.in_flight == 1


async def test_a_caller_that_takes_nothing_for_its_time_has_left(open_house, stream, rows):
    house = await open_house(limits=IMPATIENT)
    house.alpha.flood = True
    async with _caller(house, stream), asyncio.timeout(10):
        await house.alpha.left.wait()
        await house.engine.drained(5)
    [row] = await rows(house)
    assert (row["verdict"], row["model"]) == ("caller_left", None)
    [explained] = await rows(house, "explain", id=row["id"])
    assert explained["attempts"][0]["cancelled"]
    assert not house.gateway._traffic._state.connections


async def test_a_slow_caller_that_goes_on_reading_stays(open_house, stream):
    house = await open_house(limits=ConnectionLimits(reader_seconds=2.0))
    house.alpha.flood = True
    async with _caller(house, stream) as raw:
        await _settled(house)
        taken = 0
        for _ in range(18):
            await asyncio.sleep(0.15)
            taken += len(await asyncio.get_running_loop().sock_recv(raw, 200_000))
        assert taken > 100_000
        assert house.engine.in_flight == 1
        assert not house.alpha.left.is_set()


async def test_a_caller_that_takes_its_time_before_an_answer_is_no_slow_reader(open_house, stream):
    house = await open_house(limits=IMPATIENT)
    house.alpha.hold = True
    async with _caller(house, stream):
        await asyncio.sleep(1.0)  # everything that was sent has been taken, by its system at least
        assert house.engine.in_flight == 1


async def test_one_caller_that_does_not_read_holds_up_no_other(open_house, stream, fake, chat):
    house = await open_house()
    house.alpha.flood = True
    async with _caller(house, stream):
        await _settled(house)
        house.alpha.flood = False
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(fake.request("POST", "/v1/chat/completions", chat()))
        assert (await fake.read_answer(reader)).status == 200
        writer.close()
        await writer.wait_closed()
