import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from hotspare.probes.http11 import BrokenMessage
from hotspare.probes.spells import Spell

BOTH = pytest.mark.parametrize("dialect", ["openai", "anthropic"])
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


def events(body):
    return [json.loads(line[6:]) for line in body.decode().split("\n") if line.startswith("data: {")]


def openai_text(body):
    return "".join(event["choices"][0]["delta"].get("content", "") for event in events(body) if event["choices"])


async def test_an_openai_answer_has_its_shape(simulated, raw_post):
    async with simulated("openai") as model:
        answer = await raw_post(model)
    told = json.loads(answer.body)
    assert answer.status == 200
    assert answer.headers["x-request-id"].startswith("req_")
    assert (told["object"], told["model"]) == ("chat.completion", "model-1")
    assert told["choices"][0]["finish_reason"] == "stop"
    usage = told["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] > 10


async def test_an_anthropic_answer_has_its_shape(simulated, raw_post):
    async with simulated("anthropic") as model:
        answer = await raw_post(model)
    told = json.loads(answer.body)
    assert answer.headers["request-id"].startswith("req_")
    assert (told["type"], told["stop_reason"], told["content"][0]["type"]) == ("message", "end_turn", "text")
    assert told["usage"]["output_tokens"] > 10


async def test_an_openai_stream_tells_usage_only_when_asked(simulated, raw_post):
    async with simulated("openai") as model:
        silent = await raw_post(model, stream=True)
        telling = await raw_post(model, stream=True, stream_options={"include_usage": True})
    assert [event for event in events(silent.body) if event.get("usage")] == []
    (last,) = [event for event in events(telling.body) if event.get("usage")]
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] > 10
    assert telling.body.endswith(b"data: [DONE]\n\n")
    assert openai_text(telling.body).endswith(".")


async def test_an_anthropic_stream_has_its_events_in_order(simulated, raw_post):
    async with simulated("anthropic") as model:
        answer = await raw_post(model, stream=True)
    kinds = [event["type"] for event in events(answer.body)]
    assert kinds[:3] == ["message_start", "content_block_start", "ping"]
    assert set(kinds[3:-3]) == {"content_block_delta"}
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


async def test_a_token_limit_shortens_the_answer_and_says_so(simulated, raw_post):
    async with simulated("openai") as model:
        told = json.loads((await raw_post(model, max_tokens=1)).body)
    assert told["usage"]["completion_tokens"] == 1
    assert told["choices"][0]["finish_reason"] == "length"


async def test_an_answer_that_just_fits_its_limit_is_whole(simulated, raw_post):
    async def told(limit):
        async with simulated("openai") as model:
            return json.loads((await raw_post(model, max_tokens=limit)).body)

    length = (await told(300))["usage"]["completion_tokens"]
    assert (await told(length))["choices"][0]["finish_reason"] == "stop"
    assert (await told(length - 1))["choices"][0]["finish_reason"] == "length"


async def test_a_longer_prompt_costs_more_input(simulated, raw_post):
    async with simulated("openai") as model:
        short = json.loads((await raw_post(model)).body)
        long = json.loads((await raw_post(model, messages=[{"role": "user", "content": "parcel " * 400}])).body)
    assert long["usage"]["prompt_tokens"] - short["usage"]["prompt_tokens"] > 600


async def test_tokens_are_paced(simulated, raw_post, fake_time):
    async with simulated("openai") as model:
        answer = await raw_post(model, stream=True)
    first, *others = fake_time.slept
    assert 0.1 < first < 1.5
    assert len(others) == len(events(answer.body)) - 2
    assert all(0.01 < pause < 0.1 for pause in others)


@BOTH
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"headers": {"authorization": "Bearer other", "anthropic-version": "2023-06-01"}}, 401),
        ({"headers": {"anthropic-version": "2023-06-01"}}, 401),
        ({"model": "model-2"}, 404),
        ({"path": "/v1/elsewhere"}, 404),
        ({"body": b"{not json"}, 400),
        ({"body": b'"a text"'}, 400),
        ({"body": b"[" * 100_000}, 400),
        ({"messages": []}, 400),
        ({"messages": [{"role": "wizard", "content": "x"}]}, 400),
        ({"max_tokens": 0}, 400),
    ],
)
async def test_a_request_is_validated_as_a_provider_does(simulated, raw_post, dialect, wrong, status):
    async with simulated(dialect) as model:
        answer = await raw_post(model, **wrong)
    told = json.loads(answer.body)["error"]
    assert answer.status == status
    assert told["message"]
    assert "demo-key" not in answer.body.decode()


