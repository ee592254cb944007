"""A provider sends far more than its caller takes: it is held back, and memory stays as it was."""

import asyncio
import gc
import tracemalloc

import pytest

from hotspare.engine.holding import HELD_BYTES

MEGABYTE = 1 << 20
END = b"data: [DONE]\n\n\r\n0\r\n\r\n"


@pytest.fixture
def pouring(wire):
    """A stream of so many MB, as fast as it is taken."""
    piece = wire.event({"content": "w" * 8000})
    chunk = b"%x\r\n%b\r\n" % (len(piece), piece)

    def sending(megabytes, *, cut=False):
        async def pour(line):
            await line.stream(wire.ROLE)
            for _ in range(megabytes * MEGABYTE // len(chunk)):
                await line.send(chunk)
            if cut:
                line.writer.close()
                return
            await line.chunks(*wire.ENDING)
            await line.end()

        return pour

    return sending


async def size_of_all(reader):
    """Reads an answer to its end."""
    size, end = 0, b""
    async with asyncio.timeout(60):
        while not end.endswith(END):
            piece = await reader.read(MEGABYTE)
            assert piece
            size += len(piece)
            end = (end + piece)[-100:]
    return size


@pytest.fixture
def settled():
    """How much the provider has got rid of, once it gets rid of no more."""

    async def wait(line):
        before = -1
        async with asyncio.timeout(20):
            while line.sent != before or not before:
                before = line.sent
                await asyncio.sleep(0.2)
        return before

    return wait


@pytest.fixture
def memory():
    """Bytes that Python holds now."""
    tracemalloc.start()

    def now():
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    yield now
    tracemalloc.stop()


async def test_a_caller_that_reads_nothing_holds_back_a_provider_and_then_gets_all(
    open_house, ask, pouring, settled, memory
):
    house = await open_house(pouring(50))
    before = memory()
    async with ask(house) as (reader, _):
        await house.providers[0].asked.wait()
        [line] = house.providers[0].lines
        assert await settled(line) < 24 * MEGABYTE  # what the buffers of four sockets take
        assert memory() - before < 6 * MEGABYTE  # ours, the provider's and this reader's
        assert await size_of_all(reader) > 49 * MEGABYTE
    assert house.records[0].verdict == "answered"


async def test_more_than_is_held_is_not_taken_from_the_provider(open_house, ask, pouring, fake, memory, text_of):
    house = await open_house(pouring(50), lambda line: line.answer("short"), stream_delivery="whole")
    before = memory()
    async with ask(house) as (reader, _):
        async with asyncio.timeout(20):
            answer = await fake.read_answer(reader)
    assert text_of(answer.body) == "short"
    [line] = house.providers[0].lines
    async with asyncio.timeout(5):
        await line.closed.wait()
    assert HELD_BYTES < line.sent < HELD_BYTES + 16 * MEGABYTE
    assert house.records[0].reason == "malformed"
    assert memory() - before < 2 * MEGABYTE


async def test_what_was_held_of_a_failed_attempt_is_let_go_of_at_once(open_house, ask, pouring, memory):
    async def hang(line):
        await line.gone()

    house = await open_house(pouring(12, cut=True), hang, stream_delivery="whole")
    before = memory()
    async with ask(house):
        await house.providers[1].asked.wait()
        assert house.providers[0].lines[0].sent > 11 * MEGABYTE
        assert memory() - before < 4 * MEGABYTE


async def test_a_whole_answer_that_nobody_reads_is_held_once_and_keeps_no_model_busy(
    open_house, ask, pouring, settled, memory
):
    house = await open_house(pouring(12), stream_delivery="whole")
    before = memory()
    async with ask(house) as (reader, _):
        await house.providers[0].asked.wait()
        [line] = house.providers[0].lines
        assert await settled(line) > 11 * MEGABYTE
        assert house.engine.in_flight == 1
        assert house.engine.router.states["alpha"].in_flight == 0
        assert memory() - before < 18 * MEGABYTE
        assert await size_of_all(reader) > 11 * MEGABYTE
    assert house.records[0].verdict == "answered"
    assert memory() - before < 4 * MEGABYTE
