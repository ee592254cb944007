"""`stream_delivery = "whole"` on real sockets, with the official client: late faults are never seen."""

import asyncio

import anthropic
import msgspec
import openai
import pytest

from hotspare.router.settings import Limits

MESSAGES = [{"role": "user", "content": "hi"}]
LIMITS = Limits(retries=0, silence_seconds=0.3)


@pytest.fixture
def late(wire):
    """Ways in which a stream breaks after half of its answer has come."""
    half = (wire.ROLE, wire.event({"content": "half "}))

    async def cut(line):
        await line.stream(*half)
        line.writer.close()

    async def reset(line):
        await line.stream(*half, 0.05)
        line.reset()

    async def stall(line):
        await line.stream(*half)
        await line.gone()

    async def drip(line):
        await line.stream(*half, b"data: ")
        await line.for_ever(b"1\r\nx\r\n")

    async def error(line):
        await line.stream(*half, b'data: {"error": {"message": "Overloaded", "type": "overloaded_error"}}\n\n')
        await line.gone()

    async def no_end(line):
        await line.stream(*half)
        await line.end()

    return {
        "cut": (cut, "stream_cut"),
        "reset": (reset, "stream_cut"),
        "stall": (stall, "stream_stall"),
        "drip": (drip, "stream_stall"),
        "error": (error, "overloaded"),
        "no end": (no_end, "stream_cut"),
    }


def client_of(house):
    return openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{house.port}/v1", api_key="unused", max_retries=0, timeout=10)


def messages_client_of(house):
    return anthropic.AsyncAnthropic(base_url=f"http://127.0.0.1:{house.port}", api_key="unused", max_retries=0)


async def said(stream):
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


@pytest.mark.parametrize("fault", ["cut", "reset", "stall", "drip", "error", "no end"])
async def test_a_late_fault_falls_back_unseen(open_house, late, fault):
    behaviour, trigger = late[fault]
    house = await open_house(behaviour, lambda line: line.answer("whole"), limits=LIMITS, stream_delivery="whole")
    async with client_of(house) as client:
        raw = await client.chat.completions.with_raw_response.create(model="main", messages=MESSAGES, stream=True)
        assert await said(raw.parse()) == "whole"
    assert (raw.headers["x-hotspare-model"], raw.headers["x-hotspare-fallback"]) == ("beta", "true")
    [record] = house.records
    assert (record.verdict, record.model, record.reason) == ("answered", "beta", trigger)
    assert record.attempts[0].first_content_ms is not None
    if fault != "no end":  # which leaves the connection fit for another request
        async with asyncio.timeout(5):
            await house.providers[0].lines[0].closed.wait()


async def test_signs_of_life_are_comments_that_the_official_client_passes_over(open_house):
    house = await open_house(
        lambda line: line.answer("slow", pause=0.25), stream_delivery="whole", keep_alive_seconds=0.1
    )
    async with client_of(house) as client:
        raw = await client.chat.completions.with_raw_response.create(model="main", messages=MESSAGES, stream=True)
        assert await said(raw.parse()) == "slow"
    assert raw.headers["x-hotspare-request-id"] == house.records[0].id
    assert "x-hotspare-model" not in raw.headers
    assert "x-hotspare-fallback" not in raw.headers
    assert house.records[0].first_content_ms > 200


async def test_signs_of_life_on_the_wire(open_house, ask, fake, text_of):
    house = await open_house(
        lambda line: line.answer("slow", pause=0.25), stream_delivery="whole", keep_alive_seconds=0.1
    )
    async with ask(house) as (reader, _):
        answer = await fake.read_answer(reader)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    comments = answer.body.count(b": keep-alive\n\n")
    assert comments >= 3
    assert answer.body.startswith(b": keep-alive\n\n" * comments + b"data: {")
    assert text_of(answer.body) == "slow"
    assert answer.body.endswith(b"data: [DONE]\n\n")


async def test_an_answer_that_is_there_soon_has_all_its_headers_and_no_comment(open_house, ask, fake):
    house = await open_house(lambda line: line.answer("fast"), stream_delivery="whole")
    async with ask(house) as (reader, _):
        answer = await fake.read_answer(reader)
    assert (answer.headers["x-hotspare-model"], answer.headers["x-hotspare-fallback"]) == ("alpha", "false")
    assert b"keep-alive" not in answer.body


