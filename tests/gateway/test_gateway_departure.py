"""A caller that leaves ends its request at once."""

import asyncio
import socket
import struct

import pytest


async def _ends(engine):
    async with asyncio.timeout(2):
        await engine.ended.wait()
    assert engine.cancelled == 1


@pytest.mark.parametrize("model", ["slow", "quiet", "endless"])
async def test_leaving_cancels_the_request(place, fake, chat, model):
    async with place.connection() as (_, writer):
        writer.write(fake.request("POST", "/v1/chat/completions", chat(model, stream=model != "slow")))
        await place.engine.begun.wait()
    await _ends(place.engine)


async def test_a_reset_cancels_the_request(place, fake, chat):
    async with place.connection() as (_, writer):
        writer.write(fake.request("POST", "/v1/chat/completions", chat("quiet", stream=True)))
        await place.engine.begun.wait()
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    await _ends(place.engine)


async def test_a_caller_that_closes_its_sending_half_has_left(place, fake, chat):
    async with place.connection() as (_, writer):
        writer.write(fake.request("POST", "/v1/chat/completions", chat("quiet", stream=True)))
        await place.engine.begun.wait()
        writer.write_eof()
        await _ends(place.engine)


async def test_leaving_is_seen_after_a_large_body(place, fake, chat):
    async with place.connection() as (_, writer):
        body = chat("slow", padding="p" * 120_000)
        asked = fake.request("POST", "/v1/chat/completions", body)
        writer.write(asked[: -len(body)])
        await asyncio.sleep(0.05)  # so that the body is waited for, and comes as one piece
        writer.write(body)
        await place.engine.begun.wait()
    await _ends(place.engine)


async def test_leaving_with_another_request_waiting_behind_cancels_the_one_that_runs(place, fake, chat):
    async with place.connection() as (_, writer):
        asked = fake.request("POST", "/v1/chat/completions", chat("endless", stream=True))
        writer.write(asked + fake.request("GET", "/health/live"))
        await place.engine.begun.wait()
    await _ends(place.engine)


async def test_leaving_in_the_middle_of_the_body_asks_the_engine_nothing(place, fake, caplog):
    async with place.connection() as (_, writer):
        writer.write(fake.request("POST", "/v1/chat/completions", b'{"model"', content_length="100"))
        await asyncio.sleep(0.02)
        assert place.gateway.running == 1
    async with asyncio.timeout(2):
        await asyncio.wait(tuple(place.gateway._traffic._state.tasks))
    assert not place.engine.calls
    assert not caplog.records


async def test_a_caller_that_stays_is_never_cancelled(place, fake, chat):
    async with place.connection() as (reader, writer):
        writer.write(fake.request("POST", "/v1/chat/completions", chat()))
        assert (await fake.read_answer(reader)).status == 200
    assert place.engine.cancelled == 0


async def test_sixty_that_leave_at_once_are_all_cancelled(place, fake, chat):
    async def leave():
        async with place.connection() as (reader, writer):
            writer.write(fake.request("POST", "/v1/chat/completions", chat("endless", stream=True)))
            await reader.readuntil(b"more")

    await asyncio.gather(*(leave() for _ in range(60)))
    async with asyncio.timeout(3):
        for _ in range(60):
            await place.engine.departures.acquire()
    assert place.engine.cancelled == 60