async def test_a_body_beyond_the_limit_is_refused_before_it_is_read(simulated):
    async with simulated("openai") as model, connected(model) as (reader, writer):
        announced = request().replace(b"Content-Length: ", b"Content-Length: 9999999")
        writer.write(announced.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"request_too_large" in answer


@pytest.mark.parametrize("wrong", [{"max_tokens": None}, {"messages": [{"role": "system", "content": "x"}]}])
async def test_anthropic_refuses_what_only_openai_takes(simulated, raw_post, wrong):
    async with simulated("anthropic") as picky, simulated("openai") as easy:
        assert (await raw_post(picky, **wrong)).status == 400
        assert (await raw_post(easy, **wrong)).status == 200


async def test_anthropic_needs_its_version_header(simulated, raw_post):
    async with simulated("anthropic") as model:
        assert (await raw_post(model, headers={"x-api-key": "demo-key"})).status == 400


async def test_a_model_without_a_key_asks_for_none(simulated, raw_post):
    async with simulated("openai", key=None) as model:
        assert (await raw_post(model, headers={})).status == 200


@BOTH_WAYS
@BOTH
async def test_a_rate_limit_says_when_to_come_back_and_passes(simulated, raw_post, fake_time, always, dialect, stream):
    async with simulated(dialect, always("rate_limit")) as model:
        fake_time.now = 21.5
        limited = await raw_post(model, stream=stream)
        fake_time.now = 30.0
        well = await raw_post(model, stream=stream)
    assert (limited.status, limited.headers["retry-after"]) == (429, "9")
    assert well.status == 200


async def test_the_allowance_told_is_empty_in_a_rate_limit(simulated, raw_post, fake_time, always):
    async with simulated("openai", always("rate_limit")) as model:
        limited = await raw_post(model)
        fake_time.now = 31.0
        well = await raw_post(model)
    assert limited.headers["x-ratelimit-remaining-requests"] == "0"
    assert limited.headers["x-ratelimit-reset-requests"] == "30s"
    assert int(well.headers["x-ratelimit-remaining-requests"]) > 900


async def test_anthropic_tells_its_allowance_in_its_own_words(simulated, raw_post, always):
    async with simulated("anthropic", always("rate_limit")) as model:
        limited = await raw_post(model)
    assert limited.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert limited.headers["anthropic-ratelimit-requests-reset"] == "2023-11-14T22:13:50Z"


@pytest.mark.parametrize(
    ("dialect", "kind", "status"),
    [("openai", "overloaded", 503), ("anthropic", "overloaded", 529), ("openai", "errors", 500)],
)
async def test_trouble_has_the_dialects_status(simulated, raw_post, always, dialect, kind, status):
    async with simulated(dialect, always(kind)) as model:
        answer = await raw_post(model)
    assert answer.status == status
    assert "error" in json.loads(answer.body)


async def test_a_slow_answer_is_late_and_whole(simulated, raw_post, fake_time, always):
    async with simulated("openai", always("slow", extra_seconds=9)) as model:
        answer = await raw_post(model, stream=True)
    assert fake_time.slept[0] > 9
    assert answer.body.endswith(b"data: [DONE]\n\n")


@BOTH_WAYS
@BOTH
async def test_a_cut_answer_breaks_off(simulated, raw_post, always, dialect, stream):
    async with simulated(dialect, always("cut")) as model:
        with pytest.raises((BrokenMessage, ConnectionError)):
            await raw_post(model, stream=stream)


async def test_a_cut_stream_has_given_half_of_its_text(simulated, always):
    async with simulated("openai", always("cut")) as model, connected(model) as (reader, writer):
        writer.write(request(stream=True))
        given = b""
        with suppress(ConnectionResetError):
            while piece := await reader.read(4096):
                given += piece
    assert b"200 OK" in given
    assert given.count(b'"content":') > 3
    assert b"[DONE]" not in given
    assert b'"finish_reason":"stop"' not in given


@BOTH_WAYS
async def test_a_stalled_answer_falls_silent_in_its_middle(simulated, raw_post, fake_time, always, stream):
    async with simulated("openai", always("stall", extra_seconds=12)) as model:
        answer = await raw_post(model, stream=stream)
    assert answer.status == 200
    assert fake_time.slept.count(12) == 1
    assert fake_time.slept.index(12) > 0


async def test_a_stall_comes_after_some_of_the_answer(simulated, fake_time, always):
    silent = asyncio.Event()

    async def sleep(seconds):
        if seconds == 12:
            silent.set()
            await asyncio.Event().wait()

    fake_time.sleep = sleep
    async with simulated("openai", always("stall", extra_seconds=12)) as model, connected(model) as (reader, writer):
        writer.write(request(stream=True))
        await silent.wait()
        given = await reader.read(100_000)
    assert b"200 OK" in given
    assert given.count(b'"content":') > 3
    assert b"[DONE]" not in given


async def test_a_refusing_model_resets_new_connections(simulated, raw_post, fake_time, always):
    async with simulated("openai", always("refuse")) as model:
        with pytest.raises((ConnectionResetError, BrokenMessage)):
            await raw_post(model)
        fake_time.now = 30.0
        assert (await raw_post(model)).status == 200


async def test_a_refusing_model_waits_for_no_request(simulated, always):
    async with simulated("openai", always("refuse")) as model, connected(model) as (reader, _):
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_a_model_that_refuses_some_lets_a_connection_ask(simulated, raw_post, always):
    async with simulated("openai", always("refuse", share=0.5)) as model:
        statuses = []
        for _ in range(20):
            try:
                statuses.append((await raw_post(model)).status)
            except (ConnectionResetError, BrokenMessage):
                statuses.append(None)
    assert 4 <= statuses.count(200) <= 16
    assert 4 <= statuses.count(None) <= 16


async def test_a_refusing_model_resets_kept_connections_too(simulated, fake_time):
    refusal = Spell("refuse", at_seconds=10, for_seconds=10)
    async with simulated("openai", refusal) as model, connected(model) as (reader, writer):
        writer.write(request())
        await reader.readuntil(b"}}}")
        fake_time.now = 10.0
        writer.write(request())
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_one_connection_carries_many_requests(simulated):
    async with simulated("openai") as model, connected(model) as (reader, writer):
        for name in ("model-1", "model-2", "model-2"):
            writer.write(request(model=name))
        writer.write(request(close=True))
        answers = await reader.read()
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.count(b"HTTP/1.1 404 Not Found") == 2


async def test_what_is_no_http_ends_the_connection_and_no_other(simulated, raw_post):
    async with simulated("openai") as model, connected(model) as (reader, writer):
        writer.write(b"\x16\x03\x01nonsense\r\n\r\n")
        assert await reader.read() == b""
        assert (await raw_post(model)).status == 200


async def test_a_caller_that_leaves_ends_only_its_own_answer(simulated, raw_post):
    async with simulated("openai") as model:
        async with connected(model) as (_, writer):
            writer.write(request(stream=True))
        assert (await raw_post(model)).status == 200


async def test_the_same_seed_gives_the_same_answers(simulated, raw_post):
    async def bodies(seed):
        async with simulated("openai", seed=seed) as model:
            return [(await raw_post(model)).body for _ in range(5)]

    assert await bodies(3) == await bodies(3)
    assert await bodies(3) != await bodies(4)


async def test_closing_ends_open_connections_and_leaves_no_task(simulated, fake_time):
    answering = asyncio.Event()

    async def sleep(_):
        answering.set()
        await asyncio.Event().wait()

    fake_time.sleep = sleep
    before = asyncio.all_tasks()
    async with AsyncExitStack() as stack:
        async with simulated("openai") as model:
            idle, _ = await stack.enter_async_context(connected(model))
            busy, writer = await stack.enter_async_context(connected(model))
            writer.write(request(stream=True))
            await answering.wait()
            assert len(asyncio.all_tasks()) == len(before) + 2
        assert asyncio.all_tasks() == before
        assert await idle.read() == b""
        assert await busy.read() == b""


async def test_an_error_in_the_block_comes_out_as_it_is(simulated):
    with pytest.raises(LookupError, match="mine"):
        async with simulated("openai"):
            raise LookupError("mine")


async def test_nobody_answers_after_closing(simulated):
    async with simulated("openai") as model:
        pass
    with pytest.raises(ConnectionRefusedError):
        async with connected(model):
            """Never reached."""


@asynccontextmanager
async def connected(model):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(model.origin.rpartition(":")[2]))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


def request(*, close=False, **fields):
    asked = {"model": "model-1", "messages": [{"role": "user", "content": "Where is my parcel?"}], **fields}
    body = json.dumps(asked).encode()
    last = "Connection: close\r\n" if close else ""
    first = "POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer demo-key\r\n"
    return f"{first}{last}Content-Length: {len(body)}\r\n\r\n".encode() + body