@pytest.mark.parametrize("keep_alive_seconds", [0.1, 5.0])
async def test_when_all_fail_late_the_client_is_told(open_house, late, keep_alive_seconds):
    stall, _ = late["stall"]
    house = await open_house(
        stall, stall, limits=LIMITS, stream_delivery="whole", keep_alive_seconds=keep_alive_seconds
    )
    async with client_of(house) as client:
        with pytest.raises(openai.APIError) as caught:
            await said(await client.chat.completions.create(model="main", messages=MESSAGES, stream=True))
    assert caught.value.code == "all_models_failed"
    assert isinstance(caught.value, openai.APIStatusError) == (keep_alive_seconds > 1)
    assert caught.value.body["request_id"] == house.records[0].id
    assert house.records[0].verdict == "failed"


async def test_anthropics_client_passes_over_signs_of_life_too(open_house):
    house = await open_house(
        lambda line: line.answer("slow", pause=0.25), stream_delivery="whole", keep_alive_seconds=0.1
    )
    async with (
        messages_client_of(house) as client,
        client.messages.stream(model="main", max_tokens=9, messages=MESSAGES) as stream,
    ):
        assert await stream.get_final_text() == "slow"
    assert house.records[0].first_content_ms > 200


async def test_when_all_fail_late_anthropics_client_is_told_in_its_own_words(open_house, late):
    stall, _ = late["stall"]
    house = await open_house(stall, limits=LIMITS, stream_delivery="whole", keep_alive_seconds=0.1)
    async with messages_client_of(house) as client:
        with pytest.raises(anthropic.APIError) as caught:
            async with client.messages.stream(model="main", max_tokens=9, messages=MESSAGES) as stream:
                await stream.get_final_text()
    assert caught.value.body["type"] == "error"
    assert caught.value.body["error"]["code"] == "all_models_failed"


@pytest.mark.parametrize("keep_alive_seconds", [0.05, 5.0])
async def test_a_caller_that_leaves_ends_the_call_upstream_at_once(open_house, late, ask, keep_alive_seconds):
    stall, _ = late["stall"]
    house = await open_house(stall, stream_delivery="whole", keep_alive_seconds=keep_alive_seconds)
    async with ask(house) as (_, writer), asyncio.timeout(3):
        await house.providers[0].asked.wait()
        await asyncio.sleep(0.15)
        writer.close()
        await house.providers[0].lines[0].closed.wait()
        await house.engine.drained(2)
    [record] = house.records
    assert record.verdict == "caller_left"
    assert record.duration_ms < 2_000


@pytest.mark.parametrize("delivery", ["live", "whole"])
@pytest.mark.parametrize("wants", [None, True])
async def test_usage_is_asked_for_priced_and_kept_from_whoever_did_not_ask(
    open_house, ask, fake, wire, delivery, wants
):
    house = await open_house(lambda line: line.answer("text"), stream_delivery=delivery)
    fields = {} if wants is None else {"stream_options": {"include_usage": wants}}
    async with ask(house, **fields) as (reader, _):
        answer = await fake.read_answer(reader)
    assert house.providers[0].lines[0].asked["stream_options"] == {"include_usage": True}
    assert (b'"usage":' + msgspec.json.encode(wire.USAGE) in answer.body) is bool(wants)
    [record] = house.records
    assert (record.input_tokens, record.output_tokens) == (3, 2)
    assert record.cost_pico_usd == 3 * 3_000_000 + 2 * 15_000_000
    assert not record.unpriced


@pytest.mark.parametrize("delivery", ["live", "whole"])
async def test_a_missing_end_mark_ends_the_answer_though_the_provider_holds_the_connection(
    open_house, ask, fake, wire, text_of, monkeypatch, delivery
):
    monkeypatch.setattr("hotspare.providers.answer.LAST_WORDS_SECONDS", 0.1)

    async def hold(line):
        await line.stream(wire.ROLE, wire.event({"content": "all"}), *wire.ENDING[:2])
        await line.gone()

    house = await open_house(hold, stream_delivery=delivery)
    async with ask(house) as (reader, _):
        answer = await fake.read_answer(reader)
    assert text_of(answer.body) == "all"
    assert answer.body.endswith(b"data: [DONE]\n\n")
    [record] = house.records
    assert (record.verdict, record.output_tokens) == ("answered", 2)
    assert record.duration_ms < 2_000
